"""Names and aliases of an entry set: which entries claim one, and which of them a lookup leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from registry_reconciler.model.fields import Selector, values_of
from registry_reconciler.rules.entry_set import Entry, EntrySet


class SpaceNames(Struct, frozen=True):
    """The names and aliases of one id space, in no particular order.

    Attributes:
        owners: an entry that claims a name; the only one unless ``clashes`` has the name.
        clashes: all the entries that claim a name that several do.
    """

    owners: Mapping[str, Entry]
    clashes: Mapping[str, Sequence[Entry]]

    def claims(self, name: str) -> Sequence[Entry]:
        """The entries that have a name or alias."""
        if name in self.clashes:
            return self.clashes[name]
        return (self.owners[name],) if name in self.owners else ()


_LOWER = str.maketrans(
    "авгеһкмнорстухіјѕԁԛԝӏҽѵαβγεζηικμνορτυχϳօսհցզոⲟⲣɑɡıᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷᏢᏚᎢᏙᎳᏃ",
    "abrehkmhopctyxijsdqwlevabyezhikmnoptuxjouhgqnopagiabcdehjklmpstvwz",
)
"""Letters of other scripts that look like Latin ones in one of their cases."""

_EXACT = str.maketrans(
    "аеорсухіјѕһԁԛԝӏҽѵАВЕКМНОРСТУХІЈЅӀονρυγαικϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧօսհցզոⲟⲣɑɡıᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷᏢᏚᎢᏙᎳᏃ",
    "aeopcyxijshdqwlevABEKMHOPCTYXIJSlovpuyaikjABEZHIKMNOPTYXouhgqnopagiABCDEHJKLMPSTVWZ",
)
"""The same by case."""


def look_alike(key: str) -> str:
    """What a key has in common with keys that people may mistake for it."""
    return key.lower() if key.isascii() else folded(key).translate(_LOWER)


def folded(key: str) -> str:
    """A key without its case and Unicode form."""
    if key.isascii():
        return key.lower()
    import unicodedata

    return unicodedata.normalize("NFKC", key).casefold()


def drawn_alike(left: str, right: str) -> bool:
    """Whether two keys look the same in print, because letters of several scripts do."""
    import unicodedata

    left, right = (unicodedata.normalize("NFKC", key).translate(_EXACT).casefold() for key in (left, right))
    return left == right


def scripts(key: str) -> list[str]:
    """The scripts that the letters of a key are of."""
    import unicodedata

    return sorted({unicodedata.name(char, "?").partition(" ")[0].title() for char in key if char.isalpha()})


def names(entry_set: EntrySet) -> Mapping[str, SpaceNames]:
    """The names of every id space."""
    return entry_set.memo(_names)


def _names(entry_set: EntrySet) -> dict[str, SpaceNames]:
    if entry_set.earlier is None:
        return {space: _names_of(entry_set, kinds) for space, kinds in entry_set.spaces().items()}
    before = names(entry_set.earlier)
    return {space: _renewed(entry_set, kinds, before[space]) for space, kinds in entry_set.spaces().items()}


def _names_of(entry_set: EntrySet, kinds: Sequence[str]) -> SpaceNames:
    owners: dict[str, Entry] = {}
    clashes: dict[str, list[Entry]] = {}
    for kind in kinds:
        roles = [values_of(role) for role in _roles(entry_set, kind)]
        for item in entry_set.of(kind) if roles else ():
            value = item.value
            for values in roles:
                for found_names in values(value):
                    for name in found_names if type(found_names) is list else (found_names,):
                        if type(name) is str and owners.setdefault(name, item) is not item:
                            _clash(owners, clashes, name, item)
    return SpaceNames(owners, clashes)


def _roles(entry_set: EntrySet, kind: str) -> list[Selector]:
    """The fields that claim names."""
    names = entry_set.kinds[kind].names
    return [role for role in (names.name, names.aliases) if role is not None]


def _clash(owners: dict[str, Entry], clashes: dict[str, list[Entry]], name: str, item: Entry) -> None:
    claims = clashes.setdefault(name, [owners[name]])
    # An entry claims its names one after another, so an equal claim of its own is always the last.
    if claims[-1] is not item:
        claims.append(item)


def _renewed(entry_set: EntrySet, kinds: Sequence[str], before: SpaceNames) -> SpaceNames:
    """The names in an entry set of which the earlier one is known: only those that touched entries claim or claimed."""
    assert entry_set.earlier is not None
    gone = [entry_set.earlier.items.get(address) for address in entry_set.touched]
    new = entry_set.touched_items(*kinds)
    concerned = {
        name for item in (*gone, *new) if item is not None for name in _claimed(entry_set, kinds, item)
    }
    if not concerned:
        return before
    owners, clashes = dict(before.owners), dict(before.clashes)
    claiming: dict[str, list[Entry]] = {name: [] for name in concerned}
    for item in new:
        for name in _claimed(entry_set, kinds, item):
            claiming[name].append(item)
    for name, items in claiming.items():
        items += (item for item in before.claims(name) if item.address not in entry_set.touched)
        items.sort(key=lambda item: (kinds.index(item.kind), item.address))
        owners.pop(name, None)
        clashes.pop(name, None)
        if items:
            owners[name] = items[0]
        if len(items) > 1:
            clashes[name] = items
    return SpaceNames(owners, clashes)


def _claimed(entry_set: EntrySet, kinds: Sequence[str], item: Entry) -> set[str]:
    """The names and aliases of an entry in the space of some kinds."""
    found = (
        [value for role in _roles(entry_set, item.kind) for value in values_of(role)(item.value)]
        if item.kind in kinds
        else []
    )
    return {
        name
        for value in found
        for name in (value if isinstance(value, list) else (value,))
        if type(name) is str
    }


def winner(entry_set: EntrySet, name: str, claims: Sequence[Entry]) -> Entry:
    """The entry that a lookup leads to: names go before aliases, then :meth:`EntrySet.rank` decides."""
    return min(claims, key=lambda item: (entry_set.name(item) != name, entry_set.rank(item), item.address))


def lookup(entry_set: EntrySet, kinds: Sequence[str], name: str) -> Entry | None:
    """The entry of some kinds that a name or alias leads to."""
    claims = [
        item
        for space in dict.fromkeys(entry_set.kinds[kind].space for kind in kinds if kind in entry_set.kinds)
        for item in names(entry_set)[space].claims(name)
        if item.kind in kinds
    ]
    return winner(entry_set, name, claims) if claims else None
