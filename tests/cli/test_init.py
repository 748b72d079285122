"""``init``: idempotent, and it overwrites nothing."""

from __future__ import annotations

from registry_reconciler.schema.packaged import KINDS, builtin_schemas
from tests.support import Box, Ran

SCHEMAS = ".system/registry/schemas"


def test_init_places_the_packaged_schemas_byte_for_byte(empty: Box) -> None:
    ran = empty.run("init", "--format", "json")
    assert ran.exit == 0
    assert ran.json["kinds"] == list(KINDS)
    files = empty.files()
    for kind, content in builtin_schemas().items():
        assert files[f"{SCHEMAS}/{kind}.schema.yaml"] == content
    remembered = ".system/registry/state/"  # what the pages looked like: nothing that a person asked for
    assert sorted(ran.json["made"]) == sorted(path for path in files if not path.startswith(remembered))


def test_the_folders_of_the_kinds_are_made(empty: Box) -> None:
    empty.run("init")
    made = ("modules/overview", "modules/routes", ".system/registry/low-level", ".system/registry/high-level")
    assert [folder for folder in (*made, ".system/hooks") if not (empty.root / folder).is_dir()] == []


def test_no_folder_is_made_outside_of_the_workspace(empty: Box) -> None:
    outside = empty.root.parent / "outside"
    outside.mkdir()
    (empty.root / "modules").symlink_to(outside, target_is_directory=True)
    empty.run("init")
    assert list(outside.iterdir()) == []


def test_after_one_no_check_unrelated_entries_are_not_blocked(empty: Box) -> None:
    empty.run("init")
    wrong = '{"module_id": "a.b", "module_type": "nope"}'
    assert empty.run("add", "module_instance", "--entry-json", wrong, "--apply").exit == 3
    assert empty.run("add", "module_instance", "--entry-json", wrong, "--no-check", "--apply").exit == 0
    assert empty.run("add", "module_type", "--entry-json", '{"id": "t"}', "--apply").exit == 0
    hook = '{"id": "h", "event_type": "SessionStop", "handler": {"kind": "script", "command": ["true"]}}'
    assert empty.run("add", "hook", "--entry-json", hook, "--apply").exit == 0


def test_declared_events_come_beside_those_that_are_built_in(empty: Box) -> None:
    empty.run("init")
    handler = '"handler": {"kind": "script", "command": ["true"]}'

    def add(event: str, *more: str) -> Ran:
        entry = f'{{"id": "h-{event}", "event_type": "{event}", {handler}}}'
        return empty.run("add", "hook", "--entry-json", entry, *more)

    wrong = add("Deploy", "--format", "json")
    assert wrong.exit == 3
    assert [found["code"] for found in wrong.json["problems"] if found["blocking"]] == ["HOK001"]
    empty.write(".system/registry/config.yaml", "vocabularies: {event_types: [Deploy]}\n")
    assert add("Deploy", "--apply").exit == 0
    assert add("SessionStop", "--apply").exit == 0


def test_twice_is_once(empty: Box) -> None:
    empty.run("init", "--agents-pointer")
    before = empty.files()
    ran = empty.run("init", "--agents-pointer", "--format", "json")
    assert ran.exit == 0
    assert (ran.json["made"], ran.json["extended"], ran.json["differs"]) == ([], [], [])
    assert empty.files() == before


def test_what_is_there_is_kept_and_named(empty: Box) -> None:
    mine = f"{SCHEMAS}/route.schema.yaml"
    empty.write(mine, "# mine\n")
    empty.write(".system/registry/config.yaml", "severities: {REF001: warning}\n")
    empty.write("desired/mine.yaml", "# mine\n")
    ran = empty.run("init", "--format", "json")
    assert ran.json["differs"] == [".system/registry/config.yaml", mine]
    assert empty.read(mine) == "# mine\n"
    assert "README.md" not in " ".join(path for path in empty.files() if path.startswith("desired"))


def test_git_is_told_nothing_about_the_state_which_merges_by_itself(empty: Box) -> None:
    empty.run("init")
    assert not (empty.root / ".gitattributes").exists()


def test_some_kinds_none_and_unknown_ones(empty: Box) -> None:
    assert empty.run("init", "--kinds", "rout").exit == 64
    assert empty.files() == {}
    assert empty.run("init", "--kinds", "none").exit == 0
    assert empty.run("list", "--kinds", "--format", "json").json["kinds"] == []
    assert empty.run("init", "--kinds", "route, hook").exit == 0
    found = empty.run("list", "--kinds", "--format", "json").json["kinds"]
    assert [one["kind"] for one in found] == ["hook", "route"]


def test_a_workspace_gets_no_kind_that_it_was_made_without(empty: Box) -> None:
    empty.run("init", "--kinds", "route")
    assert empty.run("init", "--format", "json").json["kinds"] == ["route"]
    assert empty.run("init", "--kinds", "hook", "--format", "json").json["made"] == [
        f"{SCHEMAS}/hook.schema.yaml"
    ]


def test_a_workspace_of_own_kinds_stays_as_it_is(empty: Box) -> None:
    empty.run("init", "--kinds", "none")
    empty.write("own.yaml", "own:\n  - {id: a}\n")
    empty.run("schema", "new", "own", "--from", "own.yaml")
    empty.run("apply", "--yes")
    before = empty.files()
    assert empty.run("init").exit == 0
    assert empty.files() == before


def test_a_new_workspace_has_nothing_to_plan_and_no_problems(empty: Box) -> None:
    empty.run("init")
    ran = empty.run("check", "--fail-on", "warning", "--format", "json")
    assert (ran.exit, ran.json["problems"]) == (0, [])


def test_the_pointer_is_added_to_the_end_once(empty: Box) -> None:
    empty.write("AGENTS.md", "# Mine\n")
    empty.run("init")
    assert empty.read("AGENTS.md") == "# Mine\n"
    empty.run("init", "--agents-pointer")
    assert empty.read("AGENTS.md").startswith("# Mine\n\n## Registries\n")
    assert empty.read("AGENTS.md").count(".system/registry/AGENTS.md") == 1


def test_a_workspace_inside_a_workspace_is_made_only_on_demand(empty: Box) -> None:
    empty.run("init")
    inner = Box(empty.root / "inner", empty.capsys)
    inner.root.mkdir()
    ran = inner.run("init", "--format", "json")
    assert ran.exit == 64
    assert inner.files() == {}
    assert inner.run(*ran.json["next"][0][1:]).exit == 0
    assert "desired/README.md" in inner.files()


def test_something_in_the_way_is_said_and_nothing_is_written(empty: Box) -> None:
    (empty.root / ".system/registry/AGENTS.md").mkdir(parents=True)
    ran = empty.run("init")
    assert ran.exit == 1
    assert "AGENTS.md" in ran.err
    assert empty.files() == {}
