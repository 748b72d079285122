"""Paths that ``x-registry`` speaks of: files that entries name, files that some entry must name (PTH)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from registry_reconciler.files.tree import find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.entry import FieldPath, Place
from registry_reconciler.model.field_roles import PathRule
from registry_reconciler.model.fields import finder
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.disk import absence, kind_at, normal
from registry_reconciler.rules.entry_set import Entry, EntrySet


class _Named(NamedTuple):
    """A path that an entry names: the field, what stands there, and the path from the root."""

    item: Entry
    field: FieldPath
    written: str
    path: str

    @property
    def shown(self) -> str:
        """The path as a message says it."""
        plain = normal(self.written)
        return repr(self.written) if plain == self.path else f"{self.path!r} (written {self.written!r})"


def _named(entry_set: EntrySet, kind: Kind, rule: PathRule) -> Iterator[_Named]:
    select = finder(rule.field)
    for item in entry_set.of(kind.name):
        file = entry_set.registry_file(item) if rule.base == "file" else ""
        for path, value in select(item.value):
            values = (
                [(path, value)]
                if not isinstance(value, list)
                else [((*path, i), v) for i, v in enumerate(value)]
            )
            for field, written in values:
                if isinstance(written, str):
                    yield _Named(item, field, written, rule.resolved(written, file))


def _declared(entry_set: EntrySet) -> Iterator[tuple[Kind, PathRule]]:
    for kind in entry_set.kinds.values():
        for rule in kind.paths:
            yield kind, rule


def _has_paths(kind: Kind) -> bool:
    return bool(kind.paths)


def _missing(entry_set: EntrySet) -> Iterator[Finding]:
    for kind, rule in _declared(entry_set):
        for named in _named(entry_set, kind, rule) if rule.missing is not None else ():
            if kind_at(entry_set, named.path) in ("absent", "other"):
                sentence, cause = absence(entry_set, "file or folder", named.path)
                message = sentence.replace(repr(named.path), named.shown, 1)
                yield Finding(
                    named.item, message, named.field, severity=rule.missing, extra=named.written, cause=cause
                )


PTH001 = Rule(
    "PTH001",
    "A named file does not exist",
    Severity.ERROR,
    check=_missing,
    concerns=_has_paths,
    relations=(
        Relation("file and entry", "a file that entries name moves or goes", "the entries that name it"),
    ),
)


def _outside(entry_set: EntrySet) -> Iterator[Finding]:
    for kind, rule in _declared(entry_set):
        for named in _named(entry_set, kind, rule):
            if kind_at(entry_set, named.path) == "outside":
                message = f"{named.shown} leads out of the workspace."
                yield Finding(named.item, message, named.field, extra=named.written)


PTH002 = Rule(
    "PTH002",
    "A named path leaves the workspace",
    Severity.ERROR,
    check=_outside,
    concerns=_has_paths,
)


def _unlisted(entry_set: EntrySet) -> Iterator[Finding]:
    for kind, rule in _declared(entry_set):
        if rule.unlisted is None or kind.name in entry_set.hidden_kinds:
            continue
        try:
            files = list(find(entry_set.tree, rule.unlisted, exclude=kind.exclude))
        except UnreadablePath as fault:
            yield Finding(
                None,
                f"Whether a {kind.name} lists every file of {rule.unlisted} cannot be told: {fault}.",
                place=Place(kind.schema_path, 0, ("x-registry", "paths")),
                severity=rule.unlisted_severity,
                extra=f"{kind.name}.{rule.field.text}",
            )
            continue
        listed = {named.path for named in _named(entry_set, kind, rule)} if files else set()
        for file in files:
            # An entry that names a folder lists what lies in it.
            parents = (file.rsplit("/", depth)[0] for depth in range(file.count("/") + 1))
            if not any(parent in listed for parent in parents) and not entry_set.maybe_hidden(
                (kind.name,), file
            ):
                yield Finding(
                    None,
                    f"No {kind.name} lists {file} ({rule.field.text}).",
                    place=Place(file),
                    severity=rule.unlisted_severity,
                    extra=f"{kind.name}.{rule.field.text}",
                    cause=f"unlisted {kind.name} {rule.unlisted}",
                )


PTH003 = Rule(
    "PTH003",
    "A file is listed by no entry",
    Severity.WARNING,
    check=_unlisted,
    concerns=_has_paths,
    relations=(
        Relation("file and entry", "a file is added that the kind wants listed", "that an entry names it"),
    ),
)


RULES = (
    PTH001,
    PTH002,
    PTH003,
)
