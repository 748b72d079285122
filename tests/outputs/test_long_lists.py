"""Long lists and mappings: written quickly, and as they would be written the long way."""

from __future__ import annotations

import copy
import random

import pytest

from registry_reconciler.formats.edits import Insert, Update
from registry_reconciler.formats.json import usual
from registry_reconciler.formats.table import format_named, new_reader
from registry_reconciler.formats.toml.edit import flat_items as toml_items
from registry_reconciler.formats.yaml.edit import emit, new_file
from registry_reconciler.model.entry import Json, same
from registry_reconciler.outputs.targets import _edits

NAMES = ("list.yaml", "list.json", "list.toml")


def changed(old: list[Json], rng: random.Random) -> list[Json]:
    """The list with a few items that are others, new or gone."""
    new = copy.deepcopy(old)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(new))
        match rng.randrange(4):
            case 0:
                new[at]["source"] = "./moved"
            case 1:
                new.pop(at)
            case 2:
                new.insert(at, {"name": f"new{at}", "source": "./n", "tags": ["q"]})
            case _:
                new.append({"name": "zz", "source": "1.10"})
    return new


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(4))
def test_only_the_items_that_changed_are_written_and_no_other_byte_differs(name: str, seed: int) -> None:
    rng = random.Random(seed)
    old: list[Json] = [
        {"name": f"s-{number:04}", "source": f"./x/{number}", **({"tags": ["a"]} if number % 3 else {})}
        for number in range(260)
    ]
    new = changed(old, rng)
    form = format_named(name)
    data = form.new_text(old, container=("plugins",))
    edits = _edits(0, ("plugins",), old, new)
    assert len(edits) <= 8
    written = form.splice(data, edits, form.read(data, new_reader()).sections)
    assert written == form.splice(data, [Update(0, ("plugins",), new)])
    assert same(form.read(written).documents[0]["plugins"], new)
    others = data.replace(b"\n", b"\r\n")
    assert form.splice(others, edits) == written.replace(b"\n", b"\r\n")


def changed_entries(old: dict[str, Json], rng: random.Random) -> dict[str, Json]:
    """The mapping with a few entries that are others, new at the end or gone."""
    new = copy.deepcopy(old)
    for number in range(rng.randint(1, 4)):
        key = rng.choice(list(old))
        match rng.randrange(4):
            case 0 if key in new:
                new[key]["source"] = rng.choice(["./moved", "1.10", "a: b"])
            case 1:
                new.pop(key, None)
            case 2 if key in new:
                new[key] = {"name": "yes", "source": "./n", "tags": ["q"]}
            case _:
                new[rng.choice([f"zz{number}", "k-0100x", "k-0100: y", "1"])] = {
                    "name": "zz",
                    "source": "1.10",
                }
    return dict(sorted(new.items())) if rng.random() < 0.7 else new


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(30))
def test_only_the_entries_that_changed_are_written_and_no_other_byte_differs(name: str, seed: int) -> None:
    rng = random.Random(seed)
    long = "x" * 70
    old: dict[str, Json] = {
        f"k-{number:04}": {"name": f"s {number}", "source": f"./x/{number}/{long}"} for number in range(260)
    }
    if seed % 3 == 0:
        old["k-0003"]["tags"] = ["a"]
    new = changed_entries(old, rng)
    form = format_named(name)
    data = form.new_text(old, container=("plugins",))
    edits = _edits(0, ("plugins",), old, new, in_place=form.new_in_place)
    assert len(edits) <= 8
    assert edits != [Update(0, ("plugins",), new)]
    written = form.splice(data, edits, form.read(data, new_reader()).sections)
    assert written == form.splice(data, [Update(0, ("plugins",), new)])
    assert same(form.read(written).documents[0]["plugins"], new)
    others = data.replace(b"\n", b"\r\n")
    assert form.splice(others, edits) == written.replace(b"\n", b"\r\n")


