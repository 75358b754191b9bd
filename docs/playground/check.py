"""Runs in the browser: the command's own validation of what is in the editor."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

from mparticle_ext import Batch, ValidationError
from mparticle_ext.cli._examples import example, names
from mparticle_ext.cli._python_code import python_code
from mparticle_ext.cli.validate import Validation

_FILE = Path("the text")  # so messages name it
_MAX_FAULTS = 50  # as the command prints


def check(text: str) -> str:
    """The faults and the summary of `mparticle-ext validate`, and the Python code of a valid batch; as JSON."""
    _FILE.write_bytes(text.encode(errors="replace"))
    out, summary = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(summary):
        modes = {"historical": False, "outbound": False}
        Validation([str(_FILE)], max_faults=_MAX_FAULTS, as_json=True, plan=None, **modes).run()
    faults = [json.loads(line) for line in out.getvalue().splitlines()]
    return json.dumps({"faults": faults, "summary": summary.getvalue().strip(), "program": _program(text)})


def examples() -> str:
    """An example for each event type, and one with most fields of a batch; as JSON."""
    return json.dumps({name: example(name or None, as_python=False) for name in ("", *names())})


def _program(text: str) -> str:
    """The Python code of a single valid batch; else nothing."""
    with suppress(ValidationError):
        return python_code(Batch.from_json(text).to_dict())
    return ""
