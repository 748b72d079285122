"""Edits of fragments, as new bytes: pure, keeping every byte that an edit does not concern.

Drafts are collected against what was loaded and become one :class:`FragmentEdit` a file. Writing them is
:mod:`registry_reconciler.editing.amend`'s work, so that a fragment and what follows from it are written together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.files.names import name_fault, short
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.loading.directives import DIRECTIVES
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import (
    MISSING,
    DesiredEntry,
    FieldPath,
    Json,
    LiveEntry,
    digest_bytes,
    get_path,
    make_address,
    same,
)
from registry_reconciler.model.fragment_edit import FragmentEdit
from registry_reconciler.model.kind import Kind

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Edit, Snippet

_MODELINE = "yaml-language-server:"
"""In a comment: for editors, about the file that it stands in."""
SUFFIXES = (".yaml", ".yml")


def default_fragment(kind: str) -> str:
    """Where an entry goes that no fragment owns yet."""
    return f"{DESIRED_FOLDER}/{kind}.yaml"


@lru_cache(1024)
def require_fragment_path(path: str) -> str:
    """The path, when a fragment may stand there. Raises :class:`~registry_reconciler.errors.UsageFailure`."""
    parts = path.split("/")
    if parts[0] != DESIRED_FOLDER or len(parts) < 2:
        raise UsageFailure(f"{path!r} is no place for a fragment: name a file below {DESIRED_FOLDER}/.")
    fault = name_fault(path)
    if fault is not None:
        raise UsageFailure(f"{short(path)} is no name for a fragment: {fault}.")
    if not path.endswith(SUFFIXES) or any(part.startswith(".") for part in parts):
        raise UsageFailure(
            f"{path!r} would not be read as a fragment: its name must end in .yaml and begin with no dot."
        )
    return path


def require_key(kind: Kind, value: Json) -> str:
    """The key of an entry's value. Raises :class:`~registry_reconciler.errors.UsageFailure`."""
    key = kind.key_of(value) if isinstance(value, dict) else None
    if key is None:
        fields = ", ".join(selector.text for selector in kind.key)
        raise UsageFailure(
            f"an entry of {kind.name} must be a mapping with its key, {fields}, as text or a whole number."
        )
    return key


