"""Rules over two entry sets, as it is and as it would be → problems with their status. Pure but for asking paths."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.files.tree import Tree
from registry_reconciler.formats.base import Sections
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.config import CONFIG_PATH, Config
from registry_reconciler.model.entry import FieldPath, Json, LiveEntry, Place, same
from registry_reconciler.model.fields import with_value
from registry_reconciler.model.fleet_view import FleetView
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Fix, Problem, Severity, Status
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.resolve import Desired
from registry_reconciler.rules.base import Rule
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.own import NO_RULES, OwnRules
from registry_reconciler.rules.unloaded import NOTHING_UNLOADED, Unloaded
from registry_reconciler.schema.purse import Purse
from registry_reconciler.schema.view import Violation


class EntrySets(Struct, frozen=True):
    """The workspace before and after; the same object when nothing changes."""

    before: EntrySet
    after: EntrySet
    changes: tuple[Change, ...]

    def over(self, tree: Tree) -> EntrySets:
        """The same with other files afterwards."""
        return EntrySets(self.before, self.after.over(tree, self.before), self.changes)

    def with_fleet(self, fleet: FleetView) -> EntrySets:
        """The same, judged by what another view says of the other repositories."""
        before = replace(self.before, fleet=fleet, _memo={})
        if self.after is self.before:
            return EntrySets(before, before, self.changes)
        return EntrySets(before, replace(self.after, fleet=fleet, earlier=before, _memo={}), self.changes)


def build_entry_sets(
    loaded: Loaded,
    desired: Desired,
    changes: tuple[Change, ...],
    tree_after: Tree,
    rest: Unloaded = NOTHING_UNLOADED,
    fleet: FleetView | None = None,
) -> EntrySets:
    """The two entry sets of a plan; ``fleet`` is what the other repositories have."""
    before_items = {
        address: _live_item(loaded, entry, desired) for address, entry in loaded.live.entries.items()
    }
    if rest.context:
        before_items.update((item.address, item) for item in rest.context)
        before_items = dict(sorted(before_items.items()))
    clashes = tuple(_live_item(loaded, entry, desired) for entry in loaded.live.clashes)
    before = _entry_set(loaded, desired, before_items, clashes, loaded.tree, rest, fleet)
    touching = tuple(
        change for change in changes if not same(change.before, change.after) or change.from_address
    )
    after_items = dict(before_items)
    for change in touching:
        after_items.pop(change.from_address or change.address, None)
    for change in touching:
        if change.after is not None and change.action is not Action.DELETE:
            after_items[change.address] = _planned_item(loaded, change)
    touched = frozenset(
        address for change in touching for address in (change.address, change.from_address) if address
    )
    after = replace(
        _entry_set(loaded, desired, dict(sorted(after_items.items())), clashes, tree_after, rest, fleet),
        earlier=before,
        touched=touched,
        planned_files={change.address: change.file for change in touching},
    )
    return EntrySets(before, after if touching else before, changes)


_MOST_SEARCHED = 1024 * 1024
"""Bytes of unreadable fragments that are still looked into."""


def _entry_set(
    loaded: Loaded,
    desired: Desired,
    items: Mapping[str, Entry],
    clashes: tuple[Entry, ...],
    tree: Tree,
    rest: Unloaded,
    fleet: FleetView | None,
) -> EntrySet:
    unreadable = loaded.fragments.unreadable
    hidden = [
        loaded.fragments.files[path].data or b""
        for path in sorted(unreadable)
        # What could be parsed is known; only text that could not may declare more.
        if path in loaded.fragments.files and not loaded.fragments.files[path].readable
    ]
    # Each unknown key is looked for in it, so it has to be short; of a long one anything is believed.
    long = sum(map(len, hidden)) > _MOST_SEARCHED or loaded.fragments.partly_unreadable
    return EntrySet(
        kinds=loaded.kinds,
        config=loaded.config,
        tree=tree,
        items=items,
        clashes=clashes,
        overrides=_overrides(desired, items),
        hidden_kinds=loaded.live.hidden_kinds | loaded.catalog.broken,
        hidden_text="" if long else b"\n".join(hidden).decode("utf-8", "replace"),
        hidden_all=long,
        hidden_addresses=_owned_by(loaded),
        beyond_ascii=_BeyondAscii(loaded, rest.beyond_ascii),
        rest=rest,
        sections=_sections(loaded),
        fleet=fleet,
    )


def _sections(loaded: Loaded) -> Callable[[str], Sections]:
    sources = (loaded.fragments.files, loaded.live.files)
    return lambda path: next((files[path].sections for files in sources if path in files), ())


def may_exceed_ascii(data: bytes) -> bool:
    """Whether a text may have other characters than ASCII, written out or escaped."""
    return not data.isascii() or b"\\" in data


class _BeyondAscii(Container[str]):
    """Files whose texts may have other characters than ASCII, written out or escaped.

    A file is looked at when somebody asks: a plan of a part has read few of them.
    """

    def __init__(self, loaded: Loaded, known: Mapping[str, bool]) -> None:
        self._sources = (loaded.live.files, loaded.fragments.files)
        self._known: dict[object, bool] = {}
        self._known.update(known)

    def __contains__(self, path: object) -> bool:
        if path not in self._known:
            texts = (
                files[path].data or b"" for files in self._sources if isinstance(path, str) and path in files
            )
            self._known[path] = any(map(may_exceed_ascii, texts))
        return self._known[path]


def _owned_by(loaded: Loaded) -> frozenset[str]:
    """The entries of fragments that cannot be read."""
    fragments = loaded.fragments
    if not fragments.unreadable:
        return frozenset()
    entries = loaded.state.entries.items()
    return frozenset(address for address, entry in entries if fragments.hides(entry.fragment))


def _overrides(desired: Desired, items: Mapping[str, Entry]) -> frozenset[str]:
    from registry_reconciler.base.globs import Patterns, is_wild

    exact = {pattern.text for pattern in desired.overrides if pattern.text in items}
    globs = [
        override.text
        for override in desired.overrides
        if is_wild(override.text) and override.text not in desired.exact
    ]
    if globs:
        patterns = Patterns(globs)
        exact.update(address for address in items if address in patterns)
    return frozenset(exact)


def full_value(entry: LiveEntry) -> dict[str, Json]:
    """A live entry's value with its live fields."""
    value = entry.value
    for path, part in entry.live_only:
        value = with_value(value, path, part)
    return value


