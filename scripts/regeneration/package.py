"""Generate the package: models with one generator, the operations with the other, the rest from our templates."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .constructors import constructors
from .examples import event_examples
from .spec import LIKE, Spec

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
HEADER = "# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.\n\n"
MODEL_OPTIONS = [
    "--ignore-pyproject",
    *("--input-file-type", "openapi"),
    *("--schema-version", "3.1"),
    *("--output-model-type", "msgspec.Struct"),
    *("--base-class", "mparticle_events.wire.Model"),
    *("--target-python-version", "3.11"),
    "--strict-refs",
    "--strict-nullable",
    "--use-annotated",
    "--use-specialized-enum",
    "--use-msgspec-tagged-unions",
    "--use-generic-container-types",  # Mapping and Sequence, which accept more types than dict and list
    "--use-standard-collections",
    "--use-typed-nullable-map-values",
    "--use-single-dict-for-object-maps",
    "--use-type-alias",
    *("--class-name-suffix", LIKE),
    *("--class-name-affix-scope", "enums"),
    *("--allof-class-hierarchy", "always"),
    *("--additional-imports", "typing.TYPE_CHECKING,typing.ClassVar,typing.Literal,decimal.Decimal,datetime.datetime"),
    "--keyword-only",
    "--disable-future-imports",  # otherwise msgspec would compile each annotation from a string at import
    "--use-schema-description",
    "--use-inline-field-description",
    "--use-double-quotes",
    "--disable-timestamp",
    "--no-formatters",  # _format() formats the whole package
]

RUFF = """
target-version = "py311"
line-length = 120
lint.select = ["F401", "I"]
format.skip-magic-trailing-comma = true
"""


class GenerationError(Exception):
    """A generator failed although the spec is valid."""


def generate(spec: Spec, package: Path) -> Path:
    """Generate the package into a new folder, and return the folder.

    Raises:
        GenerationError: A generator failed.
    """
    _log("client: openapi-python-client")
    _generate_operations(spec, package)
    _log("models: datamodel-code-generator")
    models = _generate_models(spec, package / "models.py")
    _log("constructors, servers, limits and examples")
    _render_templates(package, _template_data(spec, models))
    _log("formatting")
    _format(package)
    return package


def _generate_operations(spec: Spec, package: Path) -> None:
    folder = package.parent
    empty_schemas = {name: {"type": "object", "description": "."} for name in spec.schemas}
    document = {**spec.document, "components": {**spec.document["components"], "schemas": empty_schemas}}
    (folder / "client.json").write_text(json.dumps(document))
    settings = {"package_name_override": package.name, "post_hooks": []}
    (folder / "client-config.json").write_text(json.dumps(settings))
    _run(
        folder,
        *("openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", "client.json", "--config", "client-config.json", "--output-path", str(package)),
        *("--custom-template-path", str(TEMPLATES / "client")),
    )
    shutil.rmtree(package / "models")  # datamodel-code-generator makes the models
    (package / "errors.py").unlink()  # not used


def _generate_models(spec: Spec, models: Path) -> ast.Module:
    folder = models.parent.parent
    (folder / "models.json").write_text(json.dumps(spec.document))
    (folder / "models-data.json").write_text(json.dumps({name: _model_data(spec, name) for name in spec.schemas}))
    _run(
        folder,
        *("datamodel_code_generator", *MODEL_OPTIONS),
        *("--input", "models.json", "--output", str(models)),
        *("--custom-template-dir", str(TEMPLATES / "models"), "--extra-template-data", "models-data.json"),
    )
    return ast.parse(models.read_text())


def _model_data(spec: Spec, name: str) -> dict[str, Any]:
    schema = spec.schemas[name]
    options = {
        "repr_omit_defaults": True,
        "gc": False,  # JSON has no cycles, so the garbage collector need not track the models
        **({"forbid_unknown_fields": True} if spec.is_closed(name) else {}),
    }
    return {
        "base_class_kwargs": options,
        "order": list(schema.get("properties", ())),
        "exactly_one_of": schema.get("x-exactly-one-of", []),
        "accepts": schema.get("x-accepts", ""),
    }


def _template_data(spec: Spec, models: ast.Module) -> dict[str, Any]:
    classes = constructors(spec, models)
    return {
        "constructors": classes,
        "exported": sorted(one.name for one in classes if not one.extended),
        "servers": {server["x-pod"]: server["url"] for server in spec.document["servers"] if "x-pod" in server},
        "limits": _limits(spec),
        "aliases": _keyword(spec, "x-aliases"),
        "defaults": _keyword(spec, "x-defaults"),
        "outbound_lists": _keyword(spec, "x-outbound-list"),
        "patterns": _patterns(spec),
        "outbound_only": spec.document.get("x-outbound-only", []),
        "read_only": {name: names for name in spec.schemas if (names := _read_only(spec, name))},
        "examples": _examples(spec),
    }


def _keyword(spec: Spec, keyword: str) -> dict[str, Any]:
    """The value of a keyword in each schema that has it."""
    return {name: schema[keyword] for name, schema in spec.schemas.items() if keyword in schema}


def _patterns(spec: Spec) -> dict[str, str]:
    """The first sentence of the description of each schema with a pattern, without its capital and full stop."""
    described = {one["pattern"]: one.get("description", "") for one in spec.schemas.values() if "pattern" in one}
    sentences = {pattern: text.partition(". ")[0].rstrip(".") for pattern, text in described.items() if text}
    return {repr(pattern): text[0].lower() + text[1:] for pattern, text in sentences.items()}


def _read_only(spec: Spec, name: str) -> list[str]:
    return [field for field, schema in spec.fields_of(name).items() if schema.get("x-set-by-mparticle")]


def _limits(spec: Spec) -> dict[str, int]:
    bodies = [operation["requestBody"] for operation in spec.operations]
    schemas = [media["schema"] for body in bodies for media in body["content"].values()]
    return {
        "min_batches": max(_values(schemas, "minItems")),
        "max_batches": min(_values(schemas, "maxItems")),
        "max_request_bytes": min(_values(bodies, "x-max-bytes")),
        "min_historical_age_hours": max(_values(spec.operations, "x-min-age-hours")),
        "min_unix_time_ms": spec.schemas["UnixTimeMs"]["minimum"],
        "max_unix_time_ms": spec.schemas["UnixTimeMs"]["maximum"],
    }


def _values(nodes: Iterable[dict[str, Any]], key: str) -> list[int]:
    return [node[key] for node in nodes if key in node]


def _examples(spec: Spec) -> dict[str, Any]:
    bodies = [body for operation in spec.operations for body in spec.examples_of(operation)]
    return {
        "batch": next(body for body in bodies if isinstance(body, dict)),
        "short_batch": next(body[0] for body in bodies if isinstance(body, list)),
        "events": event_examples(spec),
    }


def _render_templates(package: Path, data: dict[str, Any]) -> None:
    """Render the templates of the package, and copy the files beside them."""
    folder = TEMPLATES / "package"
    environment = Environment(
        loader=FileSystemLoader(folder), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    for file in folder.glob("*.py*"):
        if file.suffix == ".jinja":
            (package / file.stem).write_text(environment.get_template(file.name).render(data))
        else:
            shutil.copy(file, package)
    (package / "py.typed").touch()


def _format(package: Path) -> None:
    for module in package.rglob("*.py"):
        module.write_text(HEADER + re.sub(r"\A(#.*\n|\n)+", "", module.read_text()))
    (package.parent / "ruff.toml").write_text(RUFF)
    for command in (("check", "--fix"), ("format",)):
        _run(package.parent, "ruff", *command, "--quiet", "--no-cache", "--config", "ruff.toml", str(package))


def _run(folder: Path, module: str, *arguments: str) -> None:
    command = [sys.executable, "-m", module, *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0 or "Warning" in done.stderr:
        output = (done.stdout + done.stderr).strip()[-2000:]
        raise GenerationError(f"{module} failed on this spec (exit code {done.returncode}):\n{output}")


def _log(step: str) -> None:
    print(f"  {step} ...", file=sys.stderr, flush=True)
