"""Abilities, hooks and capabilities, case by case."""

from __future__ import annotations

import pytest

from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import Place
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import run_entry_set
from registry_reconciler.rules.disk import LARGEST_MODULE
from registry_reconciler.rules.entry_set import Entry, EntrySet
from tests.rules.helper import addresses, entry_set, messages, problems, rule_of


def low(*entries: str) -> str:
    return "ability_low:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def high(*entries: str) -> str:
    return "ability_high:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def hooks(*entries: str) -> str:
    return "hook:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


@pytest.mark.parametrize(
    ("caller", "called", "missing"),
    [
        ("environments: [dev]", "environments: [dev, prod]", ""),
        ("environments: [dev, prod]", "environments: [dev]", "prod"),
        ("environments: [dev, prod]", "environments: []", "dev and prod"),
        ("environments: [dev]", "group: g", ""),
        ("group: g", "environments: [dev]", ""),
        ("environments: []", "environments: [dev]", ""),
    ],
)
@pytest.mark.parametrize("call", ["steps: [x]", "steps: [{ability_id: x}]", "ability_ids: [x]"])
def test_what_is_called_works_wherever_the_caller_does(
    call: str, caller: str, called: str, missing: str
) -> None:
    found = messages("ABL001", low(f"ability_id: x, {called}") + high(f"ability_id: a, {call}, {caller}"))
    assert found == ([f"a works in {missing}, and x, which it calls, does not."] if missing else [])


def test_a_high_level_ability_can_be_called_too() -> None:
    text = high("ability_id: a, steps: [b], environments: [dev]", "ability_id: b, environments: [prod]")
    assert addresses("ABL001", text) == ["ability_high/a"]


@pytest.mark.parametrize(
    ("slot", "event", "fits"),
    [
        ("pre_create", "PreAbilityCreate", True),
        ("pre_call", "PreAbilityCall", True),
        ("post_call", "PostAbilityCall", True),
        ("pre_create", "PreAbilityCall", False),
        ("pre_call", "PostAbilityCall", False),
        ("post_call", "PreAbilityCall", False),
        ("pre_call", "SessionStop", False),
    ],
)
@pytest.mark.parametrize("kind", [low, high])
def test_the_event_of_a_hook_fits_the_slot(kind: object, slot: str, event: str, fits: bool) -> None:
    assert callable(kind)
    text = hooks(f"id: h, event_type: {event}") + kind(f"ability_id: a, hooks: {{{slot}: [h, missing]}}")
    assert (problems("ABL002", text) == []) is fits


def test_a_hook_without_an_event_fits_no_slot() -> None:
    text = hooks("id: h") + low("ability_id: a, hooks: {pre_call: [h]}")
    assert messages("ABL002", text) == [
        "h is a hook of no event, and pre_call takes hooks of PreAbilityCall."
    ]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("[scripts/guard.py]", ""),
        ("[scripts/guard.py, --all]", ""),
        ("scripts/guard.py", ""),
        ("[./scripts/guard.py]", ""),
        ("[python3, scripts/none.py]", ""),
        ("python3", ""),
        ("[]", ""),
        ("[scripts/none.py]", "ABL003"),
        ("[scripts]", ""),
        ("[scripts/]", "ABL003"),
        ("[docs/guides]", "ABL003"),
        ("[../x]", "ABL004"),
        ("[/usr/bin/env]", "ABL004"),
        ("[linked/x]", "ABL004"),
        ("['scripts\\guard.py']", "ABL004"),
        ("[scripts/notes.txt]", "ABL005"),
        ("[docs/errors.md]", "ABL005"),
    ],
)
def test_a_program_is_bare_or_an_executable_file_inside(command: str, code: str) -> None:
    text = low(f"ability_id: a, implementation: {{kind: script, command: {command}}}")
    told = [one for one in ("ABL003", "ABL004", "ABL005") if problems(one, text)]
    assert told == ([code] if code else [])
    handler = hooks(f"id: h, event_type: PromptSubmit, handler: {{kind: script, command: {command}}}")
    assert bool(problems("HOK005", handler)) is bool(code)


