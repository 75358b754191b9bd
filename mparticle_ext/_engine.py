"""What runs in a blocking EventsApi: its connections, its threads, and the word that it is closing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from ._background import Background
from ._blocking_delivery import BlockingDelivery
from ._client import given_transport, require_configuration, trusted, way_out
from ._configuration import Configuration
from ._fork import start_anew_after_fork
from ._prepare import Preparation
from ._transport import Borrowed, Transport


class Engine:
    """Made once for an EventsApi; what cannot pass into a forked child is made anew there.

    Attributes:
        prepare: Makes requests of batches.
        delivery: Sends.
        background: Sends while the caller goes on.
        stop: Set when uploads are to wait for no next attempt any more.
    """

    prepare: Preparation
    delivery: BlockingDelivery
    background: Background
    stop: threading.Event

    def __init__(self, configuration: Configuration, owner: str) -> None:
        require_configuration(configuration, owner)
        self._configuration = configuration
        self._given = given_transport(configuration, owner, httpx.BaseTransport)
        if self._given is None:
            self._ssl_context = trusted(configuration)
            self._proxy = way_out(configuration)
        self.start()
        start_anew_after_fork(self)

    def start(self) -> None:
        """Make what runs."""
        transport = Transport(self._ssl_context, self._proxy) if self._given is None else Borrowed(self._given)
        self.prepare = Preparation(self._configuration)
        self.delivery = BlockingDelivery(self._configuration, transport)
        self.background = Background(self._configuration.max_in_flight)
        self.stop = threading.Event()
        self._stops = {self.stop}

    @contextmanager
    def stoppable(self) -> Iterator[threading.Event]:
        """An event like `stop` for some uploads, which their owner may set alone."""
        stop = threading.Event()
        self._stops.add(stop)
        try:
            yield stop
        finally:
            self._stops.discard(stop)

    def end_waiting(self) -> None:
        """Let no upload wait for a next attempt any more."""
        for stop in list(self._stops):
            stop.set()
