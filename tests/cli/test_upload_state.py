"""The journal and the failed file of an upload: nothing in them is lost or overwritten."""

from __future__ import annotations

import json
import os
import resource
import socket
from pathlib import Path

import pytest
from command import Result, batch, environment, ndjson, read_lines, received, run, start

from mparticle_ext.sandbox import Sandbox

pytestmark = pytest.mark.slow
BAD = {"environment": "prod"}


def upload_in_outage(sandbox: Sandbox, folder: Path) -> Path:
    """A file whose upload left a journal, and a failed file with one invalid batch and two that will be sent again."""
    file = ndjson(folder / "some.ndjson", [BAD, batch(1), batch(2)])
    sandbox.fail(429, retry_after=90)  # longer than an upload may take
    done = run("upload", file.name, "--failed", "failed", env=environment(sandbox), cwd=folder)
    assert done.code == 1, done.err
    assert [one["outcome"] for one in read_lines(folder / "failed")] == ["invalid", "not taken", "not taken"]
    return file


def test_a_failed_file_keeps_the_lines_of_another_upload(sandbox: Sandbox, tmp_path: Path) -> None:
    file, failed = tmp_path / "today.ndjson", tmp_path / "failed"
    ndjson(file, [BAD | {"mpid": 1}, batch(0)])
    assert run("upload", file, "--failed", failed, env=environment(sandbox)).code == 1
    with failed.open("ab") as lines:
        lines.write(b"foreign \xff\nforeign without an end")
    ndjson(file, [BAD | {"mpid": 2}])
    assert run("upload", file, env=environment(sandbox)).code == 1
    done = run("upload", file, "--resume", "--failed", failed, env=environment(sandbox))
    assert done.code == 1
    first, *foreign, second = failed.read_bytes().splitlines()
    assert foreign == [b"foreign \xff", b"foreign without an end"]
    assert [json.loads(line)["batch"]["mpid"] for line in (first, second)] == [1, 2]
    assert json.loads(first)["run"] != json.loads(second)["run"]


def test_a_line_that_a_kill_cut_is_dropped(sandbox: Sandbox, tmp_path: Path) -> None:
    file = upload_in_outage(sandbox, tmp_path)
    with (tmp_path / "failed").open("a") as lines:
        lines.write('{"reasons":["cut')
    assert run("upload", file, "--resume", env=environment(sandbox)).code == 1
    assert [one["outcome"] for one in read_lines(tmp_path / "failed")] == ["invalid"]


def test_another_path_to_the_same_failed_file_is_accepted(sandbox: Sandbox, tmp_path: Path) -> None:
    file = upload_in_outage(sandbox, tmp_path)
    done = run("upload", file, "--resume", "--failed", tmp_path / "failed", env=environment(sandbox))
    assert "earlier: 1 settled, 1 of them failed" in done.out
    assert [one["outcome"] for one in read_lines(tmp_path / "failed")] == ["invalid"]


def test_resume_continues_the_failed_file_of_the_earlier_run(sandbox: Sandbox, tmp_path: Path) -> None:
    file = upload_in_outage(sandbox, tmp_path)
    before = (tmp_path / "failed").read_bytes()
    other = run("upload", file, "--resume", "--failed", tmp_path / "other", env=environment(sandbox))
    assert other.code == 2
    assert (
        f"{tmp_path}/failed has the failed batches of this upload: give it to --failed, or omit --failed" in other.err
    )
    assert (tmp_path / "failed").read_bytes() == before
    assert not (tmp_path / "other").exists()

    done = run("upload", file, "--resume", env=environment(sandbox))
    assert done.code == 1  # for the failures of the earlier run
    assert f"{tmp_path}/failed has the reasons: correct the batches in it, and upload that file" in done.err
    assert [one["outcome"] for one in read_lines(tmp_path / "failed")] == ["invalid"]
    assert received(sandbox) == [1, 2]
    assert not Path(f"{file}.progress").exists()


def test_a_failed_file_may_be_moved(sandbox: Sandbox, tmp_path: Path) -> None:
    file = upload_in_outage(sandbox, tmp_path)
    (tmp_path / "failed").rename(tmp_path / "moved")
    done = run("upload", file, "--resume", "--failed", tmp_path / "moved", env=environment(sandbox))
    assert done.code == 1
    assert [one["outcome"] for one in read_lines(tmp_path / "moved")] == ["invalid"]
    assert not (tmp_path / "failed").exists()


