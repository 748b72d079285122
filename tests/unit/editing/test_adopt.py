"""Which fragment an entry goes to, and which entries cannot be managed."""

from __future__ import annotations

import pytest

from registry_reconciler.editing.adopt import Adoption, adopt, fragment_for, fragments_of
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.faults import ReadingLimits
from registry_reconciler.formats.yaml.read.reader import ChunkReader
from registry_reconciler.model.entry import LiveEntry, Place

OUTER = b"x-registry: {kind: box, layout: list, file: boxes.yaml, at: boxes, key: name}\ntype: object\n"
INNER = (
    b"x-registry: {kind: item, layout: map, file: boxes.yaml, at: 'boxes[name={box}].items',\n"
    b"  key: [box, id], live_fields: [stars]}\ntype: object\nproperties: {size: {type: integer}}\n"
)
LIVE = b"""\
boxes:
  # A box.
  - name: red
    # Its items.
    items:
      # One.
      one: {size: 1, stars: 9}
      two:   # second
        size: 2
  - name: blue
    items: {one: {size: x}, three: }
"""


def tree(live: bytes = LIVE, **more: bytes) -> MemoryTree:
    return MemoryTree(
        {
            ".system/registry/schemas/box.schema.yaml": OUTER,
            ".system/registry/schemas/item.schema.yaml": INNER,
            "boxes.yaml": live,
            **{f"{name.replace('__', '/')}.yaml": data for name, data in more.items()},
        }
    )


def addresses(adoption: Adoption) -> list[str]:
    return [one.address for one in adoption.adopted]


def test_nested_kinds_are_declared_without_each_other_and_with_what_their_place_says() -> None:
    adoption = adopt(tree(), ["*"])
    assert addresses(adoption) == ["box/blue", "box/red", "item/blue/three", "item/red/one", "item/red/two"]
    texts = {edit.path: edit.content.decode() for edit in adoption.edits}
    assert texts["desired/box.yaml"] == "box:\n  - name: blue\n  # A box.\n  - name: red\n"
    item = texts["desired/item.yaml"]
    assert "stars" not in item
    assert "# One." in item
    assert "# second" in item
    assert "box: red" in item
    assert "id: two" in item


def test_entries_with_problems_are_skipped() -> None:
    (skipped,) = adopt(tree(), ["*"]).skipped
    assert (skipped.address, skipped.code) == ("item/blue/one", "SCH001")
    assert (skipped.location.path, skipped.location.line) == ("boxes.yaml", 11)


def test_counts_by_fragment() -> None:
    assert fragments_of(adopt(tree(), ["item/*"])) == {"desired/item.yaml": {"item": 3}}


def test_what_is_declared_already_is_not_adopted_again() -> None:
    adoption = adopt(tree(desired__mine=b"box:\n  - name: red\n"), ["box/*"])
    assert addresses(adoption) == ["box/blue"]
    assert adoption.managed == 1


def test_a_fragment_that_cannot_be_read_is_not_written_to() -> None:
    with pytest.raises(Blocked, match="cannot be edited"):
        adopt(tree(desired__box=b"box: ["), ["box/*"])


def test_unknown_addresses_say_what_was_meant() -> None:
    with pytest.raises(UsageFailure, match="box/red"):
        adopt(tree(), ["box/rad"])


def test_comments_at_the_head_of_a_file_of_its_own_come_along() -> None:
    schema = b"x-registry: {kind: tool, layout: file, file: 'tools/{name}.yaml', key: name}\ntype: object\n"
    texts = {
        "attached": ("# About it.\nname: attached\n", True),
        "apart": ("# Licence.\n\nname: apart\n", False),
        "marked": ("# Head.\n---\nname: marked\n", False),
    }
    files = {f"tools/{name}.yaml": text.encode() for name, (text, _) in texts.items()}
    adoption = adopt(MemoryTree({".system/registry/schemas/tool.schema.yaml": schema, **files}), ["*"])
    fragment = adoption.edits[0].content.decode()
    for text, comes in texts.values():
        assert (text.splitlines()[0] in fragment) is comes


@pytest.mark.parametrize(
    ("by", "path"),
    [
        ("kind", "desired/thing.yaml"),
        ("file", "desired/system/hooks/x.yaml"),
        ("team", "desired/pay-ments.yaml"),
        ("meta.team", "desired/a.b.yaml"),
        ("gone", "desired/thing.yaml"),
        ("list", "desired/thing.yaml"),
        ("dots", "desired/thing.yaml"),
    ],
)
def test_the_fragment_of_an_entry(by: str, path: str) -> None:
    value = {"id": "x", "team": "Pay/ments", "meta": {"team": "a.b"}, "list": [1], "dots": ".."}
    entry = LiveEntry("thing", "x", "thing/x", value, Place(".system/hooks/x.yaml"))
    assert fragment_for(entry, by) == path


def test_by_must_be_a_field() -> None:
    entry = LiveEntry("thing", "x", "thing/x", {}, Place("x.yaml"))
    with pytest.raises(UsageFailure):
        fragment_for(entry, "a[")


def test_a_fragment_that_would_hold_too_much_is_said_to_and_what_makes_more_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each registry has 10 values, what declares both 19.
    reader = ChunkReader(ReadingLimits(max_nodes=15))
    monkeypatch.setattr("registry_reconciler.loading.workspace.new_reader", lambda: reader)
    schema = OUTER.replace(b"boxes.yaml", b"'boxes/{shard}.yaml'")
    boxes = b"boxes:\n  - name: %b1\n    size: 1\n  - name: %b2\n"
    files = {f"boxes/{shard}.yaml": boxes.replace(b"%b", shard.encode()) for shard in "ab"}
    of_two = MemoryTree({".system/registry/schemas/box.schema.yaml": schema, **files})
    with pytest.raises(Blocked, match=r"box.yaml would hold more than 15 values.*--by file"):
        adopt(of_two, ["*"])
    assert len(adopt(of_two, ["*"], "file").edits) == 2
