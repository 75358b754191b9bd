"""A local Events API, for tests and for trying things out: it takes what mParticle takes, and keeps it.

    with Sandbox() as sandbox:
        EventsApi(sandbox.configuration).upload_events(batch)
        print(sandbox.batches)

Needs the extra `sandbox`: pip install "mparticle-ext[sandbox]".
"""

from __future__ import annotations

import base64
import binascii
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import compare_digest
from typing import Any, Self

import msgspec
from mparticle_events import models
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES, MIN_BATCHES
from mparticle_events.wire import encode

from ._batch import Batch
from ._check import checked
from ._configuration import Configuration
from ._errors import ValidationError
from ._upload import refuse_unprocessed

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import Response
    from starlette.routing import Route
except ImportError as error:
    raise ImportError('the sandbox needs its extra: pip install "mparticle-ext[sandbox]"') from error

_FIRST_FAILURE = 300  # the first HTTP status that takes nothing
_LAST_STATUS = 599
_START_SECONDS = 10.0  # far more than a start takes; only a machine that is stuck needs longer


@dataclass(frozen=True)
class Dropped:
    """A batch that was accepted with its request and then dropped, as mParticle does in silence."""

    document: bytes = field(repr=False)
    reason: str


class Sandbox:
    """A local Events API on a free port of the loopback interface, from `start()` to `stop()`, or for a `with` block.

    It answers as mParticle does: 401 without credentials, 403 with others than its own, 413 for a request that is too
    large, 400 with a body that says what is wrong, else 202. It takes a `source_request_id` once. A bad batch of a bulk
    request is dropped and the request accepted.

    Attributes:
        batches: The batches it took, in the order of their arrival.
        dropped: The batches it accepted and dropped, each with the reason that mParticle keeps to itself.
    """

    def __init__(self, *, api_key: str = "sandbox-key", api_secret: str = "sandbox-secret", port: int = 0) -> None:  # noqa: S107  # opens nothing but this sandbox
        self.batches: list[Batch] = []
        self.dropped: list[Dropped] = []
        self._credentials = f"{api_key}:{api_secret}".encode()
        self._api_key, self._api_secret = api_key, api_secret
        self._port = port
        self._seen: set[str] = set()
        self._failures: list[Response] = []
        self._changing = threading.Lock()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """The base URL to upload to, while it runs."""
        if not self._url:
            raise RuntimeError("the sandbox does not run: use it in a with block, or start() it")
        return self._url

    @property
    def configuration(self) -> Configuration:
        """A Configuration that uploads to it."""
        return Configuration(self._api_key, self._api_secret, base_url=self.url)

    def fail(self, status: int, *, times: int = 1, **headers: object) -> None:
        """Answer the next requests with a status and take nothing of them.

        Args:
            status: The HTTP status, such as 429 or 503.
            times: How many requests.
            headers: Headers of the answer, with `_` for `-`: `fail(429, retry_after="2")`.

        Raises:
            ValueError: The status is no failure.
        """
        if not isinstance(status, int) or not _FIRST_FAILURE <= status <= _LAST_STATUS:  # type: ignore[redundant-expr]  # users err
            raise ValueError(f"{status!r} is no failure: give a status from {_FIRST_FAILURE} to {_LAST_STATUS}")
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        with self._changing:
            self._failures += [_refusal(status, "FAILED", "the sandbox was told to fail", named)] * times

    def clear(self) -> None:
        """Forget what arrived, and which failures are still to come."""
        with self._changing:
            for kept in (self.batches, self.dropped, self._seen, self._failures):
                kept.clear()

    def start(self) -> Self:
        """Start to answer.

        Raises:
            OSError: The port is taken.
        """
        listener = socket.create_server(("127.0.0.1", self._port))
        self._url = f"http://127.0.0.1:{listener.getsockname()[1]}/v2"
        settings = uvicorn.Config(self._application(), lifespan="off", log_config=None, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        self._wait_until(lambda: self._server is not None and self._server.started)
        return self

    def stop(self) -> None:
        """Stop to answer. What arrived stays readable."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None
        self._url = ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until(self, started: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(int(_START_SECONDS / 0.01)):
            if started():
                return
            pause.wait(0.01)
        raise RuntimeError(f"the sandbox did not start within {_START_SECONDS} seconds")

    def _application(self) -> Starlette:
        routes = [
            Route("/v2/events", self._endpoint(self._take_one), methods=["POST"]),
            Route("/v2/bulkevents", self._endpoint(self._take_several), methods=["POST"]),
            Route("/v2/bulkevents/historical", self._endpoint(self._take_historical), methods=["POST"]),
        ]
        return Starlette(routes=routes)

    def _endpoint(self, take: Callable[[bytes], None]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                body = await request.body()
            except ClientDisconnect:
                return Response(status_code=400)  # to nobody
            with self._changing:
                return self._failures.pop(0) if self._failures else self._answer(request, body, take)

        return answer

    def _answer(self, request: Request, body: bytes, take: Callable[[bytes], None]) -> Response:
        credentials = _credentials(request)
        if credentials is None:
            return _refusal(401, "UNAUTHORIZED", "no credentials")
        if not compare_digest(credentials, self._credentials):
            return _refusal(403, "FORBIDDEN", "the credentials are wrong")
        if len(body) > MAX_REQUEST_BYTES:
            return _refusal(413, "PAYLOAD_TOO_LARGE", f"{len(body)} bytes, at most {MAX_REQUEST_BYTES} are taken")
        try:
            take(body)
        except ValidationError as error:
            return _refusal(400, "BAD_REQUEST", str(error))
        return Response(status_code=202)

    def _take_one(self, body: bytes) -> None:
        self._keep(checked(body, models.Batch), body)

    def _take_several(self, body: bytes) -> None:
        self._take_each(body, lambda batch, index: None)

    def _take_historical(self, body: bytes) -> None:
        self._take_each(body, refuse_unprocessed)

    def _take_each(self, body: bytes, refuse: Callable[[models.Batch, int], None]) -> None:
        documents = checked(body, list[msgspec.Raw])
        if not MIN_BATCHES <= len(documents) <= MAX_BATCHES:
            raise ValidationError(f"{MIN_BATCHES} to {MAX_BATCHES} are taken, not {len(documents)}", subject="batches")
        for index, raw in enumerate(documents):
            document = bytes(raw)
            try:
                batch = checked(document, models.Batch, index)
                refuse(batch, index)
            except ValidationError as error:
                self.dropped.append(Dropped(document, str(error)))
            else:
                self._keep(batch, document)

    def _keep(self, batch: models.Batch, document: bytes) -> None:
        request_id = batch.source_request_id
        if isinstance(request_id, str) and request_id in self._seen:
            self.dropped.append(Dropped(document, f"source_request_id {request_id!r} was taken before"))
            return
        if isinstance(request_id, str):
            self._seen.add(request_id)
        self.batches.append(Batch.from_json(document))


def _credentials(request: Request) -> bytes | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else None
    except binascii.Error:
        return None


def _refusal(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    said = models.ApiErrorResponse(errors=[models.ApiError(code=code, message=message)])
    return Response(encode(said), status_code=status, media_type="application/json", headers=headers)
