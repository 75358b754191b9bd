"""The sdist and the wheel: equal bytes from each build, correct metadata, and nothing in them but what users need."""

from __future__ import annotations

import re
import shutil
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

from regeneration.folders import extract_commit

from .release import RefusedError, Release, run_module

_PACKAGES = {"mparticle_events": "generated/mparticle_events", "mparticle_ext": "mparticle_ext"}  # and their folders
_NEEDED = re.compile(r".*\.py|[^/]*/py\.typed|mparticle_ext/sandbox/page/.*\.(html|css|js)")
_METADATA = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
_STATED_KB = re.compile(r"the wheel has at most (\d+) kB", re.IGNORECASE)
_REPOSITORY = re.compile(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)? \(fetch\)$")
_RELATIVE_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^]]*)]\((?![a-z]+:|#)(?P<path>[^)#]+)(?P<anchor>[^)]*)\)")
_SLACK = 0.8  # a wheel that is smaller than this part of what CONTRIBUTING.md says makes it wrong too


def check_links(release: Release) -> str:
    """The relative links of the README lead somewhere, on a package index too, which has none of the other files."""
    paths = [link["path"] for link in _RELATIVE_LINK.finditer(release.text("README.md"))]
    if missing := [path for path in paths if not (release.source / path).exists()]:
        raise RefusedError(f"README.md: {missing[0]}: is not in the commit: correct the link")
    repository = _repository(release)
    if not repository:
        return release.skip("no remote is a repository at github.com, so links stay relative: add the remote")
    return f"{len(paths)} relative links and pictures lead to {repository}"


def build(release: Release) -> str:
    """Build the sdist and the wheel into dist/."""
    shutil.rmtree(release.dist, ignore_errors=True)
    _build(release, release.source, release.dist, TZ="UTC", PYTHONHASHSEED="1")
    return "\n".join(f"{hexdigest}  dist/{name}" for name, hexdigest in sorted(_hashes(release.dist).items()))


def build_again(release: Release) -> str:
    """A build in another folder and time zone has the same bytes."""
    again = extract_commit(release.project, "HEAD", release.scratch / "again")
    _build(release, again, release.scratch / "dist", TZ="Asia/Tokyo", PYTHONHASHSEED="2")
    first, second = _hashes(release.dist), _hashes(release.scratch / "dist")
    different = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    if different:
        problem = "a second build has other bytes: find what depends on the folder, the time or the order"
        raise RefusedError(f"{different[0]}: {problem}")
    return "the bytes are the same"


def check_metadata(release: Release) -> str:
    """Check the metadata: a package index refuses faults such as a README that cannot be shown."""
    run_module("twine", "check", "--strict", *sorted(release.dist.iterdir()))
    return "twine found no problem"


def check_contents(release: Release) -> str:
    """The wheel has every file of the two packages, only kinds of files that users need, and the metadata."""
    with ZipFile(release.wheel) as archive:
        names = set(archive.namelist())
    metadata = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    wrong = sorted(name for name in names - metadata if not _NEEDED.fullmatch(name))
    wrong += sorted(name for name in metadata if name.partition("/")[2] not in _METADATA)
    if wrong:
        advice = "remove it, or allow it in scripts/releasing/packages.py"
        raise RefusedError(f"{release.wheel.name}: {wrong[0]}: no user needs it: {advice}")
    if missing := sorted(_source_files(release) - names):
        raise RefusedError(f"{release.wheel.name}: {missing[0]}: is missing: correct tool.hatch in pyproject.toml")
    return f"{len(names)} files: two packages and their metadata"


def check_size(release: Release) -> str:
    """The size of the wheel is what CONTRIBUTING.md says."""
    size = release.wheel.stat().st_size / 1000
    stated = _STATED_KB.search(release.text("CONTRIBUTING.md"))
    if stated is None or not _SLACK * int(stated[1]) <= size <= int(stated[1]):
        problem = f"the wheel has {size:.0f} kB, which is not what the file says"
        raise RefusedError(f"CONTRIBUTING.md: {problem}: correct the wheel, or 'the wheel has at most ... kB'")
    return f"{size:.0f} kB of at most {stated[1]}"


def _build(release: Release, source: Path, output: Path, **environment: str) -> None:
    """Build the sdist, and from it the wheel, with the pinned tools."""
    _make_links_absolute(release, source / "README.md")
    epoch = release.git("log", "-1", "--format=%ct")[0]
    run_module("build", "--no-isolation", "--outdir", output, source, SOURCE_DATE_EPOCH=epoch, **environment)


def _make_links_absolute(release: Release, readme: Path) -> None:
    def absolute(link: re.Match[str]) -> str:
        kind = "raw" if link["picture"] else "blob"
        address = f"{repository}/{kind}/{release.tag}/{link['path']}{link['anchor']}"
        return f"{link['picture']}[{link['text']}]({address})"

    if repository := _repository(release):
        readme.write_text(_RELATIVE_LINK.sub(absolute, readme.read_text()))


def _repository(release: Release) -> str:
    """The address of the repository at GitHub; empty if no remote has one."""
    found = filter(None, map(_REPOSITORY.search, release.git("remote", "--verbose")))
    return next((f"https://github.com/{match[1]}" for match in found), "")


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def _source_files(release: Release) -> set[str]:
    """The files of the two packages as the wheel names them."""
    return {
        f"{name}/{path.relative_to(release.source / folder).as_posix()}"
        for name, folder in _PACKAGES.items()
        for path in (release.source / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
