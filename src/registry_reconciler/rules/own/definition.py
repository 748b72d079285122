"""A rule file of a workspace as a value: what it says, compiled and held against the kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from registry_reconciler.expressions.language import LOOKS_AT_FILES, ExpressionError, Language
from registry_reconciler.expressions.syntax import (
    Fields,
    SyntaxNode,
    fields_looked_up,
    fields_read,
    walk,
    walk_names,
)
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.own.field_check import ANY, FieldCheck, Type
from registry_reconciler.rules.page import RulePage
from registry_reconciler.schema.walk import Folder


class Slip(Exception):
    """A rule file cannot be used: what is wrong, where in it, and how to mend it."""

    def __init__(self, message: str, path: FieldPath, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.fix = fix


class Join(Struct, frozen=True):
    """Fields of a pair that ``when`` wants equal: pairs are found by them, not by trying all."""

    left: tuple[str, ...]
    right: tuple[str, ...]


class OwnRule(Struct, frozen=True):
    """One rule.

    Attributes:
        kinds: whose entries it judges; of a pair those of ``left``.
        right: the kind of the other entry of a pair.
        message: texts and expressions in turn, beginning with a text.
        judges_change: it names ``before`` or ``change``: it judges what a plan does, not what is there.
        judges_new, judges_deleted: of a change: also where ``before`` or ``self`` is null.
        reads: the kinds whose entries it looks up.
        fields: those of ``self`` that it can ask for; ``None``: any.
        looked_up: those of the entries that it looks up, by kind.
        indexes: the kinds and fields by whose values it looks entries up.
        lists: it looks at all entries of a kind.
        quadratic: where it goes through all entries of a kind for each entry: the field of the file.
    """

    code: str
    title: str
    severity: Severity
    kinds: tuple[str, ...]
    when: str
    check: str
    message: tuple[str, ...]
    at: Selector | None
    page: RulePage
    path: str
    right: str = ""
    join: Join | None = None
    judges_change: bool = False
    judges_new: bool = False
    judges_deleted: bool = False
    reads: frozenset[str] = frozenset()
    fields: Fields = None
    looked_up: Mapping[str, Fields] = {}
    referrers: frozenset[str] = frozenset()
    looks_at_files: bool = False
    indexes: frozenset[tuple[str, str]] = frozenset()
    lists: bool = False
    quadratic: str = ""


def define(
    content: Mapping[str, Json], path: str, kinds: Mapping[str, Kind], folder: Folder, language: Language
) -> OwnRule:
    """The rule that a file defines; the file fits its schema. Raises :class:`Slip`."""
    judged, right = _judged(content["for"], kinds)
    reader = _Reader(kinds, folder, language, judged, right)
    when, check = str(content.get("when", "true")), str(content["check"])
    message = split_message(str(content["message"]))
    for field, text in (("when", when), ("check", check)):
        reader.read(field, text, must_be_bool=True)
    for text in message[1::2]:
        reader.read("message", text)
    names = set(_names(reader.trees))
    compared = set(_compared_with_null(reader.trees))
    functions = {node.name for node in reader.nodes if node.what == "call"}
    listings = [node for node in reader.nodes if node.what == "call" and node.name == "entries"]
    change = bool(names & {"before", "change"})
    if change and right:
        raise Slip(
            "a rule about pairs judges what is there, and may not name 'before' or 'change'",
            ("when",),
            "Write two rules.",
        )
    at = content.get("at")
    return OwnRule(
        code=str(content["code"]),
        title=str(content["title"]),
        severity=Severity(content.get("severity", "error")),
        kinds=judged,
        when=when,
        check=check,
        message=message,
        at=reader.selector(str(at)) if at is not None else None,
        page=_page(content),
        path=path,
        right=right,
        join=_join(reader.trees["when"][0]) if right else None,
        judges_change=change,
        judges_new=change and ("before" in compared or "change" in names),
        judges_deleted=change and ("self" in compared or "change" in names),
        fields=fields_read(_all(reader.trees), "self") if not right else None,
        looked_up=fields_looked_up(_all(reader.trees)),
        reads=frozenset(_kinds_of(reader.nodes, ("ref", "has_ref", "entries"))),
        referrers=frozenset(_kinds_of(reader.nodes, ("referrers",))),
        looks_at_files=bool(functions & LOOKS_AT_FILES),
        indexes=frozenset(
            (node.parts[0].value, node.parts[1].value)
            for node in listings
            if len(node.parts) > 1 and node.parts[1].what == "const"
        ),
        lists=any(len(node.parts) == 1 or node.parts[1].what != "const" for node in listings),
        quadratic=_quadratic(reader.trees),
    )


def needs_others(rule: OwnRule) -> bool:
    """Whether it looks at more than the entry that it judges."""
    return bool(rule.reads or rule.referrers or rule.right or rule.looks_at_files)


def looks_up_single_entries(rule: OwnRule) -> bool:
    """Whether what it looks up besides its entry are entries that a plan of a part can be asked for one at a time."""
    return not (rule.right or rule.looks_at_files or rule.lists)


def _judged(given: Json, kinds: Mapping[str, Kind]) -> tuple[tuple[str, ...], str]:
    from registry_reconciler.base.suggest import did_you_mean

    pair = isinstance(given, Mapping)
    named = [given["left"], given["right"]] if pair else [given] if isinstance(given, str) else list(given)
    for index, name in enumerate(named):
        if name not in kinds:
            step: FieldPath = (
                (("left", "right")[index],) if pair else () if isinstance(given, str) else (index,)
            )
            near = did_you_mean(name, sorted(kinds))
            raise Slip(
                f"there is no kind {name!r}.{near}",
                ("for", *step),
                "Name a kind of this workspace: registry list --kinds",
            )
    return (named[0],) if pair else tuple(dict.fromkeys(named)), named[1] if pair else ""


class _Reader:
    """Compiles the expressions of one rule and collects their trees."""

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        folder: Folder,
        language: Language,
        judged: Sequence[str],
        right: str,
    ) -> None:
        self._language = language
        self._fields = FieldCheck(kinds, folder)
        self._judged = judged
        entry = self._fields.entry(judged)
        self._names: dict[str, Type] = {"self": entry, "before": entry}
        if right:
            self._names = {"left": entry, "right": self._fields.entry((right,)), "self": ANY}
        self._pair = bool(right)
        self.nodes: list[SyntaxNode] = []
        self.trees: dict[str, list[SyntaxNode]] = {}

    def read(self, field: str, text: str, *, must_be_bool: bool = False) -> None:
        try:
            compiled = self._language.compile(text)
            tree = self._language.tree(compiled)
            self._fields.check(tree, self._names)
            given = compiled.return_type().name()
            if must_be_bool and given not in ("BOOL", "DYN"):
                raise ExpressionError(f"it gives {given.lower()}, and must give true or false")
            self._require_known(tree)
        except RecursionError:
            raise Slip(f"'{field}' is nested too deeply", (field,), "Write it with fewer levels.") from None
        except ExpressionError as fault:
            raise Slip(_pointed(field, text, fault), (field,), _MEND) from None
        self.nodes += walk(tree)
        self.trees.setdefault(field, []).append(tree)

    def selector(self, text: str) -> Selector:
        """The field that ``at`` names."""
        try:
            selector = Selector.parse(text)
            self._fields.field(self._judged, selector.steps)
        except (ValueError, ExpressionError) as fault:
            message = fault.message if isinstance(fault, ExpressionError) else str(fault)
            fix = "Write a field of the entry, such as members or owner.name."
            raise Slip(f"'at' cannot be used: {message}", ("at",), fix) from None
        return selector

    def _require_known(self, tree: SyntaxNode) -> None:
        absent = (
            {"self", "before", "key", "kind", "address", "file", "fragment", "change"}
            if self._pair
            else {"left", "right"}
        )
        for node, bound in walk_names(tree):
            if node.what == "ident" and node.name in absent - bound:
                rather = "'left' and 'right'" if self._pair else "'self'"
                raise ExpressionError(
                    f"there is no {node.name!r} in this rule, only {rather}: see 'for'", node.offset
                )


_MEND = "Correct the expression; 'registry rule eval CODE ADDRESS' shows what each part of it gives."


def _pointed(field: str, text: str, fault: ExpressionError) -> str:
    """What is wrong with an expression, with its place in it."""
    if fault.offset < 0 or fault.offset > len(text):
        return f"'{field}' cannot be used: {fault.message}"
    near = " ".join(text[fault.offset : fault.offset + 30].split())
    where = f"at {near!r}" if near else "at its end"
    return f"'{field}' cannot be used, {where} (character {fault.offset + 1}): {fault.message}"


def split_message(text: str) -> tuple[str, ...]:
    """Texts and the expressions between braces in turn; ``{{`` and ``}}`` are braces. Raises :class:`Slip`."""
    parts, plain, at = [], "", 0
    while at < len(text):
        if text[at : at + 2] in ("{{", "}}"):
            plain, at = plain + text[at], at + 2
        elif text[at] == "{":
            end = _closing(text, at)
            parts += [plain, text[at + 1 : end]]
            plain, at = "", end + 1
        elif text[at] == "}":
            raise Slip("'message' has a '}' too many", ("message",), "Write '}}' for a brace that is meant.")
        else:
            plain, at = plain + text[at], at + 1
    return (*parts, plain)


def _closing(text: str, start: int) -> int:
    """Where the brace at ``start`` is closed: those inside quotes and further pairs do not count."""
    depth, quote, at = 0, "", start
    while at < len(text):
        character = text[at]
        if quote:
            at += character == "\\"
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return at
        at += 1
    raise Slip(
        "'message' has a '{' that is not closed",
        ("message",),
        "Close it, or write '{{' for a brace that is meant.",
    )


def _page(content: Mapping[str, Json]) -> RulePage:
    why, fix = str(content.get("why", "")), str(content.get("fix", ""))
    example, instead = str(content.get("example", "")), str(content.get("use_instead", ""))
    summary = " ".join(str(content["title"]).split())
    parts = [f"## What it checks\n\n{summary}\n\n```cel\n{str(content['check']).strip()}\n```"]
    parts += [
        f"## {title}\n\n{text.strip()}" for title, text in (("Why it matters", why), ("Fix", fix)) if text
    ]
    parts += [
        f"## {title}\n\n```yaml\n{text.strip()}\n```"
        for title, text in (("Example", example), ("Use instead", instead))
        if text
    ]
    return RulePage("\n\n".join(parts) + "\n", summary, why, example, instead, fix)


_Trees = Mapping[str, Sequence[SyntaxNode]]


def _names(trees: _Trees) -> Iterator[str]:
    """The variables that expressions name; an item of a macro that is called the same is none."""
    for tree in _all(trees):
        for node, bound in walk_names(tree):
            if node.what == "ident" and node.name not in bound:
                yield node.name


def _all(trees: _Trees) -> Iterator[SyntaxNode]:
    for some in trees.values():
        yield from some


def _compared_with_null(trees: _Trees) -> Iterator[str]:
    for tree in _all(trees):
        for node, bound in walk_names(tree):
            if node.what == "call" and node.name in ("_==_", "_!=_"):
                null = any(part.what == "const" and part.value is None for part in node.parts)
                found = (part.name for part in node.parts if null and part.what == "ident")
                yield from (name for name in found if name not in bound)


def _kinds_of(nodes: Sequence[SyntaxNode], functions: Sequence[str]) -> Iterator[str]:
    for node in nodes:
        if node.what == "call" and node.name in functions:
            yield node.parts[0].value


def _join(when: SyntaxNode) -> Join | None:
    """The first equality of a field of each side that must hold."""
    waiting = [when]
    while waiting:
        node = waiting.pop(0)
        if node.what == "call" and node.name == "_&&_":
            waiting = [*node.parts, *waiting]
        elif node.what == "call" and node.name == "_==_":
            sides = dict(filter(None, map(_steps, node.parts)))
            if len(sides) == 2:
                return Join(sides["left"], sides["right"])
    return None


def _steps(node: SyntaxNode) -> tuple[str, tuple[str, ...]] | None:
    steps: list[str] = []
    while node.what == "select" and not node.test_only:
        steps.insert(0, node.name)
        node = node.parts[0]
    return (
        (node.name, tuple(steps))
        if node.what == "ident" and node.name in ("left", "right") and steps
        else None
    )


def _quadratic(trees: _Trees) -> str:
    """The field that goes through all entries of a kind, if one does."""
    for field, some in trees.items():
        for node in (node for tree in some for node in walk(tree)):
            if node.what == "comprehension" and _goes_through_all(node.parts[0]):
                return field
    return ""


def _goes_through_all(node: SyntaxNode) -> bool:
    while node.what == "comprehension":
        node = node.parts[0]
    return node.what == "call" and node.name == "entries" and len(node.parts) == 1


_CODE = re.compile(r"[A-Z]{4,12}[0-9]{3}")


def is_own_code(text: str) -> bool:
    """Whether a text may be the code of an own rule."""
    return _CODE.fullmatch(text) is not None
