"""Completion: the word under the cursor is replaced by one that nobody else writes, and its place says what is meant.

A text is half written while somebody types, so there are several attempts to read it; what may stand there is said in
:mod:`.offers`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from lsprotocol import types
from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.formats.nodes import Node
from registry_reconciler.formats.table import YAML
from registry_reconciler.lsp.buffers import BufferPlan
from registry_reconciler.lsp.cursor import Cursor, compose, cursor_at, cursors
from registry_reconciler.lsp.diagnostics import span
from registry_reconciler.lsp.offers import WORD, Offer, offers
from registry_reconciler.lsp.text import IndexedText, in_order

MOST_OFFERED = 500
"""So many words are offered; typing on narrows them, and the editor is told that there are more."""

_BEFORE_KEY = re.compile(r"(?P<head>[ \t]*(?:-[ \t]+)*)(?P<rest>.*)", re.DOTALL)
_PAIR = re.compile(
    r"""(?P<key>"[^"]*"|'[^']*'|[^\s:#,\[\]{}"'][^:#]*?):(?:[ \t]+(?P<value>.*)|(?P<none>))$""", re.DOTALL
)
_TAIL = re.compile(r"[^\s,\[\]{}#:]*")
_TOKEN_BEFORE = re.compile(r"[\"']?[^\s\"'=:,\[\]{}]*$")
_TOKEN_AFTER = re.compile(r"[^\s\"'=:,\[\]{}]*[\"']?")


class _Attempt(Struct, frozen=True):
    """The text with the word in it.

    Attributes:
        start, end: what an answer replaces in the text as it is.
        after: what is written behind an answer: what ends a key that has none of it yet.
        quoted: texts are written in quotes, and there are none around the word yet.
        inside: the word stands in quotes that stay.
    """

    source: str
    start: int
    end: int
    is_key: bool
    after: str = ""
    quoted: bool = False
    inside: bool = False


def complete(look: BufferPlan, path: str, offset: int) -> types.CompletionList:
    """What may stand at a place of a text."""
    text = look.text(path)
    items: dict[str, types.CompletionItem] = {}
    more = False
    read: set[bool] = set()
    for attempt in _attempts(text, path, look, offset) if text is not None else ():
        if attempt.is_key in read:
            continue  # with less of the text there is nothing more to know
        documents = compose(look, path, attempt.source)
        cursor = next((cursor for cursor in cursors(documents) if _is_word(cursor.node)), None)
        if cursor is None or cursor.on_key is not attempt.is_key:
            continue
        assert text is not None
        typed = text.source[attempt.start : offset].strip("\"'")
        for offer in offers(look, path, documents, cursor):
            if not in_order(typed, offer.label):
                continue
            if len(items) >= MOST_OFFERED:
                more = True
                break
            items.setdefault(offer.label, _item(text, attempt, offer, cursor))
            read.add(attempt.is_key)
    return types.CompletionList(is_incomplete=more, items=list(items.values()))


def _is_word(node: Node) -> bool:
    return node.kind == "scalar" and WORD in node.text


def _attempts(text: IndexedText, path: str, look: BufferPlan, offset: int) -> Iterator[_Attempt]:
    """The text with the word put where the cursor is, in every way that may be meant."""
    if not look.format(path).plain_texts:
        yield from _in_quotes(text, path, look, offset)
        yield from _without_quotes(text, path, look, offset)
        return
    line = text.position(offset)[0]
    start = text.starts[line]
    stop = start + len(text.line(line))
    before, after = text.source[start:offset], text.source[offset:stop]
    head = _BEFORE_KEY.match(before)
    assert head is not None
    pair = _PAIR.match(head["rest"])
    value = pair["value"] if pair is not None else None
    flow = value if value is not None else head["rest"]
    if flow[:1] in ("[", "{"):
        yield from _in_flow(text, offset, flow, after, stop)
        return
    tail = _TAIL.match(after)
    assert tail is not None
    if pair is not None:
        first = offset - len(value or "")
        last = stop if not after[tail.end() :].lstrip().startswith("#") else offset + tail.end()
        gap = "" if text.source[first - 1 : first].isspace() else " "
        yield from _put(text, first, last, gap + WORD, "", is_key=False)
        return
    first = start + len(head["head"])
    if after[tail.end() :].lstrip().startswith(":"):
        yield from _put(text, first, offset + tail.end(), WORD, "", is_key=True, ends=False)
        return
    yield from _put(text, first, stop, WORD, ": null", is_key=True)
    yield from _put(text, first, stop, WORD, "", is_key=False)


def _in_flow(text: IndexedText, offset: int, flow: str, after: str, stop: int) -> Iterator[_Attempt]:
    """Inside of brackets: the word between commas; what is open is closed where the line leaves it open."""
    typed = re.split(r"[\[{,]\s*|:\s+", flow)[-1].lstrip()
    first = offset - len(typed)
    tail = _TAIL.match(after)
    assert tail is not None
    rest = after[tail.end() :]
    opened = [char for char in flow if char in "[{]}"]
    stack: list[str] = []
    for char in opened:
        if char in "[{":
            stack.append(char)
        elif stack:
            stack.pop()
    missing = len(stack) - sum(rest.count(char) for char in "]}")
    closing = (
        "".join("]" if char == "[" else "}" for char in reversed(stack))[-missing:] if missing > 0 else ""
    )
    last = offset + tail.end()
    is_value = bool(re.search(r":\s+[^,\[\]{}]*$", flow)) or not stack or stack[-1] == "["
    ended = rest.lstrip().startswith(":")
    if missing > 0:
        last = stop
    ending = "" if is_value or ended else ": null"
    yield from _put(text, first, last, WORD, ending + closing, is_key=not is_value, ends=not ended)


