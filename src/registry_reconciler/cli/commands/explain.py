"""``registry explain``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.cli.common import Call, answer, planning_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.errors import NoWorkspace, UsageFailure
from registry_reconciler.model.entry import Json
from registry_reconciler.model.unknown import unknown_address, unknown_code

if TYPE_CHECKING:
    from registry_reconciler.model.kind import Kind
    from registry_reconciler.model.problem import Problem
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.rules.base import Rule
    from registry_reconciler.terminal import Screen

EXAMPLE = """\
  registry explain REF001

  REF001: The entry referred to does not exist

  Severity: error (it blocks the plan), unless the configuration says otherwise.
  ...
"""

_CODE = re.compile(r"[A-Za-z]{3,12}[0-9]{3}")


def command(
    subjects: Annotated[
        list[str], typer.Argument(metavar="CODE|KIND|ADDRESS...", help="What to explain.", show_default=False)
    ],
    *,
    shared: Shared,
) -> int:
    """Explain a problem code, a kind or an address.

    Codes are explained anywhere; kinds and addresses need a workspace.
    """
    call = shared.call("explain")
    explaining = _Explainer(call)
    found = [explaining.explained(subject) for subject in subjects]
    text = "\n\n".join(explained.text.rstrip("\n") for explained in found) + "\n"
    body: dict[str, Json] = {"subjects": [explained.data for explained in found]}
    return answer(call, text, body, draw=partial(_drawn, found))


class _Explained(NamedTuple):
    """One subject explained.

    Attributes:
        data: for the JSON.
        page: the same as Markdown, where there is a page.
    """

    text: str
    data: dict[str, Json]
    page: str = ""


def _drawn(found: Sequence[_Explained], screen: Screen) -> str:
    return "\n".join(
        screen.page(explained.page) if explained.page else explained.text.rstrip("\n") + "\n"
        for explained in found
    )


class _Explainer:
    """Explains subjects, opening the workspace for the first that needs it."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._planning: Planning | None = None

    def explained(self, subject: str) -> _Explained:
        """Text and JSON for one subject. Raises :class:`UsageFailure` for an unknown one."""
        from registry_reconciler.rules import all_rules, by_code

        rule = by_code(subject)
        if rule is not None:
            return _rule(rule)
        if _CODE.fullmatch(subject):
            own = self._own(subject)
            if own is not None:
                return _rule(own)
            raise self._unknown_code(subject)
        if "/" in subject:
            return self._address(subject)
        family = [
            code
            for code in (rule.code for rule in all_rules())
            if code.rstrip("0123456789") == subject.upper()
        ]
        if family:
            raise UsageFailure(
                f"{subject} is a family of codes: {', '.join(family)}.",
                next=(("registry", "explain", family[0]),),
            )
        return self._kind(subject)

    def _own(self, code: str) -> Rule | None:
        """A rule of the workspace's own, where there is a workspace."""
        try:
            return self.planning().own.by_code(code)
        except NoWorkspace:
            return None

    def _unknown_code(self, code: str) -> UsageFailure:
        """Why a code cannot be explained; a rule file that cannot be used is said."""
        try:
            own = self.planning().own
        except NoWorkspace:
            return _unknown_code(code)
        if code.upper() in own.codes:
            file = f"/{code.upper()}."
            why = next(
                (problem.message for problem in self.planning().plan.problems if _about(problem, file)), ""
            )
            return UsageFailure(f"the rule {code.upper()} cannot be used: {why or 'see registry plan'}")
        return _unknown_code(code, sorted(own.codes))

    def planning(self) -> Planning:
        """The workspace's plan, made once."""
        if self._planning is None:
            self._planning = planning_of(self.call.workspace())
        return self._planning

    def _kind(self, name: str) -> _Explained:
        from registry_reconciler.rules import all_rules

        codes = [rule.code for rule in all_rules()]
        try:
            kinds = self.planning().loaded.kinds
            codes += sorted(self.planning().own.codes)
        except NoWorkspace:
            raise _unknown(name, codes) from None
        if name not in kinds:
            raise unknown_code(name, codes) if "," in name else _unknown(name, [*kinds, *codes])
        return _kind(kinds[name])

    def _address(self, address: str) -> _Explained:
        from registry_reconciler.cli.addresses import known_addresses
        from registry_reconciler.model.plan_json import problem_to_json
        from registry_reconciler.queries.show import entry_details

        planning = self.planning()
        known = known_addresses(planning)
        if address not in known:
            raise unknown_address(address, known)
        found = entry_details(planning, address)
        lines = [f"{visible(address)}: {_why(planning, address)}"]
        for problem in found.problems:
            lines.append(f"  {problem.severity.value} {problem.code}: {visible(problem.message)}")
            if problem.fix is not None and problem.fix.description:
                lines.append(f"    fix: {visible(problem.fix.description)}")
        if found.change is None and not found.problems:
            lines.append("  no problems")
        data = {
            "address": address,
            "reason": found.change.reason.value if found.change else None,
            "action": found.change.action.value if found.change else None,
            "problems": [problem_to_json(problem) for problem in found.problems],
        }
        return _Explained("\n".join(lines), data)


