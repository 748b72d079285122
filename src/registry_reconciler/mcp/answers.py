"""What the tools answer: a JSON Schema of each, and how long an answer may be.

A list that is cut is told in ``pages``, a part that is too large in ``too_large``; so only ``exit`` is always there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from registry_reconciler.model.entry import Json

MOST_TOKENS = 1_900
"""So many tokens may the text of an answer be, as :func:`tokens` counts them."""

_PIECE = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]")
_LETTERS, _DIGITS = 5, 3


def tokens(text: str) -> int:
    """At least about as many as a model's tokenizer makes of a text in ASCII.

    A word of five letters is one, three digits are, and so is every other character, but for a blank before a word.
    Digests and escapes, of which tokenizers make many, are short runs of letters and digits here too.
    """
    count = 0
    for piece in _PIECE.findall(text):
        if piece[0].isalpha():
            count += -(-len(piece) // _LETTERS)
        elif piece[0].isdigit():
            count += -(-len(piece) // _DIGITS)
        elif piece != " ":
            count += 1
    return count


_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean"}
_COUNT: Json = {"type": "integer"}
_OBJECT: Json = {"type": "object"}


def _list(properties: Mapping[str, Json], about: str) -> Json:
    """A list of mappings; what is behind its last item on this page is told by a text."""
    return {
        "type": "array",
        "description": about,
        "items": {"type": ["object", "string"], "properties": dict(properties)},
    }


_ALWAYS: Mapping[str, Json] = {
    "command": _TEXT,
    "exit": {
        "type": "integer",
        "description": "0 done, 1 failed, 2 changes or drift, 3 blocked, 64 wrong call.",
    },
    "errors": _list({"code": _TEXT, "message": _TEXT}, "Why the call failed."),
    "next": {"type": "array", "description": "Commands that lead on."},
    "pages": {
        "type": "object",
        "description": "Lists of which only a page is here.",
        "additionalProperties": {
            "type": "object",
            "properties": {"offset": _COUNT, "items": _COUNT, "of": _COUNT},
            "required": ["offset", "items", "of"],
        },
    },
    "too_large": {"type": "array", "items": _TEXT, "description": "Parts that are too large to be here."},
    "hint": _TEXT,
    "notes": {"type": "array", "items": _TEXT},
}

_FIELDS: Json = {
    "type": "array",
    "items": {"type": ["object", "string"], "properties": {"field": {"type": ["string", "array"]}}},
}
_CHANGES = _list(
    {"action": _TEXT, "address": _TEXT, "from": {"type": ["string", "null"]}, "fields": _FIELDS},
    "What apply would do to each entry.",
)
_PROBLEMS = _list(
    {
        "code": _TEXT,
        "severity": {"enum": ["error", "warning", "record"]},
        "blocking": _FLAG,
        "status": _TEXT,
        "address": {"type": ["string", "null"]},
        "at": _TEXT,
        "message": _TEXT,
        "fix": {"type": ["string", "object", "null"]},
        "fix_is_safe": _FLAG,
    },
    "What is wrong, the worst first.",
)
_PLAN: Mapping[str, Json] = {
    "plan_id": {"type": "string", "description": "What apply takes."},
    "root": _TEXT,
    "summary": {"type": "object", "additionalProperties": {"type": ["integer", "boolean"]}},
    "changes": _CHANGES,
    "problems": _PROBLEMS,
    "drift": _list({"address": _TEXT}, "Entries that were edited by hand."),
    "outputs": _list({"id": _TEXT, "action": _TEXT}, "Files that are derived from the entries."),
}
_EDIT: Mapping[str, Json] = {
    **_PLAN,
    "diff": {"type": "string", "description": "What was edited."},
    "applied": _FLAG,
    "written": {"type": "array", "items": _TEXT},
    "address": _TEXT,
    "kind": _TEXT,
    "fragment": _TEXT,
}
_ENTRIES = _list({"address": _TEXT, "managed": _FLAG, "status": _TEXT}, "The entries, by address.")

_ANSWERS: Mapping[str, Mapping[str, Json]] = {
    "plan": _PLAN,
    "check": _PLAN,
    "explain": {"subjects": _list({"code": _TEXT, "address": _TEXT}, "What was asked about.")},
    "show": {"entry": {"type": "object", "properties": {"address": _TEXT}}},
    "list": {"entries": _ENTRIES, "kinds": _list({"kind": _TEXT}, "The kinds.")},
    "search": {"entries": _ENTRIES},
    "references": {
        "address": _TEXT,
        "edges": _list(
            {"from": _TEXT, "to": _TEXT, "dangling": _FLAG}, "Who refers to whom, by which field."
        ),
    },
    "drift": {"drift": _PLAN["drift"], "outputs": _PLAN["outputs"]},
    "log": {
        "applies": _list({"plan": _TEXT, "time": _TEXT}, "The applies, the last first."),
        "count": _COUNT,
    },
    "set": _EDIT,
    "add": _EDIT,
    "rename": _EDIT,
    "remove": _EDIT,
    "allow": _EDIT,
    "override": _EDIT,
    "fix": {
        "fixed": _list({"code": _TEXT}, "Problems that were mended."),
        "manual": _list({"code": _TEXT}, "Problems without a fix that can be made."),
        "patches": _list({"diff": _TEXT}, "Fixes that guess, to be looked at."),
        "written": {"type": "array", "items": _TEXT},
    },
    "apply": {**_PLAN, "written": {"type": "array", "items": _TEXT}},
    "run": {"result": _OBJECT, "dry_run": _FLAG},
}


def answer_schema(tool: str) -> dict[str, Json]:
    """The JSON Schema of what a tool answers; that of an ability is that of ``run``."""
    mine = _ANSWERS.get(tool, _ANSWERS["run"])
    return {"type": "object", "properties": {**_ALWAYS, **mine}, "required": ["exit"]}
