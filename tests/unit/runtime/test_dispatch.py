"""Reaching items: declared names, packages, words and lines, every domain, domains that come later."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import (
    Definition,
    InvocationResult,
    Invoker,
    ItemHandle,
    Key,
    RegistryDbBuilder,
    RegistryError,
    RegistryMeta,
    RuntimeDb,
    UnknownKeyError,
    item,
    open_runtime,
)
from tests.unit.runtime import declared, methods
from tests.unit.runtime.declared.deeper.more import Mark, double
from tests.unit.runtime.helper import ECHO, Site, thing


def live() -> RuntimeDb:
    builder = RegistryDbBuilder()
    builder.add_package(declared)
    return builder.build().runtime()


def run(db: RuntimeDb, key: Any, payload: Any = None, **asked: Any) -> InvocationResult[Any]:
    return Invoker(db, audit=lambda line: None).invoke(key, payload, caps=(), **asked)


def test_a_declared_name_is_called_as_before_and_is_the_handle() -> None:
    db = live()
    assert declared.write("a", force=True) == "a True 1"
    assert isinstance(declared.write, ItemHandle)
    assert declared.write == db["commands"].key("tests::write") == Key("commands", "tests::write")
    assert hash(declared.write) == hash(Key("commands", "tests::write"))
    assert db.resolve(declared.write)("b") == "b False 1"
    assert (getattr(declared.write, "__name__", ""), declared.write.__doc__) == ("write", "Writes it.")
    assert Mark(3).row == 3
    assert run(db, double, 4).value == 8


def test_a_package_is_walked_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = live()
    assert sorted(item.meta.id for item in db["actions"]) == ["deeper::double", "tests::Mark"]
    for name, source in {
        "__init__": "",
        "good": "",
        "bad": "raise ValueError('no')",
    }.items():
        place = tmp_path / "walked_package" / f"{name}.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text(textwrap.dedent(source))
    (tmp_path / "walked_package" / "__main__.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))
    builder = RegistryDbBuilder(domains=["actions"])
    with pytest.raises(RegistryError, match=r"walked_package\.bad cannot be imported: ValueError: no"):
        builder.add_package("walked_package")
    assert len(builder.build()["actions"]) == 0
    with pytest.raises(RegistryError, match="cannot be imported"):
        builder.add_package("no_such_package_at_all")
    (tmp_path / "walked_package" / "bad.py").write_text("")
    sys.modules.pop("walked_package.bad", None)
    builder.add_package("walked_package")


@pytest.mark.parametrize("place", ["__init__", "deeper/__init__", "deeper/more"])
def test_a_module_that_ends_the_program_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    name = f"leaving_{place.replace('/', '_').strip('_')}"
    for file in ("__init__", "deeper/__init__", "deeper/more"):
        target = tmp_path / name / f"{file}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("raise SystemExit('no')" if file == place else "")
    monkeypatch.syspath_prepend(str(tmp_path))
    builder = RegistryDbBuilder(domains=["actions"])
    with pytest.raises(RegistryError, match="cannot be imported: SystemExit: no"):
        builder.add_package(name)


def test_a_decorated_class_is_still_a_class() -> None:
    class Small(declared.Panel):
        """Derived from it."""

    assert isinstance(Small(2), declared.Panel)
    assert issubclass(Small, declared.Panel)
    assert not isinstance(2, declared.Panel)
    assert declared.Panel.SIZE == 3
    assert declared.Panel.large().size == 9
    with pytest.raises(AttributeError, match="WIDTH"):
        declared.Panel.WIDTH  # type: ignore[attr-defined]  # noqa: B018
    assert run(live(), declared.Panel, 4).value.size == 4


def test_what_stands_in_a_class_is_called_as_before() -> None:
    db, tool = live(), declared.Tool
    assert tool.twice("a") == tool().twice("b").replace("b", "a") == "aa"
    assert tool.named("a") == tool().named("a") == "Tool a"
    assert run(db, "twice", "c").value == "cc"
    assert run(db, "named", "c").value == "Tool c"
    builder = RegistryDbBuilder()
    with pytest.raises(RegistryError, match=r"Held\.give is a method, and there is no object to call it on"):
        builder.add_module(methods)
    held = methods.Held(3)
    assert held.give(4) == 7
    builder.register("actions", Definition(RegistryMeta("give", "give"), held.give))
    assert run(builder.build().runtime(), "give", 5).value == 8


def test_what_is_no_function_is_refused_where_it_is_declared() -> None:
    with pytest.raises(RegistryError, match="write @classmethod above @item"):
        item("actions")(classmethod(len))  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["tests::write", "write", "w", "commands/w", "commands/tests::write"])
def test_a_command_is_reached_by_each_of_its_words_with_arguments(key: str) -> None:
    invoker = Invoker(live(), audit=lambda line: None)
    result = invoker.dispatch(f"{key} 'my notes.txt' --force --copies=2", caps=())
    assert (result.id, result.value) == ("tests::write", "my notes.txt True 2")
    assert invoker.dispatch(f"{key} -- --force", caps=()).value == "--force False 1"
    assert invoker.invoke(key, "x", caps=()).value == "x False 1"


def test_what_is_no_command_is_said() -> None:
    invoker = Invoker(live(), audit=lambda line: None)
    for line in ("", "   ", "write 'a"):
        with pytest.raises(RegistryError, match="no command"):
            invoker.dispatch(line, caps=())
    assert invoker.dispatch("write", caps=()).status == "failed"
    found = invoker.dispatch("wriet x", caps=())
    assert (found.status, "did you mean 'tests::write'" in found.error) == ("not_found", True), found.error


def test_a_word_of_two_domains_is_not_guessed() -> None:
    db = live()
    other = Definition(RegistryMeta("other::write", "write"), lambda payload: payload)
    db["actions"].register(other)
    result = run(db, "write", "x")
    assert result.status == "not_found"
    assert "commands/tests::write or actions/other::write" in result.error or (
        "actions/other::write or commands/tests::write" in result.error
    )
    assert run(db, "write", "x", domain="actions").value == "x"
    assert run(db, "actions/write", "y").value == "y"
    assert "no domain 'action'; did you mean 'actions'" in run(db, "write", "x", domain="action").error


def test_an_ability_gets_the_arguments_of_a_line_as_a_mapping(tmp_path: Path) -> None:
    site = Site(tmp_path / "s")
    site.abilities({"ability_id": "a", "name": "Echo", "implementation": site.script("echo", ECHO)})
    invoker = open_runtime(site.root).invoker(audit=lambda line: None)
    assert invoker.dispatch("Echo one --two=2", caps=()).value == {"got": {"args": ["one"], "two": "2"}}
    assert invoker.dispatch("a --two=2", caps=()).value == {"got": {"two": "2"}}


def test_a_domain_can_come_later_and_stays_over_a_reload(tmp_path: Path) -> None:
    site = Site(tmp_path / "s")
    runtime = open_runtime(site.root)
    with pytest.raises(UnknownKeyError):
        runtime.db.register_many([("palette", thing("a"))])
    palette = runtime.db.add_domain("palette")
    key = palette.register(thing("a"))
    before = runtime.snapshot()
    site.abilities({"ability_id": "new"})
    assert runtime.reload() is True
    assert runtime.resolve(key).meta.id == "a"
    assert "palette" in before
    with pytest.raises(RegistryError, match="already"):
        runtime.db.add_domain("palette")
