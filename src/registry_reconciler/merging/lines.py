"""Three sides of a text, line by line: what only one of them changed is taken, the rest is for the caller. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from registry_reconciler.base.first_few import first_few
from registry_reconciler.base.sequences import common, unequal


class Hunk(NamedTuple):
    """A stretch of three sequences.

    Attributes:
        source: who changed it: nobody, one side, both alike, or both differently.
        before, ours, theirs: start and end in each.
    """

    source: Literal["nobody", "ours", "theirs", "alike", "both"]
    before: tuple[int, int]
    ours: tuple[int, int]
    theirs: tuple[int, int]


def chunks(before: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Hunk]:
    """Cut three sequences where all have the same item; in order, and together all of each."""
    to_ours = dict(common(before, ours))
    to_theirs = dict(common(before, theirs))
    shared = [at for at in to_ours if at in to_theirs]
    ends = (len(before), len(ours), len(theirs))
    anchors = [*((at, to_ours[at], to_theirs[at]) for at in shared), ends]
    at = (0, 0, 0)
    for anchor in anchors:
        if anchor != at:
            yield _chunk(before, ours, theirs, at, anchor)
        if anchor == ends:
            break
        after = (anchor[0] + 1, anchor[1] + 1, anchor[2] + 1)
        yield Hunk("nobody", *zip(anchor, after, strict=True))
        at = after


def _chunk(
    before: Sequence[str],
    ours: Sequence[str],
    theirs: Sequence[str],
    start: tuple[int, int, int],
    end: tuple[int, int, int],
) -> Hunk:
    spans = list(zip(start, end, strict=True))
    was, mine, its = (
        list(rows[low:high]) for rows, (low, high) in zip((before, ours, theirs), spans, strict=True)
    )
    source: Literal["ours", "theirs", "alike", "both"] = "both"
    if mine == its:
        source = "alike"
    elif was == mine:
        source = "theirs"
    elif was == its:
        source = "ours"
    return Hunk(source, *spans)


def rows_of(text: str) -> list[str]:
    """The lines of a text, each with its end."""
    found = text.split("\n")
    return [*(f"{row}\n" for row in found[:-1]), *([found[-1]] if found[-1] else [])]


def joined_sides(before: str, ours: str, theirs: str, opening: str) -> str:
    """Three texts of one meaning as one text: what each side did to comments, blank lines and spelling is in it.

    Where both did something at one place, it is as ours has it, with the comments of theirs.

    Args:
        opening: what begins a comment; "" where there is none.
    """
    was, mine, its = rows_of(before), rows_of(ours), rows_of(theirs)
    found: list[str] = []
    for chunk in chunks(was, mine, its):
        rows = mine[slice(*chunk.ours)]
        if chunk.source == "theirs":
            rows = its[slice(*chunk.theirs)]
        elif chunk.source == "both":
            rows = _with_comments(was[slice(*chunk.before)], rows, its[slice(*chunk.theirs)], opening)
        found += rows
    return "".join(found)


def _with_comments(was: list[str], mine: list[str], its: list[str], opening: str) -> list[str]:
    if len(was) == len(mine) == len(its):
        return [_row(*rows, opening) for rows in zip(was, mine, its, strict=True)]
    rows = list(mine)
    at = 0
    for row in its:
        if row in rows[at:]:
            at = rows.index(row, at) + 1
        elif opening and row.lstrip().startswith((opening, "/*", "*")) and row not in was:
            rows.insert(at, row)
            at += 1
    return rows


def _row(was: str, mine: str, its: str, opening: str) -> str:
    """One line that both sides may have changed: the end of theirs is kept behind the end of ours."""
    if was == mine:
        return its
    if was == its or mine == its or not opening:
        return mine
    split = re.compile(rf"(.*?)(\s*(?<!\S){re.escape(opening)}.*?)(\r?\n)?\Z", re.DOTALL)
    ours, theirs = split.match(mine), split.match(its)
    if theirs is None or theirs[2].strip() in mine or theirs[2].strip() in was:
        return mine
    if ours is None:
        return mine.rstrip("\r\n") + theirs[2] + mine[len(mine.rstrip("\r\n")) :]
    return f"{ours[1]}{ours[2]} {theirs[2].strip()}{ours[3] or ''}"


class Labels(NamedTuple):
    """What stands behind the marks of a conflict, and how many letters a mark has."""

    ours: str = "ours"
    theirs: str = "theirs"
    size: int = 7


def marked(
    ours: str,
    theirs: str,
    labels: Labels,
    about_ours: Sequence[tuple[int, str]] = (),
    about_theirs: Sequence[tuple[int, str]] = (),
) -> str:
    """Two texts as one, with the marks of a conflict around each stretch in which they differ.

    Args:
        about_ours, about_theirs: lines, from 1, with what is said at the marks around them.
    """
    mine, its = rows_of(ours), rows_of(theirs)
    end = "\r\n" if "\r\n" in ours or "\r\n" in theirs else "\n"
    found: list[str] = []
    at = 0
    for low, high, other_low, other_high in unequal(mine, its):
        names = [text for line, text in about_ours if low <= line - 1 < high]
        names += [text for line, text in about_theirs if other_low <= line - 1 < other_high]
        found += mine[at:low]
        found += _marked_stretch(mine[low:high], its[other_low:other_high], labels, _few(names), end)
        at = high
    return "".join([*found, *mine[at:]])


def with_looks_of(
    ours: str,
    theirs: str,
    about_ours: Sequence[tuple[int, str]],
    about_theirs: Sequence[tuple[int, str]],
) -> str:
    """The second text, with each stretch that nothing is said about as the first has it.

    Takes the same as :func:`marked`.
    """
    mine, its = rows_of(ours), rows_of(theirs)
    found: list[str] = []
    at = 0
    for low, high, other_low, other_high in unequal(mine, its):
        spoken_of = any(low < line <= high for line, _ in about_ours) or any(
            other_low < line <= other_high for line, _ in about_theirs
        )
        found += its[at:other_low]
        found += its[other_low:other_high] if spoken_of else mine[low:high]
        at = other_high
    return "".join([*found, *its[at:]])


def _few(names: Sequence[str]) -> str:
    known = list(dict.fromkeys(name for name in names if name))
    return first_few(known, 3)


def _marked_stretch(mine: list[str], its: list[str], labels: Labels, about: str, end: str) -> list[str]:
    behind = f" ({about})" if about else ""
    return [
        f"{'<' * labels.size} {labels.ours}{behind}{end}",
        *_ended(mine, end),
        f"{'=' * labels.size}{end}",
        *_ended(its, end),
        f"{'>' * labels.size} {labels.theirs}{behind}{end}",
    ]


def _ended(rows: list[str], end: str) -> list[str]:
    """Lines of which the last one ends too: a mark stands on a line of its own."""
    if rows and not rows[-1].endswith("\n"):
        return [*rows[:-1], rows[-1] + end]
    return rows


def merged_rows(before: str, ours: str, theirs: str, labels: Labels) -> tuple[str, int]:
    """A merge by lines, as git does it: the text, with marks around what both sides changed, and how often they did."""
    was, mine, its = rows_of(before), rows_of(ours), rows_of(theirs)
    end = "\r\n" if "\r\n" in ours or "\r\n" in theirs else "\n"
    found: list[str] = []
    conflicts = 0
    for chunk in chunks(was, mine, its):
        rows = mine[slice(*chunk.ours)]
        if chunk.source == "theirs":
            rows = its[slice(*chunk.theirs)]
        elif chunk.source == "both":
            conflicts += 1
            rows = _marked_stretch(rows, its[slice(*chunk.theirs)], labels, "", end)
        found += rows
    return "".join(found), conflicts
