"""Canaries in what came later: rules of one's own, outputs, verbs, other formats, an apply that was interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from registry_reconciler.cli.main import main
from tests.hostile.test_canaries import FORMATS, SCHEMA, Canaries, box, silent
from tests.support import git

__all__ = ["box"]

RULE = """\
code: SAFE001
title: A vault is small
severity: warning
for: vault
when: size(self.id) > 0
check: self.size < 3 && size(self) < 2
message: "{key} has {size(self)} fields and {self.size}, and so has {self}."
at: size
"""
NAMES_A_SECRET = RULE.replace("SAFE001", "SAFE002").replace("self.size < 3", 'self.password != ""')
OUTPUTS = """\
outputs:
  - {id: vaults, file: VAULTS.md, template: vaults.md.j2}
  - {id: last, file: LAST.md, value: "{{ entries.vault | map(attribute='values') | list }}"}
"""
TEMPLATE = """\
{% for entry in entries.vault %}
{{ entry }} {{ entry.key }} {{ entry.values }} {{ entry.note }} {{ entry.text }}
{% endfor %}
"""
SAYS = TEMPLATE.replace("{{ entry.note }}", "{{ entry.password }}{{ entry['pin'] }}{{ entry.values.whole }}")
OTHERS = {
    "json": (
        "box",
        "boxes.json",
        '{{"boxes": [{{"id": "b", "password": "{0}", "pin": "{1}", "odd": "{2}"}}]}}\n',
    ),
    "toml": (
        "tome",
        "tomes.toml",
        '[[tomes]]\nid = "t"\npassword = "{0}"  # {1}\nwhole = {{ "{1}" = "{2}" }}\n',
    ),
    "frontmatter": (
        "page",
        "pages/p.md",
        "---\nid: p\npassword: {0}\nnames: {{{1}: 1}}\nodd: {2}\n---\nbelow\n",
    ),
}


JOURNAL = ".system/registry/.apply"


def other_schema(kind: str, file: str) -> str:
    """The schema of the vault for a kind in another format."""
    layout = (
        "layout: file"
        if file.endswith(".md")
        else f"layout: list, at: {kind.removesuffix('x')}{'xe' * (kind == 'box')}s"
    )
    path = file.replace("/p.", "/{id}.")
    return SCHEMA.replace(
        'kind: vault, layout: list, file: "vaults/{id}.yaml", at: vaults,',
        f'kind: {kind}, {layout}, file: "{path}",',
    )


def said(capfdbinary: pytest.CaptureFixture[bytes]) -> bytes:
    out = capfdbinary.readouterr()
    return out.out + out.err


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def vault(box: Path, canaries: Canaries, capfdbinary: pytest.CaptureFixture[bytes]) -> Path:
    """One vault applied and committed, then changed; one that is not managed."""
    (box / ".system/registry/rules").mkdir()
    (box / ".system/registry/rules/SAFE001.yaml").write_text(RULE)
    (box / ".system/registry/templates").mkdir(exist_ok=True)
    (box / "vaults").mkdir()
    text = "vault:\n" + canaries.entry("plain", "a") + canaries.entry("keys", "b")
    (box / "desired/vault.yaml").write_text(text)
    assert main(["apply", "--yes"]) == 0
    silent(box, canaries, said(capfdbinary), ["apply"])
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        git(box, *words)
    text = (
        "vault:\n"
        + canaries.entry("flow", "a")
        + canaries.entry("block", "n").replace("  password", "  size: 5\n  password")
    )
    (box / "desired/vault.yaml").write_text(text)
    (box / "vaults/u.yaml").write_text("vaults:\n" + canaries.entry("merge", "u"))
    return box


def sweep(
    root: Path, canaries: Canaries, capfdbinary: pytest.CaptureFixture[bytes], *calls: list[str]
) -> list[int]:
    codes = []
    for words in calls:
        codes.append(main(words))
        silent(root, canaries, said(capfdbinary), words)
    return codes


@pytest.mark.parametrize("form", ["text", "json"])
def test_rules_and_questions(
    form: str, vault: Path, canaries: Canaries, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (vault / "vaults/a.yaml").write_text("vaults:\n" + canaries.entry("quoted", "a"))
    secret = canaries.made[0]
    calls = [
        ["rule", "eval", "SAFE001", "vault/a"],
        ["rule", "eval", "SAFE001", "vault/n"],
        ["rule", "test"],
        ["explain", "SAFE001"],
        ["explain", "vault"],
        ["list", "vault", "--columns", "id,password,pin,whole,tree,tree.leaf,pairs,secret"],
        ["list", "vault", "--where", "password~CAN"],
        ["list", "vault", "--where", "size=5"],
        ["show", "vault/a"],
        ["show", "vault/n"],
        ["diff", "HEAD"],
        ["verify"],
        ["log"],
        ["log", "vault/a"],
        ["schema", "check"],
        ["schema", "check", "--base", "HEAD"],
        ["outputs"],
        ["plan", "--overwrite", "*", "--full"],
        ["plan", "--brief"],
        ["check", "--brief"],
        ["graph"],
    ]
    sweep(vault, canaries, capfdbinary, *([*words, "--format", form] for words in calls))
    # Who asks for a secret by its text learns nothing by the answer.
    answers = []
    for text in (secret, "no-such-thing"):
        main(["list", "vault", "--where", f"password={text}", "--format", form])
        answers.append(said(capfdbinary).replace(text.encode(), b""))
    assert answers[0] == answers[1]


def test_a_rule_or_an_output_that_names_a_secret_is_refused(
    vault: Path, canaries: Canaries, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (vault / ".system/registry/rules/SAFE002.yaml").write_text(NAMES_A_SECRET)
    (vault / ".system/registry/outputs.yaml").write_text(OUTPUTS)
    (vault / ".system/registry/templates/vaults.md.j2").write_text(SAYS)
    for form in FORMATS:
        sweep(vault, canaries, capfdbinary, ["plan", "--format", form], ["check", "--format", form])
    assert main(["plan", "--format", "json"]) == 3
    assert b"x-secret" in said(capfdbinary)
    sweep(
        vault,
        canaries,
        capfdbinary,
        ["apply", "--yes", "--overwrite", "*"],
        ["outputs"],
        ["rule", "eval", "SAFE002", "vault/a"],
    )


def test_an_output_of_everything_has_no_secret(
    vault: Path, canaries: Canaries, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (vault / ".system/registry/outputs.yaml").write_text(OUTPUTS)
    (vault / ".system/registry/templates/vaults.md.j2").write_text(TEMPLATE)
    sweep(
        vault,
        canaries,
        capfdbinary,
        ["plan", "--overwrite", "*", "--full"],
        ["plan", "--overwrite", "*", "--format", "json"],
        ["apply", "--yes", "--overwrite", "*"],
        ["outputs", "--format", "json"],
        ["outputs", "new", "--template", "table", "--kind", "vault", "--format", "json"],
        ["apply", "--yes", "--overwrite", "*"],
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_verbs(
    form: str,
    vault: Path,
    canaries: Canaries,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    editor = vault.parent / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "s/C[A]NARY/&x/; s/note/nope/" "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.setenv("VISUAL", str(editor))
    new = [canaries.entry("plain", "x").split("password: ")[1].strip() for _ in range(4)]
    calls = [
        ["set", "vault/a", "note=seen"],
        ["set", "vault/a", f"password={new[0]}"],
        ["set", "vault/a", f"password={new[1]}", "--apply", "--yes"],
        ["set", "vault/a", f"pin={new[2]}"],
        ["set", "vault/*", "size=1", "--where", "size=5", "--apply", "--yes"],
        ["edit", "vault/n"],
        ["rename", "vault/a", "vault/c"],
        ["rename", "vault/a", "c", "--apply", "--yes"],
        ["rm", "vault/n"],
        ["add", "vault", "--entry-json", json.dumps({"id": "k", "password": new[3], "note": "x" * 50})],
        ["add", "vault", "--entry-json", json.dumps({"id": "k", "password": new[3]}), "--apply", "--yes"],
        ["fix"],
        ["fix", "--unsafe", "--diff"],
        ["fix", "--set", "note=short"],
        ["plan"],
        ["apply", "--yes", "--overwrite", "*"],
        ["rm", "vault/c", "--apply", "--yes"],
        ["log"],
    ]
    sweep(vault, canaries, capfdbinary, *([*words, "--format", form] for words in calls))


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats(
    name: str, vault: Path, canaries: Canaries, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    kind, file, text = OTHERS[name]
    (vault / f".system/registry/schemas/{kind}.schema.yaml").write_text(other_schema(kind, file))
    there = vault / "vaults" / "other"
    there.mkdir()
    path = vault / file
    path.parent.mkdir(exist_ok=True)
    made = [canaries.entry("plain", "x").split("password: ")[1].strip() for _ in range(6)]
    path.write_text(text.format(*made[:3]))
    key = f"{kind}/{'btp'[list(OTHERS).index(name)]}"
    fragment = (
        f"{kind}:\n- id: {key[-1]}\n  password: {made[3]}\n  note: new\n- id: new\n  password: {made[4]}\n"
    )
    calls = [
        *(["plan", "--format", form, "--full"] for form in FORMATS),
        *(["check", "--format", form] for form in FORMATS),
        *(["plan", "--adopt", "*", "--overwrite", "*", "--format", form] for form in FORMATS),
        ["show", key],
        ["list", kind],
        ["drift", "--full"],
        ["diff", "HEAD", "--format", "json"],
        ["fmt", "--diff"],
        ["fix", "--diff"],
        ["verify"],
        ["adopt", key, "--dry-run"],
        ["apply", "--yes", "--adopt", "*", "--overwrite", "*", "--format", "json"],
        ["show", key, "--format", "json"],
        ["log", "--format", "json"],
    ]
    for broken in (False, True):
        (vault / "desired/other.yaml").write_text(fragment + (f'  note: "{made[5]}\n' if broken else ""))
        if broken:
            path.write_text(path.read_text().replace(made[3], made[3] + '"\n{[', 1))
        for words in calls:
            main(words)
            told = said(capfdbinary)
            hits = canaries.found(told, (path.read_bytes(), (vault / "desired/other.yaml").read_bytes()))
            assert hits == [], (words, hits, told[max(0, told.find(b"CANARY") - 300) :][:600])


def test_apply_as_expected(
    vault: Path, canaries: Canaries, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["plan", "--format", "json"]) in (0, 3)
    plan = json.loads(said(capfdbinary))
    assert {plan["inputs"]["desired/vault.yaml"], plan["inputs"]["vaults/a.yaml"]} == {"withheld"}
    assert "sha256:" not in json.dumps([one for one in plan["files"] if one["path"].startswith("vaults/")])
    (vault / "vaults/u.yaml").unlink()
    assert main(["plan", "--format", "json"]) == 0
    expected = json.loads(said(capfdbinary))["plan_id"]
    assert sweep(vault, canaries, capfdbinary, ["apply", "--expect", "sha256:" + "0" * 64]) == [1]
    assert sweep(
        vault, canaries, capfdbinary, ["apply", "--expect", expected, "--verify", "--format", "json"]
    ) == [0]
    assert sweep(vault, canaries, capfdbinary, ["apply", "--expect", expected, "--format", "json"]) != [0]


KILLED = """\
import sys
from registry_reconciler.apply import files
from registry_reconciler.cli.main import main
from tests.crash.faults import kill

