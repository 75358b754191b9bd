"""An upload that is stopped or killed goes on where it was, and nothing is sent twice or lost."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from common import wait_until
from running import PATIENCE_SECONDS, Done, batch, customers, environment, ndjson, run, start

from mparticle_ext.sandbox import Sandbox

FAST = ("--rate", "1000000")


def stopped_at(sandbox: Sandbox, count: int, number: signal.Signals, *arguments: str | Path) -> Done:
    """Upload until so many batches have arrived, and send the process a signal."""
    process = start("upload", *arguments, *FAST, env=environment(sandbox, measured=False))
    wait_until(lambda: len(sandbox.batches) >= count or process.poll() is not None, PATIENCE_SECONDS)
    process.send_signal(number)
    return Done(process)


def settled_in(journal: Path) -> int:
    """How many batches a journal says are settled."""
    ranges = [pair for line in journal.read_text().splitlines()[1:] for pair in json.loads(line)]
    return sum(last - first + 1 for first, last in ranges)


@pytest.mark.slow
def test_100_000_batches_interrupted_and_killed_arrive_once_each(sandbox: Sandbox, tmp_path: Path) -> None:
    count = 100_000
    file, journal = ndjson(tmp_path / "many.ndjson", map(batch, range(count))), tmp_path / "many.ndjson.progress"

    interrupted = stopped_at(sandbox, 20_000, signal.SIGINT, file)
    assert interrupted.code == 130
    assert interrupted.err.endswith("mparticle-ext: interrupted\nGo on with --resume\n")
    arrived = len(sandbox.batches)
    assert 20_000 <= arrived < count
    assert settled_in(journal) == arrived  # nothing was on its way any more

    killed = stopped_at(sandbox, arrived + 20_000, signal.SIGKILL, file, "--resume")
    assert killed.code == -signal.SIGKILL
    assert not sandbox.dropped  # so the first one was resumed without a repetition

    last = run("upload", file, "--resume", *FAST, env=environment(sandbox))
    assert last.code == 0, last.err
    assert customers(sandbox) == list(range(count))
    assert len({one.source_request_id for one in sandbox.batches}) == count
    assert all("was taken before" in one.reason for one in sandbox.dropped)
    assert not journal.exists()


@pytest.mark.slow
def test_what_was_not_delivered_is_in_the_failed_file_once_each(sandbox: Sandbox, tmp_path: Path) -> None:
    bad = {"environment": "prod"}
    file = ndjson(tmp_path / "many", [bad if number % 10 == 0 else batch(number) for number in range(20_000)])
    options = (file, "--failed", tmp_path / "failed")
    for count, number in ((3000, signal.SIGKILL), (9000, signal.SIGTERM), (14_000, signal.SIGKILL)):
        stopped_at(sandbox, count, number, *options, *(["--resume"] if count > 3000 else []))
    last = run("upload", *options, "--resume", *FAST, env=environment(sandbox))
    assert last.code == 1, last.err
    kept = [json.loads(line)["index"] for line in (tmp_path / "failed").read_text().splitlines()]
    assert sorted(kept) == list(range(0, 20_000, 10))
    assert customers(sandbox) == [number for number in range(20_000) if number % 10]


def test_sigterm_is_the_same_as_ctrl_c(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "many.ndjson", map(batch, range(20_000)))
    done = stopped_at(sandbox, 1000, signal.SIGTERM, file)
    assert done.code == 130
    assert "Finishing what is on its way. Ctrl-C again quits at once." in done.err
    assert settled_in(tmp_path / "many.ndjson.progress") == len(sandbox.batches)


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file = ndjson(tmp_path / "many.ndjson", map(batch, range(2000)))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/v2"
        given = {"MPARTICLE_API_KEY": "k", "MPARTICLE_API_SECRET": "s", "MPARTICLE_BASE_URL": address}
        process = start("upload", file, *FAST, env=environment(measured=False) | given)
        with silent.accept()[0]:  # a request is on its way, and will never be answered
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            while b"quits at once" not in process.stderr.readline():
                pass
            while process.poll() is None:  # pressed again and again, as people do
                process.send_signal(signal.SIGINT)
                time.sleep(0.05)
            done = Done(process)
    assert done.code == 130
    assert settled_in(tmp_path / "many.ndjson.progress") == 0


def unfinished(sandbox: Sandbox, folder: Path) -> Path:
    """A file whose upload has a journal with one batch left to do."""
    file = ndjson(folder / "some.ndjson", [batch(0), {"environment": "prod"}, batch(2)])
    assert run("upload", file, env=environment(sandbox)).code == 1
    return file


def test_beginning_again_over_a_journal_has_to_be_said(sandbox: Sandbox, tmp_path: Path) -> None:
    file = unfinished(sandbox, tmp_path)
    done = run("upload", file.name, env=environment(sandbox), cwd=tmp_path)
    assert done.code == 2
    assert done.err == (
        "mparticle-ext: some.ndjson.progress is the journal of an upload that is not finished, with 2 batches settled: "
        "--resume goes on with it, --restart forgets it\n"
    )
    assert len(sandbox.batches) == 2
    assert run("upload", file, "--restart", env=environment(sandbox)).code == 1
    assert (len(sandbox.batches), len(sandbox.dropped)) == (2, 2)  # the file is the same, and so are the ids


CHANGES: list[tuple[Callable[[Path], object], tuple[str, ...], str]] = [
    (lambda file: ndjson(file, map(batch, range(9))), (), "some.ndjson is not what it was when the upload began ("),
    (lambda file: file.write_text(file.read_text().replace("2", "3")), (), "some.ndjson is not what it was when the upload began ("),
    (lambda file: os.utime(file, ns=(0, 0)), (), "(it was changed since: 1970-01-01 00:00:00 UTC, not 20"),
    (lambda file: None, ("--historical",), "is of another upload: its operation was bulk_upload_events, not bulk_upload_historical_events"),
    (lambda file: None, ("--base-url", "http://127.0.0.1:1/v2"), "is of another upload: its destination was http://127.0.0.1:"),
    (lambda file: ndjson(file.with_name("more"), []), ("more",), "is of another upload: its number of files was 1, not 2"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "more", "complaint"), CHANGES)
def test_another_upload_is_not_resumed(
    change: Callable[[Path], object], more: tuple[str, ...], complaint: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    change(unfinished(sandbox, tmp_path))
    before = (tmp_path / "some.ndjson.progress").read_bytes()
    done = run("upload", "some.ndjson", *more, "--resume", env=environment(sandbox), cwd=tmp_path)
    assert done.code == 2
    assert complaint in done.err
    assert (tmp_path / "some.ndjson.progress").read_bytes() == before
    assert len(sandbox.batches) == 2


def test_a_journal_that_a_kill_cut_is_read_as_far_as_it_goes(sandbox: Sandbox, tmp_path: Path) -> None:
    file = unfinished(sandbox, tmp_path)
    journal = tmp_path / "some.ndjson.progress"
    with journal.open("a") as cut:
        cut.write("[[1,")
    again = run("upload", file, "--resume", "--failed", tmp_path / "failed", env=environment(sandbox))
    assert again.out.startswith("0 batches delivered, 1 not in ")
    assert len(sandbox.batches) == 2
    assert not sandbox.dropped


def test_a_journal_that_is_damaged_is_left_alone_until_it_is_forgotten(sandbox: Sandbox, tmp_path: Path) -> None:
    file = unfinished(sandbox, tmp_path)
    journal = tmp_path / "some.ndjson.progress"
    first, *_ = journal.read_text().splitlines()
    for garbage in (b"nonsense", b'"\xff"', b"\0" * 9):
        content = f"{first}\n[[0,0]]\n".encode() + garbage + b"\n[[1,1]]\n"
        journal.write_bytes(content)
        done = run("upload", file, "--resume", env=environment(sandbox))
        assert done.code == 2
        assert f"{journal} is a damaged journal: --restart begins anew, as does --progress with another" in done.err
        assert journal.read_bytes() == content
    assert run("upload", file, "--restart", "--failed", tmp_path / "failed", env=environment(sandbox)).code == 1
    assert len(sandbox.batches) == 2  # the file is the same, and so are the ids
    assert not journal.exists()


def test_killed_before_the_first_line_was_written(sandbox: Sandbox, tmp_path: Path) -> None:
    file = unfinished(sandbox, tmp_path)
    journal = tmp_path / "some.ndjson.progress"
    journal.write_bytes(journal.read_bytes()[:30])
    assert run("upload", file, "--failed", tmp_path / "failed", env=environment(sandbox)).code == 1
    assert len(sandbox.batches) == 2  # sent again under the ids that they had
    assert len(sandbox.dropped) == 2


def test_a_large_journal_is_made_small_by_a_resume(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "many.ndjson", [*map(batch, range(2000)), {"environment": "prod"}])
    run("upload", file, "--rate", "2000", env=environment(sandbox))
    run("upload", file, "--resume", env=environment(sandbox))
    _, *settled = (tmp_path / "many.ndjson.progress").read_text().splitlines()
    assert settled == ["[[0,1999]]"]
