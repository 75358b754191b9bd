"""An HTTP server in a thread of its own, on the loopback interface."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp, Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from typing import Any

_START_SECONDS = 10.0  # far more than a start takes; only a machine that is stuck needs longer
_EXTENSION = "mparticle.abort"


class Server:
    """Serves an application from `start()` to `stop()`."""

    def __init__(self, application: ASGIApp, port: int) -> None:
        self._application = application
        self._asked_port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.port: int | None = None

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken.
            RuntimeError: It listens already.
        """
        if self._server is not None:
            raise RuntimeError("the sandbox runs already")
        listener = socket.create_server(("127.0.0.1", self._asked_port))
        listener.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # else an answer's body waits for an ACK of its head
        settings = uvicorn.Config(
            self._application,
            interface="asgi3",
            http=_Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        self._wait_until_started(self._server)
        self.port = listener.getsockname()[1]

    def stop(self) -> None:
        """Stop to listen, and end the connections."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = self.port = None

    def _wait_until_started(self, server: uvicorn.Server) -> None:
        pause = threading.Event()
        for _ in range(int(_START_SECONDS / 0.01)):
            if server.started:
                return
            pause.wait(0.01)
        raise RuntimeError(f"the sandbox did not start within {_START_SECONDS} seconds")


async def abort(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request without an answer, at the socket."""
    scope["extensions"][_EXTENSION]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Connection(HttpToolsProtocol):
    """uvicorn's own, which shows the application its transport: ASGI has no word for closing without an answer."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.access_log = False  # the page shows what arrives

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"transport": self.transport}}

    def shutdown(self) -> None:
        """As uvicorn's, but cut a client that is still to send or to read: uvicorn would wait, cancel, and log that."""
        answers = self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first
        if answers and (self.cycle.more_body or self.flow.write_paused):
            self.transport.abort()
        else:
            super().shutdown()
