"""Texts of the look that most have, with a line for each part: encoders in C write them, and write them anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from registry_reconciler.base.json_text import compact, encoded, is_written_alike
from registry_reconciler.formats.edits import Edit, Insert, Remove, SpliceError, Update, refuse_tags
from registry_reconciler.formats.json.read import read_json
from registry_reconciler.formats.project import path_of, project_value
from registry_reconciler.model.entry import FieldPath, Json, Missing, get_path
from registry_reconciler.model.written import holds_exact

_LEAST = 20_000
"""To splice shorter texts takes no time."""
_EXPONENT = re.compile("[0-9]e[-+0-9]")
_UNIT = re.compile(rb"[{\[]\r?\n( +)")
_COLLECTIONS = frozenset({dict, list})


def usual_file(value: Json, container: FieldPath) -> bytes | None:
    """The text of a new file that says a value, or has it at ``container``; ``None`` as of :func:`usual_text`."""
    return usual_text(at_container(value, container))


def at_container(value: Json, container: FieldPath) -> Json:
    """All that a new file says that has a value at ``container``. Raises :class:`SpliceError` where it has a tag."""
    refuse_tags(value, "JSON")
    for step in reversed(container):
        value = {str(step): value} if isinstance(step, str) else [value]
    return value


def usual_text(value: Json, indent: int = 2, unsure: Iterable[Json] | None = None) -> bytes | None:
    """What :class:`.look.Writer` writes where nothing shows another look; ``None`` where it may differ.

    Args:
        unsure: the parts that are new, if all else of the value was written so before.
    """
    quickly = encoded(value, unsure=unsure)
    if quickly is not None:
        return b"%b\n" % msgspec.json.format(quickly, indent=indent) if quickly[0] in b"{[" else None
    if holds_exact(value):
        return None
    text = compact(value)
    # Such numbers are written in another way here; a text may say so too, and is then written the long way.
    if _EXPONENT.search(text) or "NaN" in text or "Infinity" in text or not text.startswith(("{", "[")):
        return None
    try:
        return f"{msgspec.json.format(text, indent=indent)}\n".encode()
    except ValueError:  # half of a character, which the writer refuses by name
        return None


def written_anew(data: bytes, edits: Sequence[Edit]) -> bytes | None:
    """A long text of this look with edits made; ``None`` where the splicer has to look at what stands there.

    What does not change keeps its text, for it would be written in no other way.
    """
    unit = _UNIT.match(data) if len(data) >= _LEAST else None
    if unit is None:
        return None
    file = read_json(data)
    if not file.readable or not file.documents:
        return None
    value, newline = file.documents[0], b"\r\n" if unit[0][1:2] == b"\r" else b"\n"
    is_sure = is_written_alike(value)
    if (
        not all(_is_plain(edit, value) for edit in edits)
        or _as(value, unit, newline, () if is_sure else None) != data
    ):
        return None
    try:
        result = project_value(value, [(path_of(edit), edit) for edit in edits])
    except SpliceError:
        return None  # the splicer says what is wrong
    new = [edit.value for edit in edits if isinstance(edit, Insert | Update)]
    return _as(result, unit, newline, new if is_sure else None)


def _as(
    value: Json, unit: re.Match[bytes], newline: bytes, unsure: Iterable[Json] | None = None
) -> bytes | None:
    text = usual_text(value, len(unit[1]), unsure)
    return text if text is None or newline == b"\n" else text.replace(b"\n", newline)


def _is_plain(edit: Edit, value: Json) -> bool:
    """Whether nothing but values decides what an edit makes of a text."""
    if edit.document:
        return False
    if isinstance(edit, Insert):
        whole = get_path(value, edit.container)
        if edit.kind == "map" and type(whole) is dict:
            return edit.snippet is None and edit.key not in whole
        return edit.kind == "list" and edit.snippet is None and type(whole) is list
    if isinstance(edit, Remove):
        return not isinstance(get_path(value, edit.path), Missing)
    if not isinstance(edit, Update) or edit.snippet is not None:
        return False
    return _in_order(get_path(value, edit.path), edit.value)


def _in_order(old: Json | Missing, new: Json) -> bool:
    """Whether what both have stands in the same order: then nothing keeps a place that it would not be given."""
    if type(old) is dict and type(new) is dict:
        if [key for key in old if key in new] != [key for key in new if key in old]:
            return False
        return all(_in_order(part, new[key]) for key, part in old.items() if key in new)
    return old == new or type(old) not in _COLLECTIONS or type(new) not in _COLLECTIONS
