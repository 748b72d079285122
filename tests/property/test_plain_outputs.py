"""Law: what is put in without the process that renders is what that process gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.base.mask import MASK
from registry_reconciler.base.serving import Parent
from registry_reconciler.model.entry import Json
from registry_reconciler.outputs.child import Renderer
from registry_reconciler.outputs.fields import Rows
from registry_reconciler.outputs.plain import PlainContext, plain

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
    NAMED.map(lambda name: f"{{{{ {name} | default([], true) | join(', ') }}}}"),
    NAMED.map(lambda name: f"{{{{ {name} | default('x') | tojson }}}}"),
    NAMED.map(lambda name: f"{{{{ {name} | title }}}}"),
)
TEXTS = st.lists(PIECES, max_size=4).map("".join)
ITEMS = st.recursive(
    st.one_of(TEXTS, st.sampled_from([None, True, 3, 1.5])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = st.sampled_from([*NAMES, "x"]).map(lambda name: f"s.{name}")
FILTER = st.sampled_from(
    [
        *("upper", "lower", "capitalize", "trim", "tojson", "length", "count", "title", "join", "first"),
        *(
            "join(', ')",
            'join("\\n")',
            "replace('|', '\\\\|')",
            "replace('a','bb')",
            "replace('a')",
            "upper('a')",
        ),
        *("default('')", "default(omit)", "replace('\\n', ' ')", "string"),
    ]
)
DEFAULTS = st.sampled_from(
    [
        *("", "", "", "|default('')", "| default(omit)", "| default([])", "| default('', true)"),
        *('|default("A b")', "| default([] , true)", "| default('x', false)"),
    ]
)
FILTERS = st.tuples(DEFAULTS, st.lists(FILTER, max_size=2)).map(
    lambda found: " | ".join((found[0], *found[1]))
)
CONDITIONS = st.tuples(
    st.sampled_from(["", "", "not "]),
    FIELDS,
    st.sampled_from(
        ["", "", " is defined", " is not defined", " == 'a'", ' != ""', " == 1", " and s.id", " in 'ab'"]
    ),
).map("".join)
BODIES = st.lists(
    st.one_of(
        st.sampled_from(
            ["| ", " |", "\n", "\n\n", "  ", "}", "{", "{{ key }}", "{# c #}\n", "{{ s }}", "{%- if 1 %}"]
        ),
        st.tuples(FIELDS, FILTERS).map(lambda found: f"{{{{ {found[0]} {found[1]} }}}}"),
    ),
    max_size=5,
).map("".join)
ENDS = st.sampled_from(["", "", "\n", " ", "  \n", "\n\n"])


def pages(bodies: st.SearchStrategy[str], conditions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Templates of loops with such bodies and conditions in them, and of what stands around them."""
    branches = st.recursive(
        bodies,
        lambda inner: st.tuples(
            inner, ENDS, conditions, ENDS, inner, st.booleans(), ENDS, inner, ENDS, inner
        ).map(
            lambda found: (
                f"{found[0]}{found[1]}{{% if {found[2]} %}}{found[3]}{found[4]}"
                + (f"{found[1]}{{% else %}}{found[6]}{found[7]}" if found[5] else "")
                + f"{found[8]}{{% endif %}}{found[3]}{found[9]}"
            )
        ),
        max_leaves=4,
    )
    loops = st.tuples(
        st.sampled_from(["", "\n", "text\n", "  ", "\t", "text "]),
        st.sampled_from(["s", "s", "s", "s", "s", "key", "entries", "loop"]),
        st.sampled_from(["\n", "\n", "\n", " "]),
        branches,
        st.sampled_from(["\n", "\n", "", " ", "\n  "]),
        st.sampled_from(["\n", "\n", "", " "]),
        st.one_of(st.just(""), conditions.map(" if {}".format)),
    ).map(
        lambda found: (
            f"{found[0]}{{% for {found[1]} in entries.skill{found[6]} %}}{found[2]}{found[3]}{found[4]}"
            f"{{% endfor %}}{found[5]}"
        )
    )
    others = ["# Head\n", "\n", "{{ entries.skill | length }}", "{{entries.skill|count}}\n", "end"]
    return st.lists(st.one_of(loops, loops, st.sampled_from(others)), max_size=3).map("".join)


