"""Registries in TOML through the installed command: adopted, edited, drifted, masked, served; and hostile texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.runtime import open_runtime
from tests.support import installed, lay_out

SCHEMAS = ".system/registry/schemas"
SERVER = """\
x-registry: {kind: mcp_server, layout: map, file: .codex/config.toml, at: mcp_servers, key: id}
type: object
properties:
  id: {type: string}
  env: {type: object, additionalProperties: {type: string}}
"""
AGENT = """\
x-registry: {kind: agent, layout: list, file: agents.toml, at: agents, key: name, names: {name: name}}
type: object
properties: {name: {type: string}, since: {type: string}, rank: {type: integer}}
"""
ROLE = """\
x-registry: {kind: role, layout: file, file: "roles/{name}.toml", key: name}
type: object
properties: {name: {type: string}}
"""
CODEX = """\
# Codex
model = "o3"

# Looks at git.
[mcp_servers.git]
command = "uvx"   # fast
args = [
  "mcp-server-git",  # the server
]

[mcp_servers.git.env]
TOKEN = "CANARY-one"

# Files.
[mcp_servers.fs]
command = 'npx'

[tui]
notifications = true"""
AGENTS = """\
title = "All agents"

# First.
[[agents]]
name = "a"
since = 2024-01-02

[[agents]]
name = "c"
since = 2024-05-06
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {f"{SCHEMAS}/mcp_server.schema.yaml": SERVER, f"{SCHEMAS}/agent.schema.yaml": AGENT}
    files |= {f"{SCHEMAS}/role.schema.yaml": ROLE, ".codex/config.toml": CODEX, "agents.toml": AGENTS}
    files |= {"roles/lead.toml": '# Leads.\nname = "lead"\nlevel = 1\n', "desired/.gitkeep": ""}
    return lay_out(tmp_path, files)


def run(root: Path, *words: str) -> str:
    ran = installed(*words, cwd=root)
    assert ran.exit in (0, 2), ran.out + ran.err
    return ran.out


