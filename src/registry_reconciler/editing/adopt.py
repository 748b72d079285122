"""Unmanaged live entries → declarations in fragments, with their comments. Registries are not touched.

An entry is skipped, with the reason and what to do, where managing it would block: it stands there twice,
has no key, breaks its schema or a rule. All others are declared exactly as they are, so that the next apply
only remembers them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.collector import collector_off
from registry_reconciler.base.globs import Patterns, is_wild
from registry_reconciler.base.mask import MASK
from registry_reconciler.base.progress import counted, phase, step
from registry_reconciler.editing.amend import overlay
from registry_reconciler.editing.fragment_edit import (
    Drafts,
    default_fragment,
    keyed_first,
    live_snippets,
    with_place,
)
from registry_reconciler.editing.inner_fields import TakenOut, take_out
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.files.tree import Recorder, Tree
from registry_reconciler.loading.left_behind import LeftBehind
from registry_reconciler.loading.state import State
from registry_reconciler.loading.workspace import Loaded, load
from registry_reconciler.model.change import Action
from registry_reconciler.model.config import DESIRED_FOLDER, fragment_of_file
from registry_reconciler.model.entry import MISSING, LiveEntry, Location, Place, same, split_address
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.fragment_edit import FragmentEdit
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.unknown import unknown_kind
from registry_reconciler.planning.pipeline import make_plan, plan_loaded
from registry_reconciler.planning.resolve import exact_ones
from registry_reconciler.planning.suppress import Locator

_ROUNDS = 12
"""Leaving an entry out may show that another has to be left out too; chains longer than this are not real."""


class Adopted(Struct, frozen=True):
    """An entry that is declared now."""

    address: str
    file: str
    fragment: str


class Skipped(Struct, frozen=True):
    """An entry that stays unmanaged.

    Attributes:
        address: "" where the entry has no key.
        code: of the problem that it has.
        fix: what to do, for people.
        whole_kind: all entries of a kind whose truth is live; ``address`` is its glob then.
    """

    address: str
    location: Location
    code: str
    why: str
    fix: str
    whole_kind: bool = False


class Adoption(Struct, frozen=True):
    """What adopting gives; nothing is written yet.

    Attributes:
        plan: the plan of the next apply.
        taken_out: fields of fragments whose entries are declared by themselves now.
    """

    edits: tuple[FragmentEdit, ...]
    adopted: tuple[Adopted, ...]
    skipped: tuple[Skipped, ...]
    managed: int
    plan: Plan
    taken_out: tuple[TakenOut, ...] = ()


def adopt(tree: Tree, patterns: Sequence[str], by: str = "kind") -> Adoption:
    """Declare the unmanaged live entries that any of ``patterns`` means (addresses or globs; ``*`` is all).

    Args:
        by: which fragment an entry goes to: ``kind`` (``desired/<kind>.yaml``), ``file`` (one for each
            registry file), or a field (one for each of its values).

    Raises:
        UsageFailure: an address names no live entry, or ``by`` is no field.
        Blocked: a fragment cannot be edited, or what stands in the way is no entry.
    """
    with collector_off():
        loaded = load(Recorder(tree))
        before = _Before(loaded)
        asked, wanted, managed = _wanted(loaded, patterns)
        owned, wanted = _owned_by_live(loaded, wanted, patterns)
        skipped = {skipped.address: skipped for skipped in _unfit(loaded, wanted)}
        skipped.update((entry.address, entry) for entry in _let_go(loaded, wanted, patterns))
        keyless = (*owned, *_keyless(loaded, patterns))
        for _ in range(_ROUNDS):
            chosen = [entry for entry in wanted if entry.address not in skipped]
            step("drawing up fragments")
            drafts, fragments = _draw(loaded, chosen, by)
            _taken_back(drafts, chosen)
            taken_out = take_out(loaded, drafts, asked, {entry.address for entry in chosen})
            edits = drafts.finish()
            with phase("planning with them"):
                plan = _plan_with(tree, edits, loaded) if edits else before.plan
            found = _in_the_way(before, plan, chosen)
            if not found:
                adopted = tuple(
                    Adopted(entry.address, entry.place.file, fragments[entry.address]) for entry in chosen
                )
                left_out = (*keyless, *_located(loaded, skipped))
                return Adoption(edits, adopted, left_out, managed, plan, taken_out)
            skipped.update(found)
    raise Blocked("the entries conflict with each other; adopt a few at a time.")


class _Before:
    """The plan without the new declarations: asked for where something blocks, which may have blocked before."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    @cached_property
    def plan(self) -> Plan:
        """It takes as long as any plan."""
        return plan_loaded(self._loaded, PlanOptions(), remembers=False).plan

    @cached_property
    def blocking(self) -> frozenset[tuple[object, ...]]:
        """What blocks it."""
        return frozenset(problem.identity for problem in self.plan.blocking)


