"""An upload that is stopped or killed is resumed, and no batch is lost or counted twice."""

from __future__ import annotations

import gzip
import json
import resource
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from command import TIMEOUT_SECONDS, Result, batch, environment, ndjson, received, run, start
from common import wait_until

from mparticle_ext.sandbox import Sandbox

pytestmark = pytest.mark.slow
FAST = ("--rate", "1000000")
BAD = {"environment": "prod"}


def signal_at(sandbox: Sandbox, count: int, number: signal.Signals, *arguments: str | Path) -> Result:
    """Upload until the sandbox has this many batches, and send the process a signal."""
    process = start("upload", *arguments, *FAST, env=environment(sandbox, measured=False))
    wait_until(lambda: len(sandbox.batches) >= count or process.poll() is not None, TIMEOUT_SECONDS)
    process.send_signal(number)
    return Result(process)


def settled(journal: Path) -> int:
    """The number of settled batches in a journal."""
    number: int = json.loads(journal.read_bytes())["settled"]
    return number


def unfinished(sandbox: Sandbox, folder: Path) -> Path:
    """A file whose upload has a journal: the second batch is invalid, and there is no failed file."""
    file = ndjson(folder / "some.ndjson", [batch(0), BAD, batch(2)])
    assert run("upload", file, env=environment(sandbox)).code == 1
    return file


@pytest.mark.slow
def test_100_000_batches_interrupted_and_killed_are_counted_once_each(sandbox: Sandbox, tmp_path: Path) -> None:
    count = 100_000
    file, journal = ndjson(tmp_path / "many.ndjson", map(batch, range(count))), tmp_path / "many.ndjson.progress"

    interrupted = signal_at(sandbox, 20_000, signal.SIGINT, file)
    assert interrupted.code == 130
    assert interrupted.err.endswith("mparticle-ext: stopped: interrupted\nContinue with --resume\n")
    arrived = len(sandbox.batches)
    assert 20_000 <= arrived < count
    assert settled(journal) == arrived  # no request was in flight any more

    killed = signal_at(sandbox, arrived + 20_000, signal.SIGKILL, file, "--resume")
    assert killed.code == -signal.SIGKILL
    assert not sandbox.dropped  # the first run was resumed without a repetition

    last = run("upload", file, "--resume", *FAST, env=environment(sandbox))
    assert last.code == 0, last.err
    assert received(sandbox) == list(range(count))
    assert all("was taken before" in one.reason for one in sandbox.dropped)
    assert not journal.exists()


