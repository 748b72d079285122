"""Texts that deceive a reader: what nobody sees, and names that are one name composed in two ways (TXT)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from registry_reconciler.base.escape import unseen
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Rule
from registry_reconciler.rules.entry_set import Entry, EntrySet


def _keys(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.items.values():
        if not item.key.isascii() and (unseen_ones := unseen(item.key)):
            yield Finding(
                item, f"the id {item.key!a} has characters that nobody sees: {unseen_ones}.", extra="id"
            )
        elif item.live_place is not None and not item.live_place.file.isascii():
            yield from _file_name(item, item.live_place.file)
    for item in entry_set.memo(_oddly_named):
        for path, name in _names(item.value):
            if not name.isascii() and (unseen_ones := unseen(name)):
                message = f"the name {name!a} has characters that nobody sees: {unseen_ones}."
                yield Finding(item, message, (*path, name), on_key=True)


def _file_name(item: Entry, file: str) -> Iterator[Finding]:
    """A registry file by another name than the one that people read."""
    if unseen_ones := unseen(file):
        message = f"the name of its file {file!a} has characters that nobody sees: {unseen_ones}."
        yield Finding(item, message, extra="file", cause=f"TXT001 {file}")


TXT001 = Rule(
    "TXT001",
    "An id or a name has characters that nobody sees",
    Severity.ERROR,
    check=_keys,
    supports_incremental=True,
)


def _values(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.memo(_not_plain):
        for path, text in _texts(item.value):
            if text != item.key and (unseen_ones := unseen(text, prose=True)):
                yield Finding(item, f"the text has characters that nobody sees: {unseen_ones}.", path)


TXT002 = Rule(
    "TXT002",
    "A text has characters that nobody sees",
    Severity.WARNING,
    check=_values,
    supports_incremental=True,
)


def _twins(entry_set: EntrySet) -> Iterator[Finding]:
    from unicodedata import normalize

    for item in entry_set.memo(_oddly_named):
        first: dict[tuple[FieldPath, str], str] = {}
        for path, name in _names(item.value):
            other = name if name.isascii() else first.setdefault((path, normalize("NFC", name)), name)
            if other != name:
                yield Finding(
                    item,
                    f"the names {other!a} and {name!a} are the same letters, composed in two ways: {name!r}.",
                    (*path, name),
                    on_key=True,
                )


TXT003 = Rule(
    "TXT003",
    "Two names of one mapping are the same letters",
    Severity.ERROR,
    check=_twins,
    supports_incremental=True,
)


def _not_plain(entry_set: EntrySet) -> tuple[Entry, ...]:
    """The entries that hold more than plain ASCII: few files may, and few entries of those do."""
    known = entry_set.beyond_ascii
    items: Iterable[Entry] = entry_set.items.values()
    if known is not None:
        files = {item.place.file for item in items}
        files.update(item.live_place.file for item in items if item.live_place is not None)
        beyond = {file for file in files if file in known}
        items = [
            item
            for item in (items if beyond else ())
            if item.place.file in beyond or (item.live_place is not None and item.live_place.file in beyond)
        ]
    return tuple(item for item in items if entry_set.judges(item.address) and not _is_ascii(item.value))


def _oddly_named(entry_set: EntrySet) -> tuple[Entry, ...]:
    """Those of them that have a name in a mapping that is not plain ASCII."""
    return tuple(item for item in entry_set.memo(_not_plain) if not _has_plain_names(item.value))


def _has_plain_names(value: Json) -> bool:
    if type(value) is dict:
        return all(map(str.isascii, value)) and all(map(_has_plain_names, value.values()))
    return all(map(_has_plain_names, value)) if type(value) is list else True


def _is_ascii(value: Json) -> bool:
    """Whether all names and texts are plain ASCII."""
    if type(value) is str:
        return value.isascii()
    if type(value) is dict:
        return all(map(_is_ascii, value)) and all(map(_is_ascii, value.values()))
    return all(map(_is_ascii, value)) if type(value) is list else True


def _names(value: Json, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Every name of every mapping, with the path of the mapping."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield path, name
            yield from _names(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _names(inner, (*path, index))


def _texts(value: Json, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Every text in a mapping or list that is not plain ASCII."""
    parts: Iterable[tuple[str | int, Json]] = value.items() if isinstance(value, dict) else enumerate(value)
    for step, part in parts:
        if isinstance(part, str):
            if not part.isascii():
                yield (*path, step), part
        elif isinstance(part, dict | list):
            yield from _texts(part, (*path, step))


RULES = (TXT001, TXT002, TXT003)
