"""Plugins over a workspace: which run, what they bring, and what becomes of those that fail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import (
    Definition,
    RegistryDbBuilder,
    RegistryError,
    RegistryMeta,
    load_plugins,
    open_runtime,
)
from registry_reconciler.runtime.registry.plugins import installed_plugins
from registry_reconciler.runtime.serve.commands import run_ability
from tests.unit.runtime.helper import Site

PLUGINS = """\
import sys
from registry_reconciler.runtime import Definition, RegistryMeta

def greet(name, context):
    return "hello " + str(name)

def plug(builder):
    builder.register("commands", Definition(RegistryMeta("loud::greet", "greet", ("hi",)), greet))
    builder.register("ability", Definition(RegistryMeta("loud.greet", "Greets"), greet))

def broken(builder):
    builder.register("commands", Definition(RegistryMeta("broken::x", "x"), greet))
    raise ValueError("no such thing")

def leaves(builder):
    sys.exit(4)

async def waits(builder):
    plug(builder)

def gives(builder):
    yield plug(builder)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with entry points, as an installer leaves it."""
    place = tmp_path / "site-packages"
    info = place / "loud_plugins-1.0.dist-info"
    info.mkdir(parents=True)
    (place / "loud_plugins.py").write_text(PLUGINS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loud-plugins\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[registry_reconciler.plugins]\n"
        "loud = loud_plugins:plug\nbroken = loud_plugins:broken\nleaves = loud_plugins:leaves\n"
    )
    monkeypatch.syspath_prepend(str(place))
    sys.modules.pop("loud_plugins", None)
    return place


def site_at(root: Path) -> Site:
    site = Site(root)
    site.abilities({"ability_id": "a"})
    return site


def test_plugins_reach_a_workspace_and_stay_over_a_reload(
    tmp_path: Path, installed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = site_at(tmp_path / "s")
    runtime = open_runtime(site.root, plugins=True)
    assert runtime.plugins.loaded == {"loud": 2}
    assert runtime.plugins.failed == {
        "broken": "ValueError: no such thing",
        "leaves": "SystemExit: 4",
    }
    assert isinstance(runtime.plugins.errors["broken"], ValueError)
    assert runtime.plugins.errors["broken"].__traceback__ is not None
    assert "Traceback" in caplog.text
    assert "no such thing" in caplog.text
    found = runtime["commands"].require("hi")
    assert found.meta.source == "package:loud-plugins"
    assert "broken::x" not in runtime["commands"]
    invoker = runtime.invoker(audit=lambda line: None)
    assert invoker.invoke("hi", "you", caps=()).value == "hello you"
    assert invoker.invoke("loud.greet", "you", caps=()).value == "hello you"
    site.abilities({"ability_id": "b"})
    assert runtime.reload() is True
    assert runtime["commands"].get("hi") is found
    runtime.db.drop_layer("loud")
    assert runtime["commands"].get("hi") is None


def test_only_what_is_named_runs(tmp_path: Path, installed: Path) -> None:
    site = site_at(tmp_path / "s")
    assert open_runtime(site.root).plugins.loaded == {}
    assert open_runtime(site.root, plugins=["loud"]).plugins.failed == {}
    point = next(point for point in installed_plugins() if point.name == "loud")
    assert open_runtime(site.root, plugins=[point]).plugins.loaded == {"loud": 2}
    with pytest.raises(RegistryError, match="no plugin 'lout' is installed; did you mean 'loud'"):
        open_runtime(site.root, plugins=["lout"])


def test_a_plugin_whose_items_do_not_fit_is_not_half_there(tmp_path: Path) -> None:
    site = site_at(tmp_path / "s")

    class Point:
        name, value = "clash", "here:plug"

        def load(self) -> Any:
            def plug(builder: Any) -> None:
                builder.register("commands", Definition(RegistryMeta("new", "new"), len))
                builder.register("ability_low", Definition(RegistryMeta("a", "a"), len))

            return plug

    runtime = open_runtime(site.root, plugins=[Point()])
    assert "is taken" in runtime.plugins.failed["clash"]
    assert runtime["commands"].get("new") is None


def test_a_plugin_of_a_builder_that_leaves_the_program_ends_alone(installed: Path) -> None:
    builder = RegistryDbBuilder()
    report = load_plugins(builder)
    assert (report.loaded, set(report.failed)) == ({"loud": 2}, {"broken", "leaves"})
    assert builder.build()["commands"].require("greet").meta.source == "package:loud-plugins"


def test_the_command_runs_what_the_user_allowed(
    tmp_path: Path, installed: Path, own_user_directories: Path
) -> None:
    site = site_at(tmp_path / "s")

    def run(**more: Any) -> Any:
        return run_ability(site.root, "hi", "you", audit=lambda line: None, **more)

    assert run().data["result"]["status"] == "not_found"
    assert run(plugins=["loud"]).lines == ("hello you",)
    outcome = run(plugins=["loud", "broken"])
    assert outcome.notes == ("the plugin broken failed: ValueError: no such thing",)
    config = own_user_directories / "config" / "registry-reconciler" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[run]\nplugins = ["loud"]\n')
    assert run().data["result"]["value"] == "hello you"


@pytest.mark.parametrize("name", ["waits", "gives"])
def test_a_plugin_of_which_nothing_ran_has_failed(tmp_path: Path, installed: Path, name: str) -> None:
    points = next(installed.glob("*.dist-info")) / "entry_points.txt"
    points.write_text(f"[registry_reconciler.plugins]\nodd = loud_plugins:{name}\n")
    live = open_runtime(site_at(tmp_path / "s").root, plugins=("odd",))
    assert live.plugins.loaded == {}
    assert "none of it ran" in live.plugins.failed["odd"]
