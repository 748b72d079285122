"""``show``, ``list``, ``graph``, ``explain``, ``schema``: what they say of a small workspace."""

from __future__ import annotations

import json

import jsonschema
import jsonschema_rs

from registry_reconciler.schema import packaged as builtin
from tests.support import EVERYTHING, ROUTES, Box


def test_show_tells_the_three_sides_apart(applied: Box) -> None:
    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    entry = applied.run("show", "route/api.errors", "--format", "json").json["entry"]
    assert entry["desired"]["value"]["topic"] == "faults"
    assert entry["desired"]["location"] == {"path": "desired/all.yaml", "line": 14, "column": 5}
    assert entry["live"]["value"]["topic"] == "errors"
    assert entry["live"]["location"]["path"] == ROUTES
    assert (entry["applied"]["fits_live"], entry["applied"]["fits_desired"]) == (True, False)
    assert entry["action"] == "update"


def test_show_names_references_both_ways(applied: Box) -> None:
    ran = applied.run("show", "module_instance/payments.api")
    assert "module_type -> module_type/http_api" in ran.out
    assert "referred to by\n  module_maturity/payments.api\n  route/api.errors\n" in ran.out


def test_show_of_what_is_not_applied_yet(box: Box) -> None:
    ran = box.run("show", "route/api.errors")
    assert ran.exit == 0
    assert "the registries do not have it" in ran.out
    assert "never: it is not managed" in ran.out


def test_list_filters_by_kind_glob_and_management(applied: Box) -> None:
    applied.write("modules/routes/other.yaml", "routes:\n- {id: mine, scope: other}\n")
    everything = applied.run("list", "--format", "json").json["entries"]
    assert [one["address"] for one in everything] == [*EVERYTHING, "route/mine"]
    assert [one["managed"] for one in everything] == [True] * 4 + [False]
    for words, wanted in (
        (["route"], ["route/api.errors", "route/mine"]),
        (["route", "--unmanaged"], ["route/mine"]),
        (["module_*/pay*", "route/mine"], [*EVERYTHING[:2], "route/mine"]),
        (["--managed"], list(EVERYTHING)),
    ):
        found = applied.run("list", *words, "--format", "json").json["entries"]
        assert [one["address"] for one in found] == wanted


def test_list_kinds_counts_files_and_entries(applied: Box) -> None:
    rows = {one["kind"]: one for one in applied.run("list", "--kinds", "--format", "json").json["kinds"]}
    assert list(rows) == sorted(builtin.KINDS)
    assert (rows["route"]["files"], rows["route"]["entries"], rows["route"]["managed"]) == ([ROUTES], 1, 1)
    assert (rows["hook"]["files"], rows["hook"]["entries"]) == ([], 0)


def test_graph_shows_edges_whole_and_around_an_entry(box: Box) -> None:
    edges = {(one["from"], one["to"]) for one in box.run("graph", "--format", "json").json["edges"]}
    assert ("route/api.errors", "module_instance/payments.api") in edges
    assert ("module_instance/payments.api", "module_type/http_api") in edges
    around = box.run("graph", "module_maturity/payments.api", "--format", "json").json["edges"]
    assert "route/api.errors" not in {one["from"] for one in around}
    assert ("module_instance/payments.api", "module_type/http_api") in {(o["from"], o["to"]) for o in around}


def test_graph_quotes_what_it_writes_for_other_tools(box: Box) -> None:
    box.write("desired/odd.yaml", "route:\n- {id: 'a\"];x', scope: api, topic: t, module_id: 'x\"]\\n%%'}\n")
    dot = box.run("graph", "--format", "dot").out
    assert '"route/a\\"];x" -> ' in dot
    mermaid = box.run("graph", "--format", "mermaid").out
    assert 'route/a#34;#93;#59;x"]' in mermaid
    assert "-.->" in mermaid


def test_a_dangling_reference_is_an_edge_to_nothing(box: Box) -> None:
    box.replace("desired/all.yaml", "module_type: http_api", "module_type: gone")
    (edge,) = [o for o in box.run("graph", "--format", "json").json["edges"] if o["dangling"]]
    assert (edge["from"], edge["to"]) == ("module_instance/payments.api", "gone")


def test_explain_a_code_needs_no_workspace(empty: Box) -> None:
    ran = empty.run("explain", "ref001")
    assert ran.exit == 0
    assert ran.out.startswith("REF001")
    assert empty.run("explain", "REF999").exit == 64
    assert "REF001" in empty.run("explain", "REF999").err
    assert empty.run("explain", "route").exit == 64


def test_explain_a_kind_and_an_address(box: Box) -> None:
    ran = box.run("explain", "route", "route/api.errors", "REF001", "--format", "json")
    assert ran.exit == 0
    kind, address, code = ran.json["subjects"]
    assert kind["file"] == "modules/routes/{scope}.yaml"
    assert (address["action"], address["reason"]) == ("create", "not_in_registry")
    assert code["code"] == "REF001"
    assert box.run("explain", "route/api.erors").exit == 64
    assert "'route'" in box.run("explain", "rout").err


def test_published_schemas_are_schemas(empty: Box) -> None:
    for what in ("plan", "x-registry", "config"):
        ran = empty.run("schema", what)
        assert ran.exit == 0
        jsonschema.Draft202012Validator.check_schema(json.loads(ran.out))


def test_a_plan_fits_the_schema_that_is_printed(box: Box) -> None:
    schema = json.loads(box.run("schema", "plan").out)
    box.replace("desired/all.yaml", "module_type: http_api", "module_type: gone")
    for words in (["plan"], ["apply", "--yes"], ["check"]):
        jsonschema.Draft202012Validator(schema).validate(box.run(*words, "--format", "json").json)


def test_the_schema_of_fragments_knows_the_ids_of_the_workspace(box: Box) -> None:
    ran = box.run("schema", "fragment", "--out", "fragment.schema.json")
    assert "# yaml-language-server: $schema=../fragment.schema.json" in ran.out
    # Not jsonschema: its patterns are those of Python, which has no unicode classes.
    validator = jsonschema_rs.validator_for(json.loads(box.read("fragment.schema.json")), offline=True)
    route = {"id": "x", "scope": "api", "topic": "t", "module_id": "payments.api", "when_to_use": "w"}
    assert validator.is_valid({"route": [route]})
    assert not validator.is_valid({"route": [{**route, "module_id": "payments.ap"}]})
    assert not validator.is_valid({"rout": []})


def test_the_example_of_every_kind_loads_without_structural_problems(empty: Box) -> None:
    empty.run("init")
    for kind in builtin.KINDS:
        ran = empty.run("schema", kind, "--example")
        assert ran.exit == 0
        empty.write(f"desired/{kind}.yaml", ran.out)
    problems = empty.run("check", "--format", "json").json["problems"]
    assert [one["message"] for one in problems if one["code"].startswith(("SCH", "FRG", "YML", "LIV"))] == []
    assert empty.run("schema", "plan", "--example").exit == 64
    assert empty.run("schema", "rout").exit == 64


def test_a_kinds_schema_is_that_of_its_file(box: Box) -> None:
    schema = json.loads(box.run("schema", "route").out)
    assert schema["x-registry"]["kind"] == "route"
