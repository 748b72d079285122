"""A scripted agent mends a workspace with twelve faults, each of another sort.

It knows nothing of registries. It reads the JSON of the installed command, makes the edits that stand in the fixes of
what blocks, and types what stands in ``next``.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tests.support import Box, installed

CONFIG = """\
vocabularies:
  environments: [dev, prod]
  capabilities:
    fs.read: {description: Read.}
    fs.write: {description: Write., mutates: true}
"""
SHOP = """\
module_type:
  - id: web
    aliases: [front]
    outbound: [store]
  - id: store
    inbound: [web]
  - id: job
    description: Runs at night.
  - id: spare
    description: Nobody is one.

module_instance:
  - module_id: shop
    module_type: web
    module_level: 1
    description: Sells.
    dependencies: {modules: [orders]}
  - module_id: orders
    module_type: store
    module_level: 1
    description: Remembers.
  - module_id: cleaner
    module_type: job
    module_level: 1
    description: Forgets.

module_maturity:
  - {module_id: shop, maturity: FUNCTIONAL}
  - {module_id: orders, maturity: FUNCTIONAL}
  - {module_id: cleaner, maturity: FUNCTIONAL}
"""
WORK = """\
ability_low:
  - ability_id: orders.list
    group: orders
    summary: List orders.
    required_caps: [fs.read]
    environments: [dev, prod]
    implementation: {kind: api, endpoint: https://example.org/orders}

hook:
  - id: note
    event_type: PostAbilityCall
    enabled: true
    blocking: false
    summary: Takes a note.
    required_caps: []
    match: {ability_scope: [orders.list]}
    handler: {kind: script, command: [notes/take]}

route:
  - id: orders.errors
    scope: orders
    topic: errors
    module_id: orders
    when_to_use: An order is lost.
    ability_ids: [orders.list]
"""
TYPES = "modules/overview/type_registry.yaml"
INSTANCES = "modules/overview/instance_registry.yaml"
MATURITY = "modules/overview/instance_maturity.yaml"
FAULTS = {
    "REF001": "a slip in a reference",
    "REF002": "an alias where an id is due",
    "REF007": "a rename that a reference did not follow",
    "MOD001": "a flow told on one side",
    "ABL008": "a slip in a capability",
    "ABL009": "a slip in an environment",
    "SCH001": "a slip in a word that the schema lists",
    "STA002": "an edit by hand where the fragment changed as well",
    "STA003": "an entry that was there, and differs",
}
"""What blocks; and besides: an edit by hand, an entry removed by hand, a state that was lost."""


def healthy(box: Box) -> None:
    assert box.run("init").exit == 0
    box.write(".system/registry/config.yaml", CONFIG)
    box.write("notes/take", "#!/bin/sh\n")
    (box.root / "notes/take").chmod(0o755)
    box.write("desired/shop.yaml", SHOP)
    box.write("desired/work.yaml", WORK)
    box.write("desired/alone.yaml", "module_type:\n  - {id: lone, description: Alone.}\n")
    assert box.run("apply", "--yes").exit == 0


def plant(box: Box) -> None:
    config = box.read(".system/registry/config.yaml")
    box.write(".system/registry/config.yaml", config + "drift: undo\n")
    box.replace("desired/work.yaml", "    module_id: orders\n", "    module_id: ordres\n")
    box.replace("desired/shop.yaml", "module_type: web", "module_type: front")
    box.replace("desired/shop.yaml", "- id: job\n", "- id: batch\n")
    box.write("desired/moved.yaml", "moved:\n  - {from: module_type/job, to: module_type/batch}\n")
    box.replace("desired/shop.yaml", "inbound: [web]", "inbound: []")
    box.replace("desired/work.yaml", "required_caps: [fs.read]", "required_caps: [fs.raed]")
    box.replace("desired/work.yaml", "[dev, prod]", "[dev, prd]")
    box.replace(
        "desired/shop.yaml",
        "{module_id: shop, maturity: FUNCTIONAL}",
        "{module_id: shop, maturity: FUNCTONAL}",
    )
    box.replace("desired/shop.yaml", "Remembers.", "Remembers all.")
    box.replace(INSTANCES, "Remembers.", "Remembers by hand.")
    box.write("modules/routes/bills.yaml", "routes:\n" + bill("old"))
    box.write("desired/bills.yaml", "route:\n" + bill("new"))
    box.replace(TYPES, "Nobody is one.", "Somebody, by hand.")
    box.replace(MATURITY, "  - {module_id: cleaner, maturity: FUNCTIONAL}\n", "")
    (state,) = (box.root / ".system/registry/state").glob("alone-*.state")
    state.unlink()


def bill(topic: str) -> str:
    return (
        f"  - {{id: bills.one, scope: bills, topic: {topic}, module_id: shop, when_to_use: A bill is due.}}\n"
    )


class Agent:
    """Reads JSON, makes edits, types what is next."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.typed: list[list[str]] = []

    def work(self, most: int) -> dict[str, Any]:
        """Until there is nothing left to do; the last answer."""
        words = ["plan"]
        for _ in range(most):
            answer = self.type(words)
            if answer["command"] == "plan" and answer["exit"] == 0 and not answer["changes"]:
                break
            self.edit([one for one in answer.get("problems", ()) if one["blocking"]])
            # An explanation is for people: the edits were made, so it looks again.
            useful = [one[1:] for one in answer["next"] if one[1] != "explain"]
            words = useful[0] if useful else ["plan"]
        return answer

    def type(self, words: list[str]) -> dict[str, Any]:
        self.typed.append(words)
        return installed(*words, "--format", "json", cwd=self.root).json

    def edit(self, problems: list[dict[str, Any]]) -> None:
        edits = [one for problem in problems for one in (problem["fix"] or {}).get("edits", ())]
        unique = {(one["path"], one["start"], one["end"]): one for one in edits}
        before: dict[str, bytes] = {}
        for (path, start, end), one in sorted(unique.items(), reverse=True):
            data = (self.root / path).read_bytes()
            before.setdefault(path, data)
            assert one["sha256"] == "sha256:" + hashlib.sha256(before[path]).hexdigest()
            assert data[start:end].decode() == one["old"]
            (self.root / path).write_bytes(data[:start] + one["new"].encode() + data[end:])


def test_json_and_next_lead_to_a_clean_apply(empty: Box) -> None:
    healthy(empty)
    plant(empty)
    broken = empty.run("plan", "--format", "json").json
    assert {one["code"] for one in broken["problems"] if one["blocking"]} == FAULTS.keys()
    drifted = {one["address"] for one in broken["drift"]}
    assert {"module_type/spare", "module_maturity/cleaner", "module_instance/orders"} <= drifted
    lost = empty.run("drift", "--format", "json").json
    assert lost["exit"] == 2

    agent = Agent(empty.root)
    last = agent.work(most=8)

    assert last["exit"] == 0, agent.typed
    assert last["problems"] == [] or {one["severity"] for one in last["problems"]} == {"record"}
    assert empty.run("plan", "--detailed-exitcode").exit == 0
    assert empty.run("drift").exit == 0
    assert ["drift", "--accept", "module_instance/orders"] in agent.typed
    assert agent.typed[-2][:2] == ["apply", "--adopt"]
    # What was meant is what is there.
    assert "module_id: orders\n" in empty.read("desired/work.yaml")
    assert "module_type: web\n" in empty.read("desired/shop.yaml")
    assert "module_type: batch\n" in empty.read(INSTANCES)
    assert "Remembers by hand." in empty.read("desired/shop.yaml")
    assert "topic: new" in empty.read("modules/routes/bills.yaml")
    assert "Nobody is one." in empty.read(TYPES)
    assert "cleaner" in empty.read(MATURITY)


def test_three_calls_lead_from_fixable_faults_to_a_clean_apply(empty: Box) -> None:
    healthy(empty)
    empty.replace("desired/shop.yaml", "module_type: web", "module_type: front")
    empty.replace("desired/shop.yaml", "- id: job\n", "- id: batch\n")
    empty.write("desired/moved.yaml", "moved:\n  - {from: module_type/job, to: module_type/batch}\n")
    words = ["fix"]
    for _ in range(3):
        answer = installed(*words, "--format", "json", cwd=empty.root).json
        words = answer["next"][0][1:] if answer["next"] else []
    assert words == []
    assert answer["command"] == "apply"
    assert answer["exit"] == 0
    assert empty.run("plan", "--detailed-exitcode").exit == 0
