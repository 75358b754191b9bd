"""How the house is built: who imports whom, what is public, what agrees with what."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest
from mparticle_events import constructors

import mparticle_ext
from mparticle_ext import AsyncEventsApi, EventsApi
from mparticle_ext.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent


def imports_of(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return plain | {
        node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }


def test_what_is_generated_imports_nothing_of_what_is_written() -> None:
    files = list((ROOT / "generated").rglob("*.py"))
    assert len(files) > 8
    for file in files:
        assert not any(name.startswith("mparticle_ext") for name in imports_of(file)), file


def test_each_generated_file_says_where_it_comes_from() -> None:
    for file in (ROOT / "generated").rglob("*.py"):
        assert file.read_text().startswith("# Made from spec/openapi.yaml by scripts/regenerate."), file


def test_generated_operations_are_imported_in_one_place() -> None:
    importers = [file.name for file in (ROOT / "mparticle_ext").glob("*.py") if any("mparticle_events.api" in name for name in imports_of(file))]  # fmt: skip
    assert importers == ["_delivery.py"]


def test_what_is_public_is_named_and_sorted() -> None:
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


def test_the_two_clients_have_the_same_methods_and_parameters() -> None:
    blocking, from_asyncio = public(EventsApi), public(AsyncEventsApi)
    assert blocking.keys() == from_asyncio.keys()
    for name, method in blocking.items():
        theirs = inspect.signature(from_asyncio[name]).parameters
        assert [str(one) for one in inspect.signature(method).parameters.values()] == [
            str(one).replace(" | AsyncIterable[AnyBatch]", "") for one in theirs.values()
        ], name
        assert inspect.iscoroutinefunction(from_asyncio[name]), name


@pytest.mark.parametrize(
    "module",
    [
        "httpx",
        "asyncio",
        "concurrent.futures",
        "logging",
        "tenacity",
        "starlette",
        "uvicorn",
        "mparticle_ext._explain",
        "mparticle_ext._places",
        "mparticle_ext._delivery",
    ],
)
def test_building_a_batch_does_not_load(module: str) -> None:
    program = (
        f"import sys, mparticle_ext; mparticle_ext.Batch('production').validate(); sys.exit({module!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    "module", ["asyncio", "concurrent.futures", "encodings.idna", "tenacity", "mparticle_ext._attempt"]
)
def test_an_upload_that_is_accepted_does_not_load(module: str, sandbox: Sandbox) -> None:
    program = (
        "import sys\nfrom mparticle_ext import Batch, Configuration, EventsApi\n"
        f"with EventsApi(Configuration('sandbox-key', 'sandbox-secret', base_url={sandbox.url!r})) as api:\n"
        f"    api.upload_events(Batch('production'))\nsys.exit({module!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    assert len(sandbox.batches) == 1
