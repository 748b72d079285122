"""Layouts whose entries are no mappings in the file: read, adopted, changed, added, moved, removed, drift."""

from __future__ import annotations

import pytest

from tests.support import Box

SCHEMAS = ".system/registry/schemas"


def kind(box: Box, spec: str) -> None:
    box.write(f"{SCHEMAS}/item.schema.yaml", f"type: object\nx-registry: {{kind: item, {spec}}}\n")


CASES = {
    "pairs yaml": (
        "layout: pairs, file: r.yaml, at: owners, key: file, value: owner",
        "# head\nowners:\n  # about a\n  a.c: Ada   # since ever\n  c.c: 'Carl'\n  'd.c': [x, y]\n",
        "# head\nowners:\n  # about a\n  a.c: Eve   # since ever\n  # new\n  b.c: \"Bo\"   # b\n  z.c: 'Carl'\n",
        'item:\n- {file: a.c, owner: Eve}\n# new\n- file: b.c\n  owner: "Bo"   # b\n- {file: z.c, owner: Carl}\n',
    ),
    "texts yaml": (
        "layout: texts, file: r.yaml, at: words, key: file",
        "words:\n  - a.c   # first\n  # about c\n  - c.c\n  - 'd.c'\n",
        "words:\n  - a.c   # first\n  - b.c\n  # about c\n  - z.c\n",
        "item:\n- file: a.c\n- file: b.c\n- file: z.c\n",
    ),
    "named yaml": (
        "layout: named, file: r.yaml, key: file, value: owner",
        "- a.c: {owner: Ada, n: 1.10}\n# about c\n- c.c:\n    owner: Carl   # c\n    n: 2\n- d.c: Dora\n",
        "- a.c: {owner: Ada, n: 1.20}\n- b.c: Bo\n# about c\n- z.c:\n    owner: Carl   # c\n    n: 2\n",
        "item:\n- {file: a.c, owner: Ada, n: 1.20}\n- {file: b.c, owner: Bo}\n- {file: z.c, owner: Carl, n: 2}\n",
    ),
    "pairs json": (
        "layout: pairs, file: r.json, at: owners, key: file, value: owner",
        '{\n  "owners": {\n    "a.c": "Ada",\n    "c.c": "Carl",\n    "d.c": 1\n  },\n  "n": 1\n}\n',
        '{\n  "owners": {\n    "a.c": "Eve",\n    "b.c": "Bo",\n    "z.c": "Carl"\n  },\n  "n": 1\n}\n',
        "item:\n- {file: a.c, owner: Eve}\n- {file: b.c, owner: Bo}\n- {file: z.c, owner: Carl}\n",
    ),
    "texts json": (
        "layout: texts, file: r.json, key: file",
        '[\n  "a.c",\n  "c.c",\n  "d.c"\n]\n',
        '[\n  "a.c",\n  "b.c",\n  "z.c"\n]\n',
        "item:\n- file: a.c\n- file: b.c\n- file: z.c\n",
    ),
    "named json": (
        "layout: named, file: r.json, key: file",
        '[\n  {"a.c": {"owner": "Ada"}},\n  {"c.c": {"owner": "Carl"}},\n  {"d.c": {"owner": "D"}}\n]\n',
        '[\n  {"a.c": {"owner": "Eve"}},\n  {"b.c": {"owner": "Bo"}},\n  {"z.c": {"owner": "Carl"}}\n]\n',
        "item:\n- {file: a.c, owner: Eve}\n- {file: b.c, owner: Bo}\n- {file: z.c, owner: Carl}\n",
    ),
    "pairs toml": (
        "layout: pairs, file: r.toml, at: owners, key: file, value: owner",
        '# head\n[owners]\n# about a\n"a.c" = \'Ada\'   # since ever\n"c.c" = "Carl"\n"d.c" = 1\n\n[other]\nx = 1\n',
        '# head\n[owners]\n# about a\n"a.c" = \'Eve\'   # since ever\n"b.c" = "Bo"\n"z.c" = "Carl"\n\n[other]\nx = 1\n',
        "item:\n- {file: a.c, owner: Eve}\n- {file: b.c, owner: Bo}\n- {file: z.c, owner: Carl}\n",
    ),
    "texts toml": (
        "layout: texts, file: r.toml, at: words, key: file",
        'words = [\n  "a.c", # of one\n  "c.c",\n  "d.c",\n]\n',
        'words = [\n  "a.c", # of one\n  "b.c",\n  "z.c",\n]\n',
        "item:\n- file: a.c\n- file: b.c\n- file: z.c\n",
    ),
    "documents yaml": (
        "layout: documents, file: r.yaml, key: meta.file",
        "# head\n\n# the first\nmeta: {file: a.c}\nv: 1\n---\n# about c\nmeta: {file: c.c} # c\n"
        "v: 2\n---\nmeta: {file: d.c}\n",
        "# head\n\n# the first\nmeta: {file: a.c}\nv: 3\n---\nmeta: {file: b.c}\nv: 4\n---\n"
        "# about c\nmeta: {file: z.c} # c\nv: 2\n",
        "item:\n- {meta: {file: a.c}, v: 3}\n- meta: {file: b.c}\n  v: 4\n- {meta: {file: z.c}, v: 2}\n",
    ),
}
MOVED = "moved: [{from: item/c.c, to: item/z.c}]\n"


