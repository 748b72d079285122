"""One browser for all tests here, and what it is shown. Skipped where there is no browser, or nothing to drive it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.cli.main import main
from tests.support import git, lay_out

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: dev.py browser")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium on this machine")
    with driver.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


class Seen:
    """A page in a window of its own, and everything that it does besides being looked at."""

    def __init__(
        self, browser: Any, *, width: int = 1440, theme: str = "light", scripts: bool = True
    ) -> None:
        self.window = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, java_script_enabled=scripts
        )
        self.page = self.window.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.faults.append(f"{self.page.url}: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"{self.page.url}: a dialog {dialog.message}")
        dialog.dismiss()

    def open(self, path: Path) -> Any:
        """Show a file; the page."""
        self.page.goto(path.as_uri())
        return self.page

    def ask_axe(self) -> list[str]:
        """What axe finds in the page that is shown."""
        import axe_playwright_python

        script = Path(axe_playwright_python.__file__).parent / "axe.min.js"
        self.page.evaluate(script.read_text(encoding="utf-8"))
        found: list[str] = self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations'], preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',"
            " 'wcag21aa', 'wcag22aa', 'best-practice']}).then(found => found.violations.map("
            "violation => `${location.pathname}: ${violation.id}: ${violation.nodes[0].html}`))"
        )
        return found


@pytest.fixture(scope="session")
def catalogue(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue of this repository."""
    out = tmp_path_factory.mktemp("own") / "catalogue"
    assert main(("site", "--root", str(ROOT), "--out", str(out), "--title", "registry")) == 0
    return out


EXAMPLE = {
    ".system/registry/schemas/thing.schema.yaml": """\
x-registry:
  kind: thing
  layout: list
  file: t.yaml
  key: id
  names: {name: title}
  references: [{field: "needs[]", kind: thing}]
title: Things
description: What there is, with `code` in it.
type: object
properties:
  id: {type: string, description: The name of it.}
  title: {type: string, description: As people say.}
""",
    "desired/all.yaml": 'thing:\n  - {id: a, title: First, needs: [b, gone], text: "one\\ntwo"}\n'
    + "  - {id: b, title: Second, needs: [c0]}\n"
    + "".join(f"  - {{id: c{number}, title: Next, needs: [c{number + 1}]}}\n" for number in range(6))
    + "  - {id: c6, title: Last}\n",
}
"""A small workspace that stays as it is."""


@pytest.fixture(scope="session")
def example(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its catalogue, below another folder."""
    root = tmp_path_factory.mktemp("example")
    lay_out(root, EXAMPLE)
    assert (
        main(("site", "--root", str(root), "--out", str(root / "host/docs/catalogue"), "--title", "Shop"))
        == 0
    )
    return root / "host/docs/catalogue"


HOSTILE = "<img src=https://evil.example/x onerror=alert(1)><script>alert(2)</script>\"'`{{7*7}}\u202e</title></style>"


@pytest.fixture(scope="session")
def hostile(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports and a catalogue of a workspace whose every text is hostile: ``plan.html``, ``drift.html``, ``out/``."""
    import json

    root = tmp_path_factory.mktemp("hostile")
    spec = {
        "kind": "thing",
        "layout": "list",
        "file": "things<img src=x onerror=alert(3)>.yaml",
        "key": "id",
        "names": {"name": "title", "aliases": "aliases"},
        "references": [{"field": "needs[]", "kind": "thing"}],
    }
    schema = {
        "x-registry": spec,
        "title": HOSTILE,
        "description": HOSTILE,
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": HOSTILE},
            "token": {"type": "string", "x-secret": True},
        },
    }
    entries = [
        {
            "id": f"{HOSTILE} {number}",
            "title": HOSTILE,
            "aliases": [HOSTILE],
            "needs": [HOSTILE],
            HOSTILE: HOSTILE,
        }
        for number in range(3)
    ]
    before = os.getcwd()
    os.chdir(root)
    try:
        assert main(("init", "--kinds", "none")) == 0
        lay_out(
            root,
            {
                ".system/registry/schemas/thing.schema.yaml": json.dumps(schema),
                f"desired/{HOSTILE.replace('/', '-')[:40]}.yaml": f"# {HOSTILE[:60]}\n"
                + json.dumps({"thing": entries}),
            },
        )
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "begin")
        main(("plan", "--report", "html=plan.html", "--label", HOSTILE))
        main(("diff", "HEAD", "--report", "html=diff.html"))
        main(("drift", "--report", "html=drift.html"))
        main(("check", "--report", "html=check.html"))
        assert main(("site", "--out", "out", "--title", HOSTILE)) == 0
        lay_out(root, {"graph.html": _printed(root)})
    finally:
        os.chdir(before)
    return root


def _printed(root: Path) -> str:
    import contextlib
    import io

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        main(("graph", "--format", "html", "--root", str(root)))
    return printed.getvalue()
