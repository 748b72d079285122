"""Long lists: written quickly, and as they would be written the long way."""

from __future__ import annotations

import copy
import random

import pytest

from registry_reconciler.formats.edits import Update
from registry_reconciler.formats.json import extract
from registry_reconciler.formats.table import format_named, new_reader
from registry_reconciler.formats.toml.edit import texts as texts_of_toml
from registry_reconciler.formats.yaml.edit import emit
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
    quickly = [form.new_text(value, container=("plugins",)) for value in lists]
    monkeypatch.setattr(extract, "usual_text", lambda _value: None)
    monkeypatch.setattr(emit, "flat_items", lambda values, *_: [None] * len(values))
    monkeypatch.setattr(texts_of_toml, "_flat_items", lambda *_: None)
    assert quickly == [form.new_text(value, container=("plugins",)) for value in lists]
