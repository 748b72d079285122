from __future__ import annotations

import types
from typing import Any

import pytest

from registry_reconciler.runtime import (
    Definition,
    DuplicateIdError,
    GoneHandleError,
    HandleError,
    IdShadowingError,
    Invoker,
    Key,
    LinkError,
    RegistryDbBuilder,
    RegistryError,
    RegistryMeta,
    StaleHandleError,
    UnknownCapabilityError,
    UnknownKeyError,
    Vocabulary,
    item,
    link,
    load_plugins,
)
from registry_reconciler.runtime.registry.capabilities import VOCABULARY
from tests.unit.runtime.helper import index, thing


def test_domains_are_separate_registries() -> None:
    builder = RegistryDbBuilder()
    one, two = thing("a", "word"), thing("a", "word")
    builder.register("left", one)
    builder.register("right", two)
    db = builder.build()
    assert db["left"].get("a") is one
    assert db["right"].get("word") is two
    assert list(db) == ["left", "right"]
    with pytest.raises(UnknownKeyError, match="did you mean 'left'"):
        db["lefft"]
    assert "lefft" not in db


def test_side_tables_keep_their_rows_in_order_and_cannot_be_changed() -> None:
    builder = RegistryDbBuilder()
    builder.side("keys", ("w", "write"))
    builder.side("keys", ("q", "quit"))
    db = builder.build()
    builder.side("keys", ("x", "late"))
    assert db.table("keys") == (("w", "write"), ("q", "quit"))
    assert db.table("nothing") == ()
    with pytest.raises(TypeError):
        db.tables["keys"] = ()  # type: ignore[index]


def test_a_policy_can_be_chosen_for_a_domain() -> None:
    builder = RegistryDbBuilder(policies={"late": "last_wins"})
    for domain in ("late", "rest"):
        builder.register(domain, thing("a", "word"))
        builder.register(domain, thing("b", "word"))
    db = builder.build()
    assert db["late"].require("word").meta.id == "b"
    assert db["rest"].require("word").meta.id == "a"
    assert set(db.collisions()) == {"late", "rest"}


def test_add_whole_adds_all_or_nothing_in_every_domain() -> None:
    builder = RegistryDbBuilder()
    builder.register("left", thing("a"))
    with pytest.raises(DuplicateIdError):
        builder.add_whole(
            [("right", thing("x")), ("left", thing("b", "word")), ("left", thing("a"))], [("t", 1)]
        )
    db = builder.build()
    assert list(db) == ["left"]
    assert len(db["left"]) == 1
    assert db["left"].get("word") is None
    assert db.table("t") == ()


def test_a_runtime_database_registers_over_domains_all_or_nothing() -> None:
    builder = RegistryDbBuilder(domains=["left", "right"])
    builder.register("right", thing("a"))
    live = builder.build().runtime()
    before = live.snapshot()
    with pytest.raises(DuplicateIdError):
        live.register_many([("left", thing("new")), ("right", thing("a"))])
    assert live.snapshot() is before
    live.register_many([("left", thing("new")), ("right", thing("b"))], layer="plugin")
    assert live["left"].get("new") is not None
    assert live["right"].layers() == ("plugin",)
    live.drop_layer("plugin")
    assert len(live["left"]) == 0


def test_a_rebase_that_fails_in_one_domain_changes_none() -> None:
    first = RegistryDbBuilder(domains=["left", "right"]).build()
    live = first.runtime()
    live["right"].register(thing("x"))
    before = live.snapshot()
    clash = RegistryDbBuilder()
    clash.register("left", thing("new"))
    clash.register("right", thing("x"))
    with pytest.raises(RegistryError):
        live.rebase(clash.build())
    assert live.snapshot() is before


def test_overrides_are_allowed_domain_by_domain() -> None:
    builder = RegistryDbBuilder()
    for domain in ("left", "right"):
        builder.register(domain, thing("a"))
    live = builder.build().runtime()
    live["left"].set_allow_id_overrides(True)
    stronger = thing("a", source="runtime")
    live["left"].register(stronger)
    assert live["left"].get("a") is stronger
    with pytest.raises(DuplicateIdError):
        live["right"].register(stronger)


def test_handles_name_their_domain() -> None:
    builder = RegistryDbBuilder()
    key = builder.register("left", thing("a"))
    db = builder.build()
    assert db.resolve(key).meta.id == "a"
    live = db.runtime(allow_id_overrides=True)
    assert live.resolve(key).meta.id == "a"
    live["left"].register(thing("a", source="runtime"))
    with pytest.raises(StaleHandleError):
        live.resolve(key)
    with pytest.raises(GoneHandleError):
        live.resolve(Key("left", "b"))
    with pytest.raises(HandleError, match="not here"):
        live.resolve(Key("nowhere", "a"))


