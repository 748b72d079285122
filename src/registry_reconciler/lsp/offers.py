"""What may stand at a place: kinds and directives, fields, words, ids, paths, addresses, codes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsprotocol import types
from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.formats.nodes import Document, to_value
from registry_reconciler.loading.directives import DIRECTIVES
from registry_reconciler.lsp.buffers import BufferPlan
from registry_reconciler.lsp.cursor import (
    Cursor,
    Subject,
    is_fragment,
    node_of,
    reference_at,
    subject_of,
)
from registry_reconciler.lsp.hover import about
from registry_reconciler.lsp.settings import Setting, setting_at
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.schema.view import View

WORD = "c0mpl3te-here"
"""What stands for the word that is being typed; nobody else writes it."""

MOST_PATHS = 20_000
"""So many files and folders are offered, those that lie deep last."""

Pattern = tuple[str | None, ...]

_PATH_FIELDS: Mapping[str, tuple[Pattern, ...]] = {
    "route": (("related_docs", None), ("related_docs", None, "path")),
    "module_instance": (("path",),),
    "module_interface": (("contracts",), ("contracts", None)),
    "ability_low": (("implementation", "command"), ("implementation", "command", None)),
    "hook": (
        ("handler", "command"),
        ("handler", "command", None),
        ("match", "only_if_changed_paths", None),
    ),
}
"""Where the built-in rules take a word for a file or a folder, by role."""


class Offer(Struct, frozen=True):
    """One thing that may stand there.

    Attributes:
        text: it is text, so it needs quotes where texts have them.
    """

    label: str
    kind: types.CompletionItemKind
    detail: str = ""
    about: str = ""
    order: str = ""
    text: bool = True


def offers(look: BufferPlan, path: str, documents: Sequence[Document], cursor: Cursor) -> Iterator[Offer]:
    """What may stand where a cursor is."""
    if is_fragment(path) and len(cursor.path) == 1 and cursor.on_key:
        yield from _kinds_and_directives(look, documents, cursor)
        return
    setting = setting_at(path, documents, cursor)
    if setting is not None:
        yield from _of_setting(look, setting, documents, cursor)
        return
    subject = subject_of(look, path, documents, cursor)
    if subject is None or not subject.field:
        return
    if cursor.on_key:
        live = {selector.text for selector in subject.kind.live_fields} if subject.declared else set()
        taken = keys_beside(documents, cursor) | (live if len(subject.field) == 1 else set())
        yield from _fields(_view(look, subject), subject.field[:-1], taken)
    else:
        yield from _values(look, subject)


def keys_beside(documents: Sequence[Document], cursor: Cursor) -> set[str]:
    """The keys that the mapping around a key has beside it."""
    node = node_of(documents, cursor.document, cursor.path[:-1])
    value = to_value(node) if node is not None and node.kind == "map" else {}
    return {key for key in value if WORD not in key} if isinstance(value, dict) else set()


def _kinds_and_directives(look: BufferPlan, documents: Sequence[Document], cursor: Cursor) -> Iterator[Offer]:
    taken = keys_beside(documents, cursor)
    for kind in look.loaded.kinds.values():
        if kind.name not in taken and kind.truth != "live":
            yield Offer(kind.name, types.CompletionItemKind.Class, kind.title, visible(kind.description))
    for name in DIRECTIVES:
        if name not in taken:
            yield Offer(name, types.CompletionItemKind.Keyword, "directive", order="~")


def _of_setting(
    look: BufferPlan, setting: Setting, documents: Sequence[Document], cursor: Cursor
) -> Iterator[Offer]:
    if setting.meaning == "kind":
        for kind in look.loaded.kinds.values():
            yield Offer(kind.name, types.CompletionItemKind.Class, kind.title, visible(kind.description))
    elif setting.meaning == "code":
        yield from _codes(look)
    elif setting.meaning == "address":
        yield from _addresses(look)
    elif setting.meaning == "path":
        yield from _paths(look, "")
    elif setting.meaning == "template":
        yield from _templates(look)
    elif setting.meaning == "field":
        yield from _words(setting.fields, "a field of the entries")
    if cursor.on_key:
        yield from _fields(setting.view, setting.field[:-1], keys_beside(documents, cursor))
    else:
        yield from _enumerated(setting.view, setting.field)


def _codes(look: BufferPlan) -> Iterator[Offer]:
    from registry_reconciler.rules import all_rules

    for rule in all_rules():
        yield Offer(rule.code, types.CompletionItemKind.Constant, rule.title)
    for rule in look.planning.own.written:
        title = f"{visible(rule.title)} (a rule of this workspace)"
        yield Offer(rule.code, types.CompletionItemKind.Constant, title)


def _addresses(look: BufferPlan) -> Iterator[Offer]:
    known = {*look.loaded.live.entries, *look.planning.desired.entries}
    known.update(look.newer.desired.entries if look.newer is not None else ())
    for address in sorted(known):
        yield Offer(address, types.CompletionItemKind.Reference)


def _templates(look: BufferPlan) -> Iterator[Offer]:
    from registry_reconciler.model.config import TEMPLATES_FOLDER

    for path, kind in _files_below(look, TEMPLATES_FOLDER):
        if kind == "file":
            yield Offer(path, types.CompletionItemKind.File)


def _fields(view: View, where: FieldPath, taken: set[str]) -> Iterator[Offer]:
    required = _required(view, where)
    for name in view.fields(where):
        if name not in taken:
            needed = name in required
            yield Offer(
                name,
                types.CompletionItemKind.Field,
                "required" if needed else "",
                visible(view.description((*where, name))),
                "0" if needed else "1",
            )


def _view(look: BufferPlan, subject: Subject) -> View:
    return look.loaded.catalog.schemas.validator(subject.kind).view


def _required(view: View, path: FieldPath) -> set[str]:
    found: set[str] = set()
    for schema in view.at(path):
        names = schema.get("required")
        if isinstance(names, list):
            found.update(name for name in names if isinstance(name, str))
    return found


def _values(look: BufferPlan, subject: Subject) -> Iterator[Offer]:
    found = reference_at(subject)
    if found is not None:
        yield from _ids(look, found[0].kinds, subject)
        return
    base = base_of_path(look, subject)
    if base is not None:
        yield from _paths(look, base)
    view = _view(look, subject)
    if view.secret(subject.field) is not None:
        return
    yield from _enumerated(view, subject.field)
    yield from _vocabulary(look, subject)


def base_of_path(look: BufferPlan, subject: Subject) -> str | None:
    """The folder that the path at a field begins at ("": the root); ``None`` where no file is meant."""
    for rule in subject.kind.paths:
        if any(path == subject.field for path, _ in _leaves(rule.field.find(subject.value))):
            live = look.loaded.live.entries.get(subject.address)
            file = live.place.file if live is not None else subject.kind.file.text
            return rule.resolved(".", file)
    patterns = _PATH_FIELDS.get(subject.kind.role, ())
    return "" if any(_fits(pattern, subject.field) for pattern in patterns) else None


def _fits(pattern: Pattern, path: FieldPath) -> bool:
    return len(pattern) == len(path) and all(
        step == name if name is not None else isinstance(step, int)
        for name, step in zip(pattern, path, strict=True)
    )


def _leaves(found: Iterable[tuple[FieldPath, Json]]) -> Iterator[tuple[FieldPath, Json]]:
    """What a selector finds, the items of lists one by one."""
    for path, value in found:
        if isinstance(value, list):
            yield from (((*path, index), item) for index, item in enumerate(value))
        else:
            yield path, value


def _ids(look: BufferPlan, kinds: Iterable[str], subject: Subject) -> Iterator[Offer]:
    known = look.planning.entry_sets.after
    for name in kinds:
        for item in known.of(name):
            if item.address != subject.address:
                lines = "\n".join(about(look, item.address))
                yield Offer(item.key, types.CompletionItemKind.Reference, name, lines)
        for item in look.newer.entry_sets.after.of(name) if look.newer is not None else ():
            if item.address != subject.address and item.address not in known.items:
                yield Offer(item.key, types.CompletionItemKind.Reference, name)


def _words(words: Iterable[str], detail: str = "") -> Iterator[Offer]:
    for word in words:
        yield Offer(word, types.CompletionItemKind.EnumMember, detail)


def _enumerated(view: View, path: FieldPath) -> Iterator[Offer]:
    """The words that the schema allows: those of ``enum`` and ``const``, and of what is true or false."""
    about = visible(view.description(path))
    for schema in view.at(path):
        options = schema.get("enum")
        words = list(options) if isinstance(options, list) else []
        words += [schema["const"]] if "const" in schema else []
        words += [True, False] if _is_boolean(schema.get("type")) else []
        for word in words:
            if isinstance(word, str):
                yield Offer(word, types.CompletionItemKind.EnumMember, about=about)
            elif isinstance(word, bool | int | float):
                label = str(word).lower() if isinstance(word, bool) else str(word)
                yield Offer(label, types.CompletionItemKind.EnumMember, about=about, text=False)


def _is_boolean(type: Json) -> bool:
    return type == "boolean" or (isinstance(type, list) and "boolean" in type and len(type) == 2)


def _vocabulary(look: BufferPlan, subject: Subject) -> Iterator[Offer]:
    """The words that the workspace's settings declare for some fields, or the rules know without."""
    from registry_reconciler.rules.hooks import EVENTS
    from registry_reconciler.rules.routes import STAGES

    config = look.loaded.config
    caps = subject.kind.names.required_caps
    here = caps is not None and any(path == subject.field for path, _ in _leaves(caps.find(subject.value)))
    for capability in (config.capabilities or {}).values() if here else ():
        changes = "changes something" if capability.mutates else ""
        description = visible(capability.description)
        yield Offer(capability.name, types.CompletionItemKind.EnumMember, changes, description)
    role = subject.kind.role
    stages = config.stages if config.stages is not None else STAGES
    words: list[tuple[tuple[str, ...], Pattern, Sequence[str]]] = [
        (("hook",), ("event_type",), tuple(dict.fromkeys((*EVENTS, *(config.event_types or ()))))),
        (("hook",), ("match", "stage"), stages),
        (("hook",), ("match", "stage", None), stages),
        (("route",), ("related_docs", None, "stage"), stages),
        (("ability_low", "ability_high"), ("environments", None), config.environments or ()),
    ]
    for roles, pattern, known in words:
        if role in roles and _fits(pattern, subject.field):
            yield from _words(known)


def _paths(look: BufferPlan, base: str) -> Iterator[Offer]:
    """Files and folders of the workspace as they are named from a folder, those that lie deep last."""
    for path, kind in _files_below(look, ""):
        shape = types.CompletionItemKind.Folder if kind == "dir" else types.CompletionItemKind.File
        yield Offer(posixpath.relpath(path, base) if base else path, shape)


def _files_below(look: BufferPlan, top: str) -> Iterator[tuple[str, str]]:
    """What lies below a folder, by its path from there; what begins with a dot is left out."""
    from registry_reconciler.files.tree import SKIPPED_FOLDERS
    from registry_reconciler.files.unreadable import UnreadablePath

    waiting = [""]
    seen = 0
    while waiting and seen < MOST_PATHS:
        folder = waiting.pop(0)
        try:
            children = look.loaded.tree.tree.children("/".join(filter(None, (top, folder))))
        except UnreadablePath:
            continue
        for name, kind in children:
            path = f"{folder}/{name}" if folder else name
            if name.startswith(".") or name in SKIPPED_FOLDERS or kind not in ("dir", "file"):
                continue
            if kind == "dir":
                waiting.append(path)
            seen += 1
            yield path, kind
