"""Comments in every format and layout: adopted, created and added with their entries, and missed where they are not."""

from __future__ import annotations

import re

import pytest

from registry_reconciler.editing.adopt import adopt
from registry_reconciler.editing.amend import overlay
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.edits import Insert
from registry_reconciler.formats.table import FORMATS
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from tests.support import SCHEMAS, Files, after, applied, plan_of

TOML = """\
# Head of the file, apart.

# above a
[[things]] # header
id = "a" # key
tags = [ # opening
  # above x
  "x", # behind x
  ["y"], # behind y
  # last
]
one = ["p", "q"] # behind one
# above braces
braces = {k = 1, l = [
  # in braces
  2]} # behind braces

# above sub
[things.sub] # sub header
v = 1 # behind v
# above w
w = "a # no" # behind w

[[things]]
id = "b"
"""
JSONC = """\
{
  // Head of the file, apart.

  "things": [
    // above a
    {
      "id": "a", // key
      "tags": [ // opening
        // above x
        "x", // behind x
        ["y"] // behind y
        // last
      ],
      /* before one */ "one": /* before its value */ ["p", "q"], // behind one
      /* above braces,
       * in two lines */
      "braces": {"k": 1, /* in braces */ "l": 2}, // behind braces
      "sub": { // sub header
        "v": 1, // behind v
        // above w
        "w": "a // no" // behind w
      }
    }, // behind a
    {"id": "b"}
  ]
}
"""
YAML = """\
# Head of the file, apart.

things:
  # above a
  - id: a # key
    tags: # opening
      # above x
      - x # behind x
      - [y] # behind y
      # last
    one: [p, q] # behind one
    # above braces
    braces: {k: 1, # in braces
      l: 2} # behind braces
    block: | # behind the bar
      # no comment
    sub: # sub header
      v: 1 # behind v
      # above w
      w: "a # no" # behind w
  - {id: b} # behind b
"""
TEXTS = {"toml": TOML, "jsonc": JSONC, "yaml": YAML}
_ONE = re.compile(r"(?:#|//|/\*|(?<=\n)       \*) ((?!no)[a-z][a-z ]+)")


def workspace(
    form: str, text: str, where: str = "layout: list, file: things.{}, at: things, key: id"
) -> Files:
    schema = f"type: object\nx-registry: {{kind: thing, {where.replace('{}', form)}}}\n"
    return {f"{SCHEMAS}/thing.schema.yaml": schema.encode(), f"things.{form}": text.encode()}


def adopted(files: Files) -> Files:
    """The workspace with all of it managed; no byte of its registry changes."""
    tree = MemoryTree(files)
    adoption = adopt(tree, ["*"])
    assert not adoption.skipped
    taken = overlay(tree, adoption.edits)
    files = {**files, "desired/thing.yaml": taken.read("desired/thing.yaml")}
    applied = after(files, make_plan(MemoryTree(files)).plan)
    assert all(applied[path] == data for path, data in files.items() if "things" in path)
    assert not codes(applied)
    return applied


def codes(files: Files) -> list[str]:
    return [problem.code for problem in plan_of(files).problems if problem.code == "CMT001"]


def fragment(files: Files) -> str:
    return (files["desired/thing.yaml"] or b"").decode()


@pytest.mark.parametrize("form", TEXTS)
def test_every_comment_of_an_entry_is_adopted(form: str) -> None:
    text = fragment(adopted(workspace(form, TEXTS[form])))
    wanted = [comment.strip() for comment in _ONE.findall(TEXTS[form])]
    assert len(wanted) >= 12
    assert [comment for comment in wanted if f"# {comment}" not in text] == []
    assert "Head of the file" not in text
    assert "# no comment" in text or form != "yaml"


