"""Every shape that ``x-registry`` can say, through the whole pipeline in memory: read, adopt, change, add, remove.

One table, :data:`SHAPES`; a new layout or step gets a row. For each row the laws of a round trip are checked: adopting
changes no registry byte; a change of one field changes one line; what is added can be removed again and leaves the
bytes as they were.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.yaml.edit.splice import dump
from registry_reconciler.model.entry import Json, canonical
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.planning.pipeline import Planning, make_plan
from tests.support import Files, planning_of, written_files


@dataclass(frozen=True)
class Shape:
    """One way to keep a registry.

    Attributes:
        spec: the body of ``x-registry`` but for the kind.
        files: the registry.
        keys: the keys that must be found.
        change: a key, a field, its new value.
        new: an entry to add; ``None`` where the place of a new entry is open.
        other: more schemas: kind to spec.
    """

    name: str
    spec: str
    files: dict[str, str]
    keys: tuple[str, ...]
    change: tuple[str, str, Json]
    new: dict[str, Json] | None
    other: dict[str, str] = field(default_factory=dict)


SHAPES = (
    Shape(
        "list",
        "{layout: list, file: things.yaml, at: things, key: id}",
        {
            "things.yaml": "# head\nversion: 1\nthings:\n- id: a   # first\n  size: 1\n- id: c\n  size: 3\ntail: x\n"
        },
        ("a", "c"),
        ("c", "size", 4),
        {"id": "b", "size": 2},
    ),
    Shape(
        "list that is the whole file",
        "{layout: list, file: things.yaml, key: id}",
        {"things.yaml": "- id: a\n  size: 1\n- id: c\n  size: 3\n"},
        ("a", "c"),
        ("a", "size", 4),
        {"id": "b", "size": 2},
    ),
    Shape(
        "list deep in a file, always at the end",
        "{layout: list, file: things.yaml, at: spec.items, key: metadata.name, order: end}",
        {
            "things.yaml": "spec:\n  items:\n    - metadata: {name: z}\n"
            "      size: 1\n    - metadata:\n        name: y\n      size: 3\n"
        },
        ("y", "z"),
        ("y", "size", 4),
        {"metadata": {"name": "a"}, "size": 2},
    ),
    Shape(
        "map",
        "{layout: map, file: things.yaml, at: things, key: id}",
        {"things.yaml": "things:\n  # on its own\n\n  a:\n    size: 1\n  c: {size: 3}\n"},
        ("a", "c"),
        ("c", "size", 4),
        {"id": "b", "size": 2},
    ),
    Shape(
        "map that is the whole file",
        "{layout: map, file: things.yaml, key: id}",
        {"things.yaml": "# long\n# comment\n---\nA C:\n  size: 1\nC++:\n  size: 3\n"},
        ("A C", "C++"),
        ("A C", "size", 4),
        {"id": "B", "size": 2},
    ),
    Shape(
        "one file an entry, key in text and path",
        "{layout: file, file: 'things/{id}/thing.yaml', key: id}",
        {"things/a/thing.yaml": "id: a\nsize: 1\n", "things/c/thing.yaml": "id: c\nsize: 3"},
        ("a", "c"),
        ("c", "size", 4),
        {"id": "b", "size": 2},
    ),
    Shape(
        "one file an entry, key in the path only",
        "{layout: file, file: 'things/{id}.yaml', key: id}",
        {"things/a.yaml": "size: 1\n", "things/c.yaml": "# c\nsize: 3\n"},
        ("a", "c"),
        ("c", "size", 4),
        {"id": "b", "size": 2},
    ),
    Shape(
        "placeholder in the path, said by the text",
        "{layout: list, file: 'things/{group}.yaml', at: things, key: id}",
        {"things/x.yaml": "things:\n- id: a\n  group: x\n  size: 1\n- id: c\n  group: x\n  size: 3\n"},
        ("a", "c"),
        ("c", "size", 4),
        {"id": "b", "group": "x", "size": 2},
    ),
    Shape(
        "placeholder in the path, not said by the text",
        "{layout: list, file: 'things/{group}.yaml', at: things, key: id}",
        {
            "things/x.yaml": "things:\n- id: a\n  size: 1\n- id: c\n  size: 3\n",
            "things/y.yaml": "things:\n- id: d\n",
        },
        ("a", "c", "d"),
        ("c", "size", 4),
        {"id": "b", "group": "x", "size": 2},
    ),
    Shape(
        "placeholder as a step, key of two fields",
        "{layout: list, file: things.yaml, at: 'domains.{domain}.things', key: [domain, id]}",
        {
            "things.yaml": "domains:\n  x:\n    title: X\n    things:\n    - id: a\n"
            "      size: 1\n  y:\n    things:\n    - id: a\n      size: 3\n"
        },
        ("x/a", "y/a"),
        ("y/a", "size", 4),
        {"domain": "x", "id": "b", "size": 2},
    ),
    Shape(
        "map below a placeholder",
        "{layout: map, file: things.yaml, at: 'domains.{domain}', key: [domain, id]}",
        {"things.yaml": "domains:\n  x:\n    a: {size: 1}\n  y:\n    a: {size: 3}\n"},
        ("x/a", "y/a"),
        ("y/a", "size", 4),
        {"domain": "x", "id": "b", "size": 2},
    ),
    Shape(
        "named step over a list",
        "{layout: list, file: things.yaml, at: 'plugins[name={plugin}].things', key: [plugin, id]}",
        {
            "things.yaml": "plugins:\n  - name: p\n    things:\n      - id: a\n        size: 1\n"
            "\n  - name: q\n    things:\n      - id: a\n        size: 3\n"
        },
        ("p/a", "q/a"),
        ("q/a", "size", 4),
        {"plugin": "p", "id": "b", "size": 2},
    ),
    Shape(
        "named step to one item",
        "{layout: list, file: things.yaml, at: 'plugins[name=q].things', key: id}",
        {
            "things.yaml": "plugins:\n- name: p\n  things: [{id: z}]\n- name: q\n  things:\n  - id: a\n    size: 3\n"
        },
        ("a",),
        ("a", "size", 4),
        {"id": "b", "size": 2},
    ),
    Shape(
        "nested in another kind",
        "{layout: list, file: things.yaml, at: 'plugins[name={plugin}].things', key: [plugin, id]}",
        {
            "things.yaml": "plugins:\n  - name: p\n    size: 9\n    things:\n"
            "      - id: a\n        size: 1\n  - name: q\n    things: []\n"
        },
        ("p/a",),
        ("p/a", "size", 4),
        {"plugin": "q", "id": "b", "size": 2},
        {"plugin": "{layout: list, file: things.yaml, at: plugins, key: name}"},
    ),
    Shape(
        "any key, one possible place",
        "{layout: list, file: things.yaml, at: 'regions.*.things', key: id}",
        {"things.yaml": "regions:\n  eu:\n    things:\n    - id: a\n      size: 1\n"},
        ("a",),
        ("a", "size", 4),
        {"id": "b", "size": 2},
    ),
    Shape(
        "any key, several places: reading and changing work",
        "{layout: list, file: 'deep/**/things.yaml', at: 'regions.*.things', key: id}",
        {
            "deep/a/things.yaml": "regions:\n  eu:\n    things:\n    - id: a\n      size: 1\n",
            "deep/b/c/things.yaml": "regions: {us: {things: [{id: c, size: 3}]}}\n",
        },
        ("a", "c"),
        ("c", "size", 4),
        None,
    ),
    Shape(
        "several documents",
        "{layout: list, file: things.yaml, at: things, key: id}",
        {
            "things.yaml": "kind: other\n---\nthings:\n- id: a\n  size: 1\n...\n---\nthings:\n- id: c\n  size: 3\n"
        },
        ("a", "c"),
        ("c", "size", 4),
        {"id": "b", "size": 2},
    ),
)


def schema(kind: str, spec: str) -> bytes:
    return f"x-registry: {{kind: {kind}, {spec.removeprefix('{')}\ntype: object\n".encode()


def workspace(shape: Shape) -> Files:
    files: Files = {path: text.encode() for path, text in shape.files.items()}
    for kind, spec in {"thing": shape.spec, **shape.other}.items():
        files[f".system/registry/schemas/{kind}.schema.yaml"] = schema(kind, spec)
    return files


def plan(files: Files) -> Planning:
    return planning_of(files, PlanOptions(allow_mass_delete=True))


def apply(files: Files) -> Files:
    found: Plan = plan(files).plan
    assert found.applicable, [(one.code, one.message) for one in found.blocking]
    return {**files, **written_files(found)}


def values(files: Files) -> dict[str, dict[str, Json]]:
    return {
        entry.key: entry.value for entry in plan(files).loaded.live.entries.values() if entry.kind == "thing"
    }


def wished(files: Files, entries: list[dict[str, Json]]) -> Files:
    return {**files, "desired/all.yaml": dump({"thing": entries}).encode()}


def registries(files: Files) -> Files:
    return {
        path: data
        for path, data in files.items()
        if not path.startswith((".system", "desired")) and data is not None
    }


def adopted(shape: Shape) -> Files:
    files = workspace(shape)
    return apply(wished(files, list(values(files).values())))


@pytest.fixture(params=SHAPES, ids=lambda shape: shape.name)
def shape(request: pytest.FixtureRequest) -> Shape:
    found: Shape = request.param
    return found


def test_every_entry_is_found(shape: Shape) -> None:
    assert tuple(sorted(values(workspace(shape)))) == shape.keys


def test_adopting_changes_no_registry_byte(shape: Shape) -> None:
    files = adopted(shape)
    assert registries(files) == registries(workspace(shape))
    assert plan(files).plan.empty


def test_one_field_changes_one_line(shape: Shape) -> None:
    files = adopted(shape)
    key, name, value = shape.change
    entries = {**values(files), key: {**values(files)[key], name: value}}
    after = apply(wished(files, list(entries.values())))
    assert values(after) == entries
    changed = [
        (old, new)
        for path in registries(files)
        for old, new in zip((files[path] or b"").split(b"\n"), (after[path] or b"").split(b"\n"), strict=True)
        if old != new
    ]
    assert len(changed) == 1, changed
    assert plan(after).plan.empty


def test_what_is_added_can_be_removed_again(shape: Shape) -> None:
    files = adopted(shape)
    before = values(files)
    if shape.new is None:
        open_plan = plan(wished(files, [*before.values(), {"id": "b"}])).plan
        assert [problem.code for problem in open_plan.blocking] == ["WRT003"]
        return
    more = apply(wished(files, [*before.values(), shape.new]))
    assert sorted(map(canonical, values(more).values())) == sorted(
        map(canonical, [*before.values(), shape.new])
    )
    again = apply(wished(more, list(before.values())))
    assert registries(again) == registries(files)


def test_everything_can_be_removed(shape: Shape) -> None:
    files = adopted(shape)
    empty = apply({**files, "desired/all.yaml": b"# nothing\n"})
    assert values(empty) == {}
    assert plan(empty).plan.empty


def test_an_outer_entry_cannot_go_while_inner_ones_remain() -> None:
    nested = next(shape for shape in SHAPES if shape.other)
    files = workspace(nested)
    entries = plan(files).loaded.live.entries
    outer = [entry.value for entry in entries.values() if entry.kind == "plugin"]
    assert outer == [{"name": "p", "size": 9}, {"name": "q"}]
    files["desired/plugins.yaml"] = dump({"plugin": outer}).encode()
    files = apply(files)
    files["desired/plugins.yaml"] = dump({"plugin": outer[1:]}).encode()
    assert [problem.code for problem in plan(files).plan.blocking] == ["WRT005"]


def test_an_outer_and_an_inner_entry_can_arrive_together() -> None:
    nested = next(shape for shape in SHAPES if shape.other)
    files = workspace(nested)
    files["desired/new.yaml"] = dump(
        {"thing": [{"plugin": "r", "id": "n", "size": 5}], "plugin": [{"name": "r"}]}
    ).encode()
    after = apply(files)
    assert values(after)["r/n"] == {"plugin": "r", "id": "n", "size": 5}
    assert plan(after).plan.empty


def test_a_placeholder_that_changes_relocates_the_entry_with_its_comments() -> None:
    shape = next(one for one in SHAPES if one.name == "placeholder in the path, not said by the text")
    files = workspace(shape)
    files["things/x.yaml"] = b"things:\n# about a\n- id: a   # here\n  size: 1\n- id: c\n"
    files = apply(wished(files, list(values(files).values())))
    entries = {**values(files), "a": {**values(files)["a"], "group": "y"}}
    after = apply(wished(files, list(entries.values())))
    assert after["things/x.yaml"] == b"things:\n- id: c\n"
    assert after["things/y.yaml"] == b"things:\n# about a\n- id: a   # here\n  size: 1\n- id: d\n"


def test_text_and_place_that_disagree_are_a_warning_and_the_text_wins() -> None:
    shape = next(one for one in SHAPES if one.name == "one file an entry, key in text and path")
    files = workspace(shape)
    files["things/c/thing.yaml"] = b"id: z\n"
    planning = plan(files)
    assert sorted(entry.key for entry in planning.loaded.live.entries.values()) == ["a", "z"]
    assert [(one.code, one.severity.value) for one in planning.plan.problems] == [("LIV004", "warning")]


def test_live_fields_are_kept_and_forbidden_in_fragments() -> None:
    files: Files = {
        ".system/registry/schemas/thing.schema.yaml": schema(
            "thing", "{layout: list, file: t.yaml, at: t, key: id, live_fields: [stars]}"
        ),
        "t.yaml": b"t:\n- id: a\n  stars: 5   # counted\n  size: 1\n",
        "desired/all.yaml": b"thing:\n- id: a\n  size: 2\n",
    }
    planning = make_plan(MemoryTree(files), PlanOptions(adopt=("thing/a",)))
    after = {**files, **written_files(planning.plan)}
    assert after["t.yaml"] == b"t:\n- id: a\n  stars: 5   # counted\n  size: 2\n"
    files["desired/all.yaml"] = b"thing:\n- id: a\n  size: 2\n  stars: 6\n"
    assert "FRG007" in {one.code for one in plan(files).plan.blocking}


def test_excluded_files_are_not_read() -> None:
    files: Files = {
        ".system/registry/schemas/thing.schema.yaml": schema(
            "thing", "{layout: file, file: 'things/{id}.yaml', key: id, exclude: ['things/_*.yaml']}"
        ),
        "things/a.yaml": b"id: a\n",
        "things/_template.yaml": b"id: [\n",
    }
    assert list(values(files)) == ["a"]
    assert plan(files).plan.problems == ()


def test_a_place_that_matches_nothing_is_a_warning() -> None:
    for spec in (
        "{layout: list, file: typo.yaml, at: t, key: id}",
        "{layout: list, file: t.yaml, at: typo, key: id}",
    ):
        files: Files = {
            ".system/registry/schemas/thing.schema.yaml": schema("thing", spec),
            "t.yaml": b"t:\n- id: a\n",
        }
        assert [(one.code, one.severity.value) for one in plan(files).plan.problems] == [
            ("KND002", "warning")
        ]
