"""A publication: what one repository says at one commit, as data. Made from a plan, so by the same lines as a plan is.

It holds the entries as they would be after an apply (that is what rules judge), where each of them stands, what each
refers to, and the problems. No secret is in it: values are masked before they are taken, and kinds whose names, keys,
references or unique fields are secret do not load.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.model.entry import Json, canonical, show_path
from registry_reconciler.model.problem import Status, listed
from registry_reconciler.model.redact import mask
from registry_reconciler.model.written import dumps
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.unique import values_of_group

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree
    from registry_reconciler.model.kind import Kind
    from registry_reconciler.planning.pipeline import Planning

NAME, ALIAS, UNIQUE = "name", "alias", "unique:"
"""What a label is: the name of an entry, one of its aliases, or the value of fields (behind ``unique:``) that are
unique in the fleet."""

_SEARCHED = 4_000
"""So many characters of an entry can be found by a search."""

_WORD = re.compile(r"[^\W_]{1,100}")


class Label(Struct, frozen=True, array_like=True):
    """What an entry is called or claims, other than by its key; ``sort`` is one of the words above."""

    sort: str
    value: str


class PublishedReference(Struct, frozen=True, array_like=True):
    """A reference as it stands in an entry.

    Attributes:
        kinds: that it may lead to; the one it leads to where an entry of the same repository has it.
        in_fleet: any repository may have what it refers to.
    """

    field: str
    kinds: tuple[str, ...]
    key: str
    in_fleet: bool = False


class PublishedEntry(Struct, frozen=True, array_like=True):
    """One entry.

    Attributes:
        status: ``planned``, ``active``, ``deprecated`` or "".
        value: JSON, numbers with their digits, secrets masked.
        file, line: where a person would change it: its fragment, else its registry.
        digest: of all of it but the place. An entry that only moved in its file has the same one.
        words: what it can be found by.
    """

    kind: str
    key: str
    name: str
    status: str
    value: str
    file: str
    line: int
    digest: str
    words: str
    labels: tuple[Label, ...] = ()
    links: tuple[PublishedReference, ...] = ()

    @property
    def address(self) -> str:
        """Kind and key."""
        return f"{self.kind}/{self.key}"

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its other names."""
        return tuple(label.value for label in self.labels if label.sort == ALIAS)


class PublishedProblem(Struct, frozen=True, array_like=True):
    """One problem that stands."""

    code: str
    severity: str
    message: str
    address: str
    file: str
    line: int
    blocking: bool


class PublishedKind(Struct, frozen=True, array_like=True):
    """A kind of the repository: its title, and its schema as JSON."""

    name: str
    title: str
    description: str
    schema: str


class Publication(Struct, frozen=True, array_like=True):
    """What one repository says at one commit.

    Attributes:
        repository: its name in the fleet.
        commit: the commit id; of files that are in no git repository ``sha256:…`` of what they say.
        time: when it was committed, in seconds since 1970; of files in no git repository, when they were looked at.
        ancestors: the beginnings of the ids of the commits before it, as far as they were looked at, nearest first.
        unread: kinds that have a file which cannot be read: what is not here of them may be there all the same.
        problem_count: of all problems; of very many not each is listed.
    """

    repository: str
    commit: str
    time: int
    entries: tuple[PublishedEntry, ...]
    problems: tuple[PublishedProblem, ...]
    kinds: tuple[PublishedKind, ...]
    ancestors: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    problem_count: int = 0

    @property
    def digest(self) -> str:
        """The digest of what it says: the same for two commits that say the same at the same places."""
        import msgspec

        content = (self.entries, self.problems, self.kinds, self.unread)
        return "sha256:" + sha256(msgspec.msgpack.encode(content)).hexdigest()


def short_id(commit: str) -> str:
    """The beginning of a commit id, which is enough to know it by."""
    return commit[:16]


def publication_of(
    tree: Tree, repository: str, commit: str, time: int, ancestors: Iterable[str] = ()
) -> Publication:
    """What the files of a tree say, as a publication.

    Args:
        commit: "" where there is none: the digest of what is said stands in its place.
        ancestors: the ids of the commits before it, nearest first; the first of many are enough.
    """
    from registry_reconciler.planning.pipeline import make_plan

    return publication_from(make_plan(tree), repository, commit, time, ancestors)