def _live_item(loaded: Loaded, entry: LiveEntry, desired: Desired) -> Entry:
    declared = desired.entries.get(entry.address)
    return Entry(
        entry.kind,
        entry.key,
        entry.address,
        full_value(entry) if entry.live_only else entry.value,
        # A declared entry is mended in its fragment, and there the same field stands at the same path.
        declared.place if declared is not None else entry.place,
        entry.place,
        declared is not None or entry.address in loaded.state.entries,
    )


def _planned_item(loaded: Loaded, change: Change) -> Entry:
    value = change.after or {}
    old = loaded.live.entries.get(change.from_address or change.address)
    for path, part in old.live_only if old else ():
        value = with_value(value, path, part)
    place = change.origin or change.live or Place(change.file)
    managed = change.action is not Action.FORGET and loaded.kinds[change.kind].truth != "live"
    return Entry(change.kind, change.key, change.address, value, place, change.live, managed)


Judged = Mapping[tuple[object, ...], Problem]
"""The problems of one entry set, by identity."""


def rules_to_judge_by(own: Sequence[Rule], *, no_check: bool) -> tuple[Rule, ...]:
    """All rules, or the structural ones alone."""
    from registry_reconciler.rules import RULES

    # Rules of the workspace itself are left out whole: what says that one cannot be judged belongs to them.
    return tuple(rule for rule in RULES if rule.structural) if no_check else (*RULES, *own)


