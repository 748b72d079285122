"""One file from three sides, by entry and field: every format and layout, and random edits of both sides."""

from __future__ import annotations

import json
import random

import pytest
from msgspec.structs import replace

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.table import format_named
from registry_reconciler.loading.state.files import sides as marked_sides
from registry_reconciler.merging import Labels, merge_file
from registry_reconciler.merging.files import MergedFile
from registry_reconciler.merging.known import KindsAndOutputs, known_of
from registry_reconciler.outputs.memory import Form
from registry_reconciler.outputs.memory import render as render_account

SCHEMA = ".system/registry/schemas/skill.schema.yaml"
LABELS = Labels("HEAD", "other")


def known(file: str, layout: str = "list", more: str = "", key: str = "id") -> KindsAndOutputs:
    at = "" if layout in ("file", "documents") else "at: skills, "
    text = (
        "type: object\nproperties:\n  tags: {type: array, uniqueItems: true}\n"
        f"x-registry: {{kind: skill, layout: {layout}, file: '{file}', {at}key: {key}{more}}}\n"
    )
    return known_of(MemoryTree({SCHEMA: text.encode()}))


def merged(
    path: str, before: str | None, ours: str | None, theirs: str | None, about: KindsAndOutputs | None = None
) -> MergedFile:
    texts = [None if text is None else text.encode() for text in (before, ours, theirs)]
    found = merge_file(path, texts[0], texts[1], texts[2], about or known("s.yaml"), LABELS)
    assert found is not None
    return found


def clean(
    path: str, before: str | None, ours: str | None, theirs: str | None, about: KindsAndOutputs | None = None
) -> str:
    found = merged(path, before, ours, theirs, about)
    assert found.conflicts == ()
    return (found.content or b"").decode()


FRAGMENT = """\
# head
skill:
  # about a
  - id: a
    version: "1"   # counted
    summary: Does a.
    tags: [x]
  - id: c
    version: "1"
"""


def test_additions_at_one_place_are_no_conflict_and_keep_their_comments() -> None:
    text = clean(
        "desired/s.yaml",
        FRAGMENT,
        FRAGMENT + "  - id: d\n    version: '9'\n",
        FRAGMENT + "  # new e\n  - id: e   # e!\n    version: '8'\n",
    )
    assert text == FRAGMENT + "  - id: d\n    version: '9'\n  # new e\n  - id: e   # e!\n    version: '8'\n"


def test_what_both_sides_only_write_otherwise_has_no_marks_beside_a_conflict() -> None:
    def written(*entries: str) -> str:
        return "skill:\n" + "".join(
            f"  - id: {text[0]}\n    version: {text[1]}1{text[1]}\n"
            f"    summary: {text[2]}{{a}}{text[2]}\n    more: {text[3]}{text[4]}{text[3]}\n"
            for text in entries
        )

    found = merged(
        "desired/s.yaml",
        written("""e\"\"\"m""", """g\"\"\"m"""),
        written("""e'"'m"""),
        written("""e''\"m""", """g'"'3""").replace("  - id: g", "\n  - id: g"),
    )
    assert found.conflicts == ("skill/g: removed on one side, and changed on the other",)
    text = (found.content or b"").decode()
    assert text.count("<<<<<<<") == text.count("<<<<<<< HEAD (skill/g)") == 1


def test_a_field_that_both_changed_has_marks_around_it_alone_with_its_address() -> None:
    found = merged(
        "desired/s.yaml",
        FRAGMENT,
        FRAGMENT.replace('"1"   #', '"2"   #'),
        FRAGMENT.replace('"1"   #', '"3"   #').replace("Does a.", "Does A."),
    )
    assert found.conflicts == ("skill/a version: changed on both sides",)
    assert found.content is not None
    assert found.content.decode() == FRAGMENT.replace("Does a.", "Does A.").replace(
        '    version: "1"   # counted\n',
        '<<<<<<< HEAD (skill/a version)\n    version: "2"   # counted\n=======\n'
        '    version: "3"   # counted\n>>>>>>> other (skill/a version)\n',
    )


def test_comments_of_both_sides_are_kept_also_on_one_line() -> None:
    text = clean(
        "desired/s.yaml",
        FRAGMENT,
        FRAGMENT.replace("[x]", "[x, y]  # mine").replace("# about a", "# mine about a\n  # about a"),
        FRAGMENT.replace("[x]", "[x, z]  # theirs").replace("# head", "# Head"),
    )
    assert "tags: [x, y, z]  # mine # theirs\n" in text
    assert "# mine about a\n  # about a\n" in text
    assert text.startswith("# Head\n")


