"""A key that is another entry's on one side: what the other side changed stays with the entry, or is a conflict."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from registry_reconciler.editing.resolve_conflicts import resolve_conflicts
from registry_reconciler.loading.state.files import sides as marked_sides
from registry_reconciler.merging import merge_file
from registry_reconciler.merging.known import FormerNames
from registry_reconciler.workspace import Workspace
from tests.merge.branches import use_driver
from tests.merge.test_merge_files import LABELS, known
from tests.merge.test_registries_follow import (
    FRAGMENT_PATH,
    OPERATIONS,
    REGISTRY,
    branch,
    repository,
    unmerged,
)

Entries = dict[str, dict[str, str]]
Moves = list[tuple[str, str]]

CHAINS: list[Moves] = [
    [("a", "b"), ("b", "d")],
    [("a", "b"), ("b", "a")],
    [("a", "b"), ("b", "c"), ("c", "a")],
    [("a", "b"), ("b", "c"), ("c", "d")],
]
BASE: Entries = {
    "a": {"path": "p", "version": "1", "note": "x"},
    "b": {"path": "p", "version": "2", "note": "x"},
    "c": {"path": "p", "version": "3", "note": "x"},
}


def text(entries: Entries, moves: Moves = (), head: str = "skill:\n", order: list[str] | None = None) -> str:  # type: ignore[assignment]
    rows = [
        f"  - id: {key}\n" + "".join(f"    {name}: '{value}'\n" for name, value in entries[key].items())
        for key in order or list(entries)
    ]
    lines = [f"  - {{from: skill/{old}, to: skill/{new}}}\n" for old, new in moves]
    return "".join([head, *rows, *(["moved:\n", *lines] if moves else [])])


def renamed(entries: Entries, moves: Moves) -> Entries:
    names = dict(moves)
    return {names.get(key, key): fields for key, fields in entries.items()}


def with_field(entries: Entries, key: str, name: str, value: str) -> Entries:
    return {**entries, key: {**entries[key], name: value}}


def entries_in(data: str) -> Entries:
    document = yaml.safe_load(data)
    items = document.get("skill") or document["skills"]
    return {item["id"]: {name: item[name] for name in item if name != "id"} for item in items}


@pytest.mark.parametrize("ours_renames", [True, False])
@pytest.mark.parametrize("key", "abc")
@pytest.mark.parametrize("sorted_again", [True, False])
@pytest.mark.parametrize("moves", CHAINS, ids=lambda moves: " ".join(f"{a}{b}" for a, b in moves))
def test_an_edit_stays_with_its_entry(moves: Moves, sorted_again: bool, key: str, ours_renames: bool) -> None:
    edited = with_field(BASE, key, "note", "edited")
    last = moves[-1][1]
    shifted = with_field(renamed(BASE, moves), last, "version", "9")
    wanted = with_field(renamed(edited, moves), last, "version", "9")
    order = sorted(shifted) if sorted_again else None
    for path, head, lines in (("desired/s.yaml", "skill:\n", moves), ("s.yaml", "skills:\n", [])):
        before, after = text(BASE, head=head).encode(), text(shifted, lines, head, order).encode()
        change = text(edited, head=head).encode()
        sides = (after, change) if ours_renames else (change, after)
        found = merge_file(path, before, *sides, known("s.yaml"), LABELS)
        assert found is not None
        if lines:
            assert found.conflicts == ()
        if not found.conflicts:
            assert entries_in((found.content or b"").decode()) == wanted


@pytest.mark.parametrize("ours_renames", [True, False])
def test_lines_that_were_spent_before_and_come_back_rename_nothing(ours_renames: bool) -> None:
    """The revert of a commit that took them out."""
    edited = with_field(with_field(BASE, "b", "note", "edited"), "c", "note", "edited")
    spent = [("a", "b"), ("b", "c")]
    after, change = text(BASE, spent).encode(), text(edited).encode()
    sides = (after, change) if ours_renames else (change, after)
    found = merge_file("desired/s.yaml", text(BASE).encode(), *sides, known("s.yaml"), LABELS)
    assert found is not None
    assert found.conflicts == ()
    assert entries_in((found.content or b"").decode()) == edited


def test_where_nobody_can_tell_whose_a_key_is_nothing_is_merged_by_it() -> None:
    swap = [("a", "b"), ("b", "a")]
    both = {key: {**fields, "path": "q"} for key, fields in renamed(BASE, swap).items()}
    change = with_field(BASE, "a", "note", "edited")
    sides = text(BASE).encode(), text(both, swap).encode(), text(change).encode()
    found = merge_file("desired/s.yaml", *sides, known("s.yaml"), LABELS)
    assert found is not None
    (conflict,) = found.conflicts
    assert conflict == "skill/a: it may be another entry on one side, and was changed on the other"
    assert marked_sides(found.content or b"") == (sides[1], sides[2])
    unrelated = text(with_field(BASE, "c", "note", "edited")).encode()
    found = merge_file("desired/s.yaml", sides[0], sides[1], unrelated, known("s.yaml"), LABELS)
    assert found is not None
    assert found.conflicts == ()


@pytest.mark.parametrize(
    ("operation", "driver"),
    [("merge", False), ("rebase", False), ("cherry-pick", False), ("squash", False), ("merge", True)],
)
def test_a_registry_follows_the_renames_that_its_fragments_say(
    tmp_path: Path, operation: str, driver: bool
) -> None:
    """Every entry that hands on its key changes as well: only the lines tell which is which."""
    moves = CHAINS[0]
    home = repository(tmp_path, text(BASE))
    if driver:
        use_driver(home)
        home.commit()
    shifted = {
        key: {**fields, "version": "9"} if key != "c" else fields
        for key, fields in renamed(BASE, moves).items()
    }
    branch(home, "left", text(with_field(BASE, "b", "note", "edited")))
    branch(home, "right", text(shifted, moves, order=["c", "d", "b"]))
    home.git(*OPERATIONS[operation], fails=not driver)
    done = resolve_conflicts(Workspace(home.root)) if not driver else None
    assert done is None or (done.open, done.waiting) == ((), ())
    assert unmerged(home) == set()
    wanted = with_field(shifted, "d", "note", "edited")
    assert entries_in(home.text(FRAGMENT_PATH)) == wanted
    assert entries_in(home.text(REGISTRY)) == wanted
    plan = home.plan()
    assert (plan.empty, plan.drift) == (True, ())


FILES = {
    "file": ("{id}.yaml", "id: b\n{}"),
    "front matter": ("{id}.md", "---\nid: b\n{}---\n"),
    "documents": ("s.yaml", "id: b\n{}---\nid: c\nversion: 3\n"),
}


@pytest.mark.parametrize("ours_renames", [True, False])
@pytest.mark.parametrize("decided", [True, None])
@pytest.mark.parametrize("layout", FILES)
def test_an_entry_that_is_a_document_is_another_one_now(
    layout: str, decided: bool | None, ours_renames: bool
) -> None:
    pattern, content = FILES[layout]
    before = content.format("version: 2\nnote: x\nsummary: B.\n").encode()
    after = content.format("version: 1\nnote: x\nsummary: A.\n").encode()
    change = content.format("version: 2\nnote: edited\nsummary: B.\n").encode()
    lines = {"skill/b": "skill/a", "skill/d": "skill/b"}
    renames = FormerNames({}, lines, {}) if ours_renames else FormerNames({}, {}, lines)
    about = replace(
        known(pattern, "documents" if layout == "documents" else "file"),
        renames=lambda: renames,
        decided=lambda _address: decided,
    )
    sides = (after, change) if ours_renames else (change, after)
    found = merge_file(pattern.replace("{id}", "b"), before, *sides, about, LABELS)
    assert found is not None
    if decided and layout != "documents":
        assert (found.content, found.conflicts) == (sides[0], ())
    else:
        assert found.conflicts == (
            "skill/b: it may be another entry on one side, and was changed on the other",
        )
        assert marked_sides(found.content or b"") == sides
    both = replace(about, renames=lambda: FormerNames(lines, lines, lines), decided=lambda _address: None)
    found = merge_file(pattern.replace("{id}", "b"), before, *sides, both, LABELS)
    assert found is not None
    assert found.conflicts == (), "both sides say so, and so did their base"