def registry_of(spec: str) -> str:
    return spec.partition("file: ")[2].partition(",")[0]


@pytest.mark.parametrize("crlf", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("case", CASES)
def test_entries_are_adopted_changed_added_renamed_and_removed(box: Box, case: str, crlf: bool) -> None:
    spec, old, new, wanted = CASES[case]
    file = registry_of(spec)

    def ends(text: str) -> bytes:
        return text.replace("\n", "\r\n" if crlf else "\n").encode()

    kind(box, spec)
    (box.root / file).write_bytes(ends(old))
    adopted = box.run("adopt", "--all", "--format", "json").json
    assert [one["address"] for one in adopted["adopted"]] == ["item/a.c", "item/c.c", "item/d.c"]
    assert box.run("apply", "--yes").exit == 0
    assert (box.root / file).read_bytes() == ends(old)
    assert box.run("plan", "--detailed-exitcode").exit == 0
    for comment in ("about a", "about c", "first", "since ever", "the first"):
        if f"# {comment}" in old:
            assert f"# {comment}" in box.read("desired/item.yaml")
    box.write("desired/item.yaml", wanted + MOVED)
    assert box.run("apply", "--yes", "--verify").exit == 0
    assert (box.root / file).read_bytes() == ends(new)
    assert box.run("plan", "--detailed-exitcode").exit == 0
    assert box.run("verify").exit == 0
    (box.root / file).write_bytes(ends(new.replace("Bo", "Xo").replace("4", "5").replace("b.c", "y.c")))
    assert box.run("drift").exit == 2
    assert box.run("drift", "--revert", "item/*").exit == 0
    assert box.run("plan", "--detailed-exitcode").exit in (0, 2)
    box.write("desired/item.yaml", "{}\n")
    assert box.run("apply", "--yes", "--allow-mass-delete", "--overwrite", "item/*").exit == 0
    assert box.run("list", "item/*", "--format", "json").json["entries"] == [] or "y.c" in box.read(file)


@pytest.mark.parametrize("case", CASES)
def test_a_file_that_is_not_there_is_made(box: Box, case: str) -> None:
    spec, _, _, wanted = CASES[case]
    kind(box, spec)
    box.write("desired/item.yaml", wanted)
    assert box.run("apply", "--yes", "--verify").exit == 0
    assert box.run("plan", "--detailed-exitcode").exit == 0
    found = box.run("list", "item/*", "--format", "json").json
    assert [one["address"] for one in found["entries"]] == ["item/a.c", "item/b.c", "item/z.c"]


def test_what_has_no_place_in_a_layout_is_said(box: Box) -> None:
    for spec in (CASES["pairs yaml"][0], CASES["texts yaml"][0]):
        kind(box, spec)
        box.write("desired/item.yaml", "item: [{file: a, owner: x, more: 1}]\n")
        (said,) = (
            one for one in box.run("plan", "--format", "json").json["problems"] if one["code"] == "WRT003"
        )
        assert "has no place" in said["message"]
        assert SCHEMAS in said["fix"]["description"]


def test_layouts_that_a_format_cannot_hold_are_refused(box: Box) -> None:
    for spec in (
        "layout: documents, file: r.json, key: id",
        "layout: documents, file: r.yaml, at: x, key: id",
        "layout: pairs, file: r.md, key: id",
    ):
        kind(box, spec)
        assert "KND001" in box.run("plan").out


def test_a_document_between_directives_is_left_alone(box: Box) -> None:
    kind(box, "layout: documents, file: r.yaml, key: id")
    text = "%YAML 1.2\n---\nid: a\n...\n---\nid: b\n"
    box.write("r.yaml", text)
    box.write("desired/item.yaml", "item: [{id: a}, {id: b}, {id: c}]\n")
    ran = box.run("plan", "--format", "json").json
    assert [one["code"] for one in ran["problems"] if one["blocking"]] == ["WRT001"]
    assert box.read("r.yaml") == text