def test_the_place_of_a_command_is_its_first_word() -> None:
    assert problems("ABL003", low("ability_id: a, implementation: {kind: script, command: a/b}"))[0].path == (
        "implementation",
        "command",
    )


def test_only_scripts_have_programs_and_only_python_has_functions() -> None:
    text = low("ability_id: a, implementation: {kind: api, command: [scripts/none.py], function: 'no:no'}")
    assert [code for code in ("ABL003", "ABL006") if problems(code, text)] == []


NOWHERE = "in the workspace, neither at its root nor below src, and none is installed."
NO_FUNCTION = "names no function: write 'package.module:function' or 'folder/file.py:function'."


@pytest.mark.parametrize(
    ("function", "message"),
    [
        *(
            (f"app.payments:{name}", "")
            for name in ("capture", "settle", "Desk", "Desk.open", "LIMIT", "COUNT")
        ),
        *((f"app.payments:{name}", "") for name in ("only_if", "otherwise", "tried", "rescued", "at_last")),
        ("app.payments:where", ""),
        ("app.payments:json", ""),
        ("app.payments.capture", ""),
        ("app:start", ""),
        ("tool:run", ""),
        ("app.payments:path", "The module 'app.payments' does not define 'path'."),
        ("app.payments:open", "The module 'app.payments' does not define 'open'."),
        ("app.payments:Desk.close", "The module 'app.payments' does not define 'Desk.close'."),
        ("app.broken:x", "The module 'app.broken' does not define 'x'."),
        ("app.none:x", f"There is no module 'app.none' {NOWHERE}"),
        ("no_such_module_anywhere:x", f"There is no module 'no_such_module_anywhere' {NOWHERE}"),
        ("os:getcwd", ""),
        ("msgspec.json:encode", ""),
        ("tool.py:run", ""),
        ("./tool.py:run", ""),
        ("tool.py:none", "The module 'tool.py' does not define 'none'."),
        ("none.py:run", "There is no file 'none.py' in the workspace."),
        ("../tool.py:run", "'../tool.py' lies outside the workspace."),
        ("capture", f"'capture' {NO_FUNCTION}"),
        (":x", f"':x' {NO_FUNCTION}"),
        ("app.payments:", f"'app.payments:' {NO_FUNCTION}"),
        ("a/b:x", f"'a/b:x' {NO_FUNCTION}"),
        ("..app:x", f"'..app:x' {NO_FUNCTION}"),
    ],
)
def test_a_function_is_found_by_name(function: str, message: str) -> None:
    text = low(f"ability_id: a, implementation: {{kind: python, function: '{function}'}}")
    assert messages("ABL006", text) == ([message] if message else [])
    handler = hooks(f"id: h, event_type: PromptSubmit, handler: {{kind: python, function: '{function}'}}")
    assert messages("HOK005", handler) == ([message] if message else [])


def test_looking_for_a_function_runs_nothing() -> None:
    text = low("ability_id: a, implementation: {kind: python, function: 'bomb:go'}")
    files: dict[str, bytes | None] = {"bomb.py": b"raise SystemExit('it was run')\ndef go(): ...\n"}
    assert problems("ABL006", text, files=files) == []


