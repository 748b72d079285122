"""The example editor: keys are typed, and then we look at the buffer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from docs.examples.editor.modal.core import ROOT, Editor
from docs.examples.editor.modal.plugins import backup, gentle
from docs.examples.editor.modal.tables import BoundAction, Conflict
from docs.examples.editor.modal.text import Buffer
from registry_reconciler.runtime import DuplicateIdError, RegistryMeta

POEM = 'one two three\nfour "five six" seven\neight'


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests here: the registries are read once."""
    return tmp_path_factory.mktemp("user")


@pytest.fixture(autouse=True)
def own_cache(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(user / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(user / "state"))


def editor(text: str = POEM, **more: Any) -> Editor:
    return Editor(
        Buffer.of(text, **{key: more.pop(key) for key in ("readonly", "name") if key in more}), **more
    )


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("ix<esc>", "xone two three"),
        ("ax<esc>", "oxne two three"),
        ("xx", "e two three"),
        ("wdw", "one three"),
        ("wdiw", "one  three"),
        ("wciwTWO<esc>", "one TWO three"),
        ("d$", ""),
        ("wD", "one two three"),
        ("wd0", "two three"),
        ("wwbywP", "one two three"),
        ("ywwp", "one tone wo three"),
        ("xu", "one two three"),
        ("iab<bs><bs><bs>c<esc>", "cone two three"),
        ("ia<cr>b<esc>", "a"),
    ],
)
def test_typing_in_one_line(keys: str, text: str) -> None:
    assert editor().type(keys).buffer.lines[0] == text


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        ("dd", ['four "five six" seven', "eight"]),
        ("ddp", ['four "five six" seven', "one two three", "eight"]),
        ("dj", ["eight"]),
        ("dG", [""]),
        ("yyGp", ["one two three", 'four "five six" seven', "eight", "one two three"]),
        ('jci"x<esc>', ["one two three", 'four "x" seven', "eight"]),
        ("onew<esc>", ["one two three", "new", 'four "five six" seven', "eight"]),
        ("J", ['one two three four "five six" seven', "eight"]),
        ("Gdgg", [""]),
        ("ddddddu", ["eight"]),
        ("dy", ["one two three", 'four "five six" seven', "eight"]),
        ("ccx<esc>", ["x", 'four "five six" seven', "eight"]),
    ],
)
def test_typing_over_lines(keys: str, lines: list[str]) -> None:
    assert editor().type(keys).buffer.lines == lines


def test_the_tables_of_keys_are_built_from_what_is_registered() -> None:
    one = editor()
    assert one.conflicts == ()
    assert one.type("g").buffer.row == 0
    assert one.type("z").mode == "normal", "an unbound sequence is dropped"
    assert one.type("Ggg").buffer.row == 0


def bound(id: str, keys: str, **more: Any) -> BoundAction:
    def run(where: Editor, context: Any) -> None:
        where.message = id

    return BoundAction(
        RegistryMeta(id, id.partition("::")[2], source="package", **more), run, keys={"normal": (keys,)}
    )


def test_conflicts_of_keys_are_reported_with_the_winner() -> None:
    one = editor()
    one.plug(
        "p", actions=[bound("p::strong", "x"), bound("p::weak", "u", priority=-1), bound("p::long", "dx")]
    )
    assert set(one.conflicts) == {
        Conflict("normal", "x", "p::strong", "core::delete-char", "taken"),
        Conflict("normal", "u", "core::undo", "p::weak", "taken"),
        Conflict("normal", "dx", "core::delete", "p::long", "prefix"),
    }
    assert one.type("x").message == "p::strong"
    assert one.buffer.text == POEM
    one.unplug("p")
    assert one.conflicts == ()
    assert one.type("x").buffer.text == POEM[1:]


def test_a_number_of_an_action_never_changes() -> None:
    one = editor()
    before = one.numbers.all()
    one.plug("a", actions=[bound("aaa::first", "ga")])
    one.plug("b", actions=[bound("bbb::second", "gb")])
    one.unplug("a")
    after = one.numbers.all()
    assert {id: after[id] for id in before} == before
    assert (after["aaa::first"], after["bbb::second"]) == (len(before), len(before) + 1)
    assert one.numbers.id_of(after["core::undo"]) == "core::undo"


def test_a_plugin_overrides_by_name() -> None:
    saved: list[str] = []
    one = editor(name="poem", write=lambda buffer: saved.append(buffer.text))
    copies = backup(one)
    assert one.type(":write<cr>").message == "saved poem with a copy"
    assert copies == saved == [POEM]
    assert one.type(":w<cr>").message == "saved poem", "the alias still leads to the command that has it"
    assert len(copies) == 1
    collision = one.registry("command").collisions()[0]
    assert (collision.key, collision.winner, collision.action) == (
        "write",
        "backup::write",
        "higher_priority",
    )
    one.unplug("backup")
    one.type(":write<cr>ZB")
    assert len(copies) == 1


def test_a_plugin_overrides_an_id_only_explicitly() -> None:
    one = editor()
    with pytest.raises(DuplicateIdError):
        one.plug("rude", actions=[bound("core::delete-char", "x")])
    assert one.type("x").buffer.text == POEM[1:]
    gentle(one)
    assert one.type("x").buffer.text == " " + POEM[2:]
    assert one.registry("action").get("delete char") is None
    one.unplug("gentle")
    assert one.type("x").buffer.text == POEM[2:]


@pytest.mark.parametrize(
    "keys", ["x", "ihello<esc>", "dd", "p", "onew<esc>", "J", "u", ":w<cr>", "ciwx<esc>"]
)
def test_nothing_changes_a_read_only_buffer(keys: str) -> None:
    saved: list[Buffer] = []
    one = editor(readonly=True, write=saved.append)
    one.type(keys)
    assert one.buffer.text == POEM
    assert saved == []
    assert one.message.startswith("not allowed: ")
    assert "[read-only]" in one.status()


def test_a_read_only_buffer_can_be_moved_in_and_copied_from() -> None:
    one = editor(readonly=True).type("jwyiw")
    assert (one.buffer.row, one.register, one.message) == (1, '"', "")


def test_what_was_not_granted_is_denied_and_logged() -> None:
    saved: list[Buffer] = []
    one = editor(caps=("cursor.move", "buffer.write"), write=saved.append)
    assert one.type("x:w<cr>").message == "not allowed: file.write"
    assert one.type("ZQ").message == "not allowed: app.quit"
    assert one.running
    assert saved == []
    assert one.buffer.text == POEM[1:]
    assert [(line.id, line.verdict) for line in one.audit] == [
        ("core::delete-char", "allow"),
        ("core::command-line", "allow"),
        ("core::save", "capability_denied"),
        ("core::quit", "capability_denied"),
    ]


def test_commands_hooks_notifications_and_options() -> None:
    one = editor("text", name="file")
    assert one.type(":w<cr>").message == "saved file"
    assert one.type(":nonsense<cr>").message == "unknown command: nonsense"
    assert one.render() == ["  1 text", "NORMAL | file | 1:1 | unknown command: nonsense"]
    assert one.type(":nu<cr>").render()[0] == "text"
    assert one.type(":wx<bs><bs>").status().startswith(": |")
    assert one.type("<esc>").mode == "normal"
    assert not one.type(":wq<cr>").running


def test_the_registries_are_what_the_fragments_say() -> None:
    from registry_reconciler.workspace import Workspace

    plan = Workspace.open(ROOT).plan()
    assert not plan.changes
    assert not [one for one in plan.problems if one.blocking]
