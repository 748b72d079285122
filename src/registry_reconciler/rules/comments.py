"""Comments of fragments that the registries do not have (CMT)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.composed import Recent
from registry_reconciler.formats.nodes import UncomposableText
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
_SHOWN = 60


def _body(comment: str) -> str:
    """What a comment says, whatever its marks."""
    return comment.strip().lstrip("#/*").removesuffix("*/").strip()


def written_in(text: str, form: TextFormat) -> Iterator[str]:
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


def _counted(text: str, form: TextFormat, bodies: dict[str, Sequence[str]]) -> Counter[str]:
    """What :func:`written_in` gives, with how often. ``bodies`` has the lines that were looked at, of any file."""
    if form.comment is None or form.comment.opening != "#":
        return Counter(written_in(text, form))
    found: Counter[str] = Counter()
    for end, count in Counter(_marked(text)).items():
        known = bodies.get(end)
        if known is None:
            known = bodies[end] = tuple(written_in(end, form))
        for body in known:
            found[body] += count
    return found


def _marked(text: str) -> Iterator[str]:
    """The ends of lines from the first ``#`` on, with the letter before it. The lines without one are not looked at."""
    at = text.find("#")
    while at >= 0:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text[at if not at or text[at - 1] == "\n" else at - 1 : end]
        at = text.find("#", end)


_LIVE: Recent[dict[object, Counter[str]]] = Recent()
"""Comments of entries in registries, by where they stand: while somebody types, few texts are others."""


_OWN: Recent[dict[object, Sequence[str]]] = Recent()
"""As :data:`_LIVE`, of entries in fragments."""


_COUNTS: Recent[Counter[str]] = Recent(40_000_000)
"""What may be a comment in whole files, with how often it stands there; nobody changes these."""


class _Texts:
    """The texts of one entry set, with their comments; read closely only where somebody asks."""

    def __init__(self, entry_set: EntrySet) -> None:
        self._tree = entry_set.tree
        self._sections = entry_set.sections
        self._texts: dict[str, str] = {}
        self._comments: dict[str, Counter[str]] = {}
        self._doubtful: dict[tuple[str, frozenset[str]], frozenset[str]] = {}
        self._bodies: dict[str, Sequence[str]] = {}

    def text(self, path: str) -> str:
        if path not in self._texts:
            try:
                self._texts[path] = (self._tree.read(path) or b"").decode("utf-8").removeprefix("\ufeff")
            except (UnreadablePath, UnicodeDecodeError):
                self._texts[path] = ""
        return self._texts[path]

    def comments(self, path: str, form: TextFormat) -> Counter[str]:
        """What may be a comment in a file, with how often it stands there."""
        if path not in self._comments:
            text = self.text(path)
            self._comments[path] = _COUNTS.get(form, text, lambda: _counted(text, form, self._bodies))
        return self._comments[path]

    def doubtful(self, file: str, registries: Mapping[str, TextFormat]) -> frozenset[str]:
        """What stands as a comment in a fragment more often than in all the registries of its entries."""
        known = file, frozenset(registries)
        if known not in self._doubtful:
            self._doubtful[known] = self._doubtful_in(file, registries)
        return self._doubtful[known]

    def _doubtful_in(self, file: str, registries: Mapping[str, TextFormat]) -> frozenset[str]:
        if "#" not in self.text(file):
            return frozenset()
        # The empty ones are no comments that anybody misses.
        left = {body: count for body, count in self.comments(file, YAML).items() if body}
        for path, form in registries.items():
            there = self.comments(path, form)
            # There may be very many registries of few comments, and few of very many of which none is asked.
            for body in there if len(there) < len(left) else tuple(left):
                if body in left and body in there:
                    left[body] -= there[body]
                    if left[body] <= 0:
                        del left[body]
        return frozenset(left)

    def near(self, file: str, bodies: Container[str], items: Sequence[Entry]) -> list[Entry]:
        """The entries of a fragment that may have one of some comments: it stands in them or before them."""
        text = self.text(file)
        rows = [
            number
            for number, line in enumerate(text.split("\n"), 1)
            if "#" in line and any(body in bodies for body in written_in(line, YAML))
        ]
        queries = [(item.place.document, item.place.path, True) for item in items]
        places = YAML.locate(text.encode(), queries, self._sections(file))
        starts = sorted({line for line, _ in places})
        # An entry begins above or at the comment, or is the next one: the comment stands directly above it.
        hit = {
            starts[number]
            for row in rows
            for number in (bisect_right(starts, row) - 1, bisect_right(starts, row))
            if 0 <= number < len(starts)
        }
        return [item for item, (line, _) in zip(items, places, strict=True) if line in hit]

    def live(self, form: TextFormat, places: Sequence[Place]) -> list[Counter[str]]:
        """The comments that each of some entries of one registry file has there."""
        text = self.text(places[0].file)
        known = _LIVE.get(form, text, dict)
        missing = [place for place in places if (place.document, place.path) not in known]
        known.update(
            (
                (place.document, place.path),
                Counter((*map(_body, comments), *written_in(inside, YAML), *self._head(place, form))),
            )
            for place, comments, inside in self._extracted(form, missing)
        )
        return [Counter(known[(place.document, place.path)]) for place in places]

    def own(self, places: Sequence[Place]) -> list[Sequence[str]]:
        """The comments of each of some entries of one fragment: in it, on its lines, and directly above it."""
        text = self.text(places[0].file)
        known = _OWN.get(YAML, text, dict)
        missing = [place for place in places if (place.document, place.path) not in known]
        known.update(
            ((place.document, place.path), (*comments, *_comments_in(inside)))
            for place, comments, inside in self._extracted(YAML, missing)
        )
        return [known[(place.document, place.path)] for place in places]

    def _extracted(
        self, form: TextFormat, places: Sequence[Place]
    ) -> Iterator[tuple[Place, Sequence[str], str]]:
        """Each place of one file with the comments above what stands there, and its text."""
        from registry_reconciler.formats.edits import SpliceError

        if not places:
            return
        file = places[0].file
        queries = [(place.document, place.path) for place in places]
        try:
            snippets = form.extract(self.text(file).encode(), queries, self._sections(file))
        except SpliceError:
            # One of them cannot be taken out: the others can.
            for place in places:
                yield from self._extracted(form, [place]) if len(places) > 1 else [(place, (), "")]
            return
        for place, snippet in zip(places, snippets, strict=True):
            yield place, snippet.comments, snippet.text

    def _head(self, place: Place, form: TextFormat) -> Iterator[str]:
        if not place.path:
            yield from map(_body, form.head_comments(self.text(place.file).encode()))


