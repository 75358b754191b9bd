"""The floor of the benchmarks: the generated models, msgspec and a bare socket. Nothing is checked, nothing retried."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import msgspec
from measuring import (
    BULK,
    CUSTOM_ATTRIBUTES,
    CUSTOM_EVENTS,
    PRODUCTS,
    SCREENS,
    USER_ATTRIBUTES,
    Clock,
    main,
    repeated,
)
from mparticle_events import models as m

_HEAD = "POST /v2/events HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def build() -> m.Batch:
    """The reference batch."""
    events: list[m.Event] = [
        m.CustomEvent(
            data=m.CustomEventData(
                custom_event_type="navigation",
                event_name=name,
                timestamp_unixtime_ms=1_700_000_000_000,
                custom_attributes={**CUSTOM_ATTRIBUTES},
            )
        )
        for name in CUSTOM_EVENTS
    ]
    screens: list[m.Event] = [
        m.ScreenViewEvent(data=m.ScreenViewEventData(screen_name=name, timestamp_unixtime_ms=1_700_000_000_010))
        for name in SCREENS
    ]
    products = [
        m.Product(
            id=sku,
            name=name,
            price=19.99,
            total_product_amount=19.99,
            quantity=1,
            category="shoes",
        )
        for sku, name in PRODUCTS
    ]
    action = m.ProductAction(action="purchase", transaction_id="order-1", total_amount=39.98, products=products)
    purchase = m.CommerceEvent(
        data=m.CommerceEventData(product_action=action, timestamp_unixtime_ms=1_700_000_000_020, currency_code="EUR")
    )
    consent = m.GDPRConsentState(
        document="document.v3",
        consented=True,
        timestamp_unixtime_ms=1_700_000_000_000,
        location="example.com/signup",
        hardware_id="hardware-1",
    )
    return m.Batch(
        environment="development",
        user_identities=m.UserIdentities(customer_id="123456", email="user@example.com"),
        user_attributes={**USER_ATTRIBUTES},
        device_info=m.DeviceInformation(
            brand="Example",
            product="Phone",
            device_manufacturer="Example",
            platform="Android",
            os_version="14",
            device_model="One",
            screen_height=2400,
            screen_width=1080,
        ),
        consent_state=m.ConsentState(gdpr={"Marketing": consent}),
        events=[
            *events,
            *screens,
            purchase,
            m.SessionStartEvent(data=m.SessionStartEventData(session_id=12345678)),
        ],
    )


class Line:
    """A connection that says HTTP without knowing it."""

    def __init__(self, url: str) -> None:
        there = urlsplit(url)
        self._socket = socket.create_connection((there.hostname, there.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = there.netloc
        self._encode = msgspec.json.Encoder().encode

    def send(self, body: Any) -> None:
        """Post it, and read the answer."""
        document = self._encode(body)
        self._socket.sendall((_HEAD % (self._host, len(document))).encode() + document)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 202")


def _post(url: str, count: int) -> dict[str, float]:
    line, batch = Line(url), build()
    return repeated(lambda: line.send(batch))(count)


def _bulk(url: str, count: int) -> dict[str, float]:
    line, batches = Line(url), [build() for _ in range(BULK)]
    return repeated(lambda: line.send(batches))(count)


def _stream(url: str, count: int) -> dict[str, float]:
    line = Line(url)
    with Clock() as clock:
        for _ in range(count // BULK):
            line.send([build() for _ in range(BULK)])
    return clock.each(count)


def _encode(_: str, count: int) -> dict[str, float]:
    encode, batch = msgspec.json.Encoder().encode, build()
    return repeated(lambda: encode(batch))(count)


if __name__ == "__main__":
    main(
        {
            "build": lambda _, count: repeated(build)(count),
            "encode": _encode,
            "post": _post,
            "bulk 50": _bulk,
            "stream": _stream,
        }
    )
