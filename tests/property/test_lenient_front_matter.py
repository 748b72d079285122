"""Laws of front matter that is read key by key: an edit reads back, and no other line changes."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.formats.edits import Insert, SpliceError, Update
from registry_reconciler.formats.frontmatter.row import FrontMatter
from registry_reconciler.model.entry import Json

FORM = FrontMatter(lenient=True)
PLAIN = [
    "*.ts",
    "a: b: c",
    "[x",
    "{y",
    "@at",
    "`tick`",
    '"open',
    "%x",
    "- - -x: [",
    "*",
    "&a b: c",
    "é: *ü",
    "x #y: z",
]
GOOD = ["one", "true", "[a, b]", "{a: 1}", '"q: r"', "'s'", "1.10", "", "null", "x # c"]
NEW: list[Json] = [
    *PLAIN,
    "plain",
    "two words",
    "no: 1",
    "",
    " x",
    "true",
    "1",
    3,
    True,
    None,
    ["a"],
    {"k": "v"},
    "a\nb",
]


def text(rng: random.Random) -> tuple[bytes, list[str]]:
    """A block with some keys of either sort, and its keys."""
    keys = rng.sample(["name", "description", "globs", "alwaysApply", "two words", "x-y"], rng.randint(2, 6))
    end = rng.choice(["\n", "\r\n"])
    lines = ["---"]
    for key in keys:
        if rng.random() < 0.2:
            lines.append(rng.choice(["# comment", "", "  # in"]))
        lines.append(f"{key}:{rng.choice([' ', '  '])}{rng.choice(PLAIN + GOOD)}{rng.choice(['', ' '])}")
    lines += ["---", "body: *x", ""]
    return end.join(lines).encode(), keys


@settings(max_examples=400)
@given(st.integers(0, 2**32))
def test_an_edit_reads_back_and_leaves_the_other_lines(seed: int) -> None:
    rng = random.Random(seed)
    data, keys = text(rng)
    file = FORM.read(data)
    if not file.readable:
        return
    (before,) = file.documents
    assert list(before) == keys
    key, value = rng.choice(keys), rng.choice(NEW)
    after = FORM.splice(data, [Update(0, (key,), value)])
    read = FORM.read(after)
    assert read.readable, (data, key, value, after)
    assert read.documents == ({**before, key: value},)
    kept = [line for line in data.splitlines(keepends=True) if not line.startswith(f"{key}:".encode())]
    assert [line for line in after.splitlines(keepends=True) if line in kept] == kept


@settings(max_examples=300)
@given(st.binary(max_size=30), st.integers(0, 2**32))
def test_hostile_bytes_are_read_or_refused(junk: bytes, seed: int) -> None:
    rng = random.Random(seed)
    good, keys = text(rng)
    at = rng.randrange(len(good) + 1)
    for data in (junk, b"---\n" + junk + b"\n---\n", good[:at] + junk + good[at:], good[:at]):
        file = FORM.read(data)
        assert file.readable or file.faults
        FORM.locate(data, [(0, (keys[0],), False), (3, (), True)])
        if file.readable:
            FORM.head_comments(data)
        if file.readable and file.documents and isinstance(file.documents[0], dict):
            try:
                result = FORM.splice(data, [Update(0, ("added",), "one")])
            except SpliceError:
                continue
            assert FORM.read(result).documents == ({**file.documents[0], "added": "one"},)


def test_a_key_in_quotes_is_a_key_behind_a_line_that_is_no_yaml() -> None:
    form = FrontMatter(lenient=True)
    data = b'---\nglobs: *.ts\n"on": x\n\'it\'\'s\': *.py\n"a\\"b": {c\n---\ntext\n'
    (found,) = form.read(data).documents
    assert found == {"globs": "*.ts", "on": "x", "it's": "*.py", 'a"b': "{c"}
    made = form.splice(data, [Update(0, ("it's",), "*.rs"), Insert(0, (), "**/*", key="y")])
    assert made == data.replace(b"*.py", b"*.rs").replace(b"{c\n", b'{c\n"y": "**/*"\n')
    assert form.read(made).documents == ({**found, "it's": "*.rs", "y": "**/*"},)
