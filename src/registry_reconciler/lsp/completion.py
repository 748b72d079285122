"""What may stand where the cursor is: kinds and directives, fields, words, ids, paths, addresses, codes.

A text is half written while somebody types, so the word under the cursor is replaced by one that nobody else writes,
and the place of that word in the tree says what is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsprotocol import types
from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.formats.nodes import Document, Node, to_value
from registry_reconciler.formats.table import YAML
from registry_reconciler.loading.directives import DIRECTIVES
from registry_reconciler.lsp.buffers import Look
from registry_reconciler.lsp.cursor import (
    Cursor,
    Subject,
    compose,
    cursors,
    is_fragment,
    node_of,
    reference_at,
    subject_of,
)
from registry_reconciler.lsp.diagnostics import span
from registry_reconciler.lsp.hover import about
from registry_reconciler.lsp.text import Text, in_order
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.schema.view import View

_WORD = "c0mpl3te-here"

MOST_OFFERED = 500
"""So many words are offered; typing on narrows them, and the editor is told that there are more."""

_BEFORE_KEY = re.compile(r"(?P<head>[ \t]*(?:-[ \t]+)*)(?P<rest>.*)", re.DOTALL)
_PAIR = re.compile(
    r"""(?P<key>"[^"]*"|'[^']*'|[^\s:#,\[\]{}"'][^:#]*?):(?:[ \t]+(?P<value>.*)|(?P<none>))$""", re.DOTALL
)
_TAIL = re.compile(r"[^\s,\[\]{}#:]*")
_DIRECTIVE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "moved": ("from", "to"),
    "removed": ("address", "keep", "text"),
    "allow": ("address", "code", "reason"),
}


class _Attempt(Struct, frozen=True):
    """The text with the word in it. ``start``, ``end``: what an answer replaces in the text as it is."""

    source: str
    start: int
    end: int
    is_key: bool


class _Offer(Struct, frozen=True):
    """One thing that may stand there."""

    label: str
    insert: str
    kind: types.CompletionItemKind
    detail: str = ""
    about: str = ""
    order: str = ""


def complete(look: Look, path: str, offset: int) -> types.CompletionList:
    """What may stand at a place of a text."""
    text = look.text(path)
    items: dict[str, types.CompletionItem] = {}
    more = False
    for attempt in _attempts(text, path, look, offset) if text is not None else ():
        documents = compose(look, path, attempt.source)
        cursor = next((cursor for cursor in cursors(documents) if _is_word(cursor.node)), None)
        if cursor is None or cursor.on_key is not attempt.is_key:
            continue
        typed = text.source[attempt.start : offset] if text is not None else ""
        for offer in _offers(look, path, documents, cursor):
            if not in_order(typed.strip("\"'"), offer.label):
                continue
            if len(items) >= MOST_OFFERED:
                more = True
                break
            if text is not None:
                items.setdefault(offer.label, _item(text, attempt, offer, cursor, path, look))
    return types.CompletionList(is_incomplete=more, items=list(items.values()))


def _is_word(node: Node) -> bool:
    return node.kind == "scalar" and _WORD in node.text


def _attempts(text: Text, path: str, look: Look, offset: int) -> Iterator[_Attempt]:
    """The text with the word put where the cursor is, in every way that may be meant."""
    form = look.format(path)
    line = text.position(offset)[0]
    start = text.starts[line]
    stop = start + len(text.line(line))
    if not form.plain_texts:
        yield from _in_quotes(text, path, look, offset)
        return
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
        yield from _put(text, first, last, gap + _WORD, "", is_key=False)
        return
    first = start + len(head["head"])
    colon = after[tail.end() :].lstrip().startswith(":")
    if colon:
        yield from _put(text, first, offset + tail.end(), _WORD, "", is_key=True)
        return
    yield from _put(text, first, stop, _WORD, ": null", is_key=True)
    if head["head"].rstrip().endswith("-"):
        yield from _put(text, first, stop, _WORD, "", is_key=False)


def _in_flow(text: Text, offset: int, flow: str, after: str, stop: int) -> Iterator[_Attempt]:
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
    if missing > 0:
        last = stop
    yield from _put(text, first, last, _WORD, ("" if is_value else ": null") + closing, is_key=not is_value)


def _in_quotes(text: Text, path: str, look: Look, offset: int) -> Iterator[_Attempt]:
    """In a format whose texts stand in quotes: the text that the cursor is in."""
    from registry_reconciler.lsp.cursor import cursor_at

    cursor = cursor_at(compose(look, path, text.source), offset)
    if cursor is None or cursor.node.kind != "scalar":
        return
    node = cursor.node
    quoted = text.source[node.body : node.body + 1] in ("'", '"')
    start, end = (node.body + 1, node.end - 1) if quoted else (node.body, node.end)
    if start <= offset <= end:
        source = text.source[:start] + _WORD + text.source[end:]
        yield _Attempt(source, start, end, cursor.on_key)


