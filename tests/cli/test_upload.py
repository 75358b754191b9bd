"""`mparticle-ext upload`: the batches that arrive, the report of those that do not, and the exit code."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import COMMAND, batch, environment, ndjson, read_lines, received, run

from mparticle_ext.sandbox import Sandbox

FAST = ("--rate", "100000")
BAD = {"environment": "prod"}
ELSEWHERE = "https://mparticle.invalid/v2"
MEASURE = """
import resource, subprocess, sys
subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""  # a process of its own, because a process counts the memory of the one that started it as its own peak


def test_batches_arrive_each_with_an_id(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "good.ndjson", [batch(0, source_request_id="mine"), *map(batch, range(1, 250))])
    done = run("upload", file, *FAST, env=environment(sandbox))
    assert done.code == 0, done.err
    assert done.out.startswith("250 batches delivered in ")
    assert received(sandbox) == list(range(250))
    ids = {one.source_request_id for one in sandbox.batches}
    assert len(ids) == 250
    assert "mine" in ids
    assert list(tmp_path.iterdir()) == [file]


def test_all_formats_and_several_files(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps([batch(0), batch(1)], indent=2))
    (tmp_path / "zipped").write_bytes(gzip.compress(json.dumps(batch(2)).encode()))
    done = run("upload", tmp_path / "list.json", tmp_path / "zipped", env=environment(sandbox))
    assert done.code == 0, done.err
    assert received(sandbox) == [0, 1, 2]


def test_a_stream_gets_new_ids_each_time(sandbox: Sandbox, tmp_path: Path) -> None:
    document = "".join(json.dumps(batch(number)) + "\n" for number in range(3)).encode()
    for _ in range(2):
        done = run("upload", "-", stdin=document, env=environment(sandbox), cwd=tmp_path)
        assert done.code == 0, done.err
    assert received(sandbox) == [0, 0, 1, 1, 2, 2]
    assert not list(tmp_path.iterdir())
    refused = run("upload", "-", "--resume", stdin=document, env=environment(sandbox))
    assert refused.code == 2
    assert "a stream cannot be resumed: save it to a file" in refused.err


def test_a_historical_upload(sandbox: Sandbox, tmp_path: Path) -> None:
    old = {"event_type": "session_start", "data": {"timestamp_unixtime_ms": 1_700_000_000_000}}
    file = ndjson(tmp_path / "old.ndjson", [batch(0, events=[old]), batch(1)])
    done = run("upload", "--historical", file, env=environment(sandbox))
    assert done.code == 1
    assert f"{file}:2: events: is required for a historical upload: give at least one event" in done.err
    assert received(sandbox) == [0]


