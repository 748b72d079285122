"""What works for one text format works for all: each question and verb, over the table of formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from registry_reconciler.cache.incremental.changed_files import Files
from registry_reconciler.cache.incremental.full_plan import memory_of
from registry_reconciler.cache.incremental.plan import plan_of_part
from registry_reconciler.cache.incremental.store import decode, encode
from registry_reconciler.files.tree import MemoryTree, Recorder
from registry_reconciler.formats.table import FORMATS
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.model.plan_json import dumps, plan_to_json
from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.runtime import open_runtime
from tests.support import Box

CANARY = "canary-5309"
TOOLS: tuple[dict[str, Any], ...] = (
    {"id": "alpha", "text": "Says alpha.", "needs": ["beta"], "level": 3, "token": CANARY},
    {"id": "beta", "text": "Says beta.", "needs": [], "level": 1, "token": CANARY},
    {"id": "gamma", "text": "Says gamma.", "needs": ["alpha", "beta"], "level": 2, "token": CANARY},
)
SCHEMA = """\
x-registry:
  kind: tool
  layout: {layout}
  file: "{file}"
  key: id
  format: {name}
  {more}
  references: [{{field: "needs[]", kind: tool}}]
type: object
required: [id]
properties:
  id: {{type: string}}
  text: {{type: string}}
  needs: {{type: array, items: {{type: string}}}}
  level: {{type: integer}}
  token: {{type: string, x-secret: true}}
