"""Edits made on plain values: what the text must read as after them. Knows nothing of text."""

from __future__ import annotations

from collections.abc import Sequence

from registry_reconciler.formats.edits import (
    Edit,
    Insert,
    Remove,
    RenameKey,
    ReplaceDocument,
    SpliceError,
    Update,
)
from registry_reconciler.model.entry import FieldPath, Json, same, show_path


def projected(documents: Sequence[Json], edits: Sequence[Edit]) -> list[Json]:
    """The documents after all edits; the originals stay as they are.

    Raises:
        SpliceError: an edit addresses what is not there.
    """
    result = list(documents)
    if not result and edits:
        result = [None]
    by_document: dict[int, list[tuple[FieldPath, Edit]]] = {}
    for edit in edits:
        by_document.setdefault(edit.document, []).append((path_of(edit), edit))
    for number, own in sorted(by_document.items()):
        if not 0 <= number < len(result):
            raise SpliceError(f"there is no document {number}", number)
        result[number] = project_value(result[number], own)
    return result


def path_of(edit: Edit) -> FieldPath:
    """The place that an edit is about: the node, or the container of what is new."""
    if isinstance(edit, Insert):
        return edit.container
    return () if isinstance(edit, ReplaceDocument) else edit.path


def project_value(value: Json, edits: list[tuple[FieldPath, Edit]]) -> Json:
    """A value after edits whose paths are relative to it.

    Raises:
        SpliceError: an edit addresses what is not there, or two contradict each other.
    """
    if not edits:
        return value
    for path, edit in edits:
        if not path and isinstance(edit, (Update, ReplaceDocument)):
            if len(edits) > 1 and not all(_says_so(pair, edit.value) for pair in edits):
                raise contradiction(edit)
            return edit.value
    inserts = [edit for path, edit in edits if not path and isinstance(edit, Insert)]
    deeper: dict[str | int, list[tuple[FieldPath, Edit]]] = {}
    for path, edit in edits:
        if path:
            deeper.setdefault(path[0], []).append((path[1:], edit))
    if value is None and (inserts or deeper):
        value = [] if inserts and inserts[0].kind == "list" else {}
    if isinstance(value, list):
        return _project_list(value, deeper, inserts)
    if isinstance(value, dict):
        return _project_map(value, deeper, inserts)
    raise SpliceError(
        "an edit addresses a part of what has no parts", edits[0][1].document, path_of(edits[0][1])
    )


def _project_list(
    value: list[Json], deeper: dict[str | int, list[tuple[FieldPath, Edit]]], inserts: list[Insert]
) -> list[Json]:
    _refuse(step for step in deeper if not (isinstance(step, int) and 0 <= step < len(value)))
    result: list[Json] = []
    coming: dict[int, list[Json]] = {}
    for edit in inserts:
        coming.setdefault(_list_index(edit, len(value)), []).append(edit.value)
    done = 0
    for number in sorted({*deeper, *coming, len(value)}, key=int):
        result += value[done : int(number)]
        done = int(number)
        result += coming.get(done, ())
        own = deeper.get(done, [])
        if own:
            result += () if _is_removed(own) else (project_value(value[done], own),)
            done += 1
    return result


def _list_index(edit: Insert, length: int) -> int:
    return length if edit.index is None else max(0, min(edit.index, length))


def _project_map(
    value: dict[str, Json], deeper: dict[str | int, list[tuple[FieldPath, Edit]]], inserts: list[Insert]
) -> dict[str, Json]:
    _refuse(step for step in deeper if not isinstance(step, str))
    result: dict[str, Json] = {}
    coming: dict[str | None, list[Insert]] = {}
    for edit in inserts:
        coming.setdefault(edit.before if edit.before in value else None, []).append(edit)
    for key, part in value.items():
        for edit in coming.get(key, ()):
            result[str(edit.key)] = edit.value
        if key not in deeper:
            result[key] = part
            continue
        own = deeper.pop(key)
        if not _is_removed(own):
            names = {edit.new_key for path, edit in own if not path and isinstance(edit, RenameKey)}
            if len(names) > 1:
                raise contradiction(own[0][1])
            name = names.pop() if names else key
            result[name] = project_value(part, [pair for pair in own if not _is_rename(pair)])
    for step, own in deeper.items():
        if _is_removed(own):
            raise SpliceError(f"there is no {step!r} to remove")
        result[str(step)] = project_value(None, own)
    for edit in coming.get(None, ()):
        result[str(edit.key)] = edit.value
    return result


def _is_removed(own: list[tuple[FieldPath, Edit]]) -> bool:
    gone = [edit for path, edit in own if not path and isinstance(edit, Remove)]
    if gone and len(gone) < len(own):
        raise contradiction(gone[0])
    return bool(gone)


def _says_so(pair: tuple[FieldPath, Edit], value: Json) -> bool:
    path, edit = pair
    return not path and isinstance(edit, (Update, ReplaceDocument)) and same(edit.value, value)


def contradiction(edit: Edit) -> SpliceError:
    """What is wrong with an edit where another one asks for something else."""
    path = path_of(edit)
    return SpliceError(
        f"two edits of {show_path(path) or 'a document'} contradict each other", edit.document, path
    )


def _is_rename(pair: tuple[FieldPath, Edit]) -> bool:
    return not pair[0] and isinstance(pair[1], RenameKey)


def _refuse(steps: object) -> None:
    for step in steps:  # type: ignore[attr-defined]
        raise SpliceError(f"there is nothing at {step!r}")
