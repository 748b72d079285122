"""What a shell offers behind the words that were typed so far: commands, options, kinds, addresses, codes.

The scripts ask ``registry completion words -- WORD...``; the last word is the one that is being typed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from registry_reconciler.cli.parser import build
from registry_reconciler.cli.table import BY_NAME

if TYPE_CHECKING:
    from registry_reconciler.loading.catalog import Catalog
    from registry_reconciler.workspace import Workspace

WORDS = "words"

_BASH = """\
_registry() {
    local IFS=$'\\n'
    COMPREPLY=($(registry completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    [[ ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _registry registry
"""

_ZSH = """\
#compdef registry
_registry() {
    local -a found
    found=("${(@f)$(registry completion words -- "${(@)words[2,$CURRENT]}" 2>/dev/null)}")
    if [[ $found[1] == */ ]]; then compadd -S '' -- $found; else compadd -- $found; fi
}
if [[ $funcstack[1] == _registry ]]; then _registry "$@"; else compdef _registry registry; fi
"""

_FISH = """\
function __registry_words
    registry completion words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
end
complete -c registry -f -a '(__registry_words)'
"""

_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName registry -ScriptBlock {
    param($word, $ast, $position)
    $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
    if (-not $word) { $words += '""' }
    registry completion words '--' @words 2>$null | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}
"""The script of each shell."""

_ADDRESS_OPTIONS = frozenset({"--target", "--exclude", "--adopt", "--overwrite", "--accept", "--revert"})
_MOST = 1_000
"""So many words are offered; nobody reads more."""


def candidates(words: Sequence[str]) -> list[str]:
    """The words that may stand where the last of ``words`` does; none where anything goes wrong."""
    current = words[-1] if words[-1] != '""' else ""
    try:
        found = sorted({word for word in _offered([*words[:-1], current]) if word.startswith(current)})
    except Exception:  # a completion that fails says nothing, and never a traceback into the prompt
        return []
    return [word for word in found if word.isprintable()][:_MOST]


def _offered(words: Sequence[str]) -> Iterator[str]:
    *before, current = words
    name, used = _command(before)
    if not name:
        yield from (_rest(command, before) for command in BY_NAME)
        yield "help"
        return
    parameters = _parameters(name)
    valued = _option_before(parameters, before[used:])
    if valued is not None:
        yield from _values(valued, before[-1], current)
    elif current.startswith("-"):
        yield from (
            flag
            for parameter in parameters
            for flag in (*parameter.opts, *parameter.secondary_opts)
            if flag[:1] == "-"
        )
    else:
        yield from _arguments(name, _place(parameters, before[used:]), current)
        if len(before) == used:
            yield from (_rest(command, before) for command in BY_NAME)


def _rest(name: str, before: Sequence[str]) -> str:
    """The next word of a command; "" where it begins otherwise."""
    parts = name.split()
    return parts[len(before)] if parts[: len(before)] == list(before) and len(parts) > len(before) else ""


def _command(before: Sequence[str]) -> tuple[str, int]:
    """The command that was typed, and how many words it takes."""
    for size in (2, 1):
        if " ".join(before[:size]) in BY_NAME and len(before) >= size:
            return " ".join(before[:size]), size
    return "", 0


def _parameters(name: str) -> list[Any]:
    top = build()
    with top.make_context("registry", [], resilient_parsing=True) as context:
        return list(top.get_command(context, name).params)


def _option_before(parameters: Iterable[Any], typed: Sequence[str]) -> Any:
    """The option whose value is being typed; ``None`` for none."""
    last = typed[-1] if typed else ""
    return next(
        (
            parameter
            for parameter in parameters
            if last in parameter.opts and last[:1] == "-" and not getattr(parameter, "is_flag", False)
        ),
        None,
    )


def _values(option: Any, typed: str, current: str) -> Iterator[str]:
    choices = getattr(option.type, "choices", None)
    if choices:
        yield from map(str, choices)
    elif typed in _ADDRESS_OPTIONS:
        yield from _addresses(current)
    elif typed == "--type":
        yield from _catalog()[1].kinds


def _place(parameters: Iterable[Any], typed: Sequence[str]) -> frozenset[str]:
    """What the help says may stand at the next argument: ``KIND``, ``ADDRESS``, ``GLOB``, ``CODE``, …"""
    valued = {
        flag
        for parameter in parameters
        if not getattr(parameter, "is_flag", False)
        for flag in parameter.opts
    }
    plain = [
        word
        for last, word in pairwise(("", *typed))
        if word[:1] != "-" and not (last[:1] == "-" and last in valued)
    ]
    places = [parameter for parameter in parameters if parameter.param_type_name == "argument"]
    left = places[len(plain) :] or [place for place in places[-1:] if place.nargs == -1]
    return frozenset(re.findall("[A-Z]+", left[0].metavar or "")) if left else frozenset()


def _arguments(name: str, meant: frozenset[str], current: str) -> Iterator[str]:
    if name == "completion":
        yield from SCRIPTS
    if "CODE" in meant and not name.startswith("rule "):
        from registry_reconciler.rules import all_rules

        yield from (rule.code for rule in all_rules())
    if "KIND" in meant and name != "schema new" and "/" not in current:
        yield from _catalog()[1].kinds
    if meant & {"ADDRESS", "GLOB", "PATTERN"}:
        yield from _addresses(current)


def _catalog() -> tuple[Workspace, Catalog]:
    from registry_reconciler.files.tree import DiskTree
    from registry_reconciler.loading.catalog import load_catalog
    from registry_reconciler.workspace import Workspace

    workspace = Workspace.open(os.getcwd())
    return workspace, load_catalog(DiskTree(workspace.root))


def _addresses(current: str) -> Iterator[str]:
    """Kinds first; behind the slash the entries of one kind, and only these are read."""
    workspace, catalog = _catalog()
    name, slash, _ = current.partition("/")
    if not slash:
        yield from (f"{kind}/" for kind in catalog.kinds)
        return
    kind = catalog.kinds.get(name)
    if kind is None:
        return
    from registry_reconciler.files.tree import DiskTree
    from registry_reconciler.loading.fragments import load_fragments
    from registry_reconciler.loading.registries import load_live

    tree = DiskTree(workspace.root)
    yield from load_live(tree, {name: kind}).entries
    if kind.truth != "live":
        yield from (
            entry.address for entry in load_fragments(tree, catalog.kinds).entries if entry.kind == name
        )
