"""Law: what a plan says of a workspace with its outputs is what the next plan says, once they are written.

Rules ask which files there are, list folders and read registries. Outputs make, change and fill just those.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.model.problem import Status
from tests.support import Files, after, plan_of

SCHEMA = b"""\
type: object
required: [id]
properties: {id: {type: string}, path: {type: string}, version: {type: string}}
x-registry:
  kind: page
  layout: list
  file: pages.yaml
  at: pages
  key: id
  paths: [{field: path, missing: warning, unlisted: "docs/**/*.md"}]
"""
PATHS = ("docs/a.md", "docs/deep/b.md", "docs/deep", "docs", "other.md", "nowhere.md")
OUTPUTS = {
    "a": "{id: a, file: docs/a.md, template: page.j2}",
    "b": "{id: b, file: docs/deep/b.md, template: page.j2}",
    "other": "{id: other, file: other.md, template: page.j2}",
    "total": '{id: total, file: pages.yaml, at: total, value: "{{ entries.page | length }}"}',
}
ENTRIES = st.dictionaries(
    st.sampled_from("abcd"), st.tuples(st.sampled_from(PATHS), st.sampled_from(["x", "yes"])), max_size=3
)
CHOSEN = st.sets(st.sampled_from(sorted(OUTPUTS)), min_size=1)
KEPT = st.sets(st.sampled_from(["docs/a.md", "docs/c.md", "other.md"]))
ADOPTING = PlanOptions(adopt=("*",))
seen: Counter[str] = Counter()


def listed(key: str, entries: dict[str, tuple[str, str]], total: str = "") -> bytes:
    """Entries in a fragment or in the registry; versions stand without quotes there."""
    lines = [f"  - {{id: {one}, path: {path}, version: {text}}}" for one, (path, text) in entries.items()]
    return "\n".join([*([total] if total else []), f"{key}:", *lines, ""]).encode()


def found(plan: Plan) -> Counter[tuple[str, str, str]]:
    """What stands there afterwards, of what rules say."""
    return Counter(
        (problem.code, problem.address, problem.message)
        for problem in plan.problems
        if problem.status is not Status.FIXED and problem.code.startswith(("PTH", "TYP"))
    )


@settings(max_examples=60, deadline=None)
@given(ENTRIES, ENTRIES, CHOSEN, KEPT)
def test_what_is_said_with_outputs_is_what_is_said_once_they_are_written(
    live: dict[str, tuple[str, str]],
    wanted: dict[str, tuple[str, str]],
    chosen: set[str],
    kept: set[str],
) -> None:
    lines = "".join(f"  - {OUTPUTS[name]}\n" for name in sorted(chosen))
    files: Files = {
        ".system/registry/schemas/page.schema.yaml": SCHEMA,
        ".system/registry/templates/page.j2": b"{% for p in entries.page %}\n{{ p.key }}\n{% endfor %}\n",
        ".system/registry/outputs.yaml": f"outputs:\n{lines}".encode(),
        "pages.yaml": listed("pages", live, "total: 0"),
        "desired/pages.yaml": listed("page", wanted) if wanted else b"",
        **dict.fromkeys(kept, b"by hand\n"),
    }
    for _ in range(2):
        plan = plan_of(files, ADOPTING)
        if not plan.applicable:
            seen["blocked"] += 1
            return
        files = after(files, plan)
        seen["makes a file"] += any(change.action.value == "create" for change in plan.outputs)
        seen["mends"] += any(problem.status is Status.FIXED for problem in plan.problems)
        assert found(plan) == found(plan_of(files, ADOPTING))


def test_outputs_were_tried_that_rules_see() -> None:
    """The law says nothing where every plan is blocked or no rule notices an output."""
    if sum(seen.values()):
        assert seen["makes a file"] > seen["blocked"]
        assert seen["mends"]
