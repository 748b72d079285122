"""``set``, ``rename``, ``rm`` and ``edit`` through the installed command: the owner is edited, byte for byte."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.verb_helper import Work
from tests.support import git


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Work(tmp_path_factory.mktemp("verbs")).root


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Work:
    return Work.copy(made, tmp_path / "work")


def test_set_gives_a_value_the_type_of_the_schema(work: Work) -> None:
    work.ok(
        *("set", "plugin/judge", "port=8080", "version=1.10", "on=true", "extra=12", "ttl=null", "either=12"),
        *("limits.cpu=0.5", "limits.ram=2", "tags+=new", "tags[0]=tests", "tags-=llm", "links[0].to=a"),
        *('links[]={"to": "b"}', "status=planned"),
    )
    assert work.diff() == (
        '-    port: 80\n-    tags: [eval, "llm"]\n+    port: 8080\n+    tags: [tests, "new"]\n'
        '+    version: "1.10"\n+    "on": true\n+    extra: 12\n+    ttl: null\n+    either: 12\n'
        "+    limits:\n+      cpu: 0.5\n+      ram: 2\n+    links:\n+      - to: a\n+      - to: b\n"
        "+    status: planned"
    )
    work.ok("apply", "--yes")
    work.settled()
    work.ok(
        *(
            "set",
            "plugin/judge",
            'extra="12"',
            "either=x12",
            "tags=[a, b]",
            "links=",
            "limits.cpu=",
            "limits.ram=",
        ),
        *("ttl=", "tags[]=c", "tags[0]="),
    )
    shown = work.ok("show", "plugin/judge", "--format", "json").json["entry"]["desired"]["value"]
    assert shown == {
        "name": "judge",
        "group": "eval",
        "port": 8080,
        "tags": ["b", "c"],
        "version": "1.10",
        "on": True,
        "extra": "12",
        "either": "x12",
        "status": "planned",
    }
    for text in ("# no comment", "a: b", "- x", "null and more", " blank ", "~x", "{not yaml"):
        work.ok("set", "plugin/judge", f"extra={text}")
        shown = work.ok("show", "plugin/judge", "--format", "json").json["entry"]["desired"]["value"]
        assert shown["extra"] == text
    work.ok("set", "plugin/judge", 'extra=""')
    assert (
        work.ok("show", "plugin/judge", "--format", "json").json["entry"]["desired"]["value"]["extra"] == ""
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plugin/judge", "port"), "has no '='"),
        (("plugin/judge", "a..b=1"), "is no field"),
        (("plugin/judge", "[0]=1"), "is no field"),
        (("plugin/judge", "tags[].x=1"), "[] stands at the end"),
        (("plugin/judge", "tags[5]=x"), "tags of plugin/judge has 2 items"),
        (("plugin/judge", "name.x=1"), "name of plugin/judge is no mapping"),
        (("plugin/judge", "port+=1"), "port of plugin/judge is no list"),
        (("plugin/judge", "tags-=gone"), "It holds: eval, llm."),
        (("plugin/judge", "prt="), "Did you mean 'port'?"),
        (("plugin/judge", "name=jury"), "registry rename plugin/judge NEW"),
        (("plugin/juge", "port=1"), "Did you mean 'plugin/judge'?"),
        (("plugn/judge", "port=1"), "Did you mean 'plugin'?"),
        (("plugin", "port=1"), "an address is KIND/KEY"),
    ],
)
def test_set_says_what_is_wrong_with_the_words(work: Work, words: tuple[str, ...], said: str) -> None:
    done = work.run("set", *words)
    assert (done.exit, work.diff()) == (64, "")
    assert said in done.err, done.err


def test_what_would_make_it_worse_is_shown_as_a_plan_shows_it_and_not_written(work: Work) -> None:
    done = work.run("set", "plugin/judge", "prt=1", "group=evil")
    assert (done.exit, work.diff()) == (3, "")
    assert "Did you mean 'port'?" in done.out
    assert "error REF001" in done.out
    assert done.out.endswith(
        "Nothing was written.\nNext: registry explain REF001\n      registry explain SCH001\n"
    )
    told = work.run("set", "plugin/judge", "port=x", "--format", "json").json
    assert [one["code"] for one in told["problems"] if one["blocking"]] == ["SCH001"]
    assert (told["applied"], told["written"], told["next"]) == (
        False,
        [],
        [["registry", "explain", "SCH001"]],
    )


def test_apply_goes_on_and_the_same_again_does_nothing(work: Work) -> None:
    done = work.ok("set", "plugin/judge", "port=81", "--apply", "--format", "json").json
    assert done["applied"] is True
    assert {"desired/plugin.yaml", "plugins.yaml"} <= set(done["written"])
    assert work.diff() == "-    port: 80\n+    port: 81\n-    port: 80\n+    port: 81"
    work.settled()
    again = work.ok("set", "plugin/judge", "port=81", "--apply", "--yes")
    assert again.out == "Nothing to do: it is so already.\n"
    assert "registry set" not in work.ok("log").out or "plugin/judge" in work.ok("log", "plugin/judge").out


def test_next_is_a_command_that_works(work: Work) -> None:
    (command,) = work.ok("set", "plugin/judge", "port=81", "--format", "json").json["next"]
    assert command[:2] == ["registry", "apply"]
    work.ok(*command[1:])
    work.settled()


def test_dry_run_writes_nothing(work: Work) -> None:
    for words in (
        ("set", "plugin/judge", "port=81"),
        ("set", "page/start", "title=Go"),
        ("rename", "plugin/judge", "jury"),
        ("rm", "owner/judge"),
    ):
        done = work.ok(*words, "--dry-run")
        assert "Nothing was written" in done.out
        assert work.diff() == ""
        assert work.ok(*words, "--dry-run", "--format", "json").json["written"] == []
    assert work.run("rm", "owner/judge", "--dry-run", "--apply").exit == 64


def test_only_what_is_asked_for_is_applied(work: Work) -> None:
    work.ok("set", "plugin/writer", "port=9")
    work.ok("set", "plugin/judge", "port=81", "--apply", "--yes")
    assert "port: 9" not in work.read("plugins.yaml")
    assert "port: 81" in work.read("plugins.yaml")


def test_an_entry_whose_truth_is_live_is_edited_where_it_stands(work: Work) -> None:
    done = work.ok("set", "page/start", "title=Go", "about+=writer")
    assert work.diff() == (
        "-title: Start   # here\n-about: [judge, group/eval]\n"
        "+title: Go   # here\n+about: [judge, group/eval, writer]"
    )
    assert "edited in its registry" in done.out
    assert "Next:" not in done.out
    work.settled()
    assert work.run("set", "page/start", "about=[gone]").exit == 3
    assert work.run("rm", "page/start").exit == 3
    work.ok("rm", "note/one")
    assert work.read("notes.yaml") == "notes: []\n"
    work.ok("rm", "page/start")
    assert not (work.root / "pages").exists() or not list((work.root / "pages").iterdir())
    assert "page/start" in work.ok("log", "page/start").out


def test_add_writes_the_registry_of_a_kind_whose_truth_is_live(work: Work) -> None:
    done = work.ok("add", "page", "--entry-json", '{"id": "end", "title": "End"}')
    assert work.read("pages/end.yaml") == "id: end\ntitle: End\n"
    assert "pages/end.yaml" in done.out
    work.ok("add", "note", "--entry-json", '{"id": "two", "page": "end"}', "--apply")
    assert "- id: two\n    page: end\n" in work.read("notes.yaml")
    assert not (work.root / "desired/note.yaml").exists()
    assert work.run("add", "note", "--entry-json", '{"id": "three", "page": "nd"}').exit == 3
    work.ok("add", "note", "--entry-json", '{"id": "two", "page": "start"}')
    assert "- id: two\n    page: start\n" in work.read("notes.yaml")
    work.settled()


def test_rename_takes_everything_along_and_keeps_every_other_byte(work: Work) -> None:
    work.ok("rename", "plugin/judge", "jury", "--apply", "--yes")
    work.settled()
    assert work.diff().count("+moved:") == 3
    registry = work.read("plugins.yaml")
    assert registry == PLUGINS_RENAMED
    assert "about: [jury, group/eval]" in work.read("pages/start.yaml")
    assert work.read("owners.yaml") == "owners:\n  - plugin: jury\n    who: ada\n"
    show = work.ok("show", "skill/jury/compare").out
    assert "skill/jury/run" in show


PLUGINS_RENAMED = """\
# plugins
plugins:
  # about judge
  - name: jury   # the judge
    group: eval
    port: 80
    tags: [eval, "llm"]
    skills:
      # about run
      - id: run
        text: Runs   it.
      - id: compare
        needs: [jury/run]
  - name: writer
    group: docs
