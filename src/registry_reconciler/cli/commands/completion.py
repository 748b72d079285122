"""``registry completion``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.common import answer
from registry_reconciler.cli.options import Shared
from registry_reconciler.errors import UsageFailure

EXAMPLE = """\
  registry completion bash >> ~/.bashrc

  registry show rou<TAB>
  registry show route/api.<TAB>
  route/api.errors  route/api.limits
"""


def command(
    shell: Annotated[
        str, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.", show_default=False)
    ],
    words: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    *,
    shared: Shared,
) -> int:
    """Print the script that lets a shell complete commands, options, kinds, addresses and codes.

    zsh: registry completion zsh > a folder of $fpath, as _registry. fish: > ~/.config/fish/
    completions/registry.fish. powershell: >> $PROFILE.
    """
    from registry_reconciler.base.suggest import did_you_mean
    from registry_reconciler.cli.completing import SCRIPTS, WORDS, candidates

    call = shared.call("completion")
    if shell == WORDS:
        found = candidates(words or [""])
        return answer(call, "".join(f"{word}\n" for word in found), {"words": found})
    if words:
        raise UsageFailure(f"one shell at a time: registry completion {shell}")
    if shell not in SCRIPTS:
        shells = ", ".join(SCRIPTS)
        raise UsageFailure(f"name one shell of {shells}; not {shell!r}.{did_you_mean(shell, tuple(SCRIPTS))}")
    return answer(call, SCRIPTS[shell], {"shell": shell, "script": SCRIPTS[shell]})
