"""Batches that are given as JSON: checked, and sent as they are if they are in the documented form."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import pytest
from common import ROOT
from faulty_server import ACCEPTED, Exchange, FaultyServer, Play, accept, status
from upload_all import UploadAll, blocking, configured, every_iterable, numbers_in

from mparticle_ext import (
    APIError,
    AsyncEventsApi,
    Batch,
    Configuration,
    EventsApi,
    Outcome,
    UploadResult,
    ValidationError,
    WrongCallError,
)

BOM = b"\xef\xbb\xbf"
DIGITS = b'{"environment":"production","source_request_id":"1","user_attributes":{"a":1.50,"b":0.12345678901234567890,"c":1e2}}'
EVENT = b'{"event_type":"custom_event","data":{"custom_event_type":"other","event_name":"a: b"}}'
Body: TypeAlias = list[bytes]


def keep(bodies: Body) -> Play:
    """Accept, and keep the bytes of the request."""

    def play(exchange: Exchange) -> None:
        exchange.read()
        exchange.take()
        bodies.append(exchange.body)
        exchange.send(ACCEPTED)

    return play


def sent(documents: Iterable[Any], upload_all: UploadAll = blocking, **settings: Any) -> tuple[bytes, UploadResult]:
    """The body of the only request, and the result."""
    bodies: Body = []
    with FaultyServer(otherwise=keep(bodies)) as server:
        result = upload_all(configured(server, **settings), documents)
    return b"".join(bodies), result


@every_iterable
@pytest.mark.parametrize("validate", [True, False])
def test_documents_are_sent_byte_for_byte(validate: bool, upload_all: UploadAll) -> None:
    documents: list[str | bytes] = [
        DIGITS,
        DIGITS.replace(b'"1"', b'"2"').decode(),
        b'{"events":[%b],"source_request_id":"3", "environment":"development"}' % EVENT,
    ]
    body, result = sent(documents, upload_all, validate=validate)
    assert body == b"[" + b",".join(one if isinstance(one, bytes) else one.encode() for one in documents) + b"]"
    assert (result.delivered, result.failed) == (3, [])


def test_every_kind_of_event_is_sent_byte_for_byte() -> None:
    files = sorted((ROOT / "tests" / "spec" / "golden").glob("*.json"))
    documents = [json.dumps({**json.loads(file.read_text()), "source_request_id": file.stem}) for file in files]
    body, result = sent(documents)
    assert body.decode() == f"[{','.join(documents)}]"
    assert result.delivered == len(documents) > 15


SAME: list[tuple[bytes, bytes]] = [
    (b' \r\n\t{"environment":"production","source_request_id":"1"}\n', b'{"environment":"production","source_request_id":"1"}'),
    (BOM + b'{"environment":"production","source_request_id":"1"}', b'{"environment":"production","source_request_id":"1"}'),
    (BOM + b'\n{\n  "environment": "production",\r\n  "source_request_id": "a \\n b"\n}', b'{"environment":"production","source_request_id":"a \\n b"}'),
    (b'{"environment":"production","source_request_id":"1","user_attributes":{"a":"' + b'x"},' + b' ' * 270_000 + b'"mpid":1}',
     b'{"environment":"production","source_request_id":"1","user_attributes":{"a":"x"},"mpid":1}'),
]  # fmt: skip


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(("document", "expected"), SAME)
def test_what_is_around_a_document_and_its_line_breaks_are_left_out(
    document: bytes, expected: bytes, as_text: bool
) -> None:
    body, result = sent([document.decode() if as_text else document])
    assert body == b"[" + expected + b"]"
    assert result.delivered == 1


IDS: list[tuple[bytes, bytes]] = [
    (b'{"environment":"production","user_attributes":{"a":1.50}}', b'{"source_request_id":"ID","environment":"production","user_attributes":{"a":1.50}}'),
    (b'{ "environment":"production","user_attributes":{"a":1.50} }', b'{"environment":"production","user_attributes":{"a":1.50},"source_request_id":"ID"}'),
    (b'{"source_request_id":"","environment":"production","user_attributes":{"a":1.50}}', b'{"source_request_id":"ID","environment":"production","user_attributes":{"a":1.50}}'),
    (b'{"environment":"production","source\\u005frequest_id":null,"user_attributes":{"a":1.50}}', b'{"environment":"production","source_request_id":"ID","user_attributes":{"a":1.50}}'),
    (b'{"source_request_id":"a","environment":"production","source_request_id":""}', b'{"source_request_id":"ID","environment":"production"}'),
]  # fmt: skip


@every_iterable
@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize(("document", "expected"), IDS)
def test_a_document_without_an_id_gets_one(
    document: bytes, expected: bytes, validate: bool, upload_all: UploadAll
) -> None:
    body, result = sent([document], upload_all, validate=validate)
    (batch,) = json.loads(body)
    request_id = batch["source_request_id"]
    assert len(request_id) == 36
    assert body == b"[" + expected.replace(b"ID", request_id.encode()) + b"]"
    assert result.delivered == 1


@pytest.mark.parametrize("validate", [True, False])
def test_without_deduplication_no_id_is_added(validate: bool) -> None:
    document = b'{"environment":"production"}'
    with FaultyServer(status(500), otherwise=accept) as server:
        result = blocking(configured(server, deduplicate=False, validate=validate), [document])
        (one,) = result.failed
        assert isinstance(one.error, APIError)
        assert (one.error.outcome, one.error.repeatable, one.batch) == (Outcome.UNKNOWN, False, document)
        assert len(server.requests) == 1
        assert blocking(configured(server, deduplicate=False, validate=validate), [DIGITS]).delivered == 1


@pytest.mark.parametrize("validate", [True, False])
def test_a_document_has_one_id(validate: bool) -> None:
    document = (
        b'{"source_request_id":"1","source_request_id":"2","environment":"production","user_attributes":{"a":1.50}}'
    )
    body, result = sent([document], validate=validate)
    assert body == b'[{"source_request_id":"2","environment":"production","user_attributes":{"a":1.50}}]'
    assert result.delivered == 1


REPEATED = [
    '{"environment":"prod","environment":"production"}',
    '{"environment":"production","user_attributes":{"a":{},"a":1}}',
    '{"environment":"production","events":[{"event_type":"first_run","data":{},"event_type":"other"}]}',
    '{"environment":"production","events":[{"event_type":"first_run","data":{"a":1},"data":{}}]}',
]


@pytest.mark.parametrize("document", REPEATED)
def test_each_value_of_a_repeated_key_is_checked(document: str) -> None:
    with pytest.raises(ValidationError):
        EventsApi(Configuration("key", "secret")).upload_events(document)


@every_iterable
def test_other_forms_are_converted(upload_all: UploadAll) -> None:
    given = {
        "environment": "production",
        "source_request_id": "1",
        "user_identities": {"customerid": 5},
        "mpid": 9_007_199_254_740_993,
    }
    body, result = sent([json.dumps(given), given], upload_all)
    first, second = json.loads(body)
    assert first == second == {**given, "user_identities": {"customer_id": "5"}}
    assert result.delivered == 2


def test_a_conversion_keeps_the_digits_of_other_numbers() -> None:
    number = b'{"environment":"production","source_request_id":"1","user_identities":{"customer_id":%b},"user_attributes":{"a":%b}}'
    body, _ = sent([number % (b"1234567890123456.0", b"0.12345678901234567890")])
    assert body == b"[" + number % (b'"1234567890123456"', b"0.12345678901234567890") + b"]"
    outbound = Batch.from_outbound(number % (b'"1"', b"1.10")).to_json()
    assert '"a":1.1' in outbound  # a model has a float


def test_bytes_that_are_not_utf_8_are_refused_also_without_validation() -> None:
    body, result = sent([DIGITS, b'{"environment":"production","user_attributes":{"a":"caf\xe9"}}'], validate=False)
    assert result.delivered == len(json.loads(body)) == 1
    assert "is not UTF-8" in str(result.failed[0].error)


def test_blanks_do_not_count_for_the_size() -> None:
    document = b'{"environment":%b"production","partner_identity":"%b"}' % (b" " * 40, b"x" * 261_990)
    assert sent([document])[1].delivered == 1


FAULTY: list[tuple[Any, type[Exception], str]] = [
    (b'{"environment":"production"', ValidationError, "batches[1]: is not valid JSON: Input data was truncated"),
    ('{"environment":"production",}', ValidationError, "batches[1]: is not valid JSON: JSON is malformed: trailing comma in object (byte 28)"),
    (b"\n", ValidationError, "batches[1]: is not valid JSON: Input data was truncated"),
    ("", ValidationError, "batches[1]: is not valid JSON: Input data was truncated"),
    (DIGITS + DIGITS, ValidationError, "batches[1]: is not valid JSON: JSON is malformed: trailing characters (byte "),
    (b'{"environment":"production","user_attributes":{"a":NaN}}', ValidationError, "batches[1]: is not valid JSON: JSON is malformed: invalid character (byte 51)"),
    (b'{"environment":"production","user_attributes":{"a":1e999}}', ValidationError, "batches[1]: user_attributes.a: is too large for a number"),
    ('{"environment":"production","user_attributes":{"a":"\ud800"}}', ValidationError, "batches[1]: has a character that UTF-8 cannot encode (a lone surrogate): correct the text"),
    (b'{"environment":"production","user_attributes":{"a":"\xff"}}', ValidationError, "batches[1]: is not UTF-8, as JSON must be: invalid start byte"),
    (b'{"environment":"production","user_attributes":{"a":"\\ud800"}}', ValidationError, "batches[1]: user_attributes.a: has a character that UTF-8 cannot encode (a lone surrogate)"),
    ('{"environment":"production"}'.encode("utf-16"), ValidationError, "batches[1]: is not "),
    (b"[]", ValidationError, "batches[1]: must be an object, not a list"),
    (b'{"environment":"prod"}', ValidationError, "batches[1]: environment: is 'prod', but must be one of production, development: did you mean 'production'?"),
    (b'{"environment":"production","events":[{"event_type":"custom_event","data":{"custom_event_type":"other"}}]}', ValidationError, "batches[1]: events[0].data.event_name: is required: give it a value"),
    (b'{"environment":"production","job_id":"' + b"x" * 262_200 + b'"}', ValidationError, "batches[1]: has 26"),
    (bytearray(DIGITS), WrongCallError, "batches[1]: a Batch is expected, not bytearray: give JSON as bytes, as in bytes(document)"),
    (memoryview(DIGITS), WrongCallError, "batches[1]: a Batch is expected, not memoryview: give JSON as bytes, as in bytes(document)"),
]  # fmt: skip


@every_iterable
@pytest.mark.parametrize(("document", "kind", "message"), FAULTY, ids=[case[2][12:40] for case in FAULTY])
def test_a_faulty_document_fails_alone(
    document: Any, kind: type[Exception], message: str, upload_all: UploadAll
) -> None:
    body, result = sent([DIGITS, document, DIGITS.replace(b'"1"', b'"2"')], upload_all)
    assert (result.delivered, len(json.loads(body))) == (2, 2)
    (one,) = result.failed
    assert (one.index, type(one.error)) == (1, kind)
    assert one.batch is document
    assert str(one.error).startswith(message)


@pytest.mark.parametrize(
    "document", [b'{ "\xff":1}', b'{"environment"}', b"[]", b"{}{}", b"\xff", b"null", b'{"a":"\\q"}', b'{"a":\n01}']
)
def test_without_validation_a_document_must_still_be_one_object(document: bytes) -> None:
    body, result = sent([document, b'{"environment":"prod","source_request_id":5}', b"{}"], validate=False)
    first, second = json.loads(body)
    assert first == {"environment": "prod", "source_request_id": 5}
    assert list(second) == ["source_request_id"]
    assert [(one.index, one.batch) for one in result.failed] == [(0, document)]


def test_a_historical_document_is_checked() -> None:
    _, result = sent([b'{"environment":"production"}'], lambda *given: blocking(*given, historical=True))
    (one,) = result.failed
    assert str(one.error) == "batches[0]: events: is required for a historical upload: give at least one event"


@every_iterable
def test_a_failed_document_can_be_sent_again_without_counting_twice(upload_all: UploadAll) -> None:
    with FaultyServer(status(500, takes=True)) as server:
        result = upload_all(configured(server, retry=None), ['{"environment":"production"}', DIGITS])
        assert result.delivered == 0
        documents = [one.batch for one in result.failed]
        assert all(isinstance(document, bytes) for document in documents)
        assert documents[1] == DIGITS
        again = upload_all(configured(server), documents)
        assert (again.delivered, len(server.requests), len(server.taken)) == (2, 2, 2)


@every_iterable
def test_the_bad_document_is_found_among_others(upload_all: UploadAll) -> None:
    def refuse_17(exchange: Exchange) -> None:
        exchange.read()
        if b'"17"' in exchange.body:
            exchange.send(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")
        else:
            exchange.take()
            exchange.send(ACCEPTED)

    documents = [DIGITS.replace(b'"1"', b'"%d"' % number) for number in range(60)]
    with FaultyServer(otherwise=refuse_17) as server:
        result = upload_all(configured(server), documents)
        assert numbers_in(server.taken) == [number for number in range(60) if number != 17]
    assert [(one.index, one.batch) for one in result.failed] == [(17, documents[17])]


def test_the_other_uploads_take_documents_too() -> None:
    bodies: Body = []
    results: list[Any] = []
    with FaultyServer(otherwise=keep(bodies)) as server:
        with EventsApi(configured(server)) as api:
            api.upload_events(DIGITS)
            api.upload_events(DIGITS.decode(), lambda *call: results.append(call)).result()
            api.bulk_upload_events([DIGITS, Batch("production")])

        async def main() -> None:
            async with AsyncEventsApi(configured(server)) as api:
                await api.upload_events(DIGITS)

        asyncio.run(main())
    assert [bodies[0], bodies[1], bodies[3]] == [DIGITS] * 3
    assert bodies[2].startswith(b"[" + DIGITS + b',{"environment":"production",')


@pytest.mark.parametrize("document", [DIGITS, DIGITS.decode()])
def test_a_document_is_no_list_of_batches(document: Any) -> None:
    api = EventsApi(Configuration("key", "secret"))
    with pytest.raises(
        WrongCallError, match=r"a list of batches is expected, not (str|bytes): put the JSON of one batch in a list"
    ):
        api.bulk_upload_events(document)


@pytest.mark.parametrize("wrap", [bytearray, memoryview])
def test_a_buffer_is_refused_with_what_to_write(wrap: Callable[[bytes], Any]) -> None:
    with pytest.raises(
        WrongCallError, match=r"^a Batch is expected, not \w+: give JSON as bytes, as in bytes\(document\)$"
    ):
        EventsApi(Configuration("key", "secret")).upload_events(wrap(DIGITS))


@every_iterable
@pytest.mark.parametrize("name", ["on_result", "on_failed"])
def test_a_function_that_returns_a_coroutine_loses_no_result(name: str, upload_all: UploadAll) -> None:
    async def note(_: object) -> None:
        """Never awaited."""

    with (
        FaultyServer(otherwise=status(400)) as server,
        pytest.raises(WrongCallError, match="returned a coroutine") as raised,
    ):
        upload_all(configured(server), [DIGITS], **{name: lambda one: note(one)})
    result = UploadResult.of(raised.value)
    assert result is not None
    assert [one.index for one in result.failed] == [0]
    assert result.reported == 0
