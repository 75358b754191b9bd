"""The version and the changelog must agree with what changed for users since the last release."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from packaging.version import Version
from regeneration.changes import BREAKS, describe_changes, read_surface
from regeneration.folders import extract_commit

from .release import VERSION_FILE, RefusedError, Release

_UNRELEASED = "Unreleased"
_SECTION = re.compile(r"^## (.*)\n((?:(?!## ).*\n?)*)", re.MULTILINE)
_NAME = re.compile(r"(?:enum value|\w+) ([\w.]+)(?::| is now |$)")  # in a line of the report


def check_commit(release: Release) -> str:
    """Only what is committed is released."""
    commit = release.git("log", "-1", "--format=%h of %cs")[0]
    changed = release.git("status", "--porcelain")
    if changed and not release.dry_run:
        raise RefusedError(f"{changed[0][3:]}: is not committed: commit it, or remove it")
    return f"{commit}{', without your uncommitted changes' if changed else ''}"


def check_version(release: Release) -> str:
    """The version is new, and new enough for what breaks."""
    here = release.git("tag", "--list", "v[0-9]*", "--points-at", "HEAD")
    if here not in ([], [release.tag]):
        raise RefusedError(f"{VERSION_FILE}: has {release.version}, but the commit has the tag {here[0]}: change one")
    last = _last_release(release)
    if last is None:
        return f"{release.version} is the first release"
    if release.version <= last:
        raise RefusedError(f"{VERSION_FILE}: has {release.version}, but {last} was released: give a newer version")
    report = _report(release, last)
    needed = f"{last.major + 1}.0.0" if last.major else f"0.{last.minor + 1}.0"
    if _broken(report) and release.version.release < Version(needed).release:
        problem = f"{VERSION_FILE}: has {release.version}, but this breaks users of {last}: give {needed} or newer"
        raise RefusedError(f"{problem}\n{report}")
    return f"{release.version} after {last}. {report}"


def check_changelog(release: Release) -> str:
    """The changelog has a section for the version, which names everything that breaks."""
    sections: dict[str, str] = dict(_SECTION.findall(release.text("CHANGELOG.md")))
    title = _section_title(release, sections)
    if not sections[title].strip():
        raise RefusedError(f"CHANGELOG.md: {title}: is empty: list what changed for users")
    if title != _UNRELEASED and sections.get(_UNRELEASED, "").strip():
        raise RefusedError(f"CHANGELOG.md: {_UNRELEASED}: has entries: move them to {title}")
    last = _last_release(release)
    broken = _broken(_report(release, last)) if last else []
    missing = [name for name in broken if not re.search(rf"\b{name.rpartition('.')[2]}\b", sections[title])]
    if missing:
        raise RefusedError(f"CHANGELOG.md: {title}: does not name {', '.join(missing)}: say what breaks")
    return f"the section is {title!r}{', and names what breaks' if broken else ''}"


def _section_title(release: Release, sections: dict[str, str]) -> str:
    for title in sections:
        if re.fullmatch(rf"{re.escape(str(release.version))} - \d{{4}}-\d\d-\d\d", title):
            return title
    if release.dry_run and _UNRELEASED in sections:
        return _UNRELEASED
    wanted = f"## {release.version} - {datetime.now(UTC):%Y-%m-%d}"
    raise RefusedError(f"CHANGELOG.md: has no section for {release.version}: rename {_UNRELEASED} to '{wanted}'")


def _last_release(release: Release) -> Version | None:
    """The newest version with a tag, without a tag of this commit."""
    tags = release.git("tag", "--list", "v[0-9]*", "--merged", "HEAD", "--no-contains", "HEAD")
    return max((Version(tag[1:]) for tag in tags), default=None)


def _report(release: Release, last: Version) -> str:
    """The changes in the generated package."""
    old = release.scratch / f"v{last}"
    if not old.exists():
        extract_commit(release.project, f"v{last}", old)
    before, after = (read_surface(folder / "generated" / "mparticle_events") for folder in (old, release.source))
    return describe_changes(before, after, f"release {last}")


def _broken(report: str) -> list[str]:
    """The names in the breaking lines of a report."""
    lines = [line.removeprefix(BREAKS) for line in report.splitlines() if line.startswith(BREAKS)]
    return [match[1] for line in lines if (match := _NAME.search(line))]
