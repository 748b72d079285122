"""Where entries go when several things happen in one plan: nested kinds, names of files, keys from the place."""

from __future__ import annotations

from registry_reconciler.model.entry import Json
from tests.support import Files, applied, kind_file, plan_of, with_fragment

PLUGIN = "layout: list, file: market.yaml, at: plugins, key: name"
SKILL = "layout: list, file: market.yaml, at: 'plugins[name={plugin}].skills', key: [plugin, id]"
MARKET = b"""\
plugins:
# about p
- name: p
  size: 1
  skills:
  # about a
  - id: a
    size: 1   # of a
- name: q
"""
P: dict[str, Json] = {"name": "p", "size": 1}
Q: dict[str, Json] = {"name": "q"}
A: dict[str, Json] = {"plugin": "p", "id": "a", "size": 1}


def blocking(files: Files) -> list[tuple[str, str]]:
    return [(one.code, one.address) for one in plan_of(files).blocking]


def market() -> Files:
    files = {**kind_file("plugin", PLUGIN), **kind_file("skill", SKILL), "market.yaml": MARKET}
    return applied(with_fragment(files, {"plugin": [P, Q], "skill": [A]}))


def test_an_outer_entry_is_renamed_together_with_what_is_inside() -> None:
    moved = [{"from": "plugin/p", "to": "plugin/z"}, {"from": "skill/p/a", "to": "skill/z/b"}]
    after = applied(
        with_fragment(
            market(),
            {
                "plugin": [{**P, "name": "z"}, Q],
                "skill": [{**A, "plugin": "z", "id": "b", "size": 2}],
                "moved": moved,
            },
        )
    )
    assert after["market.yaml"] == MARKET.replace(b"name: p", b"name: z").replace(b"id: a", b"id: b").replace(
        b"size: 1   #", b"size: 2   #"
    )


def test_an_outer_entry_is_not_renamed_under_what_is_inside() -> None:
    files = with_fragment(
        market(),
        {"plugin": [{**P, "name": "z"}, Q], "skill": [A], "moved": [{"from": "plugin/p", "to": "plugin/z"}]},
    )
    (found,) = plan_of(files).blocking
    assert (found.code, found.address) == ("WRT001", "plugin/z")
    assert found.fix is not None
    assert "{from: skill/p/a, to: skill/z/a}" in found.fix.description


def test_what_is_inside_moves_out_and_the_outer_entry_goes() -> None:
    files = with_fragment(
        market(),
        {
            "plugin": [Q],
            "skill": [{**A, "plugin": "q"}],
            "moved": [{"from": "skill/p/a", "to": "skill/q/a"}],
        },
    )
    after = applied(files)
    assert after["market.yaml"] == (
        b"plugins:\n- name: q\n  skills:\n  # about a\n  - id: a\n    size: 1   # of a\n"
    )


def test_the_entries_inside_are_no_field_of_the_outer_one() -> None:
    files = with_fragment(market(), {"plugin": [{**P, "skills": [{"id": "a"}]}, Q], "skill": [A]})
    assert ("FRG007", "plugin/p") in blocking(files)


def test_a_new_entry_takes_over_the_file_of_one_that_goes() -> None:
    files = {**kind_file("page", "layout: file, file: 'pages/{slug}.yaml', key: id")}
    files["pages/home.yaml"] = b"id: b\nslug: home\n"
    files = applied(with_fragment(files, {"page": [{"id": "b", "slug": "home"}]}))
    after = applied(with_fragment(files, {"page": [{"id": "a", "slug": "home"}]}))
    assert after["pages/home.yaml"] == b"id: a\nslug: home\n"


def test_two_new_entries_never_share_a_file() -> None:
    files = kind_file("page", "layout: file, file: 'pages/{slug}.yaml', key: id")
    for other in ("home", "Home"):
        found = with_fragment(files, {"page": [{"id": "a", "slug": "home"}, {"id": "b", "slug": other}]})
        assert blocking(found) == [("WRT004", "page/b")]


def test_the_key_of_a_map_may_be_a_field_in_a_field() -> None:
    files: Files = {
        **kind_file("thing", "layout: map, file: things.yaml, key: metadata.name"),
        "things.yaml": b"a:\n  size: 1\nb:\n  metadata: {team: x}\n",
    }
    declared: list[Json] = [
        {"metadata": {"name": "a"}, "size": 1},
        {"metadata": {"name": "b", "team": "x"}},
    ]
    files = applied(with_fragment(files, {"thing": declared}))
    assert files["things.yaml"] == b"a:\n  size: 1\nb:\n  metadata: {team: x}\n"
    declared[0]["size"] = 2
    assert applied(with_fragment(files, {"thing": declared}))["things.yaml"] == (
        b"a:\n  size: 2\nb:\n  metadata: {team: x}\n"
    )


def test_a_number_that_only_the_place_would_say_is_refused() -> None:
    files: Files = {
        **kind_file("thing", "layout: list, file: '{level}.yaml', key: id"),
        "1.yaml": b"- id: a\n",
    }
    files = with_fragment(files, {"thing": [{"id": "a", "level": "1"}, {"id": "b", "level": 1}]})
    assert blocking(files) == [("WRT003", "thing/b")]


