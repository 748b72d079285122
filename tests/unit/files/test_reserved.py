"""What is registry's own or git's is told by its name, in every spelling that some system takes for the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import registry_reconciler
from registry_reconciler.apply.receipts import file_ops
from registry_reconciler.errors import WriteFailure
from registry_reconciler.files.reserved import is_reserved, leads_astray
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.plan import FileChange, Plan, PlanOptions

OWN = (
    "desired",
    "desired/x.yaml",
    ".system/registry/config.yaml",
    ".system/registry/baseline.yaml",
    ".system/registry/history.jsonl",
    ".system/registry/history/x.json",
    ".system/registry/outputs.yaml",
    ".system/registry/templates/x.j2",
    ".system/registry/rules/X001.yaml",
    ".system/registry/schemas/x.schema.yaml",
    ".system/registry/state/x.jsonl",
    ".system/registry/.apply/x",
    ".system/registry/AGENTS.md",
    ".system/registry/registry_coordination.md",
    ".system/registry/fragment.schema.json",
    ".system/registry",
    ".system",
)
OF_GIT = (".git/config", "a/.git", ".gitattributes", "a/b/.gitignore", ".gitmodules", "GIT~1/x", "gitatt~1")
FREE = (
    ".system/registry/low-level/x.yaml",
    ".system/registry/high-level/x.yaml",
    ".system/registry/more.yaml",
    ".system/hooks/x.yaml",
    "desired.yaml",
    "undesired/x.yaml",
    "a/desired/x.yaml",
    "git/x.yaml",
    ".github/x.yaml",
    ".github/workflows/x.yaml",
    "gitops~/x.yaml",
)


@pytest.mark.parametrize("path", [*OWN, *OF_GIT])
def test_every_spelling_of_a_reserved_place_is_reserved(path: str) -> None:
    wide = "".join(chr(ord(one) + 0xFEE0) if one.isalpha() else one for one in path)
    spellings = (path, path.upper(), path.swapcase(), path + ".", path.replace("s", "\u017f"), wide)
    for one in (*spellings, path[:2] + "\u200b" + path[2:], path[:1] + "\u00ad" + path[1:]):
        assert is_reserved(one), one


@pytest.mark.parametrize("path", FREE)
def test_what_is_not_reserved_is_free(path: str) -> None:
    assert not is_reserved(path)


def test_every_name_in_the_folder_that_the_program_knows_is_reserved() -> None:
    """What it reads or writes there is named somewhere in its source: a new file of its own must be reserved too."""
    source = Path(registry_reconciler.__file__).parent
    text = "\n".join(path.read_text() for path in sorted(source.rglob("*.py")))
    names = set(re.findall(r"\.system/registry/([A-Za-z._-]+)", text)) - {"low-level", "high-level"}
    assert len(names) > 8
    assert [name for name in sorted(names) if not is_reserved(f".system/registry/{name}")] == []


def test_a_link_may_lead_within_a_place_but_not_into_another() -> None:
    assert not leads_astray("desired/a.yaml", "elsewhere/a.yaml")
    assert not leads_astray("desired/a.yaml", "desired/b.yaml")
    assert leads_astray("desired/a.yaml", ".system/registry/config.yaml")
    assert leads_astray("skills/a.yaml", ".git/hooks/a.yaml")


def test_what_a_link_reaches_in_a_reserved_place_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("x")
    (tmp_path / "skills").symlink_to(".git")
    (tmp_path / "one.yaml").symlink_to(".git/config")
    tree = DiskTree(tmp_path)
    for look in (
        lambda: tree.read("one.yaml"),
        lambda: tree.read("skills/config"),
        lambda: tree.children("skills"),
    ):
        with pytest.raises(UnreadablePath, match="of git"):
            look()
    assert ("skills", "other") in tree.children("")


@pytest.mark.parametrize(
    "path", [".system/registry/config.yaml", "desired/x.yaml", ".gitattributes", "main.py"]
)
def test_no_plan_writes_anything_but_registries_and_state(path: str, tmp_path: Path) -> None:
    plan = Plan(PlanOptions(), (), (), (), (FileChange(path, None, "sha256:" + "0" * 64, b""),), {})
    with pytest.raises(WriteFailure, match="no registry and no file of the state"):
        file_ops(tmp_path, plan)
