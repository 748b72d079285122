"""Files as values, one entry in a list, an entry against a schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.entries.common import (
    dump_yaml,
    insert_or_update_entry,
    load_yaml,
    validate_entry,
)
from registry_reconciler.errors import Blocked

TEXT = "# head\na:\n  - 'x'   # one\n  - 2\n\nb: {c: no}\n"


def test_files_are_read_as_the_engine_reads_them(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TEXT)
    assert load_yaml(tmp_path / "a.yaml") == {"a": ["x", 2], "b": {"c": "no"}}
    (tmp_path / "b.yaml").write_text("")
    assert load_yaml(str(tmp_path / "b.yaml")) is None
    (tmp_path / "c.yaml").write_text("1\n---\n2\n")
    assert load_yaml(tmp_path / "c.yaml") == [1, 2]


def test_what_cannot_be_read_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\nb: 2\na: 3\n")
    with pytest.raises(Blocked, match=r"a\.yaml:3:1"):
        load_yaml(tmp_path / "a.yaml")
    with pytest.raises(Blocked, match="not there"):
        load_yaml(tmp_path / "none.yaml")


def test_only_what_differs_is_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(TEXT)
    dump_yaml(path, {"a": ["x", 3], "b": {"c": "no"}})
    assert path.read_text() == TEXT.replace("- 2", "- 3")
    dump_yaml(tmp_path / "new.yaml", {"a": "yes", "b": ["1:30"]})
    assert load_yaml(tmp_path / "new.yaml") == {"a": "yes", "b": ["1:30"]}
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(Blocked):
        dump_yaml(tmp_path / "bad.yaml", {})
    (tmp_path / "two.yaml").write_text("1\n---\n2\n")
    with pytest.raises(Blocked, match="several documents"):
        dump_yaml(tmp_path / "two.yaml", 1)


def ids(items: list[dict[str, Any]]) -> list[Any]:
    return [item["id"] for item in items]


def test_an_entry_with_the_key_is_replaced_in_place_and_duplicates_go() -> None:
    data = [{"id": "b"}, {"id": "a", "v": 1}, {"id": "c"}, {"id": "a", "v": 2}]
    assert insert_or_update_entry(data, "id", {"id": "a", "v": 3}) == [
        {"id": "b"},
        {"id": "a", "v": 3},
        {"id": "c"},
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [(["a", "c"], ["a", "b", "c"]), (["c", "a"], ["c", "a", "b"]), ([], ["b"]), (["a"], ["a", "b"])],
)
def test_a_new_entry_is_sorted_in_where_the_others_are_sorted(before: list[str], after: list[str]) -> None:
    data = {"version": 1, "things": [{"id": key} for key in before]}
    assert ids(insert_or_update_entry(data, "id", {"id": "b"})["things"]) == after
    again = insert_or_update_entry(data, "id", {"id": "b"})
    assert ids(again["things"]) == after


def test_keys_may_lie_deeper_and_must_be_there() -> None:
    data = [{"metadata": {"name": "a"}}]
    assert len(insert_or_update_entry(data, "metadata.name", {"metadata": {"name": "b"}})) == 2
    with pytest.raises(ValueError, match="name"):
        insert_or_update_entry(data, "metadata.name", {})
    with pytest.raises(ValueError, match="list"):
        insert_or_update_entry({"a": 1}, "id", {"id": 1})


def test_an_entry_is_held_against_a_schema_alone(tmp_path: Path) -> None:
    schema = tmp_path / "thing.schema.yaml"
    schema.write_text(
        "x-registry: {kind: thing, layout: list, file: t.yaml, key: id}\n"
        "type: object\nrequired: [id]\nproperties:\n"
        "  id: {$ref: 'shared.schema.yaml#/$defs/word'}\n  size: {type: integer}\n"
    )
    (tmp_path / "shared.schema.yaml").write_text("$defs: {word: {type: string, minLength: 2}}\n")
    assert validate_entry({"id": "ab", "size": 1}, schema) == []
    found = validate_entry({"id": "a", "size": "x"}, schema)
    assert {(one.code, one.path) for one in found} == {("SCH001", ("id",)), ("SCH001", ("size",))}
    with pytest.raises(Blocked, match="not there"):
        validate_entry({}, tmp_path / "none.schema.yaml")
