"""The tools: what each is called, what it takes, and the command that it is.

What a caller says never becomes an option: it stands behind ``--``, or is the value of an option that is written with
``=``. Values of entries go in as JSON, through standard input where they may be long.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from registry_reconciler.model.entry import Json

Arguments = Mapping[str, Any]


class Grants(Struct, frozen=True):
    """What whoever started the server allows.

    Attributes:
        write: edit fragments and apply plans.
        directives: tools that write ``removed`` with ``keep``, ``allow`` and ``override``, and so weaken what is held.
        abilities: serve the abilities of the workspace as tools.
        capabilities: those that abilities may use.
    """

    write: bool = False
    directives: bool = False
    abilities: bool = False
    capabilities: tuple[str, ...] = ()


class Command(Struct, frozen=True):
    """A command to run: its words, and what it reads."""

    words: tuple[str, ...]
    stdin: str = ""


class Tool(Struct, frozen=True):
    """One tool.

    Attributes:
        properties: JSON Schemas of what it takes, by name; ``required`` are those that it needs.
        command: the command for some arguments, which were held against the schema.
        writes: it changes files, so it is served only where that is granted.
        directive: whether arguments ask for what has to be granted by itself.
        directives_only: all that it does has to be.
        shows: the answer has a plan whose id may be applied.
        shown: what callers are told of properties instead; the command itself holds an argument against that.
    """

    name: str
    description: str
    properties: Mapping[str, Json]
    command: Callable[[Arguments], Command]
    required: tuple[str, ...] = ()
    writes: bool = False
    directive: Callable[[Arguments], bool] = lambda _: False
    directives_only: bool = False
    shows: bool = False
    shown: Mapping[str, Json] = {}

    @property
    def checked_schema(self) -> dict[str, Json]:
        """What it takes, with the pages that every tool has."""
        return self._schema({})

    @property
    def input_schema(self) -> dict[str, Json]:
        """As callers are told."""
        return self._schema(self.shown)

    def _schema(self, shown: Mapping[str, Json]) -> dict[str, Json]:
        return {
            "type": "object",
            "properties": {**self.properties, **shown, **PAGES},
            "required": list(self.required),
            "additionalProperties": False,
        }


PAGES: Mapping[str, Json] = {
    "offset": {
        "type": "integer",
        "minimum": 0,
        "description": "Where the page of each list begins; 0 at first.",
    },
    "limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": 500,
        "description": "Items of each list; 20 by default.",
    },
    "detail": {"type": "boolean", "description": "Everything of each item, not only what says what it is."},
}

_TEXT: Json = {"type": "string", "minLength": 1}
_TEXTS: Json = {"type": "array", "items": _TEXT, "maxItems": 200}
_ADDRESS: Json = {"type": "string", "minLength": 1, "description": "KIND/KEY"}


def _words(*words: str, behind: Sequence[str] = ()) -> Command:
    return Command((*words, "--format=json", *(("--", *behind) if behind else ())))


def _plan(arguments: Arguments) -> Command:
    targets = [f"--target={word}" for word in arguments.get("target", ())]
    return _words("plan", *targets)


def _apply(arguments: Arguments) -> Command:
    targets = [f"--target={word}" for word in arguments.get("target", ())]
    return _words("apply", "--yes", f"--expect={arguments['plan_id']}", *targets)


def _list(arguments: Arguments) -> Command:
    where = [f"--where={word}" for word in arguments.get("where", ())]
    columns = [f"--columns={','.join(arguments['columns'])}"] if arguments.get("columns") else []
    kinds = ["--kinds"] if arguments.get("kinds") else []
    return _words("list", *kinds, *where, *columns, behind=arguments.get("patterns", ()))


def _search(arguments: Arguments) -> Command:
    return _words("list", f"--search={arguments['text']}")


def _set(arguments: Arguments) -> Command:
    fields = [f"{name}={_value_text(value)}" for name, value in arguments["fields"].items()]
    return _words("set", behind=[arguments["address"], *fields])


def _value_text(value: Json) -> str:
    """A value for ``set``: JSON, which says what type it is; nothing removes the field."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _add(arguments: Arguments) -> Command:
    fragment = [f"--fragment={arguments['fragment']}"] if arguments.get("fragment") else []
    made = _words("add", f"--type={arguments['kind']}", "--entry-file=-", *fragment)
    return Command(made.words, json.dumps(arguments["entry"], ensure_ascii=False))


def _remove(arguments: Arguments) -> Command:
    return _words("rm", *(["--keep"] if arguments.get("keep") else []), behind=arguments["addresses"])


def _fix(arguments: Arguments) -> Command:
    options = ["--diff"] if arguments.get("dry_run") else []
    options += ["--unsafe"] if arguments.get("unsafe") else []
    return _words("fix", *options, behind=arguments.get("codes", ()))


def _run(arguments: Arguments) -> Command:
    made = _words("run", "--input=-", "--readonly", behind=[arguments["ability"]])
    return Command(made.words, json.dumps(arguments.get("input", {}), ensure_ascii=False))


