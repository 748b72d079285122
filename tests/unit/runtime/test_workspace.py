"""Opening, reloading and extending a workspace; and that a prepared index changes no answer."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.apply import WorkspaceLock
from registry_reconciler.errors import LockHeld, NoWorkspace
from registry_reconciler.runtime import (
    DuplicateIdError,
    IdShadowingError,
    RegistryError,
    UnknownCapabilityError,
    WorkspaceLoadError,
    open_runtime,
)
from registry_reconciler.runtime.serve import prepared
from registry_reconciler.runtime.serve.served_files import prepare_from
from tests.unit.runtime.helper import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path / "site")
    made.abilities(
        {"ability_id": "pay.capture", "name": "Capture", "aliases": ["cap"], "required_caps": ["net.read"]}
    )
    return made


def test_every_kind_of_a_workspace_is_a_registry(site: Site) -> None:
    site.write("modules/overview/type_registry.yaml", {"types": [{"id": "api", "description": "An API."}]})
    live = open_runtime(site.root / "modules")
    assert {"ability_low", "hook", "module_type", "route"} <= set(live.kinds())
    entry = live["ability_low"].require("cap")
    assert (entry.address, entry.meta.name, entry.meta.required_caps) == (
        "ability_low/pay.capture",
        "Capture",
        ("net.read",),
    )
    assert entry.value["group"] == "g"
    found = live.get("module_type/api")
    assert found is not None
    assert found.meta.description == "An API."
    assert live.get("module_type/nothing") is None


def test_the_value_of_an_entry_cannot_be_changed_from_outside(site: Site) -> None:
    live = open_runtime(site.root)
    live["ability_low"].require("cap").value["group"] = "changed"
    assert live["ability_low"].require("cap").value["group"] == "g"


def test_kinds_that_share_an_id_space_are_one_registry_too(site: Site) -> None:
    site.flows({"ability_id": "pay.flow", "steps": ["pay.capture"]})
    live = open_runtime(site.root)
    assert {one.kind for one in live["ability"]} == {"ability_low", "ability_high"}
    site.flows({"ability_id": "pay.capture", "steps": []})
    with pytest.raises(DuplicateIdError):
        live.reload()
    site.flows({"ability_id": "pay.flow", "name": "pay.capture"})
    with pytest.raises(IdShadowingError):
        open_runtime(site.root)


def test_no_workspace_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoWorkspace, match="registry init"):
        open_runtime(tmp_path)


def test_an_unreadable_registry_is_refused_with_its_place(site: Site) -> None:
    place = site.write(".system/registry/low-level/bad.yaml", b"abilities:\n  - {ability_id: x\n")
    with pytest.raises(WorkspaceLoadError, match=r"low-level/bad\.yaml"):
        open_runtime(site.root)
    place.write_bytes(b"abilities:\n  - {ability_id: pay.capture, group: bad}\n")
    with pytest.raises(DuplicateIdError, match="stands twice"):
        open_runtime(site.root)


def test_an_unknown_capability_is_refused_at_load(site: Site) -> None:
    site.abilities(
        {"ability_id": "a", "required_caps": ["fs.raed"]},
        {"ability_id": "b", "required_caps": ["x", "net.read"]},
    )
    with pytest.raises(UnknownCapabilityError) as caught:
        open_runtime(site.root)
    assert caught.value.unknown == (("ability_low/a", "fs.raed"), ("ability_low/b", "x"))


def test_without_a_vocabulary_any_capability_is_known(site: Site) -> None:
    site.write(".system/registry/config.yaml", {})
    site.abilities({"ability_id": "a", "required_caps": ["anything"]})
    assert open_runtime(site.root)["ability"].get("a") is not None


def test_reload_serves_what_the_files_say_now(site: Site) -> None:
    live = open_runtime(site.root)
    key = live["ability_low"].key("pay.capture")
    assert live.reload() is False
    site.abilities({"ability_id": "pay.capture"}, {"ability_id": "pay.new"})
    assert live["ability_low"].get("pay.new") is None
    assert live.reload() is True
    assert live["ability_low"].get("pay.new") is not None
    assert live["ability_low"].get("cap") is None
    # The same entry with other fields; the handle is for the entry.
    assert live["ability_low"].resolve(key).meta.name == ""


def test_reload_keeps_the_handles_of_entries_that_did_not_change(site: Site) -> None:
    live = open_runtime(site.root)
    key = live["ability_low"].key("pay.capture")
    site.abilities({"ability_id": "other"}, group="h")
    assert live.reload() is True
    assert live["ability_low"].resolve(key).meta.name == "Capture"


def test_a_reload_that_fails_goes_on_serving_what_was_there(site: Site) -> None:
    live = open_runtime(site.root)
    before = live.snapshot()
    site.write(".system/registry/low-level/bad.yaml", b"abilities: [\n")
    with pytest.raises(WorkspaceLoadError):
        live.reload()
    assert live.snapshot() is before
    assert live["ability_low"].get("cap") is not None


def test_reload_sees_new_files_changed_schemas_and_configuration(site: Site) -> None:
    live = open_runtime(site.root)
    site.hook("h", "SessionStop", handler={"kind": "script", "command": ["x"]})
    assert live.reload() is True
    assert live["hook"].get("h") is not None
    schema = {
        "x-registry": {"kind": "skill", "layout": "list", "file": "skills.yaml", "key": "id"},
        "type": "object",
    }
    site.write("skills.yaml", [{"id": "s"}])
    site.write(".system/registry/schemas/skill.schema.yaml", schema)
    assert live.reload() is True
    assert live["skill"].get("s") is not None
    site.write(".system/registry/config.yaml", {"vocabularies": {"capabilities": ["net.read", "new.word"]}})
    assert live.reload() is True
    assert "new.word" in live.vocabulary
    (site.root / "skills.yaml").unlink()
    assert live.reload() is True
    assert live["skill"].get("s") is None


def test_a_mixture_during_an_apply_is_never_seen(site: Site) -> None:
    live = open_runtime(site.root, lock_timeout=20)
    site.abilities({"ability_id": "one"}, group="a")
    assert live.reload()
    writing, served = threading.Event(), []

    def reload() -> None:
        writing.wait(10)
        live.reload()
        served.append({one.meta.id for one in live["ability_low"]})

    thread = threading.Thread(target=reload)
    thread.start()
    # Another process applies: a lock that this process holds itself would let its own readers through.
    child = os.fork() if hasattr(os, "fork") else pytest.skip("no fork on this system")
    if child == 0:
        status = 1
        try:
            with WorkspaceLock.acquire(site.root, command="test", timeout=5):
                site.abilities({"ability_id": "two"}, group="a")
                (site.root / "half").touch()
                _wait_for(lambda: (site.root / "go").exists())
                site.abilities({"ability_id": "three"}, group="b")
            status = 0
        finally:
            os._exit(status)
    _wait_for(lambda: (site.root / "half").exists())
    writing.set()
    with pytest.raises(LockHeld):
        open_runtime(site.root, lock_timeout=0.05)
    (site.root / "go").touch()
    thread.join(20)
    assert os.waitpid(child, 0)[1] == 0
    assert served == [{"pay.capture", "two", "three"}]


def _wait_for(condition: Callable[[], bool]) -> None:
    import time

    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_load_extension_registers_a_batch_atomically(site: Site, tmp_path: Path) -> None:
    live = open_runtime(site.root)
    good = {
        "ability_id": "ext.a",
        "group": "x",
        "summary": "S.",
        "required_caps": ["fs.read"],
        "aliases": ["ea"],
    }
    file = tmp_path / "ext.yaml"
    file.write_text(json.dumps({"ability_low": [good], "module_type": [{"id": "t"}]}))
    assert set(live.load_extension(file, layer="ext")) == {"ability_low/ext.a", "module_type/t"}
    assert live["ability"].require("ea").meta.source == "runtime"
    live.db.drop_layer("ext")
    assert live["ability"].get("ext.a") is None
    assert live["module_type"].get("t") is None


@pytest.mark.parametrize(
    ("second", "error"),
    [
        ({"ability_id": "pay.capture"}, DuplicateIdError),
        ({"ability_id": "z", "name": "pay.capture"}, IdShadowingError),
        ({"ability_id": "z", "required_caps": ["nonsense"]}, UnknownCapabilityError),
        ({"ability_id": "z", "colour": "red"}, WorkspaceLoadError),
        ({"ability_id": 7}, WorkspaceLoadError),
    ],
)
def test_an_extension_with_one_bad_entry_registers_nothing(
    site: Site, tmp_path: Path, second: dict[str, Any], error: type[RegistryError]
) -> None:
    live = open_runtime(site.root)
    before = live.snapshot()
    whole = {"group": "x", "summary": "S.", "required_caps": []}
    file = tmp_path / "ext.yaml"
    file.write_text(json.dumps({"ability_low": [{"ability_id": "ext.a", **whole}, {**whole, **second}]}))
    with pytest.raises(error):
        live.load_extension(file)
    assert live.snapshot() is before


def test_an_extension_that_is_no_fragment_of_entries_is_refused(site: Site, tmp_path: Path) -> None:
    live = open_runtime(site.root)
    file = tmp_path / "ext.yaml"
    for text in ("{]", "unknown_kind: [{id: x}]", "removed: [{address: hook/x}]", "- 1"):
        file.write_text(text)
        with pytest.raises(WorkspaceLoadError):
            live.load_extension(file)
    with pytest.raises(WorkspaceLoadError, match="no such file"):
        live.load_extension(tmp_path / "absent.yaml")
    with pytest.raises(WorkspaceLoadError):
        live.load_extension(tmp_path)


def test_an_extension_survives_a_reload(site: Site, tmp_path: Path) -> None:
    live = open_runtime(site.root)
    file = tmp_path / "ext.yaml"
    file.write_text(json.dumps({"module_type": [{"id": "t"}]}))
    live.load_extension(file)
    site.abilities({"ability_id": "new"})
    assert live.reload()
    assert live["module_type"].get("t") is not None
    assert live["ability"].get("new") is not None


# The prepared index


def answers(site: Site) -> Any:
    live = open_runtime(site.root)
    return (
        live.kinds(),
        {
            kind: [(one.address, one.meta, one.value, one.stated_caps) for one in live[kind]]
            for kind in (*live.kinds(), "ability")
        },
        live.collisions(),
        list(live.vocabulary),
        live.vocabulary.mutates("fs.write"),
    )


@pytest.fixture
def rich(site: Site) -> Site:
    site.abilities(
        {"ability_id": "a", "name": "Same", "description": 'line\nbreak \u2028 \U0001f600 "q"'},
        {"ability_id": "b", "name": "Same", "x-numbers": [1, 1.0, 1e300, -0.5, True, None, 2**70]},
        group="odd",
    )
    site.write(
        ".system/registry/low-level/bare.yaml", b"abilities:\n- {ability_id: bare, group: bare, summary: s}\n"
    )
    return site


def index_file(site: Site) -> Path:
    place = prepared.place_of(site.root)
    assert place is not None
    return place


def test_an_unchanged_workspace_is_served_from_the_prepared_index(
    rich: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = answers(rich)
    import registry_reconciler.runtime.serve.planning as planning

    def refuse(*_: Any) -> Any:
        raise AssertionError("the workspace was read again")

    monkeypatch.setattr(planning, "read_workspace", refuse)
    assert answers(rich) == first


def test_a_missing_stale_corrupted_or_foreign_index_changes_no_answer(rich: Site, tmp_path: Path) -> None:
    first = answers(rich)
    place = index_file(rich)
    good = place.read_bytes()
    head, _, rest = good.partition(b"\n")
    lie = rest.replace(b"Same", b"Fake")
    assert lie != rest

    def with_header(**changed: Any) -> bytes:
        return json.dumps({**json.loads(head), **changed}).encode() + b"\n" + rest

    other = Site(tmp_path / "other")
    other.abilities({"ability_id": "foreign"})
    answers(other)
    foreign = index_file(other).read_bytes()
    bad = [
        b"",
        b"\n",
        b"null\n",
        b"[]\n" + rest,
        good[: len(good) // 2],
        good[:-1],
        good + b"\n",
        head + b"\n" + lie,
        b"\x80\x04\x95pickle",
        b"\xff" * 100,
        b"[" * 200_000,
        foreign,
        with_header(format=99),
        with_header(stamp="another version"),
        with_header(root="/elsewhere"),
        with_header(inputs={}),
        with_header(kinds=[]),
        with_header(kinds=None),
        with_header(body=1),
    ]
    for content in bad:
        place.write_bytes(content)
        assert answers(rich) == first, content[:60]
        assert place.read_bytes() == good, "the index was not made anew"
    place.unlink()
    assert answers(rich) == first


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_what_is_no_plain_file_of_the_user_is_no_index(rich: Site) -> None:
    first = answers(rich)
    place = index_file(rich)
    good = place.read_bytes()
    place.unlink()
    os.mkfifo(place)
    assert answers(rich) == first
    place.unlink()
    target = place.with_name("elsewhere")
    target.write_bytes(good)
    place.symlink_to(target)
    assert prepared.recall(rich.root, prepared_tree(rich)) is None
    place.unlink()
    place.write_bytes(good)
    place.chmod(0o666)
    assert prepared.recall(rich.root, prepared_tree(rich)) is None
    place.chmod(0o600)
    assert prepared.recall(rich.root, prepared_tree(rich)) is not None


def prepared_tree(site: Site) -> Any:
    from registry_reconciler.files.tree import DiskTree

    return DiskTree(site.root)


def test_an_edit_that_keeps_size_and_time_is_seen(rich: Site) -> None:
    answers(rich)
    file = rich.root / ".system/registry/low-level/bare.yaml"
    info = file.stat()
    file.write_bytes(file.read_bytes().replace(b"summary: s", b"summary: t"))
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
    found = open_runtime(rich.root)["ability"].require("bare")
    assert found.value["summary"] == "t"


def test_a_cache_that_cannot_be_written_is_no_failure(rich: Site, own_user_directories: Path) -> None:
    (own_user_directories).mkdir(exist_ok=True)
    (own_user_directories / "cache").write_text("a file where a folder is expected")
    assert open_runtime(rich.root)["ability"].get("a") is not None


def test_no_index_is_kept_inside_the_workspace(rich: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(rich.root / "cache"))
    before = sorted(rich.root.rglob("*"))
    answers(rich)
    assert sorted(rich.root.rglob("*")) == before


def test_a_workspace_with_secret_fields_is_never_kept(site: Site) -> None:
    schema = {
        "x-registry": {"kind": "account", "layout": "list", "file": "accounts.yaml", "key": "id"},
        "type": "object",
        "properties": {"token": {"type": "string", "x-secret": True}},
    }
    site.write(".system/registry/schemas/account.schema.yaml", schema)
    site.write("accounts.yaml", [{"id": "a", "token": "hunter2"}])
    assert open_runtime(site.root)["account"].require("a").value["token"] == "hunter2"
    assert not index_file(site).exists()


def test_what_the_planning_side_has_read_makes_the_same_index(rich: Site) -> None:
    from registry_reconciler.loading.workspace import load

    first = answers(rich)
    made = index_file(rich).read_bytes()
    index_file(rich).unlink()
    assert prepare_from(rich.root, load(prepared_tree(rich))) is True
    assert index_file(rich).read_bytes() == made
    assert answers(rich) == first


def test_prepare_makes_the_index(site: Site) -> None:
    from registry_reconciler.loading.workspace import load

    assert prepare_from(site.root, load(prepared_tree(site))) is True
    assert index_file(site).exists()
    site.write(".system/registry/low-level/bad.yaml", b"abilities: [\n")
    assert prepare_from(site.root, load(prepared_tree(site))) is False
