"""Reading one file of a workspace: bytes to documents, every fault as a problem with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.files.tree import Tree
from registry_reconciler.files.unreadable import Hidden, UnreadablePath
from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.table import YAML, format_named
from registry_reconciler.formats.unread import Unread, UnreadNeeded
from registry_reconciler.model.entry import FieldPath, Json, Location, Missing, Place, get_path
from registry_reconciler.model.problem import Fix, Problem, Related, Severity
from registry_reconciler.model.structural import problem

if TYPE_CHECKING:
    from registry_reconciler.formats.base import Reader, Sections
    from registry_reconciler.formats.faults import TextFault
    from registry_reconciler.model.kind import Kind


class SourceFile(Struct, frozen=True):
    """A file as it was read.

    Attributes:
        data: its bytes; ``None`` where it cannot be read at all.
        documents: its values; empty where ``readable`` is false.
        hidden: a sparse checkout leaves it out; that is said once for all such files.
        sections: where the items of its long lists stand, if a reader has proven that.
        format: what it was read as, and is to be edited as.
    """

    path: str
    data: bytes | None
    documents: tuple[Json, ...]
    readable: bool
    problems: tuple[Problem, ...] = ()
    sections: Sections = ()
    hidden: bool = False
    format: TextFormat = YAML

    def value(self, document: int, path: FieldPath) -> Json:
        """What stands at a place; ``None`` too where there is nothing.

        Raises :class:`UnreadNeeded` for an item of a list that was not read.
        """
        found = get_path(self.documents[document], path) if document < len(self.documents) else None
        if type(found) is Unread:
            raise UnreadNeeded("a value that nobody read is asked for")
        return None if isinstance(found, Missing) else found


def read_source(
    tree: Tree, path: str, reader: Reader | None = None, text_format: TextFormat | None = None
) -> SourceFile | None:
    """Read a file; ``None`` when it is not there. A ``reader`` parses what files share only once.

    Args:
        text_format: what it is read as; by default what its name says.
    """
    form = text_format or format_named(path)
    try:
        data = tree.read(path)
    except Hidden:
        return SourceFile(path, None, (), False, hidden=True, format=form)
    except UnreadablePath as fault:
        found = problem(
            "LIV001",
            f"{path} cannot be read: {fault}.",
            Place(path),
            fix="Make it readable, or put a regular file in its place.",
        )
        return SourceFile(path, None, (), False, (found,), format=form)
    if data is None:
        return None
    result = form.read(data, reader)
    faults = tuple(_fault(path, fault) for fault in result.faults)
    readable = not any(fault.fatal for fault in result.faults)
    documents = result.documents if readable else ()
    return SourceFile(path, data, documents, readable, faults, result.sections, format=form)


def no_key(kind: Kind, value: Mapping[str, Json]) -> tuple[str, str]:
    """What is wrong with an entry of which nobody can tell the key, and what to do about it."""
    from registry_reconciler.base.suggest import closest

    fields = [selector.text for selector in kind.key]
    text = f"an entry of {kind.name} has no key: {', '.join(fields)} must be there as text or a whole number"
    others = tuple(name for name in value if name not in fields)
    for number, selector in enumerate(kind.key):
        near = None if selector.steps[0] in value else closest(selector.text, others)
        if near is not None:
            key = [*fields[:number], near, *fields[number + 1 :]]
            spelled = near if len(key) == 1 else f"[{', '.join(key)}]"
            schema = f"where all entries have {near}, write key: {spelled} in {kind.schema_path}"
            return f"{text}; it has {near!r}.", f"Write {selector.text} instead of {near}; {schema}."
    return f"{text}.", f"Give the entry its {', '.join(fields)}."


def hidden_among(files: Mapping[str, SourceFile]) -> frozenset[str]:
    """The files that a sparse checkout leaves out."""
    return frozenset(path for path, source in files.items() if source.hidden)


def _fault(path: str, fault: TextFault) -> Problem:
    from registry_reconciler.formats.codes import TITLES

    related: tuple[Related, ...] = ()
    if fault.related_line:
        related = (Related("the other place", Place(path), Location(path, fault.related_line, 1)),)
    return Problem(
        code=fault.code,
        title=TITLES[fault.code],
        severity=Severity.ERROR if fault.fatal else Severity.WARNING,
        message=fault.message,
        place=Place(path),
        location=Location(path, fault.line, fault.column),
        fix=Fix(fault.fix) if fault.fix else None,
        related=related,
        structural=fault.fatal,
        identity_extra=f"{fault.message}@{fault.line}",
    )
