"""A reload reads what changed and nothing else, and serves what opening anew serves."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import (
    Definition,
    RegistryError,
    RegistryMeta,
    WorkspaceRuntime,
    open_runtime,
)
from registry_reconciler.runtime.serve import looking, planning, prepared, rereading
from tests.unit.runtime.helper import Site

SCHEMA = {
    "x-registry": {
        "kind": "tool",
        "layout": "list",
        "file": "tools/{group}.yaml",
        "at": "tools",
        "key": "id",
        "names": {"name": "name", "aliases": "aliases", "required_caps": "required_caps"},
    },
    "type": "object",
}

A = "tools/a.yaml"
B = "tools/b.yaml"


def tool(id: str, name: str = "", more: str = "") -> str:
    return f"  # About {id}.\n  - id: {id}\n    name: {name or id.upper()}\n    text: says so\n{more}"


def text(*tools: str) -> str:
    return "tools:\n" + "".join(tools)


FILES = {A: text(*map(tool, ("a1", "a2", "a3", "a4", "a5"))), B: text(*map(tool, ("b1", "b2")))}


def with_edit(old: str, new: str, path: str = A) -> dict[str, str | None]:
    assert old in FILES[path]
    return {path: FILES[path].replace(old, new, 1)}


# Files as they are afterwards; None: gone.
EDITS: dict[str, dict[str, str | None]] = {
    "a field": with_edit("says so", "says more"),
    "the last one": with_edit("A5\n    text: says so", "A5\n    text: says more"),
    "a comment": with_edit("About a2", "More about a2"),
    "the comment above all": {A: "# Tools\n" + FILES[A]},
    "a name that another has": with_edit("name: A2", "name: B1"),
    "an alias that is the id of another": with_edit("name: A2", "aliases: [b1]"),
    "an id that is the name of another": with_edit("id: a2", "id: B1"),
    "another id": with_edit("id: a2", "id: z9"),
    "one more": {A: FILES[A] + tool("a0")},
    "one in between": with_edit("  # About a3", tool("a25") + "  # About a3"),
    "one less": {A: FILES[A].replace(tool("a3"), "")},
    "all gone": {A: "tools: []\n"},
    "no list": {A: "tools: 7\n"},
    "no container": {A: "others: []\n"},
    "one twice, alike": {A: FILES[A] + tool("a1")},
    "one twice, unlike": {A: FILES[A] + tool("a1", "Other")},
    "one that another file has": {A: FILES[A] + tool("b1")},
    "moved to the other file": {
        A: FILES[A].replace(tool("a3"), ""),
        B: FILES[B].rstrip("\n") + "\n" + tool("a3"),
    },
    "two in turn": {A: text(*map(tool, ("a2", "a1", "a3", "a4", "a5")))},
    "the names of two in turn": {A: FILES[A].replace("A1", "x").replace("A2", "A1").replace("x", "A2")},
    "a quote over items": with_edit("name: A2", 'name: "A2'),
    "a word that is no capability": with_edit("name: A2", "required_caps: [nonsense]"),
    "a key that stands twice": with_edit("name: A2", "name: A2\n    name: A2"),
    "no key": with_edit("id: a2", "ident: a2"),
    "an item that is no mapping": with_edit("  # About a3", "  - word\n  # About a3"),
    "a file that is gone": {B: None},
    "a file that is new": {"tools/c.yaml": text(tool("c1"))},
    "a file that is renamed": {B: None, "tools/c.yaml": FILES[B]},
    "CRLF": {A: FILES[A].replace("\n", "\r\n")},
    "no YAML": {A: "tools: ["},
    "a second document": {A: FILES[A] + "---\n" + text(tool("d1"))},
    "an alias of YAML": {A: FILES[A] + "  - &x {id: x1}\n  - {id: x2, of: *x}\n"},
    "more than one list": {A: FILES[A] + "others:\n  - id: o1\n"},
}


class Place(Site):
    """A workspace of one kind: many schemas are slow to read, and say nothing here."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        for schema in (root / ".system/registry/schemas").iterdir():
            schema.unlink()

    def set(self, files: dict[str, str | None]) -> None:
        for path, content in files.items():
            if content is None:
                (self.root / path).unlink()
            else:
                self.write(path, content.encode())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(looking, "LEAST_TEXT", 0)  # small lists are read by items here, too
    made = Place(tmp_path / "site")
    made.write(".system/registry/schemas/tool.schema.yaml", SCHEMA)
    made.set(dict(FILES))
    return made


