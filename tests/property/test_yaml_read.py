"""The reader against another YAML 1.2 reader, and laws of places."""

from __future__ import annotations

import datetime
import io
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from registry_reconciler.formats.nodes import to_value
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.locate import locate
from registry_reconciler.formats.yaml.read.nodes import compose
from registry_reconciler.model.entry import Json, get_path, same
from registry_reconciler.model.written import as_json
from tests.property.yaml_texts import PLAIN, Text, paths_of

SEEDS = st.integers(0, 2**32)
# Where the other reader leaves YAML 1.2 core: what it reads, and what YAML 1.2 core says.
EXCEPTIONS: dict[str, tuple[Any, Json]] = {
    "1_000": (1000, "1_000"),
    "1_0.5": (10.5, "1_0.5"),
    "0b1": (1, "0b1"),
    "+0x1F": (31, "+0x1F"),
    "-0o14": (-12, "-0o14"),
    "2001-01-01": (datetime.date(2001, 1, 1), "2001-01-01"),
    ".1e1": (".1e1", 1.0),
    "! 5": (5, "5"),
}
SAME = [word for word in PLAIN if word not in EXCEPTIONS]


def other(data: str) -> list[Any]:
    """All documents as ruamel.yaml reads them."""
    parser = YAML(typ="safe", pure=True)
    parser.version = (1, 2)
    return list(parser.load_all(io.StringIO(data)))


@pytest.mark.parametrize("text", EXCEPTIONS)
def test_the_known_exceptions_are_still_exceptions(text: str) -> None:
    theirs, ours = EXCEPTIONS[text]
    assert other(f"- {text}\n") == [[theirs]]
    assert same(as_json(list(read_yaml(f"- {text}\n".encode()).documents)), [[ours]])


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_a_text_reads_as_the_other_reader_reads_it(seed: int) -> None:
    text = Text(seed, words=SAME)
    file = read_yaml(text.data)
    if not file.readable:
        # The other reader takes an alias inside its own anchor; a JSON value cannot hold itself.
        assert {fault.code for fault in file.faults} == {"YML006"}
        return
    plain = text.data.decode()
    assert same(as_json(list(file.documents)), [_untagged(part, plain) for part in other(plain)])


def _untagged(value: Any, text: str) -> Any:
    """``! 5`` is a string in YAML 1.2 and 5 for the other reader; it is the only 5 that the texts have."""
    if "! 5" not in text:
        return value
    if isinstance(value, dict):
        return {key: _untagged(part, text) for key, part in value.items()}
    if isinstance(value, list):
        return [_untagged(part, text) for part in value]
    return "5" if type(value) is int and value == 5 else value


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="+-.0123456789eExXoOabfF_:~nulNULtrueTRfasFA", min_size=1, max_size=7))
def test_a_plain_scalar_means_what_the_other_reader_says(text: str) -> None:
    data = f"- {text}\n"
    try:
        theirs = other(data)
    except (YAMLError, ValueError, AttributeError):
        return
    file = read_yaml(data.encode())
    if not file.readable or any(mark in text for mark in "_:") or _leaves_core(text):
        return
    if isinstance(theirs[0][0], float) and not math.isfinite(theirs[0][0]):
        theirs = [[text]]  # no JSON number: it is its text
    assert same(as_json(list(file.documents)), theirs)


def _leaves_core(text: str) -> bool:
    """The classes of the named exceptions: signed or binary bases, floats that begin with a point."""
    bare = text.lstrip("+-")
    signed = bare != text and bare[:1] == "0" and bare[1:2].lower() in ("x", "o")
    return signed or bare[:2].lower() == "0b" or bare.startswith((".", "-"))


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_the_tree_with_places_says_what_the_reader_says(seed: int) -> None:
    text = Text(seed)
    file = read_yaml(text.data)
    if file.readable:
        documents = compose(text.data.decode().removeprefix("\ufeff"))
        assert same([to_value(document.root) for document in documents], list(file.documents))


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_every_part_has_a_place_inside_its_file_and_children_do_not_stand_before_their_key(seed: int) -> None:
    text = Text(seed, shares=False)
    file = read_yaml(text.data)
    if not file.readable:
        return
    rows = text.data.decode().removeprefix("\ufeff").split("\n")
    for number, document in enumerate(file.documents):
        paths = list(paths_of(document))
        values = locate(text.data, [(number, path, False) for path in paths])
        keys = locate(text.data, [(number, path, True) for path in paths])
        for path, place, key in zip(paths, values, keys, strict=True):
            assert 1 <= place[0] <= len(rows)
            assert 1 <= place[1] <= len(rows[place[0] - 1]) + 1
            assert key <= place
            value = get_path(document, path)
            if isinstance(value, str) and value.isalpha():
                assert value in rows[place[0] - 1][place[1] - 1 :].split("#")[0] or _is_block(rows, place)


def _is_block(rows: list[str], place: tuple[int, int]) -> bool:
    return rows[place[0] - 1][place[1] - 1 : place[1]] in ("|", ">")


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60) | st.text(alphabet="-:?[]{},&*!|>'\"%@`#ab \n\t\r", max_size=60).map(str.encode)
)
def test_any_bytes_give_documents_or_a_fault_with_a_place_never_an_exception(data: bytes) -> None:
    file = read_yaml(data)
    if not file.readable:
        assert file.documents == ()
    for fault in file.faults:
        assert fault.line >= 1
        assert fault.column >= 1
        assert fault.message
