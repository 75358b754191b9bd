"""The generated package: models by one generator, client by the other, and what neither makes from our templates."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from _constructors import constructors
from _model import LIKE, Spec
from _spec import SpecError
from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
HEADER = (
    "# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.\n\n"
)
PYTHON = "3.11"
MODEL_OPTIONS = [
    "--ignore-pyproject",
    *("--input-file-type", "openapi"),
    *("--schema-version", "3.1"),
    *("--output-model-type", "msgspec.Struct"),
    *("--target-python-version", PYTHON),
    "--strict-refs",
    "--strict-nullable",
    "--use-annotated",
    "--use-specialized-enum",
    "--use-msgspec-tagged-unions",
    "--use-generic-container-types",  # Mapping and Sequence: a dict[str, str] may stand for a map of wider values
    "--use-standard-collections",
    "--use-typed-nullable-map-values",
    "--use-single-dict-for-object-maps",
    "--use-type-alias",
    *("--class-name-suffix", LIKE),
    *("--class-name-affix-scope", "enums"),
    *("--allof-class-hierarchy", "always"),
    *("--additional-imports", "typing.TYPE_CHECKING,typing.Literal,decimal.Decimal"),
    "--keyword-only",
    "--disable-future-imports",  # types are read once, as they stand: msgspec would compile the string of each field
    "--use-schema-description",
    "--use-inline-field-description",
    "--use-double-quotes",
    "--disable-timestamp",
    "--no-formatters",  # the package is formatted as a whole, below
]

RUFF = """
target-version = "py311"
line-length = 120
lint.select = ["F401", "I"]
format.skip-magic-trailing-comma = true
"""


class GenerationError(Exception):
    """A generator failed on a spec that is valid."""


def generate(spec: Spec, package: Path, say: Callable[[str], None]) -> Path:
    """Make the package in a folder that does not exist yet, and return it.

    Raises:
        SpecError: A schema has no name of its own.
        GenerationError: A generator failed.
    """
    say("client: openapi-python-client")
    _make_client(spec, package)
    say("models: datamodel-code-generator")
    models = _make_models(spec, package / "models.py")
    say("constructors, servers, limits and examples")
    _render("constructors.py", package, _constructor_data(spec, models))
    _render("wire.py", package, {})
    _render("examples.py", package, _examples(spec))
    _render("service.py", package, {"servers": _servers(spec), "limits": _limits(spec)})
    (package / "py.typed").touch()
    say("formatting")
    _finish(package)
    return package


def _make_client(spec: Spec, package: Path) -> None:
    workshop = package.parent
    names = {name: {"type": "object", "description": "."} for name in spec.schemas}
    document = {**spec.document, "components": {**spec.document["components"], "schemas": names}}
    (workshop / "client.json").write_text(json.dumps(document))
    settings = {"package_name_override": package.name, "post_hooks": []}
    (workshop / "client-config.json").write_text(json.dumps(settings))
    _run(
        workshop,
        *("openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", "client.json", "--config", "client-config.json", "--output-path", str(package)),
        *("--custom-template-path", str(TEMPLATES / "client")),
    )
    shutil.rmtree(package / "models")  # the models are msgspec's
    (package / "errors.py").unlink()  # nothing raises them


def _make_models(spec: Spec, models: Path) -> ast.Module:
    workshop = models.parent.parent
    (workshop / "models.json").write_text(json.dumps(spec.document))
    (workshop / "models-data.json").write_text(json.dumps({name: _struct(spec, name) for name in spec.schemas}))
    _run(
        workshop,
        *("datamodel_code_generator", *MODEL_OPTIONS),
        *("--input", "models.json", "--output", str(models)),
        *("--custom-template-dir", str(TEMPLATES / "models"), "--extra-template-data", "models-data.json"),
    )
    made = ast.parse(models.read_text())
    unnamed = _defined(made) - {*spec.schemas, *(name + LIKE for name in spec.schemas)}
    if unnamed:
        would_be = sorted(unnamed)[0]
        raise SpecError(f": a schema has no name of its own (it would be {would_be}): put it under components/schemas")
    return made


def _struct(spec: Spec, name: str) -> dict[str, Any]:
    schema = spec.schemas[name]
    options = {
        "repr_omit_defaults": True,
        "gc": False,  # what JSON can carry has no cycles, so there is nothing to look for
        **({"forbid_unknown_fields": True} if spec.is_closed(name) else {}),
    }
    return {
        "base_class_kwargs": options,
        "order": list(schema.get("properties", ())),
        "at_most_one_of": schema.get("x-at-most-one-of", []),
        "accepts": schema.get("x-accepts", ""),
    }


def _defined(models: ast.Module) -> set[str]:
    classes = {node.name for node in models.body if isinstance(node, ast.ClassDef)}
    aliases = {
        node.target.id for node in models.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    return classes | aliases


def _constructor_data(spec: Spec, models: ast.Module) -> dict[str, Any]:
    made = constructors(spec, models)
    return {"constructors": made, "exported": sorted(door.name for door in made if not door.extended)}


def _servers(spec: Spec) -> dict[str, str]:
    return {server["x-pod"]: server["url"] for server in spec.document["servers"] if "x-pod" in server}


def _limits(spec: Spec) -> dict[str, dict[str, Any]]:
    bodies = [operation["requestBody"] for operation in spec.operations]
    schemas = [media["schema"] for body in bodies for media in body["content"].values()]
    ages = [operation["x-min-age-hours"] for operation in spec.operations if "x-min-age-hours" in operation]
    return {
        "MIN_BATCHES": {
            "value": max(_given(schemas, "minItems")),
            "description": "The fewest batches of a bulk request.",
        },
        "MAX_BATCHES": {
            "value": min(_given(schemas, "maxItems")),
            "description": "The most batches of a bulk request.",
        },
        "MAX_REQUEST_BYTES": {
            "value": min(_given(bodies, "x-max-bytes")),
            "description": "The largest body of a request, in bytes.",
        },
        "MIN_HISTORICAL_AGE_HOURS": {
            "value": max(ages),
            "description": "How old, in hours, each event of a historical upload must be.",
        },
    }


def _examples(spec: Spec) -> dict[str, Any]:
    bodies = [body for operation in spec.operations for body in spec.examples_of(operation)]
    envelopes = [spec.schemas[name] for name in spec.envelopes]
    return {
        "batch": next(body for body in bodies if isinstance(body, dict)),
        "short_batch": next(body[0] for body in bodies if isinstance(body, list)),
        "events": {schema["properties"]["event_type"]["const"]: schema["examples"][0] for schema in envelopes},
    }


def _given(nodes: Iterable[dict[str, Any]], key: str) -> list[int]:
    return [node[key] for node in nodes if key in node]


def _render(name: str, package: Path, data: dict[str, Any]) -> None:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "package"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    (package / name).write_text(environment.get_template(f"{name}.jinja").render(data))


def _finish(package: Path) -> None:
    for module in sorted(package.rglob("*.py")):
        module.write_text(HEADER + _without_comments_on_top(module.read_text()))
    (package.parent / "ruff.toml").write_text(RUFF)
    for verb in (("check", "--fix"), ("format",)):
        _run(package.parent, "ruff", *verb, "--quiet", "--no-cache", "--config", "ruff.toml", str(package))


def _without_comments_on_top(text: str) -> str:
    lines = text.splitlines(keepends=True)
    while lines and (lines[0].startswith("#") or not lines[0].strip()):
        lines.pop(0)
    return "".join(lines)


def _run(folder: Path, module: str, *arguments: str) -> None:
    command = [sys.executable, "-m", module, *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip()
    if done.returncode != 0 or "Warning" in done.stderr:
        raise GenerationError(
            f"{module} could not make anything of this spec (exit {done.returncode}):\n{said[-2000:]}"
        )