def test_the_failed_file_is_corrected_and_uploaded(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "some.ndjson"
    file.write_text(f"{json.dumps(batch(0))}\n{{oops}}\n{json.dumps(batch(1) | BAD)}\n{json.dumps(batch(2))}\n")
    failed = tmp_path / "failed.ndjson"
    done = run("upload", file, "--failed", failed, env=environment(sandbox))
    assert done.code == 1
    assert done.out.startswith("2 batches delivered, 2 failed in ")
    assert f"{failed} has the reasons: correct the batches in it, and upload that file" in done.err
    assert not Path(f"{file}.progress").exists()
    first, second = read_lines(failed)
    assert first.pop("run") == second["run"]
    assert first == {"reasons": ["is not JSON: expected '\"'"], "outcome": "invalid", "file": str(file), "line": 2, "index": 1, "text": "{oops}"}  # fmt: skip
    assert (second["outcome"], second["line"], second["index"]) == ("invalid", 3, 2)
    assert second["batch"] == batch(1) | BAD

    again = run("validate", failed.name, cwd=tmp_path)
    assert again.out.splitlines() == [
        "failed.ndjson:1: batch: is missing: correct the JSON that `text` begins, and put it here",
        "failed.ndjson:2: environment: is 'prod', but must be one of production, development: did you mean 'production'?",
    ]
    second["batch"]["environment"] = "production"
    failed.write_text(json.dumps([second], indent=2))
    assert run("upload", failed, env=environment(sandbox)).code == 0
    assert received(sandbox) == [0, 1, 2]


def test_without_a_failed_file_the_first_failures_are_shown_and_none_is_settled(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    file = ndjson(tmp_path / "some.ndjson", [batch(0), *[BAD] * 12])
    done = run("upload", file.name, env=environment(sandbox), cwd=tmp_path)
    assert done.code == 1
    lines = done.report[1:]
    assert [line.partition(": ")[0] for line in lines[:10]] == [f"some.ndjson:{number}" for number in range(2, 12)]
    assert lines[10:] == ["and 2 more batches", "Continue with --resume --failed FILE, which gets the failed batches"]
    again = run("upload", file.name, "--resume", "--failed", "failed", env=environment(sandbox), cwd=tmp_path)
    assert again.out.startswith("0 batches delivered, 12 failed in ")
    assert again.out.endswith("; earlier: 1 settled\n")
    assert [one["line"] for one in read_lines(tmp_path / "failed")] == list(range(2, 14))
    assert received(sandbox) == [0]
    assert not (tmp_path / "some.ndjson.progress").exists()


def test_at_most_50_faults_of_a_file_are_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    many = batch(0, user_identities={f"field_{number}": "a" for number in range(60)})
    (tmp_path / "many.json").write_text(json.dumps(many, indent=1))
    file = ndjson(tmp_path / "other.ndjson", [many, BAD, batch(1)])
    done = run("upload", "many.json", file.name, env=environment(sandbox), cwd=tmp_path)
    assert (done.code, len(done.report)) == (1, 1 + 51 + 51 + 1)
    advice = "correct these first, or print all with validate --max-faults 0"
    assert done.report[50].startswith("many.json:")
    assert done.report[51] == f"and 10 more in many.json: {advice}"
    assert done.report[101].startswith("other.ndjson:1: ")
    assert done.report[102] == f"and 11 more in other.ndjson: {advice}"
    assert received(sandbox) == [1]


def test_the_failures_that_are_shown_and_the_others_add_up(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [BAD, *map(batch, range(300))])
    wrong = environment(sandbox, MPARTICLE_API_SECRET="not-the-secret")  # noqa: S106  # not a real one
    done = run("upload", file.name, env=wrong, cwd=tmp_path)
    assert done.code == 3
    failed = int(done.out.partition(" delivered, ")[2].partition(" ")[0])
    _, shown, more, *_ = done.report
    assert shown.startswith("some.ndjson:1: environment: ")  # the reason of the others is shown once, as "stopped"
    assert more == f"and {failed - 1} more batches"


def test_a_file_without_a_batch_is_reported(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    file = ndjson(tmp_path / "some.ndjson", [batch(0)])
    done = run("upload", "empty", file, env=environment(sandbox), cwd=tmp_path)
    assert done.code == 0
    assert "mparticle-ext: empty has no batch in it\n" in done.err
    assert done.out.startswith("1 batch delivered in ")


def test_a_csv_file_is_one_failure(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("customer_id,environment\n" + "1,production\n" * 9999)
    done = run("upload", "rows.csv", env=environment(sandbox), cwd=tmp_path)
    assert done.code == 1
    assert done.out.startswith("0 batches delivered, 1 failed in ")
    assert "rows.csv:1: looks like CSV: make a JSON batch of each row: nothing of it was read\n" in done.err
    assert not sandbox.batches
    assert not (tmp_path / "rows.csv.progress").exists()
    assert "--resume" not in done.err


def test_a_number_that_is_too_large_is_one_failed_batch(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "some.ndjson"
    large = json.dumps(batch(1, user_attributes={"a": 5})).replace("5}", "1e999}")
    file.write_text(f"{json.dumps(batch(0))}\n{large}\n{json.dumps(batch(2))}\n")
    done = run("upload", file, env=environment(sandbox))
    assert done.code == 1
    assert "some.ndjson:2: user_attributes.a: is too large for a number: at most 1.7e308 is possible\n" in done.err
    again = run("upload", file, "--resume", "--failed", tmp_path / "failed", env=environment(sandbox))
    assert again.code == 1
    assert [one["line"] for one in read_lines(tmp_path / "failed")] == [2]
    assert received(sandbox) == [0, 2]


def test_batches_that_could_be_historical_are_counted(sandbox: Sandbox, tmp_path: Path) -> None:
    old = {"event_type": "session_start", "data": {"timestamp_unixtime_ms": 1_700_000_000_000}}
    file = ndjson(tmp_path / "some.ndjson", [batch(0, events=[old]), batch(1, events=[old]), batch(2)])
    done = run("upload", file, env=environment(sandbox))
    assert done.code == 0
    assert "All events are 72 hours old or more in 2 batches. " in done.err


def test_the_json_summary(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [batch(0), BAD, batch(1)])
    done = run("upload", file, "--failed", tmp_path / "failed", "--json", env=environment(sandbox))
    assert (done.code, done.err) == (1, "")
    summary = json.loads(done.out)
    assert summary.pop("seconds") > 0
    assert summary == {
        "delivered": 2,
        "failed": 1,
        "skipped": 0,
        "failed_before": 0,
        "outcomes": {"invalid": 1, "taken": 2},
        "bytes": file.stat().st_size,
        "stopped": None,
        "journal": None,
        "failed_file": str(tmp_path / "failed"),
    }


def test_wrong_credentials_stop_the_upload_and_correct_ones_resume_it(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", map(batch, range(2000)))
    wrong = environment(sandbox, MPARTICLE_API_SECRET="not-the-secret")  # noqa: S106  # not a real one
    done = run("upload", file, "--failed", tmp_path / "failed", *FAST, env=wrong)
    assert done.code == 3
    assert "stopped: HTTP 403: the API key and secret are not accepted" in done.err
    assert done.err.endswith("\nContinue with --resume\n")
    assert "correct the batches" not in done.err
    assert done.err.count("HTTP 403") == 1
    assert "not-the-secret" not in done.out + done.err
    assert not sandbox.batches
    again = run("upload", file, "--failed", tmp_path / "failed", "--resume", *FAST, env=environment(sandbox))
    assert again.code == 0, again.err
    assert received(sandbox) == list(range(2000))
    assert not (tmp_path / "failed").exists()


def test_batches_that_fail_in_an_outage_are_sent_again_by_resume(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [BAD, *map(batch, range(3))])
    sandbox.fail(429, retry_after=90)  # longer than an upload may take
    done = run("upload", file, "--failed", tmp_path / "failed", "--json", env=environment(sandbox))
    summary = json.loads(done.out)
    assert (done.code, summary["outcomes"]) == (1, {"invalid": 1, "not taken": 3})
    assert summary["journal"] == f"{file}.progress"
    assert [one["outcome"] for one in read_lines(tmp_path / "failed")] == ["invalid", *["not taken"] * 3]

    again = run("upload", file, "--failed", tmp_path / "failed", "--resume", env=environment(sandbox))
    assert again.code == 1
    assert "earlier: 1 settled, 1 of them failed" in again.out
    assert [one["outcome"] for one in read_lines(tmp_path / "failed")] == ["invalid"]
    assert received(sandbox) == [0, 1, 2]


def test_an_outage_stops_the_upload(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", map(batch, range(9000)))
    sandbox.fail(429, times=1000, retry_after=90)
    done = run("upload", file, "--failed", tmp_path / "failed", *FAST, env=environment(sandbox))
    assert done.code == 3
    assert "mparticle-ext: stopped: HTTP 429: " in done.err
    assert done.err.endswith("Continue with --resume\n")
    sandbox.clear()
    again = run("upload", file, "--failed", tmp_path / "failed", "--resume", *FAST, env=environment(sandbox))
    assert again.code == 0, again.err
    assert received(sandbox) == list(range(9000))


USAGE_ERRORS: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    (("none.ndjson",), {}, "none.ndjson cannot be read: No such file or directory"),
    (("good.ndjson", "--resume"), {}, "nothing to resume: there is no journal good.ndjson.progress"),
    (("good.ndjson", "--failed", "good.ndjson"), {}, "good.ndjson is an input file or the journal: give --failed another name"),
    (("good.ndjson", "--failed", "good.ndjson.progress"), {}, "good.ndjson.progress is an input file or the journal: give --failed another name"),
    (("good.ndjson", "--failed", "there"), {}, "there exists already: move it away, or give --failed another name"),
    (("good.ndjson", "--progress", "good.ndjson"), {}, "good.ndjson is not a valid journal: give --progress another name\n"),
    (("good.ndjson", "--progress", "there"), {}, "there is not a valid journal: give --progress another name"),
    (("good.ndjson", "--progress", "there", "--restart"), {}, "there is not a valid journal: give "),
    (("good.ndjson", "copy"), {}, "copy has the same bytes as good.ndjson, and would be dropped: give only one of them"),
    (("good.ndjson", "./good.ndjson"), {}, "./good.ndjson has the same bytes as good.ndjson, and would be dropped: "),
    (("good.ndjson", "--progress", "/dev/full"), {}, "/dev/full is not a regular file: give --progress another name"),
    (("good.ndjson",), {"MPARTICLE_API_KEY": ""}, "MPARTICLE_API_KEY is not set: set it in the environment, or run this in a terminal to type it"),
    (("good.ndjson",), {"MPARTICLE_API_SECRET": ""}, "MPARTICLE_API_SECRET is not set: "),
    (("good.ndjson",), {"MPARTICLE_API_KEY": "a:b"}, "api_key has a colon, which HTTP Basic does not allow: copy only the key"),
    (("good.ndjson", "--base-url", "http://example.com/v2"), {}, "base_url is http://, which sends the secret unencrypted: "),
    (("good.ndjson", "--base-url", ELSEWHERE), {"SSL_CERT_FILE": "/nope"}, "the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be loaded: No such file or directory: correct the variable"),
    (("good.ndjson", "--base-url", ELSEWHERE), {"HTTPS_PROXY": "http://u:p@ho st"}, "proxy must be like http://host:port"),
    (("good.ndjson", "--pod", "eu1"), {"MPARTICLE_BASE_URL": "https://example.com"}, "--pod and MPARTICLE_BASE_URL say where to send: give one of them"),
    (("good.ndjson", "--pod", "mars"), {}, "Invalid value for '--pod': 'mars' is not one of 'us1', 'us2', 'eu1', 'au1'"),
    (("good.ndjson", "--rate", "0"), {}, "Invalid value for '--rate'"),
    (("good.ndjson", "--key", "x"), {}, "No such option"),
    ((), {}, "Missing argument 'FILE...'"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "variables", "error"), USAGE_ERRORS, ids=[case[2][:40] for case in USAGE_ERRORS])
def test_a_usage_error_starts_nothing(
    arguments: tuple[str, ...], variables: dict[str, str], error: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    ndjson(tmp_path / "good.ndjson", [batch(0)])
    ndjson(tmp_path / "copy", [batch(0)])
    (tmp_path / "there").write_text("precious")
    done = run("upload", *arguments, env=environment(sandbox) | variables, cwd=tmp_path)
    assert done.code == 2, done.err
    assert error in done.err
    assert (tmp_path / "there").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "good.ndjson", "there"]
    assert not sandbox.batches


def test_a_failed_file_on_a_full_disk_stops_the_upload_and_settles_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [BAD, *map(batch, range(300))])
    done = run("upload", file, "--failed", "/dev/full", *FAST, env=environment(sandbox))
    assert done.code == 4
    assert "mparticle-ext: stopped: /dev/full cannot be written: No space left on device" in done.err
    again = run("upload", file, "--failed", tmp_path / "failed", "--resume", *FAST, env=environment(sandbox))
    assert again.code == 1, again.err
    assert [one["index"] for one in read_lines(tmp_path / "failed")] == [0]
    assert received(sandbox) == list(range(300))


def test_a_folder_that_does_not_exist(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [batch(0)])
    done = run("upload", file, "--progress", tmp_path / "none" / "journal", env=environment(sandbox))
    assert done.code == 4
    assert f"{tmp_path}/none/journal cannot be written: No such file or directory" in done.err
    assert not sandbox.batches


@pytest.mark.slow
def test_an_outage_during_all_of_a_small_file_has_its_own_exit_code(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", [batch(0)])
    sandbox.fail(501, times=20)
    done = run("upload", file, env=environment(sandbox))
    assert done.code == 3
    assert "HTTP 501" in done.err
    assert done.err.endswith("\nContinue with --resume\n")


@pytest.mark.slow
def test_failed_batches_are_not_kept_in_memory(sandbox: Sandbox, tmp_path: Path) -> None:
    """The large file would take 40 MB, the small one 8."""
    sandbox.fail(400, times=1_000_000)

    def peak_memory(count: int) -> int:
        large = {f"a{number}": "x" * 4000 for number in range(10)}
        file = ndjson(tmp_path / str(count), (batch(number, user_attributes=large) for number in range(count)))
        command = (
            sys.executable,
            "-c",
            MEASURE,
            COMMAND,
            "upload",
            file,
            "--failed",
            f"{file}.failed",
            "--json",
            *FAST,
        )
        done = subprocess.run(command, env=environment(sandbox), capture_output=True, text=True, check=True)
        summary, peak = done.stdout.splitlines()
        assert json.loads(summary)["outcomes"] == {"refused": count}
        return int(peak)

    small, large = peak_memory(200), peak_memory(1000)
    assert large < small + 16 * 1024, f"{small} KiB became {large} KiB"


def test_the_batch_that_the_service_refuses_is_found_among_others(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", map(batch, range(4)))
    sandbox.fail(400, times=2)  # the four, then the first two: those two are sent one by one
    sandbox.fail(400)
    done = run("upload", file, "--failed", tmp_path / "failed", "--in-flight", "1", env=environment(sandbox))
    assert done.code == 1
    (failure,) = read_lines(tmp_path / "failed")
    assert (failure["outcome"], failure["index"]) == ("refused", 0)
    assert failure["reasons"][0].startswith("HTTP 400: mParticle cannot read the request")
    assert failure["batch"]["source_request_id"]
    assert received(sandbox) == [1, 2, 3]
