"""Live entries: what the registry files hold, by kind and layout, with the place of each."""

from __future__ import annotations

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading.registries import Live
from registry_reconciler.loading.workspace import load
from registry_reconciler.model.entry import Place
from tests.support import Files, kind_file, thing_kind


def live(files: Files) -> Live:
    return load(MemoryTree(files)).live


@pytest.mark.parametrize(
    ("spec", "files", "place"),
    [
        ("layout: list, file: t.yaml, key: id", {"t.yaml": b"- {id: a, v: 1}\n"}, Place("t.yaml", 0, (0,))),
        (
            "layout: list, file: t.yaml, at: some.things, key: id",
            {"t.yaml": b"some: {things: [{id: a, v: 1}]}\n"},
            Place("t.yaml", 0, ("some", "things", 0)),
        ),
        ("layout: map, file: t.yaml, key: id", {"t.yaml": b"a: {v: 1}\n"}, Place("t.yaml", 0, ("a",))),
        ("layout: file, file: 't/{id}.yaml', key: id", {"t/a.yaml": b"v: 1\n"}, Place("t/a.yaml")),
        ("layout: documents, file: t.yaml, key: id", {"t.yaml": b"id: a\nv: 1\n"}, Place("t.yaml")),
    ],
    ids=["list", "list in a mapping", "map", "file", "documents"],
)
def test_an_entry_has_the_same_value_in_every_layout_and_its_own_place(
    spec: str, files: Files, place: Place
) -> None:
    found = live({**kind_file("thing", spec), **files})
    entry = found.entries["thing/a"]
    assert entry.value == {"id": "a", "v": 1}
    assert (entry.place.file, entry.place.document, entry.place.path) == (
        place.file,
        place.document,
        place.path,
    )
    assert found.problems == ()


def test_entries_are_in_the_order_of_their_addresses() -> None:
    found = live({**thing_kind(), "t.yaml": b"- id: b\n- id: a\n"})
    assert list(found.entries) == ["thing/a", "thing/b"]


def test_of_several_entries_with_one_address_the_first_counts_and_the_others_are_kept_apart() -> None:
    found = live({**thing_kind(), "t.yaml": b"- {id: a, v: 1}\n- {id: a, v: 2}\n"})
    assert found.entries["thing/a"].value["v"] == 1
    assert [entry.value["v"] for entry in found.clashes] == [2]


@pytest.mark.parametrize(
    ("key", "item", "fix"),
    [
        ("id", "{idd: a}", "Write id instead of idd; where all entries have idd, write key: idd in"),
        (
            "[region, name]",
            "{region: a, nmae: b}",
            "Write name instead of nmae; where all entries have nmae, write key: [region, nmae] in",
        ),
        ("[col1, col2]", "{col1: a, v: 1}", "Give the entry its col1, col2."),
        ("'\"its.name\"'", "{its.name: [a]}", 'Give the entry its "its.name".'),
        ("id", "{1: a, v: b}", "Give the entry its id."),
    ],
    ids=["misspelt", "of two", "the other of two", "no text", "a number"],
)
def test_of_an_entry_without_a_key_the_field_is_named_that_may_be_it(key: str, item: str, fix: str) -> None:
    found = live(
        {**kind_file("thing", f"layout: list, file: t.yaml, key: {key}"), "t.yaml": f"[{item}]".encode()}
    )
    (problem,) = found.problems
    assert problem.code == "LIV003"
    assert problem.fix is not None
    assert problem.fix.description.startswith(fix), problem.fix


def test_a_live_field_is_no_part_of_the_value_and_is_kept_beside_it() -> None:
    found = live(
        {**thing_kind("live_fields: [meta.stars]"), "t.yaml": b"- {id: a, meta: {stars: 5}, v: 1}\n"}
    )
    entry = found.entries["thing/a"]
    assert entry.value == {"id": "a", "v": 1}
    assert entry.live_only == ((("meta", "stars"), 5),)


def test_nested_entries_are_no_part_of_the_outer_one() -> None:
    files: Files = {
        **kind_file("plugin", "layout: list, file: m.yaml, at: plugins, key: name"),
        **kind_file(
            "skill", "layout: list, file: m.yaml, at: 'plugins[name={plugin}].skills', key: [plugin, id]"
        ),
        "m.yaml": b"plugins:\n- name: p\n  v: 1\n  skills:\n  - id: a\n",
    }
    found = live(files)
    assert found.entries["plugin/p"].value == {"name": "p", "v": 1}
    assert found.entries["skill/p/a"].value == {"plugin": "p", "id": "a"}


def test_an_excluded_file_is_not_read() -> None:
    kind = kind_file("page", "layout: file, file: 'p/{id}.yaml', key: id, exclude: ['p/_*']")
    found = live({**kind, "p/a.yaml": b"v: 1\n", "p/_b.yaml": b"{{ a template }}\n"})
    assert list(found.entries) == ["page/a"]
    assert found.problems == ()
