"""Encryption around a conversation. It needs no socket, so that one serves both clients, and TLS within TLS."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from ._exchange import Conversation, T

_READ_BYTES = 65_536


class Tls:
    """One layer of encryption on a connection."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        context.set_alpn_protocols(["http/1.1"])  # another client may share the context, and want h2
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    def handshake(self) -> Conversation[None]:
        """Agree on the keys. What is left to be sent at the end goes with the first thing that is said.

        Raises:
            ssl.SSLError: They are not to be trusted, or do not speak TLS.
        """
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._hear((yield [self._outgoing.read()]))
            else:
                return

    def carry(self, conversation: Conversation[T]) -> Conversation[T]:
        """The same conversation, encrypted."""
        said = next(conversation)
        while True:
            if said:
                for piece in said:
                    self._tls.write(piece)
                self._hear((yield [self._outgoing.read()]))
            while (heard := self._heard()) is None:
                self._hear((yield [self._outgoing.read()]))
            try:
                said = conversation.send(heard)
            except StopIteration as end:
                result: T = end.value
                return result

    def is_quiet(self) -> bool:
        """Whether nothing came after the last answer that was heard: no record that nobody asked for, and no end."""
        try:
            return self._heard() is None and not self._incoming.pending
        except ssl.SSLError:
            return False

    def _hear(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _heard(self) -> bytes | None:
        try:
            return self._tls.read(_READ_BYTES)
        except ssl.SSLWantReadError:
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""


def carried(conversation: Conversation[T], layers: Sequence[Tls]) -> Conversation[T]:
    """A conversation inside layers of encryption, the last of them the innermost."""
    for layer in reversed(layers):
        conversation = layer.carry(conversation)
    return conversation
