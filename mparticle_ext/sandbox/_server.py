"""An HTTP server in a thread, on the loopback interface."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp, Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from typing import Any

_MAX_START_SECONDS = 10.0
_EXTENSION = "mparticle.abort"


class Server:
    """Serves an ASGI application from `start()` to `stop()`."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._requested_port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.port: int | None = None

    def start(self) -> None:
        if self._server is not None:
            raise RuntimeError("the sandbox is already running")
        listener = socket.create_server(("127.0.0.1", self._requested_port))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a response body waits for an ACK
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            http=_Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        self._wait_until_started(self._server)
        self.port = listener.getsockname()[1]

    def stop(self) -> None:
        """Stop listening, and close the connections."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = self.port = None

    def _wait_until_started(self, server: uvicorn.Server) -> None:
        pause = threading.Event()
        for _ in range(int(_MAX_START_SECONDS / 0.01)):
            if server.started:
                return
            pause.wait(0.01)
        raise RuntimeError(f"the sandbox did not start within {_MAX_START_SECONDS} seconds")


async def abort(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request without a response."""
    scope["extensions"][_EXTENSION]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Connection(HttpToolsProtocol):
    """A connection that gives the application its transport: ASGI cannot close without a response."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"transport": self.transport}}

    def shutdown(self) -> None:
        """Close at once if the client still has to send or to read: uvicorn would wait, cancel and log an error."""
        is_active = self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first
        if is_active and (self.cycle.more_body or self.flow.write_paused):
            self.transport.abort()
        else:
            super().shutdown()
