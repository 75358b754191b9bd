"""The command as its users see it. What does the work is loaded when it is asked for."""

from __future__ import annotations

import os
from typing import Any

import click
from click.shell_completion import get_completion_class
from mparticle_events.service import SERVERS

from .._version import __version__
from ._exits import BROKEN_PIPE, EXITS, INTERRUPTED, leave_at_once

files_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
historical_option = click.option(
    "--historical", is_flag=True, help="As a historical upload: each event with its time, more than 72 hours ago."
)


def _events(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    from ._examples import names

    return [name for name in names() if name.startswith(begun)]


class _App(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            leave_at_once(BROKEN_PIPE)
        except (KeyboardInterrupt, click.Abort):
            leave_at_once(INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as click calls it
        return list(self.commands)  # in the order in which they are needed


@click.group(cls=_App, epilog=EXITS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def app(context: click.Context) -> None:
    """See and send data for mParticle's Events API, without a program around it.

    Each command says more of itself: mparticle-ext upload --help
    """
    if os.environ.get("NO_COLOR"):
        context.color = False


@app.command(short_help="Print a correct batch to start from.")
@click.argument("event", required=False, shell_complete=_events)
@click.option("--python", "as_python", is_flag=True, help="Print the Python that builds it.")
@click.option("--list", "only_list", is_flag=True, help="Print the names of the events.")
@click.pass_context
def example(context: click.Context, event: str | None, *, as_python: bool, only_list: bool) -> None:
    """Print a correct batch to start from: with an EVENT, or with much of what a batch may hold."""
    from . import _examples

    if only_list:
        click.echo("\n".join(_examples.names()))
    elif event is None or event in _examples.names():
        click.echo(_examples.example(event, as_python=as_python))
    else:
        from difflib import get_close_matches

        near = get_close_matches(event, _examples.names(), n=1)
        hint = f": did you mean {near[0]!r}?" if near else ": --list names them"
        raise click.BadParameter(f"{event!r} is no event{hint}", context, param_hint="EVENT")


@app.command()
@files_argument
@historical_option
@click.option("--json", "as_json", is_flag=True, help="Print each fault as a line of JSON.")
@click.pass_context
def validate(context: click.Context, files: tuple[str, ...], *, historical: bool, as_json: bool) -> None:
    """Check batches as an upload does, and print every fault.

    A FILE holds a batch, a list of batches, a batch a line, or several one after the other; plain or gzip. - is
    standard input.

    A fault is printed as file:line: path: what is wrong and what to do. A summary goes to stderr. Exit code 0 says that
    all is good, 1 that something is faulty, 2 that a file cannot be read.
    """
    from ._validation import Validation

    context.exit(Validation(files, historical=historical, as_json=as_json).run())


@app.command(epilog=EXITS)
@files_argument
@historical_option
@click.option(
    "--pod", type=click.Choice(list(SERVERS)), help="The data centre of your account; else MPARTICLE_POD, or us1."
)
@click.option("--base-url", metavar="URL", help="Where to send instead; else MPARTICLE_BASE_URL.")
@click.option(
    "--failed", metavar="FILE", help="Write what is not delivered to this file, a batch a line, with the reason."
)
@click.option("--resume", is_flag=True, help="Go on where an earlier run stopped or was killed.")
@click.option(
    "--restart", is_flag=True, help="Forget what an earlier run did; mParticle still drops what it took then."
)
@click.option("--progress", metavar="FILE", help="The journal that --resume reads; else it is FILE.progress.")
@click.option(
    "--rate", type=click.FloatRange(0, min_open=True), default=250, show_default=True, help="Batches a second, at most."
)
@click.option(
    "--in-flight", type=click.IntRange(1), default=8, show_default=True, help="Requests on their way at once."
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON, and nothing else.")
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
    """Upload batches to mParticle, and account for each.

    A FILE is what `validate` takes. Batches are checked before they are sent, in as few requests as the limits allow,
    several at a time. The key and the secret come from MPARTICLE_API_KEY and MPARTICLE_API_SECRET, or are asked for.

    A batch without a source_request_id gets one, and a journal beside the first FILE knows which are settled: --resume
    sends the others, and mParticle drops what it took in the last 30 days. The journal goes when nothing is left to do.
    Standard input has no journal, and its batches get new ids each time. Whether two batches have the same
    source_request_id of their own is not looked for: mParticle takes the first of them, and drops the others.

    What is written to --failed may be mended there and uploaded from there. --resume goes on with the same file.
    """
    from ._opening import Options
    from ._upload import upload as run

    configured = {"pod": pod, "base_url": base_url, "rate": rate, "max_in_flight": in_flight, "validate": False}
    given = {name: value for name, value in configured.items() if value is not None}
    context.exit(run(Options(**options), given))


@app.command(short_help="Run a local stand-in for the Events API.")
@click.option("--port", type=click.IntRange(0, 65535), default=4000, show_default=True, help="0 for any that is free.")
@click.option("--key", "api_key", metavar="KEY", help="The API key that it takes.")
@click.option("--secret", "api_secret", metavar="SECRET", help="The secret that it takes.")
@click.option("--latency", type=click.FloatRange(0), metavar="SECONDS", help="Let each answer take so long.")
@click.option(
    "--rate-limit",
    type=click.FloatRange(0, min_open=True),
    metavar="BATCHES",
    help="Take so many a second, and answer 429 to more.",
)
@click.pass_context
def sandbox(context: click.Context, /, *, port: int, **settings: Any) -> None:
    """Run a local stand-in for the Events API, with a page that shows what arrives.

    It prints the address of the page, and the environment that leads the SDK and `upload` to it. It keeps the newest
    10,000 batches.
    """
    from ._serving import serve

    context.exit(serve(port, {name: value for name, value in settings.items() if value is not None}))


@app.command(
    short_help="Print what a shell needs to complete it.",
    help="""Print what makes a shell complete commands, options and event names.

    \b
    bash  eval "$(mparticle-ext completion bash)"    in ~/.bashrc
    zsh   eval "$(mparticle-ext completion zsh)"     in ~/.zshrc
    fish  mparticle-ext completion fish | source     in ~/.config/fish/config.fish
    """,
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    kind = get_completion_class(shell)
    assert kind is not None, shell  # noqa: S101  # each of the three is click's own
    click.echo(kind(context.find_root().command, {}, "mparticle-ext", "_MPARTICLE_EXT_COMPLETE").source())
