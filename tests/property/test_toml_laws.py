"""Laws of TOML: what is read, what changes, and above all what does not."""

from __future__ import annotations

import random
import tomllib
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.formats.edits import SpliceError, Update
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.table import FORMATS
from registry_reconciler.formats.toml.edit.splice import agrees
from registry_reconciler.formats.toml.read.statements import float_value
from registry_reconciler.formats.toml.read.tree import TomlTree, to_json
from registry_reconciler.model.entry import same
from tests.property.toml_texts import Text, lost_line, random_edits

TOML = FORMATS["toml"]
SEEDS = st.integers(0, 2**32)


def outcome(seed: int) -> str:
    """What random edits of a random text come to: "" is right."""
    text = Text(seed)
    file = TOML.read(text.data)
    assert file.readable, file.faults
    edits = random_edits(random.Random(seed), file.documents[0])
    try:
        result = TOML.splice(text.data, edits)
    except SpliceError as error:
        return f"refused: {error.message}"
    again = TOML.read(result)
    if not again.readable or not same(list(again.documents), projected(file.documents, edits)):
        return "reads otherwise"
    if b"\r\n" in text.data and result.count(b"\n") != result.count(b"\r\n"):
        return "other line ends"
    lost = lost_line(text, edits, result)
    return "" if lost is None else f"lost: {lost}"


@settings(max_examples=500, deadline=None)
@given(SEEDS)
def test_two_readers_say_the_same(seed: int) -> None:
    text = Text(seed).data.decode().removeprefix("\ufeff")
    tree = TomlTree(text)
    assert agrees(tree.root, tomllib.loads(text, parse_float=float_value))
    assert same(to_json(tree.root), TOML.read(text.encode()).documents[0])


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_the_result_reads_as_projected_and_the_rest_stays_as_it_was(seed: int) -> None:
    found = outcome(seed)
    assert found == "" or found.startswith("refused")


def test_few_edits_are_refused() -> None:
    found = Counter(outcome(seed) for seed in range(400))
    assert found[""] > 380, found


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_an_update_to_the_same_value_changes_no_byte(seed: int) -> None:
    text = Text(seed)
    assert TOML.splice(text.data, [Update(0, (), TOML.read(text.data).documents[0])]) == text.data
