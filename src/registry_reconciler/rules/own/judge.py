"""Own rules over entry sets and changes: what the child is asked, and what its answers are for a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from registry_reconciler.base.child import Child, ChildEnded, ChildLimits
from registry_reconciler.base.first_few import first_few
from registry_reconciler.expressions.syntax import Fields, united
from registry_reconciler.model.change import Change
from registry_reconciler.model.entry import Json, Place, make_address
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Related
from registry_reconciler.model.structural import CODES
from registry_reconciler.rules.base import Finding, Rule, Transition
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.own.definition import OwnRule, looks_up_single_entries, needs_others
from registry_reconciler.rules.own.frames import (
    Jobs,
    about_files,
    fragment_of,
    kinds_of,
    pointed_at,
    referrers,
    rule_frame,
)

SECONDS = 20.0
"""So long may one rule take in one look at all entries."""

SECONDS_IN_ALL = 120.0
MEMORY = 3 * 1024**3
"""Bytes of address space of the child, in which rules are evaluated."""

WORKER = "registry_reconciler.expressions.worker"
_FIRST = 3


class Raw(Struct, frozen=True):
    """One finding of the child: the message, and the address of the other entry of a pair."""

    address: str
    message: str
    other: str = ""


class OwnRuleFindings(Struct):
    """What the child found, by code.

    Attributes:
        undecided: addresses for which a rule gave an error, with the error.
        costly: why a rule was ended.
    """

    findings: dict[str, list[Raw]] = field(default_factory=dict)
    undecided: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    costly: dict[str, str] = field(default_factory=dict)


class OwnRuleJudge:
    """Judges by the own rules of one workspace. What is asked of one entry set is kept there."""

    def __init__(self, definitions: Sequence[OwnRule], kinds: Mapping[str, Kind]) -> None:
        self.definitions = {definition.code: definition for definition in definitions}
        self._kinds = kinds
        self._named_other = ""
        self._child: Child | None = None
        self.looked: dict[str, set[str]] = {}
        """The words of what the rules looked up for each address, in plans of the whole."""

    def close(self) -> None:
        """End the child, if there is one; it is started again when somebody asks."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def rules(self) -> Iterator[Rule]:
        """The rules as the pipeline runs them, and those that say which of them could not be run."""
        for definition in self.definitions.values():
            yield self._rule(definition)
        for code, check, transition in (
            ("RUL003", self._costly, self._costly_changes),
            ("RUL004", self._undecided, self._undecided_changes),
            ("RUL005", self._unjudged, self._unjudged_changes),
        ):
            title, severity = CODES[code]
            # A row has one of the two functions.
            yield Rule(code, title, severity, check=check, structural=True, supports_incremental=True)
            yield Rule(
                code, title, severity, transition=transition, structural=True, supports_incremental=True
            )

    def _rule(self, definition: OwnRule) -> Rule:
        def check(entry_set: EntrySet) -> Iterable[Finding]:
            found = self.outcome(entry_set).findings.get(definition.code, ())
            return [self._finding(definition, entry_set.items[raw.address], raw, entry_set) for raw in found]

        def transition(moment: Transition) -> Iterable[Finding]:
            found = self._changes(moment).findings.get(definition.code, ())
            return [self._about_change(definition, raw, moment) for raw in found]

        looked_at = {*definition.kinds, *definition.reads, *definition.referrers, definition.right}
        return Rule(
            definition.code,
            definition.title,
            definition.severity,
            check=None if definition.judges_change else check,
            transition=transition if definition.judges_change else None,
            supports_incremental=looks_up_single_entries(definition),
            concerns=lambda kind: kind.name in looked_at,
            own_page=definition.page,
        )

    def _finding(self, definition: OwnRule, item: Entry, raw: Raw, entry_set: EntrySet) -> Finding:
        other = entry_set.items.get(raw.other)
        related = (Related(f"the other one, {other.address}", other.place),) if other is not None else ()
        return Finding(
            item,
            raw.message,
            pointed_at(definition.at, item.value),
            related=related,
            others=(other,) if other is not None else (),
            extra=raw.other,
            cause=definition.code,
        )

    def _about_change(self, definition: OwnRule, raw: Raw, moment: Transition) -> Finding:
        item = moment.after.items.get(raw.address)
        if item is not None:
            path = pointed_at(definition.at, item.value)
            return Finding(item, raw.message, path, cause=definition.code)
        gone = next(
            (
                moment.before.items[name]
                for change in moment.changes
                if change.address == raw.address
                for name in (change.from_address or change.address,)
                if name in moment.before.items
            ),
            None,
        )
        # It is not there any more: the place is where it stands now.
        return Finding(
            gone,
            raw.message,
            place=gone.live_place or gone.place if gone is not None else Place(definition.path),
            cause=definition.code,
        )

    def _costly(self, entry_set: EntrySet) -> Iterator[Finding]:
        yield from self._ended(self.outcome(entry_set))

    def _costly_changes(self, moment: Transition) -> Iterator[Finding]:
        yield from self._ended(self._changes(moment))

    def _ended(self, outcome: OwnRuleFindings) -> Iterator[Finding]:
        for code, why in outcome.costly.items():
            place = Place(self.definitions[code].path, 0, ("check",))
            yield Finding(None, f"{code} was ended, and says nothing: {why}.", place=place)

    def _undecided(self, entry_set: EntrySet) -> Iterator[Finding]:
        yield from self._open(self.outcome(entry_set))

    def _undecided_changes(self, moment: Transition) -> Iterator[Finding]:
        yield from self._open(self._changes(moment))

    def _open(self, outcome: OwnRuleFindings) -> Iterator[Finding]:
        for code, some in outcome.undecided.items():
            shown = first_few([address for address, _ in some], _FIRST)
            place = Place(self.definitions[code].path, 0, ("check",))
            yield Finding(
                None,
                f"{code} gives an error instead of true or false for {shown}: {some[0][1]}.",
                place=place,
                extra=",".join(address for address, _ in some),
            )

    def _unjudged(self, entry_set: EntrySet) -> Iterator[Finding]:
        yield from _unseen(
            entry_set,
            (definition for definition in self.definitions.values() if not definition.judges_change),
        )

    def _unjudged_changes(self, moment: Transition) -> Iterator[Finding]:
        judging = [definition for definition in self.definitions.values() if definition.judges_change]
        kinds = {change.kind for change in moment.changes}
        yield from _unseen(
            moment.after, (definition for definition in judging if kinds.intersection(definition.kinds))
        )

    def outcome(self, entry_set: EntrySet) -> OwnRuleFindings:
        """What the rules about what is there find in an entry set; judged once."""
        return entry_set.memo(self._judged)

    def _judged(self, entry_set: EntrySet) -> OwnRuleFindings:
        """What the rules find in an entry set; of one that comes after another only what may differ is asked."""
        standing = [definition for definition in self.definitions.values() if not definition.judges_change]
        if not standing:
            return OwnRuleFindings()
        earlier = entry_set.earlier.memo(self._judged) if entry_set.earlier is not None else None
        jobs: list[tuple[OwnRule, Sequence[str] | None]] = []
        renewed: list[str] = []
        for definition in (definition for definition in standing if not _hidden(entry_set, definition)):
            only: list[str] | None = None
            if earlier is not None and not needs_others(definition) and definition.code not in earlier.costly:
                renewed.append(definition.code)
                only = sorted(item.address for item in entry_set.touched_items(*definition.kinds))
            elif entry_set.rest.judged is not None and not definition.right:
                only = [item.address for item in entry_set.of(*definition.kinds)]
            if only is not None:
                only = list(filter(entry_set.judges, only))
            if only != []:
                jobs.append((definition, only))
        outcome = self._asked(entry_set, jobs) if jobs else OwnRuleFindings()
        if earlier is not None:
            for code in renewed:
                _carry_over(code, earlier, outcome, entry_set)
        return outcome

    def _changes(self, moment: Transition) -> OwnRuleFindings:
        return moment.after.memo(_ChangesOf(self, moment))

    def judged_changes(self, moment: Transition) -> OwnRuleFindings:
        """What the rules about changes find in some."""
        judging = [definition for definition in self.definitions.values() if definition.judges_change]
        changes = [
            change
            for change in moment.changes
            if (change.before != change.after or change.from_address)
            and any(change.kind in definition.kinds for definition in judging)
        ]
        if not changes:
            return OwnRuleFindings()
        jobs = [(definition, None) for definition in judging if not _hidden(moment.after, definition)]
        return self._asked(moment.after, jobs, changes)

    def explain(
        self, entry_set: EntrySet, address: str, other: str = "", change: Change | None = None
    ) -> OwnRuleFindings:
        """What the messages of the rules say of one entry, pair or change; errors are told in their place."""
        self._named_other = other or "the entry"
        jobs = [(definition, [address]) for definition in self.definitions.values()]
        return self._asked(entry_set, jobs, (change,) if change is not None else ())

    def _asked(
        self,
        entry_set: EntrySet,
        jobs: Jobs,
        changes: Sequence[Change] = (),
    ) -> OwnRuleFindings:
        """Ask a child about all; where it ends without an answer, one for each rule, so that one hides no other."""
        try:
            return self._run(entry_set, jobs, changes)
        except ChildEnded as fault:
            if len(jobs) == 1:
                outcome = OwnRuleFindings()
                outcome.costly[jobs[0][0].code] = str(fault)
                return outcome
        outcome = OwnRuleFindings()
        for job in jobs:
            single = self._asked(entry_set, [job], changes)
            outcome.findings.update(single.findings)
            outcome.undecided.update(single.undecided)
            outcome.costly.update(single.costly)
        return outcome

    def _run(
        self,
        entry_set: EntrySet,
        jobs: Jobs,
        changes: Sequence[Change],
    ) -> OwnRuleFindings:
        referring = sorted({kind for definition, _ in jobs for kind in definition.referrers})
        in_part = entry_set.rest.elsewhere is not None
        question = {
            "rules": [rule_frame(definition, only) for definition, only in jobs],
            "entries": {kind: self._entries(entry_set, kind, jobs) for kind in kinds_of(jobs)},
            "referrers": {kind: referrers(entry_set, kind) for kind in referring},
            "changes": [self._change_frame(change) for change in changes],
            "seconds": SECONDS,
            "told_of": self._named_other,
            "elsewhere": in_part,
            "record": not in_part and any(definition.reads or definition.referrers for definition, _ in jobs),
        }
        # Behind the limits that the child keeps itself: each rule its time, and a little for the rest.
        seconds = min(SECONDS * len(jobs) + 10, SECONDS_IN_ALL)
        if self._child is None:
            self._child = Child(WORKER, ChildLimits(SECONDS_IN_ALL, MEMORY)).start()
        try:
            answer = self._child.ask(question, lambda asked: self._answer_to(entry_set, jobs, asked), seconds)
        except BaseException:
            self.close()
            raise
        outcome = OwnRuleFindings(costly=dict(answer["costly"]))
        for code, address, message, other in answer["findings"]:
            outcome.findings.setdefault(code, []).append(Raw(address, message, other))
        for code, address, why in answer["undecided"]:
            outcome.undecided.setdefault(code, []).append((address, why))
        for address, words in answer["looked"]:
            self.looked.setdefault(address, set()).update(words)
        return outcome

    def _answer_to(self, entry_set: EntrySet, jobs: Jobs, asked: Sequence[str]) -> Json:
        """What the child asks on the way: about files, and about entries that a plan of a part has not loaded."""
        what, *given = asked
        elsewhere = entry_set.rest.elsewhere
        if elsewhere is None or what in ("exists", "glob"):
            return about_files(entry_set.tree, asked)
        fields = _fields_of(given[0], jobs)
        if what == "entry":
            entry = elsewhere.entry(make_address(given[0], given[1]))
            return None if entry is None else self._frame(entry_set, entry, fields)
        if what == "having":
            found = elsewhere.having(given[0], given[1], given[2])
        else:
            found = elsewhere.referring(given[0], given[1])
        return [self._frame(entry_set, item, fields) for item in found]

    def _entries(self, entry_set: EntrySet, kind: str, jobs: Jobs) -> list[list[Json]]:
        """The entries of a kind that somebody asks for."""
        wanted: set[str] | None = set()
        for definition, only in jobs:
            judged = kind in definition.kinds and not definition.judges_change
            if kind in {*definition.reads, *definition.referrers, definition.right} or (
                judged and only is None
            ):
                wanted = None
                break
            if judged and wanted is not None:
                wanted.update(only or ())
        fields = _fields_of(kind, jobs)
        items = entry_set.of(kind)
        return [
            self._frame(entry_set, item, fields) for item in items if wanted is None or item.address in wanted
        ]

    def _frame(self, entry_set: EntrySet, item: Entry, fields: Fields) -> list[Json]:
        """An entry as the child is told of it: with the fields that are asked for, without its secrets."""
        value = item.value
        if fields is not None:
            value = {name: value[name] for name in fields if name in value}
        secrets = self._kinds[item.kind].secrets
        if secrets:
            value = secrets.mask(value)
        return [item.key, value, entry_set.registry_file(item), fragment_of(item)]

    def _change_frame(self, change: Change) -> dict[str, Json]:
        secrets = self._kinds[change.kind].secrets
        before, after = (
            None if value is None else secrets.mask(value) if secrets else value
            for value in (change.before, change.after)
        )
        return {
            "kind": change.kind,
            "key": change.key,
            "action": change.action.value,
            "before": before,
            "after": after,
            "file": change.file,
            "fragment": change.origin.file if change.origin is not None else "",
        }