def test_a_module_too_long_to_parse_is_believed() -> None:
    text = low("ability_id: a, implementation: {kind: python, function: 'long:any'}")
    assert problems("ABL006", text, files={"long.py": b"#" * (LARGEST_MODULE + 1)}) == []
    assert len(problems("ABL006", text, files={"long.py": b"#" * LARGEST_MODULE})) == 1


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("{type: object}", None),
        ("{$schema: 'http://json-schema.org/draft-07/schema#', type: object}", None),
        *((f"{{$schema: 'http://json-schema.org/draft-0{draft}/schema#'}}", None) for draft in (4, 6, 7)),
        *(
            (f"{{$schema: 'https://json-schema.org/draft/{one}/schema'}}", None)
            for one in ("2019-09", "2020-12")
        ),
        ("{$schema: 'http://json-schema.org/draft-03/schema#'}", ("$schema",)),
        ("true", None),
        ("{$ref: 'http://host.invalid/x'}", None),
        ("{type: objekt}", ("type",)),
        ("{properties: {a: {type: objekt}}}", ("properties", "a", "type")),
        ("{required: [a, a]}", ("required",)),
        ("{$schema: 'http://host.invalid/x'}", ("$schema",)),
        ("{$schema: 3}", ("$schema",)),
        ("{$schema: 'http://any.host://json-schema.org/draft-07/schema'}", ("$schema",)),
        ("{$schema: 'ftp://json-schema.org/draft-07/schema'}", ("$schema",)),
        ("{$schema: json-schema.org/draft-07/schema}", ("$schema",)),
        # A schema inside of another names its dialect too; nothing may be asked about it.
        ("{$defs: {a: {$id: 'http://host.invalid/a', $schema: 'http://host.invalid/x'}}}", None),
    ],
)
@pytest.mark.parametrize("name", ["input_schema", "output_schema"])
def test_schemas_are_valid_and_nothing_is_fetched_to_know(
    name: str, schema: str, path: tuple[str, ...] | None
) -> None:
    found = problems("ABL007", low(f"ability_id: a, {name}: {schema}"))
    assert [one.path for one in found] == ([] if path is None else [(name, *path)])


def test_capabilities_of_any_kind_are_known_words_where_words_are_declared() -> None:
    text = hooks("id: h, required_caps: [fs.read, magic]") + low("ability_id: a, required_caps: [magic]")
    assert addresses("ABL008", text) == ["ability_low/a", "hook/h"]
    assert problems("ABL008", text, config=Config()) == []
    assert len(problems("ABL008", text, config=Config(capabilities={}))) == 3


def test_environments_are_known_words_where_words_are_declared() -> None:
    text = low("ability_id: a, environments: [dev, moon]")
    assert [one.path for one in problems("ABL009", text)] == [("environments", 1)]
    assert problems("ABL009", text, config=Config()) == []


@pytest.mark.parametrize(
    "who",
    [
        high("ability_id: b, steps: [a]"),
        "hook: [{id: h, ability_ids: [a]}]\n",
        "route: [{id: r, ability_ids: [a]}]\n",
    ],
)
def test_an_ability_is_named_by_a_route_a_hook_or_an_ability(who: str) -> None:
    assert "ability_low/a" not in addresses("ABL010", low("ability_id: a") + who)


def test_naming_itself_does_not_count() -> None:
    assert addresses("ABL010", high("ability_id: a, steps: [a]")) == ["ability_high/a"]


@pytest.mark.parametrize("kind", ["route", "hook", "ability_low", "ability_high"])
def test_what_an_unreadable_file_may_name_is_not_told(kind: str) -> None:
    assert problems("ABL010", low("ability_id: a"), hidden_kinds=frozenset({kind})) == []


def test_events_and_stages_are_those_of_the_configuration() -> None:
    text = hooks("id: h, event_type: Deploy, match: {stage: deploy}")
    assert addresses("HOK001", text) == ["hook/h"]
    assert [one.path for one in problems("HOK002", text)] == [("match", "stage")]
    config = Config(event_types=("Deploy",), stages=("deploy",))
    assert problems("HOK001", text, config=config) == []
    assert problems("HOK002", text, config=config) == []
    # They come beside those that are built in, and a wrong one is said once.
    assert problems("HOK001", hooks("id: h, event_type: PromptSubmit"), config=config) == []
    assert len(problems("HOK001", hooks("id: h, event_type: PromptSubmitt"), config=config)) == 1


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("pay.take", True),
        ("pay.*", True),
        ("p*", True),
        ("*", True),
        ("?ay.take", True),
        ("refund", True),
        ("ability_low/pay.*", True),
        ("ability_*/pay.*", True),
        ("deep/*", True),
        ("pay", False),
        ("pay.x*", False),
        ("q*", False),
        ("hook/pay.*", False),
    ],
)
def test_a_scope_is_a_glob_of_ids_or_addresses(pattern: str, matches: bool) -> None:
    abilities = low("ability_id: pay.take", "ability_id: deep/one/two") + high("ability_id: refund")
    text = abilities + hooks(f"id: h, match: {{ability_scope: ['{pattern}']}}")
    assert (problems("HOK003", text) == []) is matches
    alone = abilities + hooks(f"id: h, match: {{ability_scope: '{pattern}'}}")
    assert [one.path for one in problems("HOK003", alone)] == (
        [] if matches else [("match", "ability_scope")]
    )


