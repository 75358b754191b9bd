"""An event, and the envelope it travels in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeAlias, get_args

from mparticle_events import constructors, models

from ._check import checked, encoded
from ._errors import ValidationError, WrongCallError, kind_of

AnyEvent: TypeAlias = models.CommonEventData | models.Event | Mapping[str, Any]
"""An event as a user builds it, or in its envelope, or as a dict in the wire's form."""

_IN_ENVELOPE: tuple[type, ...] = get_args(models.Event)
_ENVELOPES: dict[type, Any] = {kind.__annotations__["data"]: kind for kind in _IN_ENVELOPE}


def enveloped_all(events: Sequence[AnyEvent]) -> list[models.Event]:
    """The events in their envelopes.

    Raises:
        WrongCallError: One is no event.
        ValidationError: One is a dict, and not of an event's form.
    """
    try:
        return [_ENVELOPES[type(event)](data=event) for event in events]
    except KeyError:  # not all are of our classes
        return [enveloped(event, index) for index, event in enumerate(events)]


def enveloped(event: AnyEvent, index: int) -> models.Event:
    """The event in its envelope, `{"event_type": ..., "data": ...}`. `index` is where it will stand in its batch.

    Raises:
        WrongCallError: It is no event.
        ValidationError: It is a dict, and not of an event's form.
    """
    envelope = _ENVELOPES.get(type(event))
    if envelope is None:
        return _enveloped_otherwise(event, index)
    return envelope(data=event)  # type: ignore[no-any-return]  # each envelope is a branch of Event


def _enveloped_otherwise(event: AnyEvent, index: int) -> models.Event:
    if isinstance(event, _IN_ENVELOPE):
        return event  # type: ignore[return-value]  # the branches of Event, as a tuple
    if isinstance(event, Mapping):
        return _from_wire(event, index)
    for base in type(event).__mro__:
        if base in _ENVELOPES:
            _ENVELOPES[type(event)] = _ENVELOPES[base]  # found at once from now on
            return enveloped(event, index)
    kind = kind_of(event)
    raise WrongCallError(f"an event is expected, such as AppEvent(...) or a dict with event_type and data, not {kind}")


def _from_wire(event: Mapping[str, Any], index: int) -> models.Event:
    try:
        return checked(encoded(event), models.Event)  # type: ignore[arg-type]  # a union is a type form, not a type
    except ValidationError as error:
        path = f"events[{index}]{'.' if error.path else ''}{error.path}"
        raise ValidationError(error.problem, path) from None


class ApplicationStateTransitionEvent(constructors.ApplicationStateTransitionEvent):
    """The application came to the front, went to the back, started or ended."""

    @classmethod
    def create_install_event(cls) -> Self:
        """The first start after an install."""
        return cls("application_initialized", is_first_run=True, is_upgrade=False)

    @classmethod
    def create_upgrade_event(cls) -> Self:
        """The first start after an upgrade."""
        return cls("application_initialized", is_first_run=False, is_upgrade=True)

    @classmethod
    def create_foreground_event(cls) -> Self:
        """The application came to the front."""
        return cls("application_foreground")

    @classmethod
    def create_background_event(cls) -> Self:
        """The application went to the back."""
        return cls("application_background")