def judge(loaded: Loaded, entry_set: EntrySet, rules: Sequence[Rule]) -> Judged:
    """What the rules find in one entry set."""
    from registry_reconciler.rules.base import run_entry_set

    return _keyed(entry_set, (*schema_problems(loaded, entry_set), *run_entry_set(rules, entry_set)))


def with_status(before: Judged, after: Judged) -> tuple[Problem, ...]:
    """The problems of both entry sets, each with its status."""
    found = [
        replace(problem, status=Status.PRE_EXISTING if key in before else Status.INTRODUCED)
        for key, problem in after.items()
    ]
    found += [replace(problem, status=Status.FIXED) for key, problem in before.items() if key not in after]
    return tuple(found)


def compare(
    entry_sets: EntrySets, before: Judged, after: Judged, rules: Sequence[Rule], *, no_check: bool
) -> tuple[Problem, ...]:
    """The problems of two entry sets, and what rules say of the changes between them."""
    from registry_reconciler.rules.base import Transition, run_transition

    found = with_status(before, after)
    if no_check:
        return found
    changes = Transition(entry_sets.before, entry_sets.after, entry_sets.changes)
    return (*found, *run_transition(rules, changes))


def caused_by_rules(refused: Iterable[Problem], judged: Iterable[Problem]) -> tuple[Problem, ...]:
    """The writer's refusals: where a rule says in its author's words what is wrong with an entry, of that cause.

    The change that is refused brings what the rule found.
    """
    by_address = {
        problem.address: problem
        for problem in judged
        if problem.severity is Severity.ERROR and problem.status is Status.INTRODUCED and problem.address
    }
    return tuple(
        replace(problem, cause=by_address[problem.address].cause_text)
        if problem.address in by_address and problem.severity is Severity.ERROR
        else problem
        for problem in refused
    )


def untouched(changes: Iterable[Change], found: Iterable[Problem]) -> Iterator[Problem]:
    """The problems, those marked that were there before and lie in entries that the plan leaves as they are."""
    changed = {
        address
        for change in changes
        if change.action is not Action.FORGET
        for address in (change.address, change.from_address)
    }
    for finding in found:
        old = (
            finding.status is Status.PRE_EXISTING
            and finding.address
            and changed.isdisjoint((finding.address, *finding.others))
        )
        yield replace(finding, untouched=True) if old else finding


def severity_problems(config: Config, own: OwnRules = NO_RULES) -> Iterator[Problem]:
    """Severities that are set for codes that nobody knows, or that cannot be lowered."""
    from registry_reconciler.base.suggest import did_you_mean
    from registry_reconciler.rules import all_rules

    if not config.severities:
        return
    free = {rule.code for rule in all_rules() if not rule.structural} | own.codes
    fixed = {rule.code for rule in all_rules() if rule.structural}
    settable = free | {code.rstrip("0123456789") for code in free}
    for code in config.severities:
        if code in settable:
            continue
        structural = code in fixed or code in {rule.rstrip("0123456789") for rule in fixed}
        why = (
            "is structural, and its severity cannot be set" if structural else "is no code that is known here"
        )
        yield problem(
            "CFG001",
            f"{code} {why}.{'' if structural else did_you_mean(code, sorted(settable))}",
            Place(CONFIG_PATH, 0, ("severities", code), on_key=True),
            path=("severities", code),
            fix="Remove it." if structural else "Correct the code, or remove it.",
            extra=code,
        )


