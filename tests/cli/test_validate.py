"""`mparticle-ext validate`: every fault with its line, in every file format, in constant memory."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from command import COMMAND, Result, batch, environment, ndjson, run, start
from mparticle_events.service import MAX_REQUEST_BYTES

from mparticle_ext import Batch, ValidationError, unixtime_ms
from mparticle_ext.sandbox import Sandbox

EVENT = {"event_type": "custom_event", "data": {"event_name": "a", "custom_event_type": "other"}}
GOOD = {"environment": "production", "events": [EVENT]}
BAD = {
    "environment": "prod",
    "events": [
        EVENT,
        {"event_type": "custom_event", "data": {"event_name": 7, "custom_event_type": "other", "evnt_num": 1}},
    ],
    "user_attributes": {"fine": 1, "n" * 300: 1, "tags": ["x" * 600, "y"]},
}


FAULTS = {
    "environment": "environment: is 'prod', but must be one of production, development: did you mean 'production'?",
    '"event_name": 7': "events[1].data.event_name: must be a string",
    "evnt_num": "events[1].data.evnt_num: ",
    "n" * 300: f"user_attributes['{'n' * 37}...']: has a name that has 300 characters, but at most 256",
    "x" * 600: "user_attributes.tags[0]: has 600 characters, but at most 512",
}
"""The beginning of each message about BAD, by the text that is on its line."""


def assert_faults(output: str, places: list[str]) -> None:
    """The output has the faults of BAD, each at its place."""
    expected = [f"{place}: {fault}" for place, fault in zip(places, FAULTS.values(), strict=True)]
    assert [line[: len(start)] for line, start in zip(output.splitlines(), expected, strict=True)] == expected


def test_a_file_without_a_batch_is_reported(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("[]")
    done = run("validate", "none.json", cwd=tmp_path)
    assert done.code == 0
    assert done.err.startswith("mparticle-ext: none.json has no batch in it\n")


@pytest.mark.parametrize("content", [b"", b" \n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_reported(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(content)
    done = run("validate", "empty", cwd=tmp_path)
    assert done.code == 0
    assert done.err.startswith("mparticle-ext: empty has no batch in it\n0 batches, ")


CSV = "looks like CSV: make a JSON batch of each row: nothing of it was read"
UTF_16 = "is UTF-16, but JSON is UTF-8: convert it (iconv -f UTF-16 -t UTF-8): nothing of it was read"
ROWS = "customer_id,environment\n" + "1,production\n" * 9999


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (ROWS.encode(), CSV),
        (gzip.compress(ROWS.encode()), CSV),
        (ROWS.encode("utf-16"), UTF_16),
        (json.dumps(GOOD).encode("utf-16"), UTF_16),
        (json.dumps([GOOD], indent=1).encode("utf-16-le"), UTF_16),
        (json.dumps(GOOD).encode("utf-32"), UTF_16.replace("16", "32")),
    ],
)
def test_a_file_in_another_format_is_one_fault(content: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    done = run("validate", "file", cwd=tmp_path)
    assert (done.code, done.out) == (1, f"file:1: {problem}\n")


def test_the_check_of_a_file_stops_after_50_faults(tmp_path: Path) -> None:
    names = ["long.ndjson", "full.ndjson", "wide.ndjson"]
    ndjson(tmp_path / names[0], [{}] * 60)
    ndjson(tmp_path / names[1], [GOOD, *[{}] * 50, GOOD])
    ndjson(tmp_path / names[2], [{"environment": "production", "deleted_user_attributes": [1] * 60}, {}])
    done = run("validate", *names, cwd=tmp_path)
    assert done.code == 1
    assert [sum(line.startswith(f"{name}:") for line in done.out.splitlines()) for name in names] == [50, 50, 50]
    advice = "correct these first, or print all with --max-faults 0"
    *reports, summary = done.err.splitlines()
    assert [line for line in reports if line.startswith("mparticle-ext:")] == [
        f"mparticle-ext: {name} has more than 50 faults: {advice}" for name in (names[0], names[2])
    ]
    assert "150 faults in 101 batches; " in summary
    everything = run("validate", *names, "--max-faults", "0", cwd=tmp_path)
    assert len(everything.out.splitlines()) == 60 + 50 + 61
    assert "more than" not in everything.err
    assert len(run("validate", names[0], "--max-faults", "7", "--json", cwd=tmp_path).out.splitlines()) == 7


def test_batches_that_could_be_historical_are_counted(tmp_path: Path) -> None:
    old, new = ({"event_type": "session_start", "data": {"timestamp_unixtime_ms": unixtime_ms() - age}} for age in (72 * 3_600_000, 0))  # fmt: skip
    file = ndjson(
        tmp_path / "f", [batch(0, events=[old]), batch(1, events=[old, new]), batch(2), batch(3, events=[new])]
    )
    done = run("validate", file)
    assert done.code == 0
    assert done.err.splitlines()[1:] == [
        "All events are 72 hours old or more in 1 batch. Use --historical if mParticle must not forward them to event and "
        "warehouse outputs"
    ]
    ndjson(file, [batch(0, events=[old])])
    assert len(run("validate", file, "--historical").err.splitlines()) == 1


def test_a_valid_file(tmp_path: Path) -> None:
    done = run("validate", ndjson(tmp_path / "good.ndjson", [GOOD] * 3))
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("3 batches, 3 events, 0 faults; 399 B in ")


def test_all_faults_of_a_line_are_printed(tmp_path: Path) -> None:
    ndjson(tmp_path / "bad.ndjson", [GOOD, BAD])
    done = run("validate", "bad.ndjson", cwd=tmp_path)
    assert done.code == 1
    assert_faults(done.out, ["bad.ndjson:2"] * 5)
    assert done.err.startswith("2 batches, 1 event in valid batches, 5 faults in 1 batch; ")


def test_a_fault_is_printed_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(json.dumps([GOOD, BAD], indent=2))
    text = (tmp_path / "bad.json").read_text().splitlines()
    end_of_first = text.index("  },")
    numbers = [next(number for number, line in enumerate(text, 1) if part in line and number > end_of_first) for part in FAULTS]  # fmt: skip
    done = run("validate", "bad.json", cwd=tmp_path)
    assert_faults(done.out, [f"bad.json:{number}" for number in numbers])
    assert len(set(numbers)) == 5


@pytest.mark.parametrize("layout", ["a list", "over many lines", "one after the other", "gzip", "two streams of gzip"])
def test_the_formats_of_a_file(layout: str, tmp_path: Path) -> None:
    line = json.dumps(GOOD).encode() + b"\n"
    document = {
        "a list": json.dumps([GOOD, GOOD]).encode(),
        "over many lines": json.dumps([GOOD, GOOD], indent=4).encode(),
        "one after the other": json.dumps(GOOD, indent=1).encode() * 2,
        "gzip": gzip.compress(line * 2),
        "two streams of gzip": gzip.compress(line) + gzip.compress(line),
    }[layout]
    (tmp_path / "file").write_bytes(document)
    for done in (run("validate", tmp_path / "file"), run("validate", "-", stdin=document)):
        assert (done.code, done.out) == (0, "")
        assert done.err.startswith("2 batches, 2 events, 0 faults; ")


MALFORMED = [
    (b'{"environment": }\n{"environment":"production"}\n', ["<stdin>:1: is not JSON: invalid character"]),
    (b'{"environment": NaN}', ["<stdin>:1: is not JSON: invalid character: JSON has no NaN, give null or omit it"]),
    (b'\n{"environment":"\xff"}', ["<stdin>:2: is not UTF-8, as JSON must be: invalid start byte"]),
    (b'{\n"environment":\n"\xff"}', ["<stdin>:3: is not UTF-8, as JSON must be: invalid start byte"]),
    (b'[{"environment":"production"}', ["<stdin>:1: is a list without an end: was the file cut off?"]),
    (b'{"environment":"prod', ["<stdin>:1: is incomplete: the file ends in the middle of it"]),
    (b"[7]", ["<stdin>:1: must be an object, not a whole number"]),
    (b'{"\\u001b[31mred": 1, "environment": "production"}', ["<stdin>:1: ['\\x1b[31mred']: "]),
    (b'{"environment":"production","user_attributes":{"a":"\\ud83d"}}\n' * 2,
     [f"<stdin>:{line}: has a character that UTF-8 cannot encode (a lone surrogate)" for line in (1, 2)]),
    (b'{"environment":"production","user_attributes":{"a":1e999,\n"b":-1e999,\n"c":' + b"1" * 5000 + b'},\n"ip":"x"}\n{"environment":"production"}',
     [*(f"<stdin>:{line}: user_attributes.{key}: is too large for a number" for line, key in enumerate("abc", 1)),
      "<stdin>:4: ip: must be an IPv4 or IPv6 address"]),
    (b'{"batches":[{"environment":"production"}]}',
     ["<stdin>:1: batches: is not a known field", "<stdin>:1: environment: is required"]),
    (b'[{"event_type":"custom_event","data":{"event_name":"a"}}]',
     ["<stdin>:1: event_type: is not a known field", "<stdin>:1: data: is not a known field", "<stdin>:1: environment: is required"]),
    (b'{"environmnt":"production","ip":"x"}', ["<stdin>:1: environmnt: is not a known field", "<stdin>:1: ip: must be"]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "lines"), MALFORMED)
def test_input_that_is_not_a_batch(document: bytes, lines: list[str]) -> None:
    done = run("validate", "-", stdin=document)
    assert done.code == 1
    assert len(done.out.splitlines()) == len(lines)
    for line, expected in zip(done.out.splitlines(), lines, strict=True):
        assert line.startswith(expected)


def test_gzip_that_is_cut_off_or_damaged(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(json.dumps(batch(number)).encode() + b"\n" for number in range(9999)))
    (tmp_path / "cut.gz").write_bytes(whole[:-2000])
    cut = run("validate", "cut.gz", cwd=tmp_path)
    assert cut.code == 1
    assert cut.out.splitlines()[-1].endswith(": the gzip stream is cut off: the rest could not be read")
    assert int(cut.err.partition(" ")[0].replace(",", "")) > 1000
    (tmp_path / "bad.gz").write_bytes(whole[:-8] + b"\0" * 8)
    bad = run("validate", "bad.gz", cwd=tmp_path)
    assert bad.out.startswith("bad.gz:10000: the gzip stream is damaged: CRC check failed ")


def test_batches_that_an_upload_refuses(tmp_path: Path) -> None:
    large = batch(1, user_attributes={f"a{number}": "x" * 4000 for number in range(66)})
    assert len(json.dumps(large)) > MAX_REQUEST_BYTES
    young = {"event_type": "session_start", "data": {"timestamp_unixtime_ms": unixtime_ms()}}
    old = {"event_type": "session_start", "data": {"timestamp_unixtime_ms": 1_700_000_000_000}}
    file = ndjson(tmp_path / "f", [large, batch(2, events=[old, young, EVENT]), batch(3), batch(4, events=[old])])
    now = run("validate", "f", cwd=tmp_path)
    assert now.out.splitlines() == [f"f:1: has {len(json.dumps(large, separators=(',', ':'))) + 61} bytes, but a request can have at most 262144: split it"]  # fmt: skip
    later = run("validate", "--historical", file.name, cwd=tmp_path)
    assert [line.partition(": ")[0] + ": " + line.partition(": ")[2][:60] for line in later.out.splitlines()][1:] == [
        "f:2: events[1].data.timestamp_unixtime_ms: is less than 72 hours ",
        "f:2: events[2].data.timestamp_unixtime_ms: is required for a hist",
        "f:3: events: is required for a historical upload: give at least o",
    ]


def test_faults_as_json(tmp_path: Path) -> None:
    ndjson(tmp_path / "bad.ndjson", [GOOD, BAD])
    done = run("validate", "--json", "bad.ndjson", cwd=tmp_path)
    first = json.loads(done.out.splitlines()[0])
    assert first == {
        "file": "bad.ndjson",
        "line": 2,
        "path": "environment",
        "problem": "is 'prod', but must be one of production, development: did you mean 'production'?",
        "index": 1,
    }


def test_a_file_that_cannot_be_read_is_reported_and_the_others_are_checked(tmp_path: Path) -> None:
    ndjson(tmp_path / "bad.ndjson", [BAD])
    done = run("validate", "none.ndjson", tmp_path, "bad.ndjson", cwd=tmp_path)
    assert done.code == 2
    assert_faults(done.out, ["bad.ndjson:1"] * 5)
    assert done.err.splitlines()[:2] == [
        "mparticle-ext: none.ndjson cannot be read: No such file or directory",
        f"mparticle-ext: {tmp_path} cannot be read: Is a directory",
    ]


def test_a_reader_that_closes_the_output_gets_no_error(tmp_path: Path) -> None:
    file = ndjson(tmp_path / "bad.ndjson", [BAD] * 5000)
    process = start("validate", file, "--max-faults", "0")
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _, error = process.communicate()
    assert (process.returncode, error) == (141, b"")


def test_at_most_a_hundred_faults_of_a_batch_are_printed() -> None:
    many = {"environment": "production", "user_attributes": {f"a{number}": {} for number in range(100)}, "deleted_user_attributes": [1] * 99}  # fmt: skip
    done = run("validate", "-", "--max-faults", "0", stdin=json.dumps(many).encode())
    assert len(done.out.splitlines()) == 100


def peak_memory(chunks: Iterator[bytes]) -> int:
    """The peak memory of the command that reads these chunks, in KiB."""
    with subprocess.Popen([COMMAND, "validate", "-"], env=environment(), stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for chunk in chunks:
            process.stdin.write(chunk)
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["lines", "one list", "gzip"])
def test_memory_is_constant(layout: str) -> None:
    """A copy of the large input would take 200 MB."""
    line = json.dumps({**GOOD, "user_attributes": {"text": "x" * 4000}}).encode()

    def stream(count: int) -> Iterator[bytes]:
        chunk = {"lines": (line + b"\n") * 100, "one list": (line + b",") * 100, "gzip": gzip.compress((line + b"\n") * 100)}[layout]  # fmt: skip
        yield b"[" if layout == "one list" else b""
        yield from (chunk for _ in range(count))
        yield line + b"]" if layout == "one list" else b""

    small, large = peak_memory(stream(17)), peak_memory(stream(500))
    assert large < small + 16 * 1024, f"{small} KiB became {large} KiB"


def test_a_repeated_key(tmp_path: Path) -> None:
    (tmp_path / "twice.json").write_text(
        '{"environment": "production",\n"events": null,\n"events": [{"event_type": "x"}]}'
    )
    done = run("validate", "twice.json", cwd=tmp_path)
    assert done.code == 1
    assert done.out.startswith("twice.json:3: events[0]")


@pytest.mark.parametrize("depth", range(960, 1000, 5))
def test_nesting_near_the_limit_of_a_decoder(depth: int, tmp_path: Path) -> None:
    nested = "[" * depth + "]" * depth
    (tmp_path / "deep.json").write_text(f'{{"environment": "production", "user_attributes": {{"a": {nested}}}}}')
    done = run("validate", "deep.json", cwd=tmp_path)
    assert done.code == 1
    assert done.out.startswith("deep.json:1: ")


def test_an_invalid_value_in_a_large_map_is_found_with_few_decodes(monkeypatch: pytest.MonkeyPatch) -> None:
    decodes: list[bytes] = []
    decode = msgspec.json.decode

    def counted(document: bytes, **options: Any) -> Any:
        decodes.append(document)
        return decode(document, **options)

    monkeypatch.setattr(msgspec.json, "decode", counted)
    attributes = {f"name {number}": number for number in range(99)} | {"bad": {"a": 1}}
    with pytest.raises(ValidationError) as caught:
        Batch.from_json(json.dumps({"environment": "production", "user_attributes": attributes}))
    assert caught.value.path == "user_attributes.bad"
    assert 0 < len(decodes) < 12


def test_a_full_disk_for_the_output(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    with Path("/dev/full").open("wb") as full:
        done = Result(start("validate", "bad.json", cwd=tmp_path, stdout=full))
    assert done.code == 4
    assert done.err == "mparticle-ext: standard output cannot be written: No space left on device\n"


def test_closed_standard_streams(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    command = f"{COMMAND} validate bad.json 2>&- >found; echo $?"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert (tmp_path / "found").read_text().startswith("bad.json:1: environment: is required")


OUTBOUND = {
    "environment": "production",
    "batch_id": "7",
    "user_identities": [{"identity_type": "customer_id", "identity": "a", "timestamp_unixtime_ms": "1466456299032"}],
    "events": [{"event_type": "first_run", "data": {"event_id": "5", "timestamp_unixtime_ms": str(unixtime_ms())}}],
}
LEFT_OUT = (
    "Left out, because only mParticle sets it: Batch.batch_id (2), FirstRunEventData.event_id (2), "
    "UserIdentities.timestamp_unixtime_ms (2)\n"
)


def test_batches_that_mparticle_sent_out(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "export.ndjson", [OUTBOUND, OUTBOUND])
    assert run("validate", file).code == 1
    done = run("validate", file, "--outbound")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith(LEFT_OUT)
    done = run("upload", file, "--outbound", env=environment(sandbox))
    assert done.code == 0
    assert done.err.endswith(LEFT_OUT)
    sent = [batch for request in sandbox.requests for batch in json.loads(request.body)]
    assert [one["user_identities"] for one in sent] == [{"customer_id": "a"}] * 2
    assert not any("batch_id" in one for one in sent)


def test_faults_of_batches_that_mparticle_sent_out(tmp_path: Path) -> None:
    faulty = {**OUTBOUND, "environment": "prod", "ip": 5}
    done = run("validate", ndjson(tmp_path / "export.ndjson", [OUTBOUND, faulty]), "--outbound")
    assert done.code == 1
    assert [line.partition(": is ")[0].rpartition(":")[2].strip() for line in done.out.splitlines()][:1] == [
        "environment"
    ]
    assert len(done.out.splitlines()) == 2


def test_a_faulty_list_of_identities_is_one_fault(tmp_path: Path) -> None:
    identity: dict[str, Any] = OUTBOUND["user_identities"][0]  # type: ignore[assignment]  # a list of dicts
    batches = [{**OUTBOUND, "user_identities": one} for one in ([identity] * 2, [{**identity, "is_dirty": True}], [7])]
    done = run("validate", ndjson(tmp_path / "export.ndjson", batches), "--outbound")
    assert [line.split(": ", 1)[1] for line in done.out.splitlines()] == [
        "user_identities[1]: customer_id occurs twice: give it once",
        "user_identities[0].is_dirty: is not a known field: known fields are identity_type, identity, timestamp_unixtime_ms",
        "user_identities: must be an object or null, not a list",
    ]


def test_what_only_mparticle_sets_is_counted_in_batches_that_are_sent(tmp_path: Path) -> None:
    faulty = {**OUTBOUND, "environment": "prod"}
    done = run("validate", ndjson(tmp_path / "export.ndjson", [OUTBOUND, faulty, OUTBOUND]), "--outbound")
    assert done.code == 1
    assert done.err.endswith(LEFT_OUT)


def test_the_failed_file_of_batches_that_mparticle_sent_out_is_in_the_documented_form(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    faulty = {**OUTBOUND, "environment": "prod"}
    file = ndjson(tmp_path / "export.ndjson", [OUTBOUND, faulty])
    assert run("upload", file, "--outbound", "--failed", tmp_path / "failed", env=environment(sandbox)).code == 1
    (failure,) = [json.loads(line) for line in (tmp_path / "failed").read_text().splitlines()]
    assert failure["batch"]["user_identities"] == {"customer_id": "a"}
    corrected = {**failure, "batch": {**failure["batch"], "environment": "production"}}
    for options in ((), ("--outbound",)):
        corrected["batch"]["mpid"] = str(len(options))
        done = run("upload", ndjson(tmp_path / "corrected", [corrected]), *options, env=environment(sandbox))
        assert done.code == 0, done.err
    assert len(sandbox.batches) == 3


def test_a_form_that_is_read_is_no_fault(tmp_path: Path) -> None:
    form = {
        "environment": "prod",
        "user_identities": {"customerid": 5},
        "events": [{"event_type": "custom_event", "data": {"event_name": "a"}}],
    }
    done = run("validate", ndjson(tmp_path / "some.ndjson", [form]))
    assert len(done.out.splitlines()) == 1
    assert "environment: is 'prod'" in done.out
