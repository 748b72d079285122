"""A kind that came after its outer one was adopted: its entries leave the fragments of that as they are adopted."""

from __future__ import annotations

import pytest

from registry_reconciler.editing.adopt import Adoption, adopt
from registry_reconciler.editing.amend import overlay
from registry_reconciler.files.tree import MemoryTree
from tests.support import Files, applied, kind_file, plan_of

PLUGIN = "layout: list, file: market.{form}, at: plugins, key: name"
SKILL = "layout: list, file: market.{form}, at: 'plugins[name={{plugin}}].skills', key: [plugin, id]"
MARKET = {
    "yaml": "plugins:\n# about p\n- name: p\n  skills:\n  # about a\n  - id: a\n    size: 1   # of a\n- name: q\n",
    "json": '{"plugins": [\n  {"name": "p", "skills": [{"id": "a", "size": 1}]},\n  {"name": "q"}\n]}\n',
    "toml": '[[plugins]]\nname = "p"\n\n[[plugins.skills]]\nid = "a"\nsize = 1\n\n[[plugins]]\nname = "q"\n',
}
FRAGMENT = "desired/plugin.yaml"


def came_later(form: str, skill: str = SKILL, schema: str = "type: object", size: str = "1") -> Files:
    """Plugins that were adopted with their skills, and the kind of skills that was written after that."""
    text = MARKET[form].replace("size: 1", f"size: {size}")
    files: Files = {**kind_file("plugin", PLUGIN.format(form=form)), f"market.{form}": text.encode()}
    files = applied(done(files, adopt(MemoryTree(files), ["*"])))
    assert b"skills" in (files[FRAGMENT] or b"")
    return {**files, **kind_file("skill", skill.format(form=form), schema)}


def done(files: Files, adoption: Adoption) -> Files:
    tree = overlay(MemoryTree(files), adoption.edits)
    return {**files, **{edit.path: tree.read(edit.path) for edit in adoption.edits}}


@pytest.mark.parametrize("form", MARKET)
@pytest.mark.parametrize("pattern", ["*", "skill/*", "skill/p/a", "plugin/p"])
def test_the_field_goes_from_the_fragment_once_its_entries_are_declared(form: str, pattern: str) -> None:
    files = came_later(form)
    assert [problem.code for problem in plan_of(files).blocking] == ["FRG007"]
    if pattern == "plugin/p":
        # Nothing inside is declared yet.
        assert not adopt(MemoryTree(files), [pattern]).taken_out
        return
    adoption = adopt(MemoryTree(files), [pattern])
    assert [(one.address, one.fields) for one in adoption.taken_out] == [("plugin/p", ("skills",))]
    files = done(files, adoption)
    assert b"skills" not in (files[FRAGMENT] or b"")
    now = applied(files)
    assert now[f"market.{form}"] == MARKET[form].encode()
    assert not plan_of(now).changes


def test_what_waits_in_the_fragment_is_left_to_a_person() -> None:
    files = came_later("yaml")
    files[FRAGMENT] = (files[FRAGMENT] or b"").replace(b"size: 1", b"size: 2")
    assert not adopt(MemoryTree(files), ["*"]).taken_out


@pytest.mark.parametrize(
    ("old", "new"), [(b"size: 1", b"size: 1   # why one"), (b"    skills:", b"    # why these\n    skills:")]
)
def test_a_comment_that_stands_nowhere_else_keeps_the_field(old: bytes, new: bytes) -> None:
    files = came_later("json")
    before = files[FRAGMENT] or b""
    files[FRAGMENT] = before.replace(old, new)
    assert files[FRAGMENT] != before
    assert not adopt(MemoryTree(files), ["*"]).taken_out


def test_an_entry_inside_that_cannot_be_adopted_keeps_the_field() -> None:
    files = came_later("yaml", schema="properties: {size: {type: integer}}", size="x")
    adoption = adopt(MemoryTree(files), ["*"])
    assert [one.address for one in adoption.skipped] == ["skill/p/a"]
    assert not adoption.taken_out


def test_what_has_its_truth_in_the_file_needs_no_declaration() -> None:
    files = came_later("json", SKILL + ", truth: live")
    adoption = adopt(MemoryTree(files), ["*"])
    assert [one.address for one in adoption.taken_out] == ["plugin/p"]
    assert not plan_of(done(files, adoption)).blocking


def test_another_pattern_touches_nothing() -> None:
    files = came_later("yaml")
    files["market.yaml"] = MARKET["yaml"].encode() + b"- name: r\n"
    adoption = adopt(MemoryTree(files), ["plugin/r"])
    assert [one.address for one in adoption.adopted] == ["plugin/r"]
    assert not adoption.taken_out
