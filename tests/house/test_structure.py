"""The structure of the package: which module imports which, what is public, and what is loaded when."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from types import FunctionType

import pytest
from common import ROOT
from mparticle_events import constructors

import mparticle_ext
from mparticle_ext import AsyncEventsApi, EventsApi
from mparticle_ext.sandbox import Sandbox

PACKAGE = ROOT / "mparticle_ext"
APPLICATIONS = ("mparticle_ext.cli", "mparticle_ext.sandbox", "mparticle_ext.spark")


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that is executed: the blocks for type checkers are left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from statements(child)


def imports_of(file: Path, name: str = "") -> set[str]:
    """The modules that a file imports, also inside functions."""
    found = set()
    package = name if file.stem == "__init__" else name.rpartition(".")[0]
    for node in statements(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: 1 - node.level or None]) if node.level else ""
            origin = ".".join(filter(None, [base, node.module]))
            found |= {full if (full := f"{origin}.{alias.name}") in MODULES else origin for alias in node.names}
    return found


IMPORTS = {name: imports_of(file, name) & MODULES.keys() - {name} for name, file in MODULES.items()}


@pytest.mark.parametrize(("room", "most"), [("spark", 600), ("plan", 800), ("_delivery/http.py", 250)])
def test_a_room_keeps_its_limit_of_lines(room: str, most: int) -> None:
    path = PACKAGE / room
    files = [path] if path.is_file() else list(path.rglob("*.py"))
    assert 0 < sum(len(file.read_text().splitlines()) for file in files) <= most


def is_in(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def imported_by(package: str) -> set[str]:
    """The modules outside a package that its modules import."""
    names = {one for name, imported in IMPORTS.items() if is_in(name, package) for one in imported}
    return {name for name in names if not is_in(name, package)}


def test_imports_are_found() -> None:
    assert IMPORTS["mparticle_ext._delivery.threads.sending"] >= {
        "mparticle_ext._delivery.delivery",
        "mparticle_ext.configuration",
    }
    assert "mparticle_ext._delivery.threads.sending" in IMPORTS["mparticle_ext.api"]  # inside a function
    assert "mparticle_ext.batch" not in IMPORTS["mparticle_ext.errors"]  # for type checkers only


def test_no_modules_import_each_other_in_a_circle() -> None:
    tuple(TopologicalSorter(dict(IMPORTS)).static_order())


def test_checks_do_not_know_the_delivery() -> None:
    assert not {name for name in imported_by("mparticle_ext._checks") if is_in(name, "mparticle_ext._delivery")}


def test_the_delivery_does_not_know_the_clients() -> None:
    assert not imported_by("mparticle_ext._delivery") & {"mparticle_ext.api", "mparticle_ext.async_api"}


def test_threads_and_tasks_do_not_know_each_other() -> None:
    threads, tasks = "mparticle_ext._delivery.threads", "mparticle_ext._delivery.tasks"
    assert not {name for name in imported_by(threads) if is_in(name, tasks)}
    assert not {name for name in imported_by(tasks) if is_in(name, threads)}


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_command_and_the_sandbox_use_what_is_public_and_the_checks(application: str) -> None:
    private = {name for name in imported_by(application) if "._" in name and not is_in(name, "mparticle_ext._checks")}
    assert not private


def test_spark_uses_what_is_public_alone() -> None:
    assert imported_by("mparticle_ext.spark") == {"mparticle_ext", "mparticle_ext.errors"}
    importers = {
        name for name, imported in IMPORTS.items() if any(is_in(one, "mparticle_ext.spark") for one in imported)
    }
    assert all(is_in(name, "mparticle_ext.spark") for name in importers)


def test_nothing_else_knows_the_command() -> None:
    importers = {name for name, imported in IMPORTS.items() if any(is_in(one, "mparticle_ext.cli") for one in imported)}
    assert {name for name in importers if not is_in(name, "mparticle_ext.cli")} <= {"mparticle_ext.__main__"}


def test_generated_code_does_not_import_the_hand_written_code() -> None:
    files = list((ROOT / "generated").rglob("*.py"))
    assert len(files) > 8
    for file in files:
        assert not any(name.startswith("mparticle_ext") for name in imports_of(file)), file


def test_each_generated_file_names_its_source() -> None:
    for file in (ROOT / "generated").rglob("*.py"):
        assert file.read_text().startswith("# Made from spec/openapi.yaml by scripts/regenerate."), file


def test_one_module_imports_the_generated_operations() -> None:
    importers = [name for name, file in MODULES.items() if any("mparticle_events.api" in one for one in imports_of(file))]  # fmt: skip
    assert importers == ["mparticle_ext._delivery.delivery"]


def test_public_names_are_listed_and_sorted() -> None:
    generated = constructors.__all__
    written = mparticle_ext.__all__[: -len(generated)]
    assert list(generated) == sorted(generated)
    assert written == sorted(written, key=lambda name: (not name.isupper(), name[0].islower() or name[0] == "_", name))
    assert len(set(mparticle_ext.__all__)) == len(mparticle_ext.__all__)
    assert dir(mparticle_ext) == sorted(mparticle_ext.__all__)  # what an editor offers
    for name in mparticle_ext.__all__:
        assert hasattr(mparticle_ext, name)


def public(kind: type) -> dict[str, FunctionType]:
    return {name: member for name, member in vars(kind).items() if isinstance(member, FunctionType) and name[0] != "_"}


def test_both_clients_have_the_same_uploads_and_parameters() -> None:
    blocking, from_asyncio = public(EventsApi), public(AsyncEventsApi)
    assert blocking.keys() - from_asyncio.keys() == {"flush"}  # for callbacks, which AsyncEventsApi does not take
    assert from_asyncio.keys() <= blocking.keys()
    for name, method in from_asyncio.items():
        if name != "close":
            assert list(inspect.signature(method).parameters) == list(inspect.signature(blocking[name]).parameters)


LOADED_WHEN_NEEDED = ["asyncio", "concurrent.futures", "starlette", "uvicorn", "mparticle_ext._checks.explain"]


def loaded(program: str, modules: list[str]) -> set[str]:
    """The modules among these that a program loads."""
    ending = f"\nimport sys\nprint(*[name for name in {modules!r} if name in sys.modules])"
    command = [sys.executable, "-c", program + ending]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_building_a_batch_loads_little() -> None:
    program = "import mparticle_ext; mparticle_ext.Batch('production').validate()"
    modules = [*LOADED_WHEN_NEEDED, "httpx", "logging", "mparticle_ext._checks", "mparticle_ext._delivery"]
    assert loaded(program, modules) == {"mparticle_ext._checks"}


def test_the_first_validation_takes_little_cpu_time() -> None:
    program = (
        "import time, mparticle_ext as m\n"
        "time_ms = 1_790_000_000_000\n"  # one of its bytes is 0xC4, which in MessagePack can mark bytes
        "batch = m.Batch('production', events=[m.SessionStartEvent(timestamp_unixtime_ms=time_ms)])\n"
        "started = time.process_time()\n"
        "batch.validate()\n"
        "print(time.process_time() - started)"
    )
    seconds = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert float(seconds) < 0.5  # about 0.03


def test_an_accepted_upload_loads_little(sandbox: Sandbox) -> None:
    program = (
        "from mparticle_ext import Batch, Configuration, EventsApi\n"
        f"with EventsApi(Configuration('sandbox-key', 'sandbox-secret', base_url={sandbox.url!r})) as api:\n"
        "    api.upload_events(Batch('production'))"
    )
    modules = [*LOADED_WHEN_NEEDED, "mparticle_ext._delivery.http", "mparticle_ext._delivery.tasks"]
    assert loaded(program, modules) == {"mparticle_ext._delivery.http"}
    assert len(sandbox.batches) == 1
