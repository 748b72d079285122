"""Reading one YAML file of a workspace: bytes to documents, every fault as a problem with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.files.tree import Tree
from registry_reconciler.files.unreadable import Hidden, Unreadable
from registry_reconciler.model.entry import Json, Location, Place
from registry_reconciler.model.problem import Fix, Problem, Related, Severity
from registry_reconciler.model.structural import problem

if TYPE_CHECKING:
    from registry_reconciler.formats.yaml.read.chunks import Section
    from registry_reconciler.formats.yaml.read.document import YamlFault
    from registry_reconciler.formats.yaml.read.reader import ChunkReader


class SourceFile(Struct, frozen=True):
    """A YAML file as it was read.

    Attributes:
        data: its bytes; ``None`` where it cannot be read at all.
        documents: its values; empty where ``readable`` is false.
        hidden: a sparse checkout leaves it out; that is said once for all such files.
        sections: where the items of its long lists stand, if a reader has proven that.
    """

    path: str
    data: bytes | None
    documents: tuple[Json, ...]
    readable: bool
    problems: tuple[Problem, ...] = ()
    sections: tuple[Section, ...] = ()
    hidden: bool = False


def read_source(tree: Tree, path: str, reader: ChunkReader | None = None) -> SourceFile | None:
    """Read a YAML file; ``None`` when it is not there. A ``reader`` parses what files share only once."""
    from registry_reconciler.formats.yaml.read.document import read_yaml

    try:
        data = tree.read(path)
    except Hidden:
        return SourceFile(path, None, (), False, hidden=True)
    except Unreadable as fault:
        found = problem(
            "LIV001",
            f"{path} cannot be read: {fault}.",
            Place(path),
            fix="Put a readable regular file there, or remove it.",
        )
        return SourceFile(path, None, (), False, (found,))
    if data is None:
        return None
    result = reader.read(data) if reader else read_yaml(data)
    faults = tuple(_fault(path, fault) for fault in result.faults)
    readable = not any(fault.fatal for fault in result.faults)
    return SourceFile(path, data, result.documents if readable else (), readable, faults, result.sections)


def hidden_among(files: Mapping[str, SourceFile]) -> frozenset[str]:
    """The files that a sparse checkout leaves out."""
    return frozenset(path for path, source in files.items() if source.hidden)


def _fault(path: str, fault: YamlFault) -> Problem:
    from registry_reconciler.formats.yaml.read.codes import TITLES

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
