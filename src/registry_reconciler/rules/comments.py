"""Comments of fragments that the registries do not have (CMT)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from registry_reconciler.files.unreadable import Unreadable
from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.nodes import Document, Node, child_index
from registry_reconciler.formats.nodes import Unreadable as NotComposed
from registry_reconciler.formats.table import YAML
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import Place
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Rule
from registry_reconciler.rules.entry_set import EntrySet

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\r\n]*", re.MULTILINE)
_SHOWN = 60


class _Texts:
    """The texts of one entry set, with their comments; composed only where somebody asks."""

    def __init__(self, entry_set: EntrySet) -> None:
        self._tree = entry_set.tree
        self._texts: dict[str, str] = {}
        self._comments: dict[str, frozenset[str]] = {}
        self._missing: dict[tuple[str, str], frozenset[str]] = {}
        self._documents: dict[str, Sequence[Document]] = {}

    def text(self, path: str) -> str:
        if path not in self._texts:
            try:
                self._texts[path] = (self._tree.read(path) or b"").decode("utf-8").removeprefix("\ufeff")
            except (Unreadable, UnicodeDecodeError):
                self._texts[path] = ""
        return self._texts[path]

    def comments(self, path: str) -> frozenset[str]:
        """What may be a comment in a file."""
        if path not in self._comments:
            text = self.text(path)
            # Line by line, since few lines have one: five times as fast as over the whole text.
            lines = (line for line in text.split("\n") if "#" in line) if "#" in text else ()
            found = (comment for line in lines for comment in _COMMENT.findall(line))
            self._comments[path] = frozenset(item.strip() for item in found)
        return self._comments[path]

    def missing(self, file: str, there: str) -> frozenset[str]:
        """What may be a comment in one file, and is none in another; asked of every entry."""
        if (file, there) not in self._missing:
            self._missing[file, there] = self.comments(file) - self.comments(there)
        return self._missing[file, there]

    def of(self, place: Place, form: TextFormat) -> list[str]:
        """The comments of an entry: in it, on its lines, and directly above it."""
        text = self.text(place.file)
        if place.file not in self._documents:
            try:
                self._documents[place.file] = form.compose(text)
            except NotComposed:
                self._documents[place.file] = ()
        documents = self._documents[place.file]
        if not 0 <= place.document < len(documents):
            return []
        node, start = documents[place.document].root, -1
        for step in place.path:
            index = child_index(node, step)
            if index is None:
                return []
            start = node.entries[index].start
            node = node.entries[index].value
        return _comments_of(text, node, start if start >= 0 else node.start)


def _comments_of(text: str, node: Node, start: int) -> list[str]:
    begin = text.rfind("\n", 0, start) + 1
    column = start - begin
    while begin:
        above = text.rfind("\n", 0, begin - 1) + 1
        row = text[above:begin]
        if not row.lstrip(" ").startswith("#") or len(row) - len(row.lstrip(" ")) != column:
            break
        begin = above
    end = text.find("\n", node.end)
    end = len(text) if end < 0 else end
    scalars: list[tuple[int, int]] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.entries:
            waiting += [entry.value for entry in one.entries]
            waiting += [entry.key for entry in one.entries if entry.key is not None]
        elif one.style not in ("|", ">"):
            scalars.append((one.body, one.end))
        else:
            scalars.append((text.find("\n", one.body), one.end))
    found = list(_COMMENT.finditer(text, begin, end))
    return [
        match.group().strip()
        for match in found
        if not any(low < match.start() < high for low, high in scalars)
    ]


def _texts(entry_set: EntrySet) -> _Texts:
    return _Texts(entry_set)


def _not_carried(entry_set: EntrySet) -> Iterator[Finding]:
    folder = f"{DESIRED_FOLDER}/"
    # What a plan changes is asked about after its apply: until then places and texts fit as they are now.
    texts = (entry_set.earlier or entry_set).memo(_texts)
    for item in entry_set.items.values():
        file = item.place.file
        if item.live_place is None or not file.startswith(folder) or not entry_set.judges(item.address):
            continue
        there = item.live_place.file
        missing = texts.missing(file, there)
        if not missing or item.address in entry_set.touched:
            continue
        own = [comment for comment in texts.of(item.place, YAML) if comment in missing]
        if own:
            more = f" and {len(own) - 1} more" if len(own) > 1 else ""
            shown = own[0] if len(own[0]) <= _SHOWN else own[0][: _SHOWN - 1] + "…"
            yield Finding(
                item,
                f"the registry does not have the comment {shown!r}{more} of the fragment.",
                extra=" ".join(own),
            )


CMT001 = Rule(
    "CMT001",
    "A comment of a fragment is not in the registry",
    Severity.RECORD,
    check=_not_carried,
    supports_incremental=True,
)


RULES = (CMT001,)
