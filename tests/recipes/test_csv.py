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
