"""A catalogue as a plan of one repository asks it: found, opened, and without this repository itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from registry_reconciler.errors import MissingExtra, RegistryFailure
from registry_reconciler.fleet.catalogue.place import VARIABLE
from registry_reconciler.model.config import Config
from registry_reconciler.model.fleet_view import FleetLost, FleetView, Holder, Holders, MemoryView

if TYPE_CHECKING:
    from registry_reconciler.fleet.catalogue import Catalogue, CatalogueView
    from registry_reconciler.fleet.catalogue.known import RepositoryRow

_WHY = {
    "missing_extra": "the extra 'fleet' is not installed",
    "no_catalogue": "there is none at the place that was named",
    "catalogue_unreachable": "its database does not answer",
    "newer_format": "a newer program has written it",
    "catalogue_older": "an older program has written it, and the next publication brings it up to date",
    "usage": "the place that was named is none",
}
"""What a plan says, where the whole reason goes to standard error: it may name hosts, and plans name none."""

_SAMPLE = 300


class CatalogueSource:
    """Tells what the other repositories have (a :class:`~registry_reconciler.model.fleet_view.FleetSource`).

    Args:
        url: the catalogue, as the caller named it; "" where the environment or the settings may.
        say: where to write its age, and why it cannot be asked.
    """

    def __init__(self, root: Path, url: str, say: Callable[[str], None]) -> None:
        self._root = root
        self._url = url or os.environ.get(VARIABLE, "")
        self._asked_for = bool(url)
        self._say = say
        self._shown: set[str] = set()

    @property
    def named(self) -> bool:
        """Whether the caller or the environment named one."""
        return bool(self._url)

    def __call__(self, config: Config, addresses: Collection[str]) -> FleetView | None:
        """See :class:`~registry_reconciler.model.fleet_view.FleetSource`."""
        url = self._url or _beside(self._root, config.catalog)
        if not url:
            return None
        try:
            return self._view(url, config, addresses)
        except RegistryFailure as failure:
            if (self._url and failure.code == "usage") or (
                self._asked_for and isinstance(failure, MissingExtra)
            ):
                raise
            return self._without(failure)

    def _without(self, failure: RegistryFailure) -> MemoryView:
        """The view that says why nobody can be asked; the whole reason is told."""
        self._tell(f"warning: {failure.message}")
        fault = _WHY.get(failure.code, "it could not be used")
        return MemoryView(fault=fault, by_settings=not self._url)

    def _view(self, url: str, config: Config, addresses: Collection[str]) -> FleetView:
        from registry_reconciler.fleet.catalogue import CatalogueView, open_catalogue

        catalogue = open_catalogue(url)
        rows = catalogue.repositories()
        if not rows:
            return MemoryView(fault="nobody has published to it", by_settings=not self._url)
        own = config.catalog_repository or own_name(catalogue, rows, self._root, addresses)
        view = CatalogueView(catalogue, own)
        known = any(row.name == own for row in rows)
        here = f"; this one is {own!r} there" if known else "; this one is not among them"
        count = f"{len(rows):,} {'repository' if len(rows) == 1 else 'repositories'}"
        self._tell(f"catalogue: {count}, published {_age(max(row.published for row in rows))} ago{here}")
        return _Guarded(view, self._without)

    def _tell(self, text: str) -> None:
        """Once: an apply asks several times."""
        if text not in self._shown:
            self._shown.add(text)
            self._say(text)


_P = ParamSpec("_P")
_Answer = TypeVar("_Answer")


class _Guarded:
    """A view of a catalogue whose failures in the middle of a plan end no command."""

    fault = ""
    by_settings = False

    def __init__(self, view: CatalogueView, without: Callable[[RegistryFailure], MemoryView]) -> None:
        self._view = view
        self._without = without
        self.id = view.id

    def _ask(self, question: Callable[_P, _Answer], *given: _P.args, **named: _P.kwargs) -> _Answer:
        try:
            return question(*given, **named)
        except RegistryFailure as failure:
            raise FleetLost(self._without(failure)) from failure

    def holders(self, kind: str, keys: Sequence[str]) -> Holders:
        return self._ask(self._view.holders, kind, keys)

    def named(self, kind: str, name: str) -> Sequence[Holder]:
        return self._ask(self._view.named, kind, name)

    def near(self, kind: str, key: str) -> str | None:
        return self._ask(self._view.near, kind, key)

    def former(self, kind: str, key: str) -> Holder | None:
        return self._ask(self._view.former, kind, key)

    def unseen(self, kind: str) -> Sequence[str]:
        return self._ask(self._view.unseen, kind)

    def claims(self, kind: str, fields: str, values: Sequence[str]) -> Holders:
        return self._ask(self._view.claims, kind, fields, values)


def _beside(root: Path, url: str) -> str:
    """The URL of the settings: a relative path begins at the workspace."""
    head, slashes, path = url.partition("sqlite:///")
    if head or not slashes or os.path.isabs(path):
        return url
    return f"sqlite:///{os.path.normpath(root / path)}"


def _age(published: int) -> str:
    seconds = max(0, int(time.time()) - published)
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count:,} {word}{'' if count == 1 else 's'}"
    return "less than a minute"


def own_name(
    catalogue: Catalogue, rows: Collection[RepositoryRow], root: Path, addresses: Collection[str]
) -> str:
    """What the repository of a workspace is called in a catalogue; "" where nothing tells.

    It is the one whose published commit is in its history. Of several (several workspaces in one repository), and
    where the history was not fetched, it is the one that has most of its entries; in the second case only one that is
    called like the remote or the folder.
    """
    names = _with_commits_here(rows, root) or _called_like(rows, root)
    shared = {name: _shared(catalogue, name, addresses) for name in names}
    return max(sorted(shared), key=lambda name: shared[name], default="")


def _with_commits_here(rows: Collection[RepositoryRow], root: Path) -> list[str]:
    from registry_reconciler.files import git_call

    if git_call.top_of(root) is None:
        return []
    asked = "".join(f"{row.commit}\n" for row in rows if ":" not in row.commit).encode()
    answer = git_call.ask(root, ["cat-file", "--batch-check"], check=False, given=asked)
    there = {
        line.split()[0].decode() for line in (answer or b"").splitlines() if line.split()[1:2] == [b"commit"]
    }
    return [row.name for row in rows if row.commit in there]


def _called_like(rows: Collection[RepositoryRow], root: Path) -> list[str]:
    from registry_reconciler.files import git_call

    top = git_call.top_of(root)
    words = {root.resolve().name}
    if top is not None:
        words.add(top.name)
        address = git_call.ask(root, ["config", "--get", "remote.origin.url"], check=False)
        if address:
            words.add(
                address.decode("utf-8", "replace").strip().rstrip("/").replace(":", "/").rpartition("/")[2]
            )
    meant = {word.removesuffix(".git") for word in words}
    return [row.name for row in rows if row.name in meant or row.name.rpartition("/")[2] in meant]


def _shared(catalogue: Catalogue, name: str, addresses: Collection[str]) -> int:
    """How many of some addresses a repository has in the catalogue."""
    by_kind: dict[str, list[str]] = {}
    for address in sorted(addresses)[:_SAMPLE]:
        kind, _, key = address.partition("/")
        by_kind.setdefault(kind, []).append(key)
    held = (catalogue.holders(kind, keys) for kind, keys in by_kind.items())
    return sum(any(known.repository == name for known in found) for some in held for found in some.values())
