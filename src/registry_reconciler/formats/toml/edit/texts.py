"""Entries as texts of their own: out of a TOML file, and into one that is not there yet."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.edits import Insert, Snippet, SpliceError
from registry_reconciler.formats.nodes import UncomposableText
from registry_reconciler.formats.notes import Note, with_notes
from registry_reconciler.formats.toml.edit.look import look_of
from registry_reconciler.formats.toml.edit.parts import rows_above, runs
from registry_reconciler.formats.toml.edit.sections import NewPair, Sections
from registry_reconciler.formats.toml.edit.splice import become, splice
from registry_reconciler.formats.toml.edit.words import TomlStyle
from registry_reconciler.formats.toml.read.statements import Statement, Value
from registry_reconciler.formats.toml.read.tree import TomlItem, TomlTree, to_json, tree_of
from registry_reconciler.model.entry import FieldPath, Json

_BOM = "\ufeff"


def new_text(
    value: Json, *, container: FieldPath = (), snippet: Snippet | None = None, like: bytes | None = None
) -> bytes:
    """The text of a new file that says ``value``, or has it at ``container``.

    Raises:
        SpliceError: TOML cannot say it.
    """
    look = _look(like)
    if container:
        step = container[-1]
        key = step if isinstance(step, str) else None
        kind = "list" if key is None else "map"
        edit = Insert(0, container[:-1], value, key=key, snippet=snippet, container_kind=kind)  # type: ignore[arg-type]
        text = splice(b"", [edit], replace(look, newline="\n")).decode()
    else:
        if not isinstance(value, dict):
            raise SpliceError("the whole of a TOML file is a table")
        written = Sections(TomlTree(""), replace(look, newline="\n"), become).root_text(
            NewPair("", value, snippet)
        )
        if snippet is not None and snippet.native is not None and snippet.native[0] == "toml":
            written = "".join(f"{line}\n" for line in snippet.comments) + snippet.native[1] + "\n"
        text = become(written, value)
    return text.replace("\r\n", "\n").replace("\n", look.newline).encode()


def _look(like: bytes | None) -> TomlStyle:
    if like is None:
        return TomlStyle()
    try:
        return look_of(TomlTree(like.decode("utf-8").removeprefix(_BOM)))
    except (UncomposableText, UnicodeDecodeError):
        return TomlStyle()


def extract(data: bytes, places: Sequence[tuple[int, FieldPath]]) -> list[Snippet]:
    """The text of entries with their comments: as YAML, and as the TOML that it is here.

    Raises:
        SpliceError: there is nothing at one of the places.
    """
    text = data.decode("utf-8").removeprefix(_BOM).replace("\r\n", "\n")
    try:
        tree = tree_of(text)
    except UncomposableText as error:
        raise SpliceError(f"the text cannot be read: {error}") from None
    return [_snippet(tree, document, path) for document, path in places]


def _snippet(tree: TomlTree, document: int, path: FieldPath) -> Snippet:
    item = tree.find(path)
    if item is None or document:
        raise SpliceError("there is nothing to take the text of", document, path)
    value = to_json(item)
    notes = _notes(tree, item, ())
    own = notes.pop((), Note())
    native = _native(tree, item) if isinstance(value, dict) else None
    first = tree.statements[0] if item.home == "root" and tree.statements else None
    if first is not None and native is not None and first.lead == 0 < first.line:
        # What a file begins with is said of the whole of it, and not of its first field as well.
        own = Note(rows_above(tree.text, first))
        native = native[first.line :]
        notes = _without(notes, own.above)
    notes[()] = Note(last=own.last)
    text, above = with_notes(value, notes), own.above
    if own.behind and not isinstance(value, dict | list) and "\n" not in text:
        text += f"  {own.behind}"
    elif own.behind:
        above = (*above, own.behind)
    return Snippet(above, text, value, None if native is None else ("toml", native))


def _without(notes: dict[FieldPath, Note], head: tuple[str, ...]) -> dict[FieldPath, Note]:
    """The comments of fields but for those above the first one."""
    at = next((path for path, note in notes.items() if note.above == head), None)
    return notes if at is None else {**notes, at: replace(notes[at], above=())}


def _notes(tree: TomlTree, item: TomlItem, path: FieldPath) -> dict[FieldPath, Note]:
    """The comments of an entry and of its fields, by path."""
    found: dict[FieldPath, Note] = {}
    statement = item.pair
    if isinstance(statement, Statement) and item.home != "root":
        own = item.kind != "items" and (item.header >= 0 or item.parts == len(statement.keys))
        first = not path and item.numbers and tree.statements[item.numbers[0]] is statement
        if own or first:
            found[path] = _note(tree, statement)
    if item.value is None:
        for step, child in item.parts_in():
            found.update(_notes(tree, child, (*path, step)))
    else:
        _notes_inside(tree.text, item.value, path, found)
    return {where: note for where, note in found.items() if note}


def _note(tree: TomlTree, statement: Statement) -> Note:
    behind = tree.text[statement.end : statement.stop].strip(SPACE)
    return Note(rows_above(tree.text, statement), behind)


def _notes_inside(text: str, value: Value, path: FieldPath, found: dict[FieldPath, Note]) -> None:
    """The comments between the parts of an array or of a table in braces."""
    parts: list[tuple[FieldPath, int, Value]] = [
        ((*path, number), item.start, item) for number, item in enumerate(value.items)
    ]
    parts += [((*path, *(key.name for key in pair.keys)), pair.start, pair.value) for pair in value.pairs]
    before, position = path, value.start + 1
    for where, start, part in parts:
        behind, above = _between(text[position:start])
        _add(found, before, Note(behind=behind))
        _add(found, where, Note(above))
        _notes_inside(text, part, where, found)
        before, position = where, part.end
    if parts:
        behind, rest = _between(text[position : value.end - 1])
        _add(found, before, Note(behind=behind))
        _add(found, path, Note(last=rest))


def _between(gap: str) -> tuple[str, tuple[str, ...]]:
    """The comment on the line that a gap begins on, and those directly above what follows."""
    first, *rows = gap.split("\n")
    above: list[str] = []
    for row in rows:
        comment = row.strip(SPACE).lstrip(",").strip(SPACE)
        if comment.startswith("#"):
            above.append(comment)
        elif not row.strip(SPACE) and row is not rows[-1]:
            above.clear()
    return first.strip(" \t,") if "#" in first else "", tuple(above)


def _add(found: dict[FieldPath, Note], path: FieldPath, note: Note) -> None:
    own = found.get(path, Note())
    behind = " ".join(filter(None, (own.behind, note.behind)))
    found[path] = Note((*own.above, *note.above), behind, (*own.last, *note.last))


def _native(tree: TomlTree, item: TomlItem) -> str | None:
    """A table's text below its header, with the headers in it as if it were a file of its own."""
    if item.home == "root":
        return tree.text.removesuffix("\n")
    if item.home != "header" or item.header < 0:
        return None
    depth = len(tree.statements[item.header].keys)
    parts: list[str] = []
    for first, last in runs([number for number in item.numbers if number != item.header]):
        begin = tree.statements[first].lead
        if first == item.header + 1:
            begin = tree.statements[item.header].stop
        if parts and not parts[-1].endswith("\n"):
            parts.append("\n")
        at = begin
        for number in range(first, last + 1):
            statement = tree.statements[number]
            if statement.kind == "pair":
                if tree.section[number] < item.header or len(statement.keys) == 0:
                    return None
                continue
            if len(statement.keys) <= depth:
                return None
            parts.append(tree.text[at : statement.keys[0].start])
            at = statement.keys[depth].start
        parts.append(tree.text[at : tree.statements[last].stop])
    return "".join(parts).removesuffix("\n")
