"""Whatever the product prints as advice is a command: of ours, then it is parsed here; or of git, then it is run.

The texts are read from the sources: every string of a module and every page of a rule. What a sentence names in passing
("what registry drift shows") is held too, as far as it goes.
"""

from __future__ import annotations

import ast
import functools
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import registry_reconciler
from registry_reconciler.cli import parser, table
from tests.merge.helper import KIND, SCHEMA, applied, committed, fails, listed, nothing_to_do
from tests.support import Box, parsed

SOURCES = Path(registry_reconciler.__file__).parent
GIT = (
    "add|archive|bisect|branch|checkout|cherry-pick|clean|clone|commit|config|diff|fetch|init|log|merge|mv|pull|push|"
    "rebase|reset|restore|revert|rm|show|sparse-checkout|stash|status|switch|tag|worktree"
)
HOLE = "\0"


@functools.cache
def texts() -> tuple[tuple[str, str], ...]:
    """Every text with its place; what is filled in stands between two zeros."""
    return tuple(_texts())


def _texts() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCES.rglob("*.py")):
        tree = parsed(path)
        inner = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            text = None if id(node) in inner else _text(node)
            if text:
                yield f"{path.relative_to(SOURCES)}:{getattr(node, 'lineno', 0)}", text
    for path in sorted(SOURCES.rglob("*.md")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            yield f"{path.relative_to(SOURCES)}:{number}", line


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{HOLE}{ast.unparse(part)}{HOLE}"
            for part in node.values
        )
    if isinstance(node, ast.Tuple | ast.List):
        plain = [one for one in node.elts if not isinstance(one, ast.Starred)]
        words = [_text(one) or f"{HOLE}{ast.unparse(one)}{HOLE}" for one in plain]
        return " ".join(words) if words[:1] == ["registry"] and len(words) > 1 else None
    return None


TOP = parser.build()
COMMANDS = {row.name for row in table.COMMANDS}
_HOLE = re.compile(f"{HOLE}([^{HOLE}]*){HOLE}")
_WORD = re.compile(
    r""" +(--?[A-Za-z][\w-]*(?:=\S+)?|'[^']*'|"[^"]*"|[A-Z][A-Z_]*(?:=[A-Z]+)?(?![a-z])"""
    r"""|[\w*{}.-]*[/=*:][\w*{}./=*:-]*)"""
)


def _filled(text: str) -> str:
    """A text with something where something is filled in."""

    def sample(found: re.Match[str]) -> str:
        return "route" if re.search(r"kind", found[1]) and "address" not in found[1] else "route/api.errors"

    return _HOLE.sub(sample, text)


def commands() -> dict[str, str]:
    """The commands of ours that are named, with a place each; as far as what follows looks like words of one."""
    found: dict[str, str] = {}
    for place, text in texts():
        text = _filled(text)
        for match in re.finditer(r"(?<![\w/.-])registry ([a-z][a-z-]*)\b", text):
            line, at = match[0], match.end()
            below = re.match(r" [a-z]+", text[at:])
            if below and match[1] + below[0] in COMMANDS:
                line, at = line + below[0], at + below.end()
            elif match[1] not in COMMANDS:
                continue
            while (word := _WORD.match(text, at)) is not None:
                line, at = f"{line} {word[1].rstrip('.:')}", word.end()
            found.setdefault(line, place)
    return found


def test_the_sources_have_advice() -> None:
    found = commands()
    assert len(found) > 80
    assert "registry resolve" in found
    assert "registry drift --accept route/api.errors" in found


def test_every_command_that_is_named_is_understood() -> None:
    # One test, not one for each: the tests are listed by every process, and this would read all sources there.
    named = {line: place for line, place in commands().items() if len(line.split()) > 2}
    wrong = {f"{line} at {place}": message for line, place in named.items() if (message := refusal(line))}
    assert not wrong


def refusal(line: str) -> str:
    """Why this command is not understood; nothing where it is."""
    words = [word for word in shlex.split(line)[1:] if word != "--help"]
    with TOP.make_context("registry", [], resilient_parsing=True) as parent:
        name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
        command = TOP.get_command(parent, name)
        assert command is not None
        try:
            with command.make_context(name, words[len(name.split()) :], parent=parent):
                return ""
        except Exception as error:
            # "registry add KIND" and "drift --accept" are named in passing: what is missing is asked for.
            message = getattr(error, "format_message", lambda: "")() or str(error)
            passing = message.startswith("Missing ") or message.endswith("requires an argument.")
            return "" if passing else message or type(error).__name__


def git_commands() -> set[str]:
    """The commands of git that are named: the command and its options."""
    found = set()
    for _, text in texts():
        for match in re.finditer(
            rf"(?<![\w/.-])(?<!``)git ({GIT})\b((?: --?[A-Za-z][\w-]*(?:=\S+)?| disable| set| HEAD)*)", text
        ):
            found.add(match[0].rstrip(".,`)'"))
    return found