def test_removed_on_one_side_and_changed_on_the_other_is_a_conflict_and_unchanged_is_none() -> None:
    without = FRAGMENT[: FRAGMENT.index("  - id: c")]
    changed = FRAGMENT.replace('- id: c\n    version: "1"', '- id: c\n    version: "2"')
    for ours, theirs in ((without, changed), (changed, without)):
        found = merged("desired/s.yaml", FRAGMENT, ours, theirs)
        assert found.conflicts == ("skill/c: removed on one side, and changed on the other",)
        assert sorted(marked_sides(found.content or b"")) == sorted((without.encode(), changed.encode()))
    assert clean(
        "desired/s.yaml", FRAGMENT, without, FRAGMENT.replace("# head", "# Head")
    ) == without.replace("# head", "# Head")


def test_an_entry_renamed_on_one_side_and_changed_on_the_other_is_both() -> None:
    changed = FRAGMENT.replace('- id: c\n    version: "1"', '- id: c\n    version: "2"')
    renamed = FRAGMENT.replace("- id: c", "- id: cc")
    for ours, theirs in ((renamed, changed), (changed, renamed)):
        assert clean("desired/s.yaml", FRAGMENT, ours, theirs).endswith('- id: cc\n    version: "2"\n')
    moved = (
        renamed.replace('cc\n    version: "1"', 'cc\n    version: "7"')
        + "moved:\n  - {from: skill/c, to: skill/cc}\n"
    )
    text = clean("desired/s.yaml", FRAGMENT, moved, changed.replace('"2"', '"1"\n    summary: C.'))
    assert '- id: cc\n    version: "7"\n    summary: C.\n' in text


def test_both_add_one_entry() -> None:
    entry = "  - id: n\n    version: '1'\n"
    assert (
        clean(
            "desired/s.yaml", FRAGMENT, FRAGMENT + entry, FRAGMENT.replace("skill:\n", "skill:\n" + entry)
        ).count("id: n")
        == 1
    )
    found = merged("desired/s.yaml", FRAGMENT, FRAGMENT + entry, FRAGMENT + entry.replace("'1'", "'2'"))
    assert found.conflicts == ("skill/n version: changed on both sides",)


def test_two_new_files_of_one_name() -> None:
    text = clean("desired/s.yaml", None, "skill:\n  - {id: a}\n", "# b\nskill:\n  - {id: b}\n")
    assert "- {id: a}\n" in text
    assert "- {id: b}\n" in text
    assert "# b" in text


def test_a_fragment_that_one_side_removed() -> None:
    """What the other side added stays, what it left alone goes, what it changed is a conflict."""
    assert merged("desired/s.yaml", FRAGMENT, None, FRAGMENT.replace("# head", "# head")).content is None
    text = clean("desired/s.yaml", FRAGMENT, None, FRAGMENT + "  - id: n\n")
    assert format_named("x.yaml").read(text.encode()).documents == ({"skill": [{"id": "n"}]},)
    found = merged("desired/s.yaml", FRAGMENT, None, FRAGMENT.replace("Does a.", "Does A."))
    assert found.conflicts == ("skill/a: removed on one side, and changed on the other",)


