"""Entries as texts of their own: out of a TOML file, and into one that is not there yet."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from registry_reconciler.formats.edits import Insert, Snippet, SpliceError
from registry_reconciler.formats.nodes import Node, Unreadable, key_of
from registry_reconciler.formats.toml.edit.blocks import runs
from registry_reconciler.formats.toml.edit.look import look_of
from registry_reconciler.formats.toml.edit.notes import Note
from registry_reconciler.formats.toml.edit.sections import New, Sections
from registry_reconciler.formats.toml.edit.spell import Look
from registry_reconciler.formats.toml.edit.splice import become, splice
from registry_reconciler.formats.toml.read.statements import Statement
from registry_reconciler.formats.toml.read.tree import Item, Tree, to_json
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
        text = splice(b"", [edit]).decode()
    else:
        if not isinstance(value, dict):
            raise SpliceError("the whole of a TOML file is a table")
        written = Sections(Tree(""), replace(look, newline="\n"), become).root_text(New("", value, snippet))
        if snippet is not None and snippet.native is not None and snippet.native[0] == "toml":
            written = "".join(f"{line}\n" for line in snippet.comments) + snippet.native[1] + "\n"
        text = become(written, value)
    return text.replace("\r\n", "\n").replace("\n", look.newline).encode()


def _look(like: bytes | None) -> Look:
    if like is None:
        return Look()
    try:
        return look_of(Tree(like.decode("utf-8").removeprefix(_BOM)))
    except (Unreadable, UnicodeDecodeError):
        return Look()


def extract(data: bytes, places: Sequence[tuple[int, FieldPath]]) -> list[Snippet]:
    """The text of entries with their comments: as YAML, and as the TOML that it is here.

    Raises:
        SpliceError: there is nothing at one of the places.
    """
    text = data.decode("utf-8").removeprefix(_BOM).replace("\r\n", "\n")
    try:
        tree = Tree(text)
    except Unreadable as error:
        raise SpliceError(f"the text cannot be read: {error}") from None
    return [_snippet(tree, document, path) for document, path in places]


def _snippet(tree: Tree, document: int, path: FieldPath) -> Snippet:
    item = tree.find(path)
    if item is None or document:
        raise SpliceError("there is nothing to take the text of", document, path)
    value = to_json(item)
    notes = _notes(tree, item, ())
    own = notes.pop((), Note())
    native = _native(tree, item) if isinstance(value, dict) else None
    text = _as_yaml(value, notes)
    if own.behind and not isinstance(value, dict | list) and "\n" not in text:
        text += f"  {own.behind}"
    return Snippet(own.above, text, value, None if native is None else ("toml", native))


def _notes(tree: Tree, item: Item, path: FieldPath) -> dict[FieldPath, Note]:
    """The comments of an entry and of its fields, by path."""
    found: dict[FieldPath, Note] = {}
    statement = item.pair
    if isinstance(statement, Statement) and item.home != "root":
        own = item.kind != "items" and (item.header >= 0 or item.parts == len(statement.keys))
        first = not path and item.said and tree.statements[item.said[0]] is statement
        if own or first:
            note = _note(tree, statement)
            if note.above or note.behind:
                found[path] = note
    if item.value is None:
        for step, child in item.parts_in():
            found.update(_notes(tree, child, (*path, step)))
    return found


def _note(tree: Tree, statement: Statement) -> Note:
    rows = tree.text[statement.lead : statement.line].split("\n")
    behind = tree.text[statement.end : statement.stop].strip()
    return Note(tuple(row.strip() for row in rows if row.strip()), behind)


def _as_yaml(value: Json, notes: dict[FieldPath, Note]) -> str:
    """A value as a person would write it in a fragment, with the comments of its fields."""
    from registry_reconciler.formats.yaml.edit.emit import dump
    from registry_reconciler.formats.yaml.read.nodes import compose

    text = dump(value).removesuffix("\n")
    if not notes:
        return text
    puts: list[tuple[int, str]] = []
    waiting: list[tuple[Node, FieldPath]] = [(compose(text + "\n")[0].root, ())]
    while waiting:
        node, path = waiting.pop()
        for number, entry in enumerate(node.entries):
            step = number if node.kind == "seq" else key_of(entry)
            here: FieldPath = (*path, number if step is None else step)
            note = notes.get(here)
            line = text.rfind("\n", 0, entry.start) + 1
            if note is not None and not text[line : entry.start].strip():
                indent = text[line : entry.start]
                puts += [(line, "".join(f"{indent}{row}\n" for row in note.above))]
                end = text.find("\n", entry.mark_end)
                single = not entry.value.entries and entry.value.style not in ("|", ">")
                if note.behind and single and (end < 0 or end >= entry.end):
                    puts.append((end if end >= 0 else len(text), f"  {note.behind}"))
            waiting.append((entry.value, here))
    for at, put in sorted(puts, reverse=True):
        text = text[:at] + put + text[at:]
    return text


def _native(tree: Tree, item: Item) -> str | None:
    """A table's text below its header, with the headers in it as if it were a file of its own."""
    if item.home == "root":
        return tree.text.removesuffix("\n")
    if item.home != "header" or item.header < 0:
        return None
    depth = len(tree.statements[item.header].keys)
    parts: list[str] = []
    for first, last in runs([number for number in item.said if number != item.header]):
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
