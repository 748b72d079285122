"""A collection whose commas stand in front of its parts, each on its line: parts come and go with the comma before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from registry_reconciler.formats.json.chunks import Chunk
from registry_reconciler.formats.json.look import Look, on_lines
from registry_reconciler.formats.json.source import COMMENT, JsonNode


def leads(node: JsonNode, chunks: Sequence[Chunk], look: Look) -> bool:
    """Whether a collection is written so; not where comments stand between its parts."""
    if not look.leading or not on_lines(node):
        return False
    text, comments = node.source.text, node.source.comments
    places = [node.start + 1, *(chunk.end for chunk in chunks)]
    gaps = zip(places, [*(chunk.member for chunk in chunks), node.end], strict=True)
    return not comments or not any(COMMENT.search(text, start, end) for start, end in gaps)


def rewritten(
    node: JsonNode,
    chunks: Sequence[Chunk],
    gone: AbstractSet[int],
    coming: Mapping[int, Sequence[str]],
    look: Look,
) -> Iterator[tuple[int, int, str]]:
    """Replacements that take parts away and put texts before others. At least one part stays."""
    text = node.source.text
    stay = [index for index in range(len(chunks)) if index not in gone]
    first = chunks[0]
    apart = look.apart(" " * (first.member - node.source.line_start(first.member)))
    if len(chunks) > 1:
        apart = text[first.end : chunks[1].member]
    for before, texts in sorted(coming.items()):
        previous = max((index for index in stay if index < before), default=None)
        if previous is None:
            yield first.member, first.member, "".join(own + apart for own in texts)
        else:
            yield chunks[previous].end, chunks[previous].end, "".join(apart + own for own in texts)
    if stay[0]:
        yield first.member, chunks[stay[0]].member, ""
    for index in sorted(gone):
        if index > stay[0]:
            yield chunks[index - 1].end, chunks[index].end, ""
