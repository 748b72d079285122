"""``add``: the imperative way in, for every kind; checked first, all or nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support import ROUTES, Box, installed

ABILITY = {
    "ability_id": "b.run",
    "group": "ops",
    "summary": "Runs it.",
    "required_caps": [],
    "implementation": {"kind": "mcp", "server": "s", "tool": "t"},
}
HIGH = {
    "ability_id": "b.flow",
    "group": "ops",
    "type": "workflow",
    "summary": "Runs all.",
    "required_caps": [],
    "ability_ids": ["a.run"],
}

# Kind, registry file, hand-written text with the neighbours a and z, the entry b between them, a change.
KINDS: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "module_type",
        "modules/overview/type_registry.yaml",
        "types:   # all types\n-   {id: a, inbound: [], outbound: []}\n\n# the last\n-   id:  'z'\n",
        {"id": "b", "inbound": [], "outbound": []},
        {"description": "New."},
    ),
    (
        "module_instance",
        "modules/overview/instance_registry.yaml",
        "version: 1\ninstances:\n    - module_id: a\n      module_type: http_api   # yes\n"
        '    - {module_id: "z", module_type: http_api}\n',
        {"module_id": "b", "module_type": "http_api"},
        {"module_level": 2},
    ),
    (
        "module_maturity",
        "modules/overview/instance_maturity.yaml",
        "maturity:\n- module_id: a\n  maturity: FUNCTIONAL\n\n- module_id: z\n  maturity:   FUNCTIONAL\n",
        {"module_id": "b", "maturity": "FUNCTIONAL"},
        {"maturity": "IN_PROGRESS"},
    ),
    (
        "module_interface",
        "modules/overview/interfaces.yaml",
        "# head\ninterfaces:\n  - id: a\n    module_id: payments.api\n    path: /a\n"
        "  - id: z # last\n    module_id: payments.api\n    path: /z\n",
        {"id": "b", "module_id": "payments.api", "path": "/b"},
        {"method": "GET"},
    ),
    (
        "route",
        "modules/routes/ops.yaml",
        "routes:\n  # first\n  - {id: a, scope: ops, topic: a, module_id: m, when_to_use: x}\n"
        "  - {id: z, scope: ops, topic: z, module_id: m, when_to_use: x}\n",
        {"id": "b", "scope": "ops", "topic": "b", "module_id": "payments.api", "when_to_use": "Now."},
        {"when_to_use": "Later."},
    ),
    (
        "ability_low",
        ".system/registry/low-level/ops.yaml",
        "abilities:\n  - ability_id: a.run\n    group: ops\n    summary: >-\n      Runs\n      it.\n"
        "    required_caps: []\n  - {ability_id: z.run, group: ops, summary: y, required_caps: []}\n",
        ABILITY,
        {"summary": "Runs it twice."},
    ),
    (
        "ability_high",
        ".system/registry/high-level/ops.yaml",
        "abilities:\n  - {ability_id: a.flow, group: ops, type: agent, summary: x, required_caps: []}\n"
        "  - {ability_id: z.flow, group: ops, type: agent, summary: x, required_caps: []}\n",
        HIGH,
        {"summary": "Runs some."},
    ),
    (
        "hook",
        ".system/hooks/a.yaml",
        "id: a\nevent_type: PromptSubmit   # first\nhandler: {kind: script, command: [x]}\n",
        {"id": "b", "event_type": "PromptSubmit", "handler": {"kind": "script", "command": ["y"]}},
        {"summary": "New."},
    ),
]


def add(box: Box, kind: str, entry: dict[str, Any], *more: str) -> Any:
    return box.run("add", kind, "--entry-json", json.dumps(entry), "--format", "json", *more)


def common(left: str, right: str) -> int:
    """The length of the common start."""
    pairs = zip(left, right, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(left), len(right)))


def ids_of(entry: dict[str, Any]) -> list[str]:
    """The key between its neighbours' keys, as they stand behind the key field."""
    field, key = next(iter(entry.items()))
    rest = str(key)[1:]
    return [f"{field}: +['\"]?{letter}{re.escape(rest)}" for letter in "abz"]


