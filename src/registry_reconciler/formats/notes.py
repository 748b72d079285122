"""Comments by the field that they stand at, to go from a text of one format to one of another.

Every format writes comments in a way of its own, and says here which belong to which part of an entry. A fragment is
YAML: :func:`with_notes` writes a value with them, and :func:`notes_of` reads them there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.edits import Snippet
from registry_reconciler.formats.nodes import Member, Node, UncomposableText, key_of
from registry_reconciler.model.entry import FieldPath, Json, same

DRAWN = re.compile(r"#.*?([-=*~_#+])\1{2}")
"""A line of signs, as people draw around headings."""


class Note(Struct, frozen=True):
    """The comments of one part, each beginning with ``#``.

    Attributes:
        above: the lines directly above it.
        behind: what stands behind it on its line; of what has parts on lines of their own, behind its key.
        last: of what has parts: the lines below the last one.
    """

    above: tuple[str, ...] = ()
    behind: str = ""
    last: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.above or self.behind or self.last)


Notes = Mapping[FieldPath, Note]
"""The comments of an entry, by the paths of its parts; its own are at ``()``."""


NO_NOTES: Notes = {}


def below(notes: Notes, step: str | int) -> Notes:
    """The comments of one part."""
    return {path[1:]: note for path, note in notes.items() if path and path[0] == step}


def above(notes: Notes, *path: str | int) -> tuple[str, ...]:
    """The comments above the whole, or above one part."""
    return notes.get(path, Note()).above


def without_above(snippet: Snippet | None, notes: Notes) -> tuple[Snippet | None, Notes]:
    """A new part's source and comments without those above it."""
    own = notes.get((), Note())
    return (
        None
        if snippet is None
        else replace(snippet, comments=snippet.comments[-1:] if snippet.behind else ()),
        {**notes, (): replace(own, above=())},
    )


def taker(rows: Sequence[str], coming: Iterable[Sequence[str] | None]) -> int | None:
    """Which of the parts that come before another one takes over the comments above that.

    Args:
        rows: the comments above the one that is there.
        coming: of each new part the comments above it; ``None`` for one that must not take any.
    """
    if not rows:
        return None
    own = tuple(rows)
    return next((at for at, new in enumerate(coming) if new is not None and tuple(new) == own), None)


def brought(notes: Notes, old: Json, new: Json) -> Note:
    """The comments above and behind a part that come with another value; none where it stays a list or mapping."""
    stays = any(isinstance(old, kind) and isinstance(new, kind) for kind in (dict, list))
    return Note() if stays else notes.get((), Note())


def around(notes: Notes, value: Json) -> tuple[tuple[str, ...], str]:
    """What stands above and behind a new part; what is inside of a mapping in one piece has no place there."""
    own = notes.get((), Note())
    if not isinstance(value, dict):
        return own.above, own.behind
    inner = {path: note for path, note in notes.items() if path}
    return (*own.above, *all_rows(inner), *own.last), own.behind


def all_rows(notes: Notes) -> tuple[str, ...]:
    """All comments in the order in which they come, for what has no room for them inside."""
    return tuple(row for note in notes.values() for row in (*note.above, note.behind, *note.last) if row)


# ---------------------------------------------------------------- from YAML


def notes_of(text: str) -> dict[FieldPath, Note]:
    """All comments of a YAML text that belong to a part of it, but for those inside of brackets."""
    if "#" not in text:
        return {}
    from registry_reconciler.formats.yaml.read.nodes import compose

    try:
        documents = compose(text)
    except UncomposableText:
        return {}
    found: dict[FieldPath, Note] = {}
    waiting: list[tuple[Node, FieldPath]] = [(documents[0].root, ())] if documents else []
    while waiting:
        node, path = waiting.pop()
        if node.entries and not node.flow:
            last = _last(text, node)
            if last:
                own = found.get(path, Note())
                found[path] = Note(own.above, own.behind, last)
        for number, entry in enumerate(node.entries):
            step = number if node.kind == "seq" else key_of(entry)
            if step is None or node.flow:
                continue
            here: FieldPath = (*path, step)
            note = Note(_above(text, entry.start), _behind(text, entry))
            if note:
                found[here] = note
            waiting.append((entry.value, here))
    return found


