"""What a hook's answer means. A guard goes on only by an answer that is clear; everything else denies.

A clear "go on" is, from a script: exit 0, and on standard output nothing, or one JSON object in UTF-8; from a
function: a dict. The object has no other keys than ``block`` and ``message``; ``block`` is absent or false,
``message`` is absent or a text. A number, a list, a word, a debug line beside the JSON, a key of another
name: each may be a "no" that somebody wrote down wrongly.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.execution.handlers import Finished, HandlerError, ending
from registry_reconciler.runtime.execution.plainjson import Unsound, json_fault, read_json

_LONGEST_SHOWN = 200
_KEYS = frozenset({"block", "message"})
_SCRIPT = (
    'To go on, it exits with 0 and prints nothing or {"block": false}; '
    'to deny, {"block": true, "message": "why"}'
)
_FUNCTION = 'To go on, it returns {"block": False}; to deny, {"block": True, "message": "why"}'


@dataclass(frozen=True, slots=True)
class Answer:
    """What a hook said.

    Attributes:
        message: for the caller.
        unclear: why a guard cannot be taken at its word, and what it should have said; "" when it can.
        failed: it did not do what it is for, whether or not anybody asks for its word.
    """

    block: bool = False
    message: str = ""
    unclear: str = ""
    failed: bool = False


class _Unclear(Exception):
    """The text says why."""


def of_script(done: Finished, name: str) -> Answer:
    """What a script said.

    Raises:
        HandlerError: it ended with another code than 0; the text has the reason that it gave.
    """
    if done.code != 0:
        raise HandlerError(f"{name} ended with {ending(done.code)}: {_reason(done)}".rstrip(": "))
    try:
        text = done.out.decode()
    except UnicodeDecodeError as error:
        return Answer(unclear=f"its answer is not UTF-8 (byte {error.start + 1}). {_SCRIPT}", failed=True)
    if not text.strip():
        return Answer()
    try:
        return _read(read_json(text))
    except (_Unclear, ValueError) as error:
        why = str(error) if isinstance(error, (_Unclear, Unsound)) else "it is not one JSON object"
        return Answer(
            message=_message_in(text), unclear=f"its answer is not clear: {why}: {shown(text)}. {_SCRIPT}"
        )


def of_function(value: object) -> Answer:
    """What a Python function said by what it returned."""
    if inspect.iscoroutine(value) or inspect.isgenerator(value) or inspect.isasyncgen(value):
        if not inspect.isasyncgen(value):
            value.close()
        what = "an async generator" if inspect.isasyncgen(value) else f"a {type(value).__name__}"
        return Answer(
            unclear=f"it returned {what}, so none of it ran: write a plain function. {_FUNCTION}",
            failed=True,
        )
    try:
        return _read(value)
    except _Unclear as error:
        text = "" if value is None else str(_safe(value))
        message = _message_of(value) if isinstance(value, Mapping) else text
        return Answer(
            message=message,
            unclear=f"its answer is not clear: {error}: {shown(repr(_safe(value)))}. {_FUNCTION}",
        )


def shown(text: str) -> str:
    """A foreign text inside a message: on one line, unseen characters visible, not long."""
    text = text.strip()
    return visible(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")


def _read(value: object) -> Answer:
    if type(value) is not dict:
        raise _Unclear("it is no object with the key 'block'")
    odd = [key for key in value if not isinstance(key, str) or key not in _KEYS]
    if odd:
        raise _Unclear(f"it has the unknown key {shown(repr(_safe(odd[0])))}")
    block, message = value.get("block", False), value.get("message", "")
    if block is not True and block is not False:
        raise _Unclear("'block' is neither true nor false")
    if type(message) is not str or json_fault(message):
        raise _Unclear("'message' is no text")
    return Answer(block, message)


def _safe(value: object) -> Any:
    # repr and str of a foreign object are foreign code, and may raise or say anything at any length.
    plain = (str, int, float, bool, dict, list, tuple, set, frozenset)
    if value is None or (type(value) in plain and not json_fault(value)):
        return value
    return f"<{type(value).__name__}>"


def _message_in(text: str) -> str:
    try:
        value = read_json(text)
    except ValueError:
        return text
    return _message_of(value) if isinstance(value, Mapping) else text


def _message_of(value: Mapping[Any, Any]) -> str:
    message = value.get("message")
    return message if isinstance(message, str) and not json_fault(message) else ""


def _reason(done: Finished) -> str:
    """Why a script that failed did: the message of its answer, else its last words on either stream."""
    out = done.out.decode("utf-8", "replace")
    try:
        message = _read(read_json(out)).message
    except (_Unclear, ValueError):
        message = ""
    lines = out.strip().splitlines()
    return message or done.last_words() or shown(lines[-1] if lines else "")
