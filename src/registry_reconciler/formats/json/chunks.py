"""What belongs to each part of a collection: white space and comments before it, the part, its comma."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.json.look import Look, slashed
from registry_reconciler.formats.json.source import COMMENT, JsonNode
from registry_reconciler.formats.notes import DRAWN, Note


class Chunk(Struct):
    """What belongs to one part of a collection, as offsets.

    Attributes:
        start: behind the chunk before.
        first: the first comment or character of it.
        goes: where what goes with the part begins, the line end before it included.
        content: its first own comment, or the part itself.
        member, end: where the part begins and ends.
        comma: -1 where none stands behind it.
        stop: where the chunk ends.
    """

    start: int
    first: int
    goes: int
    content: int
    member: int
    end: int
    comma: int
    stop: int


def cut(node: JsonNode) -> list[Chunk]:
    """The chunks of a collection."""
    source = node.source
    text = source.text
    chunks: list[Chunk] = []
    position = node.start + 1
    for member in node.entries:
        end = member.value.end
        behind = source.skip(end)
        comma = behind if text[behind : behind + 1] == "," else -1
        stop = _line_rest(source.comments, text, comma + 1 if comma >= 0 else end)
        content = _own_start(node, position, member.start)
        goes = position
        if text[position:content].strip(SPACE):
            line = text.rfind("\n", position, content)
            goes = content if line < 0 else line
            if line > position and text[line - 1] == "\r":
                goes = line - 1
        match = COMMENT.search(text, position, member.start) if source.comments else None
        first = match.start() if match else member.start
        chunks.append(Chunk(position, first, goes, content, member.start, end, comma, stop))
        position = stop
    return chunks


def _line_rest(comments: bool, text: str, position: int) -> int:
    """Behind the blanks and comments that are all that is left of a line; the place itself if there is more on it."""
    here = position
    while here < len(text):
        if text[here] in " \t":
            here += 1
            continue
        if text[here] == "\n" or text.startswith("\r\n", here):
            return here
        match = COMMENT.match(text, here) if comments else None
        if match is None or "\n" in match[0]:
            return position
        here = match.end()
    return position


def _own_start(node: JsonNode, low: int, member: int) -> int:
    """Where the comments that belong to a part begin: on its line, and on the lines directly above at its column."""
    text = node.source.text
    found = (
        {match.start(): match.end() for match in COMMENT.finditer(text, low, member)}
        if (node.source.comments and low < member)
        else {}
    )
    if not found:
        return member
    start = member
    column = -1
    for begin in sorted(found, reverse=True):
        between = text[found[begin] : start]
        if between.strip(SPACE) or between.count("\n") > 1:
            break
        line = node.source.line_start(begin)
        if "\n" not in between:
            start = begin
            continue
        here = node.source.line_start(start)
        column = start - here if not text[here:start].strip(SPACE) else column
        if line < low or text[line:begin].strip(SPACE) or begin - line != column:
            break
        start = begin
    return start


def lead_of(node: JsonNode, chunks: Sequence[Chunk], near: int, look: Look) -> tuple[str, str]:
    """What stands between two parts, and the indentation of a part's line."""
    text = node.source.text
    gaps = [text[chunk.start : chunk.content] for chunk in chunks]
    with_break = [index for index, gap in enumerate(gaps) if "\n" in gap]
    if not with_break:
        bare = [gap for gap in gaps[1:] if not gap.strip(SPACE)]
        # As in [{ … }, { … }]: a part begins on the line where the one before ends.
        return (bare[0] if bare else look.comma), node.source.outer(node.entries[near].value)
    model = min(with_break, key=lambda line: abs(line - near))
    indent = node.source.indent(chunks[model].member)
    apart = [gap for gap in gaps[1:] if "\n" in gap]
    blank = bool(apart) and sum(gap.count("\n") > 1 and not gap.strip(SPACE) for gap in apart) * 2 > len(
        apart
    )
    return look.newline * (2 if blank else 1) + indent, indent


def taken_away(
    node: JsonNode, chunks: Sequence[Chunk], stay: Sequence[int], newline: str
) -> Iterator[tuple[int, int, str]]:
    """Replacements that leave only the parts that stay."""
    staying = set(stay)
    first = stay[0] if stay else 0
    in_comment = False
    for index, chunk in enumerate(chunks):
        if index in staying or index < first:
            in_comment = False
            continue
        # Behind the last one that stays there is no other line to begin: what is left is what closes.
        in_comment = in_comment or _follows_comment(node, chunk.goes)
        # Else what follows would be part of a comment before what goes.
        parted = not in_comment or node.source.text[chunk.stop : chunk.stop + 1] in ("\n", "\r")
        yield chunk.goes, chunk.stop, "" if parted else newline + node.source.indent(node.start)
    for index in range(first):
        # The first that stays takes the place of the first that goes, on its line.
        following = chunks[index + 1]
        own = following.content if index + 1 == first else following.first
        yield chunks[index].content, following.first if following.first < following.content else own, ""


def _follows_comment(node: JsonNode, place: int) -> bool:
    """Whether a comment stands before a place on its line, of which what stands there would be a part."""
    source = node.source
    line = source.line_start(place)
    behind = line + len(source.plain[line:place].rstrip(SPACE))
    return source.comments and "//" in source.text[behind:place]


def rows_above(node: JsonNode, chunk: Chunk) -> tuple[str, ...]:
    """The comments above a part that begins a line."""
    text = node.source.text
    if text[node.source.line_start(chunk.member) : chunk.member].strip(SPACE):
        return ()
    return tuple(comment_rows(text[chunk.content : chunk.member]))


def with_comments(node: JsonNode, chunk: Chunk, note: Note, newline: str) -> Iterator[tuple[int, int, str]]:
    """Replacements that put comments above and behind a part that has a line of its own, instead of those there."""
    text = node.source.text
    column = node.source.line_start(chunk.member)
    rest = chunk.comma + 1 if chunk.comma >= 0 else chunk.end
    apart = text[chunk.end : max(chunk.comma, chunk.end)].strip(SPACE) or text[column : chunk.member].strip(
        SPACE
    )
    if apart or text[chunk.stop : chunk.stop + 1] not in ("", "\n", "\r"):
        return
    there = rows_above(node, chunk)
    if note.above and note.above != there:
        indent = text[column : chunk.member]
        rows = "".join(f"{slashed(row)}{newline}{indent}" for row in note.above)
        yield (chunk.member if any(map(DRAWN.search, there)) else chunk.content), chunk.member, rows
    behind = text[rest : chunk.stop]
    if note.behind and " ".join(comment_rows(behind)) != note.behind:
        gap = behind[: len(behind) - len(behind.lstrip(SPACE))] or " "
        yield rest, chunk.stop, gap + slashed(note.behind)


def comment_rows(text: str) -> Iterator[str]:
    """The comments of a text as lines that begin with #."""
    for match in COMMENT.finditer(text):
        body = match[0][2:] if match[0].startswith("//") else match[0].removeprefix("/*").removesuffix("*/")
        for row in body.split("\n"):
            bare = (
                row.strip(SPACE).removeprefix("* ")
                if match[0].startswith("/*")
                else row.strip("\r").rstrip(SPACE)
            )
            if bare.strip(SPACE) and bare.strip(SPACE) != "*":
                yield f"# {bare}" if match[0].startswith("/*") else f"#{bare}"