class Drafts(Struct):
    """Edits of fragments that are still to be written. All are addressed against what ``loaded`` holds."""

    loaded: Loaded
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    inserts: dict[tuple[str, str], list[tuple[str, Json, Snippet | None]]] = field(default_factory=dict)
    declared: dict[str, list[DesiredEntry]] | None = None
    """The declarations by address, once somebody asks: adopting asks about each of its entries."""

    def owner(self, address: str) -> DesiredEntry | None:
        """The declaration of an address. Raises where there are several."""
        if self.declared is None:
            self.declared = {}
            for entry in self.loaded.fragments.entries:
                self.declared.setdefault(entry.address, []).append(entry)
        found = self.declared.get(address, [])
        if len(found) > 1:
            places = " and ".join(entry.place.file for entry in found)
            raise Blocked(f"{address} is declared in {places}: keep one of the declarations first.")
        return found[0] if found else None

    def put(
        self, kind: Kind, value: dict[str, Json], fragment: str = "", snippet: Snippet | None = None
    ) -> str:
        """Declare an entry, or change its declaration; the fragment's path.

        Args:
            fragment: where a new declaration goes; ``desired/<kind>.yaml`` where it is not given.
            snippet: text and comments to reuse for a new declaration.

        Raises:
            UsageFailure: the value has no key, ``fragment`` is no place for one, or another one owns the
                entry.
            Blocked: the fragment cannot be read, or the entry is declared twice.
        """
        from registry_reconciler.formats.edits import Update

        key = require_key(kind, value)
        address = make_address(kind.name, key)
        owner = self.owner(address)
        if owner is None:
            path = require_fragment_path(fragment or default_fragment(kind.name))
            self._readable(path)
            if snippet is not None:
                value = kind.texts.as_written(value, snippet.value)
            self.inserts.setdefault((path, kind.name), []).append((key, value, snippet))
            return path
        if fragment and fragment != owner.place.file:
            raise UsageFailure(
                f"{address} is declared in {owner.place.file}, not in {fragment}. Leave the fragment out, or "
                "move the declaration there by hand (that changes the state only)."
            )
        if not same(owner.value, value):
            value = self._in_words(kind, owner, value, snippet)
            self.edit(owner.place.file, Update(owner.place.document, owner.place.path, value, snippet))
        return owner.place.file

    def _in_words(
        self, kind: Kind, owner: DesiredEntry, value: dict[str, Json], snippet: Snippet | None
    ) -> dict[str, Json]:
        """What a declaration is to say, written as it and ``snippet`` write it."""
        source = self.loaded.fragments.files[owner.place.file]
        there = get_path(source.documents[owner.place.document], owner.place.path)
        value = kind.texts.as_written(value, there)
        return value if snippet is None else kind.texts.as_written(value, snippet.value)

    def change(self, owner: DesiredEntry, value: dict[str, Json]) -> None:
        """Let a declaration say something else, also under another key."""
        from registry_reconciler.formats.edits import Update

        if not same(owner.value, value):
            value = self._in_words(self.loaded.kinds[owner.kind], owner, value, None)
            self.edit(owner.place.file, Update(owner.place.document, owner.place.path, value))

    def items(self, name: str) -> Iterator[tuple[str, int, int, Json]]:
        """The items of a directive in all fragments: file, document, index and what stands there."""
        for path, source in sorted(self.loaded.fragments.files.items()):
            for number, document in enumerate(source.documents if source.readable else ()):
                found = document.get(name) if isinstance(document, dict) else None
                for index, item in enumerate(found if isinstance(found, list) else ()):
                    yield path, number, index, item

    def change_item(self, name: str, path: str, document: int, index: int, value: Json) -> None:
        """Let an item of a directive say something else; :data:`MISSING`: it goes."""
        from registry_reconciler.formats.edits import Remove, Update

        where = (name, index)
        self.edit(path, Remove(document, where) if value is MISSING else Update(document, where, value))

    def remove(self, address: str) -> None:
        """Take a declaration away. Nothing happens where there is none."""
        from registry_reconciler.formats.edits import Remove

        owner = self.owner(address)
        if owner is not None:
            self.edit(owner.place.file, Remove(owner.place.document, owner.place.path))

    def directive(self, name: str, item: Json, fragment: str) -> None:
        """Add an item to ``moved``, ``removed``, ``protect``, ``override`` or ``allow``, unless it has it."""
        from registry_reconciler.formats.edits import Insert

        if name not in DIRECTIVES:
            raise UsageFailure(f"{name!r} is no directive: {', '.join(DIRECTIVES)}.")
        path = require_fragment_path(fragment)
        source = self._readable(path)
        documents = source.documents if source else ()
        for document in documents:
            items = document.get(name) if isinstance(document, dict) else None
            if isinstance(items, list) and any(same(known, item) for known in items):
                return
        self.edit(path, Insert(_document_with(documents, name), (name,), item, container_kind="list"))

    def finish(self) -> tuple[FragmentEdit, ...]:
        """The new contents, by path; files that come out as they are, are left out.

        Raises:
            Blocked: a fragment cannot be edited safely.
        """
        for (path, kind), drafts in sorted(self.inserts.items()):
            source = self.loaded.fragments.files.get(path)
            for edit in _insertions(kind, drafts, source, self.loaded.kinds[kind]):
                self.edit(path, edit)
        self.inserts.clear()
        made = (self._content(path, self._whole(path, edits)) for path, edits in sorted(self.edits.items()))
        return tuple(edit for edit in made if edit is not None)

    def edit(self, path: str, edit: Edit) -> None:
        """Ask for an edit of a fragment that can be read."""
        self._readable(path)
        self.edits.setdefault(path, []).append(edit)

    def _readable(self, path: str) -> SourceFile | None:
        source = self.loaded.fragments.files.get(path)
        if source is not None and source.hidden:
            raise Blocked(
                f"{path} cannot be edited: a sparse checkout hides it. Check it out: git sparse-checkout disable",
                next=(("git", "sparse-checkout", "disable"),),
            )
        if source is not None and not source.readable:
            first = source.problems[0]
            where = f"line {first.location.line}: " if first.location else ""
            # The title: the message may repeat what stands there, and that may be a secret; `plan` knows which.
            raise Blocked(f"{path} cannot be edited: {where}{first.title}")
        return source

    def _whole(self, path: str, edits: Sequence[Edit]) -> Sequence[Edit]:
        """The edits; a directive all of whose items go, goes with them, unless it is all that its document says."""
        from registry_reconciler.formats.edits import Remove

        source = self.loaded.fragments.files.get(path)
        for number, document in enumerate(source.documents if source else ()):
            for name in DIRECTIVES if isinstance(document, dict) and len(document) > 1 else ():
                items = document.get(name)
                about = [edit for edit in edits if _about(edit, number, name)]
                gone = {edit.path for edit in about if isinstance(edit, Remove)}
                if gone and isinstance(items, list) and len(gone) == len(about) == len(items):
                    edits = [*(edit for edit in edits if edit not in about), Remove(number, (name,))]
        return edits

    def _content(self, path: str, edits: Sequence[Edit]) -> FragmentEdit | None:
        from registry_reconciler.formats.edits import SpliceError
        from registry_reconciler.formats.project import projected
        from registry_reconciler.formats.table import YAML

        source = self.loaded.fragments.files.get(path)
        old = source.data if source else None
        try:
            content = YAML.splice(old or b"", edits)
            promised = projected(source.documents if source else (), edits)
        except SpliceError as error:
            raise Blocked(
                f"{path} cannot be edited safely: {error.message}. Make the change by hand."
            ) from error
        read = YAML.read(content, self.loaded.reader)
        too_much = next((fault.message for fault in read.faults if fault.code == "YML008"), "")
        if too_much:
            raise Blocked(
                f"{path} would hold {too_much}; nothing was written. Declare less in one file: "
                "registry adopt takes a pattern, and --by file or --by FIELD for more files."
            )
        if not read.readable or not same(list(read.documents), promised):
            raise Blocked(
                f"{path} would not read back as meant. Make the change by hand, and please report the file."
            )
        return (
            None
            if content == old
            else FragmentEdit(path, None if old is None else digest_bytes(old), content)
        )