committed = False

def hook(index, name, arguments, call):
    global committed
    if committed:
        kill()  # at the first call behind the commit point
    committed = name == "rename" and arguments[2] == "COMMIT"
    return call()

files.watch(hook)
sys.exit(main(["apply", "--yes"]))
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_apply_that_was_interrupted(
    form: str, vault: Path, canaries: Canaries, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (vault / "vaults/u.yaml").unlink()
    done = subprocess.run(
        [sys.executable, "-P", "-c", KILLED],
        cwd=vault,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
    )
    silent_but_journal(vault, canaries, done.stdout + done.stderr, ["apply, killed"])
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert list((vault / JOURNAL).iterdir())
    for words in (
        ["plan"],
        ["check"],
        ["drift"],
        ["show", "vault/a"],
        ["fmt"],
        ["list"],
        ["apply", "--expect", "sha256:0"],
    ):
        main([*words, "--format", form])
        silent_but_journal(vault, canaries, said(capfdbinary), words)
    assert main(["recover", "--format", form]) == 0
    silent(vault, canaries, said(capfdbinary), ["recover"])
    assert not (vault / JOURNAL).exists() or not list((vault / JOURNAL).iterdir())


def silent_but_journal(root: Path, canaries: Canaries, told: bytes, words: list[str]) -> None:
    """The journal holds the files that are to be written; nothing else does, and nobody else may look into it."""
    assert b"Traceback" not in told, told[-2000:]
    assert canaries.found(told) == [], words
    for folder in (root / JOURNAL).glob("*/"):  # the next apply recovers, and then there is none
        assert folder.stat().st_mode & 0o077 == 0, oct(folder.stat().st_mode)
    theirs = (root / "desired", root / "vaults", root / ".git", root / JOURNAL)
    for path in root.parent.rglob("*"):
        if path.is_file() and not any(one in path.parents for one in theirs):
            assert canaries.found(path.read_bytes()) == [], path
