"""CEL's conformance tests over the libraries that were looked at: decision 9 has what came out.

``python -m benchmarks.cel_conformance FOLDER``, where FOLDER is ``tests/simple/testdata`` of a clone of google/cel-spec
and whichever of the libraries are installed. Left out: tests about protocol buffers and optional values, since entries
are JSON values, and those that ask for the checker to be off.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILES = [
    "basic",
    "comparisons",
    "conversions",
    "fp_math",
    "integer_math",
    "lists",
    "logic",
    "macros",
    "parse",
    "string",
    "timestamps",
]
EXTENSIONS = ("math_ext", "string_ext", "macros2")
Message = dict[str, list[Any]]
Evaluate = Callable[[str, dict[str, Any]], Any]

_TOKEN = re.compile(
    r"""(\#[^\n]*)|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{}:\[\],<>;]|[^\s{}:\[\],<>;"'#]+""", re.S
)


def parse(text: str) -> Message:
    """A message of the text format of protocol buffers: values by field, each as often as it stands there."""
    words = [found[0] for found in _TOKEN.finditer(text) if found[1] is None]
    message, at = _fields(words, 0)
    assert at == len(words)
    return message


def _fields(words: list[str], at: int) -> tuple[Message, int]:
    found: Message = {}
    while at < len(words) and words[at] not in ("}", ">"):
        name = words[at]
        at += 1
        if name == "[":  # the name of a message in an Any
            while words[at] != "]":
                at += 1
            name, at = "any", at + 1
        if words[at] == ":":
            at += 1
        if words[at] in ("{", "<"):
            value, at = _fields(words, at + 1)
            at += 1
            found.setdefault(name, []).append(value)
        elif words[at] == "[":
            at += 1
            while words[at] != "]":
                if words[at] == ",":
                    at += 1
                    continue
                if words[at] in ("{", "<"):
                    value, at = _fields(words, at + 1)
                else:
                    value = words[at]
                at += 1
                found.setdefault(name, []).append(value)
            at += 1
        else:
            text = ""
            while words[at][:1] in "\"'":
                text, at = text + words[at][1:-1], at + 1
                if at >= len(words):
                    break
            if not text and words[at - 1][:1] not in "\"'":
                text, at = words[at], at + 1
            found.setdefault(name, []).append(text)
        if at < len(words) and words[at] in (",", ";"):
            at += 1
    return found, at


_ESCAPE = re.compile(rb"\\([abfnrtv\\'\"?]|x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})")
_PLAIN = dict(zip(b"abfnrtv\\'\"?", b"\a\b\f\n\r\t\v\\'\"?", strict=True))


def unescaped(text: str) -> bytes:
    """The bytes of a text in quotes."""

    def one(found: re.Match[bytes]) -> bytes:
        code = found[1]
        if code[:1] in b"uU":
            return chr(int(code[1:], 16)).encode("utf-8", "surrogatepass")
        if code[:1] == b"x":
            return bytes([int(code[1:], 16)])
        return bytes([_PLAIN[code[0]]] if code[0] in _PLAIN else [int(code, 8) & 255])

    return _ESCAPE.sub(one, text.encode("utf-8"))


class Skipped(Exception):
    """A value that no JSON has."""


def value(message: Message) -> Any:
    """A value of the tests as Python has it."""
    for name, (given, *_) in message.items():
        if name == "bool_value":
            return given == "true"
        if name in ("int64_value", "uint64_value"):
            return int(given, 0)
        if name == "double_value":
            return float(given.replace("infinity", "inf"))
        if name == "string_value":
            return unescaped(given).decode("utf-8")
        if name == "bytes_value":
            return unescaped(given)
        if name == "null_value":
            return None
        if name == "list_value":
            return [value(one) for one in given.get("values", [])]
        if name == "map_value":
            return {value(one["key"][0]): value(one["value"][0]) for one in given.get("entries", [])}
    raise Skipped


def same(left: Any, right: Any) -> bool:
    """Equal, and a truth value is no number."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and left != left:
        return right != right
    return bool(left == right)


def google(text: str, bound: dict[str, Any]) -> Any:
    """cel-expr-python."""
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_math, ext_strings

    names = dict.fromkeys(bound, cel.Type.DYN)
    environment = cel.NewEnv(variables=names, extensions=[ext_strings.ExtStrings(), ext_math.ExtMath()])
    found = environment.compile(text).eval(environment.Activation(bound))
    if found.type() == cel.Type.ERROR:
        raise ValueError(str(found.value()))
    return found.plain_value()


def rust(text: str, bound: dict[str, Any]) -> Any:
    """common-expression-language."""
    from cel import evaluate

    return evaluate(text, bound)


def python(text: str, bound: dict[str, Any]) -> Any:
    """cel-python."""
    from celpy import Environment, celtypes, json_to_cel

    def plain(found: Any) -> Any:
        if isinstance(found, celtypes.BoolType):
            return bool(found)
        if isinstance(found, dict):
            return {plain(name): plain(part) for name, part in found.items()}
        return [plain(part) for part in found] if isinstance(found, list) else found

    environment = Environment()
    program = environment.program(environment.compile(text))
    return plain(program.evaluate({name: json_to_cel(given) for name, given in bound.items()}))


LIBRARIES: dict[str, Evaluate] = {
    "cel-expr-python": google,
    "common-expression-language": rust,
    "cel-python": python,
}


def judge(test: Message, evaluate: Evaluate) -> str:
    """How a library does at one test: right, wrong or skipped."""
    expression = unescaped(test["expr"][0]).decode("utf-8")
    if {"container", "type_env", "typed_result", "check_only", "disable_check"} & set(test) or re.search(
        r"TestAllTypes|google\.protobuf|optional|cel\.", expression
    ):
        return "skipped"
    expects_error = "eval_error" in test
    try:
        bound = {
            one["key"][0]: value(one["value"][0].get("value", [{}])[0]) for one in test.get("bindings", [])
        }
        expected = None if expects_error else value(test["value"][0]) if "value" in test else True
    except (Skipped, UnicodeDecodeError):
        return "skipped"
    try:
        given = evaluate(expression, bound)
    except BaseException as fault:
        if isinstance(fault, KeyboardInterrupt):
            raise
        return "right" if expects_error else "wrong"
    return "right" if not expects_error and same(given, expected) else "wrong"


def main() -> None:
    folder = Path(sys.argv[1])
    for name, evaluate in LIBRARIES.items():
        for files in (FILES, EXTENSIONS):
            counts: Counter[str] = Counter()
            by_file = {}
            for file in files:
                tests = parse((folder / f"{file}.textproto").read_text("utf-8"))
                mine = Counter(
                    judge(test, evaluate) for section in tests["section"] for test in section.get("test", [])
                )
                by_file[file] = f"{mine['right']}/{mine['right'] + mine['wrong']}"
                counts += mine
            print(
                f"{name}: {counts['right']} of {counts['right'] + counts['wrong']} right; {by_file}",
                flush=True,
            )


if __name__ == "__main__":
    main()
