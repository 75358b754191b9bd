"""The batch: what is told of one user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import msgspec
from mparticle_events import constructors, models
from msgspec import UnsetType

from ._check import checked, encoded
from ._errors import WrongCallError, kind_of
from ._events import AnyEvent, enveloped, enveloped_all

Given: TypeAlias = Iterable[AnyEvent] | None | UnsetType
Kept: TypeAlias = list[models.Event] | None | UnsetType

_slot: Any = models.Batch.events  # where the model keeps the list


class _Events:
    """The field `events`: whatever is put in comes out in its envelope."""

    def __get__(self, batch: Any, owner: Any = None) -> Kept:
        return self if batch is None else _slot.__get__(batch)  # type: ignore[return-value]  # on the class, as any descriptor

    def __set__(self, batch: Any, events: Given) -> None:
        _slot.__set__(batch, _enveloped_all(events))


def _enveloped_all(events: Given) -> Kept:
    if type(events) is list:  # as most are
        return enveloped_all(events)
    if events is None or isinstance(events, UnsetType):
        return events
    if isinstance(events, (str, bytes, dict, msgspec.Struct)) or not isinstance(events, Iterable):
        raise WrongCallError(f"events is a list of events, not {kind_of(events)}")
    return enveloped_all(list(events))


class Batch(constructors.Batch):
    """What is told of one user: who it is, what is known of them, and what happened.

    Events come out of `events` in their envelopes: `batch.events[0].data.event_name`. What is built here is checked by
    `validate()`, and by every upload; an event that is a dict at once.
    """

    if TYPE_CHECKING:
        # For a type checker: what may be put in, and what comes out, as the descriptor says.
        events: _Events = ...  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]
    else:
        events = _Events()

    def __post_init__(self) -> None:
        events = _slot.__get__(self)
        if events:
            _slot.__set__(self, _enveloped_all(events))

    def add_event(self, event: AnyEvent) -> None:
        """Add an event, in its envelope.

        Raises:
            WrongCallError: It is no event.
            ValidationError: It is a dict, and not of an event's form.
        """
        events = _slot.__get__(self)
        if events:
            events.append(enveloped(event, len(events)))
        else:
            _slot.__set__(self, [enveloped(event, 0)])

    addEvent = add_event  # noqa: N815  # as the Node SDK spells it

    def validate(self) -> None:
        """Check the batch against its model and limits, as an upload does.

        Raises:
            ValidationError: The first fault, with its path and what to do.
        """
        checked(encoded(self), models.Batch)

    def to_json(self) -> str:
        """The batch as it goes over the wire. Not checked.

        Raises:
            ValidationError: A value in it has no JSON form.
        """
        return encoded(self).decode()

    @classmethod
    def from_json(cls, document: str | bytes) -> Self:
        """A batch from its wire form.

        Raises:
            WrongCallError: It is no text.
            ValidationError: It is no JSON, or no batch.
        """
        if not isinstance(document, (str, bytes)):
            raise WrongCallError(f"from_json takes JSON text, not {kind_of(document)}: a dict can be uploaded as it is")
        text = document.encode() if isinstance(document, str) else document
        checked(text, models.Batch)
        return checked(text, cls)
