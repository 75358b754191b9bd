"""Django: upload after the commit.

`transaction.on_commit` uploads when the data is saved, so a transaction that is rolled back sends nothing. With a
callback the upload runs in a thread, and the response does not wait. The `EventsApi` can be made before the fork, so
`--preload` works. Pitfall: gunicorn gives a worker 30 seconds after SIGTERM (`--graceful-timeout`). The deadline must
end all uploads, with their retries, before that.

    pip install mparticle-ext "django>=5" gunicorn
    export DJANGO_SECRET_KEY=... DJANGO_DATABASE=db.sqlite3
    python django_app.py migrate
    gunicorn --preload --workers 2 django_app:application
"""

import logging
import os
import sys
from functools import partial

import httpx
from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.views.decorators.http import require_POST

from mparticle_ext import Batch, Configuration, EventsApi, MParticleError, ProfileEvent, UserIdentities, unixtime_ms

LOG = logging.getLogger(__name__)

settings.configure(  # a project has this in settings.py
    SECRET_KEY=os.environ["DJANGO_SECRET_KEY"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DJANGO_DATABASE"]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
)
application = get_wsgi_application()
api = EventsApi(Configuration.from_env(deadline=20))


@require_POST
@transaction.atomic
def sign_up(request: HttpRequest) -> HttpResponse:
    """Create a user with a plan. An unknown plan rolls the user back, and nothing is sent."""
    from django.contrib.auth.models import Group, User  # when Django is set up

    user = User.objects.create_user(request.POST["name"])
    transaction.on_commit(partial(upload_sign_up, str(user.pk)), robust=True)
    user.groups.add(get_object_or_404(Group, name=request.POST["plan"]))
    return HttpResponse(status=201)


def upload_sign_up(user_id: str) -> None:
    """Upload the sign-up of a user in the background."""
    batch = Batch(
        "production",
        source_request_id=f"sign-up-{user_id}",
        user_identities=UserIdentities(customer_id=user_id),
        events=[ProfileEvent(profile_event_type="signup", timestamp_unixtime_ms=unixtime_ms())],
    )
    api.upload_events(batch, partial(log_failure, user_id))


def log_failure(user_id: str, error: MParticleError | None, _: None, __: httpx.Response | None) -> None:
    """Log which sign-up is not delivered, and why."""
    if error:
        LOG.error("the sign-up of user %s is not delivered: %s", user_id, error)


urlpatterns = [path("sign-up", sign_up)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