def _about(edit: Edit, document: int, name: str) -> bool:
    """Whether an edit is about the part of a document that has a name."""
    from registry_reconciler.formats.edits import Insert, Remove, RenameKey, Update

    if isinstance(edit, (Update, Remove, RenameKey)):
        path = edit.path
    else:
        path = edit.container if isinstance(edit, Insert) else ()
    return edit.document == document and path[:1] == (name,)


def _document_with(documents: Sequence[Json], name: str) -> int:
    """The first document that has a key, else the first that can take it."""
    for index, document in enumerate(documents):
        if isinstance(document, dict) and name in document:
            return index
    for index, document in enumerate(documents):
        if document is None or isinstance(document, dict):
            return index
    return 0


def _insertions(
    name: str, drafts: list[tuple[str, Json, Snippet | None]], source: SourceFile | None, kind: Kind
) -> Iterable[Edit]:
    """New declarations in their sorted place where the others are sorted, else at the end."""
    from registry_reconciler.base.sequences import sorted_place
    from registry_reconciler.formats.edits import Insert

    documents = source.documents if source else ()
    document = _document_with(documents, name)
    content = documents[document] if documents else None
    items = (content.get(name) if isinstance(content, dict) else None) or []
    keys = [kind.key_of(item) or "" for item in items]
    for key, value, snippet in sorted(drafts, key=lambda draft: draft[0]):
        place = sorted_place(keys, key)
        index = place if place < len(keys) else None
        yield Insert(document, (name,), value, index=index, snippet=snippet, container_kind="list")


