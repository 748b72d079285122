"""Registry files that move as wholes, and what of them must not be lost on the way. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from registry_reconciler.files.registry_paths import registry_path_fault
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.comments import comments_in
from registry_reconciler.formats.scan import BOM
from registry_reconciler.formats.table import format_of
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.walk import containers
from registry_reconciler.loading.registries import excluded
from registry_reconciler.planning.edit_files.values import cut, skeleton

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree
    from registry_reconciler.formats.base import TextFormat
    from registry_reconciler.loading.registries import Live
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.entry import FieldPath, LiveEntry
    from registry_reconciler.model.kind import Kind


def is_wholly_of(kind: Kind, source: SourceFile) -> bool:
    """Whether a file holds nothing but the entries of one kind."""
    bound = kind.file.match(source.path)
    if bound is None:
        return False
    drop: dict[int, list[FieldPath]] = {}
    for container in containers(kind, source.documents, bound):
        drop.setdefault(container.document, []).append(container.path)
    return all(
        skeleton(cut(document, drop.get(number, ()))) is None
        for number, document in enumerate(source.documents)
    )


_REGION = b"registry:begin"


def _placeholders(kind: Kind, bound: Mapping[str, str], entry: LiveEntry | None) -> Mapping[str, str] | None:
    """What the new name of a file is made of: what the old one says, or the only entry that the file has."""
    if set(kind.file.placeholders) == set(bound):
        return bound
    found = {name: entry.value.get(name) for name in kind.file.placeholders} if entry else {}
    texts = {name: text for name, text in found.items() if isinstance(text, str) and text and "/" not in text}
    return texts if found and len(texts) == len(kind.file.placeholders) else None


def renamed_whole(loaded: Loaded, kind: Kind, former: Kind, old: Live) -> dict[str, bytes | None] | None:
    """The files of a kind under their new names, where nothing but the names changes; ``None`` where more does."""
    if kind.at != former.at or LAYOUTS[kind.layout] != LAYOUTS[former.layout]:
        return None
    names: dict[str, str] = {}
    entries = (
        {entry.place.file: entry for entry in old.entries.values()} if LAYOUTS[kind.layout].one_a_file else {}
    )
    for path, source in old.files.items():
        bound = former.file.match(path)
        if bound is None or kind.open:
            return None
        filled = _placeholders(kind, bound, entries.get(path))
        if filled is None:
            return None
        new = kind.file.fill(filled)
        if (
            new in names.values()
            or new == path
            or format_of(new, kind).name != source.format.name
            or excluded(kind, new)
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
        except UnreadablePath:
            return None
    files: dict[str, bytes | None] = dict.fromkeys(names)
    files.update((new, old.files[path].data) for path, new in names.items())
    return files


def emptied(data: bytes | None, form: TextFormat) -> bool:
    """Whether a text says nothing any more, and has no comment either."""
    if data is None or any(True for _ in comments_in(data, form)):
        return False
    return all(skeleton(document) is None for document in form.read(data).documents)


def in_place_of(
    kind: Kind, old: Mapping[str, SourceFile], files: Mapping[str, bytes | None]
) -> dict[str, bytes | None]:
    """New texts that take the place of old ones of the same name: below their heads, and with their line ends."""
    found = dict(files)
    for path, data in files.items():
        source = old.get(path)
        if source is None or source.data is None or data is None:
            continue
        bom = BOM if source.data.startswith(BOM) else b""
        data = data.removeprefix(BOM)
        if b"\r\n" in source.data and b"\r\n" not in data:
            data = data.replace(b"\n", b"\r\n")
        head = _head(source.data.removeprefix(bom))
        if _begins(source.format) != "#" or _begins(format_of(path, kind)) != "#" or data.startswith(head):
            head = b""
        found[path] = bom + head + data
    return found


def _begins(form: TextFormat) -> str:
    """What a comment of a format begins with."""
    return form.comment.opening if form.comment is not None else ""


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


def lost_comments(
    tree: Tree, kind: Kind, old: Mapping[str, SourceFile], files: Mapping[str, bytes | None]
) -> str:
    """A comment that no file would have any more; "" where all are kept."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for path in {*old, *files}:
        there = old[path].format if path in old else format_of(path, kind)
        was = old[path].data if path in old else tree.read(path)
        before.update(comments_in(was or b"", there))
        if path in files:
            after.update(comments_in(files[path] or b"", format_of(path, kind)))
        else:
            after.update(comments_in(was or b"", there))
    return min(before - after, default="")