LAYOUTS = {
    "json": (
        "s.json",
        "list",
        '{\n  "skills": [\n    {"id": "a", "v": "1"},\n    {"id": "b", "v": "1"}\n  ]\n}\n',
        ('"a", "v": "1"', '"a", "v": "2"'),
        ('"b", "v": "1"}', '"b", "v": "1"},\n    {"id": "n", "v": "9"}'),
        ('"b", "v": "1"}', '"b", "v": "3"},\n    {"id": "m", "v": "8"}'),
        {
            "skills": [
                {"id": "a", "v": "2"},
                {"id": "b", "v": "3"},
                {"id": "m", "v": "8"},
                {"id": "n", "v": "9"},
            ]
        },
    ),
    "one line": (
        "s.json",
        "list",
        '{"skills":[{"id":"a","v":"1"},{"id":"b","v":"1"}]}\n',
        ('"a","v":"1"', '"a","v":"2"'),
        ('"b","v":"1"}', '"b","v":"1"},{"id":"n","v":"9"}'),
        ('"b","v":"1"}', '"b","v":"3"},{"id":"m","v":"8"}'),
        {
            "skills": [
                {"id": "a", "v": "2"},
                {"id": "b", "v": "3"},
                {"id": "m", "v": "8"},
                {"id": "n", "v": "9"},
            ]
        },
    ),
    "jsonc": (
        "s.jsonc",
        "list",
        '{\n  // all\n  "skills": [\n    {"id": "a", "v": "1"}, // one\n    {"id": "b", "v": "1"},\n  ],\n}\n',
        ('"a", "v": "1"', '"a", "v": "2"'),
        ('"b", "v": "1"},', '"b", "v": "1"},\n    {"id": "n", "v": "9"}, // mine'),
        ('"b", "v": "1"},', '"b", "v": "3"},\n    // theirs\n    {"id": "m", "v": "8"},'),
        {
            "skills": [
                {"id": "a", "v": "2"},
                {"id": "b", "v": "3"},
                {"id": "m", "v": "8"},
                {"id": "n", "v": "9"},
            ]
        },
    ),
    "toml": (
        "s.toml",
        "list",
        '# t\n[[skills]]\nid = "a"\nv = "1"\n\n[[skills]]\nid = "b"\nv = "1" # v\n',
        ('"a"\nv = "1"', '"a"\nv = "2"'),
        ('v = "1" # v\n', 'v = "1" # v\n\n# mine\n[[skills]]\nid = "n"\nv = "9"\n'),
        ('v = "1" # v\n', 'v = "3" # v\n\n[[skills]]\nid = "m"\nv = "8" # theirs\n'),
        {
            "skills": [
                {"id": "a", "v": "2"},
                {"id": "b", "v": "3"},
                {"id": "m", "v": "8"},
                {"id": "n", "v": "9"},
            ]
        },
    ),
    "map": (
        "s.yaml",
        "map",
        "skills:\n  a: {v: 1}  # a\n  b:\n    v: 1\n",
        ("{v: 1}", "{v: 2}"),
        ("  b:\n    v: 1\n", "  b:\n    v: 1\n  n: {v: 9}  # mine\n"),
        ("  b:\n    v: 1\n", "  b:\n    v: 3\n  # theirs\n  m: {v: 8}\n"),
        {"skills": {"a": {"v": 2}, "b": {"v": 3}, "m": {"v": 8}, "n": {"v": 9}}},
    ),
    "pairs": (
        "s.yaml",
        "pairs",
        "skills:\n  a: x\n  b: y\n",
        ("a: x", "a: xx"),
        ("  b: y\n", "  b: y\n  n: z  # mine\n"),
        ("  b: y\n", "  b: yy\n  # theirs\n  m: w\n"),
        {"skills": {"a": "xx", "b": "yy", "m": "w", "n": "z"}},
    ),
    "texts": (
        "s.yaml",
        "texts",
        "skills:\n  - a\n  - b\n  - c\n",
        ("  - a\n", ""),
        ("  - c\n", "  - c\n  - n  # mine\n"),
        ("  - b\n  - c\n", "  - c\n  # theirs\n  - m\n"),
        {"skills": ["c", "m", "n"]},
    ),
    "named": (
        "s.yaml",
        "named",
        "skills:\n  - A: {v: 1}\n  - B:\n      v: 1\n",
        ("{v: 1}", "{v: 2}"),
        ("      v: 1\n", "      v: 1\n  - N: {v: 9}  # mine\n"),
        ("      v: 1\n", "      v: 3\n  # theirs\n  - M: {v: 8}\n"),
        {"skills": [{"A": {"v": 2}}, {"B": {"v": 3}}, {"M": {"v": 8}}, {"N": {"v": 9}}]},
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("swapped", [False, True])
def test_every_layout_and_format(name: str, swapped: bool) -> None:
    path, layout, before, change, mine, its, wanted = LAYOUTS[name]
    ours = before.replace(*change).replace(*mine)
    theirs = before.replace(*its)
    if swapped:
        ours, theirs = theirs, ours
    text = clean(path, before, ours, theirs, known(path, layout))
    assert list(format_named(path).read(text.encode()).documents) == [wanted]
    for comment in ("mine", "theirs", "# v", "// all", "// one", "# a"):
        assert text.count(comment) == max(ours.count(comment), theirs.count(comment))


def test_documents_come_and_go_by_themselves() -> None:
    before = "id: x\nv: 1\n---\n# y\nid: y\nv: 1\n"
    text = clean(
        "d.yaml",
        before,
        before + "---\n# mine\nid: m\nv: 2\n",
        "---\n# y\nid: y\nv: 2\n---\nid: t\nv: 3\n",
        known("d.yaml", "documents"),
    )
    assert [one["id"] for one in format_named("d.yaml").read(text.encode()).documents] == ["y", "m", "t"]
    assert "v: 2\n---\n# mine\nid: m" in text
    assert "# y\n" in text


SKILL = "---\nname: pdf\n# c\nversion: 1\n---\n\n# Text\n\nOne.\n\nTwo.\n\nThree.\n"


def test_front_matter_by_field_and_the_text_below_by_line() -> None:
    about = known("skills/*/SKILL.md", "file", ", body: text", key="name")
    path = "skills/pdf/SKILL.md"
    ours = SKILL.replace("version: 1", "version: 1\nx: 2").replace("One.", "One!")
    text = clean(
        path, SKILL, ours, SKILL.replace("version: 1", "version: 2").replace("Three.", "Three!"), about
    )
    assert text == "---\nname: pdf\n# c\nversion: 2\nx: 2\n---\n\n# Text\n\nOne!\n\nTwo.\n\nThree!\n"
    found = merged(path, SKILL, ours, SKILL.replace("One.", "One?"), about)
    assert len(found.conflicts) == 1
    assert marked_sides(found.content or b"") == (ours.encode(), ours.replace("One!", "One?").encode())


def test_an_entry_that_moves_to_another_list_takes_along_what_the_other_side_changed() -> None:
    before = "g:\n  x:\n    skills:\n      - id: a\n        v: 1\n  y:\n    skills:\n      - id: b\n"
    text = "type: object\nx-registry: {kind: skill, layout: list, file: s.yaml, at: 'g.{group}.skills', key: id}\n"
    about = known_of(MemoryTree({SCHEMA: text.encode()}))
    ours = "g:\n  x:\n    skills: []\n  y:\n    skills:\n      - id: b\n      - id: a\n        v: 1\n"
    for sides in ((ours, before.replace("v: 1", "v: 2")), (before.replace("v: 1", "v: 2"), ours)):
        assert clean("s.yaml", before, *sides, about) == ours.replace("v: 1", "v: 2")


def test_line_ends_and_a_mark_at_the_beginning_stay() -> None:
    before = "\ufeff" + FRAGMENT.replace("\n", "\r\n")
    ours = before.replace('"1"   #', '"2"   #') + "  - id: n\r\n"
    found = merged("desired/s.yaml", before, ours, before.replace('"1"   #', '"3"   #') + "  - id: m\r\n")
    content = found.content or b""
    assert content.count(b"\n") == content.count(b"\r\n")
    assert content.startswith(b"\xef\xbb\xbf# head")


def test_what_is_not_understood_is_left_to_git() -> None:
    about = known("s.yaml")
    twice = "skills:\n  - {id: a}\n  - {id: a}\n"
    bad = "skills: [\n"
    for path, ours in (("s.yaml", twice), ("s.yaml", bad), ("desired/s.yaml", bad), ("other.txt", "x\n")):
        assert (
            merge_file(path, b"skills: []\n", ours.encode(), b"skills:\n  - {id: b}\n", about, LABELS) is None
        )


# Random edits of both sides

Entry = dict[str, str]
Rows = dict[str, tuple[Entry, str]]
"""Entries by key, each with the comment above it."""


def written(ending: str, rows: Rows) -> str:
    if ending == "toml":
        return "\n".join(
            f"# {note}\n[[skills]]\n" + "".join(f'{name} = "{value}"\n' for name, value in entry.items())
            for entry, note in rows.values()
        )
    if ending in ("json", "jsonc"):
        items = [
            ("" if ending == "json" else f"    // {note}\n") + "    " + json.dumps(entry)
            for entry, note in rows.values()
        ]
        return '{\n  "skills": [\n' + ",\n".join(items) + "\n  ]\n}\n" if items else '{\n  "skills": []\n}\n'
    if not rows:
        return "skills: []\n"
    return "skills:\n" + "".join(
        f"  # {note}\n  - " + "    ".join(f"{name}: {value!r}\n" for name, value in entry.items())
        for entry, note in rows.values()
    )


def edited(rows: Rows, chance: random.Random, side: str) -> Rows:
    found = {key: (dict(entry), note) for key, (entry, note) in rows.items()}
    for number in range(chance.randint(1, 5)):
        keys = list(found)
        match chance.choice(("add", "add", "change", "change", "remove", "note", "field")):
            case "add":
                key = f"{chance.choice('abcdexyz')}{side}{number}"
                at = chance.randint(0, len(keys)) if chance.random() < 0.5 else len(keys)
                items = list(found.items())
                items.insert(at, (key, ({"id": key, "v": side, "w": "1"}, f"new {key}")))
                found = dict(items)
            case "change" if keys:
                found[chance.choice(keys)][0][chance.choice("vw")] = f"{side}{number}"
            case "field" if keys:
                found[chance.choice(keys)][0][f"f{side}"] = f"{side}{number}"
            case "remove" if keys:
                del found[chance.choice(keys)]
            case "note" if keys:
                key = chance.choice(keys)
                found[key] = (found[key][0], f"{side} says {number} of {key}")
            case _:
                pass
    return found


def expected(before: Rows, ours: Rows, theirs: Rows, *, notes: bool) -> tuple[dict[str, Entry], set[str]]:
    """The entries by key, and what is in conflict, by the rules that the page states."""
    found: dict[str, Entry] = {}
    conflicts: set[str] = set()
    for key in {*before, *ours, *theirs}:
        was, mine, its = (rows.get(key, (None, ""))[0] for rows in (before, ours, theirs))
        if mine is None or its is None:
            there = mine if its is None else its
            if there is not None and was is None:
                found[key] = there
                continue
            side = ours if its is None else theirs
            commented = notes and there is not None and side[key][1] != before[key][1]
            if there is not None and (there != was or commented):
                conflicts.add(f"skill/{key}")
            continue
        entry: Entry = {}
        for name in {*mine, *its, *(was or {})}:
            old, one, other = (each.get(name) for each in (was or {}, mine, its))
            if one != other and old not in (one, other):
                conflicts.add(f"skill/{key} {name}")
            value = other if old == one else one
            if value is not None:
                entry[name] = value
        found[key] = entry
    return found, conflicts


@pytest.mark.parametrize("ending", ["yaml", "json", "jsonc", "toml"])
@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[pytest.mark.slow] if part else []) for part in range(4)]
)
def test_random_edits_of_both_sides(ending: str, part: int) -> None:
    path = f"s.{ending}"
    about = known(path)
    for seed in range(part * 60, part * 60 + 60):
        chance = random.Random(seed)
        keys = [f"{letter}0" for letter in sorted(chance.sample("abcdefgh", chance.randint(0, 6)))]
        before: Rows = {key: ({"id": key, "v": "1", "w": "1"}, f"about {key}") for key in keys}
        ours, theirs = edited(before, chance, "o"), edited(before, chance, "t")
        texts = [written(ending, rows) for rows in (before, ours, theirs)]
        wanted, conflicts = expected(before, ours, theirs, notes=ending != "json")
        found = merged(path, texts[0], texts[1], texts[2], about)
        assert {sentence.rpartition(": ")[0] for sentence in found.conflicts} == conflicts, seed
        versions = marked_sides(found.content or b"")
        assert len(versions) == (2 if conflicts else 1)
        for version in versions:
            document = format_named(path).read(version).documents
            entries = {item["id"]: item for item in (document[0] if document else {}).get("skills", [])}
            assert len(entries) == len((document[0] if document else {}).get("skills", []))
            settled = {
                key for key in wanted if not any(name.split()[0] == f"skill/{key}" for name in conflicts)
            }
            assert {key: entries[key] for key in settled} == {key: wanted[key] for key in settled}, seed
        if ending != "json":
            notes = {note for rows in (ours, theirs) for key, (_, note) in rows.items() if key in wanted}
            old = {note for _, note in before.values()}
            text = (found.content or b"").decode()
            assert [note for note in notes - old if note not in text] == [], seed


