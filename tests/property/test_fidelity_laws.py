"""The law of words: a scalar in any style, edited in a fragment, put back, moved and created, is in the registry as the
fragment has it.
"""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.pipeline import make_plan

SCHEMA = b"""\
type: object
x-registry: {kind: thing, layout: list, file: things.yaml, at: things, key: id}
"""
WORDS = (
    "a",
    "word",
    "two words",
    "it's",
    'say "x"',
    "no",
    "on",
    "~",
    "null",
    "true",
    "True",
    "12",
    "012",
    "0x1F",
    "0o17",
    "+5",
    "1.1",
    "1.10",
    "1.0",
    "1e3",
    "869256447e86",
    "0559e0711094",
    ".5",
    ".inf",
    "2024-01-02",
    "12:30:46",
    "a: b",
    "- x",
    "é",
    "x,y",
    "[z]",
    "!t u",
    "!t {a: 1}",
    "a\\b",
    "%d",
    "@x",
    "<<",
    "=",
    "-",
    "?",
)
COMMENTS = ("", "", "  # why", " # |+")


def _scalar(rng: random.Random) -> list[str]:
    """The lines of a scalar, the first behind its mark, the others as far indented as they are below it."""
    word = rng.choice(WORDS)
    style = rng.choice(("plain", "plain", "'", '"', "|", ">", "wrapped", "wrapped'", 'wrapped"'))
    comment = rng.choice(COMMENTS)
    rows = [
        " ".join(rng.choice(("one", "two", "three", "x's")) for _ in range(rng.randint(1, 4)))
        for _ in range(3)
    ]
    if style == "plain":
        return [word + comment]
    if style == "'":
        return ["'" + word.replace("'", "''") + "'" + comment]
    if style == '"':
        return ['"' + word.replace("\\", "\\\\").replace('"', '\\"') + '\\t"' + comment]
    if style in ("|", ">"):
        rows[1] = rng.choice(("", "  deeper", rows[1]))
        return [style + rng.choice(("", "-")) + comment, *("  " + row if row else "" for row in rows)]
    quote = style.removeprefix("wrapped")
    rows = [row.replace("'", "''") if quote == "'" else row for row in rows]
    if rng.random() < 0.3:
        rows.insert(1, "")
    rows[0], rows[-1] = quote + rows[0], rows[-1] + quote + comment
    return [rows[0], *("  " + row if row else "" for row in rows[1:])]


def _entry(key: str, lines: list[str]) -> str:
    return (
        f"  - id: {key}\n    v: "
        + "\n".join([lines[0], *("    " + row if row else "" for row in lines[1:])])
        + "\n"
    )


def _applied(files: dict[str, bytes], overwrite: tuple[str, ...] = ()) -> dict[str, bytes]:
    plan = make_plan(MemoryTree(files), PlanOptions(overwrite=overwrite)).plan
    assert plan.applicable, [one.message for one in plan.blocking]
    after = {**files, **{one.path: one.content for one in plan.files if one.content is not None}}
    for one in plan.files:
        if one.content is None:
            after.pop(one.path, None)
    assert not make_plan(MemoryTree(after)).plan.changes
    return after


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_the_registry_has_the_words_of_the_fragment(seed: int) -> None:
    rng = random.Random(seed)
    old, new = _entry("a", _scalar(rng)), _entry("a", _scalar(rng))
    rest = "  - id: m\n    v: neighbour\n"
    texts = [f"things:\n{one}{rest}".encode() for one in (old, new)]
    if not all(read_yaml(text).readable for text in texts):
        return
    files = {
        ".system/registry/schemas/thing.schema.yaml": SCHEMA,
        "things.yaml": texts[0],
        "desired/thing.yaml": texts[0].replace(b"things:", b"thing:"),
    }
    files = _applied(files)
    assert files["things.yaml"] == texts[0]
    adopted = files
    files = _applied({**files, "desired/thing.yaml": texts[1].replace(b"things:", b"thing:")})
    same_value = files["things.yaml"] == texts[0]
    if not same_value:
        # The comment of a value that is edited stays what the registry has; see the page of CMT001.
        assert _bare(files["things.yaml"]) == _bare(texts[1])
    undone = _applied({**files, "things.yaml": texts[0]}, overwrite=("thing/a",)) if not same_value else files
    assert _bare(undone["things.yaml"]) == _bare(files["things.yaml"])
    moved = (
        texts[1].replace(b"things:", b"thing:").replace(b"id: a", b"id: z")
        + b"moved: [{from: thing/a, to: thing/z}]\n"
    )
    if not same_value:
        after = _applied({**files, "desired/thing.yaml": moved})
        assert _bare(after["things.yaml"]).replace(b"id: z", b"id: a") == _bare(texts[1])
    created = texts[0].replace(b"things:", b"thing:") + _entry("b", _scalar(rng)).encode()
    if read_yaml(created).readable:
        after = _applied({**adopted, "desired/thing.yaml": created})
        entry = created[created.index(b"  - id: b") :]
        assert entry in after["things.yaml"], (entry, after["things.yaml"])


def _bare(text: bytes) -> bytes:
    """Without the comments of these texts."""
    return text.replace(b"  # why", b"").replace(b" # |+", b"")
