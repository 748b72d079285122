"""Small things that people tripped over, each through the installed command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shop import Shop
from tests.support import Box, installed


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_likely_rename_is_shown_in_lines_to_copy(shop: Shop) -> None:
    text = "Reads what a person wrote and says what it is about, in one sentence."
    shop.items({"id": "reader", "v": text}, {"id": "other"})
    shop.apply()
    shop.items({"id": "readers", "v": text}, {"id": "other"})
    for form in ("text", "markdown"):
        out = shop.run("plan", "--format", form).out
        assert "Likely rename" in out
        assert "\\n" not in out
        assert "- {from: item/reader, to: item/readers}\n" in out


@pytest.mark.parametrize(("answer", "exit"), [("maybe\ny\n", 0), ("maybe\nn\n", 1), ("x\n" * 9, 1), ("", 1)])
def test_an_answer_that_is_none_is_asked_again(
    shop: Shop, answer: str, exit: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import io
    import sys

    from registry_reconciler.cli import asking
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.workspace import Workspace

    shop.items({"id": "a"})
    plan = Workspace(shop.root).planning(PlanOptions()).plan
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert asking.answered_yes(plan) is (exit == 0)
    said = capfd.readouterr().err
    assert said.count("[y/N]") == (2 if "maybe" in answer else 5 if answer else 1)
    assert ("neither yes nor no" in said) is bool(answer)


def test_a_kind_is_no_entry_and_the_glob_is_named(shop: Shop) -> None:
    shop.items({"id": "a"})
    for words in (("plan", "--target", "item"), ("apply", "--yes", "--exclude", "item")):
        ran = shop.run(*words)
        assert ran.exit == 64
        assert "'item/*'" in ran.err


@pytest.mark.parametrize(
    ("word", "leads"),
    [("status", "registry plan"), ("validate", "registry check"), ("remove", "registry rm"),
     ("-v", "registry --version"), ("mv", "registry rename"), ("lint", "registry check"), ("ls", "registry list"),
     ("format", "registry fmt"), ("update", "registry set"), ("undo", "registry drift --revert")],
)  # fmt: skip
def test_words_of_other_programs_lead_on(tmp_path: Path, word: str, leads: str) -> None:
    ran = installed(word, cwd=tmp_path)
    assert ran.exit == 64
    assert leads in ran.err


def test_a_move_from_a_name_that_never_was_is_said(shop: Shop) -> None:
    shop.items({"id": "http_api"}, {"id": "other"})
    shop.apply()
    shop.write(
        "desired/items.yaml",
        "item: [{id: http_service}, {id: other}]\nmoved:\n- {from: item/htp_api, to: item/http_service}\n",
    )
    out = shop.run("plan").out
    assert "warning FRG010" in out
    assert "+ item/http_service" in out, "it is created, as the warning says"
    assert "Did you mean 'item/http_api'?" in " ".join(out.split())
    shop.write(
        "desired/items.yaml",
        "item: [{id: http_service}, {id: other}]\nmoved:\n- {from: item/http_api, to: item/http_service}\n",
    )
    assert "FRG010" not in shop.run("plan").out
    shop.apply()
    assert "FRG010" not in shop.run("plan").out  # a move that was made


def test_drift_leads_on_to_all_entries_of_more_than_twenty(shop: Shop) -> None:
    shop.items(*({"id": f"i{number:02}", "v": 1} for number in range(21)))
    shop.apply()
    file = shop.root / "items.yaml"
    file.write_text(file.read_text().replace('"v": 1', '"v": 2'))
    ran = shop.run("drift", "--format", "json")
    assert len(ran.json["drift"]) == 21
    (accept, _) = ran.json["next"]
    assert shop.run(*accept[1:]).exit == 0
    assert shop.run("drift").exit == 0


def test_an_add_that_fails_names_no_line_of_a_file_that_was_not_written(box: Box) -> None:
    entry = '{"id": "x", "scope": "api", "topic": "t", "module_id": "nowhere.at.all"}'
    before = box.files()
    ran = installed("add", "route", "-", cwd=box.root, stdin=entry)
    assert ran.exit == 3
    assert box.files() == before
    assert "desired/route.yaml" in ran.out + ran.err
    assert "desired/route.yaml:" not in ran.out + ran.err


def test_a_list_that_lacks_an_item_says_which(shop: Shop) -> None:
    text = (shop.root / ".system/registry/schemas/item.schema.yaml").read_text()
    shop.write(
        ".system/registry/schemas/item.schema.yaml",
        text.replace("v: {}", "v: {contains: {const: main}, minContains: 2}"),
    )
    shop.items({"id": "a", "v": ["main", "b"]})
    words = " ".join(shop.run("plan").out.split())
    assert 'needs at least 2 items that fit {"const":"main"}' in words


def test_a_file_beside_the_fragments_that_nobody_reads_is_said(shop: Shop) -> None:
    shop.items({"id": "a"})
    beside = ("old.yaml.bak", "README.md", ".hidden.json", "notes.txt", ".git/x.json")
    for name in (*beside, "more/x.json", "y.jsonc", "z.toml", "w.YAML", "v.Yml"):
        shop.write(f"desired/{name}", '{"item": [{"id": "b"}]}')
    for command in ("plan", "check"):
        words = " ".join(shop.run(command).out.split())
        assert "warning FRG011 desired/more/x.json" in words
        assert "desired/more/x.json and 4 more files are not read" in words
        assert "Write it as desired/more/x.yaml" in words
        words = " ".join(shop.run(command, "--full").out.split())
        assert all(f"desired/{name}" in words for name in ("y.jsonc", "z.toml", "w.YAML", "v.Yml"))
        assert not any(name in words for name in beside)
    shop.apply()
    assert "FRG011" in shop.run("plan").out  # also once nothing else is to be done
    for name in ("more/x.json", "y.jsonc", "z.toml", "w.YAML", "v.Yml"):
        (shop.root / "desired" / name).unlink()
    assert "FRG011" not in shop.run("plan").out


DUBIOUS = """\
fatal: detected dubious ownership in repository at 'HERE'
To add an exception for this directory, call:

	git config --global --add safe.directory HERE
