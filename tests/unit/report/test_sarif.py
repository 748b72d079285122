"""SARIF held to those constraints of the 2.1.0 specification that matter to its readers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from msgspec.structs import replace

from registry_reconciler.model.entry import Location
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.problem import Problem, Status
from registry_reconciler.report import RenderOptions, render
from registry_reconciler.report.sarif import FINGERPRINT, to_sarif
from tests.unit.report import samples

PLANS = {
    "small": samples.SMALL,
    "blocked": samples.BLOCKED,
    "hostile": samples.hostile(),
    "empty": samples.EMPTY,
}


def log(plan: Plan, prefix: str = "sub/shop") -> dict[str, Any]:
    text = render(plan, "sarif", RenderOptions(path_prefix=prefix))
    data: dict[str, Any] = json.loads(text.encode())
    return data


def results_of(*problems: Problem) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = to_sarif(problems, lambda code: None)["runs"][0]["results"]
    return found


@pytest.fixture(params=PLANS)
def run(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = log(PLANS[request.param])["runs"][0]
    return found


def test_the_log_names_version_and_schema() -> None:
    data = log(samples.SMALL)
    assert list(data) == ["$schema", "version", "runs"]  # 3.13.2: version SHALL be "2.1.0"
    assert data["version"] == "2.1.0"
    assert data["$schema"].endswith("sarif-schema-2.1.0.json")  # 3.13.3


def test_the_driver_has_a_name_and_a_semantic_version(run: dict[str, Any]) -> None:
    driver = run["tool"]["driver"]  # 3.19.8, 3.19.12
    assert driver["name"] == "registry"
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", driver["semanticVersion"])


def test_rule_ids_are_unique_and_results_point_at_them(run: dict[str, Any]) -> None:
    rules = run["tool"]["driver"]["rules"]  # 3.19.23, 3.27.5, 3.27.6
    ids = [rule["id"] for rule in rules]
    assert len(set(ids)) == len(ids)
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]


def test_every_rule_has_help_in_both_forms(run: dict[str, Any]) -> None:
    for rule in run["tool"]["driver"][
        "rules"
    ]:  # 3.49.9, 3.49.13; 3.12.3: text SHALL be there beside markdown
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]


def test_a_rule_that_is_known_brings_its_own_text() -> None:
    rules = log(samples.BLOCKED)["runs"][0]["tool"]["driver"]["rules"]
    known = next(rule for rule in rules if rule["id"] == "REF001")
    assert "How to fix it" in known["help"]["text"]
    assert known["fullDescription"]["text"]
    assert known["defaultConfiguration"]["level"] in ("error", "warning", "note")


def test_levels_and_kinds_are_those_of_the_specification(run: dict[str, Any]) -> None:
    for result in run["results"]:  # 3.27.9, 3.27.10: level only where kind is fail
        assert result["kind"] == "fail"
        assert result["level"] in ("error", "warning", "note")


def test_messages_are_not_empty_and_have_no_placeholders_or_links(run: dict[str, Any]) -> None:
    for result in run["results"]:
        text = result["message"]["text"]  # 3.11.8, 3.11.5, 3.11.6
        assert text
        assert "{" not in text.replace("{{", "")
        assert "}" not in text.replace("}}", "")
        assert not re.search(r"(?<!\\)\]\(", text)


def test_paths_are_relative_uris_from_the_git_root(run: dict[str, Any]) -> None:
    bases = run["originalUriBaseIds"]  # 3.14.14
    for result in run["results"]:
        for located in [*result["locations"], *result.get("relatedLocations", [])]:
            place = located["physicalLocation"]["artifactLocation"]  # 3.4.3: a valid URI reference
            assert place["uriBaseId"] in bases
            assert re.fullmatch(r"sub/shop(/[A-Za-z0-9._~%-]+)*", place["uri"])
            assert ".." not in place["uri"].split("/")


def test_regions_count_from_one_or_are_not_there() -> None:
    whole = replace(samples.NO_SUMMARY, location=Location("a.yaml"))
    line = replace(samples.NO_SUMMARY, location=Location("a.yaml", 3))
    regions = [result["locations"][0]["physicalLocation"].get("region") for result in results_of(whole, line)]
    assert regions == [None, {"startLine": 3}]  # 3.30.5, 3.30.6


def test_related_locations_have_unique_ids(run: dict[str, Any]) -> None:
    for result in run["results"]:
        ids = [related["id"] for related in result.get("relatedLocations", [])]  # 3.28.2
        assert len(set(ids)) == len(ids)
        assert all(one >= 0 for one in ids)


def test_a_fingerprint_survives_moved_lines_and_other_words() -> None:
    moved = replace(
        samples.DANGLING, location=Location("desired/other.yaml", 999, 1), message="in other words"
    )
    first, second = results_of(samples.DANGLING)[0], results_of(moved)[0]
    assert first["partialFingerprints"] == second["partialFingerprints"]  # 3.27.18


def test_fingerprints_tell_problems_apart() -> None:
    others = (
        samples.DANGLING,
        replace(samples.DANGLING, code="REF002"),
        replace(samples.DANGLING, address="route/api.work"),
        replace(samples.DANGLING, path=("ability_ids", 1)),
        replace(samples.DANGLING, identity_extra="x"),
        samples.DANGLING,
    )
    prints = [result["partialFingerprints"][FINGERPRINT] for result in results_of(*others)]
    assert len(set(prints)) == len(others)


def test_allowed_and_baselined_problems_are_suppressed_and_fixed_ones_left_out() -> None:
    baselined = replace(samples.DANGLING, suppressed="baselined")
    assert results_of(baselined)[0]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "baselined"}
    ]  # 3.35
    assert "suppressions" not in results_of(samples.DANGLING)[0]
    fixed = replace(samples.DANGLING, status=Status.FIXED)
    assert log(replace(samples.EMPTY, problems=(fixed,)))["runs"][0]["results"] == []


def test_a_problem_of_no_file_is_at_the_workspace() -> None:
    nowhere = replace(
        samples.NO_SUMMARY, location=Location(""), place=replace(samples.NO_SUMMARY.place, file="")
    )
    uri = results_of(nowhere)[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "."
