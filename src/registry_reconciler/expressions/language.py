"""CEL as rules have it: the names that an expression may use, and how it is compiled.

Everything of the library is asked here. It checks types and positions, and bounds each evaluation by itself:
10,000 iterations, 32 levels, regular expressions that never backtrack (see docs/decisions/0009-own-rules.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from registry_reconciler.expressions.syntax import SyntaxNode

VARIABLES = {
    "self": "the entry",
    "before": "the entry as it stands before the plan; null for a new one",
    "change": "create, update, move or delete",
    "left": "one entry of a pair",
    "right": "the other one",
    "key": "the key of the entry",
    "kind": "its kind",
    "address": "kind/key",
    "file": "the registry file that it stands in",
    "fragment": "the fragment that declares it; empty where none does",
}
"""The variables of an expression, and what they are."""

FUNCTIONS: dict[str, tuple[tuple[int, ...], str]] = {
    "ref": ((2,), "ref(kind, key): the entry; an error where there is none, so ask has_ref first"),
    "has_ref": ((2,), "has_ref(kind, key): whether there is such an entry"),
    "entries": (
        (1, 3),
        "entries(kind): all entries; entries(kind, field, value): those with a value, by an index",
    ),
    "referrers": ((1,), "referrers(kind): the entries of a kind that refer to this one"),
    "path_exists": ((1,), "path_exists(path): whether a file or folder is there, from the root"),
    "glob": ((1,), "glob(pattern): the files that match, from the root"),
}
"""The functions of ours, how many arguments they take, and what they give."""

LOOKS_AT_FILES = frozenset({"path_exists", "glob"})


class LanguageMissing(Exception):
    """The library is not installed."""


class ExpressionError(Exception):
    """An expression cannot be compiled; ``offset`` is where, in characters, or -1."""

    def __init__(self, message: str, offset: int = -1) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Undecided(Exception):
    """An expression gives an error where a value is asked."""


class Language(Struct, frozen=True):
    """An environment of the library with our names in it."""

    cel: Any
    env: Any

    def compile(self, text: str) -> Any:
        """A compiled expression. Raises :class:`ExpressionError`."""
        try:
            return self.env.compile(text)
        except RuntimeError as fault:
            raise _wrong(str(fault)) from fault

    def tree(self, compiled: Any) -> SyntaxNode:
        """The tree of a compiled expression."""
        from registry_reconciler.expressions.syntax import tree_of

        return tree_of(compiled.serialize())

    def activation(self, values: Mapping[str, Any]) -> Any:
        """The variables of one evaluation, converted once for several expressions."""
        return self.env.Activation({name: fitting(value) for name, value in values.items()})

    def value(self, compiled: Any, activation: Any) -> Any:
        """What an expression gives. Raises :class:`Undecided`."""
        try:
            found = compiled.eval(activation)
        except RuntimeError as fault:
            raise Undecided(_worded(str(fault))) from fault
        if found.type() == self.cel.Type.ERROR:
            raise Undecided(_worded(str(found.value())))
        return found.plain_value()


def language(functions: Mapping[str, Callable[..., Any]]) -> Language:
    """The environment. Raises :class:`LanguageMissing`.

    Args:
        functions: what each of :data:`FUNCTIONS` does; those that are absent only compile.
    """
    try:
        from cel_expr_python import cel
        from cel_expr_python.ext import ext_math, ext_strings
    except ImportError as fault:
        raise LanguageMissing from fault
    types = cel.Type
    variables = dict.fromkeys(VARIABLES, types.DYN)
    variables.update(dict.fromkeys(("change", "key", "kind", "address", "file", "fragment"), types.STRING))

    def nothing(*_arguments: Any) -> Any:
        return None

    declared = []
    for name, (arities, _) in FUNCTIONS.items():
        given = {"has_ref": types.BOOL, "path_exists": types.BOOL}.get(name, types.DYN)
        if name in ("entries", "referrers", "glob"):
            given = types.List(types.DYN)
        does = functions.get(name, nothing)
        overloads = [
            cel.Overload(
                f"{name}_{'_'.join(shape)}",
                return_type=given,
                parameters=[getattr(types, name) for name in shape],
                impl=does,
            )
            for arity in arities
            for shape in _shapes(name, arity)
        ]
        declared.append(cel.FunctionDecl(name, overloads))
    extensions = [ext_strings.ExtStrings(), ext_math.ExtMath()]
    return Language(cel, cel.NewEnv(variables=variables, functions=declared, extensions=extensions))


def _shapes(name: str, arity: int) -> list[tuple[str, ...]]:
    """The types of the arguments: the library looks for those of the values, and a key may be a number."""
    last = (
        ("STRING", "INT", "BOOL", "DOUBLE", "NULL") if (name, arity) == ("entries", 3) else ("STRING", "INT")
    )
    if arity == 1:
        return [("STRING",)]
    return [(*["STRING"] * (arity - 1), word) for word in last]


_LEAST, _MOST = -(2**63), 2**63 - 1


def fitting(value: Any) -> Any:
    """A JSON value with the numbers that CEL has: whole ones have 64 bits there, larger ones count as decimal ones."""
    if isinstance(value, dict | list) and _fits(value):
        return value
    if isinstance(value, dict):
        return {name: fitting(part) for name, part in value.items()}
    if isinstance(value, list):
        return [fitting(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool) and not _LEAST <= value <= _MOST:
        return float(value) if abs(value) < 10**300 else str(value)
    return value


def _fits(value: dict[str, Any] | list[Any]) -> bool:
    """Whether a value has no number that CEL has not: nearly always, and seen sooner than it is copied."""
    for part in value.values() if isinstance(value, dict) else value:
        kind = type(part)
        if kind is int:
            if not _LEAST <= part <= _MOST:
                return False
        elif (kind is dict or kind is list) and not _fits(part):
            return False
    return True


_AT = re.compile(r"<input>:(-?\d+):(-?\d+): (.*)")


_TOO_DEEP = "it is nested too deeply"


def _wrong(text: str) -> ExpressionError:
    found = _AT.search(text)
    if found is None:
        plain = re.sub(r"\s*\[[A-Z_]+\]\s*$", "", text).strip()
        return ExpressionError(_TOO_DEEP if "recursion limit" in plain else plain)
    message = re.sub(r"\s*\[[A-Z_]+\]\s*$", "", found[3]).strip()
    message = message.replace(" (in container '')", "")
    message = _TOO_DEEP if "recursion limit" in message else message
    unknown = re.fullmatch(r"undeclared reference to '([^']*)'", message)
    if unknown is not None:
        message = _unknown(unknown[1])
    return ExpressionError(message, max(int(found[2]) - 1, -1) if int(found[1]) == 1 else -1)


def _unknown(name: str) -> str:
    from registry_reconciler.base.suggest import did_you_mean

    if name in FUNCTIONS:
        return f"{name}() does not take that: {FUNCTIONS[name][1]}"
    first = name.partition(".")[0]
    return f"there is no {first!r} here.{did_you_mean(first, [*VARIABLES, *FUNCTIONS])}"


def _worded(text: str) -> str:
    """An error of the library without its code names."""
    text = re.sub(r"^[A-Z_]+: ", "", text)
    text = re.sub(r"\s*\[[A-Z_]+\]\s*$", "", text).strip()
    absent = re.fullmatch(r'Key not found in map : "(.*)"', text)
    if absent is not None:
        return f"there is no field {absent[1]!r}; where a field may be absent, ask has() first"
    if text == "Applying SELECT to non-message type":
        return "a field is read from a value that has no fields"
    if text == "Iteration budget exceeded":
        return "it looks at more than 10,000 items for one entry"
    return text[:300]
