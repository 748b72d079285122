"""Every rule's own example violates it, at the line shown, and what to use instead does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import resources
from typing import NamedTuple

import pytest
import yaml

from registry_reconciler.formats.codes import TITLES
from registry_reconciler.model.entry import FieldPath
from registry_reconciler.model.problem import Severity
from registry_reconciler.model.structural import CODES, LOWERABLE
from registry_reconciler.rules import RULES, all_rules, by_code
from registry_reconciler.rules.base import Rule
from registry_reconciler.rules.hooks import TOO_LATE
from registry_reconciler.rules.routes import DOCUMENTS
from registry_reconciler.rules.structural import STRUCTURAL
from registry_reconciler.schema.validator import SchemaSet
from tests.rules.helper import FRAGMENT, kinds, line_of, problems, rule_of

E, W, R = Severity.ERROR, Severity.WARNING, Severity.RECORD


class Expected(NamedTuple):
    """What the example gives: one problem; ``line`` is how the line that it points at begins."""

    severity: Severity
    address: str
    path: FieldPath
    line: str
    file: str = FRAGMENT


COMMENTS = ("CMT001",)
"""Bystanders are added to a value, and that has no comments."""
EXPECTED = {
    "TYP001": Expected(W, "module_type/http_api", ("description",), "- {id: http_api, "),
    "CMT001": Expected(R, "module_type/http_api", (), "- {id: http_api"),
    "IDN001": Expected(E, "ability_low/payments.refund", ("ability_id",), "- {ability_id: payments.refund, "),
    "IDN002": Expected(E, "hook/trace", ("aliases", 0), "- {id: trace, "),
    "IDN003": Expected(W, "module_type/http_api", ("name",), "- {id: http_api, "),
    "IDN004": Expected(R, "module_type/http_api", ("name",), "- {id: http_api, "),
    "IDN005": Expected(W, "module_type/worker", ("id",), "- {id: worker}"),
    "IDN007": Expected(E, "module_type/pаypal", ("id",), "- {id: pаypal}"),
    "TXT001": Expected(E, "module_type/pay\u200bments", (), '- {id: "pay'),
    "TXT002": Expected(W, "module_type/payments", ("description",), "- {id: payments, "),
    "TXT003": Expected(E, "module_type/payments", ("x-tags", "re\u0301gion"), "- {id: payments, "),
    "IDN006": Expected(W, "module_type/grpc_api", ("name",), "- {id: grpc_api, "),
    "REF001": Expected(E, "module_instance/payments.api", ("module_type",), "- {module_id: payments.api, "),
    "REF002": Expected(E, "module_instance/payments.api", ("module_type",), "- {module_id: payments.api, "),
    "REF003": Expected(W, "module_instance/payments.api", ("module_type",), "- {module_id: payments.api, "),
    "REF004": Expected(W, "module_instance/payments.api", ("module_type",), "- {module_id: payments.api, "),
    "REF005": Expected(E, "module_instance/payments", ("parent_module",), "- {module_id: payments, "),
    "REF006": Expected(E, "module_type/http_api", (), "- {id: http_api}"),
    "REF007": Expected(E, "module_type/web_api", (), "- {id: web_api}"),
    "UNQ001": Expected(E, "skill/review", ("path",), "- {id: review, "),
    "FLT001": Expected(E, "skill/review", ("uses",), "- {id: review, "),
    "FLT002": Expected(E, "skill/review", ("slot",), "- {id: review, "),
    "FLT003": Expected(W, "skill/review", ("uses",), "- {id: review, "),
    "FLT004": Expected(W, "", (), "", file="schemas/skill.schema.yaml"),
    "UNM001": Expected(E, "skill/review", (), "- {id: review, ", file="skills/_registry.yaml"),
    "MIR001": Expected(E, "plugin/review", ("description",), "- {name: review, "),
    "MIR002": Expected(W, "plugin/revew", (), "- {name: revew, "),
    "PTH001": Expected(E, "skill/review", ("path",), "- {id: review, "),
    "PTH002": Expected(E, "skill/review", ("path",), "- {id: review, "),
    "PTH003": Expected(W, "", (), "", file="skills/plan/SKILL.md"),
    "MOD001": Expected(E, "module_type/web", ("outbound", 0), "- {id: web, "),
    "MOD002": Expected(E, "module_instance/orders", ("dependencies", "modules", 0), "- {module_id: orders, "),
    "MOD003": Expected(E, "module_instance/payments.api", ("path",), "- {module_id: payments.api, "),
    "MOD004": Expected(E, "module_instance/payments.api", ("path",), "- {module_id: payments.api, "),
    "MOD005": Expected(E, "module_instance/payments.web", ("path",), "- {module_id: payments.web, "),
    "MOD006": Expected(W, "module_instance/payments.api", ("module_id",), "- {module_id: payments.api, "),
    "MOD007": Expected(W, "module_interface/billing.create", ("module_id",), "- {id: billing.create, "),
    "MOD008": Expected(E, "module_interface/shop.page", ("consumers", 0), "- {id: shop.page, "),
    "MOD009": Expected(E, "module_interface/orders.find", ("lifecycle",), "- {id: orders.find, "),
    "RTE001": Expected(E, "route/api.errors", ("when_to_use",), "- {id: api.errors, "),
    "RTE002": Expected(
        E, "route/api.errors", ("related_docs", 0, "path"), "related_docs: [{path: docs/erors.md}]"
    ),
    "RTE003": Expected(E, "route/api.errors", ("related_docs", 0, "path"), "related_docs: [{path: /srv/"),
    "RTE004": Expected(E, "route/payments.errors", ("topic",), "- {id: payments.errors, "),
    "RTE005": Expected(W, "route/payments.faults", ("topic",), "- {id: payments.faults, "),
    "RTE006": Expected(W, "route/billing.errors", ("module_id",), "- {id: billing.errors, "),
    "RTE007": Expected(E, "route/payments.errors", ("ability_ids", 0), "ability_ids: [bill.send]"),
    "RTE008": Expected(R, "", (), "", file="docs/guides/first.md"),
    "RTE009": Expected(R, "module_instance/payments", (), "- {module_id: payments, "),
    "RTE010": Expected(
        E, "route/api.errors", ("related_docs", 0, "stage"), "related_docs: [{path: docs/errors.md, "
    ),
    "ABL001": Expected(E, "ability_high/payments.flow", ("steps", 0), "steps: [payments.capture]"),
    "ABL002": Expected(E, "ability_low/payments.capture", ("hooks", "pre_call", 0), "hooks: {pre_call: "),
    "ABL003": Expected(
        E, "ability_low/payments.capture", ("implementation", "command", 0), "implementation: "
    ),
    "ABL004": Expected(
        E, "ability_low/payments.capture", ("implementation", "command", 0), "implementation: "
    ),
    "ABL005": Expected(
        E, "ability_low/payments.capture", ("implementation", "command", 0), "implementation: "
    ),
    "ABL006": Expected(E, "ability_low/payments.capture", ("implementation", "function"), "implementation: "),
    "ABL007": Expected(E, "ability_low/payments.capture", ("input_schema", "type"), "input_schema: "),
    "ABL008": Expected(
        E, "ability_low/payments.capture", ("required_caps", 0), "- {ability_id: payments.capture, "
    ),
    "ABL009": Expected(E, "ability_low/payments.capture", ("environments", 0), "environments: [prodution]"),
    "ABL010": Expected(R, "ability_low/payments.capture", (), "- ability_id: payments.capture"),
    "ABL011": Expected(W, "ability_low/payments.capture", ("implementation", "endpoint"), "implementation: "),
    "HOK001": Expected(E, "hook/audit", ("event_type",), "event_type: PreAbilityCal"),
    "HOK002": Expected(E, "hook/audit", ("match", "stage", 0), "match: {stage: [later]}"),
    "HOK003": Expected(W, "hook/audit", ("match", "ability_scope", 0), "match: {ability_scope: [paymets.*]}"),
    "HOK004": Expected(E, "hook/audit", ("blocking",), "blocking: true"),
    "HOK005": Expected(E, "hook/audit", ("handler", "command", 0), "handler: {kind: script, "),
    "HOK006": Expected(W, "hook/audit", (), "id: audit", file=".system/hooks/log.yaml"),
    "HOK007": Expected(W, "hook/guard", ("priority",), "- id: guard"),
    "CAP001": Expected(E, "ability_low/payments.capture", (), "- {ability_id: payments.capture, "),
    "CAP002": Expected(W, "ability_low/payments.capture", ("required_caps",), "required_caps: []"),
    "CAP003": Expected(W, "ability_low/payments.capture", ("environments",), "environments: [dev, prod]"),
    "CAP004": Expected(W, "ability_low/payments.capture", (), "- ability_id: payments.capture"),
    "CAP005": Expected(W, "hook/guard", ("blocking",), "blocking: false"),
    "CAP006": Expected(W, "hook/guard", ("handler",), "handler: {kind: script, command: [scripts/audit.py]}"),
    "CAP007": Expected(W, "hook/guard", ("enabled",), "enabled: false"),
}


def test_every_code_has_its_cases() -> None:
    assert set(EXPECTED) == {rule.code for rule in RULES}


@pytest.mark.parametrize("code", EXPECTED)
def test_the_example_violates_the_rule(code: str) -> None:
    rule, expected = rule_of(code), EXPECTED[code]
    (found,) = problems(code, rule.page.example)
    assert (found.code, found.title, found.severity) == (code, rule.title, expected.severity)
    assert (found.address, found.path, found.place.file) == (expected.address, expected.path, expected.file)
    assert found.fix is not None
    assert found.fix.description
    if expected.line:
        assert line_of(rule.page.example, found).startswith(expected.line)


@pytest.mark.parametrize("code", EXPECTED)
def test_what_to_use_instead_is_clean(code: str) -> None:
    assert problems(code, rule_of(code).page.use_instead) == []


@pytest.fixture(scope="module")
def schemas() -> SchemaSet:
    return SchemaSet({kind.schema_path: dict(kind.schema) for kind in kinds().values()})


@pytest.mark.parametrize("code", EXPECTED)
def test_what_to_use_instead_fits_the_schemas(code: str, schemas: SchemaSet) -> None:
    text = rule_of(code).page.use_instead
    for document in yaml.safe_load_all(text):
        entries = {"hook": [document]} if text.startswith("# .system/hooks/") else document
        for kind, values in entries.items():
            for value in values if kind in kinds() else ():
                assert schemas.validator(kinds()[kind]).violations(value) == []


BYSTANDERS = """\
module_type: [{id: 0a, name: 0n}, {id: 0b, inbound: [0a]}]
module_instance:
  - {module_id: 0a, module_type: true, path: ""}
  - {module_id: 0b, module_type: 0n}
  - {module_id: 0c, module_type: nowhere, dependencies: {modules: [0a]}}
  - {module_id: 0d, module_type: 0b}
