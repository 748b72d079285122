"""Law: what is put in without the process that renders is what that process gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.base.mask import MASK
from registry_reconciler.base.serving import Parent
from registry_reconciler.model.entry import Json
from registry_reconciler.outputs.child import Renderer
from registry_reconciler.outputs.plain import plain

NAMES = (
    "id",
    "key",
    "address",
    "path",
    "tags",
    "none",
    "self",
    "loop",
    "values",
    "place",
    "result",
    "range",
    "omit",
)
VALUES = st.one_of(
    st.sampled_from(
        ["a", "", "{{ id }}", "tail\n", "ä\r\n", MASK, True, False, None, 0, -7, 2**70, 1.5, 10**9]
    ),
    st.lists(st.sampled_from(["x", 1, None, MASK, ["y"]]), max_size=3),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), max_size=2),
)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6), max_size=3).map(
    lambda found: [[f"k{n}", f"skill/k{n}", "s.yaml", values] for n, values in enumerate(found)]
)
NAMED = st.sampled_from(NAMES)
PIECES = st.one_of(
    st.sampled_from(["./", " ", "\n", "}", "{", "%}", "#", "text", "\r", "{{ '{' }}", "{# no #}", "'"]),
    NAMED.map(lambda name: f"{{{{ {name} }}}}"),
    NAMED.map(lambda name: f"{{{{{name}|default(omit)}}}}"),
    NAMED.map(lambda name: f"{{{{ {name} | upper }}}}"),
)
TEXTS = st.lists(PIECES, max_size=4).map("".join)
ITEMS = st.recursive(
    st.one_of(TEXTS, st.sampled_from([None, True, 3, 1.5])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=5,
)
SPECS = st.one_of(
    ITEMS.map(lambda item: {"each": "skill", "item": item}),
    st.sampled_from(
        ["{{ entries.skill | length }}", " {{entries.skill|count}} ", "{{ entries.hook | length }}"]
    ).map(lambda value: {"value": value}),
)


class _Answers:
    """The plan, as the process that renders sees it."""

    def __init__(self, rows: Sequence[Json]) -> None:
        self.rows = rows

    def ask(self, _question: object) -> Any:
        return json.loads(json.dumps(self.rows))


@settings(max_examples=300, deadline=None)
@given(SPECS, ROWS)
def test_what_is_put_in_is_what_is_rendered(spec: dict[str, Json], rows: list[Json]) -> None:
    found = plain(spec, {"skill"}, lambda _kind: rows)
    if found is None:
        return
    start = {"kinds": ["skill", "hook"], "fields": {}, "secrets": {}}
    answer = Renderer(cast("Parent", _Answers(rows)), start).run({"id": "t", **spec})
    answer = json.loads(json.dumps(answer))
    assert answer.get("error") is None
    assert json.dumps(found.result) == json.dumps(answer["result"])
    assert (list(found.kinds), list(found.templates)) == (answer["reads"], answer["templates"])


def test_most_lists_and_counts_need_no_process() -> None:
    rows = [["a", "skill/a", "s.yaml", {"path": "x", "tags": ["t"], "n": 1}]]
    item = {
        "name": "{{ key }}",
        "source": "./{{ path }}",
        "tags": "{{ tags }}",
        "home": "{{ home | default(omit) }}",
    }
    found = plain({"each": "skill", "item": item}, {"skill"}, lambda _kind: rows)
    assert found is not None
    assert found.result == [["a", {"name": "a", "source": "./x", "tags": ["t"]}]]
    counted = plain({"value": "{{ entries.skill | length }}"}, {"skill"}, lambda _kind: rows)
    assert counted is not None
    assert counted.result == 1
    for other in ({"n": "{{ name }}"}, {"n": "{{ n + 1 }}"}, {"n": "{{ values }}"}):
        assert plain({"each": "skill", "item": other}, {"skill"}, lambda _kind: rows) is None
    assert plain({"each": "skill", "item": item}, set(), lambda _kind: rows) is None


def test_what_would_be_too_long_is_left_to_the_process_that_is_bounded() -> None:
    rows = [[f"k{n}", f"skill/k{n}", "s.yaml", {"path": "x" * 100_000}] for n in range(100)]
    for item in ("{{ path }}{{ path }}", "y" * 100_000):
        assert plain({"each": "skill", "item": item}, {"skill"}, lambda _kind: rows) is None
