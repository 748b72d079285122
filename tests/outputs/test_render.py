"""Templates: what they give, what they are refused, and that nothing they do is without bounds."""

from __future__ import annotations

import pytest

from registry_reconciler.model.entry import Json
from registry_reconciler.outputs.render import RenderInput, render
from registry_reconciler.outputs.rendered import Rendered

ROWS: list[Json] = [
    [
        "a",
        "skill/a",
        "skills.yaml",
        {"id": "a", "name": "Alpha", "version": "1.10", "n": 3, "meta": {"items": 1}},
    ],
    [
        "b",
        "skill/b",
        "skills.yaml",
        {"id": "b", "name": "Beta", "version": "2", "n": 4, "meta": {"items": 2}},
    ],
]


def run(templates: dict[str, str] | None = None, **job: Json) -> Rendered:
    """Render one job."""
    known = templates or {}
    source = RenderInput(
        ["skill", "hook"],
        {"skill": ["id", "name", "version", "n", "meta", "license"]},
        {},
        lambda kind: ROWS if kind == "skill" else [],
        known.get,
    )
    return render([{"id": "t", **job}], source)["t"]


def text(template: str) -> Json:
    found = run({"t": template}, template="t")
    assert found.fault is None, found.fault
    return found.result


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("{{ entries.skill | length }}", 2),
        (" {{ entries.skill | length }} ", 2),
        ("n={{ entries.skill | length }}", "n=2"),
        ("1.10", "1.10"),
        ("{{ '1.10' }}", "1.10"),
        ("{{ entries.skill[0].version }}", "1.10"),
        ("{{ entries.skill['b'].n }}", 4),
        ("{{ true }}", True),
        ("{{ none }}", None),
        ("{{ entries.skill | map(attribute='key') | list }}", ["a", "b"]),
        ("{{ {'a': [1, 2.5]} }}", {"a": [1, 2.5]}),
        ({"x": ["{{ 1 + 1 }}", "plain"]}, {"x": [2, "plain"]}),
    ],
)
def test_one_expression_keeps_its_type(value: Json, result: Json) -> None:
    found = run(value=value).result
    assert found == result
    assert type(found) is type(result)


def test_items_are_made_of_each_entry_and_omit_leaves_a_field_out() -> None:
    found = run(
        each="skill",
        where="n > 3",
        item={"name": "{{ key }}", "from": "./{{ place }}", "license": "{{ license | default(omit) }}"},
    )
    assert found.result == [["b", {"name": "b", "from": "./skills.yaml"}]]
    assert found.kinds == ("skill",)


def test_an_item_is_not_left_out_as_a_whole() -> None:
    found = run(each="skill", item="{{ license | default(omit) }}")
    assert found.fault is not None
    assert found.fault.at == ("item",)
    assert "cannot stand alone" in found.fault.message


def test_data_comes_before_what_python_has() -> None:
    assert text("{{ entries.skill[0].meta.items }}") == "1"
    assert text("{% for name, part in {'a': 1}.items() %}{{ name }}{{ part }}{% endfor %}") == "a1"


def test_what_was_read_is_told() -> None:
    found = run({"t": "{% include 'u' %}{{ entries.hook | length }}", "u": "u"}, template="t")
    assert (found.result, found.kinds, found.templates) == ("u0", ("hook",), ("t", "u"))


@pytest.mark.parametrize(
    ("template", "kind", "words", "line"),
    [
        ("\n{{ entries.skils }}", "undefined", "Did you mean 'skill'?", 2),
        ("{% for s in entries.skill %}\n{{ s.nmae }}{% endfor %}", "undefined", "Did you mean 'name'?", 2),
        ("{{ entries.skill['c'].name }}", "undefined", "no entry skill/c", 1),
        ("{{ a\n", "syntax", "end of print", 1),
        ("{{ 1 | centre }}", "syntax", "centre", 1),
        ("{% include 'nope' %}", "missing", "nope", 1),
        ("{% include '../../config.yaml' %}", "missing", "config.yaml", 1),
    ],
)
def test_what_is_wrong_is_told_with_its_line(template: str, kind: str, words: str, line: int) -> None:
    fault = run({"t": template}, template="t").fault
    assert fault is not None
    assert (fault.kind, fault.template, fault.line) == (kind, "t", line)
    assert words in fault.message