@pytest.mark.parametrize("form", TEXTS)
def test_every_comment_of_a_new_entry_and_of_new_fields_is_written(form: str) -> None:
    """A copy of the entry is created, and one that had only its key gets all the fields."""
    files = adopted(workspace(form, TEXTS[form]))
    text = fragment(files)
    head, tail = text.split("  - id: b" if "  - id: b" in text else "  - {id: b}")
    fields = head[head.index("  - id: a") :].split("\n", 1)[1]
    new = f"{head}  - id: b\n{fields}{head[len('thing:') + 1 :].replace('id: a', 'id: c')}"
    assert tail.strip() == ""
    applied = after(files, plan_of({**files, "desired/thing.yaml": new.encode()}))
    live = (applied[f"things.{form}"] or b"").decode()
    kept = {comment for comment in re.findall(r"# ([a-z][a-z ]+)", fields) if comment != "no comment"}
    assert len(kept) >= 10
    assert [comment for comment in kept if live.count(comment) < 3] == []
    assert codes({**applied, "desired/thing.yaml": new.encode()}) == []


@pytest.mark.parametrize("form", TEXTS)
def test_a_comment_that_changes_in_a_fragment_is_carried_or_said(form: str) -> None:
    files = adopted(workspace(form, TEXTS[form]))
    text = fragment(files)
    for comment in map(str.strip, _ONE.findall(TEXTS[form])):
        changed = text.replace(f"# {comment}", "# something else", 1)
        assert changed != text
        assert codes({**files, "desired/thing.yaml": changed.encode()}) == ["CMT001"], comment
        # Another entry, or another place, has these words: that is no excuse.
        other = text.replace(f"# {comment}", "# key" if comment != "key" else "# above a", 1)
        assert codes({**files, "desired/thing.yaml": other.encode()}) == ["CMT001"], comment


NAMED = "things:\n  # one\n  - a: # two\n      v: 1 # three\n"
JSON_MAP = '{"things": {\n  // one\n  "a": { // two\n    "v": 1 // three\n  }\n}}\n'
LAYOUTS = [
    ("yaml", "layout: map, file: things.yaml, at: things, key: id", "things:\n  # one\n  a: # two\n    v: 1 # three\n"),
    ("yaml", "layout: map, file: things.yaml, key: id", "x: {v: 2}\n# one\na: # two\n  v: 1 # three\n"),
    ("yaml", "layout: file, file: 'things.yaml', key: id", "# one\nid: a # two\nv: 1 # three\n"),
    ("yaml", "layout: pairs, file: things.yaml, at: things, key: id, value: v", "things:\n  # one\n  a: x # two\n"),
    ("yaml", "layout: texts, file: things.yaml, at: things, key: id", "things:\n  # one\n  - a # two\n"),
    ("yaml", "layout: named, file: things.yaml, at: things, key: id", NAMED),
    ("yaml", "layout: documents, file: things.yaml, key: id", "# one\nid: a # two\n---\nid: b\nv: 1 # three\n"),
    ("toml", "layout: map, file: things.toml, at: things, key: id", "# one\n[things.a] # two\nv = 1 # three\n"),
    ("toml", "layout: file, file: things.toml, key: id", "# one\nid = 'a' # two\nv = 1 # three\n"),
    ("jsonc", "layout: map, file: things.jsonc, at: things, key: id", JSON_MAP),
    ("jsonc", "layout: file, file: things.jsonc, key: id", '// one\n{\n  "id": "a", // two\n  "v": 1 // three\n}\n'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "where", "text"), LAYOUTS, ids=[f"{row[0]}-{row[1][8:26]}" for row in LAYOUTS]
)
def test_comments_in_every_layout(form: str, where: str, text: str) -> None:
    files = adopted(workspace(form, text, where))
    declared = fragment(files)
    for comment in re.findall(r"(?:#|//) (one|two|three)", text):
        assert declared.count(f"# {comment}") == 1
        changed = declared.replace(f"# {comment}", "# four", 1)
        assert codes({**files, "desired/thing.yaml": changed.encode()}) == ["CMT001"], comment


