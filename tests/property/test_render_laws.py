"""Laws of the renderers, for any text that YAML can hold and some that it cannot."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from registry_reconciler.base.escape import json_text, markdown, visible, workflow, workflow_property
from registry_reconciler.model.change import Change, FieldChange
from registry_reconciler.model.entry import Json, Location, Place
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.problem import Problem
from registry_reconciler.report import FORMATS, RenderOptions, render
from registry_reconciler.report.saved_plan import read_saved_plan, require_same, saved_plan
from registry_reconciler.report.values import columns, cut, wrap
from tests.unit.report import samples

hostile = st.one_of(
    st.text(alphabet=st.characters(codec=None), max_size=30),
    st.text(alphabet=":#[]`<>@!|~*_-\\{}()%,;&'\" \n\r\t\x1b\x9b\u202e\u2028\ud800\u00a0ab1", max_size=40),
    st.sampled_from(samples.HOSTILE_TEXTS),
)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | hostile,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=3),
    max_leaves=6,
)
OPTIONS = RenderOptions(link_base="https://git.example/b", path_prefix="sub", max_bytes=6_000)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans with hostile texts in every place."""
    some: list[Change] = []
    for change in samples.changes():
        address = f"{change.kind}/{draw(hostile)}"
        fields = (FieldChange((draw(hostile), 0), "update", draw(values), draw(values)),)
        some.append(
            replace(
                change,
                address=address,
                fields=fields,
                note=draw(hostile),
                file=draw(hostile),
                origin=Place("x"),
            )
        )
    some.sort(key=lambda change: change.address)
    problems: list[Problem] = [
        replace(problem, message=draw(hostile), address=draw(hostile), location=Location(draw(hostile), 3, 4))
        for problem in samples.BLOCKED.problems
    ]
    unique = {change.address: change for change in some}
    return replace(
        samples.BLOCKED, changes=tuple(unique.values()), problems=tuple(problems), notices=samples.NOTICES
    )


@settings(max_examples=40, deadline=None)
@given(plans(), st.sampled_from(sorted(FORMATS)), st.booleans())
def test_nothing_unseen_leaves_a_report(plan: Plan, format: str, full: bool) -> None:
    shown = render(plan, format, replace(OPTIONS, full=full)).replace("\n", "")
    assert visible(shown) == shown
    shown.encode()


@settings(max_examples=40, deadline=None)
@given(plans(), st.sampled_from(sorted(set(FORMATS) - {"github"})))
def test_no_line_of_a_report_commands_a_runner(plan: Plan, format: str) -> None:
    shown = render(plan, format, OPTIONS)
    assert not any(line.strip().startswith("::") for line in shown.split("\n"))
    assert not re.search(r"##\w*\[", shown)


@settings(max_examples=30, deadline=None)
@given(plans(), st.integers(0, 20_000))
def test_a_report_with_a_limit_keeps_to_it(plan: Plan, limit: int) -> None:
    for format, least in (("markdown", 4_000), ("brief", 1_000)):
        shown = render(plan, format, replace(OPTIONS, max_bytes=limit))
        assert len(shown.encode()) <= max(limit, least)


@settings(max_examples=30, deadline=None)
@given(plans())
def test_a_saved_plan_is_the_same_plan_when_it_is_read(plan: Plan) -> None:
    require_same(read_saved_plan(saved_plan(plan).encode()), plan)


@given(values)
def test_json_text_is_the_same_value(value: Json) -> None:
    text = json_text(json.dumps(value, ensure_ascii=False))
    text.encode()
    assert json.loads(text) == json.loads(json.dumps(value))


@given(hostile)
def test_prose_in_markdown_shows_every_character_once(text: str) -> None:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parseInline("- x " + markdown(text))[0].children or []
    assert {token.type for token in tokens} <= {"text", "code_inline"}
    seen = "".join(token.content for token in tokens)
    assert seen.replace(" ", "") == "-x" + visible(text).replace(" ", "")


@given(hostile)
def test_an_annotation_is_one_line_and_one_command(text: str) -> None:
    line = f"::error title={workflow_property(text)}::{workflow(text)}"
    assert "\n" not in line
    assert "\r" not in line
    title, _, message = line.removeprefix("::error title=").partition("::")
    assert "," not in title
    assert ":" not in title
    assert message == workflow(text)


@given(st.text(alphabet="ab 漢\u0301", max_size=60), st.integers(1, 20))
def test_wrapping_loses_no_word_and_breaks_at_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert " ".join(lines).split() == text.split()
    assert all(columns(line) <= width or " " not in line.strip() for line in lines)


@given(st.text(alphabet="ab 漢\u0301", max_size=60), st.integers(1, 20))
def test_a_cut_text_fits_and_is_a_start(text: str, width: int) -> None:
    shown = cut(text, width)
    assert columns(shown) <= width
    assert text.startswith(shown.removesuffix("…"))