def declared(source: str, name: str = "shop.actions") -> types.ModuleType:
    import sys

    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(source, module.__dict__)
    return module


ACTIONS = """
from registry_reconciler.runtime import item

@item("actions", aliases=("w",), required_caps=("fs.write",))
def write(text: str) -> str:
    "Write it."
    return text.upper()

@item("actions", id="own.id", name="Leave", source="package")
class Quit:
    "Leave."

@item("motions")
def word() -> int:
    return 1
"""


def test_item_collects_a_modules_builtins_and_returns_the_typed_handle() -> None:
    module = declared(ACTIONS)
    builder = RegistryDbBuilder()
    builder.add_module(module)
    db = builder.build()
    assert module.write == Key("actions", "shop::write")
    assert module.Quit == Key("actions", "own.id")
    write = db.resolve(module.write)
    assert write.meta == RegistryMeta(
        "shop::write", "write", ("w",), "Write it.", required_caps=("fs.write",), source="builtin"
    )
    assert write("a") == "A"
    assert db["actions"].require("Leave").meta.source == "package"
    assert list(db) == ["actions", "motions"]


def test_declaring_registers_nothing_anywhere_else() -> None:
    module = declared(ACTIONS, "shop.more")
    other = types.ModuleType("empty")
    builder = RegistryDbBuilder()
    builder.add_module(other)
    assert len(builder.build()) == 0
    exec(ACTIONS, module.__dict__)  # as importlib.reload does
    builder.add_module(module)
    assert len(builder.build()["actions"]) == 2


def test_a_definition_without_target_says_so() -> None:
    with pytest.raises(TypeError, match="nothing to call"):
        Definition(RegistryMeta("a", "x"))()


def test_item_takes_what_metadata_takes() -> None:
    @item("d", id="x", name="X", description="long", short_description="short", priority=3, flags=("f",))
    def target() -> None:
        "Other words."

    builder = RegistryDbBuilder()
    builder.add_module(__import__("sys").modules[__name__])
    meta = builder.build()["d"].require("x").meta
    assert (meta.description, meta.short_description, meta.priority, meta.flags) == (
        "long",
        "short",
        3,
        ("f",),
    )


def test_handlers_are_linked_by_id_or_name() -> None:
    built = index(thing("a.write", "write"), thing("a.quit", "quit", "q"))
    assert link(built, {"a.write": 1, "q": 2}) == {"a.write": 1, "a.quit": 2}


def test_linking_reports_everything_missing_on_both_sides_at_once() -> None:
    built = index(thing("a", "A"), thing("b", "B"), thing("c", "C"))
    with pytest.raises(LinkError) as caught:
        link(built, {"a": 1, "A": 2, "zz": 3, "yy": 4})
    assert caught.value.without_handler == ("b", "c")
    assert caught.value.without_item == ("yy", "zz")
    assert caught.value.ambiguous == {"a": ("a", "A")}
    for word in ("b, c", "yy, zz", "several handlers for a: a, A"):
        assert word in str(caught.value)


def test_only_items_that_need_a_handler_are_missed() -> None:
    built = index(thing("a"), thing("b", flags=("data",)))
    assert link(built, {"a": 1}, needs=lambda one: "data" not in one.meta.flags) == {"a": 1}


class Point:
    """An entry point as far as a test needs one."""

    def __init__(self, name: str, plugin: Any, value: str = "some.module:plugin") -> None:
        self.name = name
        self.value = value
        self._plugin = plugin

    def load(self) -> Any:
        if isinstance(self._plugin, Exception):
            raise self._plugin
        return self._plugin


def test_plugins_push_definitions_in_the_order_of_their_ids() -> None:
    order = []

    def plugin(name: str) -> Any:
        def push(builder: Any) -> None:
            order.append(builder.id)
            builder.register("actions", thing(f"{name}.a", source="package"))
            builder.side("keys", name)

        return push

    builder = RegistryDbBuilder()
    report = load_plugins(builder, [Point("two", plugin("two")), Point("one", plugin("one"))])
    assert order == ["one", "two"]
    assert report.loaded == {"one": 1, "two": 1}
    assert report.failed == {}
    assert builder.build().table("keys") == ("one", "two")


