"""What is remembered changes no answer: absent, warm, damaged, foreign, or with times that lie."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from registry_reconciler.cache import fingerprint
from registry_reconciler.cache.incremental import changed_files as touched
from registry_reconciler.cache.incremental import store
from registry_reconciler.cache.store import OFF
from registry_reconciler.cli.main import main
from registry_reconciler.files.tree import DiskTree
from tests.unit.cache.incremental.workspace import entry, fragment, memory_file


def edit(root: Path) -> None:
    """A changed name that another entry has, an entry that goes, one that comes, a reference to nothing."""
    (root / "desired/f0.yaml").write_text(fragment(range(10), s03="Service 17").replace("[s01]", "[s77]", 1))
    (root / "desired/f1.yaml").write_text(fragment(range(10, 19)) + entry(40))


def harmless(root: Path) -> None:
    (root / "desired/f0.yaml").write_text(fragment(range(10), s03="Another name"))


def said(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capfd.readouterr()
    code = main(list(words))
    return code, capfd.readouterr().out


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def of_another_format(path: Path) -> None:
    rewrite(path, lambda kept: kept.update(format=9))


def without_part(path: Path) -> None:
    rewrite(path, lambda kept: kept["memory"].pop("declared"))


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Another content, with the checksum that fits it."""
    kept = msgspec.msgpack.decode(path.read_bytes().partition(b"\n")[2])
    change(kept)
    body = msgspec.msgpack.encode(kept)
    path.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_link(path: Path) -> None:
    path.rename(path.with_suffix(".x"))
    path.symlink_to(path.with_suffix(".x"))


def of_another_workspace(path: Path) -> None:
    other = path.parent.parent.parent / "other"
    shutil.copytree("desired", other / "desired")
    shutil.copytree(".system/registry/schemas", other / ".system/registry/schemas")
    (other / "desired/f2.yaml").unlink()
    assert main(["apply", "--yes", "--root", str(other)]) == 0
    shutil.copy(memory_file(other), path)


STATES: dict[str, Callable[[Path], object]] = {
    "warm": lambda path: None,
    "empty": lambda path: path.unlink(),
    "bit": flip,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "noise": lambda path: path.write_bytes(os.urandom(500)),
    "format": of_another_format,
    "a part is missing": without_part,
    "writable by others": lambda path: path.chmod(0o666),
    "folder": as_folder,
    "link": as_link,
    "another workspace": of_another_workspace,
}


