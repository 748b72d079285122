"""What edits ask of the parts of a TOML text, and which statements stand together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.edits import Edit, Insert, Snippet
from registry_reconciler.formats.notes import DRAWN, NO_NOTES, Note, Notes, brought, notes_of, taker
from registry_reconciler.formats.project import project_value
from registry_reconciler.formats.toml.edit.sections import NewPair
from registry_reconciler.formats.toml.read.statements import Statement
from registry_reconciler.formats.toml.read.tree import TomlItem, TomlTree, to_json
from registry_reconciler.model.entry import FieldPath, Json


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers as stretches without a gap."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] >= number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def are_tables(value: Json) -> bool:
    """Whether it is a list of tables."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def index_in(edit: Insert, item: TomlItem) -> int:
    """Before which item something new goes."""
    return len(item.items) if edit.index is None else max(0, min(edit.index, len(item.items)))


def is_simple(where: FieldPath) -> bool:
    """Whether a path leads to an item, or nowhere."""
    return not where or isinstance(where[0], int)


def comments_of(edit: Insert) -> Notes:
    """The comments of what comes."""
    if edit.snippet is None:
        return NO_NOTES
    return {**notes_of(edit.snippet.text), (): Note(edit.snippet.comments)}


def rows_above(text: str, statement: Statement) -> tuple[str, ...]:
    """The comments above a statement."""
    rows = text[statement.lead : statement.line].split("\n")
    return tuple(row.strip(SPACE) for row in rows if row.strip(SPACE))


def indent_of(text: str, position: int) -> str:
    """The indentation of the line of a place."""
    row = text[text.rfind("\n", 0, position) + 1 : position]
    return row[: len(row) - len(row.lstrip(" \t"))]


def with_comments(
    tree: TomlTree, item: TomlItem, value: Json, notes: Notes, newline: str
) -> Iterator[tuple[int, int, str]]:
    """Replacements that put the comments that come with a value above and behind its pair, instead of those there."""
    statement, text = item.pair, tree.text
    if not isinstance(statement, Statement) or statement.value is not item.value:
        return
    note = brought(notes, to_json(item), value)
    there = rows_above(text, statement)
    if note.above and note.above != there:
        indent = text[statement.line : statement.start]
        heads = not statement.lead or any(map(DRAWN.search, there))
        rows = "".join(f"{indent}{row}{newline}" for row in note.above)
        yield (statement.line if heads else statement.lead), statement.line, rows
    behind = text[statement.end : statement.stop].rstrip("\r\n")
    if note.behind and behind.strip(SPACE) != note.behind:
        gap = behind[: len(behind) - len(behind.lstrip(SPACE))] or "  "
        yield statement.end, statement.end + len(behind), gap + note.behind


def taker_of(text: str, statement: Statement, new: Sequence[NewPair]) -> int | None:
    """Which of the parts that come before a statement takes over the comments above it."""
    return taker(rows_above(text, statement), (part.taking() for part in new))


def inserted(edit: Insert, key: str, table: TomlItem) -> NewPair:
    """A part that an edit puts into a table."""
    alone = not table.children
    return NewPair(key, edit.value, edit.snippet, edit.before, under=edit.under, alone=alone)


def created(name: str, edits: list[tuple[FieldPath, Edit]]) -> NewPair:
    """A part that edits make where nothing is: with the text of what is put into it."""
    value = project_value(None, edits)
    counts: dict[FieldPath, int] = {}
    made: set[FieldPath] = set()
    parts: dict[FieldPath, Snippet] = {}
    for where, edit in edits:
        if not isinstance(edit, Insert):
            continue
        made.update(where[:size] for size in range(len(where) + 1))
        step = edit.key if edit.key is not None else counts.setdefault(where, 0)
        counts[where] = counts.get(where, 0) + 1
        if edit.snippet is not None:
            parts[(*where, step)] = edit.snippet
    return NewPair(name, value, None, None, parts, frozenset(made))
