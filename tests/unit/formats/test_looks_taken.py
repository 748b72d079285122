"""New parts of a text look like those beside them, also where their own container has nothing in it yet."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove, Snippet, Update
from registry_reconciler.formats.table import FORMATS
from registry_reconciler.model.entry import Json

NESTED = """\
{
  "plugins": [
    {"name": "p1", "skills": [ {"id": "a"} ]},
    {"name": "p2", "skills": []},
    {"name": "p3"}
  ]
}
"""
SPREAD = """\
[
  {"id": "a", "args": [
    "x"
  ]},
  {"id": "b"}
]
"""
COMMAS = """\
{
  "items": [
    {"id": "a", "tags": ["x",], },
    {
      "id": "b",
      "tags": ["y",]
    },
  ]
}
"""
SET_IN = """\
[[items]]
id = "a"
  [[items.parts]]
    n = 1
  [ items.more ]
  o = 1
"""
SERVERS = """\
[envs.dev.servers.one]
command='x'

[envs.prod.servers]
"""

DOMAINS = """\
{
  "domains": {
    "a": {"things": [
      // none
    ]},
    "b": {"things": []},
    "c": {"things": [
      {"id": "x"},
    ]},
  },
}
"""
BY_KEY = """\
{
  "a": {
    "args": [
      "x"
    ]
  },
  "b": {
    "n": 1
  },
  "words": ["x", "y"]
}
"""

ENTRY = {"command": "y"}
CASES: dict[str, tuple[str, str, list[Edit], str, str]] = {
    "json, a list that is empty": (
        "json",
        NESTED,
        [Insert(0, ("plugins", 1, "skills"), {"id": "z"})],
        '"p2", "skills": []',
        '"p2", "skills": [ {"id": "z"} ]',
    ),
    "json, a list that is not there": (
        "json",
        NESTED,
        [Insert(0, ("plugins", 2, "skills"), {"id": "z"})],
        '"p3"}',
        '"p3", "skills": [ {"id": "z"} ]}',
    ),
    "json, a field that neighbours have on several lines": (
        "json",
        SPREAD,
        [Update(0, (1, "args"), ["y"])],
        '"b"}',
        '"b", "args": [\n    "y"\n  ]}',
    ),
    "jsonc, commas behind the last on one line": (
        "jsonc",
        COMMAS,
        [Insert(0, ("items",), {"id": "c", "tags": ["z"]}, index=0)],
        '    {"id": "a"',
        '    {"id": "c", "tags": ["z",], },\n    {"id": "a"',
    ),
    "jsonc, none behind the last on several lines, though the list has one": (
        "jsonc",
        COMMAS,
        [Insert(0, ("items",), {"id": "c", "n": 1}, index=2)],
        '"y",]\n    },\n',
        '"y",]\n    },\n    {"id": "c", "n": 1, },\n',
    ),
    "json, a list that is empty, as those of the mapping's other keys are": (
        "jsonc",
        DOMAINS,
        [Insert(0, ("domains", "b", "things"), {"id": "z"})],
        '"b": {"things": []}',
        '"b": {"things": [\n      {"id": "z"},\n    ]}',
    ),
    "jsonc, a list with comments only": (
        "jsonc",
        DOMAINS,
        [Insert(0, ("domains", "a", "things"), {"id": "z"})],
        "      // none\n",
        '      // none\n      {"id": "z"},\n',
    ),
    "json, a field that other keys of the mapping have on several lines": (
        "json",
        BY_KEY,
        [Update(0, ("b", "args"), ["y"])],
        '"n": 1\n',
        '"n": 1,\n    "args": [\n      "y"\n    ]\n',
    ),
    "json, a field of an entry on one line, of which there is no other": (
        "json",
        '[\n  {"id": "a"},\n  {"id": "b"}\n]\n',
        [Update(0, (0, "args"), ["x", {"y": 1}])],
        '"a"}',
        '"a", "args": ["x", {"y": 1}]}',
    ),
    "json, a list instead of nothing in an entry on one line": (
        "json",
        '[\n  {"id": "a", "args": null},\n  {"id": "b"}\n]\n',
        [Update(0, (0, "args"), ["x", {"y": 1}])],
        "null",
        '["x", {"y": 1}]',
    ),
    "json, a list instead of nothing on a line of its own": (
        "json",
        '[\n  {\n    "id": "a",\n    "args": null\n  }\n]\n',
        [Update(0, (0, "args"), ["x"])],
        "null",
        '[\n      "x"\n    ]',
    ),
    "yaml, a key that YAML 1.1 takes for a truth value": (
        "yaml",
        "- id: a\n  n: 1\n",
        [Insert(0, (), {"id": "b", "n": 2, "y": 3})],
        "  n: 1\n",
        '  n: 1\n- id: b\n  n: 2\n  "y": 3\n',
    ),
    "toml, tables that are set in": (
        "toml",
        SET_IN,
        [Insert(0, ("items",), {"id": "b", "parts": [{"n": 2}], "more": {"o": 2}})],
        "  o = 1\n",
        '  o = 1\n[[items]]\nid = "b"\n  [[items.parts]]\n    n = 2\n  [ items.more ]\n  o = 2\n',
    ),
    "toml, a header without anything below it": (
        "toml",
        SERVERS,
        [Insert(0, ("envs", "prod", "servers"), ENTRY, key="two", container_kind="map")],
        "[envs.prod.servers]\n",
        "[envs.prod.servers]\n\n[envs.prod.servers.two]\ncommand='y'\n",
    ),
    "toml, a container that is not there": (
        "toml",
        SERVERS,
        [Insert(0, ("envs", "test", "servers"), ENTRY, key="two", container_kind="map")],
        "[envs.prod.servers]\n",
        "[envs.prod.servers]\n\n[envs.test.servers.two]\ncommand='y'\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_comes_looks_like_its_neighbours(name: str) -> None:
    form, text, edits, old, new = CASES[name]
    assert text.count(old) == 1
    assert FORMATS[form].splice(text.encode(), edits).decode() == text.replace(old, new)


def test_a_new_file_of_toml_looks_like_the_one_beside_it() -> None:
    made = FORMATS["toml"].new_text(
        ENTRY, container=("envs", "qa", "servers", "two"), like=SERVERS.replace("\n", "\r\n").encode()
    )
    assert made == b"[envs.qa.servers.two]\r\ncommand='y'\r\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_new_file_of_yaml_looks_like_the_one_beside_it(newline: str) -> None:
    beside = "id: 'a'\nn: 1\ntags:\n- 'x'\nsub:\n    k: [ 'p' ]\n".replace("\n", newline)
    value = {"id": "b", "n": 2, "tags": ["z"], "sub": {"k": ["q"]}}
    made = FORMATS["yaml"].new_text(value, like=beside.encode()).decode()
    assert made == "id: 'b'\nn: 2\ntags:\n- 'z'\nsub:\n    k: [ 'q' ]\n".replace("\n", newline)
    front = FORMATS["frontmatter"].new_text(value, like=f"---{newline}{beside}---{newline}".encode()).decode()
    assert front == f"---{newline}{made}---{newline}"


HUGGED = """\
{
\t"configurations": [{
\t\t\t"name": "a",
\t\t\t"args": ["x"]
\t\t}, {
\t\t\t"name": "b",
\t\t\t"args": ["y"]
\t\t}
\t]
}
"""


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_part_that_begins_where_the_one_before_ends_is_indented_as_that_one(index: int) -> None:
    edit = Insert(0, ("configurations",), {"name": "new", "args": ["z"]}, index=index)

    after = FORMATS["jsonc"].splice(HUGGED.encode(), [edit]).decode()

    wanted = '\t\t\t"name": "new",\n\t\t\t"args": ["z"]\n\t\t}'
    assert wanted in after
    assert not set(HUGGED.splitlines()) - set(after.splitlines())


def test_a_list_in_a_list_is_continued_by_the_one_that_begins_as_it_does() -> None:
    """In TOML `nan` is no text; beside nothing else of its kind it would become one."""
    toml = FORMATS["toml"]
    data = b"k = [{}, [nan, inf, []], [1], [-inf, true]]\n"

    after = toml.splice(data, [Remove(0, ("k", 2)), Remove(0, ("k", 1, 1))])

    assert after == b"k = [{}, [nan, []], [-inf, true]]\n"


def test_items_taken_out_of_a_list_are_told_by_their_place() -> None:
    after = FORMATS["toml"].splice(
        b'a = [nan, "nan", inf, "inf"]\n', [Remove(0, ("a", 0)), Remove(0, ("a", 3))]
    )

    assert after == b'a = ["nan", inf]\n'


WORDS = [f"word-number-{number}" for number in range(9)]
ITEMS = {
    "json": '{\n  "items": [\n    {\n      "tags": ["x", "y"]\n    },\n    {\n      "tags": "z"\n    }\n  ]\n}\n',
    "toml": '[[items]]\ntags = ["x", "y"]\n\n[[items]]\ntags = "z"\n',
}


@pytest.mark.parametrize("form", ITEMS)
@pytest.mark.parametrize(
    ("value", "lines"), [(WORDS, 11), (WORDS[:3], 1)], ids=["longer than all", "no longer than is usual"]
)
def test_a_list_that_would_be_longer_than_any_line_takes_several(
    form: str, value: list[str], lines: int
) -> None:
    made = FORMATS[form].splice(ITEMS[form].encode(), [Update(0, ("items", 1, "tags"), [*value])]).decode()
    assert made.count("\n") - ITEMS[form].count("\n") == lines - 1
    # Where one line is as long, there may be another.
    long = ITEMS[form].replace('"x", "y"', ", ".join(f'"{word}!"' for word in WORDS))
    made = FORMATS[form].splice(long.encode(), [Update(0, ("items", 1, "tags"), [*value])]).decode()
    assert made.count("\n") == long.count("\n")


@pytest.mark.parametrize("form", ITEMS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_list_that_outgrows_its_line_takes_several(form: str, newline: str) -> None:
    text = ITEMS[form].replace("\n", newline)
    indent = "        " if form == "json" else "    "

    def grown(text: str, value: list[str]) -> str:
        return FORMATS[form].splice(text.encode(), [Update(0, ("items", 0, "tags"), [*value])]).decode()

    made = grown(text, ["y", *WORDS])
    assert f'[{newline}{indent}"y",{newline}{indent}"word-number-0",{newline}' in made
    assert made.count("\n") == made.count(newline) == text.count("\n") + 11
    assert grown(text, ["x", "y", "z"]).count("\n") == text.count("\n")
    # One that was longer before stays on its line, however much it grows.
    long = text.replace('"x", "y"', ", ".join(f'"{word}"' for word in WORDS))
    assert grown(long, [*WORDS, "z"]).count("\n") == text.count("\n")


def test_a_list_inside_of_braces_stays_on_their_line() -> None:
    texts = {"json": '[\n  {"a": ["x"], "b": 1}\n]\n', "toml": "[[i]]\na = {b = ['x']}\n"}
    for form, text in texts.items():
        at = (0, "a") if form == "json" else ("i", 0, "a", "b")
        made = FORMATS[form].splice(text.encode(), [Update(0, at, ["x", *WORDS])]).decode()
        assert made.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("form", "text", "wanted"),
    [
        ("yaml", "# Top.\n", "# Top.\n# Own.\nid: a\nn: 2\n"),
        ("frontmatter", "---\n---\nbody", "---\n# Own.\nid: a\nn: 2\n---\nbody"),
        ("frontmatter", "body\r\n", "---\r\n# Own.\r\nid: a\r\nn: 2\r\n---\r\nbody\r\n"),
    ],
)
def test_an_entry_in_braces_becomes_a_block_where_a_file_says_nothing_yet(
    form: str, text: str, wanted: str
) -> None:
    value: dict[str, Json] = {"id": "a", "n": 2}
    edit = Update(0, (), value, Snippet(("# Own.",), "{id: a, n: 2}", value))
    assert FORMATS[form].splice(text.encode(), [edit]).decode() == wanted