"""
pytestmark = pytest.mark.slow
ROWS = pytest.mark.parametrize("name", sorted(FORMATS))


def file_of(name: str, key: str) -> str:
    suffix = FORMATS[name].suffixes[0]
    return f"tools{suffix}" if FORMATS[name].several_entries else f"tools/{key}{suffix}"


def texts_of(name: str) -> dict[str, str]:
    """The registry files of a format, as the format writes them."""
    form = FORMATS[name]
    if form.several_entries:
        return {file_of(name, ""): form.new_text([*TOOLS], container=("tools",)).decode()}
    return {
        file_of(name, tool["id"]): form.new_text(tool).decode() + f"Text of {tool['id']}.\n" for tool in TOOLS
    }


def workspace(box: Box, name: str, *, live: bool = False, secret: bool = True) -> None:
    """A committed workspace with three tools; adopted and applied, unless their truth is live."""
    several = FORMATS[name].several_entries
    more = ["at: tools"] if several else []
    more += ["truth: live"] if live else []
    schema = SCHEMA if secret else SCHEMA.replace(", x-secret: true", "")
    layout, file = "list" if several else "file", file_of(name, "{id}")
    box.write(
        ".system/registry/schemas/tool.schema.yaml",
        schema.format(layout=layout, file=file, name=name, more="\n  ".join(more)),
    )
    for path, text in texts_of(name).items():
        box.write(path, text)
    box.git("init", "-q")
    box.commit("as it was")
    if not live:
        assert box.run("adopt", "--all").exit == 0
        assert box.run("apply", "--yes").exit == 0
    assert {path: box.read(path) for path in texts_of(name)} == texts_of(name)
    box.commit("managed")


def edited_by_hand(box: Box, name: str) -> str:
    """Somebody changes one text of one entry; the file."""
    path = file_of(name, "beta")
    box.replace(path, "Says beta.", "Said beta.")
    return path


def said(box: Box) -> Iterator[str]:
    """All that is printed about a workspace."""
    for words in (
        ("plan",),
        ("plan", "--full", "--format", "json"),
        ("plan", "--format", "markdown"),
        ("check", "--format", "sarif"),
        ("drift",),
        ("drift", "--format", "json"),
        ("show", "tool/beta"),
        ("show", "tool/beta", "--format", "json"),
        ("diff",),
        ("graph",),
        ("log", "tool/beta"),
        ("list",),
    ):
        ran = box.run(*words)
        yield ran.out + ran.err


@ROWS
def test_show_tells_the_value_and_its_line(box: Box, name: str) -> None:
    workspace(box, name)
    shown = box.run("show", "tool/beta", "--format", "json")
    assert shown.exit == 0
    path = file_of(name, "beta")
    rows = box.read(path).split("\n")
    out = box.run("show", "tool/beta").out
    place = next(word.strip(",") for word in out.split() if word.startswith(f"{path}:"))
    line = int(place.split(":")[1])
    # The entry begins on its line, or on the one above (a bracket, a header, the line of dashes).
    assert any("beta" in row for row in rows[line - 1 : line + 1]), (line, rows)
    assert "Says beta." in out


@ROWS
def test_graph_has_the_same_edges(box: Box, name: str) -> None:
    workspace(box, name)
    graph = box.run("graph", "--format", "json").json
    edges = {(edge["from"], edge["to"]) for edge in graph["edges"] if edge["from"].startswith("tool/")}
    assert edges == {("tool/alpha", "tool/beta"), ("tool/gamma", "tool/alpha"), ("tool/gamma", "tool/beta")}


@ROWS
def test_fmt_writes_fragments_and_no_registry(box: Box, name: str) -> None:
    workspace(box, name)
    box.replace("desired/tool.yaml", "text: Says beta.", "text:    'Says beta.'")
    assert box.run("fmt", "--check").exit == 2
    assert box.run("fmt").exit == 0
    assert {path: box.read(path) for path in texts_of(name)} == texts_of(name)
    assert box.run("plan", "--detailed-exitcode").exit == 0


@ROWS
def test_drift_is_found_blamed_and_undone_to_the_byte(box: Box, name: str) -> None:
    workspace(box, name)
    path = edited_by_hand(box, name)
    commit = box.commit("by hand")
    ran = box.run("drift")
    assert ran.exit == 2
    assert "tool/beta" in ran.out
    assert commit[:7] in ran.out
    assert 'there "Said beta."' in ran.out
    assert box.run("drift", "--revert", "tool/beta").exit == 0
    assert box.read(path) == texts_of(name)[path]


@ROWS
def test_drift_can_be_accepted(box: Box, name: str) -> None:
    workspace(box, name)
    path = edited_by_hand(box, name)
    kept = box.read(path)
    assert box.run("drift", "--accept", "tool/beta").exit == 0
    assert box.read(path) == kept
    assert "Said beta." in box.read("desired/tool.yaml")
    assert box.run("plan", "--detailed-exitcode").exit == 0


@ROWS
@pytest.mark.parametrize("live", [False, True])
def test_a_branch_is_reviewed_by_entry_and_field(box: Box, name: str, live: bool) -> None:
    workspace(box, name, live=live)
    box.git("branch", "before")
    edited_by_hand(box, name)
    if not live:
        assert box.run("drift", "--accept", "tool/beta").exit == 0
    box.commit("a change")
    plan = box.run("plan", "--base", "before", "--format", "json").json
    (change,) = plan["changes"]
    assert (change["address"], change["action"]) == ("tool/beta", "update")
    assert [(field["path"], field["before"], field["after"]) for field in change["fields"]] == [
        (["text"], "Says beta.", "Said beta.")
    ]


@ROWS
def test_a_dangling_reference_blames_the_branch_at_its_line(box: Box, name: str) -> None:
    workspace(box, name, live=True)
    box.git("branch", "before")
    path = file_of(name, "gamma")
    text = box.read(path)
    at = text.index("Says gamma.")
    where = text.index("alpha", at)
    box.write(path, f"{text[:where]}alpho{text[where + 5 :]}")
    plan = box.run("plan", "--base", "before", "--format", "json").json
    (problem,) = [one for one in plan["problems"] if one["code"] == "REF001"]
    assert (problem["status"], problem["address"]) == ("introduced", "tool/gamma")
    assert problem["location"] == {
        "path": path,
        "line": text.count("\n", 0, where) + 1,
        "column": where - text.rfind("\n", 0, where) - (0 if text[where - 1] in " [-" else 1),
    }


@ROWS
def test_what_is_secret_is_never_said(box: Box, name: str) -> None:
    workspace(box, name)
    assert CANARY in "".join(box.read(path) for path in texts_of(name))
    edited_by_hand(box, name)
    box.replace(file_of(name, "alpha"), CANARY, "canary-changed")
    box.replace("desired/tool.yaml", "Says gamma.", "Says more.")
    for text in said(box):
        assert "canary-" not in text


@ROWS
@pytest.mark.parametrize("live", [False, True])
def test_set_touches_its_field_alone(box: Box, name: str, live: bool) -> None:
    workspace(box, name, live=live)
    done = box.run("set", "tool/beta", "text=Another.", *([] if live else ["--apply"]))
    assert done.exit == 0, done
    path = file_of(name, "beta")
    assert box.read(path) == texts_of(name)[path].replace("Says beta.", "Another.")
    assert box.run("check").exit == 0


@ROWS
def test_the_run_time_reads_what_was_applied(box: Box, name: str) -> None:
    workspace(box, name)
    served = open_runtime(box.root)
    found = served["tool"].require("beta")
    assert found.value["text"] == "Says beta."
    box.replace("desired/tool.yaml", "Says beta.", "Another.")
    assert box.run("apply", "--yes").exit == 0
    assert served.reload() is True
    assert served["tool"].require("beta").value["text"] == "Another."


@ROWS
def test_a_known_answer_is_given_again_and_an_edit_is_seen(box: Box, name: str) -> None:
    workspace(box, name)
    first = box.run("plan", "--format", "json")
    assert box.run("plan", "--format", "json") == first
    edited_by_hand(box, name)
    assert [one["address"] for one in box.run("plan", "--format", "json").json["drift"]] == ["tool/beta"]


@ROWS
def test_a_plan_of_a_part_is_the_plan_of_the_whole(box: Box, name: str) -> None:
    workspace(box, name, secret=False)
    files: dict[str, bytes | None] = {**box.files()}
    kept = encode(memory_of(make_plan(MemoryTree(files))))
    assert kept is not None
    fragment = files["desired/tool.yaml"]
    assert fragment is not None
    files["desired/tool.yaml"] = fragment.replace(b"Says beta.", b"Another.")
    tree = MemoryTree(files)
    whole = make_plan(tree).plan
    part = plan_of_part(decode(kept), Files("/nowhere", Recorder(tree), {}), PlanOptions()).plan
    assert dumps(plan_to_json(part)) == dumps(plan_to_json(whole))
    assert [(one.path, one.content) for one in part.files] == [(one.path, one.content) for one in whole.files]
    assert whole.changes
