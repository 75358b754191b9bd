"""The batch: identities, attributes and events of one user."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, get_args

import msgspec
from mparticle_events import constructors, models
from mparticle_events.wire import to_unixtime_ms
from msgspec import UnsetType

from ._checks import checked, encoded, inbound, read, require_text, utf8, with_times
from .errors import ValidationError, WrongCallError, type_name

AnyBatch: TypeAlias = models.Batch | Mapping[str, Any] | str | bytes
"""A `Batch`, a dict in the JSON form of the API, or its JSON as text or as UTF-8."""
AnyEvent: TypeAlias = models.CommonEventData | models.Event | Mapping[str, Any]
"""An event object, an event in its envelope, or a dict in the JSON form of the API."""
EventT = TypeVar("EventT", bound=models.CommonEventData)
EventsIn: TypeAlias = Iterable[AnyEvent] | None | UnsetType
EventsOut: TypeAlias = list[models.Event] | None | UnsetType

_ENVELOPES: tuple[type, ...] = get_args(models.Event)
_ENVELOPE_OF: dict[type, Any] = {envelope.__annotations__["data"]: envelope for envelope in _ENVELOPES}
_MODELS = frozenset(_ENVELOPE_OF)
_slot: Any = models.Batch.events  # the model's own storage of the field


def unixtime_ms(when: datetime | None = None) -> int:
    """Milliseconds since 1970-01-01 UTC, of a datetime or of now.

    Raises:
        WrongCallError: The argument is not a datetime.
        ValueError: The datetime has no time zone.
    """
    if when is None:
        return time.time_ns() // 1_000_000
    if not isinstance(when, datetime):
        raise WrongCallError(f"unixtime_ms takes a datetime, or nothing for now, not {type_name(when)}")
    if when.tzinfo is None:
        raise ValueError(f"{when!r} has no time zone: give it one, as in datetime.now(timezone.utc)")
    return to_unixtime_ms(when)


class _Events:
    """The field `events`: puts each event into its envelope."""

    def __get__(self, batch: Any, owner: Any = None) -> EventsOut:
        return self if batch is None else _slot.__get__(batch)  # type: ignore[return-value]  # on the class, as any descriptor

    def __set__(self, batch: Any, events: EventsIn) -> None:
        _slot.__set__(batch, _in_envelopes(events))


class Batch(constructors.Batch):
    """The identities, attributes and events of one user.

    `events` returns each event in its envelope, with `event_type` and `data`; `events_of(AppEvent)` returns the events
    of a class. A batch is validated by `validate()` and by every upload; an event that is a dict is validated when it
    is added.
    """

    if TYPE_CHECKING:
        # The types that can be assigned and that are read, for a type checker.
        events: _Events = ...  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]
    else:
        events = _Events()

    def __post_init__(self) -> None:
        events = _slot.__get__(self)
        if events:
            _slot.__set__(self, _in_envelopes(events))

    def add_event(self, event: AnyEvent) -> None:
        """Add an event, and put it into its envelope.

        Raises:
            WrongCallError: The argument is not an event.
            ValidationError: The event is a dict and does not fit its event type.
        """
        events = _slot.__get__(self)
        if events:
            events.append(_in_envelope(event, len(events)))
        else:
            _slot.__set__(self, [_in_envelope(event, 0)])

    addEvent = add_event  # noqa: N815  # the Node SDK's spelling

    def events_of(self, kind: type[EventT]) -> list[EventT]:
        """The events of a class such as `CommerceEvent`, without their envelopes. A change of one changes the batch.

        Raises:
            WrongCallError: The argument is not a class of events.
            ValidationError: A dict was appended to `events` that does not fit its event type.
        """
        if not (isinstance(kind, type) and issubclass(kind, models.CommonEventData)):  # type: ignore[redundant-expr]
            given = f"the class {kind.__name__}" if isinstance(kind, type) else f"an object of {type(kind).__name__}"
            raise WrongCallError(f"a class of events such as AppEvent is expected, not {given}")
        envelopes = _slot.__get__(self) or []
        envelopes[:] = _in_envelopes(envelopes) or ()  # one may have been appended as a dict or without its envelope
        events = (_data_as(kind, envelope) for envelope in envelopes)
        return [event for event in events if isinstance(event, kind)]

    def validate(self) -> None:
        """Validate the batch, as an upload does.

        Raises:
            ValidationError: The first fault, with its path. `faults()` returns all.
        """
        document = encoded(self)
        require_text(self, document)
        read(document, models.Batch, source=self)

    def faults(self) -> list[ValidationError]:
        """All faults of the batch with their paths, at most a hundred; an empty list if it is valid.

        They are not raised.
        """
        from ._checks.faults import batch_faults  # loaded at first use

        return batch_faults(self)

    def to_json(self) -> str:
        """The batch as JSON, with a datetime as its Unix milliseconds. It is not validated.

        Raises:
            ValidationError: A value has no JSON form.
        """
        document = encoded(self)
        require_text(self, document)
        return with_times(document, self).decode()

    @classmethod
    def from_json(cls, document: str | bytes) -> Self:
        """Read a batch from JSON.

        Raises:
            WrongCallError: The argument is not text.
            ValidationError: The text is not JSON, or not a valid batch.
        """
        if not isinstance(document, (str, bytes)):
            raise WrongCallError(f"from_json takes JSON text, not {type_name(document)}: a dict can be uploaded as is")
        document, _ = read(utf8(document), models.Batch)
        return checked(document, cls)

    @classmethod
    def from_outbound(cls, document: str | bytes | Mapping[str, Any]) -> Self:
        """Read a batch that mParticle sent out, such as a quarantined or exported one, to send it in again.

        What only mParticle sets is left out, and the identities become an object. The `source_request_id` stays:
        mParticle drops the batch if it accepted that id in the last 30 to 60 days. Set a new id to count it again.

        Raises:
            WrongCallError: The argument is neither JSON text nor a dict.
            ValidationError: It is not JSON, or not a valid batch.
        """
        if not isinstance(document, (str, bytes, Mapping)):
            raise WrongCallError(f"from_outbound takes JSON text or a dict, not {type_name(document)}")
        if not isinstance(document, Mapping):
            return checked(inbound(utf8(document))[0], cls)
        text = encoded(document)
        require_text(document, text)
        return checked(inbound(text, document)[0], cls)


def _data_as(kind: type[models.CommonEventData], envelope: Any) -> models.CommonEventData:
    """The data of an envelope. A model that was read from JSON is replaced by its subclass `kind` if possible."""
    model = type(envelope.data)
    if model in _MODELS and model is not kind and issubclass(kind, model) and not _requires_more(kind, model):
        envelope.data = kind(**msgspec.structs.asdict(envelope.data))
    return envelope.data  # type: ignore[no-any-return]  # an envelope has no common type


def _requires_more(kind: type[models.CommonEventData], model: type[models.CommonEventData]) -> bool:
    required = (field.name for field in msgspec.structs.fields(kind) if field.required)
    return not set(required) <= set(model.__struct_fields__)


def _in_envelopes(events: EventsIn) -> EventsOut:
    if events is None or isinstance(events, UnsetType):
        return events
    if isinstance(events, (str, bytes, dict, msgspec.Struct)) or not isinstance(events, Iterable):
        raise WrongCallError(f"events takes a list of events, not {type_name(events)}")
    events = list(events)
    try:
        return [_ENVELOPE_OF[type(event)](data=event) for event in events]
    except KeyError:  # a dict, an envelope or a subclass
        return [_in_envelope(event, index) for index, event in enumerate(events)]


def _in_envelope(event: AnyEvent, index: int) -> models.Event:
    envelope = _ENVELOPE_OF.get(type(event))
    if envelope is not None:
        return envelope(data=event)  # type: ignore[no-any-return]  # each envelope is a branch of Event
    if isinstance(event, _ENVELOPES):
        return event  # type: ignore[return-value]  # the branches of Event, as a tuple
    if isinstance(event, Mapping):
        return _read_event(event, index)
    for base in type(event).__mro__:
        if base in _ENVELOPE_OF:
            _ENVELOPE_OF[type(event)] = _ENVELOPE_OF[base]  # so that the next one is found at once
            return _in_envelope(event, index)
    expected = "an event such as AppEvent(...), or a dict with event_type and data,"
    raise WrongCallError(f"events[{index}]: {expected} is expected, not {type_name(event)}")


def _read_event(event: Mapping[str, Any], index: int) -> models.Event:
    try:
        document = encoded(event)
        require_text(event, document)
        return read(document, models.Event, source=event)[1]  # type: ignore[arg-type]  # a union is not a type
    except ValidationError as error:
        path = f"events[{index}]{'.' if error.path else ''}{error.path}"
        raise ValidationError(error.problem, path) from None


class AppEvent(constructors.AppEvent):
    """A user action with a name of your choice."""

    @classmethod
    def create_attribution_event(cls, publisher: str | None = None, campaign: str | None = None) -> Self:
        """The user was attributed to a campaign, as in mParticle's Python SDK."""
        return cls("attribution", "attribution", custom_attributes={"campaign": campaign, "publisher": publisher})

    @classmethod
    def create_attribution_delete_event(cls) -> Self:
        """The attribution of the user was deleted, as in mParticle's Python SDK."""
        return cls("attribution", "attribution", custom_attributes={"action": "delete"})


class ApplicationStateTransitionEvent(constructors.ApplicationStateTransitionEvent):
    """The application started, ended, or moved to the foreground or background."""

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
        """The application moved to the foreground."""
        return cls("application_foreground")

    @classmethod
    def create_background_event(cls) -> Self:
        """The application moved to the background."""
        return cls("application_background")
