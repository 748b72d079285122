"""Rules of a workspace's own: what they find, what is wrong with their files, and how they are tried."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.sarif import render
from tests.support import Box

TEAM = """\
x-registry: {kind: team, layout: list, file: teams.yaml, at: teams, key: id}
type: object
required: [id]
additionalProperties: false
properties:
  id: {type: string}
  status: {type: string}
  members: {type: array, items: {type: string}}
  owner: {type: object, properties: {name: {type: string}, phone: {type: string, x-secret: true}}}
  labels: {type: object, additionalProperties: {type: object, properties: {colour: {type: string}}}}
  rank: {type: integer}
"""
PERSON = """\
x-registry:
  kind: person
  layout: list
  file: people.yaml
  at: people
  key: id
  references: [{field: team, kind: team, missing: warning}]
type: object
required: [id]
additionalProperties: false
properties:
  id: {type: string}
  team: {type: string}
  on_call: {type: boolean}
"""
PEOPLE = """\
team:
  - {id: alpha, status: active, members: [ann, bob], rank: 1}
  - {id: beta, status: active, members: [cyd], rank: 2}
person:
  - {id: ann, team: alpha, on_call: true}
  - {id: bob, team: alpha, on_call: false}
  - {id: cyd, team: beta, on_call: false}
"""


def plan(rules: dict[str, str], fragment: str = PEOPLE, live: dict[str, str] | None = None) -> Plan:
    """The plan of a workspace with some rule files; ``code`` and ``title`` are written for them."""
    files = {
        ".system/registry/schemas/team.schema.yaml": TEAM,
        ".system/registry/schemas/person.schema.yaml": PERSON,
        "desired/all.yaml": fragment,
        **(live or {}),
    }
    for code, text in rules.items():
        files[f".system/registry/rules/{code}.yaml"] = f"code: {code}\ntitle: It holds\n{text}"
    return make_plan(MemoryTree({path: text.encode() for path, text in files.items()})).plan


def applied(fragment: str) -> dict[str, str]:
    """The files of a workspace in which a fragment was applied."""
    return {one.path: one.content.decode() for one in plan({}, fragment).files if one.content is not None}


def found(plan: Plan, code: str) -> list[tuple[str, str]]:
    return [(one.address, one.message) for one in plan.problems if one.code == code]


def slip(text: str) -> str:
    """What is wrong with one rule file."""
    (one,) = [one for one in plan({"TEAM001": text}).problems if one.code == "RUL001"]
    assert one.blocking
    return one.message


def rule(check: str, **more: str) -> str:
    fields = {"for": "team", "check": f"'{check}'", "message": "'{key}'", **more}
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ('self.id != "beta"', ["beta"]),
        ("size(self.members) >= 2", ["beta"]),
        ('self.members.exists(m, ref("person", m).on_call)', ["beta"]),
        ('self.members.all(m, has_ref("person", m))', []),
        ('size(referrers("person")) > 1', ["beta"]),
        ('size(entries("person", "team", key)) > 1', ["beta"]),
        ('size(entries("team", "members[]", "ann")) == 1', []),
        ('size(entries("person")) == 3', []),
        ("!has(self.owner)", []),
        ('has(self.owner) && self.owner.name != ""', ["alpha", "beta"]),
        ('fragment == "desired/all.yaml" && file == "teams.yaml"', []),
        ('path_exists("desired") && !path_exists("nowhere") && !path_exists("../etc")', []),
        ('glob("desired/*.yaml") == ["desired/all.yaml"]', []),
        ('address == "team/" + key && kind == "team"', []),
        ("self.rank > 1", ["alpha"]),
        ('self.id.matches("^a")', ["beta"]),
        ('"status" in self', []),
    ],
)
def test_an_expression_judges_every_entry(check: str, expected: list[str]) -> None:
    assert found(plan({"TEAM001": rule(check)}), "TEAM001") == [(f"team/{key}", key) for key in expected]


def test_a_finding_has_everything_that_those_of_other_rules_have() -> None:
    text = rule("size(self.members) >= 2", severity="warning", at="members", why="w", fix="Add one.")
    (one,) = [one for one in plan({"TEAM001": text}).problems if one.code == "TEAM001"]
    assert (one.severity.value, one.status.value, one.blocking) == ("warning", "introduced", False)
    assert one.location is not None
    assert (one.location.path, one.location.line, one.location.column) == ("desired/all.yaml", 3, 41)
    assert one.fix is not None
    assert one.fix.description == "Add one."


def test_the_message_has_expressions_and_braces() -> None:
    message = """'{key}: {size(self.members)} of {{all}}, {[1, true]}, {{"a": 1}["a"]}'"""
    with_map = message.replace('{{"a"', '{ {"a"')
    assert (
        found(plan({"TEAM001": rule("false", message=with_map)}), "TEAM001")[0][1]
        == "alpha: 2 of {all}, [1, true], 1"
    )


def test_pairs_are_judged_once_and_not_with_themselves() -> None:
    text = rule(
        "left.on_call || right.on_call",
        **{
            "for": "{left: person, right: person}",
            "when": "left.team == right.team",
            "message": "'{left.id}+{right.id}'",
        },
    )
    fragment = PEOPLE + "  - {id: dan, team: beta, on_call: false}\n"
    assert found(plan({"PAIR001": text}, fragment), "PAIR001") == [("person/cyd", "cyd+dan")]


CHANGES = [
    ("update", PEOPLE.replace("rank: 1", "rank: 3"), "self.rank == before.rank", ["team/alpha"]),
    (
        "delete unasked",
        PEOPLE.replace("  - {id: beta, status: active, members: [cyd], rank: 2}\n", ""),
        "before.rank == 9",
        [],
    ),
    (
        "delete",
        PEOPLE.replace("  - {id: beta, status: active, members: [cyd], rank: 2}\n", ""),
        'self != null || before.status == "deprecated"',
        ["team/beta"],
    ),
    ("create unasked", PEOPLE.replace("person:", "  - {id: new}\nperson:"), "before.rank == 9", []),
    ("create", PEOPLE.replace("person:", "  - {id: new}\nperson:"), 'change != "create"', ["team/new"]),
]


@pytest.mark.parametrize(
    ("fragment", "check", "expected"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES]
)
def test_a_rule_about_a_change(fragment: str, check: str, expected: list[str]) -> None:
    made = plan({"TEAM001": rule(check)}, fragment, applied(PEOPLE))
    assert [address for address, _ in found(made, "TEAM001")] == expected


def test_a_problem_that_was_there_is_told_from_a_new_one() -> None:
    fragment = PEOPLE.replace("members: [ann, bob]", "members: [ann]")
    made = plan({"TEAM001": rule("size(self.members) >= 2")}, fragment, applied(PEOPLE))
    told = {one.address: one.status.value for one in made.problems if one.code == "TEAM001"}
    assert told == {"team/alpha": "introduced", "team/beta": "pre_existing"}


def test_severities_allowances_and_no_check_hold_for_own_rules() -> None:
    config = {".system/registry/config.yaml": "severities: {TEAM001: record}\n"}
    allow = PEOPLE + "allow:\n  - {address: team/beta, code: OTHER001, reason: known}\n"
    made = plan({"TEAM001": rule("false"), "OTHER001": rule('self.id == "alpha"')}, allow, config)
    assert {one.severity.value for one in made.problems if one.code == "TEAM001"} == {"record"}
    assert [one.suppressed for one in made.problems if one.code == "OTHER001"] == ["allowed: known"]


def test_a_severity_for_a_rule_that_is_not_there_is_a_slip() -> None:
    made = plan(
        {"TEAM001": rule("true")}, live={".system/registry/config.yaml": "severities: {TEAM002: record}\n"}
    )
    assert "Did you mean 'TEAM001'?" in found(made, "CFG001")[0][1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rule("size(self.membres) > 0"), "there is no field 'membres'. Did you mean 'members'?"),
        (rule('self.owner.nam == ""'), "there is no field 'nam'. Did you mean 'name'?"),
        (rule('self["membres"] == []'), "there is no field 'membres'."),
        (rule('self.labels["a"].color == ""'), "there is no field 'color'. Did you mean 'colour'?"),
        (
            rule('self.members.exists(m, ref("person", m).oncall)'),
            "there is no field 'oncall'. Did you mean 'on_call'?",
        ),
        (rule('entries("person", "tem", key) == []'), "there is no field 'tem'. Did you mean 'team'?"),
        (rule('referrers("person").all(p, p.tem == "")'), "there is no field 'tem'."),
        (rule("before.rnk == 1"), "there is no field 'rnk'. Did you mean 'rank'?"),
        (rule("true", message="'{self.rnk}'"), "there is no field 'rnk'."),
        (rule('self.owner.phone == ""'), "'phone' is a secret (x-secret)"),
        (rule('has_ref("persn", "a")'), "there is no kind 'persn'. Did you mean 'person'?"),
        (rule("has_ref(key, key)"), "takes the kind as a text in quotes"),
        (rule("true", **{"for": "taem"}), "there is no kind 'taem'. Did you mean 'team'?"),
        (rule("slef.rank == 1"), "there is no 'slef' here. Did you mean 'self'?"),
        (rule('ref("person")'), "ref(kind, key)"),
        (rule("self.rank =="), "Syntax error"),
        (rule('1 + "a" == 2'), "no matching overload"),
        (rule("size(self.members)"), "must give true or false"),
        (rule("left.rank == 1"), "there is no 'left' in this rule, only 'self'"),
        (rule("self.rank == 1", **{"for": "{left: team, right: team}"}), "there is no 'self' in this rule"),
        (rule("true", message="'{key'"), "is not closed"),
        (
            rule("true", at="membres"),
            "'at' cannot be used: there is no field 'membres'. Did you mean 'members'?",
        ),
        (rule("true", at="owner.nam"), "there is no field 'nam'. Did you mean 'name'?"),
        (rule("true", at="owner."), "ends in a dot"),
        (rule("true", colour="red"), "'colour'"),
        (rule("true", severity="fatal"), "fatal"),
        (rule("(" * 60 + "true" + ")" * 60), "nested too deeply"),
        (rule('"' + "a" * 10_001 + '" == ""'), "10000"),
    ],
)
def test_a_slip_in_a_rule_file_is_a_problem_with_its_place(text: str, expected: str) -> None:
    assert expected in slip(text)


def test_a_slip_hides_nothing_of_the_other_rules() -> None:
    made = plan({"TEAM001": rule("size(self.membres) > 0"), "TEAM002": rule("false")})
    assert len(found(made, "TEAM002")) == 2


def test_the_name_of_the_file_is_the_code() -> None:
    files = {".system/registry/rules/TEAM009.yaml": "code: TEAM001\ntitle: t\n" + rule("true")}
    assert "Rename" in str([one.fix for one in plan({}, live=files).problems if one.code == "RUL001"])


def test_a_field_that_is_absent_is_an_error_unless_it_is_asked_for() -> None:
    made = plan({"TEAM001": rule('self.owner.name == ""')})
    ((_, message),) = found(made, "RUL004")
    assert "team/alpha, team/beta" in message
    assert "ask has() first" in message
    assert not plan({"TEAM001": rule('!has(self.owner) || self.owner.name == ""')}).problems


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (rule('entries("person").exists(p, p.team == key)'), True),
        (rule('entries("person").filter(p, p.on_call).exists(p, p.team == key)'), True),
        (rule('entries("person", "team", key).exists(p, true)'), False),
        (rule("left.rank != right.rank", **{"for": "{left: team, right: team}", "message": "x"}), True),
    ],
)
def test_what_grows_with_the_square_is_said(text: str, warned: bool) -> None:
    assert bool(found(plan({"TEAM001": text}), "RUL002")) is warned


def test_a_rule_that_takes_too_much_is_ended_and_hides_nothing() -> None:
    many = "person:\n" + "".join(f"  - {{id: p{number}}}\n" for number in range(120))
    costly = rule('entries("person").all(a, entries("person").all(b, a.id != b.id || true))')
    made = plan({"TEAM001": costly, "TEAM002": rule("false")}, many + PEOPLE.partition("person:")[0])
    assert found(made, "RUL004")[0][1].startswith("TEAM001")
    assert len(found(made, "TEAM002")) == 2


@pytest.mark.slow
def test_memory_is_bounded() -> None:
    big = "  - {id: gamma, status: " + "x" * 900_000 + "}\n"
    fragment = PEOPLE.replace("person:", big + "person:", 1)
    numbers = "[" + ",".join(["1"] * 200) + "]"
    greedy = rule(
        f"size({numbers}.map(a, {numbers}.map(b, self.status + string(b)))) > 0",
        when="has(self.status)",
    )
    made = plan({"TEAM001": greedy, "TEAM002": rule("false")}, fragment)
    assert found(made, "RUL003") or found(made, "RUL004")
    assert len(found(made, "TEAM002")) == 3


WITHOUT = """\
import sys
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.planning.pipeline import make_plan

