"""What costs how much more when there is twice as much of it: schemas, kinds, folders, problems.

Each row is a shape of which a workspace can have many. Steps are counted, no time is taken. A row either grows no
faster than what it is made of, or stops at a limit, and then its problem says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.base.globs import MOST_ALIKE
from registry_reconciler.files.tree import DEEPEST_FOLDER, MOST_BEHIND_LINKS, DiskTree
from registry_reconciler.model.baseline import known_of
from registry_reconciler.model.kind import MOST_AT_ONE_PLACE, MOST_STEPS
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import plan_to_json
from registry_reconciler.model.problem import MOST_LISTED
from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.schema.compiled import MOST_FINDINGS
from registry_reconciler.schema.purse import Purse
from registry_reconciler.schema.validator import standalone
from tests.growth.counting import Files, growth, plan
from tests.support import lay_out

FACTOR = 2.3
SCHEMAS = ".system/registry/schemas/"
LIST = 'layout: list, file: "k.yaml", at: items, key: id'


def schema(name: str, body: str = "type: object\n", where: str = LIST) -> Files:
    """The schema file of a kind."""
    return {f"{SCHEMAS}{name}.schema.yaml": f"x-registry: {{kind: {name}, {where}}}\n{body}".encode()}


def words(count: int) -> list[str]:
    """Names that do not look alike: what is alike is compared more closely, up to a limit of its own."""
    return ["w" + hashlib.sha256(str(number).encode()).hexdigest()[:12] for number in range(count)]


def fragment(text: str) -> Files:
    return {"desired/x.yaml": text.encode()}


def unknown_fields(size: int, known: int = 300) -> Files:
    body = (
        f"properties: {{{', '.join(f'{one}x: {{}}' for one in words(known))}}}\nadditionalProperties: false\n"
    )
    return {
        **schema("k", body),
        **fragment("k:\n- id: a\n" + "".join(f"  {one}: 1\n" for one in words(size))),
    }


def known_fields(size: int) -> Files:
    return unknown_fields(20, size)


def wrong_names(size: int) -> Files:
    text = "k:\n- id: a\n" + "".join(f"  {one}: 1\n" for one in words(size))
    return {**schema("k", "propertyNames: {pattern: '^[a-z]+$'}\n"), **fragment(text)}


def wrong_words(size: int) -> Files:
    body = f"properties: {{v: {{items: {{enum: [{', '.join(words(size))}]}}}}}}\n"
    return {
        **schema("k", body),
        **fragment(f"k:\n- {{id: a, v: [{', '.join(f'q{n}' for n in range(size))}]}}\n"),
    }


def required(size: int) -> Files:
    return {**schema("k", f"required: [{', '.join(words(size))}]\n"), **fragment("k:\n- {id: a}\n")}


def constants(size: int) -> Files:
    forms = ", ".join(f"{{const: {one}}}" for one in words(size))
    return {**schema("k", f"properties: {{v: {{oneOf: [{forms}]}}}}\n"), **fragment("k:\n- {id: a, v: x}\n")}


def severities(size: int) -> Files:
    settings = "severities:\n" + "".join(f"  bad-{one}: error\n" for one in words(size))
    return {**schema("k"), ".system/registry/config.yaml": settings.encode()}


def kinds_of_one_file(size: int) -> Files:
    files: dict[str, bytes] = {"all.yaml": "".join(f"k{n}:\n- {{id: a}}\n" for n in range(size)).encode()}
    for number in range(size):
        files.update(schema(f"k{number}", where=f"layout: list, file: all.yaml, at: k{number}, key: id"))
    return files


def kinds_in_a_kind(size: int) -> Files:
    files = dict(schema("k", where="layout: map, file: all.yaml, at: a, key: id"))
    for number in range(size):
        place = f'layout: list, file: all.yaml, at: "a.{{id}}.k{number}", key: name'
        files.update(schema(f"k{number}", where=place))
    return files


def schema_files(size: int) -> Files:
    files: dict[str, bytes] = {}
    for number in range(size):
        files.update(schema(f"k{number}", where=f"layout: list, file: k{number}.yaml, at: items, key: id"))
    return files


def open_glob(size: int) -> Files:
    files = dict(schema("k", where='layout: list, file: "d/*.yaml", at: items, key: id'))
    files.update({f"d/f{n}.yaml": f"items:\n- {{id: a{n}}}\n".encode() for n in range(size)})
    return {**files, **fragment("k:\n" + "".join(f"- {{id: b{n}}}\n" for n in range(size)))}


def open_steps(size: int) -> Files:
    files = dict(schema("k", where='layout: list, file: "d.yaml", at: "a.*", key: id'))
    files["d.yaml"] = ("a:\n" + "".join(f"  f{n}:\n  - {{id: a{n}}}\n" for n in range(size))).encode()
    return {**files, **fragment("k:\n" + "".join(f"- {{id: b{n}}}\n" for n in range(size)))}


def folders(size: int) -> Files:
    where = 'layout: list, file: "**/k.yaml", at: items, key: id'
    return {
        **schema("k", where=where),
        **{f"d{n}/k.yaml": f"items: [{{id: a{n}}}]\n".encode() for n in range(size)},
    }


def unlisted(size: int) -> Files:
    where = LIST + ', paths: [{field: p, unlisted: "docs/**"}]'
    return {**schema("k", where=where), **{f"docs/{n}.md": b"" for n in range(size)}}


def references(size: int) -> Files:
    where = LIST + ', references: [{field: "r[]", kind: k}]'
    return {**schema("k", where=where), **fragment(f"k:\n- {{id: a, r: [{', '.join(words(size))}]}}\n")}


def no_entries(size: int) -> Files:
    return {**schema("k"), **fragment("k: [" + "1, " * size + "]\n")}


def no_keys(size: int) -> Files:
    return {**schema("k"), **fragment("k:\n" + "".join(f"- {{x: {one}}}\n" for one in words(size)))}


def unknown_kinds(size: int) -> Files:
    return {**schema_files(20), **fragment("".join(f"q{one}: []\n" for one in words(size)))}


def unfit(size: int) -> Files:
    text = "k:\n" + "".join(f"- {{id: {one}, v: x}}\n" for one in words(size))
    return {**schema("k", "properties: {v: {type: integer}}\n"), **fragment(text)}


def known_problems(size: int) -> Files:
    lines = "problems:\n" + "".join(f"- {{code: REF001, address: k/{one}}}\n" for one in words(size))
    return {**schema("k"), ".system/registry/baseline.yaml": lines.encode()}


def no_known_problems(size: int) -> Files:
    lines = "problems:\n" + "".join(f"- {one}\n" for one in words(size))
    return {**schema("k"), ".system/registry/baseline.yaml": lines.encode()}


def many_fields_asked(size: int) -> Files:
    """More alternatives than fields, and none of them about most fields."""
    forms = ", ".join(f"{{properties: {{f{number}: {{}}}}}}" for number in range(size))
    text = "k:\n- id: a\n" + "".join(f"  f{number}: 1\n" for number in range(size))
    return {**schema("k", f"allOf: [{forms}]\nunevaluatedProperties: false\n"), **fragment(text)}


def ring(size: int) -> Files:
    text = "k:\n" + "".join(f"- {{id: a{n}, r: [a{(n + 1) % size}]}}\n" for n in range(size))
    where = LIST + ', acyclic: [r], references: [{field: "r[]", kind: k}]'
    return {**schema("k", where=where), **fragment(text)}


def hub(size: int) -> Files:
    """Half of all refer to one that refers to the other half."""
    named = ", ".join(f"e{number}" for number in range(size))
    rest = "".join(f"- {{id: e{number}}}\n- {{id: f{number}, r: [h]}}\n" for number in range(size))
    where = LIST + ', references: [{field: "r[]", kind: k}]'
    return {**schema("k", where=where), **fragment(f"k:\n- {{id: h, r: [{named}]}}\n{rest}")}


def unknown_lists(size: int) -> Files:
    """Each a list that could be one of entries, so that items of every one of them may be looked up."""
    return {**schema("k"), **fragment("".join(f"{one}:\n- {{id: a}}\n- {{id: b}}\n" for one in words(size)))}


ROWS: tuple[tuple[Callable[[int], Files], int], ...] = (
    (unknown_fields, 300),
    (known_fields, 400),
    (wrong_names, 300),
    (wrong_words, 200),
    (required, 500),
    (constants, 300),
    (severities, 400),
    (kinds_of_one_file, 60),
    (kinds_in_a_kind, 60),
    (schema_files, 200),
    (open_glob, 100),
    (open_steps, 150),
    (folders, 200),
    (unlisted, 300),
    (references, 300),
    (no_entries, 600),
    (no_keys, 400),
    (unknown_kinds, 300),
    (unknown_lists, 300),
    (unfit, 200),
    (known_problems, 500),
    (no_known_problems, 500),
    (many_fields_asked, 300),
    (hub, 100),
    (hub, 300),
)


@pytest.mark.parametrize(("files", "size"), ROWS, ids=[f"{row[0].__name__}-{row[1]}" for row in ROWS])
def test_twice_as_much_takes_about_twice_as_many_steps(files: Callable[[int], Files], size: int) -> None:
    plan(
        files(2 * size)
    )  # what is compiled and kept by its text would else count for one of the two sizes only
    assert growth(files, size) < FACTOR


def alternatives(levels: int, word: str) -> dict[str, object]:
    """A schema whose every level leads to the next by two ways."""
    definitions: dict[str, object] = {f"d{levels}": {"type": "integer"}}
    for level in range(levels):
        inner = {"properties": {"a": {"$ref": f"#/$defs/d{level + 1}"}}}
        forms = {"if": inner, "then": inner, "else": inner} if word == "if" else {word: [inner, inner]}
        definitions[f"d{level}"] = forms
    return {"$defs": definitions, "$ref": "#/$defs/d0"}


def nested(levels: int, last: object = "x") -> object:
    for _ in range(levels):
        last = {"a": last}
    return last


@pytest.mark.parametrize("word", ["anyOf", "oneOf", "allOf", "if"])
def test_alternatives_that_multiply_stop_at_a_limit_that_is_said(word: str) -> None:
    few = standalone(alternatives(6, word))
    assert not few.is_valid(nested(6))
    assert few.is_valid(nested(6, 1)) is (word != "oneOf")
    many = standalone(alternatives(60, word))
    assert not many.is_valid(nested(60, 1))
    (found,) = many.violations(nested(60, 1))
    assert "500,000 ways" in found.message
    assert "simpler" in found.fix


def test_what_asks_its_alternatives_again_stops_at_a_limit_that_is_said() -> None:
    schema_: dict[str, object] = {"properties": {"a": True}}
    for _ in range(40):
        schema_ = {"allOf": [schema_], "unevaluatedProperties": {"type": "integer"}}
    (found,) = standalone(schema_).violations({"a": 1, "b": 2})
    assert "500,000 ways" in found.message


def test_definitions_that_many_places_share_are_no_alternatives() -> None:
    """Sharing is what definitions are for: only ways to one and the same part multiply."""
    fields = {f"f{number}": {"$ref": "#/$defs/d1"} for number in range(50)}
    definitions: dict[str, object] = {"d6": {"type": "integer"}}
    for level in range(1, 6):
        definitions[f"d{level}"] = {
            "properties": {f"f{number}": {"$ref": f"#/$defs/d{level + 1}"} for number in range(50)}
        }
    shared = standalone({"$defs": definitions, "properties": fields})
    assert shared.is_valid({"f1": {"f2": {"f3": {"f4": {"f5": {"f6": 1}}}}}})
    assert not shared.is_valid({"f1": {"f2": {"f3": {"f4": {"f5": {"f6": "x"}}}}}})


def test_a_tree_of_any_depth_is_judged() -> None:
    tree = standalone(
        {"type": "object", "properties": {"a": {"items": {"$ref": "#"}}, "n": {"type": "integer"}}}
    )
    value: dict[str, object] = {"n": 1}
    for _ in range(90):
        value = {"n": 1, "a": [value]}
    assert tree.is_valid(value)
    assert not tree.is_valid({"a": [{"a": [{"n": "x"}]}]})


def test_names_that_are_judged_count_like_parts() -> None:
    """All ways to all names: these few kilobytes asked for gigabytes to word, and did not end."""
    schema_ = {"propertyNames": {"anyOf": [{"const": f"k{number}"} for number in range(1_000)]}}
    names = standalone(schema_)
    assert names.is_valid({"k1": 1, "k999": 1})
    (found,) = names.violations({f"n{number}": 1 for number in range(1_000)})
    assert "too many alternatives" in found.message
    assert any(one.path == ("n1",) for one in names.violations({"n1": 1}))


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_long_lists_of_what_has_many_alternatives_stop_at_a_limit_that_is_said(word: str) -> None:
    many = standalone({"items": {word: [{"const": number} for number in range(8_000)]}})
    assert many.is_valid(list(range(100)))
    (found,) = many.violations(list(range(8_000)))
    assert "500,000 ways" in found.message


def test_errors_of_large_values_still_name_the_place() -> None:
    value = {f"w{number}": "x" for number in range(2_000)}
    found = standalone({"propertyNames": {"pattern": "^[a-z]+$"}}).violations(value)
    assert len(found) == MOST_FINDINGS + 1
    assert sum(one.path == (f"w{number}",) for number in range(5) for one in found) == 5
    listed = standalone({"items": {"enum": [f"w{number}" for number in range(2_000)]}})
    (one,) = listed.violations([*(f"w{number}" for number in range(2_000)), "w12x"])
    assert one.path == (2_000,)
    assert one.instead


def test_what_many_entries_lack_is_told_within_a_budget_and_all_of_it_counts() -> None:
    named = ", ".join(words(4_000))
    body = "".join(f"- {{id: a{number:04}}}\n" for number in range(3_000))
    found = plan({**schema("k", f"required: [{named}]\n"), **fragment(f"k:\n{body}")}).problems
    assert len({one.address for one in found}) == 3_000
    whole = {one.address for one in found if "needs the field" in one.message}
    assert 0 < len(whole) < 300


def test_names_that_are_missing_are_not_gathered_by_the_thousand() -> None:
    """Each of them is an error that copies the value; of so many only the first is said."""
    found = standalone({"required": words(20_000)}).violations({"id": 1})
    assert 0 < len(found) <= MOST_FINDINGS + 1
    assert "needs the field" in found[0].message


def test_what_was_meant_is_told_of_so_many_fields_only() -> None:
    known = ", ".join(f"{one}: {{}}" for one in words(300))
    slips = [[f"{one}q{number % 10}" for one in words(300)[:50]] for number in range(80)]
    text = "".join(
        f"- {{id: a{number:03}, {', '.join(f'{one}: 1' for one in fields)}}}\n"
        for number, fields in enumerate(slips)
    )
    body = f"properties: {{id: {{}}, {known}}}\nadditionalProperties: false\n"
    found = [one for one in plan({**schema("k", body), **fragment(f"k:\n{text}")}).problems if one.blocking]
    assert len(found) == 80 * 50
    hinted = [one for one in found if "Did you mean" in one.message]
    assert len(hinted) == Purse().hints


def root_with(tmp_path: Path, where: str) -> Path:
    return lay_out(tmp_path, schema("k", where=where))


def codes(found: Plan) -> set[str]:
    return {one.code for one in found.problems}


@pytest.mark.parametrize("pattern", ["**/k.yaml", "d*/**/k.yaml", "*/*/k.yaml"])
def test_links_that_multiply_stop_at_a_limit_that_is_said(tmp_path: Path, pattern: str) -> None:
    root = root_with(tmp_path, f'layout: list, file: "{pattern}", at: items, key: id')
    count = int(MOST_BEHIND_LINKS**0.34) + 2
    for number in range(count):
        (root / f"d{number}").mkdir()
        for other in range(count):
            if other != number:
                (root / f"d{number}" / f"l{other}").symlink_to(f"../d{other}")
    found = make_plan(DiskTree(root)).plan
    said = [one.message for one in found.problems if one.code == "LIV001"]
    assert len(said) == 1
    assert f"{MOST_BEHIND_LINKS:,}" in said[0]
    assert not found.applicable


@pytest.mark.parametrize("below", ["registries", "desired", SCHEMAS.rstrip("/"), ".system/registry/state"])
def test_folders_that_are_too_deep_are_said(
    tmp_path: Path, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = root_with(tmp_path, 'layout: list, file: "registries/**/k.yaml", at: items, key: id')
    (root / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(root / below)
    for _ in range(DEEPEST_FOLDER + 50):  # not so deep that what cleans up after tests would fail
        Path("a").mkdir()
        monkeypatch.chdir("a")
    monkeypatch.chdir(root)
    found = make_plan(DiskTree(root)).plan
    assert any(f"{DEEPEST_FOLDER} folders deep" in one.message for one in found.problems)


def test_kinds_that_all_read_one_place_stop_at_a_limit_that_is_said() -> None:
    def crowded(size: int) -> Files:
        files: dict[str, bytes] = {
            "all.yaml": b"items:\n" + b"".join(b"- {id: a%d}\n" % n for n in range(size))
        }
        for number in range(size):
            files.update(schema(f"k{number}", where="layout: list, file: all.yaml, at: items, key: id"))
        return files

    few = plan(crowded(MOST_AT_ONE_PLACE))
    assert few.applicable
    many = plan(crowded(MOST_AT_ONE_PLACE + 2))
    assert sum(one.code == "KND001" for one in many.problems) == 2
    assert not many.applicable
    plan(crowded(200))
    assert growth(crowded, 100) < FACTOR


def test_a_place_that_lies_too_deep_is_said() -> None:
    found = plan(schema("k", where=f"layout: list, file: k.yaml, at: {'.'.join(['a'] * 3_000)}, key: id"))
    assert any(one.code == "KND001" and f"{MOST_STEPS} steps" in one.message for one in found.problems)


def test_all_problems_count_and_only_so_many_are_listed() -> None:
    many = MOST_LISTED + 500
    found = plan(no_entries(many))
    data = plan_to_json(found)
    assert data["summary"]["error"] == many
    assert len(found.blocking) == many
    assert sum(one["code"] == "FRG001" for one in data["problems"]) == MOST_LISTED
    assert data["problems_not_listed"] == 500
    lines = [one["location"]["line"] for one in data["problems"] if one["code"] == "FRG001"]
    assert min(lines) == 1
    json.dumps(data)


def test_what_is_not_listed_counts_for_the_id_and_the_baseline() -> None:
    where = LIST + ', references: [{field: "r[]", kind: k}]'
    many = MOST_LISTED + 500

    def dangling(last: str) -> Plan:
        names = [*(f"c{number}" for number in range(many - 1)), last]
        return plan({**schema("k", where=where), **fragment(f"k:\n- {{id: a, r: [{', '.join(names)}]}}\n")})

    one, other = dangling("x"), dangling("a")
    assert one.count_problems(one.problems[0].severity) == many
    assert other.count_problems(other.problems[0].severity) == many - 1
    assert one.plan_id != other.plan_id
    assert len({known_of(each) for each in one.problems if each.code == "REF001"}) == many


def options(of: Callable[[int], str], size: int) -> Files:
    """A list of items, none of which is one of as many options of its own sort."""
    listed = ", ".join(of(number) for number in range(size))
    wrong = ", ".join(of(number) for number in range(size, 2 * size))
    return {
        **schema("k", f"properties: {{v: {{items: {{enum: [x, {listed}]}}}}}}\n"),
        **fragment(f"k:\n- {{id: a, v: [{wrong}]}}\n"),
    }


@pytest.mark.parametrize(
    "of", ["[{}, x]", "{{a: {}, b: 2}}", "{}.25", "{}"], ids=["lists", "mappings", "decimals", "numbers"]
)
def test_options_that_are_compared_part_by_part_are_counted(of: str) -> None:
    """The validator compares each item with each option, and digit by digit: no line of Python shows that."""
    few = plan(options(lambda number: of.format(number), 20))
    assert len([one for one in few.problems if one.code == "SCH001"]) == 20
    (found,) = plan(options(lambda number: of.format(number), 2000)).problems
    assert "500,000 ways" in found.message


def test_entries_and_alternatives_are_bounded_together() -> None:
    """Each entry is cheap enough by itself; all of them with all alternatives are not."""
    forms = ", ".join(f"{{properties: {{f: {{const: {number}}}}}}}" for number in range(3000))
    body = f"oneOf: [{forms}]\n"
    one = plan({**schema("k", body), **fragment("k:\n- {id: a, f: 5}\n")})
    assert one.problems == ()
    text = "".join(f"- {{id: a{number:05}, f: {number % 3000}}}\n" for number in range(4000))
    found = plan({**schema("k", body), **fragment(f"k:\n{text}")}).problems
    refused = [one.address for one in found]
    assert 0 < len(refused) < 4000
    assert all("too many together" in one.message and one.blocking for one in found)
    assert refused == [f"k/a{number:05}" for number in range(4000 - len(refused), 4000)]


def test_what_is_wrong_is_told_within_a_budget_and_all_of_it_counts() -> None:
    forms = ", ".join(f"{{properties: {{f: {{const: {number}}}}}}}" for number in range(400))
    text = "".join(f"- {{id: a{number:05}, f: x}}\n" for number in range(1500))
    found = plan({**schema("k", f"oneOf: [{forms}]\n"), **fragment(f"k:\n{text}")}).problems
    assert len({one.address for one in found}) == 1500
    told = [one for one in found if "too many alternatives to say where" not in one.message]
    assert 0 < len(told) < 1500
    assert all("f is 'x', not one of 0, 1, 2" in one.message for one in told)


@pytest.mark.parametrize(
    "line",
    [
        "protect:\n%- 'k/*a#x'\n",
        "override:\n%- 'k/*a#x'\n",
        "allow:\n%- {address: 'k/*a#', code: REF001, reason: r}\n",
    ],
)
def test_globs_that_begin_alike_are_limited_and_that_is_said(line: str) -> None:
    head, row = line.split("%")

    def files(size: int) -> Files:
        globs = "".join(row.replace("#", f"{number:05}") for number in range(size))
        return {**schema("k"), **fragment(f"k:\n- {{id: b}}\n{head}{globs}")}

    assert not [one for one in plan(files(MOST_ALIKE)).problems if one.code == "FRG001"]
    found = plan(files(3 * MOST_ALIKE))
    (limit,) = [one for one in found.problems if one.code == "FRG001"]
    assert "1,000 globs" in limit.message
    assert limit.location is not None
    assert limit.location.line == MOST_ALIKE + 4
    assert not found.applicable


def test_globs_of_exclude_that_begin_alike_are_limited() -> None:
    globs = ", ".join(f"'d/*{number}x'" for number in range(MOST_ALIKE + 1))
    found = plan(schema("k", where=f"{LIST}, exclude: [{globs}]")).problems
    assert ["exclude: more than 1,000 globs" in one.message for one in found] == [True]


@pytest.mark.parametrize("name", ["references", "paths", "unique", "acyclic", "live_fields"])
def test_what_a_kind_says_of_fields_is_limited(name: str) -> None:
    """Each is asked of each entry."""
    row = {"references": "{field: f%, kind: k}", "paths": "{field: f%}", "unique": "[f%]"}.get(name, "f%")
    rows = ", ".join(row.replace("%", str(number)) for number in range(101))
    (found,) = plan(schema("k", where=f"{LIST}, {name}: [{rows}]")).problems
    assert found.code == "KND001"
    assert "at most 100" in found.message


def test_of_a_long_circle_the_first_are_named() -> None:
    (found,) = plan(ring(500)).problems
    assert found.code == "REF005"
    assert "a0 → a1 → " in found.message
    assert "450 more → a0" in found.message
    assert len(found.related) == 49
    assert len(found.identity_extra) < 100
