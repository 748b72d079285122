"""No rule fails, whatever values entries have: what is wrong with them is for the schema to say."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from registry_reconciler.model.entry import Place
from registry_reconciler.model.problem import Problem
from registry_reconciler.rules import RULES
from registry_reconciler.rules.base import run_entry_set, run_transition
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.hooks import EVENTS
from tests.rules.helper import CONFIG, FILES, ExampleTree, change_between, kinds

HOOK_FILE = ".system/hooks/b.yaml"

KEYS = ("a", "b", "A", "payments.*", "x/y")

WORDS = st.sampled_from(
    [
        *KEYS,
        "",
        ".",
        "..",
        "*",
        "[z-a]",
        "[",
        "a/**/b",
        "/",
        "\\",
        "scripts/guard.py",
        "scripts",
        "linked/x",
        "app.payments:capture",
        "app.broken:x",
        ":",
        "a:b:c",
        "..:x",
        "script",
        "python",
        "RELEASED",
        "DEPRECATED",
        "deprecated",
        "planned",
        "PreAbilityCall",
        "PostAbilityCall",
        "\ud800",
        "\0",
        "ﬁ",
        "ability_low/a",
        "docs/**",
        "net.write",
    ]
)

SCALARS = (
    WORDS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)

JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


KEY = st.sampled_from(KEYS)
SOME = st.lists(KEY, max_size=2)
STATUS = st.sampled_from(["planned", "active", "deprecated"])
EVENT = st.sampled_from([*EVENTS, "Never"])
COMMAND = st.sampled_from(
    [["scripts/guard.py"], ["scripts/notes.txt"], ["../x"], ["linked/x"], "scripts/no", "sh"]
)
FUNCTION = st.sampled_from(["app.payments:capture", "app.payments.settle", "app.broken:x", "app:start", "no"])
HANDLER = st.fixed_dictionaries(
    {"kind": st.sampled_from(["script", "python"])}, optional={"command": COMMAND, "function": FUNCTION}
)
ABILITY = {
    "module_ids": SOME,
    "environments": st.lists(st.sampled_from(["dev", "prod", "moon"]), max_size=2),
    "input_schema": st.sampled_from([{"type": "object"}, {"type": 3}, {"$schema": "other"}, True]),
    "hooks": st.fixed_dictionaries({}, optional={"pre_create": SOME, "pre_call": SOME, "post_call": SOME}),
    "implementation": HANDLER,
}
DOCUMENT = st.fixed_dictionaries(
    {
        "path": st.sampled_from(
            ["docs/errors.md", "docs", "docs/no.md", "../x.md", "docs/errors.md#top", "no#top"]
        )
    },
    optional={"stage": st.sampled_from(["plan", "later"])},
)

PLAUSIBLE: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "module_type": {"inbound": SOME, "outbound": SOME},
    "module_instance": {
        "module_type": KEY,
        "parent_module": KEY,
        "path": st.sampled_from(["services/shop", "./services/shop/", "no", "../x", "linked"]),
        "dependencies": st.fixed_dictionaries({"modules": SOME}),
    },
    "module_maturity": {"maturity": st.sampled_from(["FUNCTIONAL", "READY_FOR_RELEASE", "DEPRECATED"])},
    "module_interface": {
        "module_id": KEY,
        "lifecycle": st.sampled_from(["RELEASED", "SUNSET"]),
        "consumers": SOME,
    },
    "route": {
        "scope": st.sampled_from(["api", "api.*", "*", "[z-a]"]),
        "topic": st.just("errors"),
        "module_id": KEY,
        "when_to_use": st.sampled_from(["", "now"]),
        "related_docs": st.lists(DOCUMENT, max_size=2),
        "ability_ids": SOME,
    },
    "ability_low": ABILITY,
    "ability_high": {
        **ABILITY,
        "ability_ids": SOME,
        "steps": st.lists(KEY | st.fixed_dictionaries({"ability_id": KEY})),
    },
    "hook": {
        "event_type": EVENT,
        "enabled": st.booleans(),
        "blocking": st.booleans(),
        "match": st.fixed_dictionaries(
            {},
            optional={
                "ability_scope": st.lists(WORDS, max_size=2) | WORDS,
                "only_if_changed_paths": st.lists(WORDS, max_size=2),
                "stage": st.lists(st.sampled_from(["plan", "later"]), max_size=2),
            },
        ),
        "handler": HANDLER,
        "ability_ids": SOME,
    },
    "skill": {
        "requires": SOME,
        "links": st.fixed_dictionaries({"next": KEY}),
        "path": st.sampled_from(["skills/plan", "skills/no", "../x"]),
        "team": st.sampled_from(["a", ["a"]]),
        "rank": st.integers(0, 1),
    },
}

SHARED: dict[str, st.SearchStrategy[Any]] = {
    "name": KEY | st.sampled_from(["n", "m"]),
    "aliases": st.lists(KEY | st.sampled_from(["n", "m"]), max_size=2),
    "status": STATUS,
    "priority": st.integers(0, 1),
    "source": st.sampled_from(["builtin", "runtime"]),
    "required_caps": st.lists(st.sampled_from(["net.write", "fs.read", "magic"]), max_size=2),
}


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """An entry as people write them, in which some fields are of any shape."""
    kind = draw(st.sampled_from(sorted(PLAUSIBLE)))
    fields = {**PLAUSIBLE[kind], **SHARED}
    value: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=fields))
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=2)):
        broken = value.get(name)
        if isinstance(broken, dict) and broken and draw(st.booleans()):
            value[name] = {**broken, draw(st.sampled_from(sorted(broken))): draw(JSON)}
        else:
            value[name] = draw(JSON)
    key = draw(KEY)
    if draw(st.booleans()):
        for selector in kinds()[kind].key:
            value[selector.text] = key
    live = draw(st.none() | st.sampled_from([Place(HOOK_FILE), Place(".system/hooks/a.yaml")]))
    return Entry(
        kind, key, f"{kind}/{key}", value, Place("desired/any.yaml", 0, (kind, 0)), live, draw(st.booleans())
    )


@st.composite
def parts(draw: st.DrawFn) -> dict[str, Any]:
    """What differs from entry set to entry set; the kinds and files, which are long to print, do not."""
    items = {item.address: item for item in draw(st.lists(entries(), max_size=10))}
    return {
        "items": dict(sorted(items.items())),
        "overrides": frozenset(draw(st.sets(st.sampled_from(sorted(items)), max_size=2)) if items else ()),
        "hidden_text": draw(st.sampled_from(["", "a"])),
        "hidden_kinds": frozenset(draw(st.sets(st.sampled_from(sorted(PLAUSIBLE)), max_size=1))),
    }


def entry_set(drawn: dict[str, Any]) -> EntrySet:
    return EntrySet(kinds=kinds(), config=CONFIG, tree=ExampleTree({**FILES, HOOK_FILE: b""}), **drawn)


def _is_whole(problem: Problem) -> None:
    assert problem.message.endswith((".", "?", "!"))
    assert problem.place.file
    hash(problem.identity)


@given(parts())
def test_no_rule_fails_on_any_world(drawn: dict[str, Any]) -> None:
    for problem in run_entry_set(RULES, entry_set(drawn)):
        _is_whole(problem)


RENAMES = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)), max_size=2)


@given(parts(), parts(), RENAMES)
def test_no_rule_fails_on_any_change(
    before: dict[str, Any], after: dict[str, Any], moves: list[tuple[str, str]]
) -> None:
    renames = [(f"hook/{old}", f"hook/{new}") for old, new in moves if old != new]
    for problem in run_transition(RULES, change_between(entry_set(before), entry_set(after), renames)):
        _is_whole(problem)


@given(parts())
def test_a_world_that_does_not_change_gives_no_problem_of_a_change(drawn: dict[str, Any]) -> None:
    assert list(run_transition(RULES, change_between(entry_set(drawn), entry_set(drawn)))) == []