def _fields_of(kind: str, jobs: Jobs) -> Fields:
    """The fields of the entries of a kind that somebody asks for."""
    fields: Fields = frozenset()
    for definition, _ in jobs:
        if kind == definition.right:
            return None
        if kind in definition.looked_up:
            fields = united(fields, definition.looked_up[kind])
        if kind in definition.kinds and not definition.judges_change:
            fields = united(fields, definition.fields)
    return fields


def _hidden(entry_set: EntrySet, definition: OwnRule) -> list[str]:
    """The kinds that a rule looks up and of which entries may stand where nothing can be read."""
    return sorted(
        kind
        for kind in {*definition.reads, *definition.referrers}
        if kind in entry_set.hidden_kinds or entry_set.hidden_all or kind in entry_set.hidden_text
    )


def _unseen(entry_set: EntrySet, rules: Iterable[OwnRule]) -> Iterator[Finding]:
    for definition in rules:
        hidden = _hidden(entry_set, definition)
        if hidden:
            yield Finding(
                None,
                f"{definition.code} was not judged: it looks up {' and '.join(hidden)}, "
                "and not all of that can be read.",
                place=Place(definition.path),
                extra=definition.code,
            )


class _ChangesOf:
    """Judges some changes; equal to every other one for the same judge and moment, so that the answer is kept."""

    def __init__(self, judge: OwnRuleJudge, moment: Transition) -> None:
        self._judge = judge
        self._moment = moment

    def __call__(self, _world: EntrySet) -> OwnRuleFindings:
        return self._judge.judged_changes(self._moment)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ChangesOf) and other._judge is self._judge and other._moment is self._moment

    def __hash__(self) -> int:
        return hash((_ChangesOf, id(self._judge)))


def _carry_over(code: str, earlier: OwnRuleFindings, outcome: OwnRuleFindings, entry_set: EntrySet) -> None:
    """What was found in the earlier entry set of entries that are the same in this one."""
    kept = [raw for raw in earlier.findings.get(code, ()) if raw.address not in entry_set.touched]
    if kept:
        outcome.findings[code] = sorted([*kept, *outcome.findings.get(code, ())], key=lambda raw: raw.address)
    open_ = [pair for pair in earlier.undecided.get(code, ()) if pair[0] not in entry_set.touched]
    if open_:
        outcome.undecided[code] = sorted([*open_, *outcome.undecided.get(code, ())])
    if code in earlier.costly:
        outcome.costly.setdefault(code, earlier.costly[code])