@pytest.mark.parametrize(("kind", "path", "text", "entry", "change"), KINDS, ids=[one[0] for one in KINDS])
def test_each_kind_lands_sorted_among_neighbours_that_keep_their_bytes(
    box: Box, kind: str, path: str, text: str, entry: dict[str, Any], change: dict[str, Any]
) -> None:
    box.write("desired/all.yaml", "")
    box.write(path, text)
    ran = add(box, kind, entry, "--apply", "--no-check")
    assert ran.exit == 0, ran.err + ran.out
    target = path if kind != "hook" else ".system/hooks/b.yaml"
    assert {target, f"desired/{kind}.yaml"} <= set(ran.json["written"])
    after = box.read(path)
    assert common(text, after) + common(text[::-1], after[::-1]) >= len(text), "a neighbour changed"
    if kind != "hook":
        where = [re.search(rf"{key}\b", after) for key in ids_of(entry)]
        places = [found.start() for found in where if found is not None]
        assert len(places) == 3
        assert places == sorted(places), "it is not in its sorted place"

    again = add(box, kind, entry, "--apply", "--no-check")
    assert (again.exit, again.json["written"]) == (0, [])

    grown = box.read(target)
    assert add(box, kind, {**entry, **change}, "--apply", "--no-check").exit == 0
    rows = set(grown.splitlines()) ^ set(box.read(target).splitlines())
    assert rows
    words = [str(value) for value in (*change.values(), *(entry.get(name, "") for name in change))]
    flow = {row for row in rows if row.lstrip(" -").startswith("{")}
    assert all(any(word and word in row for word in words) for row in rows - flow)
    assert box.run("plan", "--detailed-exitcode", "--no-check").exit == 0


@pytest.mark.parametrize(
    ("group", "entry", "kind"),
    [
        ("modules", {"module_id": "m", "module_type": "http_api"}, "module_instance"),
        ("modules", {"module_id": "m", "maturity": "FUNCTIONAL"}, "module_maturity"),
        ("routes", {"id": "r", "scope": "s", "topic": "t", "module_id": "payments.api"}, "route"),
        ("abilities", ABILITY, "ability_low"),
        ("abilities", HIGH, "ability_high"),
        (
            "hooks",
            {"id": "h", "event_type": "PromptSubmit", "handler": {"kind": "script", "command": ["x"]}},
            "hook",
        ),
    ],
)
def test_a_group_finds_the_kind_from_the_entry(
    applied: Box, group: str, entry: dict[str, Any], kind: str
) -> None:
    ran = applied.run(
        "add", "--type", group, "--entry-json", json.dumps(entry), "--no-check", "--format", "json"
    )
    assert (ran.exit, ran.json["kind"]) == (0, kind)


def test_several_kinds_that_fit_are_listed(applied: Box) -> None:
    ran = applied.run("add", "--type", "modules", "--entry-json", '{"x": 1}')
    assert ran.exit == 64
    for kind in ("module_type", "module_instance", "module_maturity", "module_interface"):
        assert kind in ran.err


def test_the_owning_fragment_is_edited_and_its_comments_stay(applied: Box) -> None:
    entry = {
        "id": "api.errors",
        "scope": "api",
        "topic": "faults",
        "module_id": "payments.api",
        "when_to_use": "A client gets an error.",
    }
    before = applied.read("desired/all.yaml")
    ran = add(applied, "route", entry, "--apply")
    assert ran.json["fragment"] == "desired/all.yaml"
    assert applied.read("desired/all.yaml") == before.replace("topic: errors", "topic: faults")
    assert "topic: faults" in applied.read(ROUTES)


def test_without_apply_only_the_fragment_is_written_and_the_plan_is_shown(applied: Box) -> None:
    before = applied.files()
    ran = applied.run("add", "module_type", "--entry-json", '{"id": "cron"}')
    assert ran.exit == 0
    assert "1 to create" in ran.out
    changed = {path for path, data in applied.files().items() if before.get(path) != data}
    assert changed == {"desired/module_type.yaml"}


