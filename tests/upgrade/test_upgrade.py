"""The upgrade notes, walked: a workspace that an older program left is opened by this one.

``python -m tests.upgrade.test_upgrade`` writes their output anew; read the diff before you commit it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.docs.test_readme import session
from tests.upgrade.record import LEFT

PAGE = Path(__file__).parents[2] / "docs/versions.md"


def walked(folder: Path) -> str:
    """The page with what its commands give in the workspace of before."""
    for path, text in json.loads(LEFT.read_text("utf-8"))["files"].items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        (
            "-c",
            "user.name=me",
            "-c",
            "user.email=me@example.org",
            "commit",
            "-qm",
            "As the older program left it",
        ),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return session(folder, PAGE.read_text("utf-8"))


def test_the_upgrade_notes_are_true(tmp_path: Path) -> None:
    if shutil.which("sh") is None:
        pytest.skip("the session is for a POSIX shell")
    registry = json.loads(LEFT.read_text("utf-8"))["files"]["services.yaml"]
    assert walked(tmp_path) == PAGE.read_text("utf-8")
    after = (tmp_path / "services.yaml").read_text("utf-8")
    assert after == registry.replace("  - id: shop\n    team: web", "  - id: shop\n    team: shop")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        written = walked(Path(place))
    PAGE.write_text(written, "utf-8")
