"""`mparticle-ext upload`: from the options to the exit code."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import click

from .. import APIError, Configuration, ConfigurationError, EventsApi
from ._batch_check import Check
from ._exit import FAILED, INTERRUPTED, STOPPED, CommandError, UsageError, exit_now, print_error, print_first, printable
from ._failed_file import FailedFile
from ._input import is_file
from ._journal import InputFile, Journal, Progress, make_id
from ._progress_bar import show_count
from ._uploader import Uploader

_CREDENTIALS = {"api_key": "MPARTICLE_API_KEY", "api_secret": "MPARTICLE_API_SECRET"}


class Options(NamedTuple):
    """The options of `mparticle-ext upload`: see its --help."""

    files: Sequence[str]
    historical: bool
    outbound: bool
    failed: str | None
    progress: str | None
    resume: bool
    restart: bool
    as_json: bool


def upload(options: Options, settings: dict[str, Any]) -> int:
    """Upload the files with a Configuration of these settings, and return the exit code."""
    try:
        credentials: Any = {name: os.environ.get(key) or _prompt(key) for name, key in _CREDENTIALS.items()}
        configuration = Configuration.from_env(**credentials, **settings)
        files = _hash_files(options.files)
        with ExitStack() as opened:  # if one cannot be opened, all of them are left as they were
            api = opened.enter_context(EventsApi(configuration))  # it reads the certificates and the proxy's address
            journal = _open_journal(options, configuration, files)
            if journal:
                opened.callback(journal.close, remove=False)
            failed_file = _open_failed_file(options, journal)
            if failed_file:
                opened.callback(failed_file.close)
            if journal:
                journal.begin(failed_file.path if failed_file else None)
            opened.pop_all()
    except (ConfigurationError, CommandError) as error:
        print_error(str(error))
        return error.code if isinstance(error, CommandError) else UsageError.code
    check = Check(historical=options.historical, outbound=options.outbound)
    return _run(options, configuration.url, api, files, Uploader(journal, failed_file, check))


def _prompt(variable: str) -> str:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{variable} is not set: set it in the environment, or run this in a terminal to type it")
    return str(click.prompt(variable, hide_input=True, err=True))


def _hash_files(paths: Sequence[str]) -> list[InputFile]:
    try:
        files = [InputFile.of(path) for path in paths]
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from None
    names: dict[str, str] = {}
    for file in files:
        other = names.setdefault(file.sha256, file.name)
        if other is not file.name and file.bytes:
            raise UsageError(f"{file.name} has the same bytes as {other}, and would be dropped: give only one of them")
    return files


def _open_journal(options: Options, configuration: Configuration, files: list[InputFile]) -> Journal | None:
    if any(file.bytes is None for file in files):
        if options.resume or options.restart or options.progress:
            raise UsageError("a stream cannot be resumed: save it to a file, and upload that")
        return None
    if options.resume and options.restart:
        raise UsageError("--resume and --restart exclude each other: give only one of them")
    operation = "bulk_upload_historical_events" if options.historical else "bulk_upload_events"
    path = Path(options.progress or f"{options.files[0]}.progress")
    destination = f"{configuration.url} with API key #{make_id(configuration.api_key)[:8]}"
    return Journal(path, Progress(operation, destination, files), resume=options.resume, restart=options.restart)


def _open_failed_file(options: Options, journal: Journal | None) -> FailedFile | None:
    earlier = Path(os.fsdecode(journal.progress.failed)) if journal and journal.progress.failed else None
    path = Path(options.failed) if options.failed else earlier
    if path is None:
        return None
    if earlier and earlier.is_file() and not (path.exists() and path.samefile(earlier)):
        raise UsageError(f"{earlier} has the failed batches of this upload: give it to --failed, or omit --failed")
    others = [*options.files, *([str(journal.path)] if journal else [])]
    if path.exists() and any(is_file(other) and path.samefile(other) for other in others):
        raise UsageError(f"{path} is an input file or the journal: give --failed another name")
    settled = journal.progress.settled if journal and options.resume else None
    return FailedFile(path, journal.progress.run if journal else uuid4().hex, settled)


def _run(options: Options, url: str, api: EventsApi, files: list[InputFile], uploader: Uploader) -> int:
    journal, failed_file = uploader.journal, uploader.failed_file
    if not options.as_json:
        what = files[0].name if len(files) == 1 else show_count(len(files), "file")
        progress = f"; {journal.path} keeps the progress" if journal else ""
        click.echo(printable(f"Uploading {what} to {url}{progress}"), err=True)
    error: BaseException | None = None
    with uploader.interrupts:
        try:
            uploader.upload(api, [*zip(options.files, files, strict=True)], quiet=options.as_json)
        except BaseException as caught:
            error = caught
    code, reason = _exit_code(error, uploader)
    if failed_file:
        failed_file.close()
    if journal:
        journal.close(remove=code in (0, FAILED) and not uploader.resumable)
    _print_report(uploader, reason, as_json=options.as_json)
    if uploader.interrupts.count > 1:
        exit_now(code)  # threads may still wait for responses
    return code


def _exit_code(error: BaseException | None, uploader: Uploader) -> tuple[int, str]:
    """The exit code, and what stopped the upload."""
    if error is None:
        if uploader.failed and not (uploader.delivered or uploader.rejected):
            return STOPPED, ""  # an outage, but too few requests for `upload_all` to stop
        return FAILED if uploader.failed or (uploader.failed_file and uploader.failed_file.kept) else 0, ""
    if isinstance(error, CommandError):
        return error.code, str(error)
    if uploader.interrupts.count:
        return INTERRUPTED, "interrupted"
    if isinstance(error, APIError):
        return STOPPED, str(error)
    raise error


def _print_report(uploader: Uploader, stopped: str, *, as_json: bool) -> None:
    """Print the result, for scripts or for people; `stopped` is the reason if the upload did not reach its end."""
    failed_file, journal = uploader.failed_file, uploader.journal
    kept = failed_file.kept if failed_file else 0
    summary: dict[str, Any] = {
        "delivered": uploader.delivered,
        "failed": uploader.failed,
        "skipped": uploader.skipped,
        "failed_before": kept,
        "outcomes": dict(uploader.outcomes),
        "bytes": uploader.bytes_read,
        "seconds": round(time.monotonic() - uploader.started, 3),
        "stopped": stopped or None,
        "journal": str(journal.path) if journal and (stopped or uploader.resumable) else None,
        "failed_file": str(failed_file.path) if failed_file and (uploader.failed or kept) else None,
    }
    if as_json:
        click.echo(json.dumps(summary))
        return
    click.echo(_counts(**summary))
    uploader.check.print_notes()
    if not failed_file:
        _print_failures(uploader, stopped)
    if stopped:
        print_error(f"stopped: {stopped}")
    if failed_file and (uploader.rejected or kept):
        path = printable(str(failed_file.path))
        click.echo(f"{path} has the reasons: correct the batches in it, and upload that file", err=True)
    if summary["journal"]:
        advice = "" if failed_file or not uploader.rejected else " --failed FILE, which gets the failed batches"
        click.echo(f"Continue with --resume{advice}", err=True)
    elif stopped:
        click.echo("The rest was not sent, and a stream cannot be resumed", err=True)


def _counts(*, delivered: int, failed: int, skipped: int, failed_before: int, seconds: float, **_: object) -> str:
    text = f"{show_count(delivered, 'batch')} delivered{f', {failed:,} failed' if failed else ''}"
    more = f", {failed_before:,} of them failed" if failed_before else ""
    earlier = f"; earlier: {skipped:,} settled{more}" if skipped else ""
    return f"{text} in {seconds:.1f} s, {delivered / max(seconds, 0.001):,.0f}/s{earlier}"


def _print_failures(uploader: Uploader, stopped: str) -> None:
    shown = [one for one in uploader.failures if one.reasons != [stopped]]
    for file in dict.fromkeys(one.file for one in shown):
        print_first(file, [(one.line, reason) for one in shown if one.file == file for reason in one.reasons])
    if shown and (more := uploader.failed - len(shown)):
        click.echo(f"and {more:,} more {'batch' if more == 1 else 'batches'}", err=True)
