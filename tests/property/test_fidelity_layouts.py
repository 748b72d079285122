"""The laws of words and of types, in every layout of every format: what a fragment writes is what the registry gets."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.editing.accept_drift import accept_live
from registry_reconciler.editing.adopt import adopt
from registry_reconciler.editing.amend import overlay
from registry_reconciler.files.tree import MemoryTree, Recorder
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.loading.workspace import load
from registry_reconciler.model.entry import Json, same
from registry_reconciler.model.plan import PlanOptions
from tests.property.test_fidelity_laws import _scalar
from tests.support import SCHEMAS, Files, after, plan_of, planning_of

AT = "file: things.{form}, at: things, key: id"
WHERE = {
    "list": f"layout: list, {AT}",
    "map": f"layout: map, {AT}",
    "file": "layout: file, file: '{{id}}.things.{form}', key: id",
    "pairs": f"layout: pairs, {AT}, value: v",
    "named": f"layout: named, {AT}",
    "documents": "layout: documents, file: things.{form}, key: id",
}
FORMS = [
    (form, layout)
    for form in ("yaml", "json", "jsonc", "toml")
    for layout in WHERE
    if form == "yaml" or layout != "documents"
]
VALUES: tuple[Json, ...] = (
    1,
    True,
    1.0,
    "1",
    "true",
    "1.0",
    0,
    False,
    0.0,
    "",
    "x",
    2.5,
    "1.10",
    "no",
    "2024-01-02",
)


def registry(form: str, layout: str, values: dict[str, str]) -> Files:
    """The files of a registry whose entries say one thing each, as it is written in the format."""
    name = f"things.{form}"
    if layout == "file":
        return {f"{key}.{name}": _whole(form, key, text).encode() for key, text in values.items()}
    if layout == "documents":
        return {name: "---\n".join(_whole(form, key, text) for key, text in values.items()).encode()}
    if form == "yaml":
        rows = {
            "list": "  - id: {}\n    v: {}\n",
            "map": "  {}:\n    v: {}\n",
            "pairs": "  {}: {}\n",
            "named": "  - {}:\n      v: {}\n",
        }
        deeper = {"list": "    ", "map": "    ", "pairs": "  ", "named": "      "}[layout]
        items = (rows[layout].format(key, _set_in(text, deeper)) for key, text in values.items())
        return {name: ("things:\n" + "".join(items)).encode()}
    if form == "toml":
        rows = {
            "list": '[[things]]\nid = "{}"\nv = {}\n',
            "map": "[things.{}]\nv = {}\n",
            "named": "[[things]]\n[things.{}]\nv = {}\n",
        }
        if layout == "pairs":
            return {
                name: ("[things]\n" + "".join(f"{key} = {text}\n" for key, text in values.items())).encode()
            }
        return {name: "".join(rows[layout].format(key, text) for key, text in values.items()).encode()}
    rows = {
        "list": '{{"id": "{}", "v": {}}}',
        "map": '"{}": {{"v": {}}}',
        "pairs": '"{}": {}',
        "named": '{{"{}": {{"v": {}}}}}',
    }
    items = (rows[layout].format(key, text) for key, text in values.items())
    opening, closing = "[]" if layout in ("list", "named") else "{}"
    body = ",\n    ".join(items)
    return {name: f'{{"things": {opening}\n    {body}\n  {closing}}}\n'.encode()}


def _set_in(text: str, indent: str) -> str:
    first, *rows = text.split("\n")
    return "\n".join([first, *(indent + row if row else "" for row in rows)])


def _whole(form: str, key: str, text: str) -> str:
    if form == "yaml":
        return f"id: {key}\nv: {text}\n"
    return f'id = "{key}"\nv = {text}\n' if form == "toml" else f'{{"id": "{key}", "v": {text}}}\n'


def adopted(form: str, layout: str, live: Files) -> Files:
    schema = f"type: object\nx-registry: {{kind: thing, {WHERE[layout].format(form=form)}}}\n"
    files: Files = {f"{SCHEMAS}/thing.schema.yaml": schema.encode(), **live}
    tree = MemoryTree(files)
    adoption = adopt(tree, ["*"])
    assert len(adoption.adopted) == 2, (adoption.skipped, live)
    files["desired/thing.yaml"] = overlay(tree, adoption.edits).read("desired/thing.yaml")
    applied = after(files, plan_of(files))
    assert {path: applied[path] for path in live} == live
    return applied


def live_values(files: Files) -> dict[str, Json]:
    entries = planning_of(files).loaded.live.entries.values()
    return {entry.key: entry.value.get("v") for entry in entries}


def quiet(files: Files) -> None:
    plan = plan_of(files)
    assert not plan.changes
    assert not plan.drift


def edited(files: Files, text: str) -> Files:
    """The fragment says something else of the entry ``a``."""
    declared = (files["desired/thing.yaml"] or b"").decode()
    head = declared[: declared.index("  - id: ", len("thing:\n  - id: a"))]
    new = f"thing:\n  - id: a\n    v: {text}\n" + declared[len(head) :]
    return {**files, "desired/thing.yaml": new.encode()}


def spelled(value: Json) -> str:
    return json.dumps(value)


@pytest.mark.parametrize(("form", "layout"), FORMS)
def test_a_change_of_type_alone_is_applied_undone_and_accepted(form: str, layout: str) -> None:
    """``1`` and ``true``, ``1`` and ``1.0``, ``1`` and ``"1"``: different, and each can be had."""
    pairs = [(old, new) for old in VALUES for new in VALUES if not same(old, new)]
    always = [(1, True), (1, 1.0), (1.0, 1), (True, 1)]
    for old, new in [*random.Random(f"{form} {layout}").sample(pairs, 12), *always]:
        live = registry(form, layout, {"a": spelled(old), "b": '"word"'})
        files = adopted(form, layout, live)
        changed = edited(files, spelled(new))
        applied = after(changed, plan_of(changed))
        quiet(applied)
        assert same(live_values(applied)["a"], new), (old, new)
        assert same(live_values(applied)["b"], "word")
        by_hand = {**applied, **live}
        assert [drift.address for drift in plan_of(by_hand).drift] == ["thing/a"]
        undone = after(by_hand, plan_of(by_hand, PlanOptions(overwrite=("thing/*",))))
        quiet(undone)
        assert same(live_values(undone)["a"], new)
        again = edited(by_hand, spelled(old))  # what accepting the edit writes
        quiet(after(again, plan_of(again)))


@pytest.mark.parametrize("layout", WHERE)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_registry_has_the_words_of_the_fragment_in_every_layout(layout: str, seed: int) -> None:
    rng = random.Random(seed)
    old, new = ("\n".join(_scalar(rng)) for _ in range(2))
    live = registry("yaml", layout, {"a": old, "b": "word"})
    wanted = registry("yaml", layout, {"a": new, "b": "word"})
    texts = [data for files in (live, wanted) for data in files.values() if data is not None]
    if not all(read_yaml(text).readable for text in texts):
        return
    files = adopted("yaml", layout, live)
    before, after_ = (live_values({**files, **some})["a"] for some in (live, wanted))
    changed = edited(files, _set_in(new, "    "))
    if not plan_of(changed).applicable:
        return  # a layout of texts alone takes no text that it cannot tell from something else
    applied = after(changed, plan_of(changed))
    quiet(applied)
    if same(before, after_):
        assert {path: applied[path] for path in live} == live
        return
    assert {path: _bare(applied[path]) for path in live} == {
        path: _bare(data) for path, data in wanted.items()
    }
    by_hand = {**applied, **live}
    undone = after(by_hand, plan_of(by_hand, PlanOptions(overwrite=("thing/*",))))
    assert {path: _bare(undone[path]) for path in live} == {
        path: _bare(data) for path, data in wanted.items()
    }
    quiet(undone)
    if before is not None:  # of a pair that is the same as no field
        _accepted_with_its_words(by_hand, old)
    _moved_with_its_words(applied, layout, new)


def _accepted_with_its_words(by_hand: Files, old: str) -> None:
    """The edit by hand is in the fragment as it stands in the registry."""
    taken = accepted(by_hand)
    quiet(after(taken, plan_of(taken)))
    own = _entry_of(taken["desired/thing.yaml"])
    assert _bare(own) == _bare(f"  - id: a\n    v: {_set_in(old, '    ')}\n".encode())


def _moved_with_its_words(files: Files, layout: str, text: str) -> None:
    """An entry that is renamed keeps its words and its place."""
    moved = {**files, "desired/thing.yaml": _renamed(files["desired/thing.yaml"])}
    plan = plan_of(moved)
    assert [change.action.value for change in plan.changes] == ["move"]
    applied = after(moved, plan)
    quiet(applied)
    there = registry("yaml", layout, {"z": text, "b": "word"})
    assert {path: _bare(applied.get(path)) for path in there} == {
        path: _bare(data) for path, data in there.items()
    }
    assert applied.get("a.things.yaml") is None


def accepted(files: Files) -> Files:
    """What ``drift --accept`` leaves."""
    tree = MemoryTree(files)
    edits = accept_live(load(Recorder(tree)), ["thing/a"])
    return {**files, "desired/thing.yaml": overlay(tree, edits).read("desired/thing.yaml")}


def _renamed(fragment: bytes | None) -> bytes:
    moved = b"moved: [{from: thing/a, to: thing/z}]\n"
    return (fragment or b"").replace(b"  - id: a\n", b"  - id: z\n") + moved


def _entry_of(fragment: bytes | None) -> bytes:
    """The text of the first entry."""
    text = fragment or b""
    start = text.index(b"  - id: a")
    end = text.find(b"  - id: ", start + 1)
    return text[start : end if end >= 0 else len(text)]


def test_every_layout_has_its_law() -> None:
    """A list of texts has one of its own: its entries have no fields."""
    assert {*WHERE, "texts"} == set(LAYOUTS)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_list_of_texts_has_the_words_of_the_fragment(seed: int) -> None:
    """A text that comes, or that another one is renamed to: each is all that its entry says."""
    rng = random.Random(seed)
    text = "\n".join(_scalar(rng))
    schema = (
        b"type: object\nx-registry: {kind: thing, layout: texts, file: things.yaml, at: things, key: id}\n"
    )
    live = b"things:\n  - 'first'  # kept\n  - word\n"
    files: Files = {f"{SCHEMAS}/thing.schema.yaml": schema, "things.yaml": live}
    tree = MemoryTree(files)
    files["desired/thing.yaml"] = overlay(tree, adopt(tree, ["*"]).edits).read("desired/thing.yaml")
    files = after(files, plan_of(files))
    assert files["things.yaml"] == live
    declared = files["desired/thing.yaml"] or b""
    new = f"  - id: {_set_in(text, '    ')}\n".encode()
    wanted = f"  - {_set_in(text, '  ')}\n".encode()
    if not read_yaml(b"things:\n" + wanted).readable:
        return
    created = {**files, "desired/thing.yaml": declared + new}
    if plan_of(created).applicable:  # else it is no key
        applied = after(created, plan_of(created))
        quiet(applied)
        assert _bare(applied["things.yaml"]).replace(_bare(wanted), b"", 1) == _bare(live)
        (to,) = {change.address for change in plan_of(created).changes}
        start = declared.index(b"  - id: word")
        move = f"moved: [{{from: thing/word, to: {json.dumps(to, ensure_ascii=False)}}}]\n".encode()
        moved = {**files, "desired/thing.yaml": declared[:start] + new + move}
        applied = after(moved, plan_of(moved))
        quiet(applied)
        assert _bare(applied["things.yaml"]) == _bare(live).replace(b"  - word\n", _bare(wanted))


def _bare(text: bytes | None) -> bytes:
    """Without the comments of these texts."""
    return (text or b"").replace(b"  # why", b"").replace(b" # |+", b"")
