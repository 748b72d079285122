"""What a change reaches: cases in which a plan of a part could overlook what the plan of the whole says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from registry_reconciler.cache.incremental import FullPlanRequired
from registry_reconciler.cache.incremental.changed_files import Files
from registry_reconciler.cache.incremental.full_plan import memory_of
from registry_reconciler.cache.incremental.plan import plan_of_part
from registry_reconciler.files.tree import MemoryTree, Recorder
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.model.plan_json import dumps, plan_to_json
from registry_reconciler.planning.pipeline import make_plan

Tree = dict[str, bytes | None]

SCHEMA = """\
x-registry:
  kind: service
  layout: list
  file: services.yaml
  at: services
  key: id
  names: {name: name, status: status}
  references:
    - {field: "depends_on[]", kind: service}
    - {field: after, kind: service}
  unique: [[port], [host, hits]]
  live_fields: [hits]
type: object
"""


def files(**fragments: str) -> Tree:
    found: Tree = {".system/registry/schemas/service.schema.yaml": SCHEMA.encode()}
    for name, text in fragments.items():
        found[f"desired/{name}.yaml"] = declared(text)
    return found


def declared(items: str) -> bytes:
    """A fragment; items in flow style, one a line, and what else stands in it behind a line ``--``."""
    listed, _, rest = items.partition("--\n")
    return ("service:\n" + "".join(f"  - {{{item}}}\n" for item in listed.splitlines()) + rest).encode()


def applied(tree: Tree) -> Tree:
    found = dict(tree)
    for one in make_plan(MemoryTree(tree)).plan.files:
        found[one.path] = one.content
    return {path: content for path, content in found.items() if content is not None}


def edited(tree: Tree, path: str, old: str, new: str) -> Tree:
    data = tree[path]
    assert data is not None
    assert old.encode() in data
    return {**tree, path: data.replace(old.encode(), new.encode())}


def said(plan: Plan) -> tuple[str, list[tuple[str, bytes | None]]]:
    return dumps(plan_to_json(plan)), [(one.path, one.content) for one in plan.files]


def hold(before: Tree, after: Mapping[str, bytes | None]) -> Plan:
    """Plan the part, hold it to the whole, and return what both say."""
    memory = memory_of(make_plan(MemoryTree(before)))
    whole = make_plan(MemoryTree(after)).plan
    part = plan_of_part(memory, Files("/nowhere", Recorder(MemoryTree(after)), {}), PlanOptions()).plan
    assert said(part) == said(whole)
    return whole


def codes(plan: Plan) -> set[str]:
    return {one.code for one in plan.problems}


def test_a_dispute_that_is_resolved_lets_a_change_come() -> None:
    clear = applied(files(a="id: a, port: 1", b="id: b, port: 2"))
    disputed = {
        **clear,
        "desired/a.yaml": declared("id: a, port: 2"),
        "desired/z.yaml": declared("id: a, port: 2"),
    }
    resolved = {path: data for path, data in disputed.items() if path != "desired/z.yaml"}
    assert "UNQ001" in codes(hold(disputed, resolved))


def test_a_state_that_is_repaired_lets_a_change_come() -> None:
    clear = applied(files(a="id: a", b="id: b, depends_on: [a]"))
    gone = {path: data for path, data in clear.items() if path != "desired/a.yaml"}
    (state,) = (path for path in gone if path.startswith(".system/registry/state/a-"))
    torn = edited(gone, state, " =", " =0")
    assert {"REF001", "REF006"} <= codes(hold(torn, gone))


def test_a_move_that_becomes_possible_is_judged() -> None:
    clear = applied(files(a="id: a", aa="id: aa", b="id: b, depends_on: [a]"))
    both = {**clear, "desired/a.yaml": declared("--\nmoved:\n  - {from: service/a, to: service/aa}\n")}
    one = edited(both, "services.yaml", "  - {id: aa}\n", "")
    assert {"REF001", "REF007"} <= codes(hold(both, one))


def test_an_entry_that_goes_from_the_registry_into_a_fragment_is_judged() -> None:
    clear = applied(files(a="id: a", b="id: b, depends_on: [a]", c="id: c"))
    unmanaged = {
        path: data for path, data in clear.items() if "/c.yaml" not in path and "/state/c-" not in path
    }
    wished = edited(unmanaged, "services.yaml", "  - {id: c}\n", "")
    plan = hold(unmanaged, {**wished, "desired/c.yaml": declared("id: c")})
    assert [one.address for one in plan.changes] == ["service/c"]


def test_a_unique_value_that_a_live_field_completes_is_seen() -> None:
    clear = applied(files(a="id: a, host: h1", b="id: b, host: h2"))
    counted = edited(clear, "services.yaml", "host: h1}", "host: h1, hits: 1}")
    counted = edited(counted, "services.yaml", "host: h2}", "host: h2, hits: 1}")
    assert "UNQ001" in codes(hold(counted, {**counted, "desired/a.yaml": declared("id: a, host: h2")}))


CHAINS: dict[str, tuple[str, ...]] = {
    "a list in a field without []": ("id: x", "id: u, after: [x]", "id: v, after: [u]"),
    "lists in lists": ("id: x", "id: u, depends_on: [[x]]", "id: v, depends_on: [u]"),
    "a whole number": ("id: x", "id: 7, depends_on: [x]", "id: v, depends_on: [7]"),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_dependents_are_those_of_the_whole(chain: str) -> None:
    clear = applied(files(**{f"f{place}": item for place, item in enumerate(CHAINS[chain])}))
    changed = hold(clear, {**clear, "desired/f0.yaml": declared("id: x, name: new")})
    assert changed.changes[0].impact


def test_dependents_lead_through_what_was_not_loaded_back_to_what_was() -> None:
    clear = applied(
        files(a="id: x\nid: l, depends_on: [v]", b="id: u, depends_on: [x]", c="id: v, depends_on: [u]")
    )
    plan = hold(clear, {**clear, "desired/a.yaml": declared("id: x, name: new\nid: l, depends_on: [v]")})
    assert plan.changes[0].impact == ("service/l", "service/u", "service/v")


class Edited(MemoryTree):
    """Files of which one is changed by somebody between two looks at it."""

    def __init__(self, tree: Tree, path: str, change: Callable[[bytes], bytes]) -> None:
        super().__init__(tree)
        self.path = path
        self.change = change

    def read(self, path: str) -> bytes | None:
        data = super().read(path)
        if path == self.path and data is not None:
            self.files[path] = self.change(data)
        return data


def test_a_file_that_is_edited_between_two_looks_is_not_planned_from_both() -> None:
    clear = applied(files(a="id: a1\nid: a2", b="id: b1"))
    memory = memory_of(make_plan(MemoryTree(clear)))
    wish = {**clear, "desired/a.yaml": declared("id: a2")}
    tree = Edited(wish, "services.yaml", lambda data: data.replace(b"id: a1", b"id: x1"))
    with pytest.raises(FullPlanRequired):
        plan_of_part(memory, Files("/nowhere", Recorder(tree), {}), PlanOptions())


OVERRIDE = "--\noverride: [service/s2]\n"


def test_a_line_that_is_about_an_entry_is_about_it_in_a_part_too() -> None:
    before = applied(files(a="id: s1\nid: s2, port: 1\n", b="id: s3\n" + OVERRIDE))
    whole = hold(before, edited(before, "desired/a.yaml", "port: 1", "port: 2"))
    assert codes(whole) == set()


def test_a_line_whose_entry_is_gone_is_told_by_the_whole() -> None:
    before = applied(files(a="id: s1\nid: s2, port: 1\n", b="id: s3\n" + OVERRIDE))
    memory = memory_of(make_plan(MemoryTree(before)))
    after = applied(edited(before, "desired/a.yaml", "  - {id: s2, port: 1}\n", ""))
    assert codes(make_plan(MemoryTree(after)).plan) == {"FRG012"}
    with pytest.raises(FullPlanRequired, match="which name is meant"):
        plan_of_part(memory, Files("/nowhere", Recorder(MemoryTree(after)), {}), PlanOptions())


def test_a_glob_of_a_directive_is_told_by_the_whole() -> None:
    before = applied(files(a="id: s1\nid: s2\n", b="id: s3\n" + OVERRIDE.replace("s2", "s*")))
    with pytest.raises(FullPlanRequired, match="a glob of a directive"):
        memory_of(make_plan(MemoryTree(before)))