def _why(planning: Planning, address: str) -> str:
    from registry_reconciler.report.words import reason

    for change in planning.plan.changes:
        if address in (change.address, change.from_address):
            return f"a plan would {change.action.value} it: {reason(change)}"
    if address in planning.loaded.state.entries:
        return "managed, and nothing is to be done"
    kind = planning.loaded.kinds.get(address.partition("/")[0])
    if kind is not None and kind.truth == "live" and address in planning.loaded.live.entries:
        return "its registry owns it (truth: live), and nothing is to be done"
    return "not managed: no fragment declares it" if address in planning.loaded.live.entries else "not there"


def _about(problem: Problem, file: str) -> bool:
    return file in problem.place.file or (problem.code == "RUL001" and "not installed" in problem.message)


def _unknown_code(code: str, own: Sequence[str] = ()) -> UsageFailure:
    from registry_reconciler.rules import all_rules

    return unknown_code(code, (*(rule.code for rule in all_rules()), *own))


def _unknown(name: str, options: Sequence[str]) -> UsageFailure:
    return UsageFailure(
        f"{name!r} is no code, kind or address.{did_you_mean(name, options)}",
        next=(("registry", "list", "--kinds"),),
    )


def _rule(rule: Rule) -> _Explained:
    from registry_reconciler.queries.guide import explain, rule_markdown

    data: dict[str, Json] = {
        "code": rule.code,
        "title": rule.title,
        "severity": rule.severity.value,
        "structural": rule.structural,
        "summary": rule.page.summary,
        "why": rule.page.why,
        "example": rule.page.example,
        "use_instead": rule.page.use_instead,
        "fix": rule.page.fix,
    }
    return _Explained(explain(rule), data, rule_markdown(rule))


def _kind(kind: Kind) -> _Explained:
    lines = [f"{kind.name}: {visible(kind.title or kind.name)}"]
    if kind.description:
        lines.append(f"  {visible(' '.join(kind.description.split()))}")
    key = ", ".join(selector.text for selector in kind.key)
    lines += [f"  files: {visible(kind.file.text)}", f"  key: {visible(key)}"]
    lines.append(f"  schema: {visible(kind.schema_path)}")
    if kind.truth == "live":
        lines.append("  truth: live: the registry owns its entries, and no fragment may declare one")
    elif kind.managed == "all":
        lines.append("  managed: all: an entry that no fragment owns is an error")
    for reference in kind.references:
        where = " in any repository of the fleet" if reference.in_fleet else ""
        lines.append(
            f"  {visible(reference.field.text)} refers to {visible(' or '.join(reference.kinds))}{where}"
        )
    properties = kind.schema.get("properties")
    fields = properties if isinstance(properties, dict) else {}
    required = kind.schema.get("required")
    for name, schema in fields.items():
        text = schema.get("description", "") if isinstance(schema, dict) else ""
        mark = " (required)" if isinstance(required, list) and name in required else ""
        lines.append(f"  - {visible(name)}{mark}: {visible(' '.join(str(text).split()))}".rstrip(": "))
    data: dict[str, Json] = {
        "kind": kind.name,
        "title": kind.title,
        "description": kind.description,
        "file": kind.file.text,
        "key": [selector.text for selector in kind.key],
        "schema": kind.schema_path,
        "truth": kind.truth,
        "managed": kind.managed,
        "references": [
            {"field": reference.field.text, "kinds": list(reference.kinds)} for reference in kind.references
        ],
    }
    return _Explained("\n".join(lines), data)
