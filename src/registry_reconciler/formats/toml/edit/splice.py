"""Edits to bytes, and no other byte changes.

What comes out is read back by ``tomllib`` before it is given: what does not say exactly what the edits promise, each
value with its type, is refused by name.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from registry_reconciler.formats.edits import (
    Edit,
    Insert,
    RenameKey,
    ReplaceDocument,
    SpliceError,
    Update,
    refuse_tags_in,
)
from registry_reconciler.formats.gaps import closed_up
from registry_reconciler.formats.nodes import UncomposableText
from registry_reconciler.formats.project import path_of, projected
from registry_reconciler.formats.replacements import Replacement, in_order, joined, replaced
from registry_reconciler.formats.toml.edit.blocks import TomlEditor
from registry_reconciler.formats.toml.edit.look import look_of
from registry_reconciler.formats.toml.edit.sections import Sections
from registry_reconciler.formats.toml.edit.spell import Speller
from registry_reconciler.formats.toml.edit.words import TomlStyle
from registry_reconciler.formats.toml.read.statements import KeyPart, float_value
from registry_reconciler.formats.toml.read.tree import TomlItem, TomlTree, Typed, tree_of, typed
from registry_reconciler.model.entry import FieldPath, Json, same, show_path

_BOM = "\ufeff"


def splice(data: bytes, edits: Sequence[Edit], look: TomlStyle | None = None) -> bytes:
    """The text with the edits made, all addressed against ``data``.

    Args:
        look: the habits of another text, for one that has none yet.

    Raises:
        SpliceError: an edit addresses what is not there, two contradict each other, TOML cannot say what is asked,
            or it could not be said without touching what nobody asked to change.
    """
    if not edits:
        return data
    text = data.decode("utf-8")
    bom = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    tree = _tree(text)
    if any(edit.document for edit in edits):
        raise SpliceError("a TOML file has one document", max(edit.document for edit in edits))
    refuse_tags_in(edits, "TOML")
    for edit in edits:
        _refuse_null(edit)
    before = typed(tree.root)
    promised = projected([before], edits)[0]
    if not isinstance(promised, dict):
        raise SpliceError("the whole of a TOML file is a table")
    result = _edited(tree, edits, look)
    _compare(result, promised)
    return (bom + result).encode("utf-8")


def _tree(text: str) -> TomlTree:
    try:
        return tree_of(text)
    except UncomposableText as error:
        raise SpliceError(f"the text cannot be read: {error}") from None


def _edited(tree: TomlTree, edits: Sequence[Edit], look: TomlStyle | None) -> str:
    renames = [edit for edit in edits if isinstance(edit, RenameKey)]
    if renames:
        text = replaced(
            tree.text, [replacement for edit in renames for replacement in _rename(tree, edit, renames)]
        )
        tree = _tree(text)
    names = {edit.path: edit.new_key for edit in renames}
    rest = [_readdressed(edit, names) for edit in edits if not isinstance(edit, RenameKey)]
    if not rest:
        return tree.text
    text = tree.text
    look = look if look is not None else look_of(tree)
    if text and not text.endswith("\n"):
        # A missing last line end is put there while editing, so that every line is one, and taken away after.
        tree = _tree(text + look.newline)
    editor = TomlEditor(tree, Sections(tree, look, become))
    own = [(() if isinstance(edit, ReplaceDocument) else path_of(edit), _plain(edit)) for edit in rest]
    result = joined(tree.text, closed_up(tree.text, in_order(editor.run(own))))
    if tree.text != text:
        result = result.removesuffix("\n").removesuffix("\r")
    return result


def become(text: str, value: Json) -> str:
    """A whole text made equal to a value."""
    return splice(text.encode("utf-8"), [Update(0, (), value)]).decode("utf-8")


def _plain(edit: Edit) -> Edit:
    return Update(0, (), edit.value) if isinstance(edit, ReplaceDocument) else edit


# ---------------------------------------------------------------- keys


def _rename(tree: TomlTree, edit: RenameKey, others: Sequence[RenameKey]) -> list[Replacement]:
    """Every place that says a key: its pair, its header, and the headers of what is in it."""
    item = tree.find(edit.path)
    parent = tree.find(edit.path[:-1])
    if item is None or parent is None or parent.kind != "table":
        raise SpliceError(f"there is no {edit.path[-1]!r} to rename", 0, edit.path)
    leaving = {other.path[-1] for other in others if other.path[:-1] == edit.path[:-1]}
    if edit.new_key in parent.children and edit.new_key not in leaving:
        raise SpliceError(f"there is a key {edit.new_key!r} already", 0, edit.path)
    name = Speller(tree.text, look_of(tree)).key(edit.new_key)
    if not item.numbers:
        return [Replacement(key.start, key.end, name) for key in _inner_keys(item, item.parts - 1)]
    depth = sum(isinstance(step, str) for step in edit.path) - 1
    found: list[Replacement] = []
    for number in item.numbers:
        statement = tree.statements[number]
        at = depth
        if statement.kind == "pair" and tree.section[number] >= 0:
            at -= len(tree.statements[tree.section[number]].keys)
        if at >= 0:
            key = statement.keys[at]
            found.append(Replacement(key.start, key.end, name))
    return found


def _inner_keys(item: TomlItem, part: int) -> list[KeyPart]:
    """The places in an inline table that say a key: one, or one for each key with dots that begins with it."""
    if item.value is not None:
        return [item.pair.keys[part]] if item.pair is not None else []
    return [key for child in item.children.values() for key in _inner_keys(child, part)]


def _readdressed(edit: Edit, names: Mapping[FieldPath, str]) -> Edit:
    """An edit as it is addressed after keys got other names."""
    if not names or isinstance(edit, ReplaceDocument):
        return edit
    if isinstance(edit, Insert):
        before = names.get((*edit.container, edit.before), edit.before) if edit.before is not None else None
        return replace(edit, container=_new_path(edit.container, names), before=before)
    return replace(edit, path=_new_path(edit.path, names))


def _new_path(path: FieldPath, names: Mapping[FieldPath, str]) -> FieldPath:
    return tuple(names.get(path[: size + 1], step) for size, step in enumerate(path))


# ---------------------------------------------------------------- what may be written


def _refuse_null(edit: Edit) -> None:
    if not isinstance(edit, (Update, Insert, ReplaceDocument)):
        return
    base = edit.container if isinstance(edit, Insert) else edit.path if isinstance(edit, Update) else ()
    waiting: list[tuple[FieldPath, Json]] = [((), edit.value)]
    while waiting:
        path, value = waiting.pop()
        if value is None:
            name = show_path(path)
            what = f"{name} is null, and TOML has no null" if name else "TOML has no null"
            raise SpliceError(f"{what}; leave the field out, or give it a value", 0, base)
        if isinstance(value, dict):
            waiting += [((*path, key), part) for key, part in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, number), part) for number, part in enumerate(value)]


def _compare(text: str, promised: Json) -> None:
    """Refuse a text that does not say what was promised."""
    try:
        parsed = tomllib.loads(text, parse_float=float_value)
        if same(parsed, promised):
            return  # and there is no date in it, which is more than its text
        tree = tree_of(text)
    except (tomllib.TOMLDecodeError, UncomposableText, ValueError, RecursionError) as error:
        raise SpliceError(f"the edit would leave what is not TOML: {error}") from None
    if not agrees(tree.root, parsed):
        raise SpliceError("the edit would leave a text that two readers read differently")
    wrong = _difference(promised, typed(tree.root), ())
    if wrong is not None:
        raise SpliceError(f"{show_path(wrong) or 'the file'} would not read back as asked", 0, wrong)


def agrees(item: TomlItem, parsed: Json) -> bool:
    """Whether a part of the tree says what ``tomllib`` says."""
    if item.kind == "table":
        if not isinstance(parsed, dict) or item.children.keys() != parsed.keys():
            return False
        return all(agrees(child, parsed[name]) for name, child in item.children.items())
    if item.kind != "scalar":
        if not isinstance(parsed, list) or len(parsed) != len(item.items):
            return False
        return all(map(agrees, item.items, parsed))
    value = item.value
    assert value is not None
    if isinstance(parsed, (datetime.date, datetime.time)):
        return value.kind == "date" and bool(tomllib.loads(f"v={value.plain}")["v"] == parsed)
    return same(value.plain, parsed)


def _difference(promised: Json, found: Json, path: FieldPath) -> FieldPath | None:
    """Where a text says something else than was promised; a text may have been written as the date that it is."""
    if isinstance(promised, Typed) or isinstance(found, Typed):
        if not isinstance(found, Typed):
            return path
        if isinstance(promised, Typed):
            return None if (promised.kind, promised.plain) == (found.kind, found.plain) else path
        return None if promised == found.plain else path
    if isinstance(promised, dict) and isinstance(found, dict):
        if promised.keys() != found.keys():
            return (*path, min(promised.keys() ^ found.keys()))
        differing = (_difference(promised[name], found[name], (*path, name)) for name in promised)
        return next((found_path for found_path in differing if found_path is not None), None)
    if isinstance(promised, list) and isinstance(found, list) and len(promised) == len(found):
        differing = (_difference(promised[k], found[k], (*path, k)) for k in range(len(found)))
        return next((found_path for found_path in differing if found_path is not None), None)
    return None if same(promised, found) else path