@pytest.mark.parametrize("form", ["yaml", "toml", "jsonc"])
def test_what_a_blank_line_parts_from_an_entry_is_not_of_it(form: str) -> None:
    text = {
        "yaml": "# license\n\n# one\nid: a\n",
        "toml": "# license\n\n# one\nid = 'a'\n",
        "jsonc": '// license\n\n// one\n{"id": "a"}\n',
    }[form]
    declared = fragment(adopted(workspace(form, text, f"layout: file, file: things.{form}, key: id")))
    assert declared.count("# one") == 1
    assert "license" not in declared


LIST = "layout: list, file: things.{}, at: things, key: id"
ONE_LINE = {
    "yaml": ("things: [{id: a}, {id: b, v: 1}]\n", LIST),
    "yaml in a block": ("things:\n  - {id: a}\n  - {id: b, v: 1}  # behind b\n", LIST),
    "yaml in a map": (
        "things: {a: {w: 1}, b: {v: 1}}\n",
        "layout: map, file: things.{}, at: things, key: id",
    ),
    "jsonc": ('{"things": [{"id": "a"}, {"id": "b", "v": 1}], "x": 1}\n', LIST),
    "jsonc in a map": (
        '{"things": {"a": {"w": 1}, "b": {}}}\n',
        "layout: map, file: things.{}, at: things, key: id",
    ),
}
MORE = """\
thing:
  - id: a
    # above first
    first: 1
    w: 1
    # above deep
    deep:
      # above x
      - x # behind x
      - k: 1 # behind k
    last: 3 # behind last
  - id: b
    v: 1
    one: 2 # behind one
  # above c
  - id: c
    # above w
    w: 1
"""


@pytest.mark.parametrize("case", ONE_LINE)
def test_what_is_added_to_an_entry_on_one_line_keeps_its_comments(case: str) -> None:
    text, where = ONE_LINE[case]
    form = case.split()[0]
    files = {**adopted(workspace(form, text, where)), "desired/thing.yaml": MORE.encode()}
    files = after(files, plan_of(files))
    live = (files[f"things.{form}"] or b"").decode()
    assert [word for word in re.findall(r"# (above \w+|behind \w+)", MORE) if live.count(word) != 1] == []
    plan = plan_of(files)
    assert not plan.changes
    assert not plan.problems


def test_one_comment_more_stays_on_the_line_of_its_entry() -> None:
    files = adopted(workspace("yaml", "things:\n  - {id: a}\n  - {id: b, tags: [x]}\n"))
    new = "thing:\n  - id: a\n    # why\n    v: 1\n  - id: b\n    tags:\n      - x\n      - y # not z\n"
    files = {**files, "desired/thing.yaml": new.encode()}
    live = after(files, plan_of(files))["things.yaml"]
    tags = b"tags: [x,\n                   y # not z\n                   ]"
    assert live == b"things:\n  - {id: a, v: 1}  # why\n  - {id: b, " + tags + b"}\n"


TAKEN = """\
things:
  # one
  - id: a
    # two
    v: 1
    tags:
      # three
      - x
  # four
  - id: f
"""


def test_what_comes_under_a_comment_takes_it_over() -> None:
    """The comment above an entry, item or field is above the new one in the fragment: it is not repeated."""
    files = adopted(workspace("yaml", TAKEN))
    new = (
        TAKEN.replace("things:", "thing:")
        .replace("  - id: f", "  - id: c\n  - id: e\n  # own\n  - id: ee\n  - id: f")
        .replace("    v: 1", "    u: 1\n    v: 1")
        .replace("      - x", "      - w\n      - x")
    )
    files = {**files, "desired/thing.yaml": new.encode()}
    files = after(files, plan_of(files))
    assert (files["things.yaml"] or b"").decode() == new.replace("thing:", "things:")
    # Where both have it, both keep it.
    twice = TAKEN.replace("things:", "thing:").replace("  - id: f", "  - id: c\n  # four\n  - id: f")
    files = {**adopted(workspace("yaml", TAKEN)), "desired/thing.yaml": twice.encode()}
    assert (after(files, plan_of(files))["things.yaml"] or b"").decode() == twice.replace("thing:", "things:")