def put_entry(
    loaded: Loaded, kind: Kind, value: dict[str, Json], fragment: str = ""
) -> tuple[FragmentEdit, ...]:
    """Declare one entry, or change its declaration. Raises as :meth:`Drafts.put`. Empty: nothing changes."""
    drafts = Drafts(loaded)
    drafts.put(kind, value, fragment)
    return drafts.finish()


def add_directive(loaded: Loaded, name: str, item: Json, fragment: str) -> tuple[FragmentEdit, ...]:
    """Add one item to a directive of a fragment. Empty: it is there already."""
    drafts = Drafts(loaded)
    drafts.directive(name, item, fragment)
    return drafts.finish()


def live_snippets(loaded: Loaded, entries: Iterable[LiveEntry]) -> dict[str, Snippet]:
    """The text and comments of live entries, by address; each file's structure is read once."""
    by_file: dict[str, list[LiveEntry]] = {}
    for entry in entries:
        by_file.setdefault(entry.place.file, []).append(entry)
    found: dict[str, Snippet] = {}
    for path, mine in by_file.items():
        source = loaded.live.files[path]
        data, form = source.data, source.format
        assert data is not None
        places = [(entry.place.document, entry.place.path) for entry in mine]
        values = [source.value(document, path) for document, path in places]
        snippets = form.extract(data, places, source.sections, values)
        deeper = any(LAYOUTS[loaded.kinds[entry.kind].layout].inner for entry in mine)
        items = [(entry.place.document, _item_path(loaded, entry)) for entry in mine]
        around = form.extract(data, items, source.sections) if deeper else snippets
        for entry, node, item in zip(mine, snippets, around, strict=True):
            snippet = _as_fields(loaded.kinds[entry.kind], node)
            if item is not node:
                snippet = replace(snippet, comments=tuple(dict.fromkeys((*item.comments, *snippet.comments))))
            whole = not entry.place.path and not entry.place.document
            head = form.head_comments(data) if whole else ()
            own = tuple(row for row in snippet.comments if row not in head and _MODELINE not in row)
            found[entry.address] = replace(snippet, comments=(*head, *own))
    return found


def _item_path(loaded: Loaded, entry: LiveEntry) -> FieldPath:
    return LAYOUTS[loaded.kinds[entry.kind].layout].item_path(entry.place.path)


def _as_fields(kind: Kind, snippet: Snippet) -> Snippet:
    """The text of an entry as fields, from what stands at its node."""
    fields = LAYOUTS[kind.layout].fields(kind, snippet.value)
    if fields is snippet.value or not isinstance(fields, dict):
        return snippet
    from registry_reconciler.formats.table import YAML
    from registry_reconciler.formats.wrapped import wrapped

    whole = wrapped(next(iter(fields)), snippet) if len(fields) == 1 else None
    if whole is None:
        text = YAML.new_text(fields).decode("utf-8").removesuffix("\n")
        whole = replace(snippet, text=text, value=fields)
    return replace(whole, native=None)


def keyed_first(kind: Kind, value: dict[str, Json]) -> dict[str, Json]:
    """The same value with its key fields in front: what only the place said comes first too."""
    names = [selector.steps[0] for selector in kind.key if selector.steps[0] in value]
    if names == list(islice(value, len(names))):
        return value
    return {**{str(name): value[str(name)] for name in names}, **value}


def with_place(value: dict[str, Json], snippet: Snippet) -> Snippet:
    """The text of an entry with the fields in front that only its place says: in quotes where they need some."""
    from registry_reconciler.formats.table import YAML

    there = snippet.value
    if not isinstance(there, dict) or not there or snippet.text.startswith("{"):
        return snippet
    leading = dict(takewhile(lambda pair: pair[0] not in there, value.items()))
    if not leading:
        return snippet
    head = YAML.new_text(leading).decode("utf-8", "surrogatepass")
    return replace(snippet, text=head + snippet.text, value={**leading, **there}, native=None)
