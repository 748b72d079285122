"""A value at a field marked ``x-secret`` is in no output, no state, no history, no cache: whatever happens to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.hostile.helper import Used, run, unharmed
from tests.support import git

COMMON = """\
$defs:
  token: {type: string, x-secret: true, pattern: '^C'}
  creds:
    type: object
    properties:
      user: {type: string}
      password: {type: string, x-secret: true, maxLength: 30}
"""
VAULT = """\
type: object
required: [id]
additionalProperties: false
properties:
  id: {type: string}
  note: {type: string}
  token: {$ref: "common.schema.yaml#/$defs/token"}
  creds: {type: array, items: {$ref: "common.schema.yaml#/$defs/creds"}}
  extra: {type: object, additionalProperties: {type: string, x-secret: true}}
  bag: {type: object, patternProperties: {"^x": {type: string, x-secret: true}}}
  pin: {type: integer, x-secret: true}
  either: {anyOf: [{type: integer}, {type: string, x-secret: true}]}
  word: {maxLength: 8, x-secret: true}
  whole: {type: object, x-secret: true}
x-registry:
  kind: vault
  layout: list
  file: vault.yaml
  at: vaults
  key: id
"""
SHOWN = {
    "names": "names: {name: token}",
    "references": "references: [{field: token, kind: vault}]",
    "paths": 'paths: [{field: "creds[].password", missing: error}]',
    "unique": "unique: [[id, token]]",
    "acyclic": "acyclic: [extra.k]",
    "file": 'file: "vault/{token}.yaml"',
    "key": "key: either",
}
PIN = "8675309"
ENTRY = """\
- id: {id}
  note: {note}
  token: CANARY-token-{n}
  creds: [{{user: ann, password: CANARY/password-{n}}}]
  extra: {{k: CANARY-extra-{n}}}
  bag: {{x1: CANARY-bag-{n}}}
  pin: {pin}{n}
  either: CANARY-either-{n}
  word: CANARY-{letter}
  whole: {{CANARY-key: [CANARY-deep-{n}]}}
"""
WRONG = """\
- id: wrong
  token: [CANARY-in-a-list]
  creds: [{user: 1, password: CANARY-much-too-long-for-what-is-allowed-here}]
  extra: {k: {CANARY-a: CANARY-b}}
  bag: {x1: [CANARY]}
  pin: CANARY-pin
  word: CANARY-z
  whole: CANARY
