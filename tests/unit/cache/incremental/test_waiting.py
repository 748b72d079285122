"""Entries that wait are looked at each time, their neighbours are not: the answer is that of the whole all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.cache.store import OFF
from registry_reconciler.cli.main import main
from registry_reconciler.loading.state.files import left_path
from tests.unit.cache.incremental.workspace import entry, fragment, memory_file

JSON = ("plan", "--format", "json")


def said(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capfd.readouterr()
    code = main(list(words))
    return code, capfd.readouterr().out


def same_as_whole(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, str]:
    """What a plan of a part says, which is what a plan of the whole says."""
    part = said(capfd, *words)
    with monkeypatch.context() as patch:
        patch.setenv(OFF, "1")
        assert said(capfd, *words) == part
    return part


def look_at_all(work: Path) -> None:
    """What was remembered is gone, so a plan of the whole is made, and remembered."""
    memory_file(work).unlink()
    assert main(["plan"]) in (0, 3)
    assert memory_file(work).is_file()


def put(name: str, text: str) -> None:
    Path(f"desired/{name}.yaml").write_text(text)


def waits_in_all() -> None:
    put("f0", fragment(range(10), s03="Waits"))
    put("f1", fragment(range(10, 20)).replace("[s06]", "[s77]", 1))
    put("f2", fragment(range(20, 29)))


def edited_by_hand() -> None:
    path = Path("registries/x.yaml")
    path.write_text(path.read_text().replace("Service 14", "By hand"))


def one_more() -> None:
    put("f1", fragment(range(10, 20)) + entry(50))


WAITING: dict[str, Callable[[], None]] = {
    "changes, a problem, a deletion": waits_in_all,
    "an edit by hand": edited_by_hand,
    "an addition": one_more,
}


@pytest.mark.parametrize("waiting", WAITING)
@pytest.mark.parametrize("then", ["one more change", "it is taken back", "others are concerned", "nothing"])
def test_what_waits_is_said_each_time(
    work: Path,
    waiting: str,
    then: str,
    parts: list[int],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    WAITING[waiting]()
    look_at_all(work)
    parts.clear()
    if then == "one more change":
        put("f2", fragment(range(20, 29), s24="Another"))
    elif then == "it is taken back":
        put("f0", fragment(range(10)))
    elif then == "others are concerned":
        put("f2", fragment(range(20, 30), s25="Waits"))
    for words in (JSON, ("check",), ("plan", "--full", "--report", "html=r.html")):
        same_as_whole(capfd, monkeypatch, *words)
    assert parts or then == "nothing"


def test_an_apply_writes_all_that_waits(work: Path, parts: list[int]) -> None:
    put("f0", fragment(range(10), s03="Waits"))
    edited_by_hand()
    look_at_all(work)
    put("f1", fragment(range(10, 20), s15="Now"))
    parts.clear()
    assert main(["apply", "--yes"]) == 0
    assert parts
    assert "name: Waits" in Path("registries/z.yaml").read_text()
    assert main(["plan", "--detailed-exitcode"]) == 0


def test_an_order_that_is_not_that_of_the_state_is_mended_by_any_apply(
    work: Path, parts: list[int], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("f0", "service:\n" + "".join(map(entry, [1, 0, *range(2, 10)])))
    look_at_all(work)
    put("f2", fragment(range(20, 30), s24="Another"))
    _, told = same_as_whole(capfd, monkeypatch, *JSON)
    assert "another order" in told
    assert parts


def test_an_entry_that_another_branch_let_go_is_told_by_the_whole(
    work: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at_all(work)
    path = work / left_path("service/s03")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    _, told = same_as_whole(capfd, monkeypatch, *JSON)
    assert "some side let it go" in told