def _put(text: Text, first: int, last: int, word: str, after: str, *, is_key: bool) -> Iterator[_Attempt]:
    """The text with the word; once more without what comes below, which may be half written too."""
    head = text.source[:first] + word + after
    yield _Attempt(head + text.source[last:], first, last, is_key)
    line_end = text.source.find("\n", last)
    if line_end >= 0 and text.source[line_end:].strip():
        yield _Attempt(head + "\n", first, last, is_key)


def _item(
    text: Text, attempt: _Attempt, offer: _Offer, cursor: Cursor, path: str, look: Look
) -> types.CompletionItem:
    form = look.format(path)
    insert = offer.insert
    if form.plain_texts:
        insert = insert if attempt.is_key else _as_written(insert, cursor)
        before = text.source[attempt.start - 1 : attempt.start]
        if not attempt.is_key and before == ":":
            insert = f" {insert}"
    end = attempt.end
    return types.CompletionItem(
        label=visible(offer.label),
        kind=offer.kind,
        detail=visible(offer.detail) or None,
        documentation=types.MarkupContent(types.MarkupKind.PlainText, offer.about) if offer.about else None,
        sort_text=f"{offer.order}{offer.label}",
        filter_text=offer.label,
        text_edit=types.TextEdit(span(text, attempt.start, end), insert),
    )


