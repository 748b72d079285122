"""One cause, one problem: in every rule, in the schemas, in own rules and in outputs; with a count and three places."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.support import Installed

MANY = 30
ITEM = """\
$schema: https://json-schema.org/draft/2020-12/schema
x-registry:
  kind: item
  layout: list
  file: items.yaml
  at: items
  key: id
{more}
type: object
required: [id]
properties:
  id: {{type: string}}
  v: {{}}
  path: {{type: string}}
  parts: {{type: array, items: {{type: object, required: [{required}]}}}}
{fields}
"""


class Shop(Installed):
    """A workspace in a folder, and the installed command."""

    def declare(self, entries: Mapping[str, object]) -> None:
        self.write("desired/all.yaml", json.dumps(entries, indent=1, ensure_ascii=False))

    def item(self, more: str = "", fields: str = "", required: str = "") -> None:
        self.write(
            ".system/registry/schemas/item.schema.yaml",
            ITEM.format(more=more, fields=fields, required=required),
        )

    def items(self, **fields: Sequence[object]) -> None:
        rows = [{"id": f"i{number:02}", **dict(zip(fields, values, strict=True))} for number, values in
                enumerate(zip(*fields.values(), strict=True))]  # fmt: skip
        self.declare({"item": rows})

    def heads(self, *words: str) -> Counter[str]:
        """How many problems of each code a reader sees, of each severity."""
        lines = self.run("plan", *words).out.splitlines()
        return Counter(
            line.split()[1] for line in lines if line.startswith(("error ", "warning ", "record "))
        )

    def groups(self) -> dict[str, int]:
        """How many causes JSON tells of each code."""
        found: dict[str, set[str]] = {}
        for problem in self.run("plan", "--format", "json").json["problems"]:
            found.setdefault(problem["code"], set()).add(problem["group"])
        return {code: len(groups) for code, groups in found.items()}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def numbers(text: str) -> list[str]:
    return [text.format(number) for number in range(MANY)]


def test_the_built_in_rules_say_a_cause_once(shop: Shop) -> None:
    assert shop.run("init", "--kinds", "all").exit == 0
    two = ("m00", "m01")
    shop.declare({
        "module_type": [{"id": "t1"}, {"id": "t3"}],
        "module_instance": [
            *({"module_id": key, "module_type": "t1", "module_level": 1, "path": f"gone/{key}",
               "dependencies": {"modules": ["zz"]}} for key in numbers("m{:02}")),
            {"module_id": "zz", "module_type": "t3", "module_level": 1},
        ],
        "module_interface": [
            {"module_id": "zz", "id": f"x{key}", "method": "GET", "path": f"/{key}", "lifecycle": "DESIGNED",
             "consumers": [key]} for key in numbers("m{:02}")
        ],
        "route": [
            {"id": f"r{n:02}", "scope": "api", "topic": "errors", "module_id": two[n % 2], "when_to_use": " ",
             "related_docs": [{"path": f"docs/{n}.md", "stage": "undrstand"}], "ability_ids": ["a00"]}
            for n in range(MANY)
        ],
        "ability_low": [
            {"ability_id": f"a{n:02}", "group": "g", "summary": "s", "module_ids": ["m05"],
             "implementation": {"kind": "script", "command": [f"scripts/{n}.py"]}} for n in range(MANY)
        ],
        "hook": [
            {"id": f"h{n:02}", "event_type": "PreAbilityCal", "blocking": True, "enabled": True,
             "handler": {"kind": "script", "command": ["hooks/x.py"]}} for n in range(MANY)
        ],
    })  # fmt: skip
    heads = shop.heads("--full")
    assert min(heads[code] for code in ("MOD003", "RTE001", "ABL003", "CAP001", "HOK001")) >= MANY
    heads = shop.heads()
    twice = {code: count for code, count in heads.items() if count > 1}
    assert twice == {"RTE007": 2}  # two modules own the routes
    # What the schema and a rule say of one value, and what two rules say of one flow, is one problem.
    assert "SCH001" not in heads
    assert "MOD008" not in heads
    groups = shop.groups()
    assert (groups["ABL010"], groups["RTE009"]) == (1, 1)  # records
    out = shop.run("check").out
    assert f"module_instance/m00 and {MANY - 1} more" in out
    assert f"hook/h00 and {MANY - 1} more" in out


@pytest.mark.parametrize("format", ["text", "markdown", "github"])
def test_a_cause_has_its_count_and_the_first_three_places_in_each_format(shop: Shop, format: str) -> None:
    shop.item(more="  paths: [{field: path, missing: error}]")
    shop.items(path=numbers("gone/{}.md"))
    out = shop.run("plan", "--format", format).out
    words = " ".join(out.replace("`", "").replace("%0A", " ").split())
    assert "There is no file or folder 'gone/0.md' in the workspace: there is no folder 'gone'." in words
    if format != "github":
        assert "item/i00 and 29 more" in words
    assert words.lower().count("also ") == 2
    assert "27 places more" in words


def test_a_file_of_each_entry_that_is_missing_in_a_folder_that_is_there_is_a_cause_of_its_own(
    shop: Shop,
) -> None:
    shop.item(more="  paths: [{field: path, missing: error}]")
    shop.write("docs/there.md", "")
    shop.items(path=["docs/a.md", "docs/b.md"])
    assert shop.heads() == {"PTH001": 2}


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ("  team: {type: object}", numbers("team {}")),
        ("  team: {type: string, pattern: '^x'}", numbers("t{}")),
        ("  team: {type: string, minLength: 9}", numbers("t{}")),
        ("  team: {enum: [a, b]}", ["c"] * MANY),
        ("  team: false", ["c"] * MANY),
        ("  team: {type: array, items: {type: string}}", [[number] for number in range(MANY)]),
    ],
    ids=["type", "pattern", "length", "word", "false", "items"],
)
def test_what_a_changed_schema_asks_of_all_is_one_problem(
    shop: Shop, fields: str, values: Sequence[object]
) -> None:
    shop.item()
    shop.items(team=values)
    assert shop.run("apply", "--yes").exit == 0
    shop.item(fields=fields)
    lines = shop.run("check").out.splitlines()
    assert sum(line.startswith("error ") for line in lines) == 1
    assert "item/i00 and 29 more" in lines[0]


def test_two_wrong_words_of_one_field_are_two_problems(shop: Shop) -> None:
    shop.item(fields="  team: {enum: [red, blue]}")
    shop.items(team=["rad", "bluu"])
    assert shop.heads() == {"SCH001": 2}


def test_items_of_lists_count_as_one_whatever_their_numbers(shop: Shop) -> None:
    shop.item(required="name")
    shop.items(parts=[[{"name": "x"}] * number + [{}] for number in range(MANY)])
    assert shop.heads() == {"SCH001": 1}


def test_entries_that_nobody_manages_and_files_that_nobody_lists_are_one_problem_each(shop: Shop) -> None:
    shop.item(more="  managed: all\n  paths: [{field: path, missing: record, unlisted: 'docs/*.md'}]")
    shop.write("items.yaml", json.dumps({"items": [{"id": key} for key in numbers("i{:02}")]}))
    for number in range(MANY):
        shop.write(f"docs/{number}.md", "")
    out = shop.run("check").out
    assert "item/i00 and 29 more" in out
    assert "registry adopt item/i00. Or remove the entry. Likewise for the others." in " ".join(out.split())
    assert shop.heads() == {"UNM001": 1, "PTH003": 1}


def test_entries_that_differ_from_what_is_live_are_one_problem_that_says_what_to_do_with_each(
    shop: Shop,
) -> None:
    shop.item()
    shop.write("items.yaml", json.dumps({"items": [{"id": key, "v": 1} for key in numbers("i{:02}")]}))
    shop.items(v=[2] * MANY)
    out = " ".join(shop.run("plan").out.split())
    assert out.count("error STA003") == 1
    assert "registry plan --adopt item/i00. Likewise for the others." in out


OWN = """\
code: TEAMS001
title: A team is known
for: item
check: self.v < 5
message: "{key} has {self.v}, which is {why}"
"""


def test_an_own_rule_that_many_entries_break_is_one_problem_and_says_what_differs(shop: Shop) -> None:
    shop.item(fields="  n: {type: integer}")
    shop.write(".system/registry/rules/TEAMS001.yaml", OWN.replace("{why}", "too much"))
    shop.items(v=[10 + number for number in range(MANY)])
    out = shop.run("plan").out
    assert out.count("error TEAMS001") == 1
    assert "i00 has 10, which is too much" in out
    assert "item/i01: i01 has 11, which is too much" in " ".join(out.split())


def test_outputs_that_fail_for_one_reason_are_one_problem(shop: Shop) -> None:
    shop.item()
    shop.items(v=[1])
    outputs = [{"id": f"o{number}", "file": f"out/{number}.md", "template": "t.md.j2"} for number in range(6)]
    shop.write(".system/registry/outputs.yaml", json.dumps({"outputs": outputs}))
    shop.write(".system/registry/templates/t.md.j2", "{{ nothing.there }}\n")
    out = shop.run("plan").out
    assert out.count("error OUT002") == 1
    assert "templates/t.md.j2:1:1 output o1" in " ".join(out.split())
    shop.write(".system/registry/outputs.yaml", json.dumps({"outputs": [
        {"id": f"o{number}", "file": f"out/{number}.md", "template": "gone.j2"} for number in range(6)
    ]}))  # fmt: skip
    assert shop.heads() == {"OUT002": 1}


def test_errors_stand_before_warnings_whatever_cause_they_have(shop: Shop) -> None:
    shop.item(more="  paths: [{field: path, missing: warning}]", fields="  team: {type: string}")
    shop.items(path=numbers("gone/{}.md"), team=[*range(MANY)])
    words = [line.partition(" ")[0] for line in shop.run("check").out.splitlines()]
    kinds = [word for word in words if word in ("error", "warning")]
    assert kinds == ["error", "warning"]


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_each_place_of_a_cause_is_named_once(shop: Shop, format: str) -> None:
    """What refers to a deleted entry: one line was printed for each that does, although the cause counts them."""
    shop.item(more="  references: [{field: needs, kind: item, missing: error}]")
    shop.declare({"item": [{"id": "base"}, *({"id": f"i{n:02}", "needs": "base"} for n in range(MANY))]})
    assert shop.run("apply", "--yes").exit == 0
    shop.declare({"item": [{"id": f"i{n:02}", "needs": "base"} for n in range(MANY)]})
    out = shop.run("plan", "--format", format).out
    assert "and 30 more" in out
    assert len(re.findall(r"^ +(?:- )?(?:see|See) ", out, re.MULTILINE)) == 0
    assert len(re.findall(r"^ +(?:- )?(?:also|Also) ", out, re.MULTILINE)) == 2