def _plan_with(tree: Tree, edits: Sequence[FragmentEdit], loaded: Loaded) -> Plan:
    """What the next apply would do, but for the files of the state: nobody asks for those here."""
    return make_plan(overlay(tree, edits), reader=loaded.reader, remembers=False).plan


def _wanted(loaded: Loaded, patterns: Sequence[str]) -> tuple[set[str], list[LiveEntry], int]:
    """All addresses that are meant, the unmanaged entries of them, and how many of them are managed already."""
    declared = {entry.address for entry in loaded.fragments.entries}
    behind = LeftBehind(loaded)
    for pattern in patterns:
        if not is_wild(pattern) and pattern not in loaded.live.entries:
            raise UsageFailure(_unknown(loaded, pattern), next=(("registry", "list", "--unmanaged"),))
        kind = pattern.partition("/")[0]
        if not is_wild(kind) and kind not in loaded.kinds and kind not in loaded.catalog.broken:
            raise unknown_kind(pattern, loaded.kinds)
    asked = Patterns(patterns, exact_ones(patterns, loaded.live.entries))
    meant = [entry for address, entry in loaded.live.entries.items() if address in asked]
    wanted = [
        entry
        for entry in meant
        if entry.address not in declared
        and (entry.address not in loaded.state.entries or _in_doubt(loaded.state, entry.address, behind))
    ]
    return {entry.address for entry in meant}, wanted, len(meant) - len(wanted)


def _in_doubt(state: State, address: str, behind: LeftBehind) -> bool:
    """Whether an entry that the state knows, and no fragment declares, counts as not managed (STA006)."""
    return state.entries[address].doubtful or state.was_left(address) or behind.adopted(address)


def _owned_by_live(
    loaded: Loaded, wanted: Sequence[LiveEntry], patterns: Sequence[str]
) -> tuple[list[Skipped], list[LiveEntry]]:
    """What no fragment may declare, and the others. Entries that were not named one by one are one line a kind."""
    skipped: list[Skipped] = []
    left: list[LiveEntry] = []
    counts: dict[str, int] = {}
    named = set(patterns)
    for entry in wanted:
        if loaded.kinds[entry.kind].truth != "live":
            left.append(entry)
        elif entry.address in named:
            skipped.append(_live_owns(loaded, entry.kind, entry.address, "it", entry.place.file))
        else:
            counts[entry.kind] = counts.get(entry.kind, 0) + 1
    for kind, count in counts.items():
        what = "its entry" if count == 1 else f"its {count:,} entries"
        skipped.append(_live_owns(loaded, kind, f"{kind}/*", what, loaded.kinds[kind].file.text))
    return skipped, left


def _live_owns(loaded: Loaded, kind: str, address: str, what: str, file: str) -> Skipped:
    example = address if not address.endswith("/*") else f"{kind}/KEY"
    return Skipped(
        address,
        Location(file),
        "FRG009",
        f"the truth of {kind} is live: the registry owns {what}, and no fragment does",
        f"Edit there: registry set {example} FIELD=VALUE. To have fragments own them: "
        f"take 'truth: live' out of {loaded.kinds[kind].schema_path}.",
        whole_kind=address.endswith("/*"),
    )


