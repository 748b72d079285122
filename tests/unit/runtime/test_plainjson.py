"""What Python takes for JSON and others do not is found, with words, on the way in and on the way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_reconciler.runtime import InvocationResult, open_runtime
from registry_reconciler.runtime.execution.handlers import RunLimits
from registry_reconciler.runtime.execution.plainjson import MOST_VALUES, Unsound, json_fault, read_json
from tests.unit.runtime.helper import ECHO, Site

TEXTS = {
    "NaN": "NaN is no number",
    "[1, -Infinity]": "-Infinity is no number",
    '{"a": [Infinity]}': "Infinity is no number",
    "1e999": "inf is no number",
    '{"a": 1, "b": 2, "a": 3}': "the key 'a' stands twice",
    '{"a": 1, "\\u0061": 2}': "the key 'a' stands twice",
    '[{"x": {"\\ud800": 1, "\\ud800": 2}}]': r"the key '\ud800' stands twice",
    '"\\ud800"': "half of a surrogate pair",
    '["\\udc00\\ud800"]': "half of a surrogate pair",
    '{"\\ud83d": 1}': "half of a surrogate pair",
    "[" * 201 + "1" + "]" * 201: "nested deeper than 200",
    '{"a":' * 500 + "1" + "}" * 500: "nested deeper than 200",
    "[" * 200_000 + "]" * 200_000: "nested deeper than 200",
    "9" * 4_200: "too many digits",
}
"""JSON for Python, and for nobody else. Each is said by a script, and given as an input."""

PLAIN = ("NaN of the day", "Infinity", "{a: NaN}", '{"a": NaN', "[1, 2", "9" * 5_000, "", " ", "'x'")
"""Text: what is no JSON to anybody, or nothing, or a word."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def invoke(site: Site, payload: Any = None, **settings: Any) -> InvocationResult[Any]:
    invoker = open_runtime(site.root).invoker(audit=lambda line: None, **settings)
    return invoker.invoke("a", payload, caps=[])


@pytest.mark.parametrize(("text", "why"), TEXTS.items(), ids=[one[:30] for one in TEXTS])
def test_what_only_python_reads_is_unsound(text: str, why: str) -> None:
    with pytest.raises(Unsound) as failure:
        read_json(text)
    assert why in str(failure.value)


