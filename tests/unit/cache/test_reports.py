"""A known answer is the same bytes as a computed one, whatever state the cache is in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.cache import reports, store
from registry_reconciler.cache.store import OFF
from registry_reconciler.cli.main import main
from tests.support import FRAGMENT


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(OFF, raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    assert main(["init"]) == 0
    (work / "desired/all.yaml").write_text(FRAGMENT)
    capfdbinary.readouterr()
    return work


def kept() -> list[Path]:
    place = store.folder()
    assert place is not None
    return sorted(place.glob("*.json")) if place.is_dir() else []


def answers(capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, bytes]:
    code = main(list(words))
    return code, capfdbinary.readouterr().out


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every plan that is really made."""
    from registry_reconciler.planning import pipeline as planning

    count: list[int] = []
    real = planning.make_plan

    def counting(*arguments: object, **named: object) -> object:
        count.append(1)
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(planning, "make_plan", counting)
    return count


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def reversion(path: Path) -> None:
    """A record of another format, with a checksum that is right."""
    import hashlib

    body = path.read_bytes().partition(b"\n")[2].replace(b'"format":1', b'"format":2')
    path.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_link(path: Path) -> None:
    path.rename(path.with_suffix(".x"))
    path.symlink_to(path.with_suffix(".x"))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "bit": flip,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(os.urandom(500)),
    "format": reversion,
    "writable by others": lambda path: path.chmod(0o666),
    "folder": as_folder,
    "link": as_link,
}


@pytest.mark.parametrize(
    "words", [["plan"], ["plan", "--format", "json"], ["check"], ["drift"], ["plan", "--brief"]]
)
def test_a_warm_cache_answers_with_the_same_bytes(
    box: Path, words: list[str], computed: list[int], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    plain = answers(capfdbinary, *words, "--no-cache")
    assert kept() == []
    assert answers(capfdbinary, *words) == plain
    assert len(kept()) == 1
    assert len(computed) == 2
    assert answers(capfdbinary, *words) == plain
    assert len(computed) == 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_foreign_record_changes_no_answer(
    box: Path, damage: str, computed: list[int], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    plain = answers(capfdbinary, "plan")
    DAMAGES[damage](kept()[0])
    assert answers(capfdbinary, "plan") == plain
    assert len(computed) == 2


@pytest.mark.parametrize(
    "path", ["desired/all.yaml", ".system/registry/config.yaml", ".system/registry/schemas/hook.schema.yaml"]
)
def test_a_changed_file_is_answered_anew(
    box: Path, path: str, computed: list[int], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    answers(capfdbinary, "plan")
    (box / path).write_text((box / path).read_text().replace("card", "all") + "\n# more\n")
    answers(capfdbinary, "plan")
    assert len(computed) == 2


def test_a_new_fragment_is_answered_anew(box: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    first = answers(capfdbinary, "plan")
    (box / "desired/more.yaml").write_text("module_type:\n- id: other\n  description: x\n")
    second = answers(capfdbinary, "plan")
    assert b"module_type/other" not in first[1]
    assert b"module_type/other" in second[1]


def test_an_apply_is_followed_by_the_new_answer(box: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    before = answers(capfdbinary, "plan", "--detailed-exitcode")
    assert before[0] == 2
    assert main(["apply", "--yes"]) == 0
    capfdbinary.readouterr()
    assert answers(capfdbinary, "plan", "--detailed-exitcode")[0] == 0


def test_words_environment_and_program_tell_answers_apart(
    box: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    keys = {reports.key_of(["plan"]), reports.key_of(["plan", "--full"]), reports.key_of(["check"])}
    monkeypatch.setenv("NO_COLOR", "1")
    keys.add(reports.key_of(["plan"]))
    monkeypatch.setattr(reports, "program", lambda: "another version")
    keys.add(reports.key_of(["plan"]))
    monkeypatch.chdir(box / "desired")
    keys.add(reports.key_of(["plan"]))
    assert len(keys) == 6
    assert None not in keys


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "--out", "p"],
        ["plan", "--report", "json=x"],
        ["plan", "--base", "main"],
        ["plan", "--no-cache"],
        ["drift", "--accept", "a/b"],
        ["plan", "--target"],
        ["plan", "-h"],
    ],
)
def test_what_writes_or_asks_more_than_files_is_not_kept(words: list[str]) -> None:
    assert reports.key_of(words) is None


def test_the_cache_can_be_turned_off(
    box: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv(OFF, "1")
    answers(capfdbinary, "plan")
    assert kept() == []


def test_an_apply_that_is_pending_is_told_before_any_known_answer(
    box: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from registry_reconciler.errors import RegistryFailure

    answers(capfdbinary, "plan")

    def held(*_: object) -> object:
        raise RegistryFailure("somebody applies")

    monkeypatch.setattr("registry_reconciler.apply.reader", held)
    assert answers(capfdbinary, "plan")[0] == 1


def test_records_are_private_and_few(
    box: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(store, "MOST", 3)
    for number in range(5):
        answers(capfdbinary, "plan", "--label", str(number))
    place = store.folder()
    assert place is not None
    assert len(list(place.iterdir())) == 3
    if os.name != "nt":
        assert place.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in kept()} == {0o600}
    assert not any(box.rglob("*.json*"))


def test_a_cache_that_cannot_be_written_is_no_failure(
    box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert answers(capfdbinary, "plan")[0] == 0
