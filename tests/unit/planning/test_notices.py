"""What stands at the head of a plan."""

from __future__ import annotations

from registry_reconciler.model.plan import Plan
from registry_reconciler.rules import RULES
from tests.support import Files, builtin_files, plan_of, written_files

CONFIG = ".system/registry/config.yaml"


def workspace(**fragments: str) -> Files:
    files = builtin_files()
    files.update({f"desired/{name}.yaml": text.encode() for name, text in fragments.items()})
    return files


def apply(files: Files) -> Files:
    found = plan_of(files)
    assert found.applicable, found.blocking
    return {**files, **written_files(found)}


def titles(found: Plan) -> list[str]:
    return [notice.title for notice in found.notices]


def test_every_rule_about_a_change_of_capabilities_is_said_at_the_head() -> None:
    about_changes = {rule.code for rule in RULES if rule.family == "CAP" and rule.transition is not None}
    assert about_changes == {rule.code for rule in RULES if rule.widens_capability}


def test_a_dropped_capability_stands_at_the_head_when_it_is_planned_and_not_afterwards() -> None:
    text = "ability_low:\n- {ability_id: a.b, group: g, summary: s, required_caps: [fs.read, fs.write]}\n"
    files = apply(workspace(a=text))
    files["desired/a.yaml"] = text.replace(", fs.write", "").encode()
    assert titles(plan_of(files)) == ["Widened capability"]
    assert titles(plan_of(apply(files))) == []


def test_a_lowered_severity_stands_at_the_head() -> None:
    files = workspace()
    assert titles(plan_of(files)) == []
    files[CONFIG] = b"severities: {REF001: warning, RTE: record, CAP002: error}\n"
    messages = [notice.message for notice in plan_of(files).notices]
    assert "REF001 is a warning and was an error." in messages
    assert not [message for message in messages if message.startswith("CAP002")]


def test_an_error_that_is_allowed_stands_at_the_head_while_it_is_new() -> None:
    text = "module_type:\n- {id: a, outbound: [b]}\nallow:\n- {address: module_type/a, code: REF001, reason: soon}\n"
    files = workspace(a=text)
    found = plan_of(files)
    assert [notice.message for notice in found.notices] == [
        "REF001 of module_type/a does not block (allowed: soon)."
    ]
    assert titles(plan_of(apply(files))) == []


def test_an_entry_that_goes_while_one_like_it_comes_is_a_likely_rename() -> None:
    text = (
        "module_type:\n- {id: old_name, description: Answers requests of the outside world., tags: [a, b]}\n"
    )
    files = apply(workspace(a=text))
    files["desired/a.yaml"] = text.replace("old_name", "new_name").encode()
    (notice,) = plan_of(files).notices
    assert notice.title == "Likely rename"
    assert "moved:\n- {from: module_type/old_name, to: module_type/new_name}" in notice.message


def test_a_severity_of_an_unknown_or_structural_code_is_a_problem() -> None:
    files = workspace()
    files[CONFIG] = (
        b"severities: {REF009: warning, SCH001: warning, YML: record, STA001: record, FRG006: error}\n"
    )
    found = {problem.path[-1]: problem.message for problem in plan_of(files).blocking}
    assert found == {
        "REF009": "REF009 is no code that is known here. Did you mean 'REF001'?",
        "SCH001": "SCH001 is structural, and its severity cannot be set.",
        "YML": "YML is structural, and its severity cannot be set.",
    }
