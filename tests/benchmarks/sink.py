"""The server of the benchmarks: `sink.py LATENCY_MS`. It reads each request and accepts it after the latency."""

from __future__ import annotations

import asyncio
import sys

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nServer: sink\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n"


class Sink(asyncio.Protocol):
    """A connection. It understands only the HTTP that the clients of the benchmarks send."""

    def __init__(self, latency_seconds: float) -> None:
        self._latency_seconds = latency_seconds
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while size := self._request_bytes():
            del self._received[:size]
            if self._latency_seconds:
                asyncio.get_running_loop().call_later(self._latency_seconds, self._transport.write, ACCEPTED)
            else:
                self._transport.write(ACCEPTED)

    def _request_bytes(self) -> int:
        """The size of the first complete request; 0 if there is none."""
        head_bytes = self._received.find(b"\r\n\r\n") + 4
        if head_bytes < 4:
            return 0
        head = bytes(self._received[:head_bytes]).lower()
        if b"expect: 100-continue" in head:
            raise ValueError("a request expects 100-continue, which this server does not send")
        size = head_bytes + int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        return size if len(self._received) >= size else 0


async def main() -> None:
    """Serve until the runner terminates this process."""
    latency_seconds = float(sys.argv[1]) / 1000
    server = await asyncio.get_running_loop().create_server(lambda: Sink(latency_seconds), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