def _as_written(word: str, cursor: Cursor) -> str:
    """A text as YAML has it in this place: in quotes where it would be read as something else."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./-]*", word) and word.lower() not in _SPECIAL:
        return word
    written = YAML.rewritten(cursor.node, word)
    return written if written is not None else word


_SPECIAL = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def _offers(look: Look, path: str, documents: Sequence[Document], cursor: Cursor) -> Iterator[_Offer]:
    fragment = is_fragment(path)
    if fragment and len(cursor.path) == 1 and cursor.on_key:
        yield from _kinds(look, documents, cursor)
        return
    if fragment and cursor.path and cursor.path[0] in DIRECTIVES:
        yield from _directive(look, cursor)
        return
    subject = subject_of(look, path, documents, cursor)
    if subject is None or not subject.field:
        return
    if cursor.on_key:
        yield from _fields(look, subject, documents, cursor)
    else:
        yield from _values(look, subject)


def _kinds(look: Look, documents: Sequence[Document], cursor: Cursor) -> Iterator[_Offer]:
    taken = _keys(documents, cursor)
    for kind in look.loaded.kinds.values():
        if kind.name not in taken and kind.truth != "live":
            yield _Offer(
                kind.name,
                f"{kind.name}:",
                types.CompletionItemKind.Class,
                kind.title,
                visible(kind.description),
            )
    for name in DIRECTIVES:
        if name not in taken:
            yield _Offer(name, f"{name}:", types.CompletionItemKind.Keyword, "directive", order="~")


def _keys(documents: Sequence[Document], cursor: Cursor) -> set[str]:
    """The keys that the mapping around a key has beside it."""
    node = node_of(documents, cursor.document, cursor.path[:-1])
    value = to_value(node) if node is not None and node.kind == "map" else {}
    return {key for key in value if _WORD not in key} if isinstance(value, dict) else set()


def _directive(look: Look, cursor: Cursor) -> Iterator[_Offer]:
    name = str(cursor.path[0])
    field = cursor.path[2] if len(cursor.path) > 2 else None
    if cursor.on_key:
        for word in _DIRECTIVE_FIELDS.get(name, ()):
            yield _Offer(word, f"{word}: ", types.CompletionItemKind.Field)
    elif name == "allow" and field == "code":
        yield from _codes(look)
    elif field in ("keep", "text"):
        yield from _words(("true", "false"), "")
    elif field != "reason":
        yield from _addresses(look)


def _codes(look: Look) -> Iterator[_Offer]:
    from registry_reconciler.rules import all_rules

    for rule in all_rules():
        yield _Offer(rule.code, rule.code, types.CompletionItemKind.Constant, rule.title)
    for definition in look.planning.own.rules:
        yield _Offer(
            definition.code, definition.code, types.CompletionItemKind.Constant, "a rule of this workspace"
        )


def _addresses(look: Look) -> Iterator[_Offer]:
    known = {**look.loaded.live.entries, **look.planning.desired.entries}
    for address in sorted(known):
        yield _Offer(address, address, types.CompletionItemKind.Reference)


def _fields(look: Look, subject: Subject, documents: Sequence[Document], cursor: Cursor) -> Iterator[_Offer]:
    view = _view(look, subject)
    where = subject.field[:-1]
    taken = _keys(documents, cursor)
    required = _required(view, where)
    live = {selector.text for selector in subject.kind.live_fields}
    for name in view.fields(where):
        if name in taken or (not where and name in live):
            continue
        needed = name in required
        yield _Offer(
            name,
            f"{name}: ",
            types.CompletionItemKind.Field,
            "required" if needed else "",
            visible(view.description((*where, name))),
            "0" if needed else "1",
        )


def _view(look: Look, subject: Subject) -> View:
    return look.loaded.catalog.schemas.validator(subject.kind).view


def _required(view: View, path: FieldPath) -> set[str]:
    found: set[str] = set()
    for schema in view.at(path):
        names = schema.get("required")
        if isinstance(names, list):
            found.update(name for name in names if isinstance(name, str))
    return found


def _values(look: Look, subject: Subject) -> Iterator[_Offer]:
    found = reference_at(subject)
    if found is not None:
        yield from _ids(look, found[0].kinds, subject)
        return
    if _is_path(subject):
        yield from _paths(look)
        return
    view = _view(look, subject)
    if view.secret(subject.field) is not None:
        return
    yield from _words(_enumerated(view, subject.field), "")
    yield from _vocabulary(look, subject)


def _is_path(subject: Subject) -> bool:
    """Whether a file or a folder is meant: the kind says so, or a built-in rule takes it for one."""
    for rule in subject.kind.paths:
        if any(path == subject.field for path, _ in _leaves(rule.field.find(subject.value))):
            return True
    name = next((step for step in reversed(subject.field) if isinstance(step, str)), "")
    return name in _PATH_FIELDS.get(subject.kind.role, ())


_PATH_FIELDS = {"route": ("path", "related_docs"), "module_instance": ("path",)}


def _leaves(found: Iterable[tuple[FieldPath, Json]]) -> Iterator[tuple[FieldPath, Json]]:
    """What a selector finds, the items of lists one by one."""
    for path, value in found:
        if isinstance(value, list):
            yield from (((*path, index), item) for index, item in enumerate(value))
        else:
            yield path, value


def _ids(look: Look, kinds: Iterable[str], subject: Subject) -> Iterator[_Offer]:
    for name in kinds:
        for item in look.planning.entry_sets.after.of(name):
            if item.address != subject.address:
                lines = list(about(look, item.address))
                yield _Offer(item.key, item.key, types.CompletionItemKind.Reference, name, "\n".join(lines))


def _words(words: Iterable[str], detail: str) -> Iterator[_Offer]:
    for word in words:
        yield _Offer(word, word, types.CompletionItemKind.EnumMember, detail)


def _enumerated(view: View, path: FieldPath) -> Iterator[str]:
    seen: set[str] = set()
    for schema in view.at(path):
        options = schema.get("enum")
        words = list(options) if isinstance(options, list) else []
        words += [schema["const"]] if "const" in schema else []
        words += [True, False] if schema.get("type") == "boolean" else []
        for word in words:
            text = word if isinstance(word, str) else {True: "true", False: "false"}.get(word, str(word))
            if text not in seen:
                seen.add(text)
                yield text


def _vocabulary(look: Look, subject: Subject) -> Iterator[_Offer]:
    """The words that the workspace's settings declare for some fields."""
    config = look.loaded.config
    caps = subject.kind.names.required_caps
    here = caps is not None and any(path == subject.field for path, _ in _leaves(caps.find(subject.value)))
    for capability in (config.capabilities or {}).values() if here else ():
        yield _Offer(
            capability.name,
            capability.name,
            types.CompletionItemKind.EnumMember,
            "changes something" if capability.mutates else "",
            visible(capability.description),
        )
    words = {"event_type": config.event_types, "environments": config.environments, "stage": config.stages}
    yield from _words(words.get(str(subject.field[0])) or (), "")


def _paths(look: Look) -> Iterator[_Offer]:
    """Files and folders of the workspace, those that lie deep last."""
    from registry_reconciler.files.tree import SKIPPED_FOLDERS
    from registry_reconciler.files.unreadable import Unreadable

    waiting = [""]
    offered = 0
    while waiting and offered < _MOST_PATHS:
        folder = waiting.pop(0)
        try:
            children = look.loaded.tree.tree.children(folder)
        except Unreadable:
            continue
        for name, kind in children:
            path = f"{folder}/{name}" if folder else name
            if kind == "dir" and name not in SKIPPED_FOLDERS and not name.startswith("."):
                waiting.append(path)
            if kind in ("dir", "file") and not name.startswith("."):
                offered += 1
                shape = types.CompletionItemKind.Folder if kind == "dir" else types.CompletionItemKind.File
                yield _Offer(path, path, shape)


_MOST_PATHS = 20_000