def test_a_failing_plugin_is_reported_by_id_and_its_items_are_not_half_there() -> None:
    def half(builder: Any) -> None:
        builder.register("actions", thing("half.a"))
        raise ValueError("broken")

    def clash(builder: Any) -> None:
        builder.register("actions", thing("clash.a", "mine"))
        builder.side("keys", "clash")
        builder.register("actions", thing("core.a"))

    def shadow(builder: Any) -> None:
        builder.register("actions", thing("shadow.a", "core.a"))

    def good(builder: Any) -> None:
        builder.register("actions", thing("good.a"))

    builder = RegistryDbBuilder()
    builder.register("actions", thing("core.a"))
    report = load_plugins(
        builder,
        [
            Point("half", half),
            Point("clash", clash),
            Point("shadow", shadow),
            Point("absent", ImportError("no module")),
            Point("odd", "not callable"),
            Point("good", good),
        ],
    )
    assert report.loaded == {"good": 1}
    assert set(report.failed) == {"half", "clash", "shadow", "absent", "odd"}
    assert report.failed["half"] == "ValueError: broken"
    assert report.failed["clash"].startswith(DuplicateIdError.__name__)
    assert report.failed["shadow"].startswith(IdShadowingError.__name__)
    db = builder.build()
    assert [one.meta.id for one in db["actions"]] == ["core.a", "good.a"]
    assert db.table("keys") == ()
    assert db["actions"].get("mine") is None


def test_duplicate_plugin_ids_are_an_error_and_nothing_runs() -> None:
    ran: list[Any] = []
    points = [Point("one", ran.append), Point("one", ran.append, "other.module:plugin")]
    with pytest.raises(DuplicateIdError, match=r"some\.module:plugin and other\.module:plugin"):
        load_plugins(RegistryDbBuilder(), points)
    assert ran == []


def test_a_plugin_cannot_push_after_it_has_finished() -> None:
    kept: list[Any] = []
    load_plugins(RegistryDbBuilder(), [Point("one", kept.append)])
    with pytest.raises(RegistryError, match="after it had finished"):
        kept[0].register("actions", thing("late"))


def test_plugins_can_be_chosen() -> None:
    ran: list[Any] = []
    report = load_plugins(
        RegistryDbBuilder(), [Point("one", ran.append), Point("two", ran.append)], only=lambda id: id == "two"
    )
    assert list(report.loaded) == ["two"]
    assert len(ran) == 1


def test_installed_plugins_are_entry_points_of_the_group(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "shop_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[registry_reconciler.plugins]\nshop = shop_plugin:plug\n")
    (tmp_path / "shop_plugin.py").write_text(
        "from registry_reconciler.runtime import Definition, RegistryMeta\n"
        "def plug(builder):\n"
        "    builder.register('actions', Definition(RegistryMeta('shop.buy', 'buy', source='package')))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    builder = RegistryDbBuilder()
    report = load_plugins(builder, only=lambda id: id == "shop")
    assert report.loaded == {"shop": 1}
    assert builder.build()["actions"].require("buy").meta.id == "shop.buy"


def test_handles_and_definitions_can_be_made_through_subscripted_names() -> None:
    made = Definition[[], int](RegistryMeta("a", "x"), lambda: 1)
    key = Key[Definition[[], int]]("d", "a")
    assert (made(), key) == (1, Key("d", "a"))


def test_a_batch_of_the_whole_database_gives_handles_and_a_layer_says_what_left() -> None:
    live = RegistryDbBuilder(domains=["left", "right"]).build().runtime()
    one, two, three = thing("a"), thing("a"), thing("b")
    keys = live.register_many([("right", one), ("left", two), ("right", three)], layer="plugin")
    assert list(keys) == [Key("right", "a"), Key("left", "a"), Key("right", "b")]
    assert [live.resolve(key) for key in keys] == [one, two, three]
    assert [row.action for row in keys.outcomes] == ["inserted"] * 3
    assert live.drop_layer("plugin") == (("left", two), ("right", one), ("right", three))
    assert live.drop_layer("plugin") == ()


def test_a_capability_that_nobody_declared_is_an_error_on_an_item_in_code() -> None:
    words = Vocabulary(["fs.read"])
    wrong = thing("a", required_caps=("fs.raed",))
    builder = RegistryDbBuilder(domains=["d"])
    builder.side(VOCABULARY, words)
    live = builder.build().runtime()
    with pytest.raises(UnknownCapabilityError, match=r"d/a: 'fs\.raed'"):
        live["d"].register(wrong)
    with pytest.raises(UnknownCapabilityError):
        live.register_many([("d", wrong)])
    assert len(live["d"]) == 0
    builder.register("d", wrong)
    with pytest.raises(UnknownCapabilityError):
        builder.build()
    free = RegistryDbBuilder()
    key = free.register("d", Definition(RegistryMeta("a", "a", required_caps=("fs.raed",)), print))
    invoker = Invoker(free.build(), vocabulary=words, audit=lambda line: None)
    with pytest.raises(UnknownCapabilityError, match=r"fs\.raed"):
        invoker.invoke(key, None, caps=["fs.read"], mode="log")