def test_a_scope_may_match_what_an_unreadable_file_holds() -> None:
    text = hooks("id: h, match: {ability_scope: [x]}")
    assert problems("HOK003", text, hidden_kinds=frozenset({"ability_low"})) == []
    assert problems("HOK003", text, hidden_text="anything") == []


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("src/**", True),
        ("src/**/*.py", True),
        ("tool.py", True),
        ("**/*.js", False),
        ("src/*.py", False),
        ("no", False),
    ],
)
def test_changed_paths_are_globs_of_files(pattern: str, matches: bool) -> None:
    text = hooks(f"id: h, match: {{only_if_changed_paths: ['{pattern}']}}")
    assert (problems("HOK003", text) == []) is matches


@pytest.mark.parametrize("event", ["PostAbilityCall", "SessionStop"])
def test_nothing_can_be_blocked_afterwards(event: str) -> None:
    assert len(problems("HOK004", hooks(f"id: h, event_type: {event}, blocking: true"))) == 1
    assert len(problems("HOK004", hooks(f"id: h, event_type: {event}, blocking: true, enabled: false"))) == 1
    assert problems("HOK004", hooks(f"id: h, event_type: {event}")) == []


@pytest.mark.parametrize("event", ["PromptSubmit", "PreAbilityCreate", "PreAbilityCall"])
def test_what_comes_first_can_be_blocked(event: str) -> None:
    assert problems("HOK004", hooks(f"id: h, event_type: {event}, blocking: true")) == []


def hook_files(*places: tuple[str, str]) -> EntrySet:
    """Hooks in files; before them one that no file holds yet, and one whose file goes."""
    base = entry_set("", files={file: b"" for _, file in places})
    items = {
        f"hook/{key}": Entry(
            "hook", key, f"hook/{key}", {"id": key}, Place(file), Place(file) if file else None
        )
        for key, file in (("0", ""), ("1", ".system/hooks/gone.yaml"), *places)
    }
    return EntrySet(base.kinds, base.config, base.tree, items)


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ([("a", ".system/hooks/a.yaml")], []),
        ([("a", ".system/hooks/b.yaml")], ["hook/a"]),
        ([("a", "elsewhere/a.yml")], []),
        ([("a", "elsewhere/b.yml")], ["hook/a"]),
        ([("a", ".system/hooks/a.yaml"), ("b", ".system/hooks/a.yaml")], ["hook/b"]),
        ([("a", ".system/hooks/a.yaml"), ("b", ".system/hooks/b.yaml")], []),
    ],
)
def test_each_hook_has_a_file_that_is_named_by_its_id(places: list[tuple[str, str]], told: list[str]) -> None:
    found = run_entry_set([rule_of("HOK006")], hook_files(*places))
    assert [one.address for one in found] == told


def test_a_hook_whose_old_file_goes_is_on_its_way() -> None:
    known = hook_files(("a", ".system/hooks/b.yaml"))
    moved = EntrySet(known.kinds, known.config, entry_set("").tree, known.items)
    assert list(run_entry_set([rule_of("HOK006")], moved)) == []


BLOCKING = "event_type: PreAbilityCall, blocking: true"


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (BLOCKING, BLOCKING, True),
        (BLOCKING, f"{BLOCKING}, priority: 0", True),
        (f"{BLOCKING}, priority: 3", f"{BLOCKING}, priority: 3", True),
        (BLOCKING, f"{BLOCKING}, priority: 1", False),
        (BLOCKING, f"{BLOCKING}, priority: true", True),
        (BLOCKING, f"{BLOCKING}, enabled: false", False),
        (BLOCKING, "event_type: PreAbilityCall", False),
        (BLOCKING, "event_type: PromptSubmit, blocking: true", False),
        ("blocking: true", "blocking: true", False),
    ],
)
def test_blocking_hooks_of_one_event_have_an_order(one: str, other: str, told: bool) -> None:
    assert addresses("HOK007", hooks(f"id: a, {one}", f"id: b, {other}")) == (["hook/b"] if told else [])


