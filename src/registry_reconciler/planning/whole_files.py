"""Registry files that move as wholes, and what of them must not be lost on the way. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from registry_reconciler.files.registry_paths import registry_path_fault
from registry_reconciler.files.unreadable import Unreadable
from registry_reconciler.formats.table import format_of
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.walk import containers
from registry_reconciler.planning.edit_files.values import cut, skeleton

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree
    from registry_reconciler.formats.base import TextFormat
    from registry_reconciler.loading.registries import Live
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.entry import FieldPath
    from registry_reconciler.model.kind import Kind


def is_wholly_of(kind: Kind, source: SourceFile) -> bool:
    """Whether a file holds nothing but the entries of one kind."""
    bound = kind.file.match(source.path)
    if bound is None:
        return False
    drop: dict[int, list[FieldPath]] = {}
    for one in containers(kind, source.documents, bound):
        drop.setdefault(one.document, []).append(one.path)
    return all(
        skeleton(cut(document, drop.get(number, ()))) is None
        for number, document in enumerate(source.documents)
    )


_REGION = b"registry:begin"


def renamed_whole(loaded: Loaded, kind: Kind, former: Kind, old: Live) -> dict[str, bytes | None] | None:
    """The files of a kind under their new names, where nothing but the names changes; ``None`` where more does."""
    if kind.at != former.at or LAYOUTS[kind.layout] != LAYOUTS[former.layout]:
        return None
    names: dict[str, str] = {}
    for path, source in old.files.items():
        bound = former.file.match(path)
        if bound is None or kind.open or former.open or set(kind.file.placeholders) != set(bound):
            return None
        new = kind.file.fill(bound)
        if (
            new in names.values()
            or new == path
            or format_of(new, kind).name != source.format.name
            or not is_wholly_of(former, source)
            or _REGION in (source.data or b"")
        ):
            return None
        names[path] = new
    going = {new for new in names.values() if new in names}
    for new in names.values():
        if new in going:
            continue
        try:
            if loaded.tree.read(new) is not None or registry_path_fault(new, loaded.tree):
                return None
        except Unreadable:
            return None
    files: dict[str, bytes | None] = dict.fromkeys(names)
    files.update((new, old.files[path].data) for path, new in names.items())
    return files


def emptied(data: bytes | None, form: TextFormat) -> bool:
    """Whether a text says nothing any more, and has no comment either."""
    if data is None or any(True for _ in _comments(data)):
        return False
    return all(skeleton(one) is None for one in form.read(data).documents)


def with_heads(old: Mapping[str, SourceFile], files: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """New texts below the comments that stood at the head of the old text of the same name."""
    found = dict(files)
    for path, data in files.items():
        source = old.get(path)
        head = b"" if source is None or source.data is None else _head(source.data)
        if head and data is not None and not data.startswith(head):
            found[path] = head + data
    return found


def _head(data: bytes) -> bytes:
    """The lines of comments at the head of a text; those directly above a text that follows too."""
    rows = []
    for row in data.split(b"\n"):
        if not row.startswith(b"#") and row.strip():
            break
        rows.append(row)
    while rows and not rows[-1].strip():
        rows.pop()
    return b"\n".join(rows) + b"\n" if rows else b""


_COMMENT = re.compile(rb"(?:^|(?<=\s))(?:#|//)[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)


def _comments(data: bytes) -> Iterator[bytes]:
    yield from (text for text in _COMMENT.findall(data) if text)


def lost_comments(tree: Tree, old: Mapping[str, SourceFile], files: Mapping[str, bytes | None]) -> str:
    """A comment that no file would have any more; "" where all are kept."""
    before: Counter[bytes] = Counter()
    for path in {*old, *files}:
        data = old[path].data if path in old else tree.read(path)
        before.update(_comments(data or b""))
    after: Counter[bytes] = Counter()
    for path in {*old, *files}:
        data = files[path] if path in files else old[path].data
        after.update(_comments(data or b""))
    return next((text.decode("utf-8", "replace") for text in sorted(before - after)), "")
