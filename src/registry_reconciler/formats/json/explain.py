"""A JSON text read token by token: what it says, or everything that is wrong with it, each with its place.

Slow and exact. It is asked where the fast way found something odd, and it is the last word: what is right here is
read, whatever the fast way thought.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from json import loads
from typing import NoReturn

from registry_reconciler.base.escape import visible
from registry_reconciler.formats.faults import ReadingLimits, TextFault
from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import decimal

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]++)"
    r"|(?P<mark>[\[\]{},:])"
    r'|(?P<string>"(?:[^"\\\n]|\\[^\n])*+"?)'
    r"|(?P<number>-?[0-9][-+.0-9A-Za-z_]*+)"
    r"|(?P<word>-?[^\W\d]\w*+)"
    r"|(?P<comment>//[^\r\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][-+]?[0-9]+)?\Z")
_CLOSED = re.compile(r'"(?:[^"\\\n]|\\[^\n])*+"\Z')
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}|.)', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f]")
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None}
_NOT_NUMBERS = ("NaN", "Infinity", "-Infinity")
_VALUES = "a value, '{' or '['"


class _Broken(Exception):
    """Reading cannot go on."""


def explain(text: str, *, comments: bool, limits: ReadingLimits) -> tuple[tuple[Json, ...], list[TextFault]]:
    """The documents of a text (one, or none where it says nothing) and what is wrong with it."""
    reading = _Explaining(text, comments=comments, limits=limits)
    try:
        return reading.documents(), reading.faults
    except _Broken:
        return (), reading.faults


class _Open:
    """A collection whose end has not been read."""

    __slots__ = ("closing", "key", "lines", "start", "value")

    def __init__(self, value: Json, closing: str, start: int) -> None:
        self.value = value
        self.closing = closing
        self.start = start
        self.key: str | None = None
        self.lines: dict[str, int] = {}


class _Explaining:
    def __init__(self, text: str, *, comments: bool, limits: ReadingLimits) -> None:
        self.text = text
        self.limits = limits
        self.comments = comments
        self.faults: list[TextFault] = []
        self._starts: list[int] | None = None
        self._tokens = _TOKEN.finditer(text)
        self._count = 0
        self._commented = False

    def documents(self) -> tuple[Json, ...]:
        """What the text says."""
        token = self._next()
        if token is None:
            return ()
        value = self._value(token)
        token = self._next()
        if token is not None:
            self._broken(token.start(), f"{self._seen(token)} stands behind the end of the value")
        return (value,)

    def _value(self, token: re.Match[str]) -> Json:
        """The value that begins with a token; a loop and not recursion, so that depth is bounded by counting."""
        stack: list[_Open] = []
        top: list[Json] = []
        while True:
            done = self._begin(stack, top, token)
            while done and stack:
                done = self._continue(stack[-1])
                if done:
                    closed = stack.pop()
                    self._put(stack, top, closed.value, closed.start)
            if not stack:
                return top[0]
            token = self._expect_value(stack[-1])

    def _begin(self, stack: list[_Open], top: list[Json], token: re.Match[str]) -> bool:
        """Take up the token that begins a value; whether the value is complete with it."""
        mark = token[0]
        if mark not in ("{", "["):
            self._put(stack, top, self._scalar(token), token.start())
            return True
        if len(stack) >= self.limits.max_depth:
            message = f"nested deeper than {self.limits.max_depth} levels"
            self._fault("YML008", message, token.start(), "write it with fewer levels")
            raise _Broken
        opened = _Open({} if mark == "{" else [], "}" if mark == "{" else "]", token.start())
        stack.append(opened)
        after = self._next()
        if after is not None and after[0] == opened.closing:
            stack.pop()
            self._put(stack, top, opened.value, opened.start)
            return True
        self._pushed = after
        if mark == "{":
            self._key(opened, self._take())
        return False

    _pushed: re.Match[str] | None = None

    def _take(self) -> re.Match[str] | None:
        """The token that was looked at already."""
        token, self._pushed = self._pushed, None
        return token

    def _expect_value(self, opened: _Open) -> re.Match[str]:
        token = self._take() if self._pushed is not None else self._next()
        if token is None:
            self._unclosed(opened)
        return token

    def _put(self, stack: list[_Open], top: list[Json], value: Json, start: int) -> None:
        self._count += 1
        if self._count > self.limits.max_nodes:
            self._fault("YML008", f"more than {self.limits.max_nodes:,} values", start, fix="split the file")
            raise _Broken
        if not stack:
            top.append(value)
        elif stack[-1].key is None:
            stack[-1].value.append(value)
        else:
            stack[-1].value[stack[-1].key] = value

    def _continue(self, opened: _Open) -> bool:
        """Look behind a value: whether the collection that it stands in ends there."""
        token = self._next()
        if token is None:
            self._unclosed(opened)
        if token[0] == opened.closing:
            return True
        if token[0] != ",":
            self._broken(token.start(), f"',' or '{opened.closing}' must stand here, not {self._seen(token)}")
        after = self._next()
        if after is None:
            self._unclosed(opened)
        if after[0] == opened.closing:
            self._last_comma(token.start(), opened.closing)
            return True
        if opened.closing == "}":
            self._key(opened, after)
        else:
            self._pushed = after
        return False

    def _last_comma(self, position: int, closing: str) -> None:
        if self.comments:
            return
        self._fault(
            "JSN002",
            f"a comma stands before the closing '{closing}'; JSON has none there",
            position,
            fix="remove the comma, or say format: jsonc in the schema file of the kind",
        )

    def _key(self, opened: _Open, token: re.Match[str] | None) -> None:
        if token is None:
            self._unclosed(opened)
        if token.lastgroup != "string":
            self._broken(token.start(), f"a key in double quotes must stand here, not {self._seen(token)}")
        key = self._string(token)
        if key in opened.lines:
            first = self._place(opened.lines[key])[0]
            message = f"the key {visible(key[:60])!r} stands in this object twice"
            self._fault("YML003", message, token.start(), fix="remove or rename one", related=first)
        opened.lines.setdefault(key, token.start())
        opened.key = key
        colon = self._next()
        if colon is None:
            self._unclosed(opened)
        if colon[0] != ":":
            self._broken(colon.start(), f"':' must stand here, not {self._seen(colon)}")

    def _scalar(self, token: re.Match[str]) -> Json:
        kind, text = token.lastgroup, token[0]
        if kind == "string":
            return self._string(token)
        if kind == "number":
            return self._number(token)
        if kind == "word" and text in _WORDS:
            return _WORDS[text]
        if text in _NOT_NUMBERS:
            self._fault("YML007", f"{text} is no JSON value", token.start(), fix="write a number, or null")
            return None
        self._broken(token.start(), f"{_VALUES} must stand here, not {self._seen(token)}")

    def _number(self, token: re.Match[str]) -> Json:
        text = token[0]
        match = _NUMBER.match(text)
        if match is None:
            self._broken(token.start(), f"{_short(text)} is no number as JSON writes them")
        if match["fraction"] is None and match["exponent"] is None:
            if len(text.lstrip("-")) > self.limits.max_int_digits:
                message = f"a whole number of more than {self.limits.max_int_digits} digits"
                self._fault("YML007", message, token.start(), fix="write it as text, in quotes")
                return None
            return int(text)
        value = decimal(text)
        if value in (float("inf"), float("-inf")):
            self._fault(
                "YML007", f"{_short(text)} is too large", token.start(), fix="write it as text, in quotes"
            )
        return value

    def _string(self, token: re.Match[str]) -> str:
        text, start = token[0], token.start()
        if _CLOSED.match(text) is None:
            self._broken(start, "the text in quotes does not end on its line")
        control = _CONTROL.search(text)
        if control is not None:
            shown = f"\\u{ord(control[0]):04x}"
            self._broken(start + control.start(), f"a control character must be written as {shown}")
        for escape in _ESCAPE.finditer(text) if "\\" in text else ():
            if escape[0][1] not in '"\\/bfnrtu' or (escape[0][1] == "u" and len(escape[0]) != 6):
                shown = visible(escape[0])
                self._broken(start + escape.start(), f"{shown} is no escape that JSON knows")
        value: str = loads(text)
        if _SURROGATE.search(value):
            message = "half of a surrogate pair: it is no character"
            self._fault("YML007", message, start, fix="write the character itself, or both halves")
        if len(value) > self.limits.max_scalar:
            message = f"a text of {len(value):,} characters; at most {self.limits.max_scalar:,} are read"
            self._fault("YML008", message, start)
            raise _Broken
        return value

    # ------------------------------------------------------------ tokens and places

    def _next(self) -> re.Match[str] | None:
        for token in self._tokens:
            kind = token.lastgroup
            if kind == "space":
                continue
            if kind == "comment":
                self._comment(token)
                continue
            return token
        return None

    def _comment(self, token: re.Match[str]) -> None:
        if token[0].startswith("/*") and (len(token[0]) < 4 or not token[0].endswith("*/")):
            self._broken(token.start(), "the comment that begins here does not end")
        if not self.comments and not self._commented:
            self._commented = True
            self._fault(
                "JSN002",
                "a comment stands here; JSON has none",
                token.start(),
                fix="say format: jsonc in the schema file of the kind, or remove the comments",
            )

    def _seen(self, token: re.Match[str]) -> str:
        text = token[0]
        if text[0] == "'":
            return "a single quote (JSON has double quotes only)"
        if text[0] == "#":
            return "'#' (comments begin with // and are for format: jsonc)"
        return _short(text)

    def _unclosed(self, opened: _Open) -> NoReturn:
        line = self._place(opened.start)[0]
        begun = self.text[opened.start]
        self._broken(len(self.text), f"the file ends where the '{begun}' of line {line} is still open")

    def _broken(self, position: int, message: str) -> NoReturn:
        self._fault("JSN001", message, position, fix="correct the text there, or just before")
        raise _Broken

    def _fault(self, code: str, message: str, position: int, fix: str = "", related: int = 0) -> None:
        line, column = self._place(position)
        self.faults.append(TextFault(code, message, line, column, fix=fix, related_line=related))
        if len(self.faults) >= self.limits.max_faults:
            raise _Broken

    def _place(self, position: int) -> tuple[int, int]:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        line = bisect_right(self._starts, position) - 1
        return line + 1, position - self._starts[line] + 1


def _short(text: str) -> str:
    shown = visible(text[:40])
    if shown.isspace():
        return f"the blank {', '.join(f'U+{ord(char):04X}' for char in shown)}"
    return f"{shown}…" if len(text) > 40 else shown
