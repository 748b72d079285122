"""Canaries: every secret of a workspace, in every shape and fault, looked for in all that every command says or keeps.

The commands run in this process, so that a whole sweep over commands, formats and states is affordable.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_reconciler.cli.main import main
from tests.support import FRAGMENT, git

FORMATS = ("text", "json", "markdown", "sarif", "github")
SCHEMA = """\
type: object
required: [id]
additionalProperties: false
$defs:
  tree:
    type: object
    properties:
      leaf: {type: string, x-secret: true}
      below: {$ref: "#/$defs/tree"}
properties:
  id: {type: string}
  note: {type: string, maxLength: 40}
  size: {type: integer}
  password: {type: string, x-secret: true, minLength: 3}
  pin: {type: integer, x-secret: true, enum: [1]}
  tree: {$ref: "#/$defs/tree"}
  pairs: {type: array, items: {type: object, properties: {user: {type: string}, key: {type: string, x-secret: true}}}}
  first: {type: array, prefixItems: [{type: string, x-secret: true}]}
  some: {type: array, contains: {type: string, x-secret: true}}
  names: {type: object, propertyNames: {x-secret: true}}
  either: {oneOf: [{type: integer}, {type: object, properties: {inner: {x-secret: true}}}]}
  whole: {type: object, x-secret: true}
