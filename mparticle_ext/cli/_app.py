"""The commands with their arguments and options. The code of a command is loaded when it runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import get_completion_class
from mparticle_events.service import SERVERS

from .. import __version__
from ._exit import BROKEN_PIPE, EXIT_CODES, INTERRUPTED, SHOWN_FAULTS, exit_now

if TYPE_CHECKING:
    from .. import DataPlan

files_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
historical_option = click.option(
    "--historical",
    is_flag=True,
    help="For a historical upload: each event has a timestamp and is 72 hours old or more. "
    "mParticle does not forward such an upload to event and warehouse outputs.",
)
outbound_option = click.option(
    "--outbound",
    is_flag=True,
    help="The batches are in the form in which mParticle sends them out, such as quarantined or exported ones. "
    "What only mParticle sets is left out. mParticle drops a batch whose source_request_id it accepted in the last "
    "30 to 60 days.",
)

plan_option = click.option(
    "--data-plan", metavar="FILE", help="Check batches against this data plan too: a JSON file that mParticle exported."
)
plan_version_option = click.option(
    "--plan-version", type=click.IntRange(1), metavar="N", help="The version of the plan, if the file has several."
)


def _complete_event(_: click.Context, __: click.Parameter, prefix: str) -> list[str]:
    from ._examples import names

    return [name for name in names() if name.startswith(prefix)]


def _load_plan(path: str | None, version: int | None) -> DataPlan | None:
    from ._plan import load_plan

    if version and path is None:
        raise click.UsageError("--plan-version is the version of a plan: give the plan with --data-plan")
    return load_plan(path, version)


class _App(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            exit_now(BROKEN_PIPE)
        except (KeyboardInterrupt, click.Abort):
            exit_now(INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # the signature of click
        return list(self.commands)  # in the order of their definition


@click.group(
    cls=_App, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def app(context: click.Context) -> None:
    """Check and upload batches for mParticle's Events API.

    For the details of a command: mparticle-ext upload --help
    """
    if os.environ.get("NO_COLOR"):
        context.color = False


@app.command(short_help="Print an example of a batch.")
@click.argument("event", required=False, shell_complete=_complete_event)
@click.option("--python", "as_python", is_flag=True, help="Print the Python code that builds it.")
@click.option("--list", "only_list", is_flag=True, help="Print the event types.")
@click.pass_context
def example(context: click.Context, event: str | None, *, as_python: bool, only_list: bool) -> None:
    """Print a valid batch to start from: with an EVENT of this type, or with most fields of a batch."""
    from . import _examples

    if only_list:
        click.echo("\n".join(_examples.names()))
    elif event is None or event in _examples.names():
        click.echo(_examples.example(event, as_python=as_python))
    else:
        from difflib import get_close_matches

        near = get_close_matches(event, _examples.names(), n=1)
        hint = f": did you mean {near[0]!r}?" if near else ": --list prints the event types"
        raise click.BadParameter(f"{event!r} is not an event type{hint}", context, param_hint="EVENT")


@app.command()
@files_argument
@historical_option
@outbound_option
@plan_option
@plan_version_option
@click.option(
    "--max-faults",
    type=click.IntRange(0),
    default=SHOWN_FAULTS,
    show_default=True,
    help="Stop the check of a file after this many faults. 0 for no limit.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each fault as a JSON object on one line.")
@click.pass_context
def validate(
    context: click.Context,
    /,
    files: tuple[str, ...],
    *,
    data_plan: str | None,
    plan_version: int | None,
    **options: Any,
) -> None:
    """Check batches as an upload does, and print their faults.

    A FILE has one batch, a list of batches, one batch per line, or one document after the other; plain or gzip. - is
    standard input.

    Each fault is printed as file:line: path: what is wrong and what to do. A summary goes to stderr. The exit code is 0
    if all batches are valid, 1 if there is a fault, 2 if a file cannot be read.

    With --data-plan, what is not as the plan says is printed beside the faults, and the exit code is 1 for that too.
    """
    from .validate import Validation

    context.exit(Validation(files, plan=_load_plan(data_plan, plan_version), **options).run())


@app.command(epilog=EXIT_CODES)
@files_argument
@historical_option
@outbound_option
@click.option(
    "--pod", type=click.Choice(list(SERVERS)), help="The data center of the account. Default: MPARTICLE_POD, or us1."
)
@click.option("--base-url", metavar="URL", help="Another base URL. Default: MPARTICLE_BASE_URL.")
@click.option("--failed", metavar="FILE", help="Write each batch that is not delivered to this file, with the reason.")
@click.option("--resume", is_flag=True, help="Continue an upload that was stopped or killed.")
@click.option(
    "--restart",
    is_flag=True,
    help="Discard the progress, and send the whole file. In a changed file, delivered batches count again.",
)
@click.option("--progress", metavar="FILE", help="The journal that --resume reads. Default: FILE.progress.")
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    default=250,
    show_default=True,
    help="Maximum number of batches per second.",
)
@click.option(
    "--in-flight", type=click.IntRange(1), default=8, show_default=True, help="Maximum number of concurrent requests."
)
@click.option("--json", "as_json", is_flag=True, help="Print only a summary, as JSON.")
@click.pass_context
def upload(
    context: click.Context,
    /,
    *,
    pod: str | None,
    base_url: str | None,
    rate: float,
    in_flight: int,
    **options: Any,
) -> None:
    """Upload batches to mParticle, and report each batch that is not delivered.

    A FILE has the formats that `validate` reads. Each batch is checked before it is sent. The key and the secret come
    from MPARTICLE_API_KEY and MPARTICLE_API_SECRET, or from a prompt.

    A batch without a source_request_id gets one, made from the bytes of its file and its index in it. mParticle accepts
    an id once in 30 to 60 days, so the same file adds nothing when it is uploaded again in that time, even if it was
    copied or renamed. A stream gets new ids each time. If two batches in the input have the same source_request_id,
    mParticle drops the second one.

    A journal beside the first FILE keeps the progress: --resume does not send again what is settled. The journal is
    removed when no batch is left to send. A stream has no journal.

    Correct the batches in the --failed file, and upload that file. --resume adds to the same file.
    """
    from .upload import Options
    from .upload import upload as run

    if pod and (base_url or os.environ.get("MPARTICLE_BASE_URL")):
        other = "--base-url" if base_url else "MPARTICLE_BASE_URL"
        raise click.UsageError(f"--pod and {other} say where to send: give one of them")
    configuration = {"pod": pod, "base_url": base_url, "rate": rate, "max_in_flight": in_flight, "validate": False}
    settings = {name: value for name, value in configuration.items() if value is not None}
    context.exit(run(Options(**options), settings))


@app.command(short_help="Write a data plan as a Python module.")
@click.argument("plan", type=click.Path())
@click.option("--output", "-o", required=True, type=click.Path(), metavar="FILE", help="The module to write.")
@plan_version_option
@click.option("--check", is_flag=True, help="Write nothing. Print a diff and exit with 1 if the module is out of date.")
@click.pass_context
def generate(context: click.Context, /, **options: Any) -> None:
    """Write a data plan as a Python module, with a typed function for each data point.

    PLAN is a JSON file with a data plan of mParticle. With the module, a type checker finds an event or attribute that
    is misspelt or missing, and a wrong value. Commit the module. Run this again when the plan changes: it prints what
    changed for users of the module, and what breaks their code.
    """
    from .generate import generate_module

    context.exit(generate_module(**options))


@app.command(short_help="Run a local Events API for tests.")
@click.option("--port", type=click.IntRange(0, 65535), default=4000, show_default=True, help="0 for any free port.")
@click.option("--key", "api_key", metavar="KEY", help="The API key that it accepts.")
@click.option("--secret", "api_secret", metavar="SECRET", help="The API secret that it accepts.")
@click.option("--latency", type=click.FloatRange(0), metavar="SECONDS", help="Delay each response.")
@click.option(
    "--rate-limit",
    type=click.FloatRange(0, min_open=True),
    metavar="BATCHES",
    help="Accept this many per second, and respond 429 to more.",
)
@plan_option
@plan_version_option
@click.pass_context
def sandbox(
    context: click.Context, /, *, port: int, data_plan: str | None, plan_version: int | None, **settings: Any
) -> None:
    """Run a local Events API for tests, with a page that shows what arrives.

    It prints the address of the page, and the environment variables that make the SDK and `upload` send to it. It keeps
    the newest 10,000 batches.
    """
    from ._sandbox import run_sandbox

    settings["data_plan"] = _load_plan(data_plan, plan_version)
    context.exit(run_sandbox(port, {name: value for name, value in settings.items() if value is not None}))


@app.command(short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and event types in a shell.

    bash, in ~/.bashrc: eval "$(mparticle-ext completion bash)"

    zsh, in ~/.zshrc: eval "$(mparticle-ext completion zsh)"

    fish, in ~/.config/fish/config.fish: mparticle-ext completion fish | source
    """
    kind = get_completion_class(shell)
    assert kind is not None, shell  # noqa: S101  # click has each of the three
    click.echo(kind(context.find_root().command, {}, "mparticle-ext", "_MPARTICLE_EXT_COMPLETE").source())
