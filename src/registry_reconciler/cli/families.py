"""Commands of two words, and who types the first one alone: ``registry fleet``, ``registry rule --help``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import typer

from registry_reconciler.cli.output import put
from registry_reconciler.cli.parser import BY_NAME, GROUPS, Row
from registry_reconciler.errors import UsageFailure


def refuse(ctx: Any, word: str, rest: Sequence[str]) -> NoReturn:
    """Say which commands begin with a word that is none by itself.

    Raises:
        typer.Exit: their help was asked for.
        UsageFailure: it was not.
    """
    shown = {name: place for place, name in enumerate(name for _, names in GROUPS for name in names)}
    rows = [row for name, row in BY_NAME.items() if name.startswith(f"{word} ")]
    rows.sort(key=lambda row: shown.get(row.name, len(shown)))
    if rest and rest[0] in ("-h", "--help"):
        put(_help(ctx, word, rows))
        raise typer.Exit(0)
    from registry_reconciler.base.suggest import closest, meant

    seconds = [row.name.partition(" ")[2] for row in rows]
    if not rest or rest[0].startswith("-"):
        text = f"say what to do: registry {word} {', '.join(seconds[:-1])} or {seconds[-1]}"
    else:
        near = closest(rest[0], seconds)
        text = f"no such command: {word} {rest[0]}.{meant(near and f'{word} {near}')}"
    raise UsageFailure(text, next=(("registry", word, "--help"),))


def _help(ctx: Any, word: str, rows: Sequence[Row]) -> str:
    formatter = ctx.make_formatter()
    formatter.write_usage(f"registry {word}", "COMMAND [OPTIONS]")
    with formatter.section("Commands"):
        formatter.write_dl([(row.name, row.summary) for row in rows])
    formatter.write_paragraph()
    formatter.write(f"  '{rows[0].name} --help' and so on say more.\n\n  Example:\n")
    example = import_module(f"registry_reconciler.cli.commands.{rows[0].module}").EXAMPLE
    formatter.write("".join(f"  {line}".rstrip() + "\n" for line in example.splitlines()))
    return str(formatter.getvalue())
