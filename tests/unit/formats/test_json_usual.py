"""What is written anew is what the splicer makes of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove, Update
from registry_reconciler.formats.json import usual
from registry_reconciler.formats.json.splice import splice
from registry_reconciler.model.entry import FieldPath, Json

SCALARS = ("a", "b\n", "", "é", "x y", "[1]", "a" * 60, 1, True, None, 1.5, -2)


def value(rng: random.Random, depth: int = 0) -> Json:
    """A value of any sort."""
    if depth > 2 or rng.random() < 0.5:
        return rng.choice(SCALARS)
    if rng.random() < 0.5:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice("abcdef"): value(rng, depth + 1) for _ in range(rng.randrange(4))}


def changed(rng: random.Random, old: Json) -> Json:
    """A value with some parts that are others, new or gone."""
    if isinstance(old, dict):
        parts = [(key, changed(rng, part)) for key, part in old.items() if rng.random() < 0.8]
        parts.insert(rng.randrange(len(parts) + 1), (rng.choice("aghi"), value(rng, 2)))
        return dict(parts)
    if isinstance(old, list):
        return [changed(rng, part) for part in old if rng.random() < 0.9]
    return value(rng, 2) if rng.random() < 0.5 else old


def paths(old: Json, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Json]]:
    """Everything in a value."""
    if path:
        yield path, old
    parts = old.items() if isinstance(old, dict) else enumerate(old) if isinstance(old, list) else ()
    for step, part in parts:
        yield from paths(part, (*path, step))


def some_edit(rng: random.Random, old: Json) -> Edit:
    """An edit of something in a value."""
    path, part = rng.choice(list(paths(old)))
    if isinstance(part, list) and rng.random() < 0.6:
        return Insert(0, path, value(rng, 1), index=rng.choice((None, *range(len(part) + 1))))
    if isinstance(part, dict) and rng.random() < 0.4:
        return Insert(0, path, value(rng, 1), key=rng.choice("abgh"), before=rng.choice((None, *part)))
    return Update(0, path, changed(rng, part)) if rng.random() < 0.6 else Remove(0, path)


def test_a_text_of_the_usual_look_is_written_anew_as_it_would_be_spliced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usual, "_LEAST", 0)
    taken = 0
    for seed in range(1500):
        rng = random.Random(seed)
        items = [{"name": rng.choice("abc"), "more": value(rng, 1)} for _ in range(rng.randint(1, 4))]
        old = {"p": items, "q": value(rng)}
        text = json.dumps(old, indent=rng.choice((1, 2, 2, 3, 4)), ensure_ascii=False) + "\n"
        if rng.random() < 0.1:
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice((" ", "\n")) + text[at:]
        data = text.replace("\n", rng.choice(("\n", "\n", "\r\n"))).encode()
        edits = [some_edit(rng, old)]
        found = usual.written_anew(data, edits)
        if found is not None:
            taken += 1
            assert found == splice(data, edits, comments=False), (data, edits)
    assert taken > 800