TEMPLATES = pages(BODIES, CONDITIONS)
USUAL_TAGS = st.tuples(
    st.sampled_from(["s.id", "s.path", "s.x | default('A b')", "s.key", "s.id | default('-', true)"]),
    st.sampled_from(
        ["", "", "|upper", "|lower", "|capitalize", "|trim", "|tojson", "|length", "|replace('a', 'b')"]
    ),
).map(lambda found: f"{{{{ {found[0]} {found[1]} }}}}")
USUAL_BODIES = st.lists(
    st.one_of(
        st.sampled_from(["| ", "\n", "\n\n", "  ", "\t", "text", "{{ s.tags | join(', ') }}"]),
        USUAL_TAGS,
        USUAL_TAGS,
    ),
    max_size=4,
).map("".join)
USUAL_CONDITIONS = st.tuples(
    st.sampled_from(["", "not "]),
    st.sampled_from(
        ["s.id", "s.tags", "s.x is defined", "s.x is not defined", "s.id == 'B c'", "s.path != ''"]
    ),
).map("".join)
TEXT = st.sampled_from(["a", "", "B c", " x|", "ßA"])
USUAL_ROWS = st.lists(
    st.tuples(TEXT, TEXT, st.lists(TEXT, max_size=2), st.booleans()), min_size=1, max_size=3
).map(
    lambda found: [
        [f"k{n}", f"skill/k{n}", "s.yaml", {"id": a, "path": b, "tags": c, **({"x": b} if more else {})}]
        for n, (a, b, c, more) in enumerate(found)
    ]
)
SPECS = st.one_of(
    ITEMS.map(lambda item: {"each": "skill", "item": item}),
    st.tuples(TEXTS, ITEMS).map(lambda found: {"each": "skill", "key": found[0], "item": found[1]}),
    st.tuples(CONDITIONS, ITEMS).map(
        lambda found: {"each": "skill", "where": found[0].replace("s.", ""), "item": found[1]}
    ),
    st.sampled_from(
        ["{{ entries.skill | length }}", " {{entries.skill|count}} ", "{{ entries.hook | length }}"]
    ).map(lambda value: {"value": value}),
)


class _Answers:
    """The plan, as the process that renders sees it."""

    def __init__(self, rows: Sequence[Json], template: str) -> None:
        self.rows = rows
        self.template = template

    def ask(self, question: dict[str, str]) -> Any:
        return self.template if "template" in question else json.loads(json.dumps(self.rows))


def source_of(rows: Sequence[Json], template: str = "") -> PlainContext:
    own = {
        name: lambda at=at: [row[at] for row in rows] for at, name in enumerate(("key", "address", "place"))
    }
    columns = Rows([row[3] for row in rows], own)
    return PlainContext({"skill"}, lambda _kind: columns, lambda _name: template)


def agree(spec: dict[str, Json], rows: list[Json], template: str = "") -> bool:
    """Whether an output is plain; then both ways give the same."""
    found = plain(spec, source_of(rows, template))
    if found is None:
        return False
    start = {"kinds": ["skill", "hook"], "fields": {}, "secrets": {}}
    answer = Renderer(cast("Parent", _Answers(rows, template)), start).run({"id": "t", **spec})
    answer = json.loads(json.dumps(answer))
    assert answer.get("error") is None
    assert json.dumps(found.result) == json.dumps(answer["result"])
    assert (list(found.kinds), list(found.templates)) == (answer["reads"], answer["templates"])
    return True


@settings(max_examples=300, deadline=None)
@given(SPECS, ROWS)
def test_what_is_put_in_is_what_is_rendered(spec: dict[str, Json], rows: list[Json]) -> None:
    agree(spec, rows)


@settings(max_examples=300, deadline=None)
@given(TEMPLATES, ROWS)
def test_a_page_of_names_is_what_is_rendered(template: str, rows: list[Json]) -> None:
    agree({"template": "t"}, rows, template)


@settings(max_examples=300, deadline=None)
@given(pages(USUAL_BODIES, USUAL_CONDITIONS), USUAL_ROWS)
def test_a_usual_page_is_what_is_rendered(template: str, rows: list[Json]) -> None:
    agree({"template": "t"}, rows, template)


@pytest.mark.parametrize("key", ["{{ key }}", "{{ path }}", "./{{ path }}-{{ key }}", "{{ n }}: x"])
def test_usual_mappings_are_plain(key: str) -> None:
    rows: list[Json] = [[k, f"skill/{k}", "s.yaml", {"path": f"p {k}", "n": n}] for n, k in enumerate("ab")]
    assert agree({"each": "skill", "key": key, "item": {"source": "./{{ path }}"}}, rows)


@pytest.mark.parametrize(
    "key",
    ["same", "{{ n }}", "{{ x }}", "{{ x | default(omit) }}", "{{ key | title }}", "{{ key | length }}"],
)
def test_keys_that_are_no_texts_or_there_twice_are_left_to_the_process(key: str) -> None:
    rows: list[Json] = [[k, f"skill/{k}", "s.yaml", {"n": n}] for n, k in enumerate("ab")]
    assert plain({"each": "skill", "key": key, "item": {}}, source_of(rows)) is None