TAKEN_ELSEWHERE = {
    "jsonc": (
        """\
{"things": [
  // one
  {"id": "a",
    // two
    "v": 1,
    "tags": [
      // three
      "x"
    ]},

  // four
  {"id": "f"}
]}
""",
        """\
{"things": [
  // one
  {"id": "a",
    // two
    "u": 1,
    "v": 1,
    "tags": [
      // three
      "w",
      "x"
    ]},

  // four
  {"id": "c"},

  {"id": "e"},

  // own
  {"id": "ee"},

  {"id": "f"}
]}
""",
    ),
    "toml": (
        """\
# one
[[things]]
id = "a"
# two
v = 1
tags = [
  # three
  "x",
]

# apart

# four
[[things]]
id = "f"
""",
        """\
# one
[[things]]
id = "a"
# two
u = 1
v = 1
tags = [
  # three
  "w",
  "x",
]

# apart

# four
[[things]]
id = "c"

[[things]]
id = "e"

# own
[[things]]
id = "ee"

[[things]]
id = "f"
""",
    ),
}


@pytest.mark.parametrize("form", TAKEN_ELSEWHERE)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_what_comes_under_a_comment_takes_it_over_in_other_formats(form: str, newline: str) -> None:
    text, whole = (part.replace("\n", newline) for part in TAKEN_ELSEWHERE[form])
    adoption = adopted(workspace(form, text))
    old = fragment(adoption).replace("\r\n", "\n")
    new = (
        old.replace("  - id: f", "  - id: c\n  - id: e\n  # own\n  - id: ee\n  - id: f")
        .replace("    v: 1", "    u: 1\n    v: 1")
        .replace("      - x", "      - w\n      - x")
    )
    files = {**adoption, "desired/thing.yaml": new.encode()}
    files = after(files, plan_of(files))
    assert (files[f"things.{form}"] or b"").decode() == whole
    assert not plan_of(files).changes
    # Where both have it, both keep it.
    twice = old.replace("  - id: f", "  - id: c\n  # four\n  - id: f")
    files = {**adoption, "desired/thing.yaml": twice.encode()}
    assert (after(files, plan_of(files))[f"things.{form}"] or b"").count(b" four") == 2


MAPPED = {
    "jsonc": '{"things": {\n  // one\n  "a": {\n    "v": 1\n  },\n  // two\n  "d": {\n    "v": 4\n  }\n}}\n',
    "toml": "# one\n[things.a]\nv = 1\n\n# two\n[things.d]\nv = 4\n",
    "yaml": "things:\n  # one\n  a:\n    v: 1\n  # two\n  d:\n    v: 4\n",
}


@pytest.mark.parametrize("form", MAPPED)
def test_a_new_entry_of_a_mapping_takes_over_the_comment_it_comes_under(form: str) -> None:
    files = adopted(
        workspace(form, MAPPED[form], "layout: map, file: things.{}, at: things, key: id, order: key")
    )
    new = fragment(files).replace("  - id: d", "  - id: b\n    v: 2\n  - id: c\n    v: 3\n  - id: d")
    assert "# two\n  - id: b\n" in new
    files = {**files, "desired/thing.yaml": new.encode()}
    live = (after(files, plan_of(files))[f"things.{form}"] or b"").decode()
    assert live.count(" two\n") == 1
    places = [live.index(word) for word in (" one", "= 1" if form == "toml" else ": 1", " two")]
    places += [re.search(rf"things\.{key}\b|\b{key}\"?:", live).start() for key in "bcd"]  # type: ignore[union-attr]
    assert places == sorted(places), live


