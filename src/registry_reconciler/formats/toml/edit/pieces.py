"""Values in one piece, edited: an array or an inline table keeps the text of every part that stays.

The text of a collection is cut into chunks, one a part: what stands before it, the part, what stands behind it on its
line. Chunks are taken out and put in, and the commas are set anew between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from msgspec import Struct

from registry_reconciler.base.sequences import first_behind
from registry_reconciler.formats.align import align
from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.notes import NO_NOTES, Notes, above, around, below, taker
from registry_reconciler.formats.toml.edit.spell import Speller
from registry_reconciler.formats.toml.edit.words import WIDTH
from registry_reconciler.formats.toml.read.statements import Pair, Value
from registry_reconciler.formats.toml.read.tree import TomlItem, item_of, to_json
from registry_reconciler.model.entry import Json, same

_TAIL = re.compile(r"[ \t]*(?:#[^\n]*|\r)?\n")


class _TomlPiece(Struct):
    """One part.

    Attributes:
        free: lines above that belong to nobody.
        lead: its own comments above, and its indentation.
        under: what follows it in its source has no comments above it; the same ones here are its own now.
        behind: what stands between it and its comma.
        tail: the rest of its line.
    """

    free: str
    lead: str
    text: str
    behind: str
    tail: str
    is_new: bool = False
    under: bool = False


class _Cut(Struct):
    """A collection: its brackets with what stands beside them, and its chunks."""

    opening: str
    chunks: list[_TomlPiece]
    closing: str
    comma: bool
    spread: bool


def respelled(
    speller: Speller,
    item: TomlItem,
    value: Json,
    indent: str = "",
    model: Value | None = None,
    notes: Notes = NO_NOTES,
) -> str:
    """The text of a value in one piece after it became equal to ``value``; ``notes`` are comments of new parts."""
    own = item.value
    assert own is not None
    if same(to_json(item), value):
        return speller.text[own.start : own.end]
    if own.kind == "array" and isinstance(value, list):
        found = align(to_json(item), value)
        behind = first_behind(range(len(value)), {new for old, new in found if old is not None})
        steps: list[Step] = []
        for old, new in found:
            under = new in behind and not above(notes, behind[new])
            steps.append((old, value[new], below(notes, new), under))
        return respelled_array(speller, item, steps, indent)
    if own.kind == "inline" and isinstance(value, dict):
        return _respelled_inline(speller, own, value, indent)
    if isinstance(value, str) and own.kind in ("string", "date", "float"):
        model = own
    return speller.value(value, model, indent, notes=notes)


Step = tuple[int | None, Json, Notes, bool]
"""An item of a new array: the old one that it continues, its value, the comments of a new one, and whether what follows
that has none above it."""


def respelled_array(speller: Speller, item: TomlItem, steps: Sequence[Step], indent: str = "") -> str:
    """The text of an array that has other items now."""
    own = item.value
    assert own is not None
    if not own.items:
        return _filled(speller, own, steps, indent)
    cut = _cut(speller.text, own.start, own.end, [(item.start, item.end) for item in own.items])
    inner = speller.inner_indent(own, indent)
    chunks: list[_TomlPiece] = []
    gone = set(range(len(own.items))) - {old for old, _, _, _ in steps if old is not None}
    free = ""
    at = 0
    for old, value, notes, under in steps:
        if old is None:
            models = own.items
            near = next((model for model in models if model.kind == _kind_of(value)), None)
            if not cut.spread:
                chunks.append(_TomlPiece("", " ", speller.value(value, near, indent), "", "", True))
                continue
            text = speller.value(value, near, inner, notes=notes)
            rows, behind = around(notes, value)
            lead = "".join(f"{inner}{line}{speller.look.newline}" for line in rows) + inner
            tail = f"  {behind}{speller.look.newline}" if behind else speller.look.newline
            chunks.append(_TomlPiece("", lead, text, "", tail, True, bool(rows) and under))
            continue
        for number in range(at, old):
            if number in gone:
                free += cut.chunks[number].free
        at = old + 1
        chunk = cut.chunks[old]
        chunk.free, free = free + chunk.free, ""
        if not same(to_json(item.items[old]), value):
            inside = inner if cut.spread else indent
            chunk.text = respelled(speller, item.items[old], value, inside, notes=notes)
        _take_over(chunks, chunk, inner)
        chunks.append(chunk)
    for number in range(at, len(own.items)):
        free += cut.chunks[number].free
    joined = _joined(cut, chunks, free, speller.look.newline, comma=cut.comma)
    return _outgrown(speller, own, chunks, joined, indent) or joined


def _outgrown(
    speller: Speller, own: Value, chunks: Sequence[_TomlPiece], line: str, indent: str
) -> str | None:
    """A list of plain values that was on one line, and is too long for it with what comes, as a new one would be."""
    old = speller.text[own.start : own.end]
    head = speller.text[speller.text.rfind("\n", 0, own.start) + 1 : own.start]
    alone = not (speller.one_line or "\n" in line or "{" in head or "[" in head)
    plain = all(chunk.text[:1] not in ("{", "[") for chunk in chunks)
    grows = any(chunk.is_new for chunk in chunks) and len(old) <= WIDTH < len(line) - speller.look.wider
    if not (alone and plain and grows) or "#" in old:
        return None
    inner, newline = indent + speller.look.step, speller.look.newline
    rows = f",{newline}{inner}".join(chunk.text for chunk in chunks)
    return f"[{newline}{inner}{rows}{',' if speller.look.trailing else ''}{newline}{indent}]"


def _take_over(chunks: list[_TomlPiece], chunk: _TomlPiece, indent: str) -> None:
    """Let the first new part before another one that has the same comments above it have them alone."""
    news = [*takewhile(lambda new: new.is_new, reversed(chunks))][::-1]
    at = taker(_rows_of(chunk), (_rows_of(new) if new.under else None for new in news))
    if at is not None:
        news[at].free, news[at].lead = chunk.free, chunk.lead
        chunk.free, chunk.lead = "", indent


def _rows_of(chunk: _TomlPiece) -> list[str]:
    return [row.strip(SPACE) for row in chunk.lead.split("\n") if row.strip(SPACE)]


def _kind_of(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = ((str, "string"), (int, "integer"), (float, "float"), (list, "array"), (dict, "inline"))
    return next((name for form, name in kinds if isinstance(value, form)), "")


def _filled(speller: Speller, own: Value, steps: Sequence[Step], indent: str) -> str:
    """An empty array gets items; comments inside it stay."""
    notes = {(at, *path): note for at, step in enumerate(steps) for path, note in step[2].items()}
    text = speller.value([value for _, value, _, _ in steps], None, indent, notes=notes)
    inside = speller.text[own.start + 1 : own.end - 1]
    if not inside.strip(SPACE) or not steps:
        return text if steps else speller.text[own.start : own.end]
    inner, newline = indent + speller.look.step, speller.look.newline
    rows = "".join(f"{inner}{speller.value(value, None, inner)},{newline}" for _, value, _, _ in steps)
    head = inside.rstrip(" \t")
    return f"[{head}{'' if head.endswith(chr(10)) else newline}{rows}{indent}]"


def _respelled_inline(speller: Speller, own: Value, value: dict[str, Json], indent: str) -> str:
    """The text of an inline table that has other pairs now; new ones come last, as their order means nothing."""
    if not own.pairs or not value:
        return speller.value(value, own if own.pairs else None, indent)
    cut = _cut(speller.text, own.start, own.end, [(pair.start, pair.end) for pair in own.pairs])
    texts: dict[int, str | None] = {}
    new: list[str] = []
    _pairs(
        _Pairs(speller.on_one_line(), own.pairs, indent, texts, new), list(range(len(own.pairs))), 0, value
    )
    chunks: list[_TomlPiece] = []
    free = ""
    for number, chunk in enumerate(cut.chunks):
        text = texts[number]
        if text is None:
            free += chunk.free
            continue
        chunk.text, chunk.free, free = text, free + chunk.free, ""
        chunks.append(chunk)
    chunks += [_TomlPiece("", " ", text, "", "", True) for text in new]
    return _joined(cut, chunks, free, speller.look.newline, comma=False)


class _Pairs(Struct):
    """The pairs of an inline table while they are written: what becomes of each (``None``: it goes), and new ones."""

    speller: Speller
    pairs: list[Pair]
    indent: str
    texts: dict[int, str | None]
    new: list[str]

    def written(self, value: Json, item: TomlItem | None = None, model: Value | None = None) -> str:
        """A value on one line, but for what stood on several."""
        if item is not None:
            return respelled(self.speller, item, value, self.indent)
        return self.speller.value(value, model, self.indent, room=10**9)


def _pairs(work: _Pairs, numbers: list[int], depth: int, value: dict[str, Json]) -> None:
    """Some pairs whose keys agree up to a depth; keys with dots are pairs of the tables that they name."""
    text = work.speller.text
    groups: dict[str, list[int]] = {}
    for number in numbers:
        groups.setdefault(work.pairs[number].keys[depth].name, []).append(number)
    kinds = {work.pairs[number].value.kind: work.pairs[number].value for number in numbers}
    first = work.pairs[numbers[0]]
    equals = text[first.keys[-1].end : first.value.start]
    for name, group in groups.items():
        work.texts.update(dict.fromkeys(group))
        if name not in value:
            continue
        pair, part = work.pairs[group[0]], value[name]
        if len(group) == 1 and len(pair.keys) == depth + 1:
            there = item_of(pair.value)
            work.texts[group[0]] = text[pair.start : pair.value.start] + work.written(part, there)
        elif isinstance(part, dict) and part:
            _pairs(work, group, depth + 1, part)
        else:
            head = text[pair.start : pair.keys[depth].end]
            work.texts[group[0]] = f"{head}{equals}{work.written(part)}"
    prefix = text[first.start : first.keys[depth - 1].end] + "." if depth else ""
    for name, part in value.items():
        if name not in groups:
            written = work.written(part, None, kinds.get(_kind_of(part)))
            work.new.append(f"{prefix}{work.speller.key(name)}{equals}{written}")


def _cut(text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> _Cut:
    """A collection that has parts, as chunks."""
    opening = text[start : start + 1]
    head, rest = _split_tail(text[start + 1 : spans[0][0]])
    opening += head
    chunks: list[_TomlPiece] = []
    comma = False
    spread = "\n" in opening
    for number, (begin, stop) in enumerate(spans):
        free, lead = _split_lead(rest)
        last = number + 1 == len(spans)
        following = text[stop : end - 1 if last else spans[number + 1][0]]
        at = _comma(following)
        comma = at >= 0
        behind = following[:at] if comma else ""
        tail, rest = _split_tail(following[at + 1 :] if comma else following)
        if "\n" not in tail and not last:
            tail, rest = "", tail + rest
        chunks.append(_TomlPiece(free, lead, text[begin:stop], behind, tail))
    return _Cut(opening, chunks, rest + text[end - 1 : end], comma, spread)


def _comma(text: str) -> int:
    """Where the comma is in what follows a part; comments may have commas of their own."""
    at = 0
    while at < len(text):
        if text[at] == ",":
            return at
        if text[at] == "#":
            at = text.find("\n", at)
            if at < 0:
                return -1
        at += 1
    return -1


def _split_tail(text: str) -> tuple[str, str]:
    """The rest of a line, with its end, and what is below it; nothing where the line goes on."""
    match = _TAIL.match(text)
    if match is None:
        return "", text
    return match.group(), text[match.end() :]


def _split_lead(text: str) -> tuple[str, str]:
    """Lines above a part that belong to nobody, and those that are its own (comments, without a blank line between)."""
    rows = text.split("\n")
    column = len(rows[-1])
    start = len(rows) - 1
    while (
        start > 0
        and rows[start - 1].strip(SPACE).startswith("#")
        and (len(rows[start - 1]) - len(rows[start - 1].lstrip(SPACE)) == column)
    ):
        start -= 1
    free = "".join(f"{row}\n" for row in rows[:start])
    return free, "\n".join(rows[start:])


def _joined(cut: _Cut, chunks: list[_TomlPiece], free: str, newline: str, *, comma: bool) -> str:
    """The chunks with commas between them."""
    opening = cut.opening
    if not chunks:
        inside = opening[1:] + free + cut.closing[:-1]
        keep = "#" in inside
        return opening[0] + (inside if keep else "") + cut.closing[-1]
    first = cut.chunks[0]
    lead = first.lead if "\n" not in first.lead and not cut.spread else None
    later = next((chunk.lead for chunk in cut.chunks[1:] if "\n" not in chunk.lead), " ")
    result = opening
    for number, chunk in enumerate(chunks):
        last = number + 1 == len(chunks)
        own = chunk.lead
        if lead is not None and "\n" not in chunk.lead and not chunk.free:
            own = lead if number == 0 else (chunk.lead if chunk is not first and not chunk.is_new else later)
        elif (
            cut.spread
            and number
            and not result.endswith("\n")
            and (chunk.is_new or chunk.tail.endswith("\n"))
        ):
            result += newline
        tail = chunk.tail
        result += chunk.free + own + chunk.text + chunk.behind
        if not last or comma:
            result += ","
        result += tail
    old_tail = cut.chunks[-1].tail
    if cut.spread and chunks[-1].is_new and not old_tail.endswith("\n") and result.endswith("\n"):
        result = result.removesuffix(newline)
    return result + free + cut.closing