def _comments_in(text: str) -> Iterator[str]:
    """The comments in the text of a value: what is in its words is none."""
    try:
        waiting = [document.root for document in YAML.compose(text)]
    except UncomposableText:
        return
    words: list[tuple[int, int]] = []
    while waiting:
        part = waiting.pop()
        if part.entries:
            waiting += [entry.value for entry in part.entries]
            waiting += [entry.key for entry in part.entries if entry.key is not None]
        elif part.style not in ("|", ">"):
            words.append((part.body, part.end))
        else:
            words.append((text.find("\n", part.body), part.end))
    at = 0
    while (match := _COMMENT.search(text, at)) is not None:
        inside = next((high for low, high in words if low < match.start() < high), None)
        if inside is None:
            yield match.group().strip()
        at = match.end() if inside is None else inside


def _not_carried(entry_set: EntrySet) -> Iterator[Finding]:
    # What a plan changes is asked about after its apply: until then places and texts fit as they are now.
    texts = (entry_set.earlier or entry_set).memo(_Texts)
    doubts = list(_doubts(entry_set, texts))
    there: dict[int, Counter[str]] = {}
    for numbers in _by_file(doubts).values():
        counts = texts.live(doubts[numbers[0]].form, [doubts[number].place for number in numbers])
        there.update(zip(numbers, counts, strict=True))
    for number, doubt in enumerate(doubts):
        own = [comment for comment in doubt.comments if not _taken(there[number], _body(comment))]
        if own:
            more = f" and {len(own) - 1} more" if len(own) > 1 else ""
            shown = own[0] if len(own[0]) <= _SHOWN else own[0][: _SHOWN - 1] + "…"
            yield Finding(
                doubt.item,
                f"the registry does not have the comment {shown!r}{more} of the fragment.",
                extra=" ".join(own),
            )


class _DoubtfulEntry(Struct, frozen=True):
    """An entry whose registry has to be asked: its comments, and where it stands there."""

    item: Entry
    comments: Sequence[str]
    place: Place
    form: TextFormat


def _doubts(entry_set: EntrySet, texts: _Texts) -> Iterator[_DoubtfulEntry]:
    """The entries with a comment that their fragment has more often than their registries."""
    folder = f"{DESIRED_FOLDER}/"
    by_file: defaultdict[str, list[Entry]] = defaultdict(list)
    for item in entry_set.items.values():
        if item.live_place is not None:
            by_file[item.place.file].append(item)
    for file, found in by_file.items():
        if not file.startswith(folder):
            continue
        items = [item for item in found if item.kind in entry_set.kinds]
        # A fragment has many entries in few registries.
        registries = {
            (item.live_place.file, item.kind): None
            for item in items
            if item.live_place is not None and entry_set.judges(item.address)
        }
        forms = {path: format_of(path, entry_set.kinds[kind]) for path, kind in registries}
        if not forms:
            continue
        for registry, name in entry_set.rest.beside.get(file, {}).items():
            forms.setdefault(registry, format_of(registry, entry_set.kinds[name]))
        doubtful = texts.doubtful(file, forms)
        doubts = [
            item
            for item in (texts.near(file, doubtful, items) if doubtful else ())
            if entry_set.judges(item.address) and item.address not in entry_set.touched
        ]
        for item, comments in zip(
            doubts, texts.own([item.place for item in doubts]) if doubts else (), strict=True
        ):
            own = [comment for comment in comments if _body(comment) in doubtful]
            if own and item.live_place is not None:
                kind = entry_set.kinds[item.kind]
                place = item.live_place
                path = LAYOUTS[kind.layout].item_path(place.path)
                yield _DoubtfulEntry(item, own, replace(place, path=path), forms[place.file])


def _by_file(doubts: Sequence[_DoubtfulEntry]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for number, doubt in enumerate(doubts):
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