def _unknown(loaded: Loaded, address: str) -> str:
    from registry_reconciler.base.suggest import did_you_mean

    if address in loaded.kinds:
        return f"{address!r} is a kind, and no entry. All entries of it: '{address}/*'"
    return f"{address!r} is not in the registries.{did_you_mean(address, tuple(loaded.live.entries))}"


def _unfit(loaded: Loaded, wanted: Sequence[LiveEntry]) -> Iterator[Skipped]:
    """Entries that cannot be managed, whatever the rules say."""
    clashing: dict[str, LiveEntry] = {}
    for clash in loaded.live.clashes:
        clashing.setdefault(clash.address, clash)
    faults: dict[str, Problem] = {}
    for problem in loaded.live.problems:
        if problem.code == "LIV003" and problem.address:
            faults.setdefault(problem.address, problem)
    for entry in wanted:
        clash_of = clashing.get(entry.address)
        if clash_of is not None:
            yield Skipped(
                entry.address,
                Location(entry.place.file),
                "LIV002",
                f"it stands in the registries twice, the second time in {clash_of.place.file}",
                "Remove one of the two, or give it another key (several fields may make one); adopt again.",
            )
        elif entry.address in faults:
            yield _skip(entry, faults[entry.address])


def _let_go(loaded: Loaded, wanted: Sequence[LiveEntry], patterns: Sequence[str]) -> Iterator[Skipped]:
    """Entries that a fragment lets go of: only who names one by its address takes that back."""
    removals = {removal.address: removal.place for removal in loaded.fragments.removals}
    named = set(patterns)
    found = [entry for entry in wanted if entry.address in removals and entry.address not in named]
    locator = Locator(loaded.files)
    locator.prepare(removals[entry.address] for entry in found)
    for entry in found:
        place = locator.location(removals[entry.address])
        yield Skipped(
            entry.address,
            Location(entry.place.file),
            "FRG004",
            f"{place.show()} says that nobody manages it ('removed')",
            f"To manage it again, and take that out: registry adopt {entry.address}",
        )


def _taken_back(drafts: Drafts, chosen: Sequence[LiveEntry]) -> None:
    """Take out of ``removed`` what is adopted by its name."""
    addresses = {entry.address for entry in chosen}
    for removal in drafts.loaded.fragments.removals:
        if removal.address in addresses:
            place = removal.place
            index = place.path[1]
            assert isinstance(index, int)
            drafts.change_item("removed", place.file, place.document, index, MISSING)


def _keyless(loaded: Loaded, patterns: Sequence[str]) -> Iterator[Skipped]:
    """What stands in a registry and cannot be named. Told only where all entries are meant."""
    if "*" not in patterns:
        return
    found = [
        problem
        for problem in loaded.live.problems
        if problem.code in ("LIV003", "LIV005") and not problem.address
    ]
    locator = Locator(loaded.files)
    locator.prepare(problem.place for problem in found)
    for problem in found:
        yield Skipped(
            "", locator.location(problem.place), problem.code, problem.message.rstrip("."), _fix_of(problem)
        )


def _skip(entry: LiveEntry, problem: Problem) -> Skipped:
    why = problem.message.rstrip(".").removeprefix(f"{entry.address}: ")
    if problem.address not in ("", entry.address) and problem.address not in why:
        why = f"{problem.address}: {why}"
    fix = _fix_of(problem)
    if not problem.structural:
        fix = f"{fix} Or accept what is there today with 'registry baseline'. Then adopt again.".lstrip()
    return Skipped(entry.address, Location(entry.place.file), problem.code, why, fix)


def _fix_of(problem: Problem) -> str:
    return problem.fix.description if problem.fix else ""


def _located(loaded: Loaded, skipped: Mapping[str, Skipped]) -> list[Skipped]:
    """The skipped entries in address order, with their lines."""
    locator = Locator(loaded.live.files)
    places = {address: loaded.live.entries[address].place for address in sorted(skipped)}
    locator.prepare(places.values())
    return [replace(skipped[address], location=locator.location(place)) for address, place in places.items()]