def test_after_a_kill_the_batches_beyond_the_mark_are_sent_again_and_counted_once(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    file, journal = ndjson(tmp_path / "many.ndjson", map(batch, range(4000))), tmp_path / "many.ndjson.progress"
    process = start("upload", file, "--rate", "1000", env=environment(sandbox, measured=False))
    wait_until(lambda: journal.exists() and journal.stat().st_size > 0 and settled(journal) > 0)
    wait_until(lambda: len(sandbox.batches) > settled(journal) + 100)
    process.kill()
    assert Result(process).code == -signal.SIGKILL
    mark, arrived = settled(journal), len(sandbox.batches)
    assert 0 < mark < arrived

    done = run("upload", file, "--resume", *FAST, env=environment(sandbox))
    assert done.code == 0, done.err
    assert done.out.startswith(f"{4000 - mark:,} batches delivered in ")
    assert done.out.endswith(f"; earlier: {mark:,} settled\n")
    assert received(sandbox) == list(range(4000))
    assert len(sandbox.dropped) == arrived - mark


@pytest.mark.slow
def test_each_batch_that_was_not_delivered_is_in_the_failed_file_once(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "many", [BAD if number % 10 == 0 else batch(number) for number in range(20_000)])
    options = (file, "--failed", tmp_path / "failed")
    for count, number in ((3000, signal.SIGKILL), (9000, signal.SIGTERM), (14_000, signal.SIGKILL)):
        signal_at(sandbox, count, number, *options, *(["--resume"] if count > 3000 else []))
    last = run("upload", *options, "--resume", *FAST, env=environment(sandbox))
    assert last.code == 1, last.err
    indexes = [json.loads(line)["index"] for line in (tmp_path / "failed").read_text().splitlines()]
    assert sorted(indexes) == list(range(0, 20_000, 10))
    assert received(sandbox) == [number for number in range(20_000) if number % 10]


def test_sigterm_is_the_same_as_ctrl_c(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "many.ndjson", map(batch, range(20_000)))
    done = signal_at(sandbox, 1000, signal.SIGTERM, file)
    assert done.code == 130
    assert "Waiting for the requests in flight. Press Ctrl-C again to quit at once." in done.err
    assert settled(tmp_path / "many.ndjson.progress") == len(sandbox.batches)


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file = ndjson(tmp_path / "many.ndjson", map(batch, range(2000)))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/v2"
        variables = {"MPARTICLE_API_KEY": "k", "MPARTICLE_API_SECRET": "s", "MPARTICLE_BASE_URL": address}
        process = start("upload", file, *FAST, env=environment(measured=False) | variables)
        with silent.accept()[0]:  # a request is in flight, and gets no response
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            while b"quit at once" not in process.stderr.readline():
                pass
            while process.poll() is None:  # pressed several times, as people do
                process.send_signal(signal.SIGINT)
                time.sleep(0.05)
            done = Result(process)
    assert done.code == 130
    assert settled(tmp_path / "many.ndjson.progress") == 0


def test_an_unfinished_upload_is_not_started_again_without_an_option(sandbox: Sandbox, tmp_path: Path) -> None:
    file = unfinished(sandbox, tmp_path)
    done = run("upload", file.name, env=environment(sandbox), cwd=tmp_path)
    assert done.code == 2
    assert done.err == (
        "mparticle-ext: some.ndjson.progress keeps the progress of an unfinished upload, with 1 of its batches finished: "
        "--resume continues it, --restart discards it\n"
    )
    assert len(sandbox.batches) == 2
    assert run("upload", file, "--restart", env=environment(sandbox)).code == 1
    assert (len(sandbox.batches), len(sandbox.dropped)) == (2, 2)  # the ids are the same


CHANGES: list[tuple[Callable[[Path], object], tuple[str, ...], str]] = [
    (lambda file: ndjson(file, map(batch, range(9))), (), "some.ndjson was changed since the upload began ("),
    (lambda file: file.write_text(file.read_text().replace("2", "3")), (), "some.ndjson was changed since the upload began ("),
    (lambda file: None, ("--historical",), "belongs to another upload: bulk_upload_events of 1 file(s) to http://127.0.0.1:"),
    (lambda file: None, ("--base-url", "http://127.0.0.1:1/v2"), "belongs to another upload: bulk_upload_events of 1 file(s) to http://127.0.0.1:"),
    (lambda file: ndjson(file.with_name("more"), []), ("more",), "not bulk_upload_events of 2 file(s) to http://127.0.0.1:"),
    (lambda file: None, ("--restart",), "--resume and --restart exclude each other: give only one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "options", "error"), CHANGES)
def test_another_upload_is_not_resumed(
    change: Callable[[Path], object], options: tuple[str, ...], error: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    change(unfinished(sandbox, tmp_path))
    before = (tmp_path / "some.ndjson.progress").read_bytes()
    done = run("upload", "some.ndjson", *options, "--resume", env=environment(sandbox), cwd=tmp_path)
    assert done.code == 2
    assert error in done.err
    assert (tmp_path / "some.ndjson.progress").read_bytes() == before
    assert len(sandbox.batches) == 2


def touched(file: Path) -> Path:
    file.touch()
    return file


def renamed(file: Path) -> Path:
    return file.rename(file.with_name("renamed"))


def copied(file: Path) -> Path:
    return Path(shutil.copy(file, file.with_name("copy")))


def fetched_again(file: Path) -> Path:
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content)
    return file


SAME_BYTES = [touched, renamed, copied, fetched_again]


@pytest.mark.slow
@pytest.mark.parametrize("change", SAME_BYTES)
@pytest.mark.parametrize("suffix", ["ndjson", "gz"])
def test_the_same_bytes_uploaded_again_add_nothing(
    suffix: str, change: Callable[[Path], Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    file = ndjson(tmp_path / f"some.{suffix}", map(batch, range(250)))
    if suffix == "gz":
        file.write_bytes(gzip.compress(file.read_bytes()))
    assert run("upload", file, *FAST, env=environment(sandbox)).code == 0
    assert run("upload", change(file), *FAST, env=environment(sandbox)).code == 0
    assert received(sandbox) == list(range(250))
    assert len(sandbox.dropped) == 250


@pytest.mark.slow
@pytest.mark.parametrize("change", SAME_BYTES)
def test_a_file_with_the_same_bytes_is_resumed(
    change: Callable[[Path], Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    file = change(unfinished(sandbox, tmp_path))
    options = ("--resume", "--progress", tmp_path / "some.ndjson.progress", "--failed", tmp_path / "failed")
    done = run("upload", file, *options, env=environment(sandbox))
    assert done.out.startswith("1 batch delivered, 1 failed in ")
    assert done.out.endswith("; earlier: 1 settled\n")
    assert received(sandbox) == [0, 2]


def test_two_files_that_begin_with_the_same_batch_are_both_counted(sandbox: Sandbox, tmp_path: Path) -> None:
    first, second = (ndjson(tmp_path / str(number), [batch(0), batch(number)]) for number in (1, 2))
    assert run("upload", first, env=environment(sandbox)).code == 0
    assert run("upload", second, env=environment(sandbox)).code == 0
    assert received(sandbox) == [0, 0, 1, 2]
    assert run("upload", second, first, env=environment(sandbox)).code == 0  # neither order nor company matters
    assert received(sandbox) == [0, 0, 1, 2]


def test_the_id_of_a_batch_never_changes_between_versions(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_bytes(b'[{"environment": "production"}, {"environment": "production"}]')
    assert run("upload", file, env=environment(sandbox)).code == 0
    sha256 = "c989f0ef197478f933e1b2ac33863aab9c492c96ac887268999c6a0747bd224b"
    namespace = UUID("8f2e6a53-4f0c-4a52-9d0b-6c8e3b7f7a10")
    ids = [one.source_request_id for one in sandbox.batches]
    assert ids == [str(uuid5(namespace, f"{sha256} {index}")) for index in (0, 1)]


def test_a_file_that_grows_while_it_is_uploaded_is_reported(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.latency = 0.2
    file = ndjson(tmp_path / "log.ndjson", map(batch, range(8000)))
    process = start("upload", file, *FAST, env=environment(sandbox))
    wait_until(lambda: len(sandbox.batches) > 0)
    with file.open("a") as log:
        log.write(json.dumps(batch(8000)) + "\n")
    done = Result(process)
    assert done.code == 2
    assert f"stopped: {file} was changed while it was uploaded: upload a copy that does not change" in done.err


def test_a_file_that_shrinks_while_it_is_uploaded_is_reported(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.latency = 0.2
    file = ndjson(tmp_path / "log.ndjson", map(batch, range(20_000)))
    process = start("upload", file, *FAST, env=environment(sandbox))
    wait_until(lambda: len(sandbox.batches) > 0)
    file.write_bytes(b"")
    done = Result(process)
    assert done.code == 2
    assert f"{file} was changed while it was uploaded: upload a copy that does not change" in done.err


def test_an_upload_is_not_resumed_with_another_api_key(sandbox: Sandbox, tmp_path: Path) -> None:
    file = unfinished(sandbox, tmp_path)
    done = run("upload", file, "--resume", env=environment(sandbox, MPARTICLE_API_KEY="another"))
    assert done.code == 2
    assert "belongs to another upload: bulk_upload_events of 1 file(s) to http" in done.err
    assert "another" not in done.err.replace("another upload", "")


def test_two_uploads_do_not_share_a_failed_file(sandbox: Sandbox, tmp_path: Path) -> None:
    failed = tmp_path / "failed.ndjson"
    sandbox.latency = 0.5
    slow = start(
        "upload", ndjson(tmp_path / "a", map(batch, range(3000))), "--failed", failed, *FAST, env=environment(sandbox)
    )
    wait_until(lambda: len(sandbox.batches) > 0)
    done = run("upload", ndjson(tmp_path / "b", [BAD]), "--failed", failed, env=environment(sandbox))
    assert done.code == 2
    assert f"{failed} is in use by another upload: wait until that has ended" in done.err
    assert Result(slow).code == 0
    assert not failed.exists()  # there was nothing to write


@pytest.mark.parametrize("garbage", [b"nonsense", b'{"format":"mparticle-ext upload, 2"', b'"\xff"', b"\0" * 9])
def test_a_file_that_is_not_a_journal_is_never_overwritten(garbage: bytes, sandbox: Sandbox, tmp_path: Path) -> None:
    file, journal = ndjson(tmp_path / "some.ndjson", [batch(0)]), tmp_path / "some.ndjson.progress"
    journal.write_bytes(garbage)
    for option in ([], ["--resume"], ["--restart"]):
        done = run("upload", file, *option, env=environment(sandbox))
        assert done.code == 2
        assert f"{journal} is not a valid journal: give --progress another name" in done.err
        assert journal.read_bytes() == garbage
    assert not sandbox.batches


def test_a_file_is_not_overwritten_through_a_symbolic_link(sandbox: Sandbox, tmp_path: Path) -> None:
    file, target = ndjson(tmp_path / "some.ndjson", [batch(0), BAD]), tmp_path / "target"
    target.write_text("precious")
    for name in ("some.ndjson.progress", "some.ndjson.progress.new", "some.ndjson.progress.tmp"):
        (tmp_path / name).symlink_to(target)
    done = run("upload", file, "--restart", env=environment(sandbox))
    assert done.code == 2
    assert target.read_text() == "precious"

    (tmp_path / "some.ndjson.progress").unlink()
    assert run("upload", file, env=environment(sandbox)).code == 1
    assert target.read_text() == "precious"
    assert settled(tmp_path / "some.ndjson.progress") == 1


def test_a_journal_behind_a_symbolic_link_stays_there(sandbox: Sandbox, tmp_path: Path) -> None:
    file, link = ndjson(tmp_path / "some.ndjson", [batch(0), BAD]), tmp_path / "link"
    (tmp_path / "elsewhere").mkdir()
    link.symlink_to(tmp_path / "elsewhere" / "journal")
    assert run("upload", file, "--progress", link, env=environment(sandbox)).code == 1
    assert link.is_symlink()
    assert settled(tmp_path / "elsewhere" / "journal") == 1
    done = run(
        "upload", file, "--progress", link, "--resume", "--failed", tmp_path / "failed", env=environment(sandbox)
    )
    assert done.out.endswith("; earlier: 1 settled\n")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_kill_before_the_first_write_leaves_an_empty_journal(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [batch(0)])
    (tmp_path / "some.ndjson.progress").touch()
    assert run("upload", file, env=environment(sandbox)).code == 0
    assert received(sandbox) == [0]


def test_a_disk_that_fills_up_stops_the_upload_and_it_can_be_resumed(sandbox: Sandbox, tmp_path: Path) -> None:
    file, journal = ndjson(tmp_path / "some.ndjson", map(batch, range(3000))), tmp_path / "some.ndjson.progress"
    process = start("upload", file, "--rate", "1000", env=environment(sandbox, measured=False))
    wait_until(lambda: len(sandbox.batches) > 0)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (9, 9))
    done = Result(process)
    assert done.code == 4
    assert f"stopped: {journal} cannot be written: " in done.err
    assert settled(journal) < len(sandbox.batches)
    assert sorted(tmp_path.iterdir()) == [file, journal]
    again = run("upload", file, "--resume", *FAST, env=environment(sandbox))
    assert again.code == 0, again.err
    assert received(sandbox) == list(range(3000))


def test_a_journal_without_finished_batches_does_not_block_the_same_file(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [batch(number) for number in range(3)])
    wrong = {**environment(sandbox), "MPARTICLE_API_SECRET": "wrong"}
    assert run("upload", file, env=wrong).code == 3
    assert (tmp_path / "some.ndjson.progress").exists()
    done = run("upload", file, env=environment(sandbox))
    assert done.code == 0, done.err
    assert len(sandbox.batches) == 3