def outputs_known() -> KindsAndOutputs:
    """What is known of a page with a count inside a line and a table."""
    definitions = (
        "outputs:\n  - {id: count, file: README.md, region: count, value: '1'}\n"
        "  - {id: table, file: README.md, region: table, value: '1'}\n"
    )
    return known_of(MemoryTree({".system/registry/outputs.yaml": definitions.encode()}))


def page(count: str, rows: str, note: str = "") -> str:
    return (
        f"# S{note}\n\nThere are <!-- registry:begin count -->{count}<!-- registry:end count -->.\n\n"
        f"<!-- registry:begin table -->\n{rows}<!-- registry:end table -->\n"
    )


@pytest.mark.parametrize("swapped", [False, True])
def test_what_one_side_derived_is_taken_with_what_is_remembered_of_it(swapped: bool) -> None:
    """A count that only one side changed, on a page that both changed, was called an edit by hand afterwards."""
    before, noted, counted = page("1", "a\n"), page("1", "a\n", " (noted)"), page("2", "a\nb\n")
    ours, theirs = (counted, noted) if swapped else (noted, counted)
    text = clean("README.md", before, ours, theirs, outputs_known())
    assert text == page("2", "a\nb\n", " (noted)")


def test_what_is_remembered_merges_as_its_text_also_where_programs_differ() -> None:
    def remembered(version: str, text: str, salt: str = "s", where: str = "") -> str:
        return render_account("table", Form(salt), version, text, where).decode()

    path = ".system/registry/state/outputs/table-1.lines"
    before, ours, theirs = "a\nb\nc\nd\n", "a1\nb\nc\nd\n", "a\nb\nc\nd1\n"
    sides = remembered("0.1", before), remembered("0.2", ours), remembered("0.3", theirs)
    assert clean(path, *sides, outputs_known()) == remembered("0.2", "a1\nb\nc\nd1\n")
    both = remembered("0.3", "a2\nb\nc\nd\n")
    assert clean(path, sides[0], sides[1], both, outputs_known()) == sides[1], "ours, as the text is"
    elsewhere = remembered("0.3", theirs, where="there")
    assert clean(path, sides[0], sides[1], elsewhere, outputs_known()) == remembered(
        "0.2", "a1\nb\nc\nd1\n", where="there"
    ), "where the side has it that moved it"
    other = remembered("0.3", "a2\nb\nc\nd\n", "other")
    assert clean(path, sides[0], sides[1], other, outputs_known()) == sides[1]


