"""With a terminal: colours, tables, trees, pages, the line that is meant, links, the pager, the question, progress."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

from registry_reconciler.base.progress import counted, phase, step
from registry_reconciler.cli import waiting as module
from registry_reconciler.cli.waiting import left, waiting
from registry_reconciler.report.text import pieces
from registry_reconciler.terminal.prose import prose
from tests.support import ROUTES, Box, installed

pytest.importorskip("pty", reason="needs pseudo terminals")
from tests.cli.terminal import Screen, terminal

COLOUR = re.compile(r"\x1b\[[0-9;]+m")
LONG = "A client gets an error that it cannot explain to itself, and asks what is to be done about it in the end."


@pytest.fixture
def faulty(box: Box) -> Box:
    box.replace("desired/all.yaml", "module_type: http_api", "module_type: http_ap")
    return box


# The question


def test_apply_shows_asks_and_applies(box: Box) -> None:
    screen = terminal(box.root, ["apply"], answer="y\n")
    assert screen.exit == 0
    text = screen.text
    assert text.index("route/api.errors") < text.index("[y/N]") < text.index("Applied: 4 to create.")
    assert (box.root / ROUTES).is_file()


def test_no_is_the_default_answer(box: Box) -> None:
    screen = terminal(box.root, ["apply"], answer="\n")
    assert screen.exit == 1
    assert "the answer was no" in screen.text
    assert not (box.root / ROUTES).exists()


@pytest.mark.parametrize("words", [["apply", "--yes"], ["apply", "--yes", "--target", "*"]])
def test_yes_shows_the_plan_before_it_writes(box: Box, words: list[str]) -> None:
    text = terminal(box.root, words).text
    assert text.index("+ route/api.errors") < text.index("Plan: 4 to create.") < text.index("Applied: ")
    assert text.count("+ route/api.errors") == 1


@pytest.mark.parametrize(
    ("words", "answer", "times", "exit"),
    [
        (["apply"], "maybe\nJA\nYes\n", 3, 0),
        (["apply"], "maybe\nn\n", 2, 1),
        (["apply"], "\x04", 1, 1),
        (["set", "route/api.errors", "when_to_use=Always.", "--apply"], "what\ny\n", 2, 0),
    ],
)
def test_a_word_that_is_neither_yes_nor_no_is_asked_again(
    applied: Box, words: list[str], answer: str, times: int, exit: int
) -> None:
    if words == ["apply"]:
        applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    before = applied.read(ROUTES)
    screen = terminal(applied.root, words, answer=answer)
    assert screen.exit == exit, screen.text
    # All is typed at once, so the next line of progress wipes what stands behind the question.
    assert screen.raw.count("[y/N]") == times
    assert screen.raw.count("is neither yes nor no") == times - 1
    assert (applied.read(ROUTES) == before) is (exit == 1)


def test_what_is_lost_and_what_is_odd_stands_above_the_question(applied: Box) -> None:
    types = "".join(f"  - {{id: t{number:02}, description: Old.}}\n" for number in range(40))
    applied.write("desired/types.yaml", f"module_type:\n{types}")
    assert applied.run("apply", "--yes").exit == 0
    kept = "".join(
        f"  - {{id: t{number:02}, description: {'Odd' if number == 17 else 'New'}.}}\n"
        for number in range(28)
    )
    applied.write("desired/types.yaml", f"module_type:\n{kept}")
    screen = terminal(applied.root, ["apply"], answer="\n")
    above = screen.text.split("[y/N]", maxsplit=1)[0]
    assert screen.exit == 1
    assert all(f"- module_type/t{number}" in above for number in range(28, 40)), above
    assert "Odd." in above


def test_ctrl_c_at_the_question_begins_a_line_and_writes_nothing(box: Box) -> None:
    before = box.files()
    screen = terminal(box.root, ["apply"], interrupt=b"[y/N]")
    assert screen.exit == 130
    assert screen.text.split("\n")[-2] == "registry apply: interrupted; nothing was written"
    assert box.files() == before


# Colours


def test_colour_is_for_terminals_that_want_it(box: Box) -> None:
    assert COLOUR.search(terminal(box.root, ["plan"]).raw)
    for words, env in (
        (["plan"], {"NO_COLOR": "1"}),
        (["plan"], {"NO_COLOR": "1", "FORCE_COLOR": "1"}),
        (["plan", "--no-color"], {}),
    ):
        assert not COLOUR.search(terminal(box.root, words, env=env).raw)
    # A dumb terminal knows no escapes at all, not even that which wipes a line.
    assert "\x1b" not in terminal(box.root, ["plan"], env={"TERM": "dumb"}).raw


def test_forced_colour_goes_into_a_pipe(box: Box) -> None:
    assert COLOUR.search(installed("plan", cwd=box.root, env={"FORCE_COLOR": "1"}).out)
    assert not COLOUR.search(installed("plan", cwd=box.root, env={"FORCE_COLOR": "0"}).out)
    assert not COLOUR.search(installed("plan", cwd=box.root, env={"FORCE_COLOR": ""}).out)


@pytest.mark.parametrize(
    "words",
    [
        ["plan"],
        ["list"],
        ["list", "--kinds"],
        ["graph"],
        ["graph", "route/api.errors"],
        ["explain", "REF001"],
    ],
)
def test_what_is_piped_is_made_without_rich(faulty: Box, words: list[str]) -> None:
    """The bytes are those of a program that has no rich."""
    plain = installed(*words, cwd=faulty.root, env={"REGISTRY_NO_CACHE": "1"})
    code = (
        "import sys\n"
        "sys.modules['rich'] = None\n"
        "from registry_reconciler.cli.main import main\n"
        f"sys.exit(main({words!r}))\n"
    )
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=faulty.root,
        capture_output=True,
        check=False,
        env={**os.environ, "REGISTRY_NO_CACHE": "1"},
    )
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (plain.exit, plain.out, plain.err)
    assert "\x1b" not in plain.out


# What is drawn


def test_a_plan_has_a_rule_above_each_kind(box: Box) -> None:
    for columns in (80, 140):
        screen = terminal(box.root, ["plan"], columns=columns)
        heads = [line for line in screen.text.split("\n") if "──" in line]
        assert [line.split(" ")[0] for line in heads] == [
            "module_instance",
            "module_maturity",
            "module_type",
            "route",
        ]
        assert {len(line) for line in heads} == {columns}


def test_the_line_that_is_meant_is_shown_with_a_caret(faulty: Box) -> None:
    text = terminal(faulty.root, ["plan"]).text
    lines = text.split("\n")
    at = next(number for number, line in enumerate(lines) if "module_type: http_ap" in line and "│" in line)
    assert lines[at] == "  6 │     module_type: http_ap"
    assert lines[at + 1] == "    │                  ^^^^^^^"
    assert lines[at - 1] == "  5 │   - module_id: payments.api"
    # A dumb terminal and a pipe are told the same without the line.
    assert "│" not in installed("plan", cwd=faulty.root).out


def test_a_line_of_a_file_that_holds_a_secret_is_not_shown(box: Box) -> None:
    schema = ".system/registry/schemas/module_type.schema.yaml"
    box.replace(schema, "properties:\n", "properties:\n  token: {type: string, x-secret: true}\n")
    box.replace("desired/all.yaml", "description: An API.", "description: An API.\n    token: hunter2")
    box.replace("desired/all.yaml", "module_type: http_api", "module_type: http_ap")
    text = terminal(box.root, ["plan"]).text
    assert "REF001" in text
    assert "│" not in text
    assert "hunter2" not in text


def test_hidden_characters_of_a_shown_line_are_made_visible(faulty: Box) -> None:
    faulty.replace("desired/all.yaml", "module_type: http_ap", 'module_type: "http\\u202e" #‮\x1b')
    raw = terminal(faulty.root, ["plan"]).raw
    assert "\u202e" not in raw
    faulty.replace("desired/all.yaml", "\x1b", "")
    raw = terminal(faulty.root, ["plan"]).raw
    assert "│" in raw
    assert "\u202e" not in raw


def test_list_is_a_table_that_breaks_no_word(box: Box) -> None:
    box.replace("desired/all.yaml", "A client gets an error.", LONG)
    text = terminal(box.root, ["list", "--columns", "topic,when_to_use", "route"]).text
    assert text.split("\n")[0].split() == ["address", "topic", "when_to_use"]
    assert max(map(len, text.split("\n"))) <= 80
    shown = " ".join(text.split())
    assert all(word in shown.split() for word in LONG[:40].split()[:-1])


def test_a_table_that_does_not_fit_is_paragraphs(applied: Box) -> None:
    wide = terminal(applied.root, ["list"], columns=140).text
    assert re.search(r"^route/api.errors +managed +modules/routes/api.yaml$", wide, re.MULTILINE)
    narrow = terminal(applied.root, ["list"], columns=40).text
    assert "route/api.errors\n  standing  managed\n  file      modules/routes/api.yaml\n" in narrow


def test_a_graph_is_a_tree_around_its_subject(applied: Box) -> None:
    text = terminal(applied.root, ["graph", "module_instance/payments.api"]).text
    assert text == (
        "module_instance/payments.api\n"
        "├── refers to\n"
        "│   └── module_type/http_api  module_type\n"
        "└── is referred to by\n"
        "    ├── module_maturity/payments.api  module_id\n"
        "    └── route/api.errors  module_id\n"
    )
    whole = terminal(applied.root, ["graph"]).text
    assert "route/api.errors\n└── module_instance/payments.api  module_id\n" in whole


def test_an_explanation_is_a_page(box: Box) -> None:
    screen = terminal(box.root, ["explain", "REF001"], rows=200)
    assert "\nWhat it checks\n" in screen.text
    assert "##" not in screen.text
    assert "`" not in screen.text
    assert max(map(len, screen.text.split("\n"))) <= 80


def test_lines_are_ascii_where_nothing_else_can_be_seen(applied: Box) -> None:
    screen = terminal(
        applied.root, ["graph", "route/api.errors"], env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    )
    assert screen.raw.isascii()
    assert "\\u25" not in screen.raw
    assert "`-- " in screen.text or "+-- " in screen.text


def test_places_are_links_where_the_terminal_opens_them(faulty: Box) -> None:
    address = (faulty.root / "desired/all.yaml").absolute().as_uri()
    assert f"\x1b]8;;{address}\x1b\\" in terminal(faulty.root, ["plan"], env={"VTE_VERSION": "7006"}).raw
    for env in (
        {},
        {"VTE_VERSION": "7006", "FORCE_HYPERLINK": "0"},
        {"VTE_VERSION": "7006", "NO_COLOR": "1"},
    ):
        assert "\x1b]8" not in terminal(faulty.root, ["plan"], env=env).raw


# Help


def test_help_is_in_groups_and_as_wide_as_the_terminal(box: Box) -> None:
    for columns in (80, 140):
        text = terminal(box.root, ["plan", "-h"], columns=columns, rows=200).text
        heads = [line for line in text.split("\n") if line.endswith(":") and not line.startswith(" ")]
        assert heads == ["Options:", "What to plan:", "What to show:", "CI and scripts:"]
        assert columns - 20 < max(map(len, text.split("\n"))) <= columns
    assert max(map(len, installed("plan", "-h", cwd=box.root, env={"COLUMNS": "140"}).out.split("\n"))) <= 80


# The pager


@pytest.fixture
def pager(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pager that says that it was there."""
    script = tmp_path_factory.mktemp("pager") / "page"
    script.write_text("#!/bin/sh\necho paged\ncat\n", "utf-8")
    script.chmod(0o755)
    return script


