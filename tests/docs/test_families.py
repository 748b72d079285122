"""The pages about families of registries, each run line by line through the installed command.

``python -m tests.docs.test_families`` writes the output anew; read the diff before you commit it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.docs.test_readme import BLOCK, session

PAGES = sorted((Path(__file__).parents[2] / "docs/families").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
@pytest.mark.slow
def test_the_pages_about_families_are_true(page: Path, tmp_path: Path) -> None:
    if shutil.which("sh") is None:
        pytest.skip("the session is for a POSIX shell")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    text = page.read_text("utf-8")
    assert session(tmp_path, text) == text
    assert len(BLOCK.findall(text)) >= 3


def test_the_page_about_adopting_names_each_of_them() -> None:
    adopting = (PAGES[0].parents[1] / "adopting.md").read_text("utf-8")
    assert [page.name for page in PAGES if f"(families/{page.name})" not in adopting] == []
    assert len(PAGES) == 4


if __name__ == "__main__":
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "-q", folder], check=True)
            page.write_text(session(Path(folder), page.read_text("utf-8")), "utf-8")
