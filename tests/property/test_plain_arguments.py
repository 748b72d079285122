"""A call that is read without typer is read as typer reads it."""

from __future__ import annotations

import functools
import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from hypothesis import example, given
from hypothesis import strategies as st

from registry_reconciler.cli.main import COMMANDS
from registry_reconciler.cli.options import Option, plain_arguments
from registry_reconciler.cli.parser import as_typer_declares

Command = Callable[..., int]
Place = Annotated[Path | None, Option("--place", help="A file.")]


def sample(
    place: Place = None,
    many: Annotated[list[str] | None, Option("--many")] = None,
    choice: Annotated[Literal["one", "two"], Option("--choice")] = "one",
    text: Annotated[str, Option("--text", "-t")] = "",
    plain_text: Annotated[str | None, Option("--plain-text")] = None,
    yes: Annotated[bool, Option("--yes")] = False,
    both: Annotated[bool | None, Option("--both/--no-both")] = None,
    number: Annotated[int | None, Option("--number", min=1)] = None,
    seconds: Annotated[float, Option("--seconds")] = 1.0,
) -> int:
    """Every kind of option that there is."""
    return 0


def needing(word: Annotated[str, Option("--word")]) -> int:
    """An option that has to be there."""
    return 0


REAL: list[Command] = [
    import_module(f"registry_reconciler.cli.{row.module}").command for row in COMMANDS if row.name != "apply"
]
COMMANDS_HERE: list[Command] = [sample, needing, *REAL]


@functools.cache
def parser_of(command: Command) -> tuple[Any, list[dict[str, Any]]]:
    """A command as typer parses it, and what it was called with."""
    calls: list[dict[str, Any]] = []

    def spy(**arguments: Any) -> int:
        calls.append(arguments)
        return 0

    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(functools.update_wrapper(spy, as_typer_declares(command)))
    return typer.main.get_command(app), calls


def by_typer(command: Command, words: Sequence[str]) -> dict[str, Any] | None:
    """What typer calls a command with; ``None`` where it refuses."""
    parser, calls = parser_of(command)
    try:
        with parser.make_context("registry", list(words)) as context:
            parser.invoke(context)
    except (typer.Exit, typer.TyperException):
        return None
    return calls.pop()


def with_defaults(command: Command, arguments: dict[str, Any]) -> dict[str, Any]:
    """All parameters of a command, as a call with these arguments sets them."""
    bound = inspect.signature(command).bind(**arguments)
    bound.apply_defaults()
    return dict(bound.arguments)


def names_of(command: Command) -> list[str]:
    return ["--" + name.strip("_").replace("_", "-") for name in inspect.signature(command).parameters]


VALUES = [
    "",
    "-",
    "--",
    "a",
    "one",
    "two",
    "json",
    "text",
    "github",
    "json=x.json",
    "é",
    "0",
    "7",
    "-1",
    "nan",
    "true",
]
VALUES += [
    os.curdir,
    os.devnull,
    "no/such/file",
    "a=b",
    "-h",
    "--help",
    "--yes",
    "--no-both",
    "-t",
    "a\0b",
    "x" * 300,
]


@st.composite
def calls(draw: st.DrawFn) -> tuple[Command, list[str]]:
    command = draw(st.sampled_from(COMMANDS_HERE))
    names = st.sampled_from(names_of(command))
    value = st.sampled_from(VALUES) | st.text(max_size=5)
    word = st.one_of(
        names,
        value,
        st.builds(lambda name, text: f"{name}={text}", names, value),
        st.builds(lambda name: name[:-1], names),
    )
    pair = st.tuples(names, value).map(list)
    parts = draw(st.lists(pair | word.map(lambda one: [one]), max_size=4))
    return command, [one for part in parts for one in part]


@given(calls())
@example((sample, []))
@example((sample, ["--place", "."]))
@example((sample, ["--place", "no/such/file"]))
@example((sample, ["--many", "a", "--many=b", "--choice=two", "--yes"]))
@example((sample, ["--text", "a", "--text", "b"]))
@example((sample, ["--yes", "--yes"]))
@example((sample, ["--choice", "three"]))
@example((needing, []))
def test_what_is_read_plainly_is_what_typer_reads(call: tuple[Command, list[str]]) -> None:
    command, words = call
    plain = plain_arguments(command, words)
    if plain is not None:
        assert with_defaults(command, plain) == by_typer(command, words)


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ([], {}),
        (["--place", "."], {"place": Path()}),
        (["--many", "a", "--yes", "--many=b"], {"many": ["a", "b"], "yes": True}),
        (["--choice=two", "--plain-text", "a=b"], {"choice": "two", "plain_text": "a=b"}),
        (["--choice", "three"], None),
        (["--text", "a"], None),
        (["--number", "3"], None),
        (["--both"], None),
        (["--many"], None),
        (["--many", "--yes"], None),
        (["--place", "no/such/file"], None),
        (["word"], None),
        (["--yes", "--yes"], None),
        (["--ye"], None),
        (["--help"], None),
    ],
)
def test_what_is_plain(words: list[str], arguments: dict[str, Any] | None) -> None:
    assert plain_arguments(sample, words) == arguments


@pytest.mark.parametrize(
    "words",
    [
        ["plan"],
        ["check", "--format", "json"],
        ["drift"],
        ["plan", "--target", "route/*", "--report", "json=p"],
    ],
)
def test_plain_calls_do_not_import_typer(words: list[str], tmp_path: Path) -> None:
    code = (
        "import sys; from registry_reconciler.cli.main import main;"
        f"print(main(['init']), main({words!r}), 'typer' in sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ended.stderr.splitlines()[-1] == "0 0 False"