def _in_quotes(text: IndexedText, path: str, look: BufferPlan, offset: int) -> Iterator[_Attempt]:
    """In a format whose texts stand in quotes: the text or the key that the cursor is in."""
    cursor = cursor_at(compose(look, path, text.source), offset)
    if cursor is None or cursor.node.kind != "scalar":
        return
    node = cursor.node
    quoted = text.source[node.body : node.body + 1] in ("'", '"')
    start, end = (node.body + 1, node.end - 1) if quoted else (node.body, node.end)
    if start <= offset <= end:
        word = WORD if quoted or cursor.on_key else f'"{WORD}"'
        source = text.source[:start] + word + text.source[end:]
        bare = not quoted and not cursor.on_key
        yield _Attempt(source, start, end, cursor.on_key, quoted=bare, inside=quoted)


def _without_quotes(text: IndexedText, path: str, look: BufferPlan, offset: int) -> Iterator[_Attempt]:
    """The same where the text cannot be read as it is: a key or a value that is being written, with what it lacks."""
    line = text.position(offset)[0]
    start = text.starts[line]
    stop = start + len(text.line(line))
    before = _TOKEN_BEFORE.search(text.source[start:offset])
    after = _TOKEN_AFTER.match(text.source[offset:stop])
    assert before is not None
    assert after is not None
    first, last = start + before.start(), offset + after.end()
    head, rest = text.source[:first], text.source[last:]
    for word, ending, is_key in (
        (f'"{WORD}"', "", False),
        (f'"{WORD}": 0', ": ", True),
        (f"{WORD} = 0", " = ", True),
    ):
        for ahead, behind in (("", ""), (", ", ""), ("", ","), (", ", ",")):
            source = head + ahead + word + behind + rest
            if compose(look, path, source):
                quoted = not is_key or word.startswith('"')
                yield _Attempt(source, first, last, is_key, ending, quoted)
                break


def _put(
    text: IndexedText, first: int, last: int, word: str, after: str, *, is_key: bool, ends: bool = True
) -> Iterator[_Attempt]:
    """The text with the word; and, as the rest may be half written too, without what stands below, and above."""
    head = text.source[:first]
    ending = ": " if is_key and ends else ""
    yield _Attempt(head + word + after + text.source[last:], first, last, is_key, ending)
    for above in (head, *_nearby(head)):
        yield _Attempt(above + word + after + "\n", first, last, is_key, ending)


def _nearby(head: str) -> Iterator[str]:
    """Less and less of what stands above: the part under the last key at the margin, and in it the last item."""
    tops = [match.start() for match in _AT_MARGIN.finditer(head)]
    if not tops:
        return
    part = head[tops[-1] :]
    yield part
    items = list(_ITEM.finditer(part))
    if items:
        least = min(len(item["indent"]) for item in items)
        last = [item.start() for item in items if len(item["indent"]) == least][-1]
        yield part[: part.index("\n") + 1] + part[last:]


_AT_MARGIN = re.compile(r"^[^\s#\-][^\n]*:[ \t]*\r?$", re.MULTILINE)
_ITEM = re.compile(r"^(?P<indent>[ \t]*)-(?=\s)", re.MULTILINE)


def _item(text: IndexedText, attempt: _Attempt, offer: Offer, cursor: Cursor) -> types.CompletionItem:
    return types.CompletionItem(
        label=visible(offer.label),
        kind=offer.kind,
        detail=visible(offer.detail) or None,
        documentation=types.MarkupContent(types.MarkupKind.PlainText, offer.about) if offer.about else None,
        sort_text=f"{offer.order}{offer.label}",
        filter_text=offer.label,
        text_edit=types.TextEdit(
            span(text, attempt.start, attempt.end), _written(text, attempt, offer, cursor)
        ),
    )


def _written(text: IndexedText, attempt: _Attempt, offer: Offer, cursor: Cursor) -> str:
    """What is put there: in quotes where the text would be something else without, and with what ends a key."""
    if attempt.inside:
        return json.dumps(offer.label, ensure_ascii=False)[1:-1]
    if attempt.quoted:
        word = json.dumps(offer.label, ensure_ascii=False) if offer.text else offer.label
        return word + attempt.after
    if attempt.is_key:
        # What stands below a kind or a directive begins on the next line.
        alone = offer.kind in (types.CompletionItemKind.Class, types.CompletionItemKind.Keyword)
        return offer.label + (attempt.after.rstrip() if alone else attempt.after)
    word = _as_yaml(offer.label, cursor) if offer.text else offer.label
    return f" {word}" if text.source[attempt.start - 1 : attempt.start] == ":" else word


def _as_yaml(word: str, cursor: Cursor) -> str:
    """A text as YAML has it in this place: in quotes where it would be read as something else."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./-]*", word) and word.lower() not in _SPECIAL:
        return word
    written = YAML.rewritten(cursor.node, word)
    return written if written is not None else word


_SPECIAL = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
