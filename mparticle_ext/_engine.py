"""What runs in a blocking EventsApi: its connections and its threads."""

from __future__ import annotations

import httpx

from ._background import Background
from ._blocking_delivery import BlockingDelivery
from ._client import outside_of
from ._configuration import Configuration
from ._fork import start_anew_after_fork
from ._prepare import Preparation
from ._route import Route
from ._transport import Borrowed, Transport


class Engine:
    """Made once for an EventsApi; what cannot pass into a forked child is made anew there.

    Attributes:
        prepare: Makes requests of batches.
        delivery: Sends.
        background: Sends while the caller goes on.
    """

    prepare: Preparation
    delivery: BlockingDelivery
    background: Background

    def __init__(self, configuration: Configuration, owner: str) -> None:
        self._outside = outside_of(configuration, owner, httpx.BaseTransport)
        self._configuration = configuration
        self.start()
        start_anew_after_fork(self)

    def start(self) -> None:
        """Make what runs."""
        way = self._outside.way
        transport = Transport(way) if isinstance(way, Route) else Borrowed(way, self._outside.authorization)
        self.prepare = Preparation(self._configuration)
        self.delivery = BlockingDelivery(self._configuration, self._outside.address, transport)
        self.background = Background(self._configuration.max_in_flight)
