"""Laws of splicing: what changes, and above all what does not."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.base.yaml_quotes import double_quoted
from registry_reconciler.formats.edits import Insert, SpliceError, Update
from registry_reconciler.formats.yaml.edit import emit, entry_patch, flow, intents, patch, splice, style
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.model.entry import get_path, same
from tests.property.yaml_texts import Text, check, paths_of, random_edits, values

SEEDS = st.integers(0, 2**32)
FEATURES = """
    alias, anchor, merge, flow, flow over lines, flow comment, trailing comment, own comment,
    deep comment, shallow comment, blank line, crlf, no final newline, bom, directive, documents, tag,
    explicit key, compact, single quoted, double quoted, indentation indicator,
    block scalar |clip, block scalar |-, block scalar |+, block scalar >clip, block scalar >-, block scalar >+
"""


def outcome(seed: int) -> str:
    """What one random text and random edits for it come to: "" is right, "refused" is an anchor in use."""
    text = Text(seed, shares=seed % 2 == 0)
    file = read_yaml(text.data)
    if not file.readable:
        return "unreadable"
    edits = random_edits(random.Random(seed), file.documents)
    try:
        result = splice.splice(text.data, edits)
    except SpliceError as error:
        return "refused" if error.related else f"refused: {error.message}"
    return check(text.data, edits, result)


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_the_result_reads_as_projected_and_the_rest_stays_as_it_was(seed: int) -> None:
    assert outcome(seed) in ("", "refused", "unreadable")


def test_the_generator_covers_every_feature_of_the_promise() -> None:
    seen: Counter[str] = Counter()
    judged = refused = 0
    for seed in range(400):
        text = Text(seed, shares=seed % 2 == 0)
        if not read_yaml(text.data).readable:
            continue
        result = outcome(seed)
        judged += 1
        refused += result == "refused"
        seen.update(text.seen.keys())
    wanted = [name.strip() for name in FEATURES.split(",")]
    assert {name for name in wanted if seen[name] < 5} == set()
    assert judged > 350
    assert 3 < refused < 60


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_an_update_to_the_same_value_changes_no_byte(seed: int) -> None:
    text = Text(seed)
    file = read_yaml(text.data)
    if file.readable:
        edits = [Update(number, (), value) for number, value in enumerate(file.documents)]
        assert splice.splice(text.data, edits) == text.data


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_an_extracted_entry_says_what_the_entry_says_wherever_it_is_put(seed: int) -> None:
    text = Text(seed)
    file = read_yaml(text.data)
    if not file.readable:
        return
    rng = random.Random(seed)
    number = rng.randrange(len(file.documents))
    path = rng.choice(list(paths_of(file.documents[number])))
    value = get_path(file.documents[number], path)
    snippet = splice.extract(text.data, number, path)
    assert same(snippet.value, value)
    for data in (b"x:\n- 1\n", b"x: []\n", b"x: [1]", b"x:\r\n    -   1\r\n"):
        before = read_yaml(data).documents[0]["x"]
        after = read_yaml(splice.splice(data, [Insert(0, ("x",), value, snippet=snippet)]))
        assert same(list(after.documents), [{"x": [*before, value]}])
    written = read_yaml(splice.new_file(value, container=("a",), snippet=snippet))
    assert same(list(written.documents), [{"a": value}])


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_what_is_dumped_reads_as_it_was(seed: int) -> None:
    rng = random.Random(seed)
    value = {"a": values(rng), "b": [values(rng), values(rng)]}
    for look in (style.Style(), style.Style(step=4, seq_step=0, dash=4, quote="'", newline="\r\n")):
        assert same(list(read_yaml(splice.dump(value, look).encode()).documents), [value])


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.sampled_from(["", "'", '"']))
def test_any_string_is_written_so_that_it_reads_as_itself(text: str, quote: str) -> None:
    writer = emit.Emitter(style.Style(quote=quote or '"'))
    for data in (
        f"k: {writer.restyled(text, quote, flow=False)}\n",
        f"k: [{writer.flow(text)}, {double_quoted(text)}]\n",
        f"k: {{{writer.flow_pair(text, text)}}}\n",
        splice.dump({"k": text, "z" + text: [text]}),
    ):
        found = read_yaml(data.encode()).documents[0]["k"]
        assert found in (text, [text, text], {text: text})


# ---------------------------------------------------------------- the checks catch a faulty splicer


def _next_line_too_far(self: Any, position: int) -> int:
    end = self.text.find("\n", position)
    return len(self.text) if end < 0 else min(end + 2, len(self.text))


def _line_end_too_early(self: Any, position: int) -> int:
    return max(position, int(ORIGINAL_LINE_END(self, position)) - 1)


def _lf_only(text: str, documents: Any) -> style.Style:
    return style.Style()


def _one_too_far_right(lines: Any, width: int) -> list[str]:
    return [" " * (width + 1) + line if line else line for line in lines]


def _own_comments_forgotten(self: Any, node: Any, number: int, column: int) -> int:
    return int(self.line_start(node.entries[number].start))


def _one_gap_lost(*args: Any) -> Any:
    return list(ORIGINAL_GAPS(*args))[:-1]


ORIGINAL_LINE_END = patch.Patcher.line_end
ORIGINAL_GAPS = flow.flow_gaps
FAULTS: dict[str, tuple[Any, str, Any]] = {
    "a removed entry takes the next line's first character along": (
        patch.Patcher,
        "next_line",
        _next_line_too_far,
    ),
    "the end of a line is off by one": (patch.Patcher, "line_end", _line_end_too_early),
    "CRLF and the file's indentation are forgotten": (splice, "style_of", _lf_only),
    "new lines are indented one too far": (entry_patch, "indented", _one_too_far_right),
    "comments of a removed entry stay": (patch.Patcher, "region_start", _own_comments_forgotten),
    "trailing comments are dropped": (patch.Patcher, "_around", lambda *_: ([], "")),
    "strings are never quoted": (emit, "is_plain_safe", lambda *_, **__: True),
    "deep comments fall into a block scalar": (patch.Patcher, "_swallows", lambda *_: False),
    "what follows a removed entry falls into the block scalar before it": (
        patch.Patcher,
        "_behind_block_scalar",
        lambda _self, position, _column, _keep: (position, ""),
    ),
    "a comma in a flow collection is lost": (entry_patch, "flow_gaps", _one_gap_lost),
    "users of a changed anchor are not looked at": (intents.Intents, "_settle", lambda _self: None),
    "a last line end appears": (splice, "_bare", lambda result, *_, **__: result),
    "the BOM is lost": (splice, "_BOM", ""),
    "a block scalar at the end of a file gains a line end": (
        patch.Patcher,
        "_settle_last_scalar",
        lambda *_: None,
    ),
    "an emptied container is left without its brackets": (patch.Patcher, "_collapse", lambda *_: None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, wrong = FAULTS[fault]
    monkeypatch.setattr(owner, name, wrong)
    for seed in range(4000):
        try:
            result = outcome(seed)
        except Exception:
            return
        if result not in ("", "refused", "unreadable"):
            return
    pytest.fail(f"4,000 random texts did not show that {fault}")