def test_what_is_longer_than_the_screen_is_paged(box: Box, pager: Path) -> None:
    def shown(words: list[str], rows: int, env: dict[str, str]) -> Screen:
        return terminal(box.root, words, rows=rows, env=env)

    mine = {"REGISTRY_PAGER": str(pager)}
    assert shown(["plan"], 10, mine).text.startswith("paged\n")
    assert shown(["plan"], 10, mine).exit == 0
    assert shown(["plan"], 10, {"PAGER": str(pager)}).text.startswith("paged\n")
    assert not shown(["plan"], 200, mine).text.startswith("paged\n")
    assert not shown(["--no-pager", "plan"], 10, mine).text.startswith("paged\n")
    assert not shown(["plan"], 10, {"REGISTRY_PAGER": "", "PAGER": str(pager)}).text.startswith("paged\n")
    assert not shown(["plan"], 10, {"REGISTRY_PAGER": "/nowhere/page"}).text.startswith("paged\n")
    # The plan that apply asks about stands above the question.
    assert "paged" not in terminal(box.root, ["apply"], rows=10, env=mine, answer="n\n").text
    # An answer that is known goes the same way.
    box.run("plan")
    assert shown(["plan"], 10, mine).text.startswith("paged\n")


def test_a_program_of_the_workspace_is_no_pager(box: Box, pager: Path) -> None:
    shutil.copy(pager, box.root / "less")
    env = {"PATH": f".{os.pathsep}{Path(sys.executable).parent}"}
    screen = terminal(box.root, ["plan"], rows=10, env=env)
    assert "Plan: 4 to create." in screen.text
    assert "paged" not in screen.text