def change(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text(encoding="utf-8")
    assert old in text
    (root / path).write_text(text.replace(old, new), encoding="utf-8")


def adopted(root: Path) -> None:
    run(root, "adopt", "--all")
    run(root, "apply", "--yes")


def test_adopting_changes_no_byte_and_fragments_are_plain_yaml(root: Path) -> None:
    adopted(root)
    assert (root / ".codex/config.toml").read_text() == CODEX
    assert (root / "agents.toml").read_text() == AGENTS
    assert (
        "  # Looks at git.\n  - id: git\n    command: uvx  # fast\n"
        in (root / "desired/mcp_server.yaml").read_text()
    )
    assert installed("plan", "--detailed-exitcode", cwd=root).exit == 0


def test_only_the_lines_that_were_asked_for_change(root: Path) -> None:
    adopted(root)
    change(root, "desired/mcp_server.yaml", "command: uvx", "command: uv")
    change(root, "desired/agent.yaml", "2024-01-02", "2025-01-02")
    with (root / "desired/agent.yaml").open("a") as file:
        file.write("  # Between.\n  - name: b\n    since: 2024-03-04\n    rank: 2\n")
    run(root, "apply", "--yes")
    assert (root / ".codex/config.toml").read_text() == CODEX.replace('"uvx"', '"uv"')
    new = '# Between.\n[[agents]]\nname = "b"\nsince = 2024-03-04\nrank = 2\n\n'
    expected = AGENTS.replace("2024-01-02", "2025-01-02").replace(
        '[[agents]]\nname = "c"', f'{new}[[agents]]\nname = "c"'
    )
    assert (root / "agents.toml").read_text() == expected
    assert installed("plan", "--detailed-exitcode", cwd=root).exit == 0


def test_a_rename_takes_the_tables_below_along(root: Path) -> None:
    adopted(root)
    change(root, "desired/mcp_server.yaml", "- id: git", "- id: git.hub")
    with (root / "desired/mcp_server.yaml").open("a") as file:
        file.write("moved:\n  - {from: mcp_server/git, to: mcp_server/git.hub}\n")
    run(root, "apply", "--yes")
    assert (root / ".codex/config.toml").read_text() == CODEX.replace(
        "mcp_servers.git", 'mcp_servers."git.hub"'
    )


def test_the_last_entries_leave_an_empty_container_and_files_go(root: Path) -> None:
    adopted(root)
    for kind in ("mcp_server", "agent", "role"):
        (root / f"desired/{kind}.yaml").unlink()
    run(root, "apply", "--yes", "--allow-mass-delete")
    assert "[mcp_servers]\n" in (root / ".codex/config.toml").read_text()
    assert (root / "agents.toml").read_text().startswith('title = "All agents"\nagents = []\n')
    assert not (root / "roles/lead.toml").exists()
    assert installed("plan", "--detailed-exitcode", cwd=root).exit == 0


def test_an_edit_by_hand_is_drift_at_its_line(root: Path) -> None:
    adopted(root)
    change(root, "agents.toml", "2024-05-06", "2024-05-07")
    found = installed("drift", "--format", "json", cwd=root)
    assert found.exit == 2
    assert [(one["address"], one["location"]["line"]) for one in found.json["drift"]] == [("agent/c", 8)]
    run(root, "drift", "--revert", "agent/c")
    run(root, "apply", "--yes")
    assert (root / "agents.toml").read_text() == AGENTS


def test_secrets_are_masked(root: Path) -> None:
    change(root, f"{SCHEMAS}/mcp_server.schema.yaml", "{type: string}}", "{type: string, x-secret: true}}")
    adopted(root)
    change(root, ".codex/config.toml", "CANARY-one", "CANARY-two")
    for words in (("plan",), ("plan", "--format", "json"), ("drift",), ("show", "mcp_server/git"), ("diff",)):
        ran = installed(*words, cwd=root)
        assert "CANARY" not in ran.out + ran.err, words


def test_null_is_refused_by_name_and_nothing_is_written(root: Path) -> None:
    adopted(root)
    change(root, "desired/agent.yaml", "name: a\n", "name: a\n    note: null\n")
    ran = installed("apply", "--yes", cwd=root)
    assert ran.exit == 3
    assert "note is null, and TOML has no null" in " ".join(ran.out.split())
    assert (root / "agents.toml").read_text() == AGENTS


def test_the_runtime_serves_what_toml_says(root: Path) -> None:
    adopted(root)
    found = open_runtime(root).get("agent/a")
    assert found is not None
    assert found.value["since"] == "2024-01-02"


HOSTILE = {
    "a key that stands twice": (b'a = 1\na = 2\n', "TML002", 2),
    "a table defined twice": (b"[a]\nx = 1\n[b]\n[a]\ny = 2\n", "TML002", 4),
    "a table that keys with dots made": (b"a.b = 1\n[a]\nc = 2\n", "TML002", 2),
    "a table added to what stands in one piece": (b"a = {}\n[a.b]\n", "TML002", 2),
    "a key twice in an inline table": (b"a = {b = 1, b = 2}\n", "TML002", 1),
    "an array that does not end": (b"a = [1,\n", "TML001", 2),
    "a string that does not end": (b'a = """x\n', "TML001", 2),
    "no value": (b"a =\n", "TML001", 1),
    "null": (b"a = null\n", "TML001", 1),
    "a lone surrogate as an escape": (b'a = "\\ud800"\n', "TML001", 1),
    "a byte that is no UTF-8": (b"a = '\xff'\n", "YML002", 1),
    "a lone surrogate as bytes": (b"a = '\xed\xa0\x80'\n", "YML002", 1),
    "NUL": (b"a = '\0'\n", "TML001", 1),
    "UTF-16": ("a = 1\n".encode("utf-16"), "YML002", 1),
    "a byte order mark in the middle": (b"a = 1\n\xef\xbb\xbfb = 2\n", "TML001", 2),
    "a conflict": (b"<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> b\n", "YML010", 1),
    "a huge integer": (b"x = 1\na = " + b"9" * 5000 + b"\n", "TML003", 2),
    "an integer of many digits": (b"a = " + b"9" * 500 + b"\n", "TML003", 1),
    "a huge integer in hexadecimal": (b"a = 0x" + b"f" * 100_000 + b"\n", "TML003", 1),
    "deep arrays": (b"a = " + b"[" * 100_000 + b"\n", "TML003", 1),
    "deep arrays that end": (b"a = " + b"[" * 300 + b"]" * 300 + b"\n", "TML003", 1),
    "deep inline tables": (b"a = " + b"{a=" * 50_000 + b"1" + b"}" * 50_000 + b"\n", "TML003", 1),
    "a key of many parts": (b".".join([b"a"] * 100_000) + b" = 1\n", "TML003", 1),
    "a header of many parts": (b"[" + b".".join([b"a"] * 100_000) + b"]\n", "TML003", 1),
    "a huge text": (b"a = '" + b"x" * 2_000_000 + b"'\n", "TML003", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_a_problem_at_its_line(name: str, root: Path) -> None:
    data, code, line = HOSTILE[name]
    (root / "agents.toml").write_bytes(data)
    ran = installed("apply", "--yes", "--format", "json", cwd=root)
    found = [
        (one["code"], one["location"]["line"]) for one in ran.json["problems"] if one["code"] != "KND002"
    ]
    assert (code, line) in found, found
    assert "Traceback" not in ran.err
    assert (root / "agents.toml").read_bytes() == data


@pytest.mark.parametrize("value", ["inf", "nan", "1e999", "-1e400", "07:32:00", "1979-05-27 07:32:00.5"])
def test_what_json_has_no_word_for_is_its_text(value: str, root: Path) -> None:
    (root / "agents.toml").write_text(f'[[agents]]\nname = "x"\nodd = {value}\nn = 1\n')
    adopted(root)
    assert (
        f'odd: "{value}"' in (root / "desired/agent.yaml").read_text()
        or f"odd: {value}" in (root / "desired/agent.yaml").read_text()
    )
    change(root, "desired/agent.yaml", "1\n", "2\n")
    run(root, "apply", "--yes")
    assert (root / "agents.toml").read_text() == f'[[agents]]\nname = "x"\nodd = {value}\nn = 2\n'
