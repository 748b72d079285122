"""Edits of fragments: what they change, and every byte that they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.editing.accept_drift import accept_live
from registry_reconciler.editing.fragment_edit import (
    Drafts,
    add_directive,
    put_entry,
    require_fragment_path,
)
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.files.tree import MemoryTree, Recorder
from registry_reconciler.loading.state import Record, applied_shadow
from registry_reconciler.loading.state.files import render_file
from registry_reconciler.loading.workspace import Loaded, load
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.fragment_edit import FragmentEdit

SCHEMA = b"x-registry: {kind: thing, layout: list, file: things.yaml, at: things, key: id}\ntype: object\n"
FRAGMENT = b"""\
# Mine.

thing:
  # About b.
  - id: b   # here
    text: "old"
  - id: d
    text: x
"""


def loaded(**files: bytes) -> Loaded:
    """A workspace in memory; ``desired__a`` is ``desired/a.yaml``."""
    named = {f"{name.replace('__', '/')}.yaml": data for name, data in files.items()}
    return load(Recorder(MemoryTree({".system/registry/schemas/thing.schema.yaml": SCHEMA, **named})))


def removed(before: Loaded, address: str) -> tuple[FragmentEdit, ...]:
    """Take one declaration away."""
    drafts = Drafts(before)
    drafts.remove(address)
    return drafts.finish()


def managed(fragment: bytes, live: bytes, applied: dict[str, object]) -> Loaded:
    """A workspace whose state remembers these values."""
    records = [
        Record(f"thing/{value['id']}", applied_shadow(None, value, "salt"))  # type: ignore[index,arg-type]
        for value in applied.values()
    ]
    files = {
        ".system/registry/schemas/thing.schema.yaml": SCHEMA,
        "desired/a.yaml": fragment,
        "things.yaml": live,
        ".system/registry/state/a-0.state": render_file("desired/a.yaml", records, ()),
    }
    return load(Recorder(MemoryTree(files)))


def only(edits: tuple[FragmentEdit, ...]) -> FragmentEdit:
    (edit,) = edits
    return edit


def test_a_changed_entry_changes_where_it_is_declared() -> None:
    before = loaded(desired__a=FRAGMENT)
    edit = only(put_entry(before, before.kinds["thing"], {"id": "b", "text": "new"}))
    assert (edit.path, edit.before) == ("desired/a.yaml", digest_bytes(FRAGMENT))
    assert edit.content == FRAGMENT.replace(b'"old"', b'"new"')


def test_a_new_entry_goes_to_its_sorted_place_in_the_named_fragment() -> None:
    before = loaded(desired__a=FRAGMENT)
    edit = only(put_entry(before, before.kinds["thing"], {"id": "c", "text": "no"}, "desired/a.yaml"))
    assert edit.content == FRAGMENT.replace(b"  - id: d", b'  - id: c\n    text: "no"\n  - id: d')


def test_without_a_fragment_it_goes_to_that_of_its_kind() -> None:
    before = loaded(desired__a=FRAGMENT)
    edit = only(put_entry(before, before.kinds["thing"], {"id": "c"}))
    assert (edit.path, edit.before, edit.content) == ("desired/thing.yaml", None, b"thing:\n  - id: c\n")


def test_several_new_entries_make_one_edit_in_order() -> None:
    before = loaded()
    drafts = Drafts(before)
    for key in ("c", "a", "b"):
        drafts.put(before.kinds["thing"], {"id": key})
    assert only(drafts.finish()).content == b"thing:\n  - id: a\n  - id: b\n  - id: c\n"


def test_an_unsorted_fragment_takes_new_entries_at_its_end() -> None:
    before = loaded(desired__thing=b"thing:\n- id: z\n- id: b\n")
    edit = only(put_entry(before, before.kinds["thing"], {"id": "c"}))
    assert edit.content == b"thing:\n- id: z\n- id: b\n- id: c\n"


def test_a_kind_that_the_fragment_does_not_have_yet_is_added() -> None:
    before = loaded(desired__thing=b"# only protection\nprotect:\n  - thing/*\n")
    edit = only(put_entry(before, before.kinds["thing"], {"id": "c"}))
    assert edit.content == b"# only protection\nprotect:\n  - thing/*\nthing:\n  - id: c\n"


@pytest.mark.parametrize("text", [b"", b"# nothing\n", b"thing:\n", b"thing: []\n", b"---\n"])
def test_empty_fragments_can_be_filled(text: bytes) -> None:
    before = loaded(desired__thing=text)
    edit = only(put_entry(before, before.kinds["thing"], {"id": "c"}))
    assert b"id: c" in edit.content
    assert b"# nothing" in edit.content or b"#" not in text


def test_the_document_that_has_the_kind_takes_it() -> None:
    before = loaded(desired__thing=b"protect: [thing/x]\n---\nthing:\n  - id: a\n")
    edit = only(put_entry(before, before.kinds["thing"], {"id": "b"}))
    assert edit.content == b"protect: [thing/x]\n---\nthing:\n  - id: a\n  - id: b\n"


def test_what_is_so_already_is_no_edit() -> None:
    before = loaded(desired__a=FRAGMENT)
    assert put_entry(before, before.kinds["thing"], {"text": "old", "id": "b"}) == ()
    assert removed(before, "thing/none") == ()


def test_a_removed_entry_takes_its_comments_along_and_no_others() -> None:
    before = loaded(desired__a=FRAGMENT)
    assert only(removed(before, "thing/b")).content == b"# Mine.\n\nthing:\n  - id: d\n    text: x\n"


def test_directives_are_added_once() -> None:
    before = loaded(desired__a=FRAGMENT)
    edit = only(add_directive(before, "protect", "thing/b", "desired/a.yaml"))
    assert edit.content == FRAGMENT + b"protect:\n  - thing/b\n"
    after = loaded(desired__a=edit.content)
    assert add_directive(after, "protect", "thing/b", "desired/a.yaml") == ()
    with pytest.raises(UsageFailure):
        add_directive(before, "protects", "thing/b", "desired/a.yaml")


def test_what_cannot_be_edited_is_refused() -> None:
    twice = loaded(desired__a=FRAGMENT, desired__b=FRAGMENT)
    with pytest.raises(Blocked, match=r"desired/a.yaml and desired/b.yaml"):
        removed(twice, "thing/b")
    broken = loaded(desired__thing=b"thing: [")
    with pytest.raises(Blocked, match="cannot be edited"):
        put_entry(broken, broken.kinds["thing"], {"id": "c"})
    owned = loaded(desired__a=FRAGMENT)
    with pytest.raises(UsageFailure, match=r"declared in desired/a.yaml"):
        put_entry(owned, owned.kinds["thing"], {"id": "b"}, "desired/b.yaml")
    with pytest.raises(UsageFailure, match="id"):
        put_entry(owned, owned.kinds["thing"], {"text": "no key"})


def test_an_anchor_that_others_use_is_not_taken_from_under_them() -> None:
    shared = b"thing:\n  - id: a\n    text: &t one\n  - id: b\n    text: *t\n"
    before = loaded(desired__a=shared)
    with pytest.raises(Blocked, match="anchor"):
        removed(before, "thing/a")


@pytest.mark.parametrize(
    "path", ["x.yaml", "desired/../x.yaml", "desired/x.txt", "desired/.a/x.yaml", "/desired/x.yaml"]
)
def test_fragments_lie_below_desired(path: str) -> None:
    with pytest.raises(UsageFailure):
        require_fragment_path(path)


LIVE = b"things:\n  # Seen.\n  - id: b\n    text: edited\n  - id: d\n    text: x\n"


def test_an_edit_by_hand_becomes_what_the_fragment_says_and_its_comments_stay() -> None:
    before = managed(FRAGMENT, LIVE, {"b": {"id": "b", "text": "old"}, "d": {"id": "d", "text": "x"}})
    assert only(accept_live(before, ["thing/b"])).content == FRAGMENT.replace(b'"old"', b"edited")
    assert accept_live(before, ["thing/d"]) == ()


def test_an_entry_removed_by_hand_is_removed_from_its_fragment() -> None:
    before = managed(FRAGMENT, b"things: []\n", {"b": {"id": "b", "text": "old"}})
    assert b"id: b" not in only(accept_live(before, ["thing/b"])).content


def test_an_edited_entry_that_no_fragment_declares_any_more_is_let_go() -> None:
    fragment = b"thing:\n  - id: d\n    text: x\n"
    before = managed(fragment, LIVE, {"b": {"id": "b", "text": "old"}, "d": {"id": "d", "text": "x"}})
    edit = only(accept_live(before, ["thing/b"]))
    assert edit.content == fragment + b"removed:\n  - address: thing/b\n    keep: true\n"


def test_only_managed_entries_have_drift_to_accept(tmp_path: Path) -> None:
    before = managed(b"", LIVE, {})
    with pytest.raises(UsageFailure, match="not managed"):
        accept_live(before, ["thing/b"])