def _draw(loaded: Loaded, chosen: Sequence[LiveEntry], by: str) -> tuple[Drafts, dict[str, str]]:
    drafts = Drafts(loaded)
    fragments: dict[str, str] = {}
    snippets = live_snippets(loaded, chosen)
    for entry in counted(chosen):
        kind = loaded.kinds[entry.kind]
        value = keyed_first(kind, entry.value)
        path = fragment_for(replace(entry, value=kind.secrets.mask(entry.value)), by)
        fragments[entry.address] = drafts.put(kind, value, path, with_place(value, snippets[entry.address]))
    return drafts, fragments


def fragment_for(entry: LiveEntry, by: str) -> str:
    """The fragment that an entry goes to; see :func:`adopt`.

    Raises:
        UsageFailure: no field is named, or it is secret, or no text.
    """
    if by == "kind":
        return default_fragment(entry.kind)
    if by == "file":
        return fragment_of_file(entry.place.file)
    try:
        value = Selector.parse(by).get(entry.value)
    except ValueError as error:
        raise UsageFailure(f"--by takes file, kind or a field: {error}.") from error
    if value == MASK:
        raise UsageFailure(f"--by {by}: it is secret in {entry.kind}, and the names of fragments are shown.")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return default_fragment(entry.kind)
    # One spelling for all cases: some systems take names that differ in case for one file.
    slug = re.sub(r"[^a-z0-9_.-]+", "-", str(value).lower()).strip("-.")
    return f"{DESIRED_FOLDER}/{slug}.yaml" if slug else default_fragment(entry.kind)


def _in_the_way(before: _Before, plan: Plan, chosen: Sequence[LiveEntry]) -> dict[str, Skipped]:
    """The chosen entries that would block once they are managed, or would not be taken over as they are."""
    by_address = {entry.address: entry for entry in chosen}
    found: dict[str, Skipped] = {}
    strange: list[Problem] = []
    for problem in plan.blocking:
        if problem.identity in before.blocking:
            continue
        blamed = _blamed(problem, by_address)
        for entry in blamed:
            found.setdefault(entry.address, _skip(entry, problem))
        if not blamed:
            strange.append(problem)
    for change in plan.changes:
        mine = by_address.get(change.address)
        if mine is not None and not (change.action is Action.ADOPT and same(change.before, change.after)):
            why = "it would not read back from a fragment as it is"
            found.setdefault(
                mine.address,
                Skipped(mine.address, Location(mine.place.file), "WRT001", why, "Please report the file."),
            )
    if strange and not found:
        raise Blocked(f"nothing was adopted: {strange[0].code}: {strange[0].message}", plan=plan)
    return found


def _blamed(problem: Problem, chosen: Mapping[str, LiveEntry]) -> list[LiveEntry]:
    """The entries that a problem lies in: its own, else those of the others that are to be managed."""
    if problem.address in chosen:
        return [chosen[problem.address]]
    others = [chosen[address] for address in problem.others if address in chosen]
    return others or list(_named(problem, chosen.values()))


def _named(problem: Problem, chosen: Iterable[LiveEntry]) -> Iterator[LiveEntry]:
    """Entries that a problem of another entry points into."""
    places = [related.place for related in problem.related]
    for entry in chosen:
        if any(_within(place, entry.place) for place in places):
            yield entry


def _within(place: Place, outer: Place) -> bool:
    size = len(outer.path)
    return (place.file, place.document) == (outer.file, outer.document) and place.path[:size] == outer.path


def fragments_of(adoption: Adoption) -> dict[str, dict[str, int]]:
    """How many entries of each kind went to each fragment."""
    counts: dict[str, dict[str, int]] = {}
    for taken in sorted(adoption.adopted, key=lambda adopted: (adopted.fragment, adopted.address)):
        kinds = counts.setdefault(taken.fragment, {})
        kind = split_address(taken.address)[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    return counts
