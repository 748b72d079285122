"""Key sequences: how they are written, what they begin with, and what lost."""

from __future__ import annotations

from typing import Any

import pytest

from registry_reconciler.runtime import (
    Definition,
    Key,
    RegistryDb,
    RegistryDbBuilder,
    RegistryError,
    RegistryMeta,
)
from registry_reconciler.runtime.bindings import Bound, keymap, keys_of, shown_keys
from registry_reconciler.runtime.registry.source import EntryItem, LookupRow


def bound(**items: Any) -> RegistryDb:
    builder = RegistryDbBuilder()
    for name, sequences in items.items():
        builder.register("commands", Definition(RegistryMeta(name, name), bindings={"normal": sequences}))
    return builder.build()


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("gg", ("g", "g")),
        ("<c-x><c-s>", ("<c-x>", "<c-s>")),
        ("g<esc>", ("g", "<esc>")),
        ("ctrl+k ctrl+s", ("<ctrl+k>", "<ctrl+s>")),
        ("C-x  s", ("<C-x>", "s")),
        (("ctrl+k", "s"), ("<ctrl+k>", "s")),
        (("F5",), ("<F5>",)),
        (" f", ("<space>", "f")),
        ("<<", ("<lt>", "<lt>")),
        (("<", "c", ">"), ("<lt>", "c", ">")),
        ("e\u0301x", ("e\u0301", "x")),
    ],
)
def test_a_sequence_is_its_keys_however_it_is_written(written: Any, keys: tuple[str, ...]) -> None:
    assert keys_of(written) == keys
    assert keys_of(shown_keys(written)) == keys


def test_a_sequence_begins_with_keys_and_never_with_a_part_of_one() -> None:
    found = keymap(bound(save=("<c-x><c-s>",), open=(("ctrl+k", "ctrl+o"),), down=("gj",)))
    assert found.prefixes == {("normal", "<c-x>"), ("normal", "<ctrl+k>"), ("normal", "g")}
    assert not found.is_prefix("normal", "<")
    assert found.is_prefix("normal", ("ctrl+k",))
    for keys in ("ctrl+k ctrl+o", ("ctrl+k", "ctrl+o"), "<ctrl+k><ctrl+o>"):
        assert getattr(found.get("normal", keys), "id", "") == "open"


def test_a_key_in_brackets_is_in_no_ones_way() -> None:
    found = keymap(bound(less=("<",), save=("<c-s>",), c=("c",)))
    assert found.conflicts == ()
    assert {keys for _, keys in found.bindings} == {"<lt>", "<c-s>", "c"}
    taken = keymap(bound(one=("<ctrl+k>",), two=(("ctrl+k",), "<ctrl+k>x")))
    assert [(lost.keys, lost.loser, lost.why) for lost in taken.conflicts] == [
        ("<ctrl+k>", "commands/two", "taken"),
        ("<ctrl+k>x", "commands/two", "prefix"),
    ]


@pytest.mark.parametrize("wrong", ["<c-s>", None, 3, ("",), ((),), (3,), (("a", ""),)])
def test_what_is_no_sequence_is_refused_and_never_cut_by_letter(wrong: Any) -> None:
    with pytest.raises(RegistryError, match="normal"):
        bound(save=wrong)
    with pytest.raises(RegistryError, match="normal"):
        Bound.to(Key("commands", "save"), {"normal": wrong})


def entry(bindings: Any) -> EntryItem:
    row = LookupRow("", [], 0, "builtin", [], "")
    return EntryItem.of("commands", "save", row, {"bindings": bindings})


def test_an_entry_binds_as_code_does_and_says_what_is_wrong_with_it() -> None:
    def of(bindings: Any) -> set[str]:
        builder = RegistryDbBuilder()
        builder.register("commands", entry(bindings))
        return {keys for _, keys in keymap(builder.build()).bindings}

    assert of({"normal": "<c-s>", "insert": None}) == {"<c-s>"}
    assert of({"normal": ["ZZ", ["ctrl+k", "s"]]}) == {"ZZ", "<ctrl+k>s"}
    with pytest.raises(RegistryError, match="commands/save: a key sequence of 'normal'"):
        of({"normal": [3]})
    builder = RegistryDbBuilder()
    builder.register("commands", entry({}))
    assert keymap(builder.build(), sequences=lambda _: {"normal": "ZZ"}).get("normal", "ZZ") is not None