def test_comments_beside_commas_of_a_toml_array_are_adopted() -> None:
    text = '[[things]]\nid = "a"\ntags = [\n  "x" # one\n  , # two\n  "y"\n  # three\n  , "z" # four\n  # five\n]\n'
    declared = fragment(adopted(workspace("toml", text)))
    assert [word for word in ("one", "two", "three", "four", "five") if f"# {word}" not in declared] == []


@pytest.mark.parametrize(
    ("path", "live", "expected"),
    [
        (
            "things.toml",
            '[[things]]\nid = "a"\nv = 1 # v1\nw = "x"\n# --- network ---\nz = 1\n',
            '[[things]]\nid = "a"\n# above\nv = 2 # v2\nw = [\n    1,\n]  # head\n# --- network ---\n# z\nz = 2\n',
        ),
        (
            "things.jsonc",
            '{"things": [\n  {\n    "id": "a",\n    "v": 1, // v1\n    "w": "x",\n    // === network\n'
            '    "z": 1\n  }\n]}\n',
            '{"things": [\n  {\n    "id": "a",\n    // above\n    "v": 2, // v2\n    "w": [\n      1\n    ], // head\n'
            '    // === network\n    // z\n    "z": 2\n  }\n]}\n',
        ),
        (
            "things.yaml",
            "things:\n  - id: a\n    v: 1 # v1\n    w: x\n    # === network\n    z: 1\n",
            "things:\n  - id: a\n    # above\n    v: 2 # v2\n    w:  # head\n      - 1\n"
            "    # === network\n    # z\n    z: 2\n",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_changes_has_the_comments_that_its_fragment_has(
    path: str, live: str, expected: str, newline: str
) -> None:
    schema = f"type: object\nx-registry: {{kind: thing, layout: list, file: {path}, at: things, key: id}}\n"
    files: Files = {
        f"{SCHEMAS}/thing.schema.yaml": schema.encode(),
        path: live.replace("\n", newline).encode(),
    }
    files["desired/thing.yaml"] = b"thing:\n  - id: a\n    v: 1 # v1\n    w: x\n    z: 1\n"
    files = after(files, plan_of(files))
    files["desired/thing.yaml"] = (
        b"thing:\n  - id: a\n    # above\n    v: 2 # v2\n    w:  # head\n      - 1\n    # z\n    z: 2\n"
    )
    applied = after(files, plan_of(files))
    assert (applied[path] or b"").decode() == expected.replace("\n", newline)
    assert not plan_of(applied).problems
    # Where the fragment has none, what the registry has stays.
    files["desired/thing.yaml"] = b"thing:\n  - id: a\n    v: 3\n    w: x\n    z: 1\n"
    kept = after(files, plan_of(files))
    assert (kept[path] or b"").decode() == live.replace("1 # v1", "3 # v1").replace("1, //", "3, //").replace(
        "\n", newline
    )


@pytest.mark.parametrize("path", ["things.json", "things.jsonc", "things.toml"])
def test_a_tag_is_refused_by_name_where_a_format_has_none(path: str) -> None:
    live = (
        b'[[things]]\nid = "a"\nv = 1\n' if path.endswith("toml") else b'{"things": [{"id": "a", "v": 1}]}\n'
    )
    schema = f"type: object\nx-registry: {{kind: thing, layout: list, file: {path}, at: things, key: id}}\n"
    files: Files = {f"{SCHEMAS}/thing.schema.yaml": schema.encode(), path: live}
    for text in (b"v: !f x", b"v: {w: [!f {a: 1}]}"):
        files["desired/thing.yaml"] = b"thing:\n  - id: a\n    " + text + b"\n"
        (problem,) = plan_of(files, PlanOptions(adopt=("*",))).blocking
        assert problem.code == "WRT001"
        assert "has the tag !f, and " in problem.message
        created = {name: data for name, data in files.items() if name != path}
        (problem,) = plan_of(created).blocking
        assert "has the tag !f, and " in problem.message


MOVED = {
    "behind": ('{"id": "a"}, // own', '{"id": "a"}, // own'),
    "behind, in lines": ('{\n      "id": "a"\n    }, // own', '{\n      "id": "a"\n    }, // own'),
    "above and behind": ('// why\n    {"id": "a"}, // own', '// why\n    {"id": "a"}, // own'),
    "opening": ('{ // own\n      "id": "a"\n    },', '// own\n    {\n      "id": "a"\n    },'),
    "opening and behind": (
        '{ // own\n      "id": "a"\n    }, // end',
        '// own\n    {\n      "id": "a"\n    }, // end',
    ),
    "opening in marks": ('{ /* own */\n      "id": "a"\n    },', '// own\n    {"id": "a"},'),
}


@pytest.mark.parametrize(("there", "here"), MOVED.values(), ids=MOVED)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_comments_of_an_entry_stand_in_another_file_where_they_stood(
    there: str, here: str, newline: str
) -> None:
    target = '{\n  "x": [\n    {"id": "b"} // of b\n  ]\n}\n'
    jsonc, form = FORMATS["jsonc"], '{{\n  "x": [\n    {0}\n    {{"id": "b"}} // of b\n  ]\n}}\n'
    source = form.format(there).replace("\n", newline).encode()
    (snippet,) = jsonc.extract(source, [(0, ("x", 0))])
    insert = Insert(document=0, container=("x",), value=snippet.value, index=0, snippet=snippet)

    for own in ("\n", "\r\n"):
        found = jsonc.splice(target.replace("\n", own).encode(), [insert])
        assert found.decode() == form.format(here).replace("\n", own)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "// only\n",
        "{}\n",
        '{"things": null}\n',
        '{"things": []}\n',
        '{\n  // x\n  "things": null // n\n}\n',
    ],
)
@pytest.mark.parametrize("key", [None, "n"])
def test_the_first_entries_of_a_jsonc_file_bring_their_comments(text: str, key: str | None) -> None:
    if key and "[]" in text:
        text = text.replace("[]", "{}")
    source = b"s:\n# above a\n- id: a # behind a\n- id: c\n  # in c\n  v: [1] # one\n"
    form = FORMATS["jsonc"]
    (document,) = FORMATS["yaml"].read(source).documents
    assert isinstance(document, dict)
    assert isinstance(document["s"], list)
    snippets = FORMATS["yaml"].extract(source, [(0, ("s", 0)), (0, ("s", 1))])
    edits = [
        Insert(0, ("things",), value, key=key and f"{key}{number}", snippet=snippet)
        for number, (value, snippet) in enumerate(zip(document["s"], snippets, strict=True))
    ]
    result = form.splice(text.encode(), edits).decode()
    comments = re.findall("// (above a|behind a|in c|one)$", result, re.MULTILINE)
    assert comments == ["above a", "behind a", "in c", "one"]


@pytest.mark.parametrize(
    ("place", "file"),
    [
        ("layout: map, file: r.yaml, at: items, key: id", "r.yaml"),
        ("layout: map, file: r.jsonc, at: items, key: id", "r.jsonc"),
        ("layout: map, file: r.toml, at: items, key: id", "r.toml"),
        ("layout: list, file: r.yaml, at: 'g.{id}.items', key: name", "r.yaml"),
    ],
)
def test_the_comments_of_a_field_that_the_place_says_stand_above_the_entry(place: str, file: str) -> None:
    files: Files = {
        f"{SCHEMAS}/thing.schema.yaml": f"x-registry: {{kind: thing, {place}}}\ntype: object\n".encode(),
        "desired/a.yaml": b"thing:\n# one\n- id: a # two\n  # three\n  name: n # four\n",
    }
    assert {problem.code for problem in plan_of(files).problems} == set()
    done = applied(files)
    comments = re.findall("(?:#|//) (one|two|three|four)$", (done[file] or b"").decode(), re.MULTILINE)
    assert comments == ["one", "two", "three", "four"]
    assert plan_of(done).empty