"""
ABOUT_HISTORY = [("plan", "--base", "HEAD"), ("diff", "HEAD"), ("init", "--merge-driver"), ("resolve",)]


@pytest.mark.parametrize("git", ["dubious", "missing"])
def test_where_git_does_not_answer_the_sentence_says_why(
    committed: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, git: str
) -> None:
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    if git == "dubious":
        (tmp_path / "said").write_text(DUBIOUS)
        program.write_text(f"#!/bin/sh\n/bin/cat '{tmp_path}/said' >&2\nexit 128\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    before = committed.files()
    for words in ABOUT_HISTORY:
        ran = committed.run(*words)
        assert (ran.exit, committed.files() == before) == (1, True), words
        assert "lies in no git" not in ran.err
        if git == "dubious":
            assert "\n    git config --global --add safe.directory HERE" in ran.err, ran.err
            assert "\\t" not in ran.err
        else:
            assert "git is not installed" in ran.err
    for words in (("plan",), ("drift",), ("log",)):  # what needs no history goes on
        assert committed.run(*words).exit == 0


@pytest.mark.parametrize(
    ("settled", "written", "open_", "lines"),
    [
        (
            ("a.state", "b.yaml"),
            ("a.state", "b.yaml", "h.json", "r.yaml"),
            (),
            [
                "Settled 2 files that git had left in conflict:",
                "  a.state",
                "  b.yaml",
                "Wrote 2 files besides, so that everything fits together:",
                "  h.json",
                "  r.yaml",
            ],
        ),
        (("a.state",), ("a.state",), (), ["Settled 1 file that git had left in conflict:", "  a.state"]),
        (
            (),
            ("a.state",),
            (),
            ["No conflict. Repaired 1 file of state, history and outputs that did not fit:", "  a.state"],
        ),
        ((), ("a.yaml",), (("a.yaml", "x"),), ["Merged 1 file as far as it can be told:", "  a.yaml"]),
        ((), (), (), ["Nothing to resolve."]),
    ],
)
def test_resolve_counts_what_it_lists(
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
    settled: tuple[str, ...],
    written: tuple[str, ...],
    open_: tuple[tuple[str, str], ...],
    lines: list[str],
) -> None:
    from registry_reconciler.editing import resolve_conflicts

    done = resolve_conflicts.Resolved(settled, written, open=open_)
    monkeypatch.setattr(resolve_conflicts, "resolve_conflicts", lambda _: done)
    assert box.run("resolve").out.splitlines()[: len(lines)] == lines


def test_log_follows_an_entry_back_through_its_names(applied: Box) -> None:
    def log(address: str, *words: str) -> list[str]:
        return [
            line
            for line in applied.run("log", address, *words).out.splitlines()
            if "  plan sha256:" not in line
        ]

    assert applied.run("set", "route/api.errors", "topic=faults", "--apply", "--yes").exit == 0
    assert applied.run("rename", "route/api.errors", "api.faults", "--apply", "--yes").exit == 0
    assert applied.run("set", "route/api.faults", "topic=slips", "--apply", "--yes").exit == 0
    changes = [
        "  ~ route/api.faults  topic",
        "  > route/api.faults  from route/api.errors",
        "  ~ route/api.errors  topic",
    ]
    lines = log("route/api.faults")
    assert [line[: len(change)] for line, change in zip(lines, changes, strict=False)] == changes
    assert lines[3].startswith("  + route/api.errors")
    assert len(lines) == 4
    assert log("route/api.errors") == lines[1:]
    assert log("route/api.faults", "--limit", "2") == [*lines[:2], "… and older ones (--limit shows more)"]
    oldest = min(path for path in applied.files() if path.startswith(".system/registry/history/"))
    (applied.root / oldest).unlink()
    assert log("route/api.faults")[3:] == [
        "How route/api.errors came into the registries is not in the history."
    ]