"""
FORMATS = ("text", "json", "markdown", "sarif", "github")
LOOKS: tuple[tuple[str, ...], ...] = (
    *(("plan", "--full", "--overwrite", "vault/*", "--format", form) for form in FORMATS),
    *(("plan", "--format", form) for form in FORMATS),
    *(("check", "--format", form) for form in FORMATS),
    *(("diff", "HEAD", "--format", form) for form in FORMATS),
    *(
        (*words, "--format", form)
        for form in ("text", "json")
        for words in (
            ("drift", "--full"),
            ("show", "vault/a"),
            ("show", "vault/b"),
            ("list", "vault"),
            ("graph",),
            ("explain", "vault"),
            ("fmt", "--check"),
            ("fix",),
            ("adopt", "vault/b", "--dry-run"),
            ("collisions",),
            ("schema", "fragment"),
        )
    ),
)


def entry(id: str, n: int, note: str = "x") -> str:
    return ENTRY.format(id=id, n=n, note=note, pin=PIN, letter="ab"[n % 2])


@pytest.fixture
def vault(root: Path) -> Path:
    """One entry applied and committed, then changed on both sides; one that is not managed; secrets everywhere."""
    schemas = root / ".system/registry/schemas"
    (schemas / "common.schema.yaml").write_text(COMMON)
    (schemas / "vault.schema.yaml").write_text(VAULT)
    (root / "desired/vault.yaml").write_text("vault:\n" + entry("a", 1))
    done = run(root, "apply", "--yes", "--format", "json")
    assert done.exit == 0, done.out
    silent(done, root)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        git(root, *words)
    (root / "desired/vault.yaml").write_text("vault:\n" + entry("a", 3, "y") + entry("c", 3) + WRONG)
    (root / "vault.yaml").write_text("vaults:\n" + entry("a", 2) + entry("b", 2) + entry("d", 2))
    return root


def silent(used: Used, root: Path) -> None:
    """No secret in what a command said, nor in any file but those where people wrote it."""
    unharmed(used)
    for text in (used.out, used.err):
        assert "CANARY" not in text, text[max(0, text.index("CANARY") - 300) :][:600]
        assert PIN not in text, text[max(0, text.index(PIN) - 300) :][:600]
    theirs = {root / "vault.yaml", root / "desired/vault.yaml"}
    for path in root.parent.rglob("*"):
        if path.is_file() and path not in theirs and ".git" not in path.parts and path.suffix != ".schema":
            if path.name.endswith(".schema.yaml"):
                continue
            data = path.read_bytes()
            assert b"CANARY" not in data, path
            assert PIN.encode() not in data, path


def home(root: Path) -> dict[str, str]:
    """The user's own folders, where caches and logs go."""
    return {name: str(root.parent / name) for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")}


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_no_command_shows_a_secret(words: tuple[str, ...], vault: Path) -> None:
    used = run(vault, *words, env=home(vault))
    assert used.exit in (0, 2, 3), used.err
    silent(used, vault)


def test_no_command_that_writes_shows_or_keeps_a_secret(vault: Path) -> None:
    (vault / "desired/vault.yaml").write_text("vault:\n" + entry("a", 3, "y") + entry("c", 3))
    for words in (
        ("plan", "--overwrite", "vault/a", "--out", "../plan.json"),
        ("apply", "../plan.json", "--format", "json"),
        ("adopt", "vault/b", "--into", "desired/vault.yaml"),
        ("drift", "--accept", "vault/a"),
        ("run", "vault", "--format", "json"),
        ("baseline",),
        ("apply", "--yes", "--allow-mass-delete"),
    ):
        used = run(vault, *words, env=home(vault))
        silent(used, vault)
    assert "CANARY-token-3" in (vault / "vault.yaml").read_text()


def test_what_add_refuses_it_does_not_repeat(vault: Path) -> None:
    os.unlink(vault / "desired/vault.yaml")
    text = '{"id": "z", "token": "wrong-CANARY", "pin": "CANARY", "word": "CANARY"}'
    for form in ("text", "json"):
        used = run(vault, "add", "vault", "--entry-json", text, "--format", form)
        assert used.exit != 0
        silent(used, vault)


@pytest.mark.parametrize("where", SHOWN)
def test_a_secret_can_be_no_field_that_is_shown(where: str, vault: Path) -> None:
    schema = VAULT.replace("  key: id\n", "") if where == "key" else VAULT
    schema = schema.replace("  file: vault.yaml\n", "") if where == "file" else schema
    (vault / ".system/registry/schemas/vault.schema.yaml").write_text(f"{schema}  {SHOWN[where]}\n")
    used = run(vault, "check", "--format", "json")
    assert used.exit == 3
    assert "is marked x-secret" in used.out
    silent(used, vault)


def test_a_rule_that_names_a_secret_is_silenced(root: Path) -> None:
    schema = root / ".system/registry/schemas/route.schema.yaml"
    text = schema.read_text()
    assert text.count("  topic:\n") == 1
    schema.write_text(text.replace("  topic:\n", "  topic:\n    x-secret: true\n"))
    routes = (root / "desired/all.yaml").read_text()
    more = routes[routes.index("  - id: api.errors") :].replace("errors", "CANARY-topic")
    twice = more.replace("api.CANARY-topic", "api.one") + more.replace("api.CANARY-topic", "api.two")
    (root / "desired/all.yaml").write_text(routes + twice)
    for form in FORMATS:
        used = run(root, "check", "--format", form)
        unharmed(used)
        assert "api.two" in used.out
        assert "CANARY" not in used.out + used.err
