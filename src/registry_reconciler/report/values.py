"""Values and their differences in few words: shared by every report for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.base.mask import MASK
from registry_reconciler.base.text_diff import around
from registry_reconciler.model import entry
from registry_reconciler.model.change import Action, Change, FieldChange
from registry_reconciler.model.entry import MISSING, FieldPath, Json, Missing
from registry_reconciler.model.written import Opaque, dumps

FIELD_SIGNS = {"create": "+", "update": "~", "delete": "-"}

_ALIGN_LIMIT = 400
"""More differing lines than this are shown as old and new: aligning costs the square of their number."""

_LONG_LINE = 120
"""Of two lines longer than this, of which one stands for the other, only what differs is shown."""

_SAID = 24
"""Columns that it takes to say what is left out of a value."""


def columns(text: str) -> int:
    """How many columns of a terminal a visible text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def cut(text: str, width: int) -> str:
    """The start of a text that fits into ``width`` columns, with ``…`` where something was cut."""
    if columns(text) <= width:
        return text
    if text.isascii():
        return text[: max(width - 1, 0)] + "…"
    used = 0
    for index, character in enumerate(text):
        used += columns(character)
        if used > width - 1:
            return text[:index] + "…"
    return text


def cut_value(text: str, width: int) -> str:
    """A value in about ``width`` columns: its start, its end, and how much stands between them."""
    if columns(text) <= width:
        return text
    end = text[-max(width // 4, 1) :]
    start = cut(text, max(width - len(end) - _SAID, 2))[:-1]
    return f"{start} … {len(text) - len(start) - len(end):,} characters … {end}"


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` columns, broken at spaces; a longer word stays whole, to be copied."""
    if columns(text) <= width:
        return [text]
    lines: list[str] = []
    current, used = "", 0
    for word in text.split(" "):
        size = columns(word)
        if current and used + 1 + size > width:
            lines.append(current)
            current, used = word, size
        else:
            current, used = (f"{current} {word}", used + 1 + size) if current else (word, size)
    return [*lines, current]


def show_path(path: FieldPath) -> str:
    """A field path as people write it (``docs[0].path``), harmless; ``(entry)`` for the whole."""
    return visible(entry.show_path(path)) or "(entry)"


def show_value(value: Json) -> str:
    """A value as one line of JSON, unseen characters escaped; a secret as its mask, a node with a tag as its text."""
    if isinstance(value, Missing):
        return "(not there)"
    if value == MASK:
        return MASK
    if type(value) is Opaque:
        return visible(" ".join(value.source.split()))
    return visible(dumps(value))


def shown_fields(change: Change) -> tuple[FieldChange, ...]:
    """The fields that a report lists: those that differ; all of an entry that comes or goes."""
    if change.fields:
        return change.fields
    if change.action is Action.CREATE and change.after is not None:
        return tuple(FieldChange((name,), "create", MISSING, value) for name, value in change.after.items())
    if change.action is Action.DELETE and change.before is not None:
        return tuple(FieldChange((name,), "delete", value, MISSING) for name, value in change.before.items())
    return ()


def names_more(fields: Sequence[FieldChange]) -> str:
    """The names of fields that are not shown, each with what happens to it; those that lose something first."""
    ordered = sorted(fields, key=lambda field: field.action != "delete")
    return ", ".join(f"{FIELD_SIGNS.get(field.action, '~')} {show_path(field.path)}" for field in ordered)


def one_line(field: FieldChange, width: int) -> str | None:
    """``path: before → after`` if it fits into ``width`` columns."""
    name = show_path(field.path)
    if field.action == "update":
        if _is_long(field.before) or _is_long(field.after):
            return None
        line = f"{name}: {show_value(field.before)} → {show_value(field.after)}"
    else:
        value = field.after if field.action == "create" else field.before
        if _is_long(value):
            return None
        line = f"{name}: {show_value(value)}"
    return line if columns(line) <= width else None


def _is_long(value: Json) -> bool:
    return isinstance(value, str) and ("\n" in value.rstrip("\n") or len(value) > 500)


class DiffLine(Struct, frozen=True):
    """A line of a small diff: ``sign`` is ``+``, ``-`` or a space; ``text`` is harmless."""

    sign: str
    text: str


def small_diff(field: FieldChange) -> Iterator[DiffLine]:
    """What differs in a long value, line by line, with one line of context around it."""
    raw = any(isinstance(value, str) and "\n" in value for value in (field.before, field.after))
    old, new = _lines(field.before, raw), _lines(field.after, raw)
    if len(old) == len(new) == 1:
        before, after = around(old[0], new[0])
        yield from (DiffLine("-", before), DiffLine("+", after))
    else:
        yield from _line_diff(old, new)


def lines_more(diff: Iterator[DiffLine]) -> str:
    """How many lines of a diff are left, and how many of them go: ``9 lines more, 4 of them removed``; or ""."""
    rest = gone = 0
    for diff_line in diff:
        rest += 1
        gone += diff_line.sign == "-"
    if not rest:
        return ""
    return f"{rest:,} line{'s' if rest > 1 else ''} more" + (f", {gone:,} of them removed" if gone else "")


def _lines(value: Json, raw: bool) -> list[str]:
    """A value as the lines of a diff: a text as its own lines when ``raw``, everything else as JSON."""
    if isinstance(value, Missing):
        return []
    if isinstance(value, str) and raw and value != MASK:
        lines = [visible(line) for line in value.split("\n")]
        if not lines[-1]:
            return lines[:-1]
        lines[-1] += " (no line end)"
        return lines
    if type(value) is Opaque:
        return [visible(line) for line in value.source.split("\n")]
    if isinstance(value, dict | list) and value:
        return [visible(line) for line in dumps(value, indent=2).split("\n")]
    return [show_value(value)]


def _line_diff(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    if max(len(old), len(new)) > _ALIGN_LIMIT:
        yield from (DiffLine("-", line) for line in old)
        yield from (DiffLine("+", line) for line in new)
        return
    from difflib import SequenceMatcher  # most plans have no long text

    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(1)):
        if number:
            yield DiffLine(" ", "…")
        for tag, low, high, new_low, new_high in group:
            if tag == "equal":
                yield from (DiffLine(" ", line) for line in old[low:high])
                continue
            gone, come = old[low:high], new[new_low:new_high]
            if len(gone) == len(come):
                pairs = [_in_short(left, right) for left, right in zip(gone, come, strict=True)]
                gone, come = [left for left, _ in pairs], [right for _, right in pairs]
            yield from (DiffLine("-", line) for line in gone)
            yield from (DiffLine("+", line) for line in come)


def _in_short(old: str, new: str) -> tuple[str, str]:
    return around(old, new) if min(len(old), len(new)) > _LONG_LINE else (old, new)


def file_from_git(path: str, path_prefix: str) -> str:
    """A path of the workspace as git's root sees it; "" for the workspace as a whole where that is the root."""
    return visible(
        "/".join(step for step in f"{path_prefix}/{path}".split("/") if step not in ("", ".", ".."))
    )
