"""Commands of two words, and who types the first one alone: ``registry fleet``, ``registry rule --help``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from registry_reconciler.cli.output import put
from registry_reconciler.errors import UsageFailure


def refuse(
    ctx: Any, word: str, rest: Sequence[str], known: Sequence[tuple[str, str]], example: str
) -> NoReturn:
    """Say which commands begin with a word that is none by itself.

    Args:
        rest: what was typed behind it.
        known: these commands, and what they do.
        example: of one of them.

    Raises:
        typer.Exit: their help was asked for.
        UsageFailure: it was not.
    """
    if rest and rest[0] in ("-h", "--help"):
        put(_help(ctx, word, known, example))
        raise typer.Exit(0)
    from registry_reconciler.base.suggest import closest, meant

    seconds = [name.partition(" ")[2] for name, _ in known]
    if not rest or rest[0].startswith("-"):
        text = f"say what to do: registry {word} {', '.join(seconds[:-1])} or {seconds[-1]}"
    else:
        near = closest(rest[0], seconds)
        text = f"no such command: {word} {rest[0]}.{meant(near and f'{word} {near}')}"
    raise UsageFailure(text, next=(("registry", word, "--help"),))


def _help(ctx: Any, word: str, known: Sequence[tuple[str, str]], example: str) -> str:
    formatter = ctx.make_formatter()
    formatter.write_usage(f"registry {word}", "COMMAND [OPTIONS]")
    with formatter.section("Commands"):
        formatter.write_dl(known)
    formatter.write_paragraph()
    formatter.write(f"  '{known[0][0]} --help' and so on say more.\n\n  Example:\n")
    formatter.write("".join(f"  {line}".rstrip() + "\n" for line in example.splitlines()))
    return str(formatter.getvalue())
