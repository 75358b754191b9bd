"""A request and its answer on the wire. Nothing here touches a socket: generators say and hear."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

T = TypeVar("T")

Conversation: TypeAlias = Generator[Sequence[bytes], bytes, T]
"""Yields what is to be sent, in pieces or none, and is given what then comes; b"" where the other side has ended."""

MAX_ANSWER_BYTES = 131_072  # of a whole answer with its headers; mParticle's have some hundred bytes
MAX_BODY_BYTES = 65_536  # of the body of an answer: the rest is not read
_READ = httpx.ByteStream(b"")  # a stream that is given is not read at once, as what stands for none would be
_JOINED_BYTES = 16_384  # a body up to this is sent with its head: it is sooner copied than sent by a call of its own


def exchange(request: Sequence[bytes], answer: Answer) -> Conversation[None]:
    """Say the request, and hear the whole answer."""
    heard = yield request
    while not answer.hear(heard):
        heard = yield ()


class Hushed(bytes):
    """What is sent, credentials and all: nothing that shows variables shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} bytes to be sent>"


def pieces_of(request: httpx.Request, hidden: bytes = b"", *, forwarded: bool = False) -> Sequence[bytes]:
    """A request as it is sent: in one piece, or a large body as it is, because each copy of it costs.

    Args:
        request: What users see of it.
        hidden: Lines of headers that they do not.
        forwarded: Whether a proxy is to forward it.
    """
    target = str(request.url).encode() if forwarded else request.url.raw_path
    lines = [b"%s: %s\r\n" % header for header in request.headers.raw]
    first = b"%s %s HTTP/1.1\r\n" % (request.method.encode(), target)
    head = Hushed(b"".join([first, *lines, hidden, b"\r\n"]))
    body = request.content
    return [Hushed(head + body)] if len(body) <= _JOINED_BYTES else [head, body]


def header_lines(headers: Mapping[str, str]) -> bytes:
    """Headers as they are sent."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


class Answer:
    """What has come of an answer. The parser calls the `on_` methods.

    Attributes:
        begun: Whether anything came.
        keeps: Whether the connection may be used again.
        status: The status of the answer itself, after any that was only informational.
    """

    def __init__(self) -> None:
        self.begun = False
        self.keeps = False
        self.status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._reason = b""
        self._body = bytearray()
        self._bytes = 0
        self._has_headers = False
        self._complete = False
        self._version = ""
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_headers=True)  # one that a proxy has folded (RFC 9112, 5.2)

    def hear(self, data: bytes) -> bool:
        """Take what came, and say whether it is all.

        Raises:
            httpx.RemoteProtocolError: It is no answer, or one without an end.
        """
        assert self._parser is not None, "an answer that is complete hears no more"  # noqa: S101
        self.begun = self.begun or bool(data)
        self._bytes += len(data)
        if data:
            self._parse(self._parser, data)
        else:
            self._end()
        if self._complete:
            self._parser = None  # which holds this object in turn
        elif self._bytes > MAX_ANSWER_BYTES:
            raise httpx.RemoteProtocolError(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
        return self._complete

    def response(self) -> httpx.Response:
        """The answer as users get it. It is not unpacked: a small body that was packed may be an enormous one."""
        headers = [header for header in self._headers if header[0].lower() != b"content-encoding"]
        extensions = {"http_version": b"HTTP/" + self._version.encode(), "reason_phrase": self._reason}
        response = httpx.Response(self.status, headers=headers, stream=_READ, extensions=extensions)
        # What read() would set. It takes bytes apart and puts them together again, for more than parsing them costs.
        response._content = bytes(self._body[:MAX_BODY_BYTES])  # noqa: SLF001
        response.is_stream_consumed = response.is_closed = True
        return response

    def on_message_begin(self) -> None:
        """Another message begins: the first, one after an informational one, or one that nobody asked for."""
        if self._complete:
            self.keeps = False

    def on_status(self, reason: bytes) -> None:
        """A part of the reason phrase came."""
        if not self._complete:
            self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header came, or a trailer, which nobody needs."""
        if not self._has_headers:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """All headers came."""
        if not self._complete and self._parser is not None:
            self._has_headers = True
            self.status = self._parser.get_status_code()
            self.keeps = self._parser.should_keep_alive()
            self._version = self._parser.get_http_version()

    def on_body(self, part: bytes) -> None:
        """A part of the body came."""
        if not self._complete:
            self._body += part
            if len(self._body) > MAX_BODY_BYTES:
                self._complete, self.keeps = True, False

    def on_message_complete(self) -> None:
        """A message came to its end."""
        if 100 <= self.status <= 199 and not self._complete:
            self._headers, self._reason, self._has_headers = [], b"", False
        else:
            self._complete = True

    def _parse(self, parser: HttpResponseParser, data: bytes) -> None:
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.keeps = False
            if not self._complete:
                problem = "a change of protocol" if isinstance(error, HttpParserUpgrade) else error
                raise httpx.RemoteProtocolError(f"the answer is no HTTP/1.1: {problem}") from None

    def _end(self) -> None:
        """The server closed: the end of an answer that says nothing of its length, and of no other."""
        names = {name.lower() for name, _ in self._headers}
        if not self._has_headers or names & {b"content-length", b"transfer-encoding"}:
            when = "in the middle of the answer" if self.begun else "without an answer"
            raise httpx.RemoteProtocolError(f"the server closed the connection {when}")
        self._complete, self.keeps = True, False