HOSTILE = {
    "repeat": "{{ 'x' * 10**9 }}",
    "format": "{{ '%1000000000d' % 1 }}",
    "format method": "{{ '{:1000000000}'.format(1) }}",
    "center": "{{ 'x'.center(10**9) }}",
    "center filter": "{{ 'x' | center(10**9) }}",
    "ljust": "{{ 'x'.ljust(10**9) }}",
    "expandtabs": "{{ '\t'.expandtabs(10**9) }}",
    "lipsum": "{{ lipsum(n=10**6) }}",
    "sum of lists": "{{ ([[1] * 10000] * 10000) | sum(start=[]) | length }}",
    "texts in a list": "{{ ['x' * 1000000] * 1000 }}",
    "what is not there": "{{ missing._undefined_exception }}",
    "what is not there, inside": "{{ missing.__init__ }}",
    "random": "{{ [1, 2] | random }}",
    "power": "{{ 10 ** (10 ** 8) }}",
    "loops": "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "range": "{{ range(10**9) | list }}",
    "doubling": "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
    "adding": "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
    "lists": "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "json": "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}"
    "{{ n.x | tojson }}",
    "replace": "{% set n = namespace(x='aa') %}{% for i in range(60) %}{% set n.x = n.x | replace('a', 'aa') %}"
    "{% endfor %}{{ n.x }}",
    "replace method": "{{ ('a' * 5000000).replace('', 'bbbbbbbbbb') }}",
    "join": "{{ range(100000) | list | join('x' * 1000000) }}",
    "batch": "{{ [1] | batch(10**9, 'x') | list }}",
    "slice": "{{ [1] | slice(10**9) | list }}",
    "indent": "{{ 'a\nb' | indent(10**9) }}",
    "wordwrap": "{{ 'a b' | wordwrap(10**9) }}",
    "macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "include": "{% include 't' %}",
    "block": "{% set x %}{% for i in range(100000) %}" + "y" * 9000 + "{% endfor %}{% endset %}{{ x }}",
    "class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "class by item": "{{ ''['__class__'] }}",
    "class by filter": "{{ '' | attr('__class__') }}",
    "globals": "{{ cycler.__init__.__globals__.os }}",
    "function": "{{ namespace.__init__ }}",
    "entries": "{{ entries._source }}",
    "entry": "{{ entries.skill[0].__init__ }}",
    "map": "{{ [''] | map(attribute='__class__') | list }}",
    "self": "{{ self._TemplateReference__context }}",
    "loop": "{% for x in [1] %}{{ loop._iterable }}{% endfor %}",
    "mutation": "{% set x = [] %}{{ x.append(1) }}",
    "update": "{{ {}.update({1: 2}) }}",
    "call": "{{ entries.skill() }}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused_within_bounds(name: str) -> None:
    found = run({"t": HOSTILE[name]}, template="t")
    assert found.fault is not None, str(found.result)[:200]
    assert found.fault.kind in ("refused", "limit", "syntax", "undefined")


