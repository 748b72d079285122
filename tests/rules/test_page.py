"""Pages of rules: what is read from them, and when they are read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from registry_reconciler.rules.page import parse_page, read_page

TEXT = """\
## What it checks

One thing.

## Why it matters

A reason.

## Example

Before the plan, and after it:

```yaml
a: 1
---
a: 2
```

## Use instead

```yaml escaped
a: "\\x85\\x0d"
b: \\y
```

## Fix

Do it.
"""


def test_a_page_gives_its_parts() -> None:
    page = parse_page(TEXT)
    assert (page.summary, page.why, page.fix) == ("One thing.", "A reason.", "Do it.")
    assert page.example == "a: 1\n---\na: 2\n"
    assert page.use_instead == 'a: "\x85\r"\nb: \\y\n'
    assert page.text == TEXT


def test_what_to_use_instead_may_be_missing() -> None:
    head, _, rest = TEXT.partition("## Use instead")
    assert parse_page(f"{head}## Fix{rest.partition('## Fix')[2]}").use_instead == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# A title\n\n" + TEXT,
        TEXT.replace("## Why it matters", "## Why"),
        TEXT + "\n## Fix\n\nAgain.\n",
        TEXT.replace("```yaml\n", "```\n"),
        TEXT.replace("## Fix\n\nDo it.\n", ""),
        "## Fix\n\nFirst.\n\n" + TEXT,
    ],
)
def test_a_page_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a page has the parts|an example is a block"):
        parse_page(text)


def test_a_code_without_a_page_is_told() -> None:
    with pytest.raises(FileNotFoundError):
        read_page("XYZ001")


@pytest.mark.parametrize(
    ("text", "pages"), [("module_type: []\n", 0), ("module_type: [{id: A}, {id: a}]\n", 1)]
)
def test_a_plan_reads_only_the_pages_of_what_it_finds(text: str, pages: int, tmp_path: Path) -> None:
    code = (
        "import sys; from registry_reconciler.cli.main import main; main(['init']);"
        f"open('desired/all.yaml', 'w').write({text!r}); main(['plan', '--no-cache']);"
        "from registry_reconciler.rules.page import read_page; print(read_page.cache_info().misses, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ended.stderr.splitlines()[-1] == str(pages)
