"""The page about adopting, run line by line through the installed command.

``python -m tests.docs.test_adopting`` writes the output anew; read the diff before you commit it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.docs.test_readme import BLOCK, session

PAGE = Path(__file__).parents[2] / "docs/adopting.md"


@pytest.mark.slow
def test_the_page_about_adopting_is_true(tmp_path: Path) -> None:
    if shutil.which("sh") is None:
        pytest.skip("the session is for a POSIX shell")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    text = PAGE.read_text("utf-8")
    assert session(tmp_path, text) == text
    assert len(BLOCK.findall(text)) >= 8


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", folder], check=True)
        PAGE.write_text(session(Path(folder), PAGE.read_text("utf-8")), "utf-8")