@pytest.mark.parametrize("change", [edit, harmless])
@pytest.mark.parametrize("state", STATES)
def test_every_answer_is_the_same(
    work: Path,
    state: str,
    change: Callable[[Path], None],
    parts: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    STATES[state](memory_file(work))
    change(work)
    kept = memory_file(work).read_bytes() if state == "warm" else b""
    parts.clear()
    for words in (
        ["plan"],
        ["plan", "--format", "json"],
        ["check"],
        ["plan", "--full", "--format", "markdown"],
    ):
        with monkeypatch.context() as patch:
            patch.setenv(OFF, "1")
            plain = said(capfd, *words)
        assert said(capfd, *words) == plain
        if state == "warm":
            assert memory_file(work).read_bytes() == kept
    assert len(parts) == 4 if state == "warm" else len(parts) < 4


@pytest.mark.parametrize("state", STATES)
def test_every_apply_writes_the_same(
    work: Path,
    state: str,
    parts: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    STATES[state](memory_file(work))
    harmless(work)
    twin = tmp_path / "twin"
    shutil.copytree(work, twin)
    with monkeypatch.context() as patch:
        patch.setenv(OFF, "1")
        plain = said(capfd, "apply", "--yes", "--root", str(twin))
    parts.clear()
    exit, text = said(capfd, "apply", "--yes")
    assert (exit, without_moments(text)) == (plain[0], without_moments(plain[1]))
    assert plain[0] == 0
    assert files_of(work) == files_of(twin)
    # The plan and the one that verifies it.
    assert len(parts) == (2 if state == "warm" else 0)
    assert said(capfd, "plan", "--detailed-exitcode")[0] == 0


def without_moments(said: str) -> str:
    return re.sub(r"\d{8}T\d+Z-[0-9a-f]{12}", "MOMENT", said)


def files_of(root: Path) -> dict[str, bytes]:
    """Every file, and of the history everything but the time."""
    found: dict[str, bytes] = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and "lock" not in path.name:
            data = path.read_bytes()
            name = path.relative_to(root).as_posix()
            if name.startswith(".system/registry/history/"):
                name = f"history {sum(one.startswith('history') for one in found)}"
                data = repr({**json.loads(data), "time": "", "unlike": ""}).encode()
            found[name] = data
    return found


def test_a_program_that_changed_believes_nothing(
    work: Path, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    harmless(work)
    monkeypatch.setattr(store, "program", lambda: "another version")
    assert main(["plan"]) == 0
    assert parts == []


def test_a_folder_that_became_a_link_is_not_believed(work: Path, parts: list[int], tmp_path: Path) -> None:
    (work / "desired").rename(tmp_path / "elsewhere")
    (work / "desired").symlink_to(tmp_path / "elsewhere")
    assert main(["plan"]) in (0, 3)
    assert parts == []


@pytest.mark.parametrize(
    "path", ["desired/f1.yaml", "registries/x.yaml", ".system/registry/state/f1-*.state"]
)
def test_times_that_lie_stop_no_apply_and_cost_no_byte(
    work: Path,
    path: str,
    parts: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """As if a file system gave a changed file the times and size that it had."""
    (file,) = work.glob(path)
    other = work / ("desired/f0.yaml" if path.startswith("reg") else "registries/z.yaml")
    old = os.stat(file)
    real = fingerprint.signature
    (work / "desired/f0.yaml").write_text(fragment(range(10), s03="Another name"))
    text = file.read_text()
    file.write_text(
        text.replace("Service 1", "Service!1") if "Service" in text else text.replace("a", "b", 1)
    )
    assert other.is_file()
    monkeypatch.setattr(
        touched, "signature", lambda info: real(old if os.path.samestat(info, os.stat(file)) else info)
    )
    with monkeypatch.context() as patch:
        patch.setenv(OFF, "1")
        plain = said(capfd, "plan", "--format", "json")
    code, _ = said(capfd, "apply", "--yes", "--format", "json")
    assert parts  # it was believed first
    assert code == plain[0]
    if code == 0:
        with monkeypatch.context() as patch:
            patch.setenv(OFF, "1")
            assert said(capfd, "plan", "--detailed-exitcode")[0] == 0


def test_what_is_young_is_read_each_time(
    work: Path, parts: list[int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(touched, "YOUNG", 10**12)
    memory_file(work).unlink()
    assert main(["plan"]) == 0
    found = store.load(os.path.realpath(work))
    assert found is not None
    assert found[1] == {}
    harmless(work)
    assert "Another name" in said(capfd, "plan")[1]
    assert len(parts) == 1


def test_a_workspace_with_secrets_is_not_remembered(work: Path) -> None:
    memory_file(work).unlink()
    schema = work / ".system/registry/schemas/service.schema.yaml"
    schema.write_text(
        schema.read_text().replace(
            "shard: {type: string}}", "shard: {type: string}, token: {x-secret: true}}"
        )
    )
    assert main(["plan"]) == 0
    assert not memory_file(work).exists()


def test_an_apply_with_nothing_to_do_looks_at_every_byte(
    work: Path, parts: list[int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = work / "desired/f1.yaml"
    old, real = os.stat(file), fingerprint.signature
    file.write_text(file.read_text().replace("Service 1", "Service!1"))
    monkeypatch.setattr(
        touched, "signature", lambda info: real(old if os.path.samestat(info, os.stat(file)) else info)
    )
    # A plan may believe the times; rules that read texts find the lie out, and then all of it is planned.
    said(capfd, "plan")
    assert "10 to update" in said(capfd, "apply", "--yes")[1]


def test_only_files_that_are_concerned_are_read(
    work: Path, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()
    real = DiskTree.read

    def reading(self: DiskTree, path: str) -> bytes | None:
        read.add(path)
        return real(self, path)

    edited = work / "desired/f2.yaml"
    edited.write_text(edited.read_text().replace("Service 25", "Service twenty-five"))
    monkeypatch.setattr(DiskTree, "read", reading)
    assert main(["plan"]) == 0
    assert parts
    assert "desired/f2.yaml" in read
    assert "desired/f0.yaml" not in read
