"""An entry as a text that a person edits, and back: comments and the look of what was typed stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.base.mask import MASK
from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json, same, split_address
from registry_reconciler.model.written import Opaque

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Edits
    from registry_reconciler.formats.edits import Edit, Snippet
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.kind import Kind

REMARK = "#:"
"""Begins a line that is about the text and no part of it."""


class BadText(UsageFailure):
    """What was typed is no entry; the text says where."""

    code = "bad_text"


class EntryText(Struct, frozen=True):
    """An entry to be edited: its text, the value that it says, and the file that owns it."""

    text: str
    value: dict[str, Json]
    file: str


def entry_text(loaded: Loaded, address: str) -> EntryText:
    """The text of an entry as its owner has it; secrets are masked. Raises as :meth:`.EditSession.value`."""
    session = EditSession.of(loaded)
    kind = session.kind(address)
    value = session.value(address)
    snippet = None if kind.secrets else _snippet(session, address)
    if snippet is None or not same(snippet.value, value):
        from registry_reconciler.formats.yaml.edit.emit import dump

        return EntryText(
            dump(kind.secrets.mask(value)) if kind.secrets else dump(value), value, session.file(address)
        )
    return EntryText("\n".join((*snippet.comments, snippet.text)) + "\n", value, session.file(address))


def _snippet(session: EditSession, address: str) -> Snippet | None:
    from registry_reconciler.editing.fragment_edit import live_snippets
    from registry_reconciler.formats.edits import SpliceError
    from registry_reconciler.formats.table import YAML

    try:
        if session.owned_by_live(address):
            return live_snippets(session.loaded, [session.loaded.live.entries[address]])[address]
        place = session.owner(address).place
        data = session.loaded.fragments.files[place.file].data
        return YAML.extract(data, [(place.document, place.path)])[0] if data is not None else None
    except SpliceError:
        return None


def plain(text: str) -> str:
    """The text without remarks, and without blank lines around it that say nothing."""
    lines = [line.rstrip("\r") for line in text.split("\n") if not line.startswith(REMARK)]
    while lines and not lines[0].strip():
        lines.pop(0)
    whole = "\n".join(lines)
    short = whole.rstrip() + "\n" if lines else ""
    return short if short == whole or _says_the_same(short, whole) else whole


def _says_the_same(short: str, whole: str) -> bool:
    """Whether the lines at the end say nothing: below ``|+`` they are part of the text."""
    from registry_reconciler.formats.table import YAML

    before, after = (YAML.read(text.encode("utf-8", "surrogateescape")) for text in (whole, short))
    return not before.readable or same(list(before.documents), list(after.documents))


def editing(address: str, text: str) -> Callable[[Loaded], Edits]:
    """The draft that lets an entry say what a text says.

    It raises :class:`BadText` where the text is no such entry, and else as :meth:`.EditSession.value`.
    """

    def draft(loaded: Loaded) -> Edits:
        session = EditSession.of(loaded)
        kind = session.kind(address)
        old = session.value(address)
        value = _read(kind, address, text, old)
        session.put(address, value)
        if session.owned_by_live(address):
            session.typed = "" if kind.secrets else plain(text)
            if same(value, old):
                session.notes.append(
                    "the values are what they were, and what else a text says (comments, quotes, order) is not written "
                    f"to a registry alone: edit {visible(session.file(address))} by hand."
                )
            elif _new_comments(loaded, kind, session.file(address), session.typed):
                session.notes.append(
                    "comments come along with values that change, and the others are not written: look at the change, "
                    f"or edit {visible(session.file(address))} by hand."
                )
            return session.finish()
        if kind.secrets or not _as_typed(session, address, text, value):
            return session.finish()
        session.values.clear()
        edits = session.finish()
        from msgspec.structs import replace

        return replace(edits, target=(address,))

    return draft


def _new_comments(loaded: Loaded, kind: Kind, path: str, typed: str) -> bool:
    """Whether a text has a comment that stands nowhere in the file of its entry."""
    from registry_reconciler.formats.comments import comments_in
    from registry_reconciler.formats.table import YAML, format_of

    there = set(comments_in(loaded.tree.read(path) or b"", format_of(path, kind)))
    return not there.issuperset(comments_in(typed.encode("utf-8", "surrogateescape"), YAML))


def _read(kind: Kind, address: str, text: str, old: dict[str, Json]) -> dict[str, Json]:
    from registry_reconciler.formats.codes import without_text
    from registry_reconciler.formats.table import YAML

    read = YAML.read(plain(text).encode("utf-8", "surrogateescape"))
    if not read.readable:
        fault = read.faults[0]
        what = without_text(fault) if kind.secrets else fault.message
        raise BadText(f"line {fault.line}, column {fault.column}: {what}")
    if len(read.documents) != 1 or not isinstance(read.documents[0], dict):
        raise BadText("an entry is one mapping from fields to values.")
    value: dict[str, Json] = _unmasked(read.documents[0], old)
    key = kind.key_of(value)
    if key != split_address(address)[1]:
        fields = ", ".join(selector.text for selector in kind.key)
        raise BadText(
            f"{fields} is the key of {address}, and stays here. To call it otherwise: "
            f"registry rename {address} {key or 'NEW'}"
        )
    return value


def _unmasked(value: Json, old: Json) -> Json:
    """The value with the secrets that were not touched."""
    if isinstance(value, str) and value == MASK:
        return old
    if type(value) is Opaque:
        return value
    if isinstance(value, dict):
        inner = old if isinstance(old, dict) else {}
        return {name: _unmasked(item, inner.get(name, item)) for name, item in value.items()}
    if isinstance(value, list):
        items = old if isinstance(old, list) else []
        return [
            _unmasked(item, items[index] if index < len(items) else item) for index, item in enumerate(value)
        ]
    return value


def _as_typed(session: EditSession, address: str, text: str, value: dict[str, Json]) -> bool:
    """Put the text into the fragment as it was typed, where that keeps every other byte; whether it does."""
    from registry_reconciler.formats.edits import SpliceError
    from registry_reconciler.formats.table import YAML
    from registry_reconciler.formats.wrapped import typed

    place = session.owner(address).place
    data = session.loaded.fragments.files[place.file].data
    before = _snippet(session, address)
    if data is None or before is None:
        return False
    try:
        if YAML.splice(data, _swap(session, address, before)) != data:
            return False
    except SpliceError:
        return False
    for edit in _swap(session, address, typed(plain(text), value)):
        session.drafts.edit(place.file, edit)
    return True


def _swap(session: EditSession, address: str, snippet: Snippet) -> list[Edit]:
    from registry_reconciler.formats.edits import Insert, Remove

    place = session.owner(address).place
    *container, index = place.path
    assert isinstance(index, int)
    return [
        Remove(place.document, place.path),
        Insert(
            place.document,
            tuple(container),
            snippet.value,
            index=index,
            snippet=snippet,
            container_kind="list",
        ),
    ]
