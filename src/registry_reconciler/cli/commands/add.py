"""``registry add``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import Call, answer, warn
from registry_reconciler.cli.options import DisplayOptions, Shared
from registry_reconciler.cli.plans import plan_as_text
from registry_reconciler.cli.typed_values import says_value
from registry_reconciler.cli.verbs import Going, ask, foreseen
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.model.entry import Json, Location

if TYPE_CHECKING:
    from registry_reconciler.entries.common import Added
    from registry_reconciler.model.plan import Plan
    from registry_reconciler.model.problem import Problem

EXAMPLE = """\
  registry add route --entry-json '{"id": "api.errors", "scope": "api", ...}' --apply

  Added route/api.errors to desired/route.yaml and applied it.
    wrote .system/registry/history/20261120T091244031542Z-0a1b2c3d4e5f.json
    wrote .system/registry/state/route-7be1c20f94da.state
    wrote desired/route.yaml
    wrote modules/routes/api.yaml
"""

_STDIN = "-"


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KIND] [-]", help="The kind; - reads the entry from standard input."),
    ] = None,
    type_: Annotated[
        str,
        typer.Option(
            "--type",
            metavar="KIND",
            help="The kind. With modules, routes, abilities or hooks it is chosen by the fields of the entry.",
        ),
    ] = "",
    entry_file: Annotated[
        str,
        typer.Option("--entry-file", metavar="FILE", help="A YAML or JSON file with the entry; - for stdin."),
    ] = "",
    entry_json: Annotated[str, typer.Option("--entry-json", metavar="JSON", help="The entry.")] = "",
    fragment: Annotated[
        str,
        typer.Option(
            "--fragment", metavar="FILE", help="Where a new entry goes; desired/KIND.yaml by default."
        ),
    ] = "",
    *,
    going: Going,
    shared: Shared,
    look: DisplayOptions,
) -> int:
    """Write an entry into the fragment that owns it, else into desired/KIND.yaml, and plan.

    The checks run first: where the entry brings a problem that blocks, nothing is written.
    """
    from registry_reconciler.entries.common import add_entry

    going.require()
    call = shared.call("add", look)
    word, stdin = _kind_word(words or (), type_)
    entry = read_entry(_source(entry_file, stdin), entry_json, word)
    add = partial(
        add_entry,
        word,
        entry,
        root=call.workspace().root,
        fragment=fragment,
        check=not going.no_check,
        apply=going.apply,
        lock_timeout=call.lock_timeout,
    )
    try:
        if going.dry_run:
            return foreseen(call, add(dry_run=True).amendment, ("add", *_again(word, entry, fragment)))
        added = add(expect=_approved(call, add) if going.asks(call) else None)
    except Blocked as blocked:
        if blocked.plan is None:
            raise
        return _blocked(call, blocked, blocked.plan)
    return _done(call, added, applied=going.apply)


def _approved(call: Call, add: Callable[..., Added]) -> str | None:
    """The id of the plan that a person saw and said yes to; ``None`` where there is nothing to ask."""
    amendment = add(dry_run=True).amendment
    plan = amendment.plan
    assert plan is not None
    if not plan.applicable or (plan.empty and not amendment.edits):
        return None
    ask(call, amendment, plan)
    return plan.plan_id


def _again(word: str, entry: dict[str, Json], fragment: str) -> list[str]:
    """The words that add the same entry, for who saw what it would do."""
    text = json.dumps(entry, ensure_ascii=False)
    return [*([word] if word else []), "--entry-json", text, *(["--fragment", fragment] if fragment else [])]


def _kind_word(words: Sequence[str], type_: str) -> tuple[str, bool]:
    """The kind that was named in one of two ways, and whether ``-`` was."""
    named = {word for word in words if word != _STDIN} | ({type_} if type_ else set())
    # What else stands there is not repeated: whoever writes fields as words writes secrets too.
    kinds = [word for word in named if not says_value(word)]
    if len(kinds) < len(named):
        example = _example(kinds[0] if len(kinds) == 1 else "")
        raise UsageFailure(f"fields are no words of their own: {_GIVE_ENTRY}", next=example)
    if len(kinds) > 1:
        which = "the word and --type name two" if type_ else "no other word than - stands beside it"
        raise UsageFailure(f"name one kind ({which}), and {_GIVE_ENTRY}", next=_example(type_))
    return next(iter(kinds), ""), _STDIN in words


_GIVE_ENTRY = "give the entry with --entry-json JSON, with --entry-file FILE, or with - on standard input."


def _example(kind: str) -> tuple[tuple[str, ...], ...]:
    """Commands that show how an entry is given."""
    return (*((("registry", "schema", kind, "--example"),) if kind else ()), ("registry", "add", "--help"))


def _source(entry_file: str, stdin: bool) -> str:
    if entry_file and stdin and entry_file != _STDIN:
        raise UsageFailure("the entry comes from --entry-file or from standard input, not from both.")
    return _STDIN if stdin else entry_file


def read_entry(source: str, text: str, kind: str = "") -> dict[str, Json]:
    """The entry of a file (``-``: standard input) or of JSON text.

    Args:
        kind: what it should be of, to say where an example is.

    Raises:
        UsageFailure: there is none, or it is no mapping.
        Blocked: it cannot be read; the text says where.
    """
    example = (("registry", "schema", kind, "--example"),) if kind else ()
    if bool(source) == bool(text):
        raise UsageFailure(
            _GIVE_ENTRY,
            next=_example(kind),
        )
    if text:
        entry = _parse("--entry-json", text.encode("utf-8", "surrogateescape"))
    elif source == _STDIN:
        entry = _parse("standard input", sys.stdin.buffer.read())
    else:
        from registry_reconciler.cli.named import read_named

        entry = _parse(source, read_named(source, instead="'-' reads standard input", make=example))
    if not isinstance(entry, dict):
        raise UsageFailure("an entry is a mapping from fields to values; one entry at a time.", next=example)
    return entry


def _parse(name: str, data: bytes) -> Json:
    """YAML, of which JSON is a part but for tabs as indentation, and for characters written as two escapes."""
    from registry_reconciler.formats.codes import without_text
    from registry_reconciler.formats.yaml.read.document import read_yaml

    if data.lstrip()[:1] == b"{":
        data = _PAIR.sub(_join, data.replace(b"\t", b" "))
    read = read_yaml(data)
    if not read.readable:
        fault = read.faults[0]
        # The kind, which knows what is secret, is not looked at yet.
        raise Blocked(f"{Location(name, fault.line, fault.column).show()}: {without_text(fault)}")
    if len(read.documents) != 1:
        raise UsageFailure(f"{name} must hold one entry.")
    return read.documents[0]


_PAIR = re.compile(rb"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
"""A character beyond the first 65,536 as JSON escapes it; an even number of backslashes before it stays one."""


def _join(match: re.Match[bytes]) -> bytes:
    high, low = int(match[2], 16), int(match[3], 16)
    return match[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)).encode()


def _done(call: Call, added: Added, *, applied: bool) -> int:
    from registry_reconciler.model.plan_json import next_commands

    plan = added.amendment.plan
    assert plan is not None
    problems = added.problems
    where = visible(added.fragment)
    name = visible(added.address)
    if not added.amendment.written:
        lines = [f"Nothing to do: {where} says so already."]
    elif applied:
        lines = [f"Added {name} to {where} and applied it."]
    else:
        lines = [f"Added {name} to {where}."]
    lines += [f"  wrote {visible(path)}" for path in added.amendment.written]
    if applied:
        lines += _problem_lines(problems)
    text = "\n".join(lines) + "\n"
    if not applied:
        text += plan_as_text(call, plan)
    body = _body(
        added.address, added.kind, added.fragment, applied and bool(added.amendment.written), problems
    )
    body["written"] = list(added.amendment.written)
    warn(added.amendment.warnings)
    return answer(call, text, body, next=() if applied else next_commands(plan, plan.plan_id))


def _body(
    address: str, kind: str, fragment: str, applied: bool, problems: Sequence[Problem]
) -> dict[str, Json]:
    from registry_reconciler.model.plan_json import problem_to_json

    return {
        "address": address,
        "kind": kind,
        "fragment": fragment,
        "applied": applied,
        "written": [],
        "problems": [problem_to_json(problem) for problem in problems],
    }


def _blocked(call: Call, blocked: Blocked, plan: Plan) -> int:
    from msgspec.structs import replace

    from registry_reconciler.model.plan_json import error_to_json, next_commands, problem_to_json
    from registry_reconciler.report.model import set_aside

    body: dict[str, Json] = {
        "applied": False,
        "written": [],
        "problems": [problem_to_json(problem) for problem in plan.problems],
    }
    shown = plan if call.full else replace(plan, problems=tuple(set_aside(plan.problems)[0]))
    text = plan_as_text(call, shown, "check") + "Nothing was written.\n"
    explains = [next_command for next_command in next_commands(plan, None) if next_command[1] == "explain"]
    return answer(call, text, body, exit=3, next=explains, errors=[error_to_json(blocked)])


def _problem_lines(problems: Sequence[Problem]) -> list[str]:
    lines = []
    for problem in problems:
        place = f"{problem.where()} " if problem.location else ""
        lines.append(f"  {visible(place)}{problem.severity.value} {problem.code} {visible(problem.message)}")
    return lines
