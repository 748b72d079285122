"""The example palette: found by a few letters, run by words and keys, layered while it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from docs.examples.palette.commands import SAVED, copy, save
from docs.examples.palette.palette import COMMANDS, Palette
from registry_reconciler.runtime import Definition, Key, RegistryMeta


def test_commands_are_found_by_their_letters_with_their_keys() -> None:
    palette = Palette()
    assert [row.name for row in palette.rows()] == ["close all", "copy", "save"]
    assert [row.name for row in palette.rows("cy")] == ["copy"]
    assert palette.rows("qa")[0].keys == ("ZZ",)
    assert palette.rows("xyz") == []


def test_a_line_runs_with_its_arguments_and_its_capabilities() -> None:
    palette = Palette(caps=["files.write"])
    SAVED.clear()
    assert palette.run("cp a.txt --times=2").value == "a.txt a.txt"
    assert palette.run("'close all'").value == "closed"
    assert palette.run("save 'my notes.txt'").value == "saved my notes.txt"
    assert SAVED == ["my notes.txt"]
    assert Palette().run("w x").status == "capability_denied"
    assert SAVED == ["my notes.txt"]
    assert palette.audit[-1] == ("docs::save", "allow")
    assert "did you mean 'docs::copy'" in palette.run("coppy x").error
    assert copy("b", times="2") == "b b"


def test_keys_are_layered_like_commands() -> None:
    palette = Palette()
    result = palette.press("ZZ")
    assert result is not None
    assert result.value == "closed"
    assert palette.press("Z") is None
    assert palette.keys.is_prefix("normal", "Z")
    louder = Definition(
        RegistryMeta("loud::quit", "quit", source="package"),
        lambda payload: "QUIT",
        bindings={"normal": ("ZZ",)},
    )
    palette.db[COMMANDS].register(louder, layer="loud")
    result = palette.press("ZZ")
    assert result is not None
    assert result.value == "QUIT"
    assert [(one.loser, one.why) for one in palette.keys.conflicts] == [("commands/docs::close all", "taken")]
    palette.bind(Key("commands", "docs::close all"), {"normal": ("ZZ", "q")})
    result = palette.press("ZZ")
    assert result is not None
    assert result.value == "closed"
    palette.db.drop_layer("own")
    palette.db.drop_layer("loud")
    result = palette.press("ZZ")
    assert result is not None
    assert result.value == "closed"
    assert palette.press("q") is None
    assert palette.db.resolve(save).meta.name == "save"


def test_it_runs_from_a_shell() -> None:
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-m", "docs.examples.palette", "copy", "x", "--times=3"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "x x x\n"), ran.stderr