"""


def test_rename_and_back_leaves_no_trace_in_the_registries(work: Work) -> None:
    for apply in ((), ("--apply",)):
        work.ok("rename", "plugin/judge", "plugin/jury", *apply)
        work.ok("rename", "plugin/jury", "judge", *apply)
        assert git(work.root, "diff", "--", "plugins.yaml", "owners.yaml", "pages") == ""
    work.settled()


def test_rename_twice_before_it_is_applied_is_one_move(work: Work) -> None:
    work.ok("rename", "owner/judge", "writer")
    work.ok("rename", "group/eval", "tests")
    work.ok("rename", "group/tests", "checks")
    assert work.read("desired/group.yaml").count("from:") == 1
    work.ok("apply", "--yes")
    work.settled()
    assert "  checks:\n    title: Eval   # of groups\n" in work.read("market.yaml")


def test_rename_of_a_file_keeps_its_comments(work: Work) -> None:
    work.ok("rename", "page/start", "begin")
    assert work.read("pages/begin.yaml") == (
        "# A page.\nid: begin\ntitle: Start   # here\nabout: [judge, group/eval]\n"
    )
    assert work.read("notes.yaml") == "notes:\n  # first\n  - id: one\n    page: begin   # the page\n"
    assert not (work.root / "pages/start.yaml").exists()
    work.settled()


def test_rename_follows_directives(work: Work) -> None:
    text = work.read("desired/group.yaml") + (
        "protect: [group/eval, group/*]\noverride:\n  - group/eval\n"
        "allow:\n  - {address: group/eval, code: IDN003, reason: known}\n"
    )
    work.write("desired/group.yaml", text)
    work.ok("rename", "group/eval", "tests")
    after = work.read("desired/group.yaml")
    assert "protect: [group/tests, group/*]\noverride:\n  - group/tests\n" in after
    assert "{address: group/tests, code: IDN003, reason: known}" in after


def test_rename_says_who_is_not_managed(work: Work) -> None:
    work.write("owners.yaml", work.read("owners.yaml") + "  - plugin: writer\n    who: bob\n")
    done = work.run("rename", "plugin/writer", "author")
    assert done.exit == 3
    assert "registry adopt owner/writer" in work.run("rename", "plugin/writer", "author", "--dry-run").err
    work.ok("adopt", "owner/writer")
    work.ok("rename", "plugin/writer", "author", "--apply")
    work.settled()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plugin/judge", "writer"), "plugin/writer is there already"),
        (("skill/judge/run", "solo"), "is no key of skill"),
        (("plugin/juge", "x"), "Did you mean"),
    ],
)
def test_rename_says_what_is_wrong(work: Work, words: tuple[str, ...], said: str) -> None:
    done = work.run("rename", *words)
    assert (done.exit, work.diff()) == (64, "")
    assert said in done.err


def test_rm_and_keep(work: Work) -> None:
    done = work.run("rm", "plugin/writer", "group/docs", "--apply", "--yes")
    assert done.exit == 0, done
    assert "writer" not in work.read("plugins.yaml")
    assert "docs" not in work.read("market.yaml")
    work.ok("rm", "owner/judge", "--keep", "--apply")
    assert "plugin: judge" in work.read("owners.yaml")
    assert work.run("show", "owner/judge").out.count("not managed") == 1
    work.settled()
    again = work.run("rm", "owner/judge")
    assert again.exit == 64
    assert "registry adopt owner/judge" in again.err
    assert work.run("rm", "page/start", "--keep").exit == 64


def test_rm_of_what_is_protected_or_referred_to_is_blocked(work: Work) -> None:
    work.write("desired/more.yaml", "protect: ['plugin/w*', note/one]\n")
    assert "STA005" in work.run("rm", "plugin/writer").out
    assert "STA005" in work.run("rm", "note/one").out
    assert "REF006" in work.run("rm", "group/eval").out
    assert "desired/more.yaml" not in work.diff()
    assert git(work.root, "diff") == ""


def editor(work: Work, *steps: tuple[str, str]) -> dict[str, str]:
    """An editor that replaces a text by another each time that it is opened, and writes down what it saw."""
    script = work.root.parent / "editor.py"
    script.write_text(
        "import sys, pathlib\n"
        f"steps = {list(steps)!r}\n"
        "log = pathlib.Path(__file__).with_name('seen')\n"
        "seen = sorted(log.parent.glob('seen*'))\n"
        "text = pathlib.Path(sys.argv[-1]).read_text()\n"
        "log.with_name(f'seen{len(seen)}').write_text(text)\n"
        "if len(seen) < len(steps):\n"
        "    old, new = steps[len(seen)]\n"
        "    assert old in text, (old, text)\n"
        "    pathlib.Path(sys.argv[-1]).write_text(text.replace(old, new))\n",
        encoding="utf-8",
    )
    for old in script.parent.glob("seen*"):
        old.unlink()
    return {"EDITOR": f"{sys.executable} {script}", "VISUAL": ""}


def seen(work: Work, number: int) -> str:
    return (work.root.parent / f"seen{number}").read_text(encoding="utf-8")


def test_edit_keeps_what_was_typed(work: Work) -> None:
    env = editor(work, ("port: 80", "port: 81   # higher\n# and why"), ("", ""))
    done = work.ok("edit", "plugin/judge", env=env)
    first = seen(work, 0)
    assert first.startswith("#: plugin/judge in desired/plugin.yaml.")
    assert "# about judge\nname: judge   # the judge\n" in first
    assert work.diff() == "-    port: 80\n+    port: 81   # higher\n+    # and why"
    assert "Next: registry apply --target plugin/judge" in done.out
    work.ok("apply", "--yes")
    # The values are carried; what a comment beside a changed value says is not, and that is said.
    assert [one["code"] for one in work.run("plan", "--format", "json").json["problems"]] == ["CMT001"]


def test_edit_opens_again_with_what_is_wrong_on_top(work: Work) -> None:
    env = editor(
        work,
        ("port: 80", "port: [80"),
        ("port: [80", "prt: 80"),
        ("prt: 80", "port: eighty"),
        ("name: judge", "name: jury"),
        ("name: jury", "name: judge"),
        ("port: eighty", "port: 82"),
    )
    work.ok("edit", "plugin/judge", "--apply", "--yes", env=env)
    assert "#: - line " in seen(work, 1)
    assert "Did you mean 'port'?" in seen(work, 2)
    assert "#: - SCH001: " in seen(work, 3)
    assert "registry rename plugin/judge jury" in seen(work, 4)
    assert "port: 82" in work.read("plugins.yaml")
    work.settled()


def test_edit_gives_up_and_says_where_the_text_is(work: Work) -> None:
    env = editor(work, ("port: 80", "port: eighty"))
    done = work.run("edit", "plugin/judge", env=env)
    assert (done.exit, work.diff()) == (3, "")
    path = done.err.split("What was typed is in ")[1].split()[0].rstrip(".")
    assert "port: eighty" in Path(path if Path(path).exists() else path + "l").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "swaps",
    [
        (("port: ", "port: x"),) * 30,
        (("port: 80", "port: one"), *(("port: one", "port: two"), ("port: two", "port: one")) * 15),
    ],
)
def test_edit_ends_with_an_editor_that_never_mends(work: Work, swaps: tuple[tuple[str, str], ...]) -> None:
    """An editor that is a script may write another faulty text each time, without end."""
    done = work.run("edit", "plugin/judge", env=editor(work, *swaps))
    assert (done.exit, work.diff()) == (3, "")
    assert "opened 20 times" in done.err
    assert len(list(work.root.parent.glob("seen*"))) == 20
    kept = re.search(r"The last one is in (\S+)\.", done.err)
    assert kept is not None, done.err
    text = Path(kept[1]).read_text(encoding="utf-8")
    assert "port: two" in text or f"port: {'x' * 20}80" in text
    shutil.rmtree(Path(kept[1]).parent)


def test_edit_of_nothing_and_without_an_editor(work: Work) -> None:
    done = work.ok("edit", "plugin/judge", env={"EDITOR": "true", "VISUAL": ""})
    assert done.out == "Nothing to do: the text is what it was.\n"
    gone = work.run("edit", "plugin/judge", env={"EDITOR": "/no/such/editor", "VISUAL": ""})
    assert gone.exit == 1
    assert "cannot be started" in gone.err
    assert work.run("edit", "plugin/judge", env={"EDITOR": "false", "VISUAL": ""}).exit == 1
    none = work.run("edit", "plugin/judge", env={"EDITOR": "", "VISUAL": "", "PATH": os.defpath})
    assert none.exit == 64
    assert "set $EDITOR" in none.err


def test_edit_of_an_entry_whose_truth_is_live(work: Work) -> None:
    env = editor(work, ("title: Start", "title: Go"))
    work.ok("edit", "page/start", env=env)
    assert work.diff() == "-title: Start   # here\n+title: Go   # here"
    work.settled()


def test_verbs_say_that_an_entry_is_not_managed_and_how_to_manage_it(work: Work) -> None:
    work.write("owners.yaml", work.read("owners.yaml") + "  - plugin: writer\n")
    for words in (
        ("set", "owner/writer", "who=bob"),
        ("rename", "owner/writer", "judge"),
        ("rm", "owner/writer"),
        ("edit", "owner/writer"),
    ):
        done = work.run(*words, "--format", "json")
        assert done.exit == 64
        assert done.json["next"] == [["registry", "adopt", "owner/writer"]]
        assert "is not managed" in done.err


def test_line_ends_stay(work: Work) -> None:
    for path in ("desired/plugin.yaml", "plugins.yaml"):
        work.write(path, work.read(path).replace("\n", "\r\n"))
    work.ok("set", "plugin/judge", "port=81", "tags+=x", "--apply", "--yes")
    for path in ("desired/plugin.yaml", "plugins.yaml"):
        text = work.read(path)
        assert text.count("\n") == text.count("\r\n")
    work.ok("rename", "plugin/judge", "jury", "--apply", "--yes")
    assert work.read("plugins.yaml").count("\n") == work.read("plugins.yaml").count("\r\n")
    work.settled()


def test_on_a_terminal_apply_shows_the_plan_and_asks(work: Work) -> None:
    for typed, port in (("n\n", 80), ("y\n", 81)):
        shown = terminal(work, ["set", "plugin/judge", "port=81", "--apply"], typed)
        assert shown.index("~ port: 80") < shown.index("Apply this plan (1 to update)? [y/N]")
        assert f"port: {port}\n" in work.read("plugins.yaml")
    assert "[y/N]" not in terminal(work, ["set", "plugin/judge", "port=82", "--apply", "--yes"], "")
    work.settled()


def terminal(work: Work, words: list[str], typed: str) -> str:
    """What a command shows on a terminal where something is typed."""
    master, slave = os.openpty()
    script = Path(sys.executable).parent / "registry"
    with subprocess.Popen(
        [str(script), *words],
        cwd=work.root,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as running:
        os.close(slave)
        os.write(master, typed.encode())
        shown = b""
        try:
            while chunk := os.read(master, 4096):
                shown += chunk
        except OSError:
            pass  # the terminal is gone
        running.wait(timeout=60)
    os.close(master)
    return shown.decode()


def test_what_is_let_go_in_a_fragment_goes_with_what_it_referred_to(work: Work) -> None:
    work.ok("set", "plugin/writer", "group=eval")
    assert work.run("rm", "group/docs", "--dry-run", "--no-check").exit == 0
    done = work.ok("rm", "group/docs", "--dry-run", "--format", "json").json
    assert [(one["address"], one["action"]) for one in done["changes"]] == [
        ("group/docs", "delete"),
        ("plugin/writer", "update"),
    ]
