"""What a catalogue shows of a workspace, gathered once: every value is as it may be shown, secrets masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from registry_reconciler.model.entry import Json, Location, split_address
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Problem, Status
from registry_reconciler.picture import References
from registry_reconciler.planning.pipeline import Planning
from registry_reconciler.planning.suppress import Locator
from registry_reconciler.queries.graph import Edge, edges
from registry_reconciler.queries.show import Listed, listing, shown_value
from registry_reconciler.rules import all_rules
from registry_reconciler.rules.base import Rule
from registry_reconciler.schema.validator import SchemaFault
from registry_reconciler.schema.view import View

_APPLIES = 2_000
"""So many applies are looked through for the history of entries."""

_APPLIES_SHOWN = 20

FINDINGS_SHOWN = 500
"""So many findings of one rule are listed on its page."""


class EntryApply(Struct, frozen=True):
    """One apply that changed an entry."""

    time: str
    who: str
    plan: str
    action: str
    fields: tuple[str, ...]


class EntryPage(Struct, frozen=True):
    """What the page of an entry shows."""

    listed: Listed
    kind: str
    key: str
    path: str
    name: str
    aliases: tuple[str, ...]
    value: Json
    desired: Location | None
    live: Location | None
    problems: tuple[Problem, ...]
    applies: tuple[EntryApply, ...]


class SiteCatalogue(Struct, frozen=True):
    """All of it.

    Attributes:
        entries: by address.
        views: what the schema of a kind says of its fields, of those kinds whose schema can be used.
        links: the page of each entry, kind (by its name alone) and rule (by its code), from the catalogue's folder.
            Whoever adds links to pages elsewhere (``../other/…``) has them wherever that address is named.
        findings: the problems that stand, by code; more than a page lists are counted in ``counts``.
    """

    title: str
    kinds: Mapping[str, Kind]
    views: Mapping[str, View]
    entries: Mapping[str, EntryPage]
    of_kind: Mapping[str, tuple[str, ...]]
    edges: tuple[Edge, ...]
    references: References
    rules: tuple[Rule, ...]
    findings: Mapping[str, tuple[Problem, ...]]
    counts: Mapping[str, int]
    links: Mapping[str, str]


def gather(planning: Planning, root: Path | None, title: str) -> SiteCatalogue:
    """Everything that a catalogue of the workspace shows.

    Args:
        root: the folder whose history is shown; ``None`` where there is none.
    """
    listed = list(listing(planning))
    slugs = _Slugs()
    links = {name: kind_path(name) for name in sorted(planning.loaded.kinds)}
    for entry in listed:
        kind, key = split_address(entry.address)
        folder = slugs.of("kind", kind)
        links[entry.address] = f"entries/{folder}/{slugs.of(f'entry {kind}', key)}.html"
    rules = (*all_rules(), *planning.own.written)
    links.update({rule.code: f"rules/{rule.code}.html" for rule in rules})
    standing = [problem for problem in planning.plan.problems if problem.status is not Status.FIXED]
    entries = {page.listed.address: page for page in _entries(planning, listed, links, standing, root)}
    found = edges(planning.entry_sets.after)
    of_kind: dict[str, list[str]] = {name: [] for name in sorted(planning.loaded.kinds)}
    for address in entries:
        of_kind.setdefault(split_address(address)[0], []).append(address)
    findings: dict[str, list[Problem]] = {}
    for problem in standing:
        findings.setdefault(problem.code, []).append(problem)
    return SiteCatalogue(
        title,
        planning.loaded.kinds,
        _views(planning),
        entries,
        {kind: tuple(some) for kind, some in of_kind.items()},
        found,
        References(found),
        rules,
        {code: tuple(some[:FINDINGS_SHOWN]) for code, some in findings.items()},
        {code: len(some) for code, some in findings.items()},
        links,
    )


def _views(planning: Planning) -> dict[str, View]:
    schemas, found = planning.loaded.catalog.schemas, {}
    for name, kind in planning.loaded.kinds.items():
        with suppress(SchemaFault):
            found[name] = schemas.validator(kind).view
    return found


def _entries(
    planning: Planning,
    listed: list[Listed],
    links: Mapping[str, str],
    standing: Iterable[Problem],
    root: Path | None,
) -> Iterator[EntryPage]:
    live, desired = planning.loaded.live.entries, planning.desired.entries
    locator = Locator(planning.loaded.files)
    locator.prepare([entry.place for entry in live.values()])
    locator.prepare([entry.place for entry in desired.values()])
    problems: dict[str, list[Problem]] = {}
    for problem in standing:
        for address in {problem.address, *problem.others} - {""}:
            problems.setdefault(address, []).append(problem)
    applies = _applies(root) if root is not None else {}
    for entry in listed:
        address = entry.address
        kind_name, key = split_address(address)
        kind = planning.loaded.kinds.get(kind_name)
        value = shown_value(planning, address)
        yield EntryPage(
            entry,
            kind_name,
            key,
            links[address],
            _name_of(kind, value),
            _aliases(kind, value),
            value,
            locator.location(desired[address].place) if address in desired else None,
            locator.location(live[address].place) if address in live else None,
            tuple(problems.get(address, ())),
            tuple(applies.get(address, ())[:_APPLIES_SHOWN]),
        )


def _name_of(kind: Kind | None, value: Json) -> str:
    selector = kind.names.name if kind is not None else None
    if selector is None or not isinstance(value, dict):
        return ""
    return next((text for _, text in selector.find(value) if isinstance(text, str)), "")


def _aliases(kind: Kind | None, value: Json) -> tuple[str, ...]:
    selector = kind.names.aliases if kind is not None else None
    if selector is None or not isinstance(value, dict):
        return ()
    found = [part for _, part in selector.find(value)]
    flat = [item for part in found for item in (part if isinstance(part, list) else [part])]
    return tuple(str(item) for item in flat if isinstance(item, str | int) and not isinstance(item, bool))


def _applies(root: Path) -> dict[str, list[EntryApply]]:
    """What was applied, by the address of today, the newest first: from the history, and older applies from git."""
    from itertools import chain, islice

    from registry_reconciler.apply.former_addresses import FormerAddresses
    from registry_reconciler.apply.history import read
    from registry_reconciler.apply.history_in_git import older
    from registry_reconciler.files.tree import DiskTree

    kept, _ = read(DiskTree(root))
    former = FormerAddresses()
    found: dict[str, list[EntryApply]] = {}
    for entry in islice(chain(kept, older(root, {entry.path for entry in kept})), _APPLIES):
        for change in entry.changes:
            fields = change.get("fields")
            applied = EntryApply(
                entry.time,
                str(entry.data.get("who", "")),
                str(entry.data.get("plan", ""))[:19],
                str(change.get("action", "")),
                tuple(map(str, fields)) if isinstance(fields, list) else (),
            )
            address = former.today(str(change.get("address")))
            if address is not None:
                found.setdefault(address, []).append(applied)
        former.go_back_over(entry)
    return found


class _Slugs:
    """Names of files: harmless on any system and host, and no two alike, also where case does not count."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def of(self, space: str, text: str) -> str:
        """The name for a text, always the same one."""
        known = self._known.get((space, text))
        if known is None:
            known = self._known[space, text] = _slug(text)
        return known


def _slug(text: str) -> str:
    plain = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("._-")[:60]
    # What is not the text itself needs something that no other text has.
    if plain == text and plain not in ("", "index") and not _RESERVED.fullmatch(plain):
        return plain
    return f"{plain or 'entry'}-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def page_name(text: str) -> str:
    """The name of a file or folder for a text: always the same one, and of no other text."""
    return _slug(text)


def kind_path(kind: str) -> str:
    """Where the page of a kind is, from the folder of the catalogue."""
    return f"kinds/{_slug(kind)}.html"


def entry_path(kind: str, key: str) -> str:
    """Where the page of an entry is, from the folder of the catalogue."""
    return f"entries/{_slug(kind)}/{_slug(key)}.html"