@pytest.mark.parametrize(
    ("caps", "told"),
    [
        ("required_caps: []", False),
        ("required_caps: [x]", False),
        ("required_caps: null", True),
        ("group: g", True),
    ],
)
@pytest.mark.parametrize("kind", [low, high])
def test_an_empty_list_of_capabilities_is_an_answer(kind: object, caps: str, told: bool) -> None:
    assert callable(kind)
    assert bool(problems("CAP001", kind(f"ability_id: a, {caps}"))) is told


def change(before: str, after: str) -> str:
    return f"{before}---\n{after}"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[a, b]", "[b]", "ability_low/x no longer requires a."),
        ("[a, b]", "[]", "ability_low/x no longer requires a and b."),
        ("[a]", "null", "ability_low/x no longer requires a."),
        ("[a]", "[b]", "ability_low/x no longer requires a."),
        ("[a]", "[b, a]", ""),
        ("[]", "[a]", ""),
        ("null", "[]", ""),
    ],
)
def test_dropping_a_capability_is_said(before: str, after: str, message: str) -> None:
    text = change(
        low(f"ability_id: x, required_caps: {before}"), low(f"ability_id: x, required_caps: {after}, y: 1")
    )
    assert messages("CAP002", text) == ([message] if message else [])


def test_hooks_have_capabilities_too() -> None:
    text = change(hooks("id: h, required_caps: [a]"), hooks("id: h"))
    assert addresses("CAP002", text) == ["hook/h"]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("environments: [dev]", "environments: [dev, prod]", "ability_low/x may also run in prod."),
        ("environments: [dev]", "environments: [prod]", "ability_low/x may also run in prod."),
        ("environments: [dev]", "group: g", "ability_low/x may run in every environment."),
        ("environments: [dev, prod]", "environments: [dev]", ""),
        ("group: g", "environments: [dev]", ""),
        ("environments: [dev]", "environments: []", ""),
    ],
)
def test_adding_an_environment_is_said(before: str, after: str, message: str) -> None:
    text = change(low(f"ability_id: x, {before}"), low(f"ability_id: x, {after}"))
    assert messages("CAP003", text) == ([message] if message else [])


GUARDED = "ability_id: x, hooks: {pre_create: [c], pre_call: [g], post_call: [p]}"


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ("ability_id: x, hooks: {pre_create: [c], pre_call: [g]}", []),
        ("ability_id: x, hooks: {pre_create: [c], pre_call: [other]}", [("g", "pre_call")]),
        ("ability_id: x, hooks: {pre_create: [c, g]}", [("g", "pre_call")]),
        ("ability_id: x", [("c", "pre_create"), ("g", "pre_call")]),
    ],
)
def test_taking_a_guard_out_of_a_slot_is_said(after: str, told: list[tuple[str, str]]) -> None:
    expected = [f"ability_low/x is no longer guarded by {hook} ({slot})." for hook, slot in told]
    assert messages("CAP004", change(low(GUARDED), low(after))) == expected


def test_a_guard_that_is_renamed_is_still_there() -> None:
    before = hooks("id: g, blocking: true") + low("ability_id: x, hooks: {pre_call: [g]}")
    after = hooks("id: h, blocking: true") + low("ability_id: x, hooks: {pre_call: [h]}")
    assert problems("CAP004", change(before, after + "moved: [{from: hook/g, to: hook/h}]\n")) == []
    assert addresses("CAP004", change(before, after)) == ["ability_low/x", "hook/g"]


