"""`mparticle-ext validate`: every fault with its line, in every form of file, in flat memory."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mparticle_events.service import MAX_REQUEST_BYTES
from running import COMMAND, Done, batch, environment, ndjson, run, start

from mparticle_ext import Batch, ValidationError, _places, unixtime_ms

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


TOLD = {
    "environment": "environment: is 'prod', but must be one of production, development: did you mean 'production'?",
    '"event_name": 7': "events[1].data.event_name: must be a string, not a whole number",
    "evnt_num": "events[1].data.evnt_num: is no known field: did you mean 'event_num'?",
    "n" * 300: f"user_attributes['{'n' * 37}...']: has a name that has 300 characters, but at most 256 are taken",
    "x" * 600: "user_attributes.tags[0]: has 600 characters, but at most 512 are taken",
}
"""What is said of BAD, by what stands in the line of it."""


def test_a_file_without_a_batch_is_told(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("[]")
    done = run("validate", "none.json", cwd=tmp_path)
    assert done.code == 0
    assert done.err.startswith("mparticle-ext: none.json holds no batch\n")


def test_a_good_file(tmp_path: Path) -> None:
    done = run("validate", ndjson(tmp_path / "good.ndjson", [GOOD] * 3))
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("3 batches, 3 events, 0 faults; 399 B in ")


def test_every_fault_of_a_line_is_told(tmp_path: Path) -> None:
    ndjson(tmp_path / "bad.ndjson", [GOOD, BAD])
    done = run("validate", "bad.ndjson", cwd=tmp_path)
    assert (done.code, done.out.splitlines()) == (1, [f"bad.ndjson:2: {said}" for said in TOLD.values()])
    assert done.err.startswith("2 batches, 1 event, 5 faults in 1 batch; ")


def test_a_fault_is_told_with_the_line_it_stands_in(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(json.dumps([GOOD, BAD], indent=2))
    text = (tmp_path / "bad.json").read_text().splitlines()
    after_the_good_one = text.index("  },")
    numbers = [next(number for number, line in enumerate(text, 1) if stands in line and number > after_the_good_one) for stands in TOLD]  # fmt: skip
    done = run("validate", "bad.json", cwd=tmp_path)
    assert done.out.splitlines() == [f"bad.json:{number}: {said}" for number, said in zip(numbers, TOLD.values(), strict=True)]  # fmt: skip
    assert len(set(numbers)) == 5


@pytest.mark.parametrize("form", ["a list", "over many lines", "one after the other", "gzip", "two streams of gzip"])
def test_the_forms_of_a_file(form: str, tmp_path: Path) -> None:
    line = json.dumps(GOOD).encode() + b"\n"
    document = {
        "a list": json.dumps([GOOD, GOOD]).encode(),
        "over many lines": json.dumps([GOOD, GOOD], indent=4).encode(),
        "one after the other": json.dumps(GOOD, indent=1).encode() * 2,
        "gzip": gzip.compress(line * 2),
        "two streams of gzip": gzip.compress(line) + gzip.compress(line),
    }[form]
    (tmp_path / "file").write_bytes(document)
    for done in (run("validate", tmp_path / "file"), run("validate", "-", given=document)):
        assert (done.code, done.out) == (0, "")
        assert done.err.startswith("2 batches, 2 events, 0 faults; ")


BROKEN = [
    (b'{"environment": }\n{"environment":"production"}\n', ["<stdin>:1: is no JSON: invalid character"]),
    (b'{"environment": NaN}', ["<stdin>:1: is no JSON: invalid character: NaN is none, give null or leave it out"]),
    (b'\n{"environment":"\xff"}', ["<stdin>:2: is not UTF-8, as JSON must be: invalid start byte"]),
    (b'{\n"environment":\n"\xff"}', ["<stdin>:3: is not UTF-8, as JSON must be: invalid start byte"]),
    (b'[{"environment":"production"}', ["<stdin>:1: is a list that is not closed: was the file cut off?"]),
    (b'{"environment":"prod', ["<stdin>:1: is cut off: the file ends in the middle of it"]),
    (b"[7]", ["<stdin>:1: must be an object, not a whole number"]),
    (b'{"\\u001b[31mred": 1, "environment": "production"}', ["<stdin>:1: ['\\x1b[31mred']: is no known field: known are environment, "]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "told"), BROKEN)
def test_what_is_no_batch(document: bytes, told: list[str]) -> None:
    done = run("validate", "-", given=document)
    assert done.code == 1
    assert len(done.out.splitlines()) == len(told)
    for line, expected in zip(done.out.splitlines(), told, strict=True):
        assert line.startswith(expected)


def test_gzip_that_is_cut_off_or_damaged(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(json.dumps(batch(number)).encode() + b"\n" for number in range(9999)))
    (tmp_path / "cut.gz").write_bytes(whole[:-2000])
    cut = run("validate", "cut.gz", cwd=tmp_path)
    assert cut.code == 1
    assert cut.out.splitlines()[-1].endswith(": the gzip stream is cut off: what is missing was not read")
    assert int(cut.err.partition(" ")[0].replace(",", "")) > 1000
    (tmp_path / "bad.gz").write_bytes(whole[:-8] + b"\0" * 8)
    bad = run("validate", "bad.gz", cwd=tmp_path)
    assert bad.out.startswith("bad.gz:10000: the gzip stream is damaged: CRC check failed ")


def test_what_an_upload_would_refuse_or_drop(tmp_path: Path) -> None:
    large = batch(1, user_attributes={f"a{number}": "x" * 4000 for number in range(66)})
    assert len(json.dumps(large)) > MAX_REQUEST_BYTES
    young = {"event_type": "session_start", "data": {"timestamp_unixtime_ms": unixtime_ms()}}
    old = {"event_type": "session_start", "data": {"timestamp_unixtime_ms": 1_700_000_000_000}}
    file = ndjson(tmp_path / "f", [large, batch(2, events=[old, young, EVENT]), batch(3), batch(4, events=[old])])
    now = run("validate", "f", cwd=tmp_path)
    assert now.out.splitlines() == [f"f:1: is {len(json.dumps(large, separators=(',', ':'))) + 61} bytes, but at most 262144 are taken: send it in parts"]  # fmt: skip
    later = run("validate", "--historical", file.name, cwd=tmp_path)
    assert [line.partition(": ")[0] + ": " + line.partition(": ")[2][:60] for line in later.out.splitlines()][1:] == [
        "f:2: events[1].data.timestamp_unixtime_ms: a historical upload ta",
        "f:2: events[2].data.timestamp_unixtime_ms: is required for a hist",
        "f:3: events: is required for a historical upload, at least one ev",
    ]


def test_faults_for_machines(tmp_path: Path) -> None:
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


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_checked(tmp_path: Path) -> None:
    ndjson(tmp_path / "bad.ndjson", [BAD])
    done = run("validate", "none.ndjson", tmp_path, "bad.ndjson", cwd=tmp_path)
    assert (done.code, done.out.splitlines()) == (2, [f"bad.ndjson:1: {said}" for said in TOLD.values()])
    assert done.err.splitlines()[:2] == [
        "mparticle-ext: none.ndjson cannot be read: No such file or directory",
        f"mparticle-ext: {tmp_path} cannot be read: Is a directory",
    ]


def test_a_reader_that_goes_away_is_no_trouble(tmp_path: Path) -> None:
    file = ndjson(tmp_path / "bad.ndjson", [BAD] * 5000)
    process = start("validate", file)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _, complaint = process.communicate()
    assert (process.returncode, complaint) == (141, b"")


def test_a_batch_with_very_many_faults_is_told_of_a_hundred() -> None:
    many = {"environment": "production", "user_attributes": {f"a{number}": {} for number in range(100)}, "deleted_user_attributes": [1] * 99}  # fmt: skip
    done = run("validate", "-", given=json.dumps(many).encode())
    assert len(done.out.splitlines()) == 100


def peak_of(chunks: Iterator[bytes]) -> int:
    """The most memory that it takes to read this, in KiB."""
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
@pytest.mark.parametrize("form", ["lines", "one list", "gzip"])
def test_memory_stays_flat(form: str) -> None:
    """30 times as much input takes no more memory; a copy of it would take 200 MB."""
    line = json.dumps({**GOOD, "user_attributes": {"text": "x" * 4000}}).encode()

    def stream(count: int) -> Iterator[bytes]:
        chunk = {"lines": (line + b"\n") * 100, "one list": (line + b",") * 100, "gzip": gzip.compress((line + b"\n") * 100)}[form]  # fmt: skip
        yield b"[" if form == "one list" else b""
        yield from (chunk for _ in range(count))
        yield line + b"]" if form == "one list" else b""

    small, large = peak_of(stream(17)), peak_of(stream(500))
    assert large < small + 16 * 1024, f"{small} KiB became {large} KiB"


def test_a_key_that_stands_there_twice(tmp_path: Path) -> None:
    (tmp_path / "twice.json").write_text(
        '{"environment": "production",\n"events": null,\n"events": [{"event_type": "x"}]}'
    )
    done = run("validate", "twice.json", cwd=tmp_path)
    assert done.code == 1
    assert done.out.startswith("twice.json:3: events[0]")


@pytest.mark.parametrize("depth", range(960, 1000, 5))
def test_what_is_nested_near_the_limit_of_a_decoder(depth: int, tmp_path: Path) -> None:
    nested = "[" * depth + "]" * depth
    (tmp_path / "deep.json").write_text(f'{{"environment": "production", "user_attributes": {{"a": {nested}}}}}')
    done = run("validate", "deep.json", cwd=tmp_path)
    assert done.code == 1
    assert done.out.startswith("deep.json:1: ")


def test_a_faulty_value_among_many_names_is_found_by_few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Any] = []
    look = _places._message  # noqa: SLF001  # what costs

    def counted(value: Any, kind: Any) -> str:
        looks.append(value)
        return look(value, kind)

    monkeypatch.setattr(_places, "_message", counted)
    attributes = {f"name {number}": number for number in range(99)} | {"bad": {"a": 1}}
    with pytest.raises(ValidationError) as caught:
        Batch.from_json(json.dumps({"environment": "production", "user_attributes": attributes}))
    assert caught.value.path == "user_attributes.bad"
    assert len(looks) < 10


def test_a_full_disk_for_the_faults(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    with Path("/dev/full").open("wb") as full:
        done = Done(start("validate", "bad.json", cwd=tmp_path, stdout=full))
    assert done.code == 4
    assert done.err == "mparticle-ext: standard output cannot be written: No space left on device\n"


def test_streams_that_are_closed(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    command = f"{COMMAND} validate bad.json 2>&- >found; echo $?"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert (tmp_path / "found").read_text().startswith("bad.json:1: environment: is required")
