"""The measurements as a table, as JSON, and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tasks import FIGURES, TASKS, Figure, Measure, Peer

Rounds = dict[tuple[Peer, str], list[dict[str, float]]]
"""The measurements of each peer and task, one for each round."""

PEERS: dict[Peer, str] = {
    "ours": "mparticle-ext",
    "theirs": "mParticle Python",
    "node": "mParticle Node",
}
_UNITS = {task.name: task.units for task in TASKS}


@dataclass(frozen=True)
class Line:
    """A row with its measurements.

    Attributes:
        figure: The definition of the row.
        values: The median of each peer.
        ratio: The median of the rounds' ratios of ours to what it is compared with.
    """

    figure: Figure
    values: dict[Peer, float]
    ratio: float | None

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None if there is no goal."""
        if self.figure.goal is None:
            return None
        value = self.values["ours"] if self.ratio is None else self.ratio
        return value >= self.figure.goal if self.figure.at_least else value <= self.figure.goal

    @property
    def cells(self) -> list[str]:
        """The cells of the row."""
        values = [_number(self.values.get(peer)) for peer in PEERS]
        reached = {None: "", True: "yes", False: "no"}[self.reached]
        return [self.figure.label, *values, _ratio(self.ratio), _goal(self.figure), reached]


def lines_of(rounds: Rounds) -> list[Line]:
    """The rows of the table, without the tasks that were left out."""
    return [_line(figure, rounds) for figure in FIGURES if ("ours", figure.task) in rounds]


def as_text(lines: list[Line]) -> str:
    """The table in Markdown."""
    heads = ["", *PEERS.values(), "ratio", "goal", "reached"]
    rows = [heads, *[line.cells for line in lines]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    rule = ["-" * width if column == 0 else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    shown = [
        [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in [shown[0], rule, *shown[1:]])


def as_json(lines: list[Line]) -> list[dict[str, Any]]:
    """The table for programs."""
    return [
        {
            "label": line.figure.label,
            "values": {peer: round(value, 3) for peer, value in line.values.items()},
            "ratio": None if line.ratio is None else round(line.ratio, 4),
            "compared_with": line.figure.against,
            "goal": line.figure.goal,
            "reached": line.reached,
        }
        for line in lines
    ]


def draw(lines: list[Line], file: Path) -> None:
    """The ratios to mParticle's Python SDK as bars."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "mparticle-ext"
    from matplotlib import pyplot as plt

    compared = [line for line in reversed(lines) if line.ratio and (line.figure.against or " ")[0] == "theirs"]
    figure, axes = plt.subplots(figsize=(9, 0.36 * len(compared) + 1.2), layout="constrained")
    shares = [line.ratio or 0 for line in compared]
    axes.barh([line.figure.label for line in compared], [1] * len(compared), color="#d8dee6", height=0.72)
    bars = axes.barh([line.figure.label for line in compared], shares, color="#2563a8", height=0.72)
    axes.bar_label(bars, [f" {_ratio(share)} " for share in shares], color="#1b2733", fontsize=9)
    for row, line in enumerate(compared):
        if line.figure.goal is not None:
            axes.plot([line.figure.goal] * 2, [row - 0.36, row + 0.36], color="#c2410c", linewidth=1.6)
    axes.set_xlim(0, max(1.06, *shares) + 0.02)
    axes.set_xticks([0, 0.5, 1], ["0", "half", "mParticle's Python SDK"])
    axes.set_title(
        "The cost of mparticle-ext as a share of mParticle's Python SDK; less is better, the red line is the goal",
        fontsize=10,
        loc="right",  # centered, it is wider than the picture
    )
    axes.tick_params(length=0, labelsize=9)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    figure.savefig(file, metadata={"Date": None})


def _line(figure: Figure, rounds: Rounds) -> Line:
    values: dict[Peer, float] = {}
    for peer in PEERS:
        if (peer, figure.task) in rounds:
            values[peer] = median(_values(rounds, peer, figure.task, figure.measure))
    if figure.against is None:
        return Line(figure, values, None)
    ours = _values(rounds, "ours", figure.task, figure.measure)
    others = _values(rounds, *figure.against, figure.measure)
    if figure.against[1] != figure.task:
        values = {
            "ours": values["ours"],
            **({figure.against[0]: median(others)} if figure.against[0] != "ours" else {}),
        }
    pairs = zip(ours, others, strict=False) if len(ours) == len(others) else [(median(ours), median(others))]
    return Line(figure, values, median(mine / other for mine, other in pairs))


def _values(rounds: Rounds, peer: Peer, task: str, measure: Measure) -> list[float]:
    return [_value(measured, task, measure, number, rounds) for number, measured in enumerate(rounds[peer, task])]


def _value(measured: dict[str, float], task: str, measure: Measure, number: int, rounds: Rounds) -> float:
    value = measured[measure]
    if measure.endswith("_kib"):
        return value / 1024
    if measure.endswith("_us"):
        return value / _UNITS[task]
    if task == "import":
        return value - rounds["ours", "bare"][number]["process_cpu_ms"]
    return value


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 or value == 0 else f"{value:.1f}"


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"1/{1 / ratio:.1f}" if ratio < 0.4 else f"{ratio:.2f}"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    if figure.against is None:
        return f"{'≥' if figure.at_least else '≤'} {figure.goal:g}"
    return f"≤ 1/{1 / figure.goal:.0f}" if figure.goal < 0.4 else f"≤ {figure.goal:g}"