# --- those of git, each in a workspace where it is printed ------------------------------------------------------


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    box = Box.started(tmp_path / "work", capsys, {KIND: SCHEMA})
    applied(box, "before", listed(a=1, b=1))
    return box


def fixes(box: Box, code: str, *words: str) -> str:
    plan = box.run("plan", "--format", "json", *words).json
    return " ".join(one["fix"]["description"] for one in plan["problems"] if one["code"] == code)


def log_of_removed_schemas(box: Box) -> None:
    (box.root / ".system/registry/schemas/t.schema.yaml").unlink()
    found = re.search(r"git (log [^)]*?) tells", fixes(box, "KND004"))
    assert found is not None
    had = "A\t.system/registry/schemas/t.schema.yaml"
    assert had in box.git(*shlex.split(found[1])), "nothing is committed yet"
    committed(box, "the schema goes")
    assert had.replace("A", "D", 1) in box.git(*shlex.split(found[1]))


def move_of_a_registry(box: Box) -> None:
    box.replace(".system/registry/schemas/t.schema.yaml", "t.yaml", "new/u.yaml")
    found = re.search(r"git (mv [^)]*)", fixes(box, "KND005", "--target", "t/a"))
    assert found is not None
    (box.root / "new").mkdir()
    box.git(*shlex.split(found[1]))
    nothing_to_do(box)


def registry_from_git(box: Box) -> None:
    (box.root / "t.yaml").unlink()
    (box.root / ".system/registry/state/places/t.place").unlink()
    found = re.search(r"git (checkout HEAD -- )FILE", fixes(box, "KND005"))
    assert found is not None
    box.git(*shlex.split(found[1]), "t.yaml", ".system")
    nothing_to_do(box)


def all_of_a_sparse_checkout(box: Box) -> None:
    box.git("sparse-checkout", "set", "--no-cone", "/*", "!/desired/")
    found = re.search(r"git (sparse-checkout disable)", fixes(box, "LIV006"))
    assert found is not None
    box.git(*shlex.split(found[1]))
    nothing_to_do(box)


def one_side_of_a_conflict(box: Box) -> None:
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=2, b=1))
    box.git("checkout", "-q", "main")
    applied(box, "ours", listed(a=3, b=1))
    paths = fails(box, "merge", "-q", "other")
    assert "git checkout --ours or --theirs" in fixes(box, "YML010")
    box.git("checkout", "--theirs", *[path for path in paths if not path.startswith(".system/")])
    assert box.run("resolve").exit == 0
    box.git("add", "-A")
    nothing_to_do(box)
    assert "v: 2" in box.read("t.yaml")


def removed_here_and_changed_there(box: Box) -> None:
    """A file that git can only be told about: the documents of one side, and what the other made of them."""
    page = ".system/registry/schemas/notes.yaml"
    box.write(page, "$defs: {a: {type: string}}\n")
    committed(box, "notes")
    box.git("checkout", "-q", "-b", "changes")
    box.write(page, "$defs: {a: {type: number}}\n")
    committed(box, "changed")
    box.git("checkout", "-q", "main")
    box.git("rm", "-q", page)
    committed(box, "removed")
    fails(box, "merge", "-q", "changes")
    ran = box.run("resolve")
    assert ran.exit == 3
    assert "keep it (git add) or let it go (git rm)" in ran.out


def kept(box: Box) -> None:
    removed_here_and_changed_there(box)
    box.git("add", ".system/registry/schemas/notes.yaml")
    assert box.run("resolve").exit == 0
    assert "number" in box.read(".system/registry/schemas/notes.yaml")


def let_go(box: Box) -> None:
    removed_here_and_changed_there(box)
    box.git("rm", "-q", ".system/registry/schemas/notes.yaml")
    assert box.run("resolve").exit == 0
    nothing_to_do(box)


def all_of_a_shallow_clone(box: Box) -> None:
    base = committed(box, "one more")
    committed(box, "and one")
    shallow = Box(box.root.parent / "shallow", box.capsys)
    box.git("clone", "-q", "--depth", "1", f"file://{box.root}", str(shallow.root))
    ran = shallow.run("plan", "--base", base)
    assert ran.exit == 1
    assert "git fetch --unshallow" in ran.err.replace("\n", " ")
    shallow.git("fetch", "-q", "--unshallow")
    assert shallow.run("plan", "--base", base).exit == 0


OLD = "HEAD~2"