# Progress


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "stderr_is_terminal", lambda: True)
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    monkeypatch.setattr(module, "_EVERY", 0.01)
    return


def wait_for(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = ""
    while words not in said:
        said += capsys.readouterr().err
        time.sleep(0.01)


def test_a_long_step_is_named_counted_and_wiped(looked_at: None, capsys: pytest.CaptureFixture[str]) -> None:
    with waiting():
        step("reading")
        wait_for("\r\x1b[Kreading ...", capsys)
        for number in counted(range(1_200)):
            if number == 1_100:
                wait_for("reading: 1,100 of 1,200", capsys)
                assert list(counted([1, 2])) == [1, 2]  # parts of parts do not count
        with phase("looking again"):
            step("checking")
            wait_for("looking again: checking ...", capsys)
    assert capsys.readouterr().err.endswith("\r\x1b[K")


def test_what_is_left_is_guessed_from_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    line = module.Line()
    try:
        line.begin("checking")
        line.count(400)
        for _ in range(100):
            line.advance()
        assert line.text() == "checking: 100 of 400"
        clock[0] += 10
        assert line.text() == "checking: 100 of 400, 30 s left"
    finally:
        line.end()
    assert [left(0.2), left(89), left(90), left(600)] == ["1 s", "89 s", "2 min", "10 min"]


def test_short_steps_are_not_named(
    looked_at: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 60.0)
    with waiting():
        step("reading")
        step("comparing")
    assert capsys.readouterr().err == ""


def test_nobody_is_told_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting():
        step("reading")
        parts = [1, 2]
        assert counted(parts) is parts
    assert capsys.readouterr().err == ""


def test_sentences_keep_to_the_width_and_commands_stay_whole() -> None:
    long = "  skill/a (x.json:3:4) REF001: There is no skill 'b'. Did you mean 'c'?"
    command = "Next: registry apply --target skill/a --target skill/b --target skill/c"
    drawn = prose(f"{long}\n{command}\n", 40)
    assert drawn == (
        "  skill/a (x.json:3:4) REF001: There\n      is no skill 'b'. Did you mean 'c'?\n" + command + "\n"
    )
    assert prose(long, 120) == long


def test_no_word_of_a_value_is_broken_where_a_blank_is_near() -> None:
    words = [f"word{number:03}" for number in range(60)]
    found = list(pieces(" ".join(words), 40))
    assert " ".join(" ".join(found).split()) == " ".join(words)
    assert max(map(len, found)) <= 40
    assert list(pieces("x" * 90, 40)) == ["x" * 40, "x" * 40, "x" * 10]