def test_of_a_mapping_that_changed_much_all_is_written() -> None:
    old: dict[str, Json] = {f"k{number:03}": {"a": 1} for number in range(300)}
    for new in ({**old, "k000": {"a": True}}, {**old, "k000": {"a": 1.0}}):
        assert _edits(0, ("m",), old, new) == [Update(0, ("m", "k000"), new["k000"])]
    first = {"a": {"a": 1}, **old}
    assert _edits(0, ("m",), old, first) == [Insert(0, ("m",), {"a": 1}, key="a", before="k000")]
    assert _edits(0, ("m",), first, {**old, "a": {"a": 1}}) == [Update(0, ("m",), {**old, "a": {"a": 1}})]
    others = {key: {"a": 2} for key in old}
    assert _edits(0, ("m",), old, others) == [Update(0, ("m",), others)]


@pytest.mark.parametrize("name", NAMES)
def test_new_items_that_are_alike_are_written_as_each_alone_would_be(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        "a",
        "1.10",
        "true",
        "a: b",
        "ä",
        "two\nlines",
        "'\"",
        "",
        " x ",
        "\x7f",
        "2020-01-01",
        "\u2028",
        "1e5",
    ]
    others: list[Json] = [1, 1e20, 1.5, True, ["a"], [], {"b": "c"}]
    form = format_named(name)
    lists: list[list[Json]] = [[{"name": "a", "source": odd}, {odd: "b", "n": "c"}] for odd in texts]
    lists += [[{"name": "a"}, {"name": "b", "source": odd}, {}] for odd in others]
    alike = [{"name": f"some-name {number}", "source": f"./{number}"} for number in range(3)]
    lists += [
        [*alike, {"source": "b", "name": odd}, {"name": odd, "source": "c"}] for odd in [*texts, *others]
    ]
    values: list[Json] = [*lists]
    long = "x" * 90
    keys = ["yes", "1", "a: b", "n", "two words", "#", '"q"', "", "k" * 100, "k" * 1100, "é", "null", "[a]"]
    for items in lists:
        entries = dict(zip(keys, [*items, *alike, *alike, *alike], strict=False))
        values += [entries, {key: {**item, "long": long} for key, item in entries.items()}]
    values += [{**{f"k{n}": item for n, item in enumerate([*alike] * 3)}, "last": odd} for odd in others]
    values += [{f"k{n}": {"a": "b", "c": "x" * n} for n in range(45, 75)}]
    for odd in [*texts, *others, "1", "007", "1.", "1e3", "-1"]:
        columns = [[odd] * 9, [*["1", "2.5"] * 4, odd]]
        items = [
            [{"n": f"n{n}", "k: k" if odd == "" else "k": item} for n, item in enumerate(c)] for c in columns
        ]
        values += [*items, *({f"{odd}{n}": item for n, item in enumerate(found)} for found in items)]
    values += [{f"k{n}": {"x" * size: "a"} for n in range(9)} for size in (89, 90, 91)]
    values += [{"k" * (70 + n): {"x": "a"} for n in range(size)} for size in (9, 22)]
    values += [
        {**{f"k{n}": {"x": "a"} for n in range(9)}, odd: {"x": "a"}} for odd in ("two\nlines", "line\n")
    ]
    quickly = [form.new_text(value, container=("plugins",)) for value in values]
    monkeypatch.setattr(usual, "usual_text", lambda _value: None)
    monkeypatch.setattr(emit, "flat_items", lambda values, *_: [None] * len(values))
    monkeypatch.setattr(
        emit, "flat_entries", lambda value, words, *_: (list(map(words.key, value)), [None] * len(value))
    )
    monkeypatch.setattr(new_file, "flat_file", lambda *_: None)
    monkeypatch.setattr(toml_items, "flat_text", lambda *_: None)
    assert quickly == [form.new_text(value, container=("plugins",)) for value in values]
