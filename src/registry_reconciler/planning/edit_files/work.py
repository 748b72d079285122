"""What is known while the files of a plan are written: the files, the texts that go along, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from registry_reconciler.files.tree import Recorder
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.change import Change
from registry_reconciler.model.entry import FieldPath, Json, LiveEntry, Place
from registry_reconciler.model.kind import Kind, Step
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.edit_files.current_files import CurrentFiles
from registry_reconciler.planning.placement import carried_by

if TYPE_CHECKING:
    from registry_reconciler.formats.base import Reader
    from registry_reconciler.formats.edits import DocumentEdit, Edit, Snippet, Update


class FilePlan(Struct):
    """Edits of one file in one round.

    Attributes:
        ranks: by the id of an insertion: which of several new entries at one place comes first.
    """

    edits: list[tuple[Change, Edit]] = field(default_factory=list)
    documents: list[tuple[Change, DocumentEdit]] = field(default_factory=list)
    ranks: dict[int, tuple[object, ...]] = field(default_factory=dict)
    creates: list[tuple[Change, FieldPath, Json, Snippet | None]] = field(default_factory=list)


NO_TEXTS: Mapping[str, str] = {}


class CarriedTexts(Struct):
    """The texts that go along with entries.

    Attributes:
        fragments: where the comments of new entries come along from.
        text_goes: addresses whose files may go with text that stands below the entry.
        typed: the texts of entries without a fragment that a person typed.
        snippets: by place, what a fragment says of an entry that is written.
        node_snippets: the same of the one field that is all the text of an entry in a registry.
        whole_files: by address an entry that gets another file in this round, with the file that it has.
        cleared: the tree without those files.
    """

    fragments: Mapping[str, SourceFile]
    text_goes: frozenset[str]
    typed: Mapping[str, str]
    snippets: dict[Place, Snippet] = field(default_factory=dict)
    node_snippets: dict[Place, Snippet] = field(default_factory=dict)
    whole_files: dict[str, tuple[LiveEntry, SourceFile]] = field(default_factory=dict)
    cleared: Recorder | None = None


class WriteResult(Struct):
    """What came of the changes.

    Attributes:
        files: by address the file that the entry stands in.
        together: addresses of changes that were refused because of one another.
        undone_beside: by file the shared values beside its entries that get back what they were.
    """

    files: dict[str, str] = field(default_factory=dict)
    failed: dict[str, Problem] = field(default_factory=dict)
    warnings: dict[str, Problem] = field(default_factory=dict)
    together: set[str] = field(default_factory=set)
    undone_beside: dict[str, list[Update]] = field(default_factory=dict)

    def fail(self, change: Change, code: str, message: str, place: Place, fix: str, **more: Json) -> None:
        """Refuse a change."""
        self.failed[change.address] = problem(
            code, f"{change.address}: {message}", place, address=change.address, fix=fix, **more
        )


class EditRun(Struct):
    """One run of the stage.

    Attributes:
        leaving: kind and address of entries that may go to another place.
        postponed: changes that wait until those have left.
        carried_along: by kind and address of an entry inside one that moved, the file and the address that it has now.
        origins: by kind and address, the address before the plan of an entry that was carried along.
        new_files: in this round, by path without case.
    """

    now: CurrentFiles
    texts: CarriedTexts
    outer: Mapping[str, Sequence[tuple[Kind, Sequence[Step]]]]
    reader: Reader | None = None
    result: WriteResult = field(default_factory=WriteResult)
    leaving: set[tuple[str, str]] = field(default_factory=set)
    postponed: list[Change] = field(default_factory=list)
    carried_along: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    origins: dict[tuple[str, str], str] = field(default_factory=dict)
    carried_fields: dict[str, frozenset[str]] = field(default_factory=dict)
    new_files: dict[str, list[str]] = field(default_factory=dict)

    def current(self, change: Change) -> LiveEntry | None:
        """The entry as it stands at this moment (an earlier round may have shifted it)."""
        if change.live is None:
            return None
        old = change.from_address or change.address
        file, address = self.carried_along.get((change.kind, old), (change.live.file, old))
        return self.now.entry_at(file, change.kind, address)

    def carried_by(self, kind: Kind) -> frozenset[str]:
        """Which placeholders the text of a new entry of a kind says, as the others did when the round began."""
        if kind.name not in self.carried_fields:
            self.carried_fields[kind.name] = carried_by(kind, self.now.of(kind.name))
        return self.carried_fields[kind.name]
