"""Who had an entry before: a catalogue that does not answer costs a warning and never the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.cli.fleet_source import VARIABLE, former_holders
from registry_reconciler.fleet.catalogue import Catalogue, open_publisher
from registry_reconciler.fleet.catalogue.failures import Unreachable

WARNING = "warning: who had an entry before is not known: "


def test_without_a_catalogue_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert former_holders() is None


@pytest.mark.parametrize("url", ["sqlite:///none.db", "mysql://u:hunter2@host/db"])
def test_one_that_cannot_be_opened_is_said(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, url)
    assert former_holders() is None
    told = capsys.readouterr().err
    assert told.startswith(WARNING)
    assert "hunter2" not in told


def test_one_that_stops_answering_is_said_once_and_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/fleet.db"
    open_publisher(url)
    monkeypatch.setenv(VARIABLE, url)
    former = former_holders()
    assert former is not None
    assert former("tool", "a") is None
    assert capsys.readouterr().err == ""

    def lost(self: Catalogue, *given: object) -> None:
        del self, given
        raise Unreachable("the database went away")

    monkeypatch.setattr(Catalogue, "rows", lost)
    assert [former("tool", "a"), former("tool", "b")] == [None, None]
    assert capsys.readouterr().err == f"{WARNING}the database went away\n"