def _above(text: str, start: int) -> tuple[str, ...]:
    line = text.rfind("\n", 0, start) + 1
    column = start - line
    if text[line:start].strip(SPACE):
        return ()
    rows: list[str] = []
    while line > 0:
        begin = text.rfind("\n", 0, line - 1) + 1
        row = text[begin : line - 1]
        if not row.lstrip(SPACE).startswith("#") or len(row) - len(row.lstrip(SPACE)) != column:
            break
        rows.insert(0, row.strip(SPACE))
        line = begin
    return tuple(rows)


def _last(text: str, node: Node) -> tuple[str, ...]:
    """The comment lines directly below the last part of a block, in its column."""
    start = node.entries[-1].start
    column = start - (text.rfind("\n", 0, start) + 1)
    rows: list[str] = []
    at = text.find("\n", node.end)
    while at >= 0:
        stop = text.find("\n", at + 1)
        row = text[at + 1 : stop if stop >= 0 else len(text)]
        if not row.lstrip(SPACE).startswith("#") or len(row) - len(row.lstrip(SPACE)) != column:
            break
        rows.append(row.strip(SPACE))
        at = stop
    return tuple(rows)


def _behind(text: str, entry: Member) -> str:
    """The comment on the line of a scalar, or on that of the key of what has parts or lines."""
    value = entry.value
    if value.entries and not value.flow:
        at = entry.mark_end
        if "\n" not in text[at : value.body]:
            return ""
    elif value.style in ("|", ">"):
        at = value.body
        while text[at : at + 1] not in ("", " ", "\t", "\n", "\r"):
            at += 1
    else:
        at = entry.end
    stop = text.find("\n", at)
    rest = text[at : stop if stop >= 0 else len(text)]
    return rest.strip(SPACE) if rest.lstrip(SPACE).startswith("#") and rest[:1] in (" ", "\t") else ""


# ---------------------------------------------------------------- to YAML

_INDENT = re.compile(r"[ ]*")


def with_notes(value: Json, notes: Notes) -> str:
    """A value as a person would write it in a fragment, with the comments of its parts."""
    from registry_reconciler.formats.yaml.edit.emit import dump
    from registry_reconciler.formats.yaml.read.document import value_of
    from registry_reconciler.formats.yaml.read.nodes import compose

    plain = dump(value).removesuffix("\n")
    if not any(notes.values()):
        return plain
    text = plain + "\n"
    puts: list[tuple[int, int, str]] = []
    waiting: list[tuple[Node, FieldPath]] = [(compose(text)[0].root, ())]
    while waiting:
        node, path = waiting.pop()
        if node.entries and not node.flow and path in notes:
            puts += _put_last(text, node, notes[path])
        for number, entry in enumerate(node.entries):
            step = number if node.kind == "seq" else key_of(entry)
            here: FieldPath = (*path, number if step is None else step)
            if here in notes:
                puts += _put(text, entry, notes[here])
            waiting.append((entry.value, here))
    for at, _, put in sorted(puts, key=lambda put: put[:2], reverse=True):
        text = text[:at] + put + text[at:]
    written = text.removesuffix("\n")
    try:
        return written if same(value_of(text.encode()), value) else plain
    except ValueError:
        return plain


def _put_last(text: str, node: Node, note: Note) -> list[tuple[int, int, str]]:
    start = node.entries[-1].start
    indent = " " * (start - (text.rfind("\n", 0, start) + 1))
    end = text.find("\n", node.end) + 1
    # Of several that end on one line the inner one comes first.
    return [(end, -start, "".join(f"{indent}{row}\n" for row in note.last))] if note.last else []


def _put(text: str, entry: Member, note: Note) -> list[tuple[int, int, str]]:
    """The comments above a part go above its line, the one behind it to the end of its line or its key's."""
    line = text.rfind("\n", 0, entry.start) + 1
    found = _INDENT.match(text, line)
    indent = found.group() if found else ""
    above, value = note.above, entry.value
    puts: list[tuple[int, int, str]] = []
    if note.behind:
        end = text.find("\n", max(entry.mark_end, entry.start))
        if value.entries and not value.flow and text[entry.mark_end : value.body].find("\n") < 0:
            above = (*above, note.behind)
        elif end >= entry.end or value.entries or value.style in ("|", ">"):
            puts.append((end, 1, f"  {note.behind}"))
        else:
            above = (*above, note.behind)
    if above:
        puts.append((line, entry.start, "".join(f"{indent}{row}\n" for row in above)))
    return puts
