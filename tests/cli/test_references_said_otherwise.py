"""References in the keys of mappings, in the words of one text, and told by several fields."""

from __future__ import annotations

import pytest

from tests.support import Box

SCHEMAS = ".system/registry/schemas"
CASES = {
    "keys": ("{field: needs, keys: true, kind: item}", "needs: {WORD: '>=1', b: 2}", "a", "c"),
    "inner keys": ("{field: 'jobs[].with', keys: true, kind: item}", "jobs: [{with: {WORD: 1}}]", "a", "c"),
    "blanks": ("{field: needs, split: blanks, kind: item}", "needs: 'b  WORD'", "a", "c"),
    "blanks alike": ("{field: needs, split: blanks, kind: item}", "needs: 'b WORD b'", "a", "c.d"),
    "commas": ("{field: needs, split: commas, kind: item}", "needs: 'b, WORD'", "a", "c"),
}


def box_of(box: Box, reference: str) -> None:
    box.write(
        f"{SCHEMAS}/item.schema.yaml",
        "type: object\nx-registry:\n  kind: item\n  layout: list\n  file: r.yaml\n  key: id\n"
        f"  references: [{reference}]\n",
    )


@pytest.mark.parametrize("case", CASES)
def test_it_is_followed_missed_and_renamed(box: Box, case: str) -> None:
    reference, field, word, new = CASES[case]
    box_of(box, reference)

    def wanted(word: str, here: str = "a") -> str:
        return f"item:\n  - id: {here}\n  - id: b\n  - id: u\n    {field.replace('WORD', word)}\n"

    box.write("desired/item.yaml", wanted("ab"))
    (missing,) = (
        one for one in box.run("plan", "--format", "json").json["problems"] if one["code"] == "REF001"
    )
    assert "There is no item 'ab'" in missing["message"]
    assert missing["location"]["line"] == 5
    assert "edits" not in (missing["fix"] or {}) or not missing["fix"]["edits"]
    box.write("desired/item.yaml", wanted(word))
    assert box.run("apply", "--yes").exit == 0
    assert "item/u" in box.run("graph", "item/a").out
    assert box.run("rename", "item/a", new, "--apply").exit == 0
    assert field.replace("WORD", new).split(":", 1)[1].strip() in box.read("r.yaml")
    assert box.run("plan", "--detailed-exitcode").exit == 0
    box.write("desired/item.yaml", "item:\n  - id: b\n  - id: u\n" + f"    {field.replace('WORD', new)}\n")
    assert "REF006" in box.run("plan").out


def test_several_fields_tell_one_key(box: Box) -> None:
    spec = "kind: skill, layout: list, file: s.yaml, key: [plugin, name]"
    box.write(f"{SCHEMAS}/skill.schema.yaml", f"type: object\nx-registry: {{{spec}}}\n")
    reference = "{field: ['uses[].plugin', 'uses[].skill'], kind: skill}"
    box_of(box, reference)
    box.write("desired/skill.yaml", "skill: [{plugin: judge, name: run}, {plugin: judge, name: rest}]\n")
    text = "item:\n  - id: u\n    uses:\n      - {plugin: judge, skill: run}\n"
    box.write("desired/item.yaml", text.replace("run", "rum"))
    assert "There is no skill 'judge/rum'" in " ".join(box.run("plan").out.split())
    box.write("desired/item.yaml", text)
    assert box.run("apply", "--yes").exit == 0
    assert box.run("rename", "skill/judge/run", "judge/walk", "--apply").exit == 0
    assert "{plugin: judge, skill: walk}" in box.read("r.yaml")
    assert box.run("plan", "--detailed-exitcode").exit == 0


def test_cycles_are_found_in_keys_too(box: Box) -> None:
    box.write(
        f"{SCHEMAS}/item.schema.yaml",
        "type: object\nx-registry:\n  kind: item\n  layout: list\n  file: r.yaml\n  key: id\n"
        "  references: [{field: needs, keys: true, kind: item}]\n  acyclic: [needs]\n",
    )
    box.write("desired/item.yaml", "item: [{id: a, needs: {b: 1}}, {id: b, needs: {a: 1}}]\n")
    assert "a circle" in box.run("plan").out or "REF005" in box.run("plan").out


@pytest.mark.parametrize(
    "reference",
    [
        "{field: needs, keys: true, split: blanks, kind: item}",
        "{field: [a, b], keys: true, kind: item}",
        "{field: [a.x, b.y], kind: item}",
        "{field: ['a[]', 'b[]'], kind: item}",
    ],
)
def test_what_does_not_go_together_is_refused(box: Box, reference: str) -> None:
    box_of(box, reference)
    assert "KND001" in box.run("plan").out
