"""Every fault of a batch, not only the first one. Loaded only when something is wrong.

The check stops at a fault; so what is faulty is replaced in a copy by something that the check takes, until it finds
nothing more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from mparticle_events import models
from msgspec import inspect

from ._errors import ValidationError
from ._explain import located, meant_by, short
from ._places import Place, at, branches, field_names, place_of, types_at
from ._record import Record
from ._upload import refuse_unprocessed

_MOST_FAULTS = 100  # of a batch: whoever has more has them for one reason
_MOST_STEPS = 4 * _MOST_FAULTS


class Fault(Record):
    """A fault of a batch.

    Attributes:
        place: Where it is.
        problem: What is wrong, and what to do.
    """

    place: Place
    problem: str


def faults_of(document: bytes, *, historical: bool) -> list[Fault]:
    """The faults of a batch, in the order they are found, at most a hundred."""
    found: dict[Place, Fault] = {}
    mender = _Mender(document)
    for fault in mender.faults():
        found.setdefault(fault.place, fault)
        if len(found) == _MOST_FAULTS:
            return list(found.values())
    if historical and mender.batch is not None:
        found |= {fault.place: fault for fault in _unprocessed(mender.batch) if not mender.replaced(fault.place)}
    return list(found.values())


class _Mender:
    """A copy of a batch, out of which one fault after the other is taken.

    Attributes:
        batch: What it is when no fault is left.
    """

    def __init__(self, document: bytes) -> None:
        self.batch: models.Batch | None = None
        self._document = document
        self._value: Any = None
        self._tried: Counter[Place] = Counter()

    def faults(self) -> Iterator[Fault]:
        """Each fault; one that could not be taken out at once comes again."""
        for _ in range(_MOST_STEPS):
            fault = self._first()
            if fault is None:
                return
            yield fault
            if not self._mend(fault.place):
                return

    def replaced(self, place: Place) -> bool:
        """Whether what stands at a place now is not what was given."""
        return any(place[:depth] in self._tried for depth in range(1, len(place) + 1))

    def _first(self) -> Fault | None:
        try:
            self.batch = msgspec.json.decode(self._document, type=models.Batch)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Fault(*located(str(error), self._document, models.Batch))
        return None

    def _mend(self, place: Place) -> bool:
        """Take out the fault at a place, or all around it; False where nothing would be left."""
        if place and self._value is None:
            self._value = msgspec.json.decode(self._document)
        while place and not self._replace(place):
            place = place[:-1]
        self._document = msgspec.json.encode(self._value)
        return bool(place)

    def _replace(self, place: Place) -> bool:
        """Put something else at a place, or where that was no help nothing; False where both were tried."""
        parent, step = at(self._value, place[:-1]), place[-1]
        self._tried[place] += 1
        if self._tried[place] == 1:
            named = [key for key in parent if short(key) == step] if isinstance(parent, dict) else []
            if named and step not in named:  # a name that is too long to be shown
                del parent[named[0]]
                return True
            given = parent[step] if isinstance(step, int) else parent.get(step)
            parent[step] = None
            if types := types_at(models.Batch, self._value, place):
                parent[step] = _stand_in(types)
                return True
            if meant := meant_by(str(step), field_names(models.Batch, self._value, place[:-1])):
                parent.setdefault(meant, given)  # so that it is not told to be missing too
        return isinstance(parent, dict) and parent.pop(step, self) is not self


def _stand_in(types: list[inspect.Type]) -> Any:
    """Something that may stand where one of these types is expected: null, or else of the first of them."""
    if any(isinstance(part, inspect.NoneType) for part in types):
        return None
    match types[0]:
        case inspect.StructType(tag_field=tag_field, tag=tag, fields=fields):
            required = {field.encode_name: _stand_in(branches(field.type)) for field in fields if field.required}
            return required if tag_field is None else {tag_field: tag, **required}
        case inspect.EnumType(cls=enum):
            return next(iter(enum)).value
        case inspect.DictType():
            return {}
        case inspect.CollectionType():
            return []
        case other:
            return _PLAIN.get(type(other))


_PLAIN = {inspect.StrType: "", inspect.IntType: 0, inspect.FloatType: 0.0, inspect.BoolType: False}


def _unprocessed(batch: models.Batch) -> Iterator[Fault]:
    """What a historical upload would drop, event by event."""
    for number, events in enumerate([event] for event in batch.events) if batch.events else [(0, [])]:
        try:
            refuse_unprocessed(models.Batch(environment=batch.environment, events=events), 0)
        except ValidationError as error:
            steps = list(place_of(f".{error.path}", "", None, None))
            steps[1:2] = [number] if events else []
            yield Fault(tuple(steps), error.problem)