TOOLS = (
    Tool(
        "plan",
        "What apply would do to the registries, and every problem. Call it before apply.",
        {"target": {**_TEXTS, "description": "Only these addresses or globs."}},
        _plan,
        shows=True,
    ),
    Tool(
        "check",
        "Only the problems of the workspace, as it would be after apply.",
        {},
        lambda _: _words("check"),
    ),
    Tool(
        "explain",
        "What a problem code means and how to mend it; also a kind or an address.",
        {"what": _TEXT},
        lambda arguments: _words("explain", behind=[arguments["what"]]),
        ("what",),
    ),
    Tool(
        "show",
        "One entry: what is desired, live and applied, and who refers to it.",
        {"address": _ADDRESS},
        lambda arguments: _words("show", behind=[arguments["address"]]),
        ("address",),
    ),
    Tool(
        "list",
        "Entries, by kind, address or glob, with conditions on their fields; or the kinds.",
        {
            "patterns": {
                **_TEXTS,
                "description": "Kinds, addresses or globs; all entries where there are none.",
            },
            "where": {
                **_TEXTS,
                "description": "Conditions that all hold: status=active, tags~eval, owner, !owner.",
            },
            "columns": {**_TEXTS, "description": "Fields to show of each entry."},
            "kinds": {"type": "boolean", "description": "List the kinds instead."},
        },
        _list,
    ),
    Tool(
        "search",
        "Entries that have a text in their address or in one of their fields, in any case.",
        {"text": _TEXT},
        _search,
        ("text",),
    ),
    Tool(
        "references",
        "What an entry refers to and what refers to it, through others too.",
        {"address": _ADDRESS},
        lambda arguments: _words("graph", behind=[arguments["address"]]),
        ("address",),
    ),
    Tool("drift", "Managed entries that were edited by hand.", {}, lambda _: _words("drift")),
    Tool(
        "log",
        "What was applied, when, by whom and by which plan.",
        {"address": _ADDRESS},
        lambda arguments: _words("log", behind=[arguments["address"]] if arguments.get("address") else ()),
    ),
    Tool(
        "set",
        "Set fields of an entry in the fragment that owns it. null removes a field. Then plan and apply.",
        {"address": _ADDRESS, "fields": {"type": "object", "minProperties": 1}},
        _set,
        ("address", "fields"),
        writes=True,
        shows=True,
    ),
    Tool(
        "add",
        "Add an entry to the fragments. Then plan and apply.",
        {"kind": _TEXT, "entry": {"type": "object"}, "fragment": _TEXT},
        _add,
        ("kind", "entry"),
        writes=True,
        shows=True,
    ),
    Tool(
        "rename",
        "Give an entry another key; references to it follow. Then plan and apply.",
        {"address": _ADDRESS, "new": _TEXT},
        lambda arguments: _words("rename", behind=[arguments["address"], arguments["new"]]),
        ("address", "new"),
        writes=True,
        shows=True,
    ),
    Tool(
        "remove",
        "Take entries out of the fragments that own them. Then plan and apply.",
        {
            "addresses": {**_TEXTS, "minItems": 1},
            "keep": {
                "type": "boolean",
                "description": "Only stop managing them; has to be granted by itself.",
            },
        },
        _remove,
        ("addresses",),
        writes=True,
        directive=lambda arguments: bool(arguments.get("keep")),
        shows=True,
    ),
    Tool(
        "allow",
        "Accept a problem of an entry, with a reason: it no longer blocks. Then plan and apply.",
        {"address": _ADDRESS, "code": _TEXT, "reason": _TEXT},
        lambda arguments: _words(
            "allow", f"--reason={arguments['reason']}", behind=[arguments["address"], arguments["code"]]
        ),
        ("address", "code", "reason"),
        writes=True,
        directives_only=True,
        shows=True,
    ),
    Tool(
        "override",
        "Let an entry take a name or an alias that another one has, on purpose. Then plan and apply.",
        {"address": _ADDRESS},
        lambda arguments: _words("override", behind=[arguments["address"]]),
        ("address",),
        writes=True,
        directives_only=True,
        shows=True,
    ),
    Tool(
        "fix",
        "Apply the safe fixes of problems to fragments.",
        {
            "codes": {**_TEXTS, "description": "Only problems with these codes."},
            "unsafe": {"type": "boolean", "description": "Also those that guess what was meant."},
            "dry_run": {"type": "boolean"},
        },
        _fix,
        writes=True,
    ),
    Tool(
        "apply",
        "Carry out a plan that was shown in this session, by its id: all of it or nothing.",
        {"plan_id": _TEXT, "target": {**_TEXTS, "description": "As in the plan that was shown."}},
        _apply,
        ("plan_id",),
        writes=True,
    ),
    Tool(
        "run",
        "Run an ability that declares no capability to change something, and needs none that was not granted.",
        {"ability": _TEXT, "input": {"type": "object"}},
        _run,
        ("ability",),
    ),
)