def test_a_failed_file_keeps_its_permissions_and_its_symbolic_link(sandbox: Sandbox, tmp_path: Path) -> None:
    file = upload_in_outage(sandbox, tmp_path)
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "failed").rename(elsewhere)
    elsewhere.chmod(0o600)
    (tmp_path / "failed").symlink_to(elsewhere)
    assert run("upload", file, "--resume", env=environment(sandbox)).code == 1
    assert (tmp_path / "failed").is_symlink()
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    assert [one["outcome"] for one in read_lines(elsewhere)] == ["invalid"]


def test_files_that_are_not_ours_are_not_overwritten(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [BAD, batch(1), batch(2)])
    (tmp_path / "elsewhere").mkdir()
    others, links = [], []
    for name in ("some.ndjson.progress", "failed"):
        for suffix in ("new", "tmp", "bak", "lock"):
            others.append(tmp_path / f"{name}.{suffix}")
            links.append(tmp_path / f".{name}.{suffix}")
            links[-1].symlink_to(tmp_path / "elsewhere" / f"{name}.{suffix}")
    for one in (*others, *links):
        one.write_text("precious")
    sandbox.fail(429, retry_after=90)
    for options in (("--failed", "failed"), ("--resume",)):  # the second one rewrites the failed file
        assert run("upload", file.name, *options, env=environment(sandbox), cwd=tmp_path).code == 1
        assert {one.read_text() for one in (*others, *links)} == {"precious"}
        assert all(one.is_symlink() for one in links)
    assert received(sandbox) == [1, 2]
    assert set(tmp_path.iterdir()) == {*others, *links, file, tmp_path / "failed", tmp_path / "elsewhere"}


def test_a_usage_error_leaves_the_journal_of_the_earlier_run(sandbox: Sandbox, tmp_path: Path) -> None:
    file = upload_in_outage(sandbox, tmp_path)
    journal = Path(f"{file}.progress")
    before = journal.read_bytes()
    done = run("upload", file, "--restart", "--failed", tmp_path / "failed", env=environment(sandbox))
    assert done.code == 2
    assert "failed exists already: move it away, or give --failed another name" in done.err
    assert journal.read_bytes() == before


@pytest.mark.parametrize("option", ["--restart", "--resume"])
def test_a_full_disk_leaves_the_journal_of_the_earlier_run(option: str, sandbox: Sandbox, tmp_path: Path) -> None:
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


def test_two_uploads_with_one_journal_are_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [batch(0)])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/v2"
        first = start("upload", file, env=environment(sandbox, measured=False) | {"MPARTICLE_BASE_URL": address})
        with silent.accept()[0]:  # a request is in flight, and gets no response
            before = Path(f"{file}.progress").read_bytes()
            for option in ([], ["--resume"], ["--restart"]):
                done = run("upload", file, *option, env=environment(sandbox))
                assert done.code == 2
                assert f"{file}.progress is in use by another upload: wait until that has ended" in done.err
            assert Path(f"{file}.progress").read_bytes() == before
            first.kill()
            assert Result(first).code < 0
    assert run("upload", file, "--restart", env=environment(sandbox)).code == 0
    assert received(sandbox) == [0]


@pytest.mark.parametrize(("name", "shown"), [(b"\xff.ndjson", "\\xff.ndjson"), (b"\x1b[1m.ndjson", "\\x1b[1m.ndjson")])
def test_a_file_name_is_printed_without_control_characters(
    name: bytes, shown: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    file = ndjson(tmp_path / os.fsdecode(name), [BAD, batch(1)])
    failed = f"{file}.failed"
    sandbox.fail(429, retry_after=90)
    done = run("upload", file, "--failed", failed, env=environment(sandbox))
    assert done.code == 1
    assert f"Uploading {tmp_path}/{shown} to " in done.err
    assert "\x1b" not in done.err
    assert [one["outcome"] for one in read_lines(Path(failed))] == ["invalid", "not taken"]
    again = run("upload", file, "--resume", env=environment(sandbox))  # the journal knows the name of the failed file
    assert again.code == 1
    assert " has the reasons: correct the batches in it" in again.err
    assert "\x1b" not in again.err
    assert received(sandbox) == [1]
