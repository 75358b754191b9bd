"""A user's first script, run from the built wheel in an environment of its own: nothing of the checkout is in reach."""

import subprocess
import sys
from pathlib import Path

import httpx
import mparticle_events
from mparticle_events.api.events import upload_events
from mparticle_events.client import Client
from mparticle_events.models import Batch as BatchModel

import mparticle_ext
from mparticle_ext import AppEvent, Batch, EventsApi, ValidationError
from mparticle_ext.sandbox import Sandbox

for package in (mparticle_events, mparticle_ext):
    assert "site-packages" in str(package.__file__), f"not the installed {package.__name__}: {package.__file__}"

with Sandbox() as sandbox:
    with EventsApi(sandbox.configuration) as api:
        batch = Batch("development")
        batch.add_event(AppEvent("navigation", "Hello World"))
        assert api.upload_events(batch).status_code == 202
        batch.add_event(AppEvent("navigation"))
        try:
            api.upload_events(batch)
        except ValidationError as error:
            assert str(error) == "batch: events[1].data.event_name: is required: give it a value", error
        else:
            raise AssertionError("a batch with a mistake was sent")

    configuration = sandbox.configuration
    client = Client(configuration.api_key, configuration.api_secret, base_url=sandbox.url)
    with client:
        assert upload_events.sync(client=client, body=BatchModel(environment="production")) is None
    assert [batch.environment for batch in sandbox.batches] == ["development", "production"]

    script = httpx.get(sandbox.page_url + "page/app.js")
    assert "EventSource" in script.text, "the page is not in the wheel"

    sandbox.fail(503, times=2)
    with EventsApi(sandbox.configuration) as api:
        result = api.upload_all(Batch("production", source_request_id=f"{number}") for number in range(250))
    assert (result.delivered, result.failed, len(sandbox.batches)) == (250, [], 252)

command = Path(sys.executable).with_name("mparticle-ext")
version = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
assert version == f"mparticle-ext {mparticle_ext.__version__}\n", version
example = subprocess.run([command, "example"], capture_output=True, check=True).stdout
subprocess.run([command, "validate", "-"], input=example, capture_output=True, check=True)

print("The wheel works: 252 batches uploaded, 1 refused, 2 requests tried again.")