def state_of(live: WorkspaceRuntime) -> Any:
    return [(item.address, item.meta, item.value) for item in live["tool"]], live.collisions()


def outcome(work: Callable[[], Any]) -> tuple[str, str]:
    try:
        work()
    except RegistryError as error:
        return type(error).__name__, str(error)
    return "", ""


def opened_anew(place: Place) -> tuple[tuple[str, str], Any]:
    """What opening says without any memory."""
    kept = prepared.place_of(place.root)
    assert kept is not None
    kept.unlink(missing_ok=True)
    found: list[WorkspaceRuntime] = []
    said = outcome(lambda: found.append(open_runtime(place.root)))
    return said, state_of(found[0]) if found else None


@pytest.mark.parametrize("edit", EDITS)
def test_a_reload_and_an_index_of_before_serve_what_opening_anew_serves(place: Place, edit: str) -> None:
    cold, live = open_runtime(place.root), open_runtime(place.root)
    before = state_of(live)
    kept = prepared.place_of(place.root)
    assert kept is not None
    index = kept.read_bytes()
    place.set(EDITS[edit])
    expected, state = opened_anew(place)
    for reloaded in (cold, live):
        kept.unlink(missing_ok=True)
        assert outcome(reloaded.reload) == expected
        assert state_of(reloaded) == (before if state is None else state)
    kept.write_bytes(index)
    found: list[WorkspaceRuntime] = []
    assert outcome(lambda: found.append(open_runtime(place.root))) == expected
    assert [state_of(opened) for opened in found] == ([] if state is None else [state])
    place.set(dict(FILES))
    for path in EDITS[edit]:
        if path not in FILES:
            (place.root / path).unlink()
    live.reload()
    assert state_of(live) == before


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The entries that were read and made items, from now on; reading everything fails."""
    found: list[str] = []
    make = planning.items_of

    def items_of(catalog: Any, entries: Any) -> Any:
        made = make(catalog, list(entries))
        found.extend(item.key for item in made)
        return made

    monkeypatch.setattr(rereading, "items_of", items_of)
    return found


def only_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "read_workspace", lambda *_: pytest.fail("everything was read"))


def test_of_a_long_list_only_the_item_that_changed_is_read(
    place: Place, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = open_runtime(place.root)
    only_parts(monkeypatch)
    before = {item.key: item for item in live["tool"]}
    for round in range(3):
        place.set(with_edit("A3\n    text: says so", f"A3\n    text: says {round}"))
        assert live.reload()
        assert read == ["a3"]
        read.clear()
        assert live["tool"].require("A3").value["text"] == f"says {round}"
    assert [item.key for item in live["tool"] if before[item.key] is not item] == ["a3"]


def test_of_many_files_only_the_one_that_changed_is_read(
    place: Place, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.set({B: 'tools: [{"id": "b1"}, {"id": "b2"}]\n'})  # no list that can be cut
    open_runtime(place.root)
    live = open_runtime(place.root)
    only_parts(monkeypatch)
    place.set({B: 'tools: [{"id": "b1"}, {"id": "b2", "name": "new"}]\n'})
    assert live.reload()
    assert read == ["b1", "b2"]
    assert live["tool"].require("new").key == "b2"
    other = open_runtime(place.root)  # the index is as old as the first opening
    assert other["tool"].require("new").key == "b2"
    assert read == ["b1", "b2"] * 2
    read.clear()
    assert open_runtime(place.root)["tool"].require("new").key == "b2"
    assert read == []


def test_what_was_registered_and_handles_stay_over_a_reload_of_a_part(place: Place) -> None:
    live = open_runtime(place.root, allow_id_overrides=True)
    same, edited, leaving = (live["tool"].key(id) for id in ("a1", "a3", "a5"))
    live["tool"].register(Definition(RegistryMeta("a2", "mine", priority=9)), layer="mine")
    taken = live["tool"].key("a2")
    place.set({A: FILES[A].replace(tool("a5"), "").replace("A3", "Three").replace("A2", "Two")})
    assert live.reload()
    assert live["tool"].resolve(same).meta.name == "A1"
    assert live["tool"].resolve(edited).meta.name == "Three"
    assert live["tool"].get("a5") is None
    assert outcome(lambda: live["tool"].resolve(leaving))[0] == "GoneHandleError"
    assert live["tool"].resolve(taken).meta.name == "mine"
    live.db.drop_layer("mine")
    assert live["tool"].require("a2").meta.name == "Two"
    place.set(dict(FILES))
    assert live.reload()
    assert live["tool"].resolve(leaving).meta.name == "A5"


def test_an_edit_that_keeps_size_and_time_is_seen_by_a_reload(place: Place) -> None:
    file = place.root / A
    os.utime(file, (1, 1))
    live = open_runtime(place.root)
    assert live.reload() is False
    file.write_bytes(file.read_bytes().replace(b"A2", b"Z2"))
    os.utime(file, (1, 1))
    assert live.reload() is True
    assert live["tool"].get("Z2") is not None


def test_a_schema_or_a_configuration_that_changed_makes_everything_be_read(place: Place) -> None:
    live = open_runtime(place.root)
    schema = {**SCHEMA, "x-registry": {**SCHEMA["x-registry"], "names": {"name": "text"}}}  # type: ignore[dict-item]
    place.write(".system/registry/schemas/tool.schema.yaml", schema)
    assert live.reload()
    assert live["tool"].require("a1").meta.name == "says so"
    place.write(".system/registry/config.yaml", {"vocabularies": {"capabilities": ["new.word"]}})
    assert live.reload()
    assert list(live.vocabulary) == ["new.word"]


def test_a_kind_that_is_no_list_of_yaml_is_reread_by_files(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Place(tmp_path / "site")
    at = {"layout": "map", "file": "m/*.json", "at": "all", "key": "id"}
    site.write(
        ".system/registry/schemas/m.schema.yaml", {"x-registry": {"kind": "m", **at}, "type": "object"}
    )
    for name in "xyz":
        site.write(f"m/{name}.json", {"all": {f"{name}1": {"n": 1}, f"{name}2": {"n": 2}}})
    live = open_runtime(site.root)
    only_parts(monkeypatch)
    kept = live["m"].require("y1")
    site.write("m/y.json", {"all": {"y1": {"n": 1}, "y2": {"n": 3}}})
    assert live.reload()
    assert read == ["y1", "y2"]
    assert live["m"].require("y2").value["n"] == 3
    assert live["m"].require("y1") is kept


def test_a_header_that_lies_about_files_changes_no_answer(place: Place) -> None:
    first = state_of(open_runtime(place.root))
    kept = prepared.place_of(place.root)
    assert kept is not None
    head, _, rest = kept.read_bytes().partition(b"\n")
    header = json.loads(head)
    lies: list[dict[str, Any]] = [{"kinds": []}, {"inputs": {**header["inputs"], A: "x"}}, {"head": "x"}]
    for lie in lies:
        kept.write_bytes(json.dumps({**header, **lie}).encode() + b"\n" + rest)
        assert state_of(open_runtime(place.root)) == first


def test_after_a_reload_that_was_refused_the_next_one_serves_what_is_there(place: Place) -> None:
    live = open_runtime(place.root)
    more = place.write("more.yaml", text(tool("z9")).replace("tools:", "tool:").encode())
    live.load_extension(more, layer="more")
    place.set(with_edit("id: a2", "id: z9"))
    for _ in range(2):
        with pytest.raises(RegistryError):
            live.reload()
        assert live.get("tool/a2") is not None
    live.db.drop_layer("more")
    assert live.reload()
    assert live.get("tool/a2") is None
    assert live.get("tool/z9") is not None