def test_a_live_field_in_a_field_is_never_drift() -> None:
    files: Files = {
        **kind_file("thing", "layout: list, file: t.yaml, key: id, live_fields: [meta.stars]"),
        "t.yaml": b"- id: a\n  meta:\n    stars: 5\n  size: 1\n",
    }
    files = applied(with_fragment(files, {"thing": [{"id": "a", "size": 1}]}))
    assert files["t.yaml"] == b"- id: a\n  meta:\n    stars: 5\n  size: 1\n"
    files = applied(with_fragment(files, {"thing": [{"id": "a", "size": 2}]}))
    assert files["t.yaml"] == b"- id: a\n  meta:\n    stars: 5\n  size: 2\n"
    files["t.yaml"] = b"- id: a\n  size: 2\n"
    assert plan_of(files).empty


def test_no_entry_is_created_where_the_kind_does_not_look() -> None:
    files = kind_file("thing", "layout: file, file: 'things/{id}.yaml', key: id, exclude: ['things/_*.yaml']")
    assert blocking(with_fragment(files, {"thing": [{"id": "_a"}]})) == [("WRT003", "thing/_a")]


def test_a_move_that_cannot_be_done_deletes_nothing() -> None:
    files: Files = {
        **kind_file("thing", "layout: list, file: t.yaml, key: id"),
        "t.yaml": b"- id: a\n- id: b\n",
    }
    files = applied(with_fragment(files, {"thing": [{"id": "a"}, {"id": "b"}]}))
    files = with_fragment(files, {"thing": [{"id": "b"}], "moved": [{"from": "thing/a", "to": "thing/b"}]})
    assert blocking(files) == [("FRG003", "thing/b")]
    assert plan_of(files).changes == ()


def test_a_container_of_the_wrong_shape_hides_what_it_was_to_hold() -> None:
    files: Files = {
        **kind_file("thing", "layout: list, file: t.yaml, at: t, key: id"),
        "t.yaml": b"t:\n- id: a\n",
    }
    files = applied(with_fragment(files, {"thing": [{"id": "a"}]}))
    files["t.yaml"] = b"t: {a: {}}\n"
    assert [one.code for one in plan_of(files).problems] == ["LIV005"]
    assert plan_of(files).changes == ()


def test_an_empty_file_takes_its_entry() -> None:
    files: Files = {
        **kind_file("page", "layout: file, file: 'pages/{id}.yaml', key: id"),
        "pages/a.yaml": b"# about a\n",
        "pages/b.yaml": b"",
    }
    files = applied(with_fragment(files, {"page": [{"id": "a"}, {"id": "b"}]}))
    assert files["pages/a.yaml"] == b"# about a\nid: a\n"
    assert files["pages/b.yaml"] == b"id: b\n"


def test_an_entry_inside_its_file_keeps_what_stands_beside_it() -> None:
    spec = "layout: file, file: 'pages/{slug}.yaml', at: spec, key: id"
    files: Files = {
        **kind_file("page", spec),
        "pages/a.yaml": b"kind: Page\n",
        "pages/b.yaml": b"kind: Page\nspec:   # of b\n",
    }
    pages = [{"id": name, "slug": name} for name in "abc"]
    files = applied(with_fragment(files, {"page": pages}))
    assert files["pages/a.yaml"] == b"kind: Page\nspec:\n  id: a\n  slug: a\n"
    assert files["pages/b.yaml"] == b"kind: Page\nspec:   # of b\n  id: b\n  slug: b\n"
    files["pages/d.yaml"] = b"kind: Page\n"
    both = with_fragment(files, {"page": [*pages, {"id": "d", "slug": "d"}, {"id": "e", "slug": "d"}]})
    assert blocking(both) == [("WRT004", "page/e")]
    twice = with_fragment(files, {"page": [*pages, {"id": "d", "slug": "a"}]})
    assert blocking(twice) == [("WRT004", "page/d")]
    gone = applied(with_fragment(files, {"page": pages[:1]}))
    assert (gone["pages/b.yaml"], gone["pages/c.yaml"]) == (b"kind: Page\n", None)


def test_three_kinds_inside_each_other_are_renamed_together() -> None:
    files: Files = {
        **kind_file("outer", "layout: list, file: x.yaml, at: one, key: n"),
        **kind_file("middle", "layout: list, file: x.yaml, at: 'one[n={p}].two', key: [p, n]"),
        **kind_file("inner", "layout: list, file: x.yaml, at: 'one[n={p}].two[n={q}].three', key: [p, q, n]"),
        "x.yaml": b"one:\n- n: a\n  two:\n  # b\n  - n: b\n    three:\n    - n: c   # c\n",
    }
    files = applied(
        with_fragment(
            files,
            {
                "outer": [{"n": "a"}],
                "middle": [{"p": "a", "n": "b"}],
                "inner": [{"p": "a", "q": "b", "n": "c"}],
            },
        )
    )
    renamed: dict[str, Json] = {
        "outer": [{"n": "A"}],
        "middle": [{"p": "A", "n": "B"}],
        "inner": [{"p": "A", "q": "B", "n": "C"}],
        "moved": [
            {"from": "outer/a", "to": "outer/A"},
            {"from": "middle/a/b", "to": "middle/A/B"},
            {"from": "inner/a/b/c", "to": "inner/A/B/C"},
        ],
    }
    assert applied(with_fragment(files, renamed))["x.yaml"] == (
        b"one:\n- n: A\n  two:\n  # b\n  - n: B\n    three:\n    - n: C   # c\n"
    )
