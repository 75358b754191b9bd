"""A CSV file: memory does not grow with it, a wrong row fails alone, and a second load adds nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from processes import SECONDS, python

from mparticle_ext.sandbox import Sandbox

ROWS = 100_000
MEASURED = """
import atexit, re, runpy, sys
atexit.register(lambda: print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]))
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def orders(file: Path, count: int) -> Path:
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["number", "customer_id", "total", "placed_at"])
        writer.writerows([number, f"customer {number}", f"{number}.49", 1_700_000_000_000] for number in range(count))
    return file


def load(source: Path, failed: Path, sandbox: Sandbox) -> tuple[int, list[str]]:
    """Run the recipe: its exit code and the lines that it prints, with its largest memory in KiB as the last one."""
    with python("-c", MEASURED, "csv_backfill.py", str(source), str(failed), environ=sandbox.environ) as recipe:
        lines = recipe.wait(5 * SECONDS).splitlines()
        return recipe.process.returncode, lines


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="/proc/self/status has the largest memory on Linux")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    largest = []
    for rows in (ROWS // 10, ROWS):
        with Sandbox(keep=0) as sandbox:
            code, (line, memory) = load(orders(tmp_path / "orders.csv", rows), tmp_path / "failed.csv", sandbox)
            assert (code, line) == (0, f"{rows:,} of {rows:,} orders delivered")
            assert sandbox.counts.taken == rows
            largest.append(int(memory))
    assert largest[1] - largest[0] < 8 * 1024, f"{largest} KiB"


def test_a_wrong_row_fails_alone_and_a_second_load_adds_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    source, failed = orders(tmp_path / "orders.csv", 300), tmp_path / "failed.csv"
    text = source.read_text()
    source.write_text(text.replace(",7.49,", ",seven,").replace(",9.49,1700000000000", ",9.49,yesterday"))
    code, lines = load(source, failed, sandbox)
    assert code == 1
    assert "298 of 300 orders delivered" in lines
    title, *rows = csv.reader(failed.read_text().splitlines())
    assert title == ["row", "error"]
    assert [row for row, _ in rows] == ["8", "10"]
    assert "total_amount" in rows[0][1]
    assert "timestamp_unixtime_ms" in rows[1][1]
    source.write_text(text)
    assert load(source, failed, sandbox)[0] == 0
    assert sandbox.counts.taken == 300
    assert {request.path for request in sandbox.requests} == {"/v2/bulkevents/historical"}


def test_rows_that_are_cut_or_strange_fail_alone(tmp_path: Path, sandbox: Sandbox) -> None:
    source, failed = tmp_path / "orders.csv", tmp_path / "failed.csv"
    good = "1,ada,1.49,1700000000000\n"
    strange = ["2,ada\n", "3,ada,1_000,1700000000000\n", "4,ada,\u0663,1700000000000\n", ",ada,1,1700000000000\n" * 2]
    source.write_text("\ufeffnumber,customer_id,total,placed_at\n" + good + "".join(strange))
    code, lines = load(source, failed, sandbox)
    assert code == 1
    assert "1 of 6 orders delivered" in lines
    assert [row for row, _ in csv.reader(failed.read_text().splitlines())] == ["row", "2", "3", "4", "5", "6"]
    assert sandbox.counts.taken == 1
    assert not sandbox.dropped


def test_what_stops_the_load_is_said_and_each_row_that_was_read_is_in_the_failed_file(tmp_path: Path) -> None:
    source, failed = orders(tmp_path / "orders.csv", 300), tmp_path / "failed.csv"
    with Sandbox(api_secret="another") as sandbox:  # noqa: S106  # not a real one
        environ = {**sandbox.environ, "MPARTICLE_API_SECRET": "wrong"}
        with python("csv_backfill.py", str(source), str(failed), environ=environ) as recipe:
            output = recipe.wait()
    assert recipe.process.returncode == 1
    assert "the rest was not read: HTTP 403" in output
    read = int(output.partition("\n0 of ")[2].partition(" ")[0])
    assert len(failed.read_text().splitlines()) == 1 + read


def test_the_orders_are_not_overwritten(tmp_path: Path, sandbox: Sandbox) -> None:
    source = orders(tmp_path / "orders.csv", 3)
    before = source.read_text()
    code, lines = load(source, source, sandbox)
    assert code == 1
    assert "give the failed rows another file: this one has the orders" in lines
    assert source.read_text() == before