def _keyed(entry_set: EntrySet, problems: Iterable[Problem]) -> dict[tuple[object, ...], Problem]:
    """Problems by identity, without those of entries that are only looked at.

    What a rule says of a value that the schema does not take either has the cause of that.
    """
    keyed: dict[tuple[object, ...], Problem] = {}
    by_schema: dict[tuple[str, FieldPath], str] = {}
    for fault in problems:
        where = (fault.address, fault.path)
        if fault.code == "SCH001":
            by_schema.setdefault(where, fault.cause_text)
        elif where in by_schema and fault.path and not fault.cause:
            fault = replace(fault, cause=by_schema[where])
        if not fault.address or entry_set.judges(fault.address):
            keyed.setdefault(fault.identity, fault)
    return keyed


def schema_problems(loaded: Loaded, entry_set: EntrySet) -> Iterator[Problem]:
    """Entries that do not fit the schema of their kind."""
    for kind in entry_set.kinds.values():
        for item in _unfit(loaded, entry_set, kind):
            for violation in loaded.catalog.schemas.validator(kind).written_out(
                item.value, _purse(entry_set)
            ):
                yield _unfit_problem(kind, item, violation)


def _unfit_problem(kind: Kind, item: Entry, violation: Violation) -> Problem:
    place = item.place.at(violation.path, on_key=violation.on_key)
    found = problem(
        "SCH001",
        f"{item.address}: {violation.message}",
        place,
        address=item.address,
        path=violation.path,
        fix=Fix(violation.fix, replacements=((place, violation.instead),) if violation.instead else ()),
        managed=item.managed,
        extra=f"{violation.keyword} {violation.field}".rstrip(),
    )
    return (
        replace(found, cause=_cause_of_all(kind, violation)) if violation.keyword in _OF_ALL_VALUES else found
    )


_OF_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_OF_SIZES = ("minLength", "maxLength", "minItems", "maxItems", "uniqueItems")
_OF_ALL_VALUES = {"type", "pattern", "format", "propertyNames", *_OF_NUMBERS, *_OF_SIZES}
"""Keywords that ask one thing of a field, whatever wrong value an entry has there."""


def _cause_of_all(kind: Kind, violation: Violation) -> str:
    """The one cause of all values of a field that one keyword of the schema does not take."""
    path = violation.path[:-1] if violation.keyword == "propertyNames" else violation.path
    steps = ["[]" if isinstance(step, int) else step for step in path]
    return f"SCH001 {kind.name} {violation.keyword} {'.'.join(steps)}"


def _unfit(loaded: Loaded, entry_set: EntrySet, kind: Kind) -> list[Entry]:
    """The entries of a kind that its schema does not take, by address."""
    known = entry_set.memo(_unfit_by_kind)
    if kind.name not in known:
        earlier = entry_set.earlier
        unfit: list[Entry] = []
        known_unfit: set[str] = set()
        if earlier is not None:
            before_unfit = _unfit(loaded, earlier, kind)
            known_unfit = {item.address for item in before_unfit}
            unfit = [item for item in before_unfit if item.address not in entry_set.touched]
        left = entry_set.of(kind.name) if earlier is None else entry_set.touched_items(kind.name)
        if left:
            fits, purse = loaded.catalog.schemas.validator(kind).is_valid, _purse(entry_set)
            if earlier is not None:
                # What is taken over as it is has one value on both sides, which was judged.
                there = (earlier.items.get(item.address) for item in left if item.address not in known_unfit)
                judged = {id(item.value) for item in there if item is not None and item.kind == kind.name}
                left = [item for item in left if id(item.value) not in judged]
            unfit += [item for item in left if not fits(item.value, purse)]
        known[kind.name] = sorted(unfit, key=lambda item: item.address)
    return known[kind.name]


def _purse(entry_set: EntrySet) -> Purse:
    """What judging all entries may cost: one for the entries as they are and as they would be."""
    return (entry_set.earlier or entry_set).memo(_new_purse)


def _new_purse(_entry_set: EntrySet) -> Purse:
    return Purse()


def _unfit_by_kind(_entry_set: EntrySet) -> dict[str, list[Entry]]:
    """Filled as somebody asks, because an entry set has no schemas."""
    return {}
