"""A WSGI application that shares one EventsApi over a fork: gunicorn loads it once, before it starts its workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from mparticle_ext import Batch, Configuration, EventsApi

api = EventsApi(Configuration.from_env(max_in_flight=4))
api.upload_events(Batch("production", source_request_id="before the fork"))
api.upload_events(Batch("production", source_request_id=f"with callback in {os.getpid()}"), lambda *_: None)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    name = environ["PATH_INFO"].strip("/")
    api.upload_events(Batch("production", source_request_id=f"{name} blocking"))
    for number in range(3):
        api.upload_events(Batch("production", source_request_id=f"{name} with callback {number}"), lambda *_: None)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
