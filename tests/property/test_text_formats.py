"""Laws that every text format keeps: random texts, random edits, hostile bytes. A new format adds its texts here."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.edits import Edit, Insert, Remove, SpliceError, Update
from registry_reconciler.formats.nodes import Node, child_index
from registry_reconciler.formats.project import path_of, projected
from registry_reconciler.formats.table import FORMATS
from registry_reconciler.model.entry import FieldPath, Json, get_path, same
from tests.property import frontmatter_texts, json_texts, toml_texts
from tests.property.yaml_texts import Text, paths_of, random_edits

TEXTS: dict[str, Callable[[int], bytes]] = {
    "yaml": lambda seed: Text(seed, shares=False).data,
    "json": lambda seed: json_texts.text(seed, comments=False),
    "jsonc": lambda seed: json_texts.text(seed, comments=True),
    "frontmatter": lambda seed: frontmatter_texts.text(seed),
    "toml": lambda seed: toml_texts.Text(seed).data,
}
SEEDS = st.integers(0, 2**32)
ROWS = pytest.mark.parametrize("name", sorted(TEXTS))


def test_every_format_has_random_texts() -> None:
    assert set(TEXTS) == set(FORMATS)


def drawn(name: str, seed: int) -> tuple[TextFormat, bytes, tuple[Json, ...]] | None:
    """A text of a format, with what it says; ``None`` for the few that its generator makes and nobody can read."""
    form = FORMATS[name]
    data = TEXTS[name](seed)
    file = form.read(data)
    return (form, data, file.documents) if file.readable and file.documents else None


@ROWS
@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_an_edited_text_reads_as_projected(name: str, seed: int) -> None:
    one = drawn(name, seed)
    if one is None:
        return
    form, data, documents = one
    edits = random_edits(random.Random(seed), documents)
    try:
        wanted = projected(documents, edits)
        result = form.splice(data, edits)
    except SpliceError as error:
        refused = error.message
    else:
        refused = ""
    if refused:
        assert "already" in refused or any(part in refused for part in REFUSED[name]), refused
        return
    after = form.read(result)
    assert after.readable, (after.faults, data, edits, result)
    assert same(list(after.documents), wanted), (data, edits, result)
    assert data.startswith(b"\xef\xbb\xbf") == result.startswith(b"\xef\xbb\xbf")
    if b"\n" in data:
        crlf = data.count(b"\r\n") == data.count(b"\n")
        assert (result.count(b"\r\n") == result.count(b"\n")) == crlf or b"\n" not in result, (data, result)


REFUSED = {
    **dict.fromkeys(TEXTS, ("there is",)),
    "toml": ("there is", "TOML has no null", "an array of tables has tables", "the whole of a TOML file"),
}
"""What the refusals say that a format may give to edits of values."""


@ROWS
@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_what_no_edit_is_about_keeps_its_text(name: str, seed: int) -> None:
    one = drawn(name, seed)
    if one is None:
        return
    form, data, documents = one
    edits = random_edits(random.Random(seed + 1), documents)
    try:
        result = form.splice(data, edits)
    except SpliceError:
        return
    before, after = leaves(form, data, edits), leaves(form, result, ())
    assert not before - after, (data, edits, result)


def leaves(form: TextFormat, data: bytes, edits: Sequence[Edit]) -> Counter[str]:
    """The source texts of all scalars that no edit is about."""
    text = data.decode().removeprefix("\ufeff")
    about = {(edit.document, path_of(edit)) for edit in edits if not isinstance(edit, Insert)}
    # A null may become a collection, however it is written.
    filled = {(edit.document, edit.container) for edit in edits if isinstance(edit, Insert)}
    found: Counter[str] = Counter()

    def walk(number: int, node: Node, path: FieldPath) -> None:
        if (number, path) in about:
            return
        if node.kind == "scalar" and (number, path) in filled:
            return
        if node.kind == "scalar" and node.start != node.end and not node.anchor:
            found[text[node.start : node.end]] += 1
        for index, member in enumerate(node.entries):
            step = index if node.kind == "seq" else key_text(node, index)
            if step is not None:
                walk(number, member.value, (*path, step))

    for number, document in enumerate(form.compose(text)):
        walk(number, document.root, ())
    # A block scalar at the end of a file may get its line end.
    return Counter({one: n for one, n in found.items() if "\n" not in one})


def key_text(node: Node, index: int) -> str | None:
    from registry_reconciler.formats.nodes import key_of

    return key_of(node.entries[index])


@ROWS
@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_an_update_to_the_same_value_changes_no_byte(name: str, seed: int) -> None:
    one = drawn(name, seed)
    if one is not None:
        form, data, documents = one
        edits = [Update(number, (), value) for number, value in enumerate(documents)]
        assert form.splice(data, edits) == data


@ROWS
@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_a_changed_scalar_changes_nothing_but_itself(name: str, seed: int) -> None:
    one = drawn(name, seed)
    if one is None:
        return
    form, data, documents = one
    rng = random.Random(seed)
    paths = [p for p in paths_of(documents[0]) if p and isinstance(get_path(documents[0], p), str)]
    if not paths:
        return
    path = rng.choice(paths)
    text = data.decode().removeprefix("\ufeff")
    node = node_at(form.compose(text)[0].root, path)
    if node is None or node.kind != "scalar" or "\n" in text[node.start : node.end] or not node.text:
        return
    result = form.splice(data, [Update(0, path, "other")]).decode().removeprefix("\ufeff")
    assert result.startswith(text[: node.start]), (text, path, result)
    assert result.endswith(text[node.end :]), (text, path, result)


def node_at(node: Node, path: FieldPath) -> Node | None:
    """The node at a path."""
    for step in path:
        index = child_index(node, step)
        if index is None:
            return None
        node = node.entries[index].value
    return node


@ROWS
@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_a_removal_takes_lines_away_and_adds_none(name: str, seed: int) -> None:
    one = drawn(name, seed)
    if one is None:
        return
    form, data, documents = one
    paths = [path for path in paths_of(documents[0]) if path]
    if not paths:
        return
    path = random.Random(seed).choice(paths)
    try:
        result = form.splice(data, [Remove(0, path)])
    except SpliceError:
        return
    if name == "toml" and is_only_item(documents[0], path):
        return  # an array of tables that has none any more is written as []
    assert is_part(squeezed(result), squeezed(data)), (data, path, result)


def is_only_item(document: Json, path: FieldPath) -> bool:
    """Whether a list holds nothing but what stands at a path."""
    held = get_path(document, path[:-1])
    return isinstance(held, list) and len(held) == 1


def squeezed(data: bytes) -> Iterator[str]:
    return (one for one in data.decode() if one not in " \t\r\n,[]{}")


def is_part(small: Iterator[str], large: Iterator[str]) -> bool:
    """Whether the one comes of the other by leaving something out."""
    return all(any(one == other for other in large) for one in small)


@ROWS
@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_an_insertion_takes_nothing_away(name: str, seed: int) -> None:
    one = drawn(name, seed)
    if one is None:
        return
    form, data, documents = one
    rng = random.Random(seed)
    paths = [path for path in paths_of(documents[0]) if isinstance(get_path(documents[0], path), list)]
    if not paths:
        return
    path = rng.choice(paths)
    if ends_in_block_scalar(name, data) or (name == "toml" and not get_path(documents[0], path)):
        return  # an empty array of TOML that gets a table becomes an array of tables
    held = get_path(documents[0], path)
    assert isinstance(held, list)
    count = len(held)
    edit = Insert(0, path, {"id": "new", "list": [1, 2]}, index=rng.choice([None, *range(count + 1)]))
    try:
        result = form.splice(data, [edit])
    except SpliceError:
        return
    assert is_part(squeezed(data), squeezed(result)), (data, edit, result)
    if count:
        assert is_part(iter(data.decode()), iter(result.decode())), (data, edit, result)


@ROWS
@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_an_extracted_entry_says_in_yaml_what_it_says(name: str, seed: int) -> None:
    one = drawn(name, seed)
    if one is None:
        return
    form, data, documents = one
    path = random.Random(seed).choice(list(paths_of(documents[0])))
    (snippet,) = form.extract(data, [(0, path)])
    value = get_path(documents[0], path)
    assert same(snippet.value, value)
    read = FORMATS["yaml"].read(f"{snippet.text}\n".encode())
    assert read.readable, (data, snippet)
    assert same(list(read.documents), [value]), (data, snippet)
    assert all(row.startswith("#") for row in snippet.comments)


@ROWS
@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_a_moved_entry_and_a_new_file_read_back(name: str, seed: int) -> None:
    one = drawn(name, seed)
    if one is None:
        return
    form, data, documents = one
    rng = random.Random(seed)
    path = rng.choice(list(paths_of(documents[0])))
    (snippet,) = form.extract(data, [(0, path)])
    value = snippet.value
    for like in (None, data):
        made = form.new_text(value, container=("list", 0), snippet=snippet, like=like)
        assert same(list(form.read(made).documents), [{"list": [value]}]), (data, made)
    holders = [path for path in paths_of(documents[0]) if isinstance(get_path(documents[0], path), list)]
    if not holders:
        return
    edits: list[Edit] = [Insert(0, rng.choice(holders), value, snippet=snippet)]
    try:
        result = form.splice(data, edits)
    except SpliceError as error:
        refused = error.message
    else:
        refused = ""
        assert same(list(form.read(result).documents), projected(documents, edits)), (data, edits, result)
    assert not refused or name == "toml"
    assert not refused or any(part in refused for part in REFUSED[name]), refused


@ROWS
@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_every_place_of_a_text_is_found(name: str, seed: int) -> None:
    one = drawn(name, seed)
    if one is None:
        return
    form, data, documents = one
    text = data.decode().removeprefix("\ufeff")
    rows = text.split("\n")
    roots = [document.root for document in form.compose(text)]
    paths = list(paths_of(documents[0]))
    found = form.locate(data, [(0, path, False) for path in paths])
    for path, (line, column) in zip(paths, found, strict=True):
        node = node_at(roots[0], path)
        if node is not None and node.kind == "scalar" and node.text:
            offset = sum(len(row) + 1 for row in rows[: line - 1]) + column - 1
            assert offset == node.start, (data, path)


def ends_in_block_scalar(name: str, data: bytes) -> bool:
    """A block scalar that the end of the file cuts short gets another header when more is written behind it."""
    return name in ("yaml", "frontmatter") and not data.endswith(b"\n") and (b"|" in data or b">" in data)


HOSTILE = st.one_of(
    st.binary(max_size=60),
    st.text(alphabet="{}[]\",:\\/*#-+=.0123eEnulltrue\n\r\t '|>&!%@`\u2028\ufeffé", max_size=60).map(
        str.encode
    ),
)


@ROWS
@settings(max_examples=500, deadline=None)
@given(HOSTILE, SEEDS)
def test_hostile_bytes_are_read_or_refused_and_never_break(name: str, junk: bytes, seed: int) -> None:
    form = FORMATS[name]
    rng = random.Random(seed)
    good = TEXTS[name](seed)
    at = rng.randrange(len(good) + 1)
    for data in (junk, good[:at] + junk + good[at:], good[:at]):
        file = form.read(data)
        assert file.readable or file.faults
        for fault in file.faults:
            assert fault.line >= 1
            assert fault.column >= 1
            assert fault.message
        form.locate(data, [(0, ("a", 0), False), (3, (), True)])
        if file.readable and file.documents and not ends_in_block_scalar(name, data):
            edits = random_edits(rng, file.documents)
            try:
                wanted = projected(file.documents, edits)
                result = form.splice(data, edits)
            except SpliceError:
                continue
            assert same(list(form.read(result).documents), wanted), (data, edits, result)