@pytest.mark.parametrize(
    "template",
    [
        "# {{ entries.skill | length }}\n\n{% for s in entries.skill %}\n| {{ s.key }} |\n{% endfor %}\nend",
        "{% for e in entries.skill %}\n- `{{ e.key }}` "
        "{{ e.x | default('') | replace('|', '\\\\|') | replace('\\n', ' ') }}\n{% endfor %}\n",
        "  {% for e in entries.skill %}\n{{ e.path | replace('a', '') }}{{ e.place }}\n\n  {% endfor %}",
        "{% for s in entries.skill %}\n- {{ s.path | upper }} {{ s.x | trim | tojson }} "
        "{{ s.tags | join(', ') }}\n{% endfor %}",
        "{% for s in entries.skill if s.path == 'a|b' %}\n{{ s.tags | length }}"
        "{% if s.empty %} x{% endif %}.\n{% endfor %}",
        "{% for s in entries.skill %}\n  {% if not s.only is defined %}\n  {{ s.nil | default('-', true) }}\n"
        "  {% else %}\n{{ s.only }}\n  {% endif %}\n{% endfor %}",
    ],
)
def test_usual_pages_are_plain(template: str) -> None:
    values = {"path": "a|b", "x": "c\nd| ", "tags": ["t", "u"], "empty": "", "nil": None}
    rows = [["a", "skill/a", "s.yaml", values], ["b", "skill/b", "s.yaml", {**values, "only": "b"}]]
    assert agree({"template": "t"}, rows, template)


@pytest.mark.parametrize("where", ["path == 'a'", "not tags", "home is defined", "key != 'b'"])
def test_usual_conditions_are_plain(where: str) -> None:
    rows: list[Json] = [[k, f"skill/{k}", "s.yaml", {"path": k, "tags": []}] for k in "ab"]
    rows.append(["c", "skill/c", "s.yaml", {"path": "c", "tags": ["t"], "home": "h"}])
    item = {"tags": "{{ tags | join }}", "home": "{{ home | default(omit) }}"}
    assert agree({"each": "skill", "where": where, "item": item}, rows)


def test_most_lists_and_counts_need_no_process() -> None:
    rows = [["a", "skill/a", "s.yaml", {"path": "x", "tags": ["t"], "n": 1}]]
    item = {
        "name": "{{ key }}",
        "source": "./{{ path }}",
        "tags": "{{ tags }}",
        "home": "{{ home | default(omit) }}",
    }
    found = plain({"each": "skill", "item": item}, source_of(rows))
    assert found is not None
    assert found.result == [("a", {"name": "a", "source": "./x", "tags": ["t"]})]
    counted = plain({"value": "{{ entries.skill | length }}"}, source_of(rows))
    assert counted is not None
    assert counted.result == 1
    for other in ({"n": "{{ name }}"}, {"n": "{{ n + 1 }}"}, {"n": "{{ values }}"}):
        assert plain({"each": "skill", "item": other}, source_of(rows)) is None
    assert plain({"each": "hook", "item": item}, source_of(rows)) is None


@pytest.mark.parametrize("name", ["entries", "omit", "range", "dict", "namespace", "cycler", "joiner"])
def test_a_name_that_every_template_knows_is_left_to_the_process(name: str) -> None:
    rows = [["a", "skill/a", "s.yaml", {}]]
    item = {"x": f"{{{{ {name} | default(omit) }}}}"}
    assert plain({"each": "skill", "item": item}, source_of(rows)) is None


def test_a_field_that_stands_for_omit_is_left_to_the_process() -> None:
    rows = [["a", "skill/a", "s.yaml", {"omit": "x"}]]
    assert plain({"each": "skill", "item": {"x": "{{ x | default(omit) }}"}}, source_of(rows)) is None


def test_an_item_that_would_be_left_out_as_a_whole_is_left_to_the_process() -> None:
    rows = [["a", "skill/a", "s.yaml", {}]]
    assert plain({"each": "skill", "item": "{{ x | default(omit) }}"}, source_of(rows)) is None


def test_what_would_be_too_long_is_left_to_the_process_that_is_bounded() -> None:
    rows = [[f"k{n}", f"skill/k{n}", "s.yaml", {"path": "x" * 100_000}] for n in range(100)]
    for item in ("{{ path }}{{ path }}", "y" * 100_000):
        assert plain({"each": "skill", "item": item}, source_of(rows)) is None


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\f", " \u2028\t"])
def test_any_blanks_before_a_block_go(blank: str) -> None:
    rows = [["a", "skill/a", "s.yaml", {"id": "x"}]]
    template = (
        f"{blank}{{% for s in entries.skill %}}\n{blank}{{% if s.id %}}\n{blank}-\n{blank}{{% endif %}}\n"
    )
    assert agree({"template": "t"}, rows, template + "{% endfor %}\n")


def test_a_bare_carriage_return_in_quotes_is_left_to_the_process() -> None:
    rows = [["a", "skill/a", "s.yaml", {"id": "x\ry"}]]
    for spec in ({"where": "id == 'x\ry'", "item": "{{ key }}"}, {"item": "{{ id | replace('\r', '-') }}"}):
        assert not agree({"each": "skill", **spec}, rows)