def test_a_problem_that_blocks_writes_nothing(applied: Box) -> None:
    before = applied.files()
    entry = {"module_id": "m", "module_type": "http_ap"}
    for more in ((), ("--apply",)):
        ran = add(applied, "module_instance", entry, *more)
        assert ran.exit == 3
        assert [one["code"] for one in ran.json["problems"] if one["blocking"]] == ["REF001"]
        assert ran.json["errors"][0]["code"] == "blocked"
        assert applied.files() == before
    assert add(applied, "module_instance", entry, "--no-check").exit == 0


def test_the_structural_checks_are_never_skipped(applied: Box) -> None:
    ran = add(applied, "module_instance", {"module_id": "m", "module_level": "high"}, "--no-check")
    assert ran.exit == 3
    assert {one["code"] for one in ran.json["problems"] if one["blocking"]} == {"SCH001"}


def test_an_entry_may_mend_a_workspace_that_is_broken_elsewhere(applied: Box) -> None:
    applied.replace("desired/all.yaml", "module_type: http_api", "module_type: cron")
    applied.replace("desired/all.yaml", "module_id: payments.api\n    when", "module_id: gone\n    when")
    assert applied.run("plan").exit == 3
    assert add(applied, "module_type", {"id": "cron"}).exit == 0
    assert "cron" in applied.read("desired/module_type.yaml")


def test_the_fragment_can_be_named(applied: Box) -> None:
    ran = add(applied, "module_type", {"id": "cron"}, "--fragment", "desired/a/b.yaml")
    assert "desired/a/b.yaml" in ran.json["written"]
    for path in (
        "elsewhere.yaml",
        "desired/../x.yaml",
        "desired/.x.yaml",
        "desired/x.txt",
        "/desired/x.yaml",
    ):
        assert add(applied, "module_type", {"id": "c2"}, "--fragment", path).exit == 64
    moved = add(applied, "module_type", {"id": "http_api"}, "--fragment", "desired/other.yaml")
    assert moved.exit == 64
    assert "desired/all.yaml" in moved.err


def test_the_entry_comes_from_a_file_or_from_standard_input(box: Box) -> None:
    box.write("entry.yaml", "# a type\nid: cron\n")
    assert box.run("add", "module_type", "--entry-file", "entry.yaml").exit == 0
    ran = installed("add", "module_type", "-", cwd=box.root, stdin='{\n\t"id": "timer"\n}')
    assert (ran.exit, ran.err) == (0, "")
    assert "timer" in box.read("desired/module_type.yaml")


@pytest.mark.parametrize(
    "words",
    [
        ("module_type",),
        ("module_type", "route", "--entry-json", "{}"),
        ("module_typ", "--entry-json", '{"id": "x"}'),
        ("module_type", "--entry-json", "[]"),
        ("module_type", "--entry-json", '{"inbound": []}'),
        ("module_type", "--entry-json", '{"id": "x"}', "--entry-file", "y"),
        ("--entry-json", '{"nothing": "known"}'),
    ],
)
def test_wrong_words_are_usage_errors(box: Box, words: tuple[str, ...]) -> None:
    before = box.files()
    assert box.run("add", *words).exit == 64
    assert box.files() == before


def test_an_entry_that_cannot_be_read_says_where(box: Box) -> None:
    box.write("entry.yaml", "id: a\nid: b\n")
    ran = box.run("add", "module_type", "--entry-file", "entry.yaml")
    assert ran.exit == 3
    assert "entry.yaml:2:1" in ran.err
    assert box.run("add", "module_type", "--entry-file", "no.yaml").exit == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{"id": "a", "description": "\ud83d\ude00"}', "\U0001f600"),
        (r'{"id": "a", "description": "\\ud83d"}', r"\ud83d"),
    ],
)
def test_json_may_write_a_character_as_two_escapes(text: str, value: str) -> None:
    from registry_reconciler.cli.commands.add import read_entry

    assert read_entry("", text) == {"id": "a", "description": value}