def files_of_a_partial_clone(box: Box) -> None:
    applied(box, "another value", listed(a=5, b=1))
    box.replace(KIND, "type: object", "type: object\nproperties: {v: {type: integer}}")
    committed(box, "another schema")
    box.git("config", "uploadpack.allowFilter", "true")
    for name in ("blob:none", "tree:0"):
        partial = Box(box.root.parent / name.partition(":")[0], box.capsys)
        box.git("clone", "-q", f"--filter={name}", f"file://{box.root}", str(partial.root))
        for words in (
            ("plan", "--base", OLD),
            ("diff", OLD, "HEAD"),
            ("schema", "check", "--base", OLD),
            ("diff", OLD),
        ):
            ran = partial.run(*words, "--format", "json")
            assert ran.out, (words, ran.err)
            assert (ran.exit, ran.json["errors"][0]["code"]) == (1, "partial_clone")
        (command,) = ran.json["next"]
        assert " ".join(command) in ran.json["errors"][0]["message"]
        partial.git(*command[1:])
        told = partial.run("diff", OLD, "--format", "json").json
        assert [change["action"] for change in told["changes"]] == ["update"]


def history_of_a_partial_clone(box: Box) -> None:
    box.write(".system/registry/config.yaml", "history: {keep: 1}\n")
    for value in (2, 3):
        applied(box, f"value {value}", listed(a=value, b=1))
    box.git("config", "uploadpack.allowFilter", "true")
    for name in ("blob:none", "tree:0"):
        partial = Box(box.root.parent / name.partition(":")[0], box.capsys)
        box.git("clone", "-q", f"--filter={name}", f"file://{box.root}", str(partial.root))
        told = partial.run("log", "--format", "json").json
        assert told["count"] == 1
        (command,) = told["next"]
        assert " ".join(command) in partial.run("log").out
        partial.git(*command[1:])
        told = partial.run("log", "--format", "json").json
        assert (told["count"], told["next"]) == (3, [])


def executable(box: Box) -> None:
    box.write("run.sh", "#!/bin/sh\n")
    box.git("add", "--chmod=+x", "run.sh")
    assert box.git("ls-files", "-s", "run.sh").startswith("100755")


def folder_left_behind(box: Box) -> None:
    schema = "type: object\nx-registry: {kind: s, layout: file, file: 'skills/{id}/s.yaml', key: id, truth: live}\n"
    box.write(".system/registry/schemas/s.schema.yaml", schema)
    box.write("skills/a/s.yaml", "id: a\n")
    box.write("skills/b/s.yaml", "id: b\n")
    box.write("skills/a/notes.txt", "mine\n")
    committed(box, "skills")
    ran = box.run("rm", "s/a", "--apply")
    assert ran.exit == 0, ran.out
    found = re.search(r"git (rm -r [^\s)]+)", ran.err.replace("\n", " "))
    assert found is not None, ran.err
    assert box.read("skills/a/notes.txt") == "mine\n"
    box.git(*shlex.split(found[1]))
    assert not (box.root / "skills/a").exists()


def nobody_who_commits(box: Box) -> None:
    box.write("../fleet.yaml", f"repositories: [{{name: a, path: {box.root.name}}}]\n")
    words = (
        "fleet",
        "exec",
        "--file",
        "../fleet.yaml",
        "--format",
        "json",
        "--",
        "registry",
        "set",
        "t/a",
        "v=7",
    )
    home = box.root.parent / "home"
    home.mkdir()
    unknown = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        for name, value in unknown.items():
            patch.setenv(name, value)
        box.git("config", "user.useConfigOnly", "true")
        for _ in range(2):
            (found,) = box.run(*words).json["repositories"]
            advice = re.search(r"git (config --global user\.\w+) …", found["why"])
            assert advice is not None, found
            # Not by ``box.git``: its global configuration is the null device, and git would put a file in its place.
            words_of_git = ["git", *shlex.split(advice[1]), "ada@example.org"]
            subprocess.run(words_of_git, cwd=home, env={"PATH": os.environ["PATH"], **unknown}, check=True)
        (found,) = box.run(*words).json["repositories"]
    assert found["outcome"] == "changed", found


RUN = {
    "git config --global": nobody_who_commits,
    "git log --name-status --": log_of_removed_schemas,
    "git mv": move_of_a_registry,
    "git checkout HEAD --": registry_from_git,
    "git sparse-checkout set --no-cone": all_of_a_sparse_checkout,
    "git sparse-checkout disable": all_of_a_sparse_checkout,
    "git checkout --ours": one_side_of_a_conflict,
    "git diff --stat": files_of_a_partial_clone,
    "git log --stat --": history_of_a_partial_clone,
    "git fetch --unshallow": all_of_a_shallow_clone,
    "git add --chmod=+x": executable,
    "git add": kept,
    "git rm": let_go,
    "git rm -r": folder_left_behind,
}


def test_every_command_of_git_that_is_named_is_run_here() -> None:
    named = {one.removesuffix(" --") for one in git_commands()}
    assert named == {one.removesuffix(" --") for one in RUN}


@pytest.mark.parametrize("line", RUN)
def test_a_command_of_git_does_what_it_is_named_for(box: Box, line: str) -> None:
    RUN[line](box)
