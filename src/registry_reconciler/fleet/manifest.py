"""``fleet.yaml``: the repositories of a fleet, over all files that it includes.

What is wrong with it is a list of problems with their places, as with any file of a workspace.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.escape import visible
from registry_reconciler.errors import UsageFailure
from registry_reconciler.files.names import unsafe
from registry_reconciler.files.root import FLEET_FILE
from registry_reconciler.files.tree import DiskTree, Tree, find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.fleet.addresses import fault_of, is_local, without_credentials
from registry_reconciler.model.entry import FieldPath, Json, Place, get_path, show_path
from registry_reconciler.model.problem import Problem, Related, sort_key

if TYPE_CHECKING:
    from registry_reconciler.loading.source import SourceFile

_FETCHED = "git"
"""The field of what is fetched."""

MOST_FILES = 10_000
"""So many files may all includes together lead to."""


class Repository(Struct, frozen=True):
    """One repository of a fleet.

    Attributes:
        path: its folder on this machine, absolute; "" where it is fetched.
        git: what is fetched: an address, or an absolute path; "" where it is a folder.
        rev: a branch, tag or commit; "" for the remote's HEAD, or the folder as it lies there.
        root: the folder of the workspace inside of it; "" for the top.
        place: where it stands.
    """

    name: str
    path: str = ""
    git: str = ""
    rev: str = ""
    root: str = ""
    place: Place = Place(FLEET_FILE)


class Manifest(Struct, frozen=True):
    """What a fleet consists of, and what is wrong with its files."""

    file: Path
    repositories: tuple[Repository, ...]
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> bool:
        """Whether it is known which fleet is meant."""
        return not any(problem.blocking for problem in self.problems)


def find_manifest(given: Path | None = None) -> Path:
    """The file of the fleet: what is given, or ``fleet.yaml`` here or in the nearest folder above.

    Raises:
        UsageFailure: there is none.
    """
    if given is not None:
        path = Path(os.path.abspath(given))
        path = path / FLEET_FILE if path.is_dir() else path
        if not path.is_file():
            raise UsageFailure(
                f"there is no file {visible(str(given))}: name the fleet's file, as {FLEET_FILE}"
            )
        return path
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FLEET_FILE).is_file():
            return folder / FLEET_FILE
    raise UsageFailure(
        f"there is no {FLEET_FILE} here or above: name one with --file, or write one with 'registry fleet add NAME "
        "--path FOLDER'",
        next=(("registry", "schema", "fleet"), ("registry", "fleet", "add", "--help")),
    )


def read_manifest(path: Path, tree: Tree | None = None) -> Manifest:
    """Read a fleet's file and those that it includes; raises nothing for what stands in them.

    Args:
        tree: the files of its folder; those of the disk by default.
    """
    path = Path(os.path.abspath(path))
    reading = _ManifestReading(tree or DiskTree(path.parent), path.parent)
    reading.read(path.name)
    return Manifest(path, tuple(reading.repositories), reading.located())


class _ManifestReading:
    def __init__(self, tree: Tree, folder: Path) -> None:
        self.tree = tree
        self.folder = folder
        self.repositories: list[Repository] = []
        self.problems: list[Problem] = []
        self.files: dict[str, SourceFile | None] = {}
        self.names: dict[str, Repository] = {}

    def read(self, path: str) -> None:
        """One file and what it includes, each once."""
        from registry_reconciler.formats.table import YAML
        from registry_reconciler.loading.source import read_source

        waiting = [path]
        while waiting:
            path = waiting.pop(0)
            if path in self.files:
                continue
            source = read_source(self.tree, path, text_format=YAML)
            self.files[path] = source
            if source is None:
                self._fault(Place(path), f"{path} is not there.", "Put it there.")
                continue
            self.problems += source.problems
            if not source.readable:
                continue
            if len(source.documents) > 1:
                self._fault(Place(path, 1), f"{path} must hold one document.", "Remove the others.")
                continue
            content = source.documents[0] if source.documents else None
            if self._fits(path, content):
                waiting += self._content(path, content or {})

    def _fits(self, path: str, content: Json) -> bool:
        from registry_reconciler.loading.settings import violation
        from registry_reconciler.schema.validator import fleet_violations

        found = fleet_violations(content)
        for fault in found:
            value = get_path(content, fault.path)
            if isinstance(value, str) and value.startswith("-"):
                message = f"{show_path(fault.path)} is {value!r}: it begins with a dash, which git takes for an option."
                place = Place(path).at(fault.path)
                self._fault(place, message, "Write it without the dash, or './' before a path.")
            else:
                self.problems.append(violation("FLT010", Place(path), fault))
        return not found

    def _content(self, path: str, content: dict[str, Json]) -> Iterator[str]:
        for index, item in enumerate(content.get("repositories") or ()):
            self._repository(item, Place(path, 0, ("repositories", index)))
        include = content.get("include")
        patterns: list[tuple[str, FieldPath]] = [(include, ())] if isinstance(include, str) else []
        if isinstance(include, list):
            patterns = [(pattern, (index,)) for index, pattern in enumerate(include)]
        for pattern, inner in patterns:
            yield from self._include(path, pattern, Place(path, 0, ("include", *inner)))

    def _include(self, path: str, pattern: str, place: Place) -> Iterator[str]:
        folder = path.rpartition("/")[0]
        bare = pattern.replace("*", "x").replace("?", "x")
        full = os.path.normpath(f"{folder}/{pattern}" if folder else pattern).replace(os.sep, "/")
        if os.path.isabs(pattern) or full.startswith("../") or (unsafe(bare) and ".." not in bare.split("/")):
            self._fault(
                place,
                f"the include {pattern!r} does not lie below the folder of {FLEET_FILE}.",
                "Name files below that folder, with '/'.",
            )
            return
        try:
            found = [name for name in find(self.tree, full) if name != path]
        except UnreadablePath as fault:
            self._fault(place, f"the include {pattern!r} cannot be followed: {fault}.", "Name fewer files.")
            return
        if not found:
            self._fault(place, f"the include {pattern!r} leads to no file.", "Correct it.", code="FLT011")
        if len(found) + len(self.files) > MOST_FILES:
            self._fault(place, f"more than {MOST_FILES:,} files are included.", "Name fewer files.")
            return
        yield from found

    def _repository(self, item: dict[str, Json], place: Place) -> None:
        name = item["name"]
        twin = self.names.get(name)
        if twin is not None:
            self._fault(
                place.at(("name",)),
                f"the name {name!r} is taken already.",
                "Choose another name.",
                related=(Related("the other one", twin.place.at(("name",))),),
            )
            return
        for field, fault, fix in _faults(item):
            shown = without_credentials(item[field], item[field])
            self._fault(place.at((field,)), f"{field} {shown!r} of {name!r}: {fault}.", fix)
        folder = self.folder / place.file.rpartition("/")[0]
        git, path = item.get(_FETCHED, ""), item.get("path", "")
        root = os.path.normpath(item.get("root", ".")).replace(os.sep, "/")
        self.names[name] = Repository(
            name,
            path=os.path.normpath(folder / os.path.expanduser(path)) if path else "",
            git=os.path.normpath(folder / os.path.expanduser(git)) if git and is_local(git) else git,
            rev=item.get("rev", ""),
            root="" if root == "." else root,
            place=place,
        )
        self.repositories.append(self.names[name])

    def _fault(
        self,
        place: Place,
        message: str,
        fix: str,
        *,
        code: str = "FLT010",
        related: tuple[Related, ...] = (),
    ) -> None:
        from registry_reconciler.model.structural import problem

        self.problems.append(
            problem(code, message, place, path=place.path, fix=fix, related=related, extra=message)
        )

    def located(self) -> tuple[Problem, ...]:
        """The problems with their lines."""
        if not self.problems:
            return ()
        from registry_reconciler.planning.suppress import Locator, locate_problems

        files = {path: source for path, source in self.files.items() if source is not None}
        located = locate_problems(map(_masked, self.problems), Locator(files))
        return tuple(sorted(located, key=sort_key))


def _masked(problem: Problem) -> Problem:
    """The same problem without the credentials of addresses that its texts repeat."""
    fix = problem.fix
    if fix is not None:
        fix = replace(fix, description=without_credentials(fix.description), edits=(), replacements=())
    message, extra = without_credentials(problem.message), without_credentials(problem.identity_extra)
    return replace(problem, message=message, fix=fix, identity_extra=extra)


def _faults(item: dict[str, Json]) -> Iterator[tuple[str, str, str]]:
    """Which field of a repository is wrong, why, and what to do."""
    if "git" in item and (fault := fault_of(item["git"])):
        yield _FETCHED, fault, "Write https://HOST/PATH, ssh://HOST/PATH, USER@HOST:PATH or a local path."
    if "path" in item and (not is_local(item["path"]) or fault_of(item["path"])):
        yield "path", fault_of(item["path"]) or "it is no local path", "What is fetched stands under 'git'."
    if "root" in item and (fault := _bad_root(item["root"])):
        yield "root", fault, "Name a folder inside of the repository, with '/'."


def _bad_root(root: str) -> str:
    bare = root.rstrip("/")
    return "" if bare in ("", ".") and not root.startswith("/") else (unsafe(bare.removeprefix("./")) or "")