@pytest.mark.parametrize("text", [one for one in PLAIN if one != "Infinity"])
def test_what_is_no_json_is_no_unsound_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as failure:
        read_json(text)
    assert not isinstance(failure.value, Unsound)


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_is_written_as_json_is_read_back(value: Any) -> None:
    assert json_fault(value) == ""
    assert read_json(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize(("text", "why"), TEXTS.items(), ids=[one[:30] for one in TEXTS])
def test_a_script_that_says_it_has_failed(site: Site, text: str, why: str) -> None:
    site.write("said", text.encode())
    site.abilities({"ability_id": "a", "implementation": {"kind": "script", "command": ["cat", "said"]}})
    result = invoke(site)
    assert (result.status, result.value) == ("failed", None)
    assert "the output of a is no JSON that others can read: " in result.error
    assert why in result.error


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_stays_plain_text(site: Site, text: str) -> None:
    site.write("said", text.encode())
    site.abilities({"ability_id": "a", "implementation": {"kind": "script", "command": ["cat", "said"]}})
    result = invoke(site)
    if text == "Infinity":
        assert result.status == "failed"
    else:
        assert (result.status, result.value) == ("ok", text if text.strip() else None)


@pytest.mark.parametrize("said", [b"\xff", b'"\xff"', "x".encode("utf-16"), "grün".encode("latin-1")])
def test_output_that_is_not_utf8_has_failed(site: Site, said: bytes) -> None:
    site.write("said", said)
    site.abilities({"ability_id": "a", "implementation": {"kind": "script", "command": ["cat", "said"]}})
    result = invoke(site)
    assert result.status == "failed"
    assert "is not UTF-8 (byte " in result.error


FUNCTIONS = """
import json, math, pathlib
def nan(payload): return math.nan
def inside(payload): return {"a": [1, {"b": math.inf}]}
def path(payload): return pathlib.Path("x")
def raw(payload): return b"x"
def group(payload): return {1, 2}
def keys(payload): return {1: 2}
def half(payload): return ["\\ud800"]
def half_key(payload): return {"\\ud800": 1}
def huge(payload): return 10 ** 5000
def circle(payload):
    found = []
    found.append(found)
    return found
def deep(payload):
    found = []
    for _ in range(100_000):
        found = [found]
    return found
def many(payload):
    found = [0]
    for _ in range(60):
        found = [found, found]
    return found
def large(payload): return "x" * 200_000
def generator(payload): yield 1
async def coroutine(payload): return 1
def pair(payload): return (1, (2, "x"))
def fine(payload): return {"a": [None, True, 1.5, "ü", 10 ** 300]}
"""

RETURNED = {
    "nan": "nan is no number in JSON",
    "inside": "inf is no number in JSON (at a[1].b)",
    "path": "of type PosixPath",
    "raw": "of type bytes",
    "group": "of type set",
    "keys": "a key is of type int",
    "half": "half of a surrogate pair (at [0])",
    "half_key": "half of a surrogate pair",
    "huge": "too many digits",
    "circle": "nested deeper than 200",
    "deep": "nested deeper than 200",
    "many": f"more than {MOST_VALUES:,} values",
    "large": "more than 100000 bytes",
}


def function(site: Site, name: str) -> None:
    site.write("functions.py", FUNCTIONS.encode())
    how = {"kind": "python", "function": f"functions.py:{name}"}
    site.abilities({"ability_id": "a", "implementation": how})


@pytest.mark.parametrize("name", RETURNED)
@pytest.mark.filterwarnings("error")
def test_a_function_that_returns_no_json_has_failed(site: Site, name: str) -> None:
    function(site, name)
    result = invoke(site, allow_python=True, limits=RunLimits(20, 100_000))
    assert (result.status, result.value) == ("failed", None)
    assert RETURNED[name] in result.error
    assert result.error.isprintable()


@pytest.mark.parametrize(("name", "value"), [("generator", [1]), ("coroutine", 1)])
def test_a_generator_runs_to_its_end_and_a_coroutine_is_awaited(site: Site, name: str, value: object) -> None:
    function(site, name)
    result = invoke(site, allow_python=True)
    assert (result.status, result.value) == ("ok", value)


def test_a_function_that_returns_json_is_taken_at_its_word(site: Site) -> None:
    function(site, "fine")
    assert invoke(site, allow_python=True).value == {"a": [None, True, 1.5, "ü", 10**300]}
    function(site, "pair")
    assert invoke(site, allow_python=True).value == (1, (2, "x"))


def test_what_the_program_itself_brings_may_return_anything(site: Site) -> None:
    site.abilities({"ability_id": "a", "implementation": {"kind": "mcp", "server": "s", "tool": "t"}})
    assert isinstance(invoke(site, handlers={"mcp": lambda *given: site}).value, Site)


def circle() -> Any:
    found: list[Any] = []
    found.append(found)
    return found


INPUTS: tuple[Callable[[], Any], ...] = (
    lambda: float("nan"),
    lambda: {"a": [float("-inf")]},
    lambda: "\ud800",
    lambda: {1: 2},
    lambda: b"x",
    lambda: {1, 2},
    lambda: object(),
    lambda: 10**5000,
    circle,
)


@pytest.mark.parametrize("make", INPUTS)
def test_an_input_that_is_no_json_is_invalid_and_nothing_runs(site: Site, make: Callable[[], Any]) -> None:
    site.hook("guard", "PreAbilityCall", blocking=True, handler=site.script("guard", "open('ran', 'w')\n"))
    site.abilities({"ability_id": "a", "implementation": site.script("ran", "open('ran', 'w')\n")})
    result = invoke(site, make())
    assert result.status == "invalid"
    assert "the input is no JSON: " in result.error
    assert not (site.root / "ran").exists()


def test_a_script_is_never_told_what_is_no_json(site: Site) -> None:
    site.hook("guard", "PromptSubmit", blocking=True, handler=site.script("guard", "open('ran', 'w')\n"))
    outcome = open_runtime(site.root).invoker(audit=lambda line: None).fire("PromptSubmit", float("nan"))
    assert outcome.blocked_by == "guard"
    assert "nan is no number in JSON (at payload)" in outcome.messages[0].text
    assert not (site.root / "ran").exists()


def test_text_beyond_ascii_comes_and_goes_as_it_is(site: Site) -> None:
    site.abilities({"ability_id": "a", "implementation": site.script("e", ECHO)})
    assert invoke(site, {"grün": "😀\u2028\x00"}).value == {"got": {"grün": "😀\u2028\x00"}}
