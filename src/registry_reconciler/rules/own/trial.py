"""Rules tried by their authors: the examples of a rule file, how much ``when`` selects, what each part gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.files.tree import MemoryTree, Tree
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.model.change import Action, Change, Reason
from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import Json, Place, make_address
from registry_reconciler.model.kind import Kind
from registry_reconciler.rules.base import Transition
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.own.definition import OwnRule
from registry_reconciler.rules.own.judge import OwnRuleFindings, OwnRuleJudge

WHERE = "desired/example.yaml"
"""The file that the entries of an example are thought to stand in."""


class Example(Exception):
    """An example cannot be read as entries."""


class Tried(Struct, frozen=True):
    """What a rule said of one example.

    Attributes:
        messages: what it found.
        faults: errors where it should have said yes or no.
    """

    messages: tuple[str, ...]
    faults: tuple[str, ...]


def try_example(rule: OwnRule, kinds: Mapping[str, Kind], text: str) -> Tried:
    """Judge an example: one document, or two for a rule about a change. Raises :class:`Example`."""
    entry_sets = [_entry_set(kinds, document) for document in _documents(text)]
    judge = OwnRuleJudge([rule], kinds)
    if rule.judges_change:
        if len(entry_sets) != 2:
            raise Example("a rule about a change needs two documents: the entries before, and after")
        before, after = entry_sets
        moment = Transition(before, after, tuple(_changes(before, after)))
        outcome = judge.judged_changes(moment)
        judge.close()
        return _tried(rule, outcome)
    if len(entry_sets) != 1:
        raise Example("one document is needed: only rules about a change have two")
    outcome = judge.outcome(entry_sets[0])
    judge.close()
    return _tried(rule, outcome)


def selected(rule: OwnRule, kinds: Mapping[str, Kind], entry_set: EntrySet) -> int:
    """How many entries (or pairs) of a workspace ``when`` selects."""
    asked = replace(rule, check="false", message=("",))
    judge = OwnRuleJudge([asked], kinds)
    try:
        return len(judge.outcome(entry_set).findings.get(rule.code, ()))
    finally:
        judge.close()


class TrialStep(Struct, frozen=True):
    """A part of an expression, how deep it lies, and what it gives for an entry."""

    field: str
    depth: int
    text: str
    gives: str


def steps(
    rule: OwnRule,
    kinds: Mapping[str, Kind],
    entry_set: EntrySet,
    address: str,
    other: str = "",
    change: Change | None = None,
) -> list[TrialStep]:
    """What each part of a rule's expressions gives for one entry, pair or change."""
    parts = [
        (name, depth, text)
        for name, whole in (("when", rule.when), ("check", rule.check))
        for depth, text in parts_of(whole)
    ]
    asked = [
        replace(rule, code=f"P{number}", when="true", check="false", message=("", text, ""))
        for number, (_, _, text) in enumerate(parts)
    ]
    judge = OwnRuleJudge(asked, kinds)
    try:
        outcome = judge.explain(entry_set, address, other, change)
    finally:
        judge.close()
    gives = {code: some[0].message for code, some in outcome.findings.items()}
    return [
        TrialStep(field, depth, text, gives.get(f"P{number}", "not known"))
        for number, (field, depth, text) in enumerate(parts)
    ]


_OPERATORS = (("?",), ("||",), ("&&",), ("==", "!=", "<=", ">=", "<", ">", " in "))


def parts_of(text: str, depth: int = 0) -> Iterator[tuple[int, str]]:
    """An expression and the parts between its operators, outer ones first."""
    text = _bare(text)
    yield depth, text
    if depth > 6:
        return
    for operators in _OPERATORS:
        pieces = _split(text, operators)
        if operators == ("?",) and len(pieces) > 1:
            pieces = [pieces[0], *_split("?".join(pieces[1:]), (":",))]
        if len(pieces) > 1:
            for piece in pieces:
                if not _is_constant(piece.strip()):
                    yield from parts_of(piece, depth + 1)
            return
    if text.startswith("!") and len(text) > 1:
        yield from parts_of(text[1:], depth + 1)


def _is_constant(text: str) -> bool:
    return (
        text in ("true", "false", "null", "")
        or (text[0] in "\"'" and text.count(text[0]) == 2)
        or text.isdigit()
    )


def _bare(text: str) -> str:
    """Without white space and parentheses around all of it."""
    text = text.strip()
    while text.startswith("(") and _end(text, 0) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _end(text: str, start: int) -> int:
    """Where the bracket at ``start`` is closed; -1 where it is not."""
    depth = 0
    for at, character in _outside_quotes(text):
        if at < start:
            continue
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return at
    return -1


def _outside_quotes(text: str) -> Iterator[tuple[int, str]]:
    quote, skip = "", False
    for at, character in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip = character == "\\"
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        else:
            yield at, character


def _split(text: str, operators: Sequence[str]) -> list[str]:
    """The pieces between some operators that stand outside of brackets and quotes."""
    pieces, begin, depth, over = [], 0, 0, -1
    for at, character in _outside_quotes(text):
        if at < over:
            continue
        depth += (character in "([{") - (character in ")]}")
        found = next((operator for operator in operators if text.startswith(operator, at)), "")
        if depth == 0 and found:
            pieces.append(text[begin:at])
            begin = over = at + len(found)
    return [*pieces, text[begin:]]


def _documents(text: str) -> list[Json]:
    read = read_yaml(text.encode("utf-8"))
    if not read.readable:
        raise Example(f"it is no YAML: {read.faults[0].message}")
    return [document for document in read.documents if document is not None]


def _entry_set(kinds: Mapping[str, Kind], document: Json) -> EntrySet:
    tree: Tree = MemoryTree({})
    items: dict[str, Entry] = {}
    if not isinstance(document, dict):
        raise Example("it has to be written like a fragment: a kind, and below it its entries")
    for kind, entries in document.items():
        if kind not in kinds:
            raise Example(f"there is no kind {kind!r}")
        for number, value in enumerate(entries if isinstance(entries, list) else ()):
            key = kinds[kind].key_of(value)
            if key is None:
                raise Example(f"entry {number + 1} of {kind} has no key")
            place = Place(WHERE, 0, (kind, number))
            items[make_address(kind, key)] = Entry(
                kind, key, make_address(kind, key), value, place, managed=True
            )
    return EntrySet(kinds=kinds, config=Config(), tree=tree, items=dict(sorted(items.items())))


def _changes(before: EntrySet, after: EntrySet) -> Iterator[Change]:
    for address in sorted({*before.items, *after.items}):
        old, new = before.items.get(address), after.items.get(address)
        item = new or old
        if item is None or (old is not None and new is not None and old.value == new.value):
            continue
        action = Action.DELETE if new is None else Action.CREATE if old is None else Action.UPDATE
        yield Change(
            address,
            item.kind,
            item.key,
            action,
            Reason.DESIRED_CHANGED,
            item.place.file,
            origin=item.place,
            before=dict(old.value) if old is not None else None,
            after=dict(new.value) if new is not None else None,
        )


def _tried(rule: OwnRule, outcome: OwnRuleFindings) -> Tried:
    faults = [f"{address}: {why}" for address, why in outcome.undecided.get(rule.code, ())]
    faults += [why for code, why in outcome.costly.items() if code == rule.code]
    messages = [raw.message for raw in outcome.findings.get(rule.code, ())]
    return Tried(tuple(messages), tuple(faults))