def test_a_process_that_dies_takes_only_its_own_job_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several jobs the others are rendered all the same."""
    known = {"bad": HOSTILE["block"], "good": "fine"}
    source = RenderInput(["skill"], {}, {}, lambda _kind: [], known.get)
    jobs: list[dict[str, Json]] = [{"id": name, "template": name} for name in ("good", "bad", "good2")]
    jobs[2]["template"] = "good"
    found = render(jobs, source)
    assert found["bad"].fault is not None
    assert (found["good"].result, found["good2"].result) == ("fine", "fine")


def test_too_long_is_a_failure_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    from registry_reconciler.outputs import render as module

    monkeypatch.setattr(module, "MOST_SECONDS", 0.2)
    with pytest.raises(module.RenderFailure, match="seconds"):
        run(
            {"t": "{% for i in range(1000) %}{{ range(100000) | list | sort | length }}{% endfor %}"},
            template="t",
        )


def test_a_filter_that_is_not_there_is_named_with_what_was_probably_meant() -> None:
    fault = run({"t": "a\n{{ 'x' | titel }}"}, template="t").fault
    assert fault is not None
    assert (fault.line, fault.message) == (2, "No filter named 'titel'. Did you mean 'title'?")
    fault = run(value="{{ 1 is definde }}").fault
    assert fault is not None
    assert fault.message == "No test named 'definde'. Did you mean 'defined'?"


@pytest.mark.parametrize(
    "template",
    ["{% include '../config.yaml' ignore missing %}", "{% include ['/etc/passwd', 't'] ignore missing %}"],
)
def test_what_lies_outside_of_the_folder_is_refused_also_where_it_may_be_missing(template: str) -> None:
    found = run({"t": template, "../config.yaml": "told", "/etc/passwd": "told"}, template="t")
    assert found.fault is not None
    assert (found.fault.kind, found.fault.line) == ("missing", 1)
    missing = run({"t": "{% include 'no' ignore missing %}fine"}, template="t")
    assert (missing.fault, missing.result) == (None, "fine")


@pytest.mark.parametrize(
    "value", ["{{ {'a': entries.skill[0].licence} }}", "{{ [entries.skill[0].licence] }}"]
)
def test_what_is_not_there_is_told_inside_a_value_too(value: str) -> None:
    found = run(value=value)
    assert found.fault is not None
    assert (found.fault.kind, "Did you mean 'license'?" in found.fault.message) == ("undefined", True)


def test_a_table_is_as_wide_as_its_widest_cells() -> None:
    """Rules keep their colons and their look; what is no table stays."""
    table = "| Name | 名 | n |\n|:--|:-:|--:|\n| Alpha \\| Beta | 日本語 | 1 |\n| b |\nno table\n| x | y |\n"
    assert text(f"{{% filter aligned %}}\n{table}{{% endfilter %}}\n") == (
        "| Name          |   名   |   n |\n|:--------------|:------:|----:|\n"
        "| Alpha \\| Beta | 日本語 |   1 |\n| b             |\nno table\n| x | y |\n"
    )
    assert text("{{ '  | a |\n  | - |\n  | bcdef |' | aligned }}") == "  | a     |\n  | ----- |\n  | bcdef |"


def test_a_table_that_would_be_too_wide_is_refused() -> None:
    rows = "{% for i in range(9000) %}\n| a |\n{% endfor %}"
    wide = "{{ 'x' * 900 }}"
    found = run(
        {"t": f"{{% filter aligned %}}\n| h |\n| - |\n| {wide} |\n{rows}{{% endfilter %}}"}, template="t"
    )
    assert found.fault is not None
    assert found.fault.kind == "limit"


def test_a_long_word_in_short_lines_takes_its_steps() -> None:
    """Each line copies what is left of it: to wrap it as a whole took a quarter of a minute."""
    assert text("{{ ('a' * 400) | wordwrap(1) | wordcount }}") == "400"
    for given in ("1", "wrapstring='x', width=1", "break_on_hyphens=900, width=1"):
        found = run(value=f"{{{{ ('a' * 1000000) | wordwrap({given}) }}}}")
        assert found.fault is not None
        assert found.fault.message == "it takes more than 3,000,000 steps"


@pytest.mark.parametrize(
    "filtered",
    [
        "['a'] * 90000 | join(attribute=none, d='b' * 90000)",
        "'a' * 900000 | replace(new='b' * 9000, old='a')",
        "'\\n' * 900000 | indent(first=true, width=9000)",
    ],
)
def test_what_is_given_by_name_is_measured_too(filtered: str) -> None:
    """Else memory was taken first, until none was left."""
    value, _, applied = filtered.partition(" | ")
    found = run(value=f"{{{{ ({value}) | {applied} }}}}")
    assert found.fault is not None
    assert found.fault.message == "it puts together a text of more than 8,000,000 characters"


@pytest.mark.parametrize("job", [{"value": "{{ entries }}"}, {"value": "All: {{ entries }}"}])
def test_all_kinds_together_are_no_value(job: dict[str, Json]) -> None:
    found = run(**job)
    assert found.fault is not None
    assert found.fault.message == (
        "'entries' stands for all kinds, and is no value itself: name one of them, e.g. entries.skill"
    )
