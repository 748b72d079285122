"""The glossary has each word once, types between stages have its words, ours are gone, and no class shares its name."""

from __future__ import annotations

import ast
import re
import tokenize
from pathlib import Path

import pytest

from tests.support import parsed

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/registry_reconciler"

OURS = {
    "ARGUED",
    "Asked",
    "_Asked",
    "Desk",
    "desk",
    "Facts",
    "facts",
    "find_spot",
    "heard",
    "hidden_world",
    "inert",
    "keep_hidden",
    "lowered",
    "masks",
    "NoPlace",
    "Occasion",
    "occasion",
    "Portrait",
    "portrait",
    "rememberable",
    "Remembering",
    "remembering",
    "retake",
    "said",
    "_said",
    "saw",
    "spoil",
    "spot",
    "Spot",
    "still_so",
    "Teller",
    "tellers",
    "Tellers",
    "Told",
    "told",
    "_told",
    "trio",
    "Watched",
    "watched",
    "Ways",
    "weaken",
    "Whole",
    "WIDENING",
    "Witness",
    "witness",
    "witness_of",
    "Witnesses",
    "world",
    "World",
    "worlds",
}
"""Words of our own for things that have a name in the field, or a plain one; the glossary has that."""


SHARED = {
    "Entry": "who writes a template reads this name in what Python says of its expressions",
}
"""Names of two classes, each with what keeps them from having two."""


def words() -> list[str]:
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    return [line.split("|")[1].strip() for line in text.splitlines() if re.match(r"\| [^-]", line)][1:]


def names() -> dict[str, str]:
    """Every name in the code with a place where it stands; texts and comments do not count."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.NAME:
                    found[token.string] = f"{path.relative_to(ROOT)}:{token.start[0]}"
    return found


def classes() -> dict[str, list[str]]:
    """The classes of the code by their names, each with the places where it is defined."""
    found: dict[str, list[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def types_between_stages() -> list[str]:
    """The first column of the table in ARCHITECTURE.md."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.partition("## The types that pass between stages")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_the_glossary_has_each_word_once_in_order() -> None:
    found = words()
    assert len(found) > 100
    assert found == sorted(set(found), key=str.casefold)


def test_each_line_says_what_the_word_means_in_a_sentence() -> None:
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| [^-]", line)][1:]
    assert [row for row in rows if not re.fullmatch(r"\| [^|]+ \| \S[^|]{10,}[.?)] \|", row)] == []


@pytest.mark.parametrize("name", types_between_stages())
def test_types_between_stages_are_named_with_its_words(name: str) -> None:
    parts = [part.lower() for part in re.findall("[A-Z][a-z]+", name)]
    known = {*words(), "file", "op"}
    assert " ".join(parts) in known or all(part in known for part in parts)


def test_words_of_our_own_are_gone() -> None:
    found = names()
    assert len(found) > 3_000
    assert {name: found[name] for name in OURS & found.keys()} == {}


def test_the_name_of_a_class_stands_for_one_thing() -> None:
    found = classes()
    assert len(found) > 500
    several = {name: places for name, places in found.items() if len(places) > 1}
    assert {name: places for name, places in several.items() if name not in SHARED} == {}
    assert SHARED.keys() == several.keys(), "the list has names that one class has"