@pytest.mark.parametrize(
    ("path", "before", "there"),
    [
        ("s/b.yaml", "# about\nid: a\npath: x\n", "# about\nid: b\npath: x\n"),
        ("s/b.json", '{"id": "a", "path": "x"}\n', '{"id": "b", "path": "x"}\n'),
        ("s/b.toml", 'id = "a"\npath = "x"\n', 'id = "b"\npath = "x"\n'),
        ("s/b.md", "---\nid: a\n---\nText\n", "---\nid: b\n---\nText\n"),
        ("s/b.md", "---\nid: b\n---\nText\n", "---\nid: b\n---\nMore\n"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_file_of_one_entry_that_one_side_removed_stays_whole_or_goes(
    path: str, before: str, there: str, swapped: bool
) -> None:
    """It was merged field by field with nothing, and lost what nobody had changed."""
    about = known(f"s/{{id}}.{path.rpartition('.')[2]}", "file")
    ours, theirs = (None, there) if swapped else (there, None)
    found = merged(path, before, ours, theirs, about)
    assert (found.content, found.conflicts) == (
        there.encode(),
        ("skill/b: removed on one side, and changed on the other",),
    )
    for stays in (True, False):
        asked = replace(about, decided=lambda _address, stays=stays: stays)
        found = merged(path, before, ours, theirs, asked)
        assert (found.content, found.conflicts) == (there.encode() if stays else None, ())
    ours, theirs = (None, before) if swapped else (before, None)
    assert merged(path, before, ours, theirs, about).content is None


@pytest.mark.parametrize("renamed_by_us", [True, False])
@pytest.mark.parametrize("earlier", ["", "moved:\n  - {from: skill/x, to: skill/b}\n"])
def test_who_keeps_an_entry_that_the_other_side_renamed_and_let_go_keeps_no_line_that_moves_it(
    renamed_by_us: bool, earlier: str
) -> None:
    a, b = "  - id: a\n    version: '1'\n", "  - id: b\n    version: '1'\n"
    before = f"skill:\n{a}{b}{earlier}"
    let_go = (
        f"skill:\n{b}{earlier or 'moved:' + chr(10)}  # c is better\n  - {{from: skill/a, to: skill/c}}\n"
    )
    changed = before.replace("'1'", "'2'", 1)
    ours, theirs = (let_go, changed) if renamed_by_us else (changed, let_go)
    found = merged("desired/s.yaml", before, ours, theirs)
    assert found.conflicts == ("skill/a: removed on one side, and changed on the other",)
    assert found.content is not None
    assert found.content.count(b"<<<<<<< HEAD (skill/a)") == 2
    assert marked_sides(found.content) == (ours.encode(), theirs.encode())