make_plan(MemoryTree({}))
print([name for name in sys.modules if "cel" in name.split("_") or name.endswith("own.judge")])
"""


def test_a_plan_without_own_rules_imports_nothing_of_them() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    rules = {
        "TEAM001": "code: TEAM001\ntitle: It holds\n"
        + rule("size(self.members) >= 2", severity="warning")
        + EXAMPLE
    }
    files = {
        ".system/registry/schemas/team.schema.yaml": TEAM,
        ".system/registry/schemas/person.schema.yaml": PERSON,
        "desired/all.yaml": PEOPLE,
        **{f".system/registry/rules/{code}.yaml": text for code, text in rules.items()},
    }
    return Box(tmp_path, capsys, files)


EXAMPLE = """\
example: |
  team:
    - {id: a, members: []}
use_instead: |
  team:
    - {id: a, members: [b, c]}
"""


def test_rules_are_tried_on_their_examples(box: Box) -> None:
    ran = box.run("rule", "test")
    assert (ran.exit, ran.out) == (
        0,
        "TEAM001  ok   the example violates it, the mended one does not; 'when' selects 2 of 2\n",
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("members: []", "members: [b, c]", "'example' does not violate the rule"),
        ("members: [b, c]", "members: [b]", "'use_instead' still violates the rule: a"),
        (
            "team:\n    - {id: a, members: []}",
            "taem: []",
            "'example' cannot be tried: there is no kind 'taem'",
        ),
    ],
)
def test_an_example_that_does_not_hold_fails(box: Box, before: str, after: str, expected: str) -> None:
    path = box.root / ".system/registry/rules/TEAM001.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    ran = box.run("rule", "test", "TEAM001")
    assert ran.exit == 3
    assert expected in ran.out


def test_a_rule_is_explained_part_by_part(box: Box) -> None:
    ran = box.run("rule", "eval", "TEAM001", "team/beta", "--format", "json")
    assert [(one["field"], one["text"], one["gives"]) for one in ran.json["steps"]] == [
        ("when", "true", "true"),
        ("check", "size(self.members) >= 2", "false"),
        ("check", "size(self.members)", "1"),
    ]


def test_a_new_rule_can_be_planned_with_at_once(box: Box) -> None:
    assert box.run("rule", "new", "CREW001", "--for", "person").exit == 0
    assert box.run("plan").exit == 0
    again = box.run("rule", "new", "CREW001")
    assert again.exit == 1
    assert ".system/registry/rules/CREW001.yaml is there already. Edit it" in again.err
    assert box.run("rule", "new", "CRW001").exit == 64
    assert "For example" not in box.run("explain", "CREW001").out


def test_explain_knows_own_rules(box: Box) -> None:
    ran = box.run("explain", "team001")
    assert ran.out.startswith("TEAM001: It holds\n")
    assert "members: []" in ran.out


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ('self.members.exists(before, before == "ann")', ["beta"]),
        ('self.members.exists(left, left == "ann")', ["beta"]),
        ('self.members.exists(change, change == "ann")', ["beta"]),
        ('self.members.exists(self, self == "ann")', ["beta"]),
        ('self.members.exists(ref, has_ref("person", ref))', []),
    ],
)
def test_an_item_may_be_called_like_a_variable(check: str, expected: list[str]) -> None:
    assert [key for _, key in found(plan({"TEAM001": rule(check)}), "TEAM001")] == expected


def test_numbers_are_looked_up_by_value_as_they_are_compared() -> None:
    schema = TEAM.replace("{type: integer}", "{type: number}")
    fragment = PEOPLE.replace("rank: 2", "rank: 1.0")
    pair = rule(
        "left.rank != right.rank",
        **{"for": "{left: team, right: team}", "when": "left.rank == right.rank", "message": "same"},
    )
    rules = {"PAIR001": pair, "TEAM001": rule('size(entries("team", "rank", self.rank)) == 1')}
    made = plan(rules, fragment, {".system/registry/schemas/team.schema.yaml": schema})
    assert len(found(made, "PAIR001")) == 1
    assert len(found(made, "TEAM001")) == 2


def test_what_json_has_not_is_shown_as_text() -> None:
    message = """'{[timestamp("2020-01-01T00:00:00Z")]} {b"ab"} { {1: null, true: 2} } {type(1)}'"""
    ((_, text), _) = found(plan({"TEAM001": rule("false", message=message)}), "TEAM001")
    assert text.startswith('["2020-01-01T00:00:00+00:00"] "ab" {"')


def test_no_check_leaves_out_what_says_that_own_rules_cannot_be_judged() -> None:
    files = {
        ".system/registry/schemas/team.schema.yaml": TEAM,
        "desired/all.yaml": "team:\n  - {id: alpha}\n",
        ".system/registry/rules/TEAM001.yaml": f"code: TEAM001\ntitle: t\n{rule('self.rank == 1')}",
    }
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    assert not make_plan(tree).plan.applicable
    assert make_plan(tree, PlanOptions(no_check=True)).plan.applicable


BROKEN = [
    ("live", {"people.yaml": "people: [\n"}, True),
    ("a fragment that may declare some", {"desired/bad.yaml": "person:\n - {id: zed\n"}, True),
    ("a fragment that declares none", {"desired/bad.yaml": "team:\n - {id: zed\n"}, False),
]


@pytest.mark.parametrize(("live", "said"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN])
def test_a_rule_that_cannot_see_all_is_not_judged_and_that_is_said(live: dict[str, str], said: bool) -> None:
    fragment = "team:\n  - {id: alpha, members: [zed]}\n"
    rules = {
        "TEAM001": rule('self.members.all(m, has_ref("person", m))'),
        "TEAM002": rule('self.id == ""'),
    }
    made = plan(rules, fragment, live)
    assert [message.partition(":")[0] for _, message in found(made, "RUL005")] == (
        ["TEAM001 was not judged"] if said else []
    )
    assert bool(found(made, "TEAM001")) is not said
    assert found(made, "TEAM002")


def test_a_severity_may_be_set_for_a_rule_whose_file_has_a_slip() -> None:
    config = {".system/registry/config.yaml": "severities: {TEAM001: record}\n"}
    made = plan({"TEAM001": rule("self.nope == 1")}, live=config)
    assert found(made, "RUL001")
    assert not found(made, "CFG001")


def test_a_lowered_severity_stands_at_the_head() -> None:
    config = {".system/registry/config.yaml": "severities: {TEAM: record}\n"}
    (notice,) = plan({"TEAM001": rule("true")}, live=config).notices
    assert notice.message == "TEAM001 is a record and was an error."


def test_sarif_describes_own_rules() -> None:
    text = rule("false", why="Somebody must answer.", fix="Add one.")
    log = json.loads(render(plan({"TEAM001": text}), RenderOptions()))
    (described,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert described["properties"]["tags"] == ["TEAM"]
    assert "Why it matters: Somebody must answer." in described["help"]["text"]


def test_commands_know_own_codes(box: Box) -> None:
    assert box.run("fix", "TEAM001").exit != 64
    assert "Did you mean 'TEAM001'?" in box.run("fix", "TEAM01").err
    assert "There are TEAM001." in box.run("explain", "TEAM002").err
    path = box.root / ".system/registry/rules/TEAM001.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("self.members", "self.membres"), encoding="utf-8"
    )
    assert "cannot be used: TEAM001: 'check' cannot be used" in box.run("explain", "TEAM001").err


def test_a_review_names_rules_that_came_went_or_changed(box: Box) -> None:
    rules = box.root / ".system/registry/rules"
    for code in ("TEAM002", "TEAM003"):
        (rules / f"{code}.yaml").write_text(
            f"code: {code}\ntitle: {code} holds\n{rule('true')}", encoding="utf-8"
        )
    box.git("init", "-q", "-b", "main")
    box.git("add", "-A")
    box.git("commit", "-qm", "one")
    (rules / "TEAM001.yaml").unlink()
    text = f"code: TEAM002\ntitle: TEAM002 holds\n{rule('true', severity='warning', why='it is so')}"
    (rules / "TEAM002.yaml").write_text(text, encoding="utf-8")
    text = f"code: TEAM003\ntitle: TEAM003 holds\n{rule('self.rank > 0', when='has(self.rank)')}"
    (rules / "TEAM003.yaml").write_text(text, encoding="utf-8")
    text = f"code: TEAM004\ntitle: The rank stays\n{rule('self.rank == before.rank')}"
    (rules / "TEAM004.yaml").write_text(text, encoding="utf-8")
    fragment = box.root / "desired/all.yaml"
    fragment.write_text(fragment.read_text(encoding="utf-8").replace("rank: 1", "rank: 3"), encoding="utf-8")
    ran = box.run("plan", "--base", "main", "--format", "json")
    said = [f"{one['title']}: {one['message']}" for one in ran.json["notices"]]
    assert said[1:] == [
        "Check weakened: TEAM001 is gone: 'It holds' is not checked any more.",
        "Check weakened: TEAM002 is a warning and was an error.",
        "Rule changed: TEAM003 (TEAM003 holds) was changed; it may find less.",
        "New rule: TEAM004: The rank stays.",
    ]
    # What a rule about a change says of the whole way from one side to the other.
    assert [one["address"] for one in ran.json["problems"] if one["code"] == "TEAM004"] == ["team/alpha"]


def test_a_rule_about_a_kind_that_cannot_be_used_is_not_passed_over(box: Box) -> None:
    path = box.root / ".system/registry/schemas/team.schema.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("layout: list", "layout: lisst"), encoding="utf-8"
    )
    ran = box.run("rule", "test")
    assert ran.exit == 3
    assert "TEAM001.yaml: it is about a kind whose schema cannot be used." in ran.out


def test_many_rules_say_the_same_as_each_by_itself() -> None:
    """They are asked at once; a comment, an error, an answer that is none and a finding lead back to each of them."""
    rules = {
        "TEAM001": rule('self.id != "beta" // not beta'),
        "TEAM002": rule("self.rank > 1"),
        "TEAM003": rule('self.owner.name != ""'),
        "TEAM004": rule("size(self.members) >= 2", when="self.rank > 1 // of some"),
        "TEAM005": rule('self.labels["a"]'),
        "TEAM006": rule('self == self && size(entries("team", "rank", self.rank)) == 1'),
        "TEAM007": rule('self.members.all(m, ref("person", m).team == key && has(ref("person", m).on_call))'),
        "TEAM008": rule('entries("person", "team", key).exists(p, p.on_call)', **{"for": "[team, person]"}),
    }
    together = plan(rules)
    alone = [plan({code: text}) for code, text in rules.items()]

    def said(one: Plan) -> list[tuple[str, str, str]]:
        return sorted((p.code, p.address, p.message) for p in one.problems)

    assert said(together) == sorted(line for one in alone for line in said(one))
    assert {code for code, _, _ in said(together)} == {"RUL004", "TEAM001", "TEAM002", "TEAM004", "TEAM008"}


def test_more_rules_than_one_expression_may_hold_are_judged_all_the_same() -> None:
    rules = {
        f"TEAM{number:03}": rule(f'self.id != "{"beta" * 40}" || {number} > 0') for number in range(1, 400)
    }
    rules["TEAM500"] = rule('self.id != "beta"')
    given = plan(rules)
    assert [(one.code, one.address) for one in given.problems] == [("TEAM500", "team/beta")]


@pytest.mark.parametrize(
    "check",
    [
        f"self.id.matches('^({'a?' * 2000}){'a' * 2000}$') || true",
        "self.id.matches('^(([a-z])+.)+[A-Z]([a-z])+$') || true",
        f"self.id != '{'x' * 200_000}'",
        f"!(self.id in [{', '.join(repr(str(number)) for number in range(3000))}])",
        " && ".join(["self.id != 'none'"] * 2000),
        f"self.id.matches('{'(' * 2000}{')' * 2000}')",
    ],
    ids=["optional letters", "nested repetitions", "huge text", "huge list", "long chain", "nested groups"],
)
def test_hostile_expressions_are_judged_or_refused_and_hide_nothing(check: str) -> None:
    text = f"for: team\ncheck: {json.dumps(check)}\nmessage: '{{key}}'\n"
    given = plan({"TEAM001": text, "TEAM002": rule('self.id != "beta"')})
    assert found(given, "TEAM002") == [("team/beta", "beta")]
    assert {one.code for one in given.problems} <= {"TEAM002", "RUL001", "RUL003", "RUL004"}