module_maturity: [{module_id: 0a}]
module_interface: [{id: 0a, module_id: 0a, lifecycle: DESIGNED}, {id: 0b}]
route: [{id: 0a}, {id: 0b, module_id: 0a, ability_ids: [0a], related_docs: [{}, 3]}]
ability_low: [{ability_id: 0a, module_ids: [0a], hooks: 3}, {ability_id: 0b, %s}]
ability_high: [{ability_id: 0c, ability_ids: [0a]}]
hook: [{id: 0a, name: 0n, blocking: true}, {id: 0b, match: {stage: []}, handler: {}}]
skill: [{id: 0a, requires: [0b]}, {id: 0b, path: skills/plan}]
"""


def among_bystanders(text: str) -> str:
    """The documents of a text with entries before its own; from the first to the second they change."""
    documents = list(yaml.safe_load_all(text))
    found = []
    for index, document in enumerate(documents):
        more = yaml.safe_load(BYSTANDERS % ("x: 1" if index else "environments: [dev]"))
        for kind, entries in more.items():
            changed = [{**entry, "x-changed": index} for entry in entries]
            document = {**document, kind: [*changed, *document.get(kind, [])]}
        found.append(document)
    return yaml.safe_dump_all(found, sort_keys=False)


@pytest.mark.parametrize(
    "code",
    [
        one
        for one in EXPECTED
        if EXPECTED[one].address and EXPECTED[one].file == FRAGMENT and one not in COMMENTS
    ],
)
@pytest.mark.parametrize("order", [list, reversed])
def test_entries_before_it_do_not_hide_a_violation(
    code: str, order: Callable[[list[str]], Iterable[str]]
) -> None:
    ordered = {name: kinds()[name] for name in order(list(kinds()))}
    found = problems(code, among_bystanders(rule_of(code).page.example), kinds=ordered)
    assert EXPECTED[code].address in [one.address for one in found]


@pytest.mark.parametrize("code", ["IDN001", "IDN002"])
def test_one_id_one_entry_is_structural(code: str) -> None:
    assert rule_of(code).structural
    assert all(problem.structural for problem in problems(code, rule_of(code).page.example))


def test_codes_are_unique_and_every_code_is_explained() -> None:
    codes = [rule.code for rule in all_rules()]
    assert len(codes) == len(set(codes))
    assert {*CODES, *TITLES} == {rule.code for rule in STRUCTURAL}
    assert {*codes} == {rule.code for rule in (*RULES, *STRUCTURAL)}
    pages = resources.files("registry_reconciler.rules").joinpath("pages").iterdir()
    assert {page.name for page in pages} == {f"{code}.md" for code in codes}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_text_is_whole(rule: Rule) -> None:
    page = rule.page
    assert all((rule.title, page.summary, page.why, page.fix, page.example))
    assert page.summary.endswith((".", ".)"))
    assert page.why.endswith(".")
    assert page.fix.endswith((".", "`."))
    assert all(character.isprintable() or character == "\n" for character in page.text)
    assert not rule.title.endswith(".")
    assert rule.family + rule.code[3:] == rule.code
    assert rule.family.isalpha()


def test_pages_name_the_words_that_rules_go_by() -> None:
    assert f"`{DOCUMENTS}`" in rule_of("RTE008").page.summary
    assert all(event in rule_of("HOK004").page.summary for event in TOO_LATE)


def test_structural_codes_have_no_checks_and_say_whether_they_can_be_lowered() -> None:
    for rule in STRUCTURAL:
        assert rule.check is None
        assert rule.transition is None
        assert rule.structural is (rule.code not in LOWERABLE)


def test_a_code_is_found_in_any_case() -> None:
    assert by_code("ref001") is rule_of("REF001")
    assert by_code("REF999") is None