x-registry: {kind: vault, layout: list, file: "vaults/{id}.yaml", at: vaults, key: id}
"""
# Each is one entry in YAML; %s becomes a canary, a new one each time.
SHAPES = {
    "plain": "password: %s",
    "quoted": "password: '%s'\n  tree: {leaf: \"%s\"}",
    "folded": "password: >-\n    %s\n    %s\n\n    %s",
    "block": "password: |\n    -----BEGIN %s\n    %s\n    -----END %s",
    "flow": "pairs: [{user: ann, key: %s}, {key: %s, user: bob}]",
    "deep": "tree: " + "{below: " * 35 + "{leaf: %s}" + "}" * 35,
    "keys": "whole: {%s: {%s: [%s, {%s: null}]}}\n  names: {%s: %s}",
    "items": "first: [%s]\n  some: [%s, %s]",
    "anchor": "password: &it %s\n  tree: {leaf: *it}",
    "merge": "tree: &at {leaf: %s}\n  pairs:\n  - {<<: *at, user: x}",
    "number": "pin: 86753%d",
    "float": "pin: 86753%d.5",
    "short": "password: q7",
    "a list for a text": "password: [%s, {%s: %s}]",
    "a mapping for a text": "password: {%s: %s}",
    "a text for a mapping": "tree: %s\n  either: %s",
    "a text for a list": "pairs: %s\n  names: %s",
    "a mapping for a list": "pairs: {user: ann, key: %s}",
    "a list for a mapping": "tree: [%s, {leaf: %s}]",
    "an item of another type": "pairs: [%s, [%s]]",
    "a misspelt name": "pasword: %s\n  tree: {lefa: %s}\n  tre: {leaf: %s}",
    "a misspelt item": "pairs: [{user: ann, kye: %s}]",
    "an unknown field": "secret: {%s: %s}",
    "tagged": "password: !!str %s",
    "no key": "password: %s\n  id: null",
    "twice": "password: %s\n  password: %s",
    "twice inside": "whole: {%s: 1, %s: 2}\n  tree: {leaf: %s, leaf: %s}",
    "bad syntax": 'password: "%s',
    "bad alias": "password: *%s",
    "bad tag": "password: !!python/name:%s x",
    "too long": "password: %s\n  note: a text that is much longer than what the schema says it may be",
}
UNREADABLE = ("twice", "twice inside", "bad syntax", "bad alias", "bad tag")
VALID = (
    "plain",
    "quoted",
    "folded",
    "block",
    "flow",
    "deep",
    "keys",
    "items",
    "anchor",
    "merge",
    "short",
    "tagged",
)
SWEEPS: dict[str, tuple[str, ...]] = {
    "in order": VALID,
    "faults": tuple(shape for shape in SHAPES if shape not in (*VALID, *UNREADABLE)),
    **{shape: (shape,) for shape in UNREADABLE},
}
"""The shapes that are in a workspace at the same time: what cannot be read hides its whole file."""


_NUMBER = re.compile(rb"(?<![0-9a-f])86753")
"""How every number begins. In the middle of a digest it stands by chance."""


class Canaries:
    """Makes canaries and finds them again."""

    def __init__(self) -> None:
        self.count = 0
        self.made: list[str] = []

    def entry(self, shape: str, key: str) -> str:
        """An entry of one shape, with canaries of its own."""
        text = SHAPES[shape]
        head, *rest = text.replace("%d", "%s").split("%s")
        numbers = "%d" in text
        for part in rest:
            self.count += 1
            canary = f"{1000 + self.count}" if numbers else f"CANARY{1000 + self.count}x"
            self.made.append(f"86753{canary}" if numbers else canary)
            head += canary + part
        return f"- id: {key}\n  {head}\n" if "id:" not in text else f"- {head}\n"

    def found(self, data: bytes, files: tuple[bytes, ...] = ()) -> list[str]:
        """What of the canaries, or a digest of them or of a file that holds them, stands in some bytes."""
        hidden = [one for one in self.made if one.encode() in data]
        hidden += ["the start of them all"] if b"CANARY" in data or _NUMBER.search(data) else []
        for text in (*(one.encode() for one in self.made), *files):
            forms = (hashlib.sha256(text).hexdigest().encode(), base64.b64encode(text).rstrip(b"="))
            hidden += [f"digest of {text[:30]!r}" for form in forms if len(form) > 8 and form in data]
        return hidden


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Path:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    monkeypatch.setenv("REGISTRY_ACTOR", "ada")
    monkeypatch.delenv("REGISTRY_NO_CACHE", raising=False)
    root = tmp_path / "work"
    root.mkdir()
    monkeypatch.chdir(root)
    assert main(["init"]) == 0
    (root / ".system/registry/schemas/vault.schema.yaml").write_text(SCHEMA)
    (root / "desired/all.yaml").write_text(FRAGMENT)
    capfdbinary.readouterr()
    return root


def looks(key: str, reports: Path) -> Iterator[list[str]]:
    """Every command that only looks, in every format that it has."""
    for form in FORMATS:
        yield ["plan", "--full", "--format", form, "--report", f"{form}={reports / form}"]
        yield ["check", "--format", form]
        yield ["diff", "HEAD", "--format", form]
    yield ["plan", "--base", "HEAD", "--format", "json"]
    yield ["plan", "--overwrite", "*", "--brief", "--out", str(reports / "saved.json")]
    for form in ("text", "json"):
        for words in (
            ["fmt", "--diff"],
            ["fmt", "--check"],
            ["fix", "--diff"],
            ["drift", "--full"],
            ["show", f"vault/{key}"],
            ["list", "vault"],
            ["list"],
            ["graph"],
            ["explain", f"vault/{key}"],
            ["explain", "vault"],
            ["adopt", "--all", "--dry-run"],
            ["collisions"],
            ["run", f"{key}"],
            ["schema", "fragment"],
        ):
            yield [*words, "--format", form]


def holders(root: Path) -> tuple[bytes, ...]:
    """The bytes of all files in which people wrote secrets."""
    return tuple(
        path.read_bytes()
        for folder in ("desired", "vaults")
        for path in sorted((root / folder).glob("*.yaml"))
        if path.name != "all.yaml"
    )


def silent(root: Path, canaries: Canaries, said: bytes, words: list[str]) -> None:
    files = holders(root)
    assert b"Traceback" not in said, (words, said[-2000:])
    assert b"fault of registry" not in said, (words, said[-2000:])
    hits = canaries.found(said, files)
    assert hits == [], (words, hits[:3], said[max(0, said.find(b"CANARY") - 300) :][:600])
    theirs = (root / "desired", root / "vaults", root / ".git")
    for path in root.parent.rglob("*"):
        if path.is_file() and not any(one in path.parents for one in theirs):
            hits = canaries.found(path.read_bytes(), files)
            assert hits == [], (words, path, hits[:3])


@pytest.mark.slow
@pytest.mark.parametrize("sweep", SWEEPS)
def test_no_command_lets_a_canary_out(
    sweep: str, box: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    canaries = Canaries()
    reports = box.parent / "reports"
    reports.mkdir()
    (box / "vaults").mkdir()
    good = "vault:\n" + canaries.entry("plain", "a") + canaries.entry("flow", "b")
    (box / "desired/vault.yaml").write_text(good)
    assert main(["apply", "--yes"]) == 0
    said = capfdbinary.readouterr()
    silent(box, canaries, said.out + said.err, ["apply"])
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        git(box, *words)
    shapes = [(shape, f"z{number}") for number, shape in enumerate(SWEEPS[sweep])]
    many = "".join(canaries.entry(shape, key) for shape, key in reversed(shapes))
    # Changed on both sides, drifted, new, unmanaged and out of order, beside comments and a fault with a fix.
    (box / "desired/vault.yaml").write_text(
        "vault:\n" + many + canaries.entry("block", "n") + canaries.entry("plain", "a")
    )
    (box / "desired/refers.yaml").write_text(
        "vault:\n" + canaries.entry("keys", "m") + "module_instance:\n"
        "- {module_id: pay.web, module_type: http_ap, description: x}\n"
    )
    (box / "vaults/a.yaml").write_text("vaults:\n" + canaries.entry("plain", "a"))
    for shape, key in shapes:
        (box / f"vaults/{key}.yaml").write_text("vaults:\n" + canaries.entry(shape, key))
    (box / "vaults/u.yaml").write_text("vaults:\n" + canaries.entry("merge", "u"))
    for words in looks("z0", reports):
        main(words)
        said = capfdbinary.readouterr()
        silent(box, canaries, said.out + said.err, words)
    for words in (
        ["fix"],
        ["fmt"],
        ["apply", "--yes", "--overwrite", "*", "--format", "json"],
        ["adopt", "--all", "--by", "file"],
        ["drift", "--accept", "vault/a", "--format", "json"],
        ["apply", "--yes"],
        ["baseline"],
        ["check", "--format", "json"],
    ):
        main(words)
        said = capfdbinary.readouterr()
        silent(box, canaries, said.out + said.err, words)


def test_digests_of_files_that_hold_secrets_are_withheld_and_a_saved_plan_still_applies(
    box: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    canaries = Canaries()
    (box / "desired/vault.yaml").write_text("vault:\n" + canaries.entry("plain", "a"))
    capfdbinary.readouterr()
    assert main(["plan", "--format", "json", "--out", str(box.parent / "saved.json")]) == 0
    plan = json.loads(capfdbinary.readouterr().out)
    files = {one["path"]: one for one in plan["files"]}
    assert files["vaults/a.yaml"]["before"] is None
    assert files["vaults/a.yaml"]["after"] == "withheld"
    assert plan["inputs"]["desired/vault.yaml"] == "withheld"
    assert plan["inputs"]["desired/all.yaml"].startswith("sha256:")
    saved = json.loads((box.parent / "saved.json").read_text())
    assert saved["inputs"]["desired/vault.yaml"] == "withheld"
    assert main(["apply", str(box.parent / "saved.json")]) == 0
    (box / "desired/vault.yaml").write_text("vault:\n" + canaries.entry("plain", "b"))
    capfdbinary.readouterr()
    assert main(["apply", str(box.parent / "saved.json")]) == 1  # another entry: not the plan that was saved
    main(["plan", "--format", "json"])
    said = capfdbinary.readouterr()
    start = said.out.index(b"{")
    plan_id = json.loads(said.out[start:])["plan_id"]
    assert main(["apply", "--expect", plan_id, "--allow-mass-delete"]) in (0, 1)
    assert main(["apply", "--expect", plan_id]) in (0, 1)


def test_a_file_holds_secrets_by_its_kind_and_not_by_what_stands_there(
    box: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (box / "desired/vault.yaml").write_text("vault:\n- id: a\n")
    (box / "desired/odd.yaml").write_text("valut:\n- id: a\n")
    main(["plan", "--format", "json"])
    inputs = json.loads(capfdbinary.readouterr().out)["inputs"]
    assert inputs["desired/vault.yaml"] == "withheld"
    assert inputs["desired/odd.yaml"] == "withheld"  # nobody knows which kind is meant
    (box / ".system/registry/schemas/vault.schema.yaml").write_text(
        SCHEMA.replace("x-secret: true", "x-secret: 'yes'")
    )
    main(["plan", "--format", "json"])
    plan = json.loads(capfdbinary.readouterr().out)
    assert plan["inputs"]["desired/vault.yaml"] == "withheld"
    assert [one["code"] for one in plan["problems"] if one["blocking"]].count("SCH002") > 0


@pytest.mark.parametrize("old", ["vault.yaml", "desired/vault.yaml"])
def test_a_report_about_a_workspace_with_secrets_is_not_kept(
    old: str, box: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    shutil.rmtree(box.parent / "home", ignore_errors=True)
    (box / "desired/vault.yaml").write_text("vault:\n- {id: a, pin: 1}\n")
    for words in (["plan"], ["check"], ["drift"]):
        main(words)
    assert not [path for path in (box.parent / "home").rglob("*") if path.is_file()]


def test_no_fragment_is_named_by_a_secret(box: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (box / "vaults").mkdir()
    (box / "vaults/a.yaml").write_text("vaults:\n- {id: a, note: shown, password: CANARY, pasword: CANARY}\n")
    for field in ("password", "pasword"):
        assert main(["adopt", "vault/a", "--by", field]) == 64
        said = capfdbinary.readouterr()
        assert b"CANARY" not in (said.out + said.err).upper()
    assert not [path for path in box.rglob("*") if "canary" in path.name.lower()]


FAULTY = {
    "a text": "x-secret: 'true'",
    "yes": "x-secret: yes",
    "a number": "x-secret: 1",
    "nothing": "x-secret: null",
    "underscore": "x_secret: true",
    "capitals": "X-Secret: true",
    "one word": "xSecret: true",
    "plural": "x-secrets: true",
    "below a misspelt keyword": "propertys: {k: {x-secret: true}}",
    "below an old keyword": "additionalItems: {x-secret: true}",
    "below an annotation": "x-ui: [{x-secret: true}]",
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_mark_that_nobody_would_obey_refuses_the_kind(
    fault: str, box: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    schema = SCHEMA.replace("{type: string, x-secret: true, minLength: 3}", f"{{{FAULTY[fault]}}}")
    assert schema != SCHEMA
    (box / ".system/registry/schemas/vault.schema.yaml").write_text(schema)
    (box / "desired/vault.yaml").write_text("vault:\n- {id: a, password: CANARY}\n")
    assert main(["plan", "--format", "json"]) == 3
    out = capfdbinary.readouterr().out
    assert b"CANARY" not in out
    assert "SCH002" in [one["code"] for one in json.loads(out)["problems"]]


def test_marks_are_found_among_ten_thousand_fields(
    box: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    many = "".join(f"  f{number}: {{type: string}}\n" for number in range(10_050))
    (box / ".system/registry/schemas/vault.schema.yaml").write_text(
        f"type: object\nproperties:\n  id: {{type: string}}\n{many}  last: {{type: string, x-secret: true}}\n"
        'x-registry: {kind: vault, layout: list, file: "vaults.yaml", at: vaults, key: id}\n'
    )
    (box / "desired/vault.yaml").write_text("vault:\n- {id: a, f7: shown, last: CANARY}\n")
    assert main(["plan", "--full"]) == 0
    out = capfdbinary.readouterr().out
    assert b"shown" in out
    assert b"CANARY" not in out


def test_no_value_of_the_environment_is_kept(
    box: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (box / ".system/registry/schemas/vault.schema.yaml").unlink()
    names = (
        "GITHUB_TOKEN",
        "CI_TOKEN",
        "CI",
        "PYTHONCANARY",
        "LC_CANARY",
        "GITHUB_REPOSITORY",
        "GITHUB_SHA",
        "TERM",
    )
    for name in names:
        monkeypatch.setenv(name, f"CANARY-{name}")
    assert main(["plan"]) == 0
    kept = [path for path in (box.parent / "home").rglob("*") if path.is_file()]
    assert len(kept) >= 2
    for path in kept:
        assert b"CANARY" not in path.read_bytes(), path
        for name in names:
            assert hashlib.sha256(f"CANARY-{name}".encode()).hexdigest().encode() not in path.read_bytes()