def test_a_renamed_ability_is_compared_with_what_it_was() -> None:
    moved = "moved: [{from: ability_low/x, to: ability_low/y}]\n"
    text = change(low("ability_id: x, required_caps: [a]"), low("ability_id: y, required_caps: []") + moved)
    assert addresses("CAP002", text) == ["ability_low/y"]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("match: {ability_scope: [a, b]}", "match: {ability_scope: [a]}", "hook/h no longer guards b."),
        ("ability_ids: [a, b]", "ability_ids: [b]", "hook/h no longer guards a."),
        ("priority: 1", "ability_ids: [a]", "hook/h guards only a from now on."),
        ("ability_ids: [a]", "priority: 1", ""),
        ("ability_ids: [a]", "ability_ids: [a, b]", ""),
        ("ability_ids: [a]", "match: {ability_scope: [a]}", ""),
        ("event_type: A", "event_type: B", "hook/h guards B and no longer A."),
    ],
)
def test_narrowing_a_blocking_hook_is_said(before: str, after: str, message: str) -> None:
    text = change(hooks(f"id: h, blocking: true, {before}"), hooks(f"id: h, blocking: true, {after}"))
    assert messages("CAP004", text) == ([message] if message else [])
    for one, other in (("false", "false"), ("false", "true"), ("true", "false")):
        watching = change(
            hooks(f"id: h, blocking: {one}, {before}"), hooks(f"id: h, blocking: {other}, {after}")
        )
        assert problems("CAP004", watching) == []


@pytest.mark.parametrize(
    ("hook", "told"),
    [("blocking: true", True), ("blocking: true, enabled: false", False), ("priority: 1", False)],
)
def test_deleting_a_guard_is_said(hook: str, told: bool) -> None:
    assert bool(problems("CAP004", change(hooks(f"id: h, {hook}"), "hook: []\n"))) is told


@pytest.mark.parametrize(
    ("after", "path"),
    [("id: h, blocking: false", ("blocking",)), ("id: h", ()), ("id: h, blocking: 'true'", ("blocking",))],
)
def test_turning_blocking_off_in_any_way_is_said(after: str, path: tuple[str, ...]) -> None:
    (found,) = problems("CAP005", change(hooks("id: h, blocking: true"), hooks(after)))
    assert found.path == path


@pytest.mark.parametrize(
    ("before", "told"), [("id: h", True), ("id: h, enabled: true", True), ("id: h, enabled: false", False)]
)
def test_a_hook_is_on_unless_it_says_no(before: str, told: bool) -> None:
    assert (
        bool(problems("CAP007", change(hooks(before), hooks("id: h, enabled: false, priority: 1")))) is told
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("{kind: script, command: [a, b]}", "{kind: script, command: [a, c]}", "runs 'a c'; it ran 'a b'."),
        ("{kind: api, endpoint: /a}", "{kind: api, endpoint: /b}", "runs '/b'; it ran '/a'."),
        ("{kind: mcp, server: s, tool: t}", "{kind: python, function: 'm:f'}", "runs 'm:f'; it ran 's t'."),
        ("null", "{kind: other}", "runs something else; it ran nothing."),
    ],
)
def test_a_changed_implementation_is_said_in_words(before: str, after: str, message: str) -> None:
    text = change(
        low(f"ability_id: x, implementation: {before}"), low(f"ability_id: x, implementation: {after}")
    )
    assert messages("CAP006", text) == [f"ability_low/x {message}"]


def test_a_handler_that_comes_or_goes_is_changed() -> None:
    text = change(hooks("id: h"), hooks("id: h, handler: {kind: script, command: x}"))
    assert messages("CAP006", text) == ["hook/h runs 'x'; it ran nothing."]
    gone = change(hooks("id: h, handler: {kind: script, command: x}"), hooks("id: h"))
    assert messages("CAP006", gone) == ["hook/h runs nothing; it ran 'x'."]


def test_what_is_new_widens_nothing() -> None:
    text = change("hook: []\n", hooks("id: h, enabled: false") + low("ability_id: x"))
    assert [
        code for code in ("CAP002", "CAP003", "CAP004", "CAP005", "CAP006", "CAP007") if problems(code, text)
    ] == []


def test_widening_can_be_raised_to_an_error_as_a_family() -> None:
    config = Config(severities={"CAP": Severity.ERROR})
    (found,) = problems("CAP005", change(hooks("id: h, blocking: true"), hooks("id: h")), config=config)
    assert found.severity is Severity.ERROR
    assert found.blocking
