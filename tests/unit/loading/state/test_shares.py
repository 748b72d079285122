"""Several files about one fragment: an apply writes a small one, records stay where they are, nothing is in doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler import PlanOptions, Workspace
from registry_reconciler.loading.state import Applied, Record, StateEntry, applied_shadow, put_together
from registry_reconciler.loading.state.files import (
    APART_PART_FORMAT,
    StateFile,
    first_path,
    parse_file,
    part_path,
    render_file,
    rendered,
)
from registry_reconciler.planning.state_shares import FILLED, FULL, MOST, Stood, shares
from tests.support import SCHEMAS, lay_out

SCHEMA = "x-registry: {kind: t, layout: list, file: t.yaml, at: t, key: id}\ntype: object\n"
STATE = ".system/registry/state"


def record(name: str, size: int = 900) -> Record:
    return Record(f"t/{name}", Applied("abcdef", "x" * size + "\n"))


def names(share: object) -> list[str]:
    return [one.address for one in share.records]  # type: ignore[attr-defined]


def test_many_records_at_once_fill_files_in_the_order_of_the_fragment() -> None:
    records = [record(f"{number:03}") for number in range(100)]
    found = shares(records, {})
    assert [one.path for one in found] == [None] * len(found)
    assert [address for one in found for address in names(one)] == [one.address for one in records]
    assert all(one.size <= FILLED for one in found)


def test_a_new_record_stands_with_the_one_that_it_follows() -> None:
    old = [record(f"{number:03}") for number in range(4)]
    stood = {"a": Stood(["t/000", "t/001"]), "b": Stood(["t/002", "t/003"])}
    found = shares([old[0], old[1], record("new"), *old[2:], record("last")], stood)
    assert {one.path: names(one) for one in found} == {
        "a": ["t/000", "t/001", "t/new"],
        "b": ["t/002", "t/003", "t/last"],
    }


def test_the_first_record_stands_with_the_one_that_follows() -> None:
    found = shares([record("new"), record("old")], {"a": Stood(["t/old"])})
    assert [(one.path, names(one)) for one in found] == [("a", ["t/new", "t/old"])]


def test_a_full_file_takes_nothing_and_gives_nothing() -> None:
    old = [record(f"{number:03}") for number in range(FULL // 920)]
    new = [record(f"new{number}") for number in range(3)]
    found = shares([*old[:5], *new, *old[5:]], {"a": Stood([one.address for one in old])})
    assert [(one.path, names(one)) for one in found] == [
        ("a", [one.address for one in old]),
        (None, [one.address for one in new]),
    ]


def test_a_file_without_records_stays_while_others_are_there() -> None:
    found = shares([record("b")], {"a": Stood([]), "b": Stood(["t/b"])})
    assert [(one.path, names(one)) for one in found] == [("a", []), ("b", ["t/b"])]


def test_a_file_that_is_much_too_large_is_parted() -> None:
    records = [record(f"{number:03}") for number in range(100)]
    found = shares(records, {"a": Stood([one.address for one in records])})
    assert found[0].path == "a"
    assert names(found[0]) == [one.address for one in records[: len(found[0].records)]]
    assert sorted(address for one in found for address in names(one)) == [one.address for one in records]
    assert all(sum(len(rendered(each)) for each in one.records) <= MOST for one in found)


def test_the_name_of_a_part_says_what_it_is_a_part_of() -> None:
    path = part_path(f"{STATE}/a-123.state", b"x")
    assert first_path(path) == f"{STATE}/a-123.state"
    assert path != first_path(path)
    assert part_path(path, b"y").startswith(f"{STATE}/a-123.")
    data = render_file("desired/a.yaml", [record("a")], (), part=True)
    assert data.startswith(f"registry state {APART_PART_FORMAT}\n".encode()), (
        "a program that knows no parts stops"
    )
    assert parse_file(path, data).faults == ()


def file(path: str, *addresses: str) -> tuple[str, tuple[StateFile, ...]]:
    return path, (StateFile(path, "desired/a.yaml", tuple(record(one) for one in addresses), ()),)


@pytest.mark.parametrize(
    ("files", "doubtful"),
    [
        ([file("s/a.state", "a", "b"), file("s/a.1.state", "c"), file("s/a.2.state", "d")], []),
        ([file("s/a.state", "a", "b"), file("s/b.state", "a")], ["t/b"]),
        (
            [file("s/a.state", "a"), file("s/a.1.state", "b", "c"), file("s/a.2.state", "b", "d")],
            ["t/c", "t/d"],
        ),
        ([file("s/a.state", "a"), file("s/a.1.state", "b"), file("s/b.state", "a", "b")], []),
    ],
)
def test_what_one_side_alone_knows_is_in_doubt(
    files: list[tuple[str, tuple[StateFile, ...]]], doubtful: list[str]
) -> None:
    state = put_together(dict(files), (), ["desired/a.yaml"])
    assert [address for address, one in state.entries.items() if one.doubtful] == doubtful


def _wish(root: Path, count: int, *, changed: int = -1, protect: str = "") -> None:
    rows = [
        f"- id: e{number:04}\n  v: {'new' if number == changed else number}\n  tags: [a, b, c, d]\n"
        for number in range(count)
    ]
    (root / "desired/t.yaml").write_text("t:\n" + "".join(rows) + protect, "utf-8")


def _apply(root: Path) -> dict[str, bytes]:
    """Apply; the state files that differ."""
    before = {one.name: one.read_bytes() for one in (root / STATE).glob("*.state")}
    Workspace.open(root).apply_now(PlanOptions())
    after = {one.name: one.read_bytes() for one in (root / STATE).glob("*.state")}
    assert before.keys() <= after.keys()
    return {name: data for name, data in after.items() if before.get(name) != data}


def test_an_apply_of_one_entry_writes_one_small_file(tmp_path: Path) -> None:
    lay_out(tmp_path, {f"{SCHEMAS}/t.schema.yaml": SCHEMA, "desired/.gitkeep": ""})
    protect = "protect:\n- t/e0000\n"
    _wish(tmp_path, 700, protect=protect)
    assert len(_apply(tmp_path)) > 3
    _wish(tmp_path, 700, changed=350, protect=protect)
    (content,) = _apply(tmp_path).values()
    assert len(content) < 100_000
    _wish(tmp_path, 900, changed=350, protect=protect)
    assert _apply(tmp_path)
    saying = [one for one in (tmp_path / STATE).glob("*.state") if b"\n! " in one.read_bytes()]
    assert len(saying) == 1, "what is protected stays in one file"
    _wish(tmp_path, 900, changed=351, protect=protect)
    assert len(_apply(tmp_path)) == 1
    plan = Workspace.open(tmp_path).plan()
    assert plan.empty
    assert plan.heals == ()


def test_what_two_accounts_say_together_was_applied() -> None:
    """Two branches began to keep the state of one fragment, and each changed one field."""
    one, other = {"id": "a", "v": 2, "w": 1}, {"id": "a", "v": 1, "w": 2}
    entry = StateEntry(
        "t/a", "desired/a.yaml", (applied_shadow(None, one, "s1"), applied_shadow(None, other, "s2"))
    )
    assert entry.says(None, {"id": "a", "v": 2, "w": 2})
    assert not entry.says(None, {"id": "a", "v": 3, "w": 2})
    assert not entry.says(None, {"id": "a", "v": 2, "w": 2, "x": 1})
    assert not entry.says(None, {"id": "a", "v": 2})
