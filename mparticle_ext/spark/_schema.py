"""The columns that a frame of batches can have. They come from the generated models, so a new field needs no change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from mparticle_events import models
from mparticle_events.reading import branches, branches_of
from mparticle_events.strict import unknown_field
from msgspec import inspect
from pyspark.sql import types as st

from .. import ValidationError

Kinds: TypeAlias = Sequence[inspect.Type]  # that the model allows in one place, without null

_TEXT = (st.StringType, st.VarcharType, st.CharType)
_WHOLE = (st.LongType, st.IntegerType, st.ShortType, st.ByteType)
_NUMBER = (*_WHOLE, st.DoubleType, st.FloatType, st.DecimalType)
_Types: TypeAlias = tuple[st.DataType, tuple[type[st.DataType], ...]]  # in Spark, and what is accepted
_SCALARS: dict[type[inspect.Type], _Types] = {
    inspect.StrType: (st.StringType(), _TEXT),
    inspect.EnumType: (st.StringType(), _TEXT),
    inspect.IntType: (st.LongType(), _WHOLE),
    inspect.FloatType: (st.DoubleType(), _NUMBER),
    inspect.BoolType: (st.BooleanType(), (st.BooleanType,)),
}
_BATCH = branches_of(models.Batch)


def struct_of() -> st.StructType:
    """The type of a batch, for `from_json` and for empty frames.

    An array of Spark has one type, so the data of an event has the fields of all event types; those that are null are
    not sent. Where the API takes several types, such as an attribute, the type is VARIANT.
    """
    return _struct(_structs(_BATCH))


def faults_of(schema: st.StructType) -> list[ValidationError]:
    """Find the faults in the columns of a frame of batches, before anything is read.

    A column can be left out if the API does not require it. A VARIANT is accepted everywhere, a struct also where the
    API takes a map. The values are checked when they are sent.
    """
    return list(_struct_faults(schema, _structs(_BATCH), ""))


def _structs(kinds: Kinds) -> list[inspect.StructType]:
    return [kind for kind in kinds if isinstance(kind, inspect.StructType)]


def _map_values(kinds: Kinds) -> Kinds:
    return _not_null(kind.value_type for kind in kinds if isinstance(kind, inspect.DictType))


def _list_items(kinds: Kinds) -> Kinds:
    return _not_null(kind.item_type for kind in kinds if isinstance(kind, inspect.CollectionType))


def _not_null(kinds: Iterable[inspect.Type]) -> list[inspect.Type]:
    return [branch for kind in kinds for branch in branches(kind) if not isinstance(branch, inspect.NoneType)]


def _fields(structs: Sequence[inspect.StructType]) -> dict[str, list[inspect.Type]]:
    """The fields of a struct, or of several as one."""
    merged: dict[str, list[inspect.Type]] = {}
    for struct in structs:
        if struct.tag_field:
            merged[struct.tag_field] = [inspect.StrType()]
        for field in struct.fields:
            merged.setdefault(field.encode_name, []).extend(_not_null([field.type]))
    return merged


def _struct(structs: Sequence[inspect.StructType]) -> st.StructType:
    return st.StructType([st.StructField(name, _type_of(kinds)) for name, kinds in _fields(structs).items()])


def _type_of(kinds: Kinds) -> st.DataType:
    found = {_plain(kind) for kind in kinds if not isinstance(kind, inspect.StructType)}
    if structs := _structs(kinds):
        found.add(_struct(structs))
    if found == {st.LongType(), st.DoubleType()}:
        return st.DoubleType()
    return found.pop() if len(found) == 1 else st.VariantType()


def _plain(kind: inspect.Type) -> st.DataType:
    if isinstance(kind, inspect.DictType):
        return st.MapType(st.StringType(), _type_of(_map_values([kind])))
    if isinstance(kind, inspect.CollectionType):
        return st.ArrayType(_type_of(_list_items([kind])))
    return _SCALARS[type(kind)][0] if type(kind) in _SCALARS else st.VariantType()


def _struct_faults(given: st.StructType, structs: Sequence[inspect.StructType], base: str) -> Iterator[ValidationError]:
    known = _fields(structs)
    for field in given.fields:
        if field.name in known:
            yield from _type_faults(field.dataType, known[field.name], f"{base}{field.name}")
        else:
            yield fault(unknown_field(field.name, known), f"{base}{field.name}")
    needed = [{field.encode_name for field in one.fields if field.required} | {one.tag_field or ""} for one in structs]
    for name in sorted(set.intersection(*needed) - {"", *given.names}):
        yield fault("is required: add the column", f"{base}{name}")


def _type_faults(given: st.DataType, kinds: Kinds, path: str) -> Iterator[ValidationError]:
    structs, values, items = _structs(kinds), _map_values(kinds), _list_items(kinds)
    match given:
        case st.VariantType() | st.NullType():
            pass
        case st.StructType() if structs:
            yield from _struct_faults(given, structs, f"{path}.")
        case st.StructType() if values:
            for field in given.fields:
                yield from _type_faults(field.dataType, values, f"{path}.{field.name}")
        case st.MapType() if values:
            if not isinstance(given.keyType, _TEXT):
                yield fault(f"has keys of type {given.keyType.simpleString()}, but must have string: cast them", path)
            yield from _type_faults(given.valueType, values, f"{path}[]")
        case st.ArrayType() if items:
            yield from _type_faults(given.elementType, items, f"{path}[]")
        case _ if not any(_is_accepted(given, kind) for kind in kinds):
            yield fault(_wrong_type(given, kinds), path)


def _is_accepted(given: st.DataType, kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.IntType) and isinstance(given, st.DecimalType):
        return given.scale == 0
    return isinstance(kind, inspect.AnyType) or isinstance(given, _SCALARS.get(type(kind), (None, ()))[1])


def _wrong_type(given: st.DataType, kinds: Kinds) -> str:
    names = {_type_of([kind]).simpleString().partition("<")[0] for kind in kinds}  # with its fields, one has 4 kB
    expected = " or ".join(sorted(names)).replace("map", "map or struct")
    advice = "cast it" if any(type(kind) in _SCALARS for kind in kinds) else "use struct(), array() or from_json()"
    if isinstance(given, (st.DateType, st.TimestampType, st.TimestampNTZType)) and expected == "bigint":
        advice = ("cast it to timestamp, and " if isinstance(given, st.DateType) else "") + "use unix_millis()"
    return f"is {given.simpleString():.60}, but must be {expected}: {advice}"


def fault(problem: str, path: str = "") -> ValidationError:
    """The fault of a frame."""
    return ValidationError(problem, path, subject="frame")
