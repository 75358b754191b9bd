"""A local Events API for tests and for development. It answers like mParticle and shows what it receives.

    with Sandbox() as sandbox:
        EventsApi(sandbox.configuration).upload_events(batch)
        print(sandbox.batches)

`sandbox.page_url` is a page that shows the received batches. Install with the extra `sandbox`: pip install
"mparticle-ext[sandbox]".
"""

from __future__ import annotations

try:
    from ._request_log import Counts, Dropped, Fate, Request
    from ._sandbox import Sandbox
except ModuleNotFoundError as error:
    if error.name not in ("starlette", "uvicorn"):
        raise
    raise ImportError('the sandbox needs its extra: pip install "mparticle-ext[sandbox]"') from error

__all__ = ["Counts", "Dropped", "Fate", "Request", "Sandbox"]
