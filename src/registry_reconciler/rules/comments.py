"""Comments of fragments that the registries do not have (CMT)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from registry_reconciler.files.unreadable import Unreadable
from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.composed import Recent, composed
from registry_reconciler.formats.nodes import Node, child_index
from registry_reconciler.formats.nodes import Unreadable as NotComposed
from registry_reconciler.formats.table import YAML, format_of
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import Place
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Rule
from registry_reconciler.rules.entry_set import Entry, EntrySet

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\r\n]*", re.MULTILINE)
_MARK = re.compile(r"(?:^|(?<=[ \t]))#")
_SLASHED = re.compile(r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_INSIDE = re.compile(r"\n([ ]*)#[^\n]*")
_SHOWN = 60


def _body(comment: str) -> str:
    """What a comment says, whatever its marks."""
    return comment.strip().lstrip("#/*").removesuffix("*/").strip()


def _written_in(text: str, form: TextFormat) -> Iterator[str]:
    """What may be a comment in a text: also what looks like one inside of a value."""
    opening = form.comment.opening if form.comment is not None else ""
    if opening == "#" and "#" in text:
        # Line by line, since few lines have one: five times as fast as over the whole text.
        lines = (line for line in text.split("\n") if "#" in line)
        # What is in quotes may hold a # before the comment.
        yield from (_body(line[match.start() :]) for line in lines for match in _MARK.finditer(line))
    elif opening == "//":
        for comment in _SLASHED.findall(text):
            yield from (_body(row) for row in comment.split("\n"))


_LIVE: Recent[dict[object, Counter[str]]] = Recent()
"""Comments of entries in registries, by where they stand: while somebody types, few texts are others."""


_OWN: Recent[dict[object, Sequence[str]]] = Recent()
"""As :data:`_LIVE`, of entries in fragments."""


class _Texts:
    """The texts of one entry set, with their comments; composed only where somebody asks."""

    def __init__(self, entry_set: EntrySet) -> None:
        self._tree = entry_set.tree
        self._texts: dict[str, str] = {}
        self._comments: dict[str, Counter[str]] = {}
        self._doubtful: dict[tuple[str, str], frozenset[str]] = {}

    def text(self, path: str) -> str:
        if path not in self._texts:
            try:
                self._texts[path] = (self._tree.read(path) or b"").decode("utf-8").removeprefix("\ufeff")
            except (Unreadable, UnicodeDecodeError):
                self._texts[path] = ""
        return self._texts[path]

    def comments(self, path: str, form: TextFormat) -> Counter[str]:
        """What may be a comment in a file, with how often it stands there."""
        if path not in self._comments:
            self._comments[path] = Counter(_written_in(self.text(path), form))
        return self._comments[path]

    def doubtful(self, file: str, there: str, form: TextFormat) -> frozenset[str]:
        """What stands as a comment in a fragment more often than in a registry; asked of every entry."""
        if (file, there) not in self._doubtful:
            # The empty ones are no comments that anybody misses.
            more = self.comments(file, YAML) - self.comments(there, form) if "#" in self.text(file) else {}
            self._doubtful[file, there] = frozenset(filter(None, more))
        return self._doubtful[file, there]

    def live(self, form: TextFormat, places: Sequence[Place]) -> list[Counter[str]]:
        """The comments that each of some entries of one registry file has there: the file is composed once."""
        text = self.text(places[0].file)
        known = _LIVE.get(form, text, dict)
        missing = [place for place in places if place[1:] not in known]
        known.update((place[1:], counts) for place, counts in self._extracted(form, text, missing))
        return [Counter(known[place[1:]]) for place in places]

    def _extracted(
        self, form: TextFormat, text: str, places: Sequence[Place]
    ) -> Iterator[tuple[Place, Counter[str]]]:
        from registry_reconciler.formats.edits import SpliceError

        try:
            snippets = form.extract(text.encode(), [(place.document, place.path) for place in places])
        except SpliceError:
            # One of them cannot be taken out: the others can.
            for place in places:
                yield from self._extracted(form, text, [place]) if len(places) > 1 else [(place, Counter())]
            return
        for place, snippet in zip(places, snippets, strict=True):
            rows = [_body(comment) for comment in snippet.comments]
            yield place, Counter((*rows, *_written_in(snippet.text, YAML), *self._head(place, form)))

    def _head(self, place: Place, form: TextFormat) -> Iterator[str]:
        if not place.path:
            yield from map(_body, form.head_comments(self.text(place.file).encode()))

    def of(self, place: Place, form: TextFormat) -> Sequence[str]:
        """The comments of an entry: in it, on its lines, and directly above it."""
        text = self.text(place.file)
        known = _OWN.get(form, text, dict)
        if place[1:] not in known:
            known[place[1:]] = tuple(self._comments_at(place, form, text))
        return known[place[1:]]

    def _comments_at(self, place: Place, form: TextFormat, text: str) -> Sequence[str]:
        try:
            documents = composed(form, text)
        except NotComposed:
            return ()
        if not 0 <= place.document < len(documents):
            return ()
        node, start = documents[place.document].root, -1
        for step in place.path:
            index = child_index(node, step)
            if index is None:
                return ()
            start = node.entries[index].start
            node = node.entries[index].value
        return _comments_of(text, node, start if start >= 0 else node.start)


_LONG_LINE = 2_000
"""Of a line with so much more on it, which a program wrote, what stands beside an entry is not its own."""


def _comments_of(text: str, node: Node, start: int) -> list[str]:
    begin = text.rfind("\n", 0, start) + 1
    column = start - begin
    if column > _LONG_LINE:
        begin = start
    while begin and column <= _LONG_LINE:
        above = text.rfind("\n", 0, begin - 1) + 1
        row = text[above:begin]
        if not row.lstrip(" ").startswith("#") or len(row) - len(row.lstrip(" ")) != column:
            break
        begin = above
    end = text.find("\n", node.end)
    end = len(text) if end < 0 else end
    end = end if end - node.end <= _LONG_LINE else node.end
    while node.entries and not node.flow and (inside := _INSIDE.match(text, end)) and len(inside[1]) > column:
        end = inside.end()  # comment lines below its last line are inside of it
    scalars: list[tuple[int, int]] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part.entries:
            waiting += [entry.value for entry in part.entries]
            waiting += [entry.key for entry in part.entries if entry.key is not None]
        elif part.style not in ("|", ">"):
            scalars.append((part.body, part.end))
        else:
            scalars.append((text.find("\n", part.body), part.end))
    found: list[str] = []
    at = begin
    while (match := _COMMENT.search(text, at, end)) is not None:
        behind = next((high for low, high in scalars if low < match.start() < high), None)
        if behind is None:
            found.append(match.group().strip())
        at = match.end() if behind is None else behind
    return found


def _texts(entry_set: EntrySet) -> _Texts:
    return _Texts(entry_set)


def _not_carried(entry_set: EntrySet) -> Iterator[Finding]:
    # What a plan changes is asked about after its apply: until then places and texts fit as they are now.
    texts = (entry_set.earlier or entry_set).memo(_texts)
    asked = list(_asked(entry_set, texts))
    there: dict[int, Counter[str]] = {}
    for numbers in _by_file(asked).values():
        counts = texts.live(asked[numbers[0]].form, [asked[number].place for number in numbers])
        there.update(zip(numbers, counts, strict=True))
    for number, doubt in enumerate(asked):
        own = [comment for comment in doubt.comments if not _taken(there[number], _body(comment))]
        if own:
            more = f" and {len(own) - 1} more" if len(own) > 1 else ""
            shown = own[0] if len(own[0]) <= _SHOWN else own[0][: _SHOWN - 1] + "…"
            yield Finding(
                doubt.item,
                f"the registry does not have the comment {shown!r}{more} of the fragment.",
                extra=" ".join(own),
            )


class _Doubt(Struct, frozen=True):
    """An entry whose registry has to be asked: its comments, and where it stands there."""

    item: Entry
    comments: Sequence[str]
    place: Place
    form: TextFormat


def _asked(entry_set: EntrySet, texts: _Texts) -> Iterator[_Doubt]:
    """The entries with a comment that their fragment has more often than their registry."""
    folder = f"{DESIRED_FOLDER}/"
    for item in entry_set.items.values():
        file = item.place.file
        if item.live_place is None or not file.startswith(folder) or not entry_set.judges(item.address):
            continue
        there = item.live_place.file
        kind = entry_set.kinds.get(item.kind)
        form = format_of(there, kind)
        doubtful = texts.doubtful(file, there, form)
        if kind is None or not doubtful or item.address in entry_set.touched:
            continue
        own = [comment for comment in texts.of(item.place, YAML) if _body(comment) in doubtful]
        if own:
            path = LAYOUTS[kind.layout].item_path(item.live_place.path)
            yield _Doubt(item, own, item.live_place._replace(path=path), form)


def _by_file(asked: Sequence[_Doubt]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for number, doubt in enumerate(asked):
        found.setdefault((doubt.place.file, doubt.form.name), []).append(number)
    return found


def _taken(there: Counter[str], body: str) -> bool:
    """Whether an entry has a comment, once for each time that it is asked for."""
    there[body] -= 1
    return there[body] >= 0


CMT001 = Rule(
    "CMT001",
    "A comment of a fragment is not in the registry",
    Severity.RECORD,
    check=_not_carried,
    supports_incremental=True,
)


RULES = (CMT001,)
