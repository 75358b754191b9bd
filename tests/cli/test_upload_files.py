"""The files of an upload: what is read, its journal and its failed file are told apart, and nothing in them is lost."""

from __future__ import annotations

import json
import os
import resource
import socket
from pathlib import Path

import pytest
from running import Done, batch, customers, environment, lines, ndjson, run, start

from mparticle_ext.sandbox import Sandbox

BAD = {"environment": "prod"}


def hit_by_an_outage(sandbox: Sandbox, folder: Path) -> Path:
    """A file whose upload has a journal, and a failed file: with one batch to be mended, and two to be sent again."""
    file = ndjson(folder / "some.ndjson", [BAD, batch(1), batch(2)])
    sandbox.fail(429, retry_after=90)  # longer than an upload may take
    done = run("upload", file.name, "--failed", "failed", env=environment(sandbox), cwd=folder)
    assert done.code == 1, done.err
    assert [one["outcome"] for one in lines(folder / "failed")] == ["invalid", "not taken", "not taken"]
    return file


def test_a_failed_file_keeps_the_lines_of_another_upload(sandbox: Sandbox, tmp_path: Path) -> None:
    file, failed = tmp_path / "today.ndjson", tmp_path / "failed"
    ndjson(file, [BAD | {"mpid": 1}, batch(0)])
    assert run("upload", file, "--failed", failed, env=environment(sandbox)).code == 1
    with failed.open("a") as others:
        others.write('not ours: "\\xff')
    failed.write_bytes(failed.read_bytes().replace(b"\\xff", b"\xff\n"))
    ndjson(file, [BAD | {"mpid": 2}])
    assert run("upload", file, env=environment(sandbox)).code == 1
    done = run("upload", file, "--resume", "--failed", failed, env=environment(sandbox))
    assert done.code == 1
    first, others_, second = failed.read_bytes().splitlines()
    assert others_ == b'not ours: "\xff'
    assert [json.loads(line)["batch"]["mpid"] for line in (first, second)] == [1, 2]
    assert json.loads(first)["run"] != json.loads(second)["run"]


def test_a_file_is_the_same_however_its_path_is_spelt(sandbox: Sandbox, tmp_path: Path) -> None:
    file = hit_by_an_outage(sandbox, tmp_path)
    done = run("upload", file, "--resume", "--failed", tmp_path / "failed", env=environment(sandbox))
    assert "before: 1 settled, 1 of them not delivered" in done.out
    assert [one["outcome"] for one in lines(tmp_path / "failed")] == ["invalid"]  # what is delivered is no failure


def test_a_resume_goes_on_with_the_failed_file_of_the_run_before(sandbox: Sandbox, tmp_path: Path) -> None:
    file = hit_by_an_outage(sandbox, tmp_path)
    before = (tmp_path / "failed").read_bytes()
    other = run("upload", file, "--resume", "--failed", tmp_path / "other", env=environment(sandbox))
    assert other.code == 2
    assert (
        f"{tmp_path}/failed has what this upload could not deliver: give it to --failed, or leave --failed out"
        in other.err
    )
    assert (tmp_path / "failed").read_bytes() == before
    assert not (tmp_path / "other").exists()

    done = run("upload", file, "--resume", env=environment(sandbox))
    assert done.code == 1  # for what the run before left there
    assert f"{tmp_path}/failed says why; mend the batches in it, and upload that file" in done.err
    assert [one["outcome"] for one in lines(tmp_path / "failed")] == ["invalid"]
    assert customers(sandbox) == [1, 2]
    assert not Path(f"{file}.progress").exists()


def test_a_failed_file_that_was_moved_away_is_no_obstacle(sandbox: Sandbox, tmp_path: Path) -> None:
    file = hit_by_an_outage(sandbox, tmp_path)
    (tmp_path / "failed").rename(tmp_path / "moved")
    done = run("upload", file, "--resume", "--failed", tmp_path / "moved", env=environment(sandbox))
    assert done.code == 1
    assert [one["outcome"] for one in lines(tmp_path / "moved")] == ["invalid"]
    assert not (tmp_path / "failed").exists()


def test_who_may_read_a_file_and_where_it_is_stays_as_it_was(sandbox: Sandbox, tmp_path: Path) -> None:
    file = hit_by_an_outage(sandbox, tmp_path)
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "failed").rename(elsewhere)
    elsewhere.chmod(0o600)
    (tmp_path / "failed").symlink_to(elsewhere)
    assert run("upload", file, "--resume", env=environment(sandbox)).code == 1
    assert (tmp_path / "failed").is_symlink()
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    assert [one["outcome"] for one in lines(elsewhere)] == ["invalid"]


def test_what_is_refused_leaves_the_journal_of_the_run_before(sandbox: Sandbox, tmp_path: Path) -> None:
    file = hit_by_an_outage(sandbox, tmp_path)
    journal = Path(f"{file}.progress")
    before = journal.read_bytes()
    done = run("upload", file, "--restart", "--failed", tmp_path / "failed", env=environment(sandbox))
    assert done.code == 2
    assert "failed is there already: move it away, or give --failed another name" in done.err
    assert journal.read_bytes() == before


@pytest.mark.parametrize("option", ["--restart", "--resume"])
def test_a_full_disk_leaves_the_journal_of_the_run_before(option: str, sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [batch(0), BAD])
    journal = Path(f"{file}.progress")
    assert run("upload", file, env=environment(sandbox)).code == 1
    before = journal.read_bytes()

    def with_a_full_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))

    unmeasured = environment(sandbox, measured=False)
    done = run("upload", file, option, env=unmeasured, preexec_fn=with_a_full_disk)
    assert done.code == 4
    assert f"{journal} cannot be written: " in done.err
    assert journal.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [file, journal]


def test_two_at_once_are_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [batch(0)])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/v2"
        first = start("upload", file, env=environment(sandbox, measured=False) | {"MPARTICLE_BASE_URL": address})
        with silent.accept()[0]:  # a request is on its way, and will never be answered
            before = Path(f"{file}.progress").read_bytes()
            for option in ([], ["--resume"], ["--restart"]):
                done = run("upload", file, *option, env=environment(sandbox))
                assert done.code == 2
                assert f"{file}.progress is in use: another upload that runs now writes it; wait until" in done.err
            assert Path(f"{file}.progress").read_bytes() == before
            first.kill()
            assert Done(first).code < 0
    assert run("upload", file, "--restart", env=environment(sandbox)).code == 0
    assert customers(sandbox) == [0]


@pytest.mark.parametrize(("name", "shown"), [(b"\xff.ndjson", "\\xff.ndjson"), (b"\x1b[1m.ndjson", "\\x1b[1m.ndjson")])
def test_a_name_is_told_as_a_terminal_can_show_it(name: bytes, shown: str, sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / os.fsdecode(name), [BAD, batch(1)])
    failed = f"{file}.failed"
    sandbox.fail(429, retry_after=90)
    done = run("upload", file, "--failed", failed, env=environment(sandbox))
    assert done.code == 1
    assert f"Uploading {tmp_path}/{shown} to " in done.err
    assert "\x1b" not in done.err
    assert [one["outcome"] for one in lines(Path(failed))] == ["invalid", "not taken"]
    again = run("upload", file, "--resume", env=environment(sandbox))  # the journal knows the name of the failed file
    assert again.code == 1
    assert " says why; mend the batches in it" in again.err
    assert "\x1b" not in again.err
    assert customers(sandbox) == [1]