def publication_from(
    planning: Planning, repository: str, commit: str, time: int, ancestors: Iterable[str] = ()
) -> Publication:
    """What a plan was made of, as a publication."""
    from registry_reconciler.planning.suppress import Locator

    entry_set = planning.entry_sets.after
    locator = Locator(planning.loaded.files)
    locator.prepare([item.place for item in entry_set.items.values()])
    entries = []
    for item in entry_set.items.values():
        location = locator.location(item.place)
        entries.append(_entry(entry_set, item, location.path, location.line))
    standing = [problem for problem in planning.plan.problems if problem.status is not Status.FIXED]
    problems = tuple(
        PublishedProblem(
            problem.code,
            problem.severity.value,
            clean(problem.message),
            clean(problem.address),
            clean(problem.location.path if problem.location else problem.place.file),
            problem.location.line if problem.location else 0,
            problem.blocking,
        )
        for problem in listed(standing)
    )
    kinds = tuple(_kind(kind) for _, kind in sorted(planning.loaded.kinds.items()))
    unread = tuple(sorted(entry_set.hidden_kinds))
    before = tuple(short_id(ancestor) for ancestor in ancestors)
    made = Publication(
        repository, commit, time, tuple(entries), problems, kinds, before, unread, len(standing)
    )
    return made if commit else replace(made, commit=made.digest)


def _entry(entry_set: EntrySet, item: Entry, file: str, line: int) -> PublishedEntry:
    kind = entry_set.kinds[item.kind]
    shown = mask(dict(item.value), kind.secrets)
    labels = tuple(dict.fromkeys(_labels(entry_set, item, kind)))
    links = tuple(dict.fromkeys(_links(entry_set, item, kind)))
    status = entry_set.status(item)
    name = clean(entry_set.name(item) or "")
    key = indexed(item.key)
    text = canonical(shown) + "\0" + repr((item.kind, key, name, status, labels, links))
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    words = _search_words(item.kind, key, labels, shown)
    return PublishedEntry(
        item.kind, key, name, status, clean(dumps(shown)), clean(file), line, digest, words, labels, links
    )


def _labels(entry_set: EntrySet, item: Entry, kind: Kind) -> Iterator[Label]:
    name = entry_set.name(item)
    if name:
        yield Label(NAME, indexed(name))
    for alias in entry_set.aliases(item):
        if alias:
            yield Label(ALIAS, indexed(alias))
    for number in sorted(kind.unique_in_fleet):
        fields = " and ".join(selector.text for selector in kind.unique[number])
        for _, value in values_of_group(entry_set, item, number):
            yield Label(UNIQUE + fields, indexed(canonical(value)))


def _links(entry_set: EntrySet, item: Entry, kind: Kind) -> Iterator[PublishedReference]:
    from registry_reconciler.model.references import references_in

    for reference in kind.references:
        in_fleet = reference.in_fleet
        for path, key in references_in(reference, item.value):
            if key in reference.allow:
                continue
            field = clean(show_path(path))
            target = entry_set.resolve(reference.kinds, key)
            head, _, rest = key.partition("/")
            if target is not None:
                yield PublishedReference(field, (target.kind,), indexed(target.key), in_fleet)
            elif len(reference.kinds) > 1 and rest and head in reference.kinds:
                yield PublishedReference(field, (head,), indexed(rest), in_fleet)
            else:
                yield PublishedReference(field, reference.kinds, indexed(key), in_fleet)


def _kind(kind: Kind) -> PublishedKind:
    return PublishedKind(
        kind.name, clean(kind.title), clean(kind.description), clean(dumps(dict(kind.schema)))
    )


def clean(text: str) -> str:
    """A text that every database takes: what none can hold (NUL, half of a pair) is one character that says so."""
    if "\0" not in text and text.isascii():
        return text
    return re.sub("[\0\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


_LONGEST = 1_000


def indexed(text: str) -> str:
    """A text as it is looked up: of one that no index takes, the beginning and a digest."""
    text = clean(text)
    if len(text) <= _LONGEST // 4 or len(text.encode()) <= _LONGEST:
        return text
    return f"{text[:200]}…{sha256(text.encode()).hexdigest()}"


def words_of(*texts: str) -> list[str]:
    """The words of some texts as they are searched: no case, no accents, each once, the first ones first."""
    found: dict[str, None] = {}
    for text in texts:
        plain = unicodedata.normalize("NFKD", text).casefold() if not text.isascii() else text.lower()
        if not plain.isascii():
            plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
        found.update(dict.fromkeys(_WORD.findall(plain)))
    return list(found)


def _search_words(kind: str, key: str, labels: Iterable[Label], value: Json) -> str:
    """What an entry can be found by: its kind, key and names first, then what it says, as far as that is searched."""
    names = [label.value for label in labels if not label.sort.startswith(UNIQUE)]
    return " ".join(words_of(kind, key, *names, *_first(_texts(value), _SEARCHED)))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _first(texts: Iterable[str], most: int) -> Iterator[str]:
    for text in texts:
        if most <= 0:
            return
        yield text[:most]
        most -= len(text)
