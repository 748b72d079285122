"""One workspace with something wrong in every family: one run finds all of it, worst first."""

from __future__ import annotations

from collections.abc import Collection

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.config import Config
from registry_reconciler.model.fleet_view import FleetView, MemoryView
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.model.problem import Severity
from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.rules import RULES
from tests.support import Files, builtin_files, plan_of, written_files

APPLIED = """\
module_type:
- {id: edited, description: As it was.}
- {id: both, description: As it was.}
ability_low:
- {ability_id: guarded, group: g, summary: s, required_caps: [fs.write], implementation: {kind: api, endpoint: x}}
"""

DESIRED = """\
module_type:
- {id: edited, description: As it was.}
- {id: both, description: As it is wished now.}
- {id: shadowed, description: "What\\u200b is hidden."}
- {id: other, aliases: [shadowed]}
module_instance:
- {module_id: lost, module_type: edited, path: not/there}
- {module_id: twin.a, module_type: edited, path: src}
- {module_id: twin.b, module_type: no_such_type, path: src}
route:
- {id: r, scope: api, topic: t, module_id: lost, when_to_use: "", related_docs: [{path: docs/gone.md}]}
ability_low:
- {ability_id: guarded, group: g, summary: s, required_caps: [], implementation: {kind: api, endpoint: x}}
- {ability_id: unsafe, group: g, summary: s, implementation: {kind: script, command: [bin/gone]}}
hook:
- {id: late, event_type: SessionStop, blocking: true, handler: {kind: script, command: [bin/gone]}}
note:
- {id: n, file: notes/gone.md, uses: nowhere}
unknown_kind: []
allow:
- {address: hook/late, code: RTE001, reason: nothing to allow}
"""

NOTE = b"""\
x-registry:
  kind: note
  layout: list
  file: notes.yaml
  key: id
  managed: all
  unique: [topic]
  references: [{field: uses, kind: ability_low, in: fleet}]
  mirrors: [{field: topic, kind: module_type}]
  paths: [{field: file, missing: error}]
properties: {id: {type: string}, file: {type: string}, topic: {type: string}, uses: {}, size: {type: integer}}
"""


def workspace() -> Files:
    files = builtin_files()
    files["desired/all.yaml"] = APPLIED.encode()
    plan = plan_of(files)
    files.update(written_files(plan))
    types = files["modules/overview/type_registry.yaml"]
    assert types is not None
    files["modules/overview/type_registry.yaml"] = types.replace(b"As it was", b"As somebody left it")
    files["desired/all.yaml"] = DESIRED.encode()
    files["desired/broken.yaml"] = b"module_type: [\n"
    files["src/x"] = b""
    files["notes.yaml"] = b"- {id: a, topic: t}\n- {id: b, topic: t, size: large}\n- {id: b}\n"
    files[".system/registry/schemas/note.schema.yaml"] = NOTE
    files[".system/registry/schemas/bad.schema.yaml"] = b"x-registry: {kind: bad}\n"
    files[".system/registry/config.yaml"] = b"severities: {NOP001: error}\n"
    files[".system/registry/state/old.yaml.jsonl"] = b"no state\n"
    return files


class Others:
    """Other repositories, none of which has anything."""

    named = True

    def __call__(self, config: Config, addresses: Collection[str]) -> FleetView:
        return MemoryView(id="of nobody")


def found() -> Plan:
    return make_plan(MemoryTree(workspace()), PlanOptions(), fleet=Others()).plan


def test_one_run_finds_something_of_every_family() -> None:
    families = {problem.code.rstrip("0123456789") for problem in found().problems}
    # Comments are told of where something was applied, and nothing was here.
    expected = {rule.family for rule in RULES} - {"CMT"}
    assert expected <= families, expected - families
    assert {"YML", "FRG", "KND", "CFG", "SCH", "LIV", "STA"} <= families


def test_they_are_sorted_by_severity_then_code_then_path_then_line() -> None:
    problems = found().problems
    order = [
        (one.severity.rank, one.code, one.location.path, one.location.line)
        for one in problems
        if one.location is not None
    ]
    assert len(order) == len(problems)
    assert order == sorted(order)
    assert {one.severity for one in problems} == set(Severity)
