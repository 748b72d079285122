"""The pages that are sessions, each run line by line through the installed command.

``python -m tests.docs.test_sessions [PAGE]`` writes their output anew; read the diff before you commit it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.docs.test_readme import BLOCK, session

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"tutorial.md": 12, "branches.md": 4, "secrets.md": 1}
"""Each page, and how many sessions it has at least."""


def run(folder: Path, page: str) -> str:
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    return session(folder, (DOCS / page).read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_true(page: str, tmp_path: Path) -> None:
    if shutil.which("sh") is None:
        pytest.skip("the session is for a POSIX shell")
    text = (DOCS / page).read_text("utf-8")
    assert len(BLOCK.findall(text)) >= PAGES[page]
    assert run(tmp_path, page) == text


if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        with tempfile.TemporaryDirectory() as folder:
            written = run(Path(folder), name)
        (DOCS / name).write_text(written, "utf-8")
