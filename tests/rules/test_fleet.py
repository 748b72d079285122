"""References and unique values across the repositories of a fleet: the cases that the rules' own pages do not show."""

from __future__ import annotations

from collections.abc import Collection

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.config import Config
from registry_reconciler.model.fleet_view import CATALOG_INPUT, FleetView, Holder, MemoryView
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from tests.rules.helper import DOWN, addresses, messages, problems
from tests.support import Files

SKILLS = b"""\
x-registry:
  kind: skill
  layout: list
  file: skills.yaml
  key: id
  names: {status: status}
  references: [{field: "uses[]", kind: [tool, skill], in: fleet, allow: [any]}]
  unique: [{fields: [team, slot], in: fleet}]
properties: {id: {type: string}, status: {type: string}, uses: {}, team: {type: string}, slot: {type: integer}}
"""


class Others:
    """Other repositories, as a plan asks about them."""

    named = True

    def __init__(self, view: FleetView | None) -> None:
        self.view = view
        self.asked = 0

    def __call__(self, config: Config, addresses: Collection[str]) -> FleetView | None:
        self.asked += 1
        return self.view


def planned(text: str, view: FleetView | None, schema: bytes = SKILLS, **options: bool) -> Plan:
    files: Files = {".system/registry/schemas/skill.schema.yaml": schema, "desired/a.yaml": text.encode()}
    return make_plan(MemoryTree(files), PlanOptions(**options), fleet=Others(view)).plan  # type: ignore[arg-type]


def codes(plan: Plan) -> list[str]:
    return [problem.code for problem in plan.problems]


def test_a_name_leads_to_the_id_and_a_former_holder_is_named() -> None:
    (named,) = problems("FLT001", "skill: [{id: a, uses: Capture a payment}]")
    assert named.message.endswith(
        "It is a name of ability_low/payments.capture in payments; a reference says the id."
    )
    assert named.fix is not None
    assert [new for _, new in named.fix.replacements] == ["payments.capture"]
    (gone,) = messages("FLT001", "skill: [{id: a, uses: payments.refund}]")
    assert gone.endswith("billing had it until commit 1f1f1f1f1f1f.")


def test_what_stands_here_needs_no_other_repository() -> None:
    text = "ability_low: [{ability_id: mine}]\nskill: [{id: a, uses: mine}, {id: b, uses: mien}]"
    (found,) = problems("FLT001", text)
    assert (found.address, found.message.rpartition("fleet.")[2]) == ("skill/b", " Did you mean 'mine'?")
    assert addresses("REF001", text) == []


def test_a_deprecated_entry_may_refer_to_one_that_goes() -> None:
    view = MemoryView(entries={"tool": {"old": (Holder("a", "tool/old", deprecated=True),)}})
    text = "skill: [{id: a, uses: [old]}, {id: b, status: deprecated, uses: [old, tool/old, any, 3]}]"
    found = [(problem.code, problem.address) for problem in planned(text, view).problems]
    assert found == [("FLT001", "skill/b"), ("FLT003", "skill/a")]


def test_several_fields_are_claimed_together_and_all_who_claim_are_told() -> None:
    holders = (Holder("billing", "skill/x", path="skills.yaml", line=3), Holder("shop", "skill/y"))
    view = MemoryView(values={("skill", "team and slot"): {'["red",7]': holders}})
    plan = planned("skill: [{id: a, team: red, slot: 7}, {id: b, team: red}]", view)
    (found,) = plan.problems
    assert (
        found.message
        == 'team and slot is ["red",7] in skill/x of billing (skills.yaml:3) and 1 more as well.'
    )


def test_the_publication_is_an_input_and_nobody_is_asked_in_vain() -> None:
    text = "skill: [{id: a, uses: [x]}]"
    assert planned(text, MemoryView(id="7")).inputs[CATALOG_INPUT] == "7"
    plain = b"x-registry: {kind: skill, layout: list, file: skills.yaml, key: id}\n"
    files: Files = {".system/registry/schemas/skill.schema.yaml": plain, "desired/a.yaml": text.encode()}
    others = Others(MemoryView(id="7"))
    plan = make_plan(MemoryTree(files), fleet=others).plan
    assert (others.asked, CATALOG_INPUT in plan.inputs, plan.notices) == (0, False, ())


def test_what_was_not_judged_is_said_and_its_allowance_is_not_unused() -> None:
    text = "skill: [{id: a, uses: [x]}]\nallow: [{address: skill/a, code: FLT001, reason: later}]"
    silent = planned(text, None)
    assert ([notice.title for notice in silent.notices], codes(silent), silent.exit_code) == (
        ["Not judged"],
        [],
        0,
    )
    down = planned(text, MemoryView(fault="nothing listens there"))
    assert (codes(down), down.inputs[CATALOG_INPUT], down.notices) == (["FLT004"], None, ())
    assert "nothing listens there" in down.problems[0].message
    judged = planned(text, MemoryView(id="7"))
    assert [(problem.code, problem.suppressed) for problem in judged.problems] == [
        ("FLT001", "allowed: later")
    ]
    assert planned(text, None, no_check=True).notices[0].title == "Checks skipped"


def test_one_fault_of_the_catalogue_is_one_warning() -> None:
    assert len(problems("FLT004", f"{DOWN}\nskill: [{{id: a, uses: x}}, {{id: b, uses: y}}]")) == 1
    assert addresses("FLT001", f"{DOWN}\nskill: [{{id: a, uses: x}}]") == []


def test_a_fault_stands_in_the_settings_only_where_they_name_the_catalogue() -> None:
    places = [
        planned("skill: [{id: a, uses: x}]", MemoryView(fault="down", by_settings=settings))
        .problems[0]
        .place.file
        for settings in (True, False)
    ]
    assert places == [".system/registry/config.yaml", ".system/registry/schemas/skill.schema.yaml"]
