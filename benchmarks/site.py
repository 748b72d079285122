"""A catalogue beside mkdocs: ``python3 dev.py bench -m benchmarks.site [--entries N] [--pages N]``.

``registry site`` builds a catalogue of so many entries, and mkdocs builds pages of the same texts with its own theme
and search: processor time of whole processes, bytes, files. mkdocs writes the list of all pages into each page, so its
time grows with the square of their number; ``--pages`` gives it fewer, and ours builds as many beside it. The report of
a plan with as many changes is weighed too. Where the browser's environment is (``python3 dev.py browser`` makes it) and
chromium, both sides are looked at: first paint, and how long a search takes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.data import entry, make

ROOT = Path(__file__).parents[1]
_WORDS = ("service 42", "team-7 area", "tier-1", "nothing like this", "keeps what comes")
_TURNS = 3
# No page lets a text be run as a script, so nothing that polls by one works.
_PAINT = """new Promise(done => new PerformanceObserver(
    list => list.getEntriesByName('first-contentful-paint').forEach(entry => done(entry.startTime))
).observe({type: 'paint', buffered: true}))"""


def run(command: Sequence[str], cwd: Path) -> tuple[float, float]:
    """Processor time and clock time of a command, in seconds."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, time.monotonic() - begin


def ours(folder: Path, count: int) -> Path:
    """A workspace of so many entries."""
    make(folder, count)
    return folder


def theirs(folder: Path, count: int) -> Path:
    """As many pages for mkdocs, each with the text of one entry."""
    pages = folder / "docs"
    pages.mkdir(parents=True)
    (pages / "index.md").write_text("# Catalogue\n", "utf-8")
    for number in range(count):
        text = f"# Service {number:07}\n\n```yaml\n{entry(number, count)}```\n"
        (pages / f"svc.{number:07}.md").write_text(text, "utf-8")
    (folder / "mkdocs.yml").write_text("site_name: Catalogue\nuse_directory_urls: false\n", "utf-8")
    return folder


def weight(folder: Path) -> str:
    """Files and bytes of a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return f"{len(files):,} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB"


def build(name: str, command: Sequence[str], cwd: Path, out: Path) -> None:
    """Build from nothing and say what it took."""
    shutil.rmtree(out, ignore_errors=True)
    spent, passed = run(command, cwd)
    print(f"{name:<44} {spent:8.1f} s of processor time, {passed:7.1f} s passed, {weight(out)}", flush=True)


def look(pages: dict[str, str]) -> None:
    """In the browser's environment: first paint of pages, and how long searches take in the first."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, path in pages.items():
            paints = []
            for _ in range(_TURNS):
                page = browser.new_page()
                page.goto(Path(path).as_uri())
                paints.append(page.evaluate(_PAINT))
                if len(paints) < _TURNS:
                    page.close()
            print(f"{name:<44} first paint {statistics.median(paints):6.0f} ms")
            if page.locator("#find").count():
                took = [_search(page, words) for words in _WORDS]
                print(f"{name:<44} search {statistics.median(took):6.1f} ms, at worst {max(took):.1f}")
            page.close()
        browser.close()


def _search(page: Any, words: str) -> float:
    """Milliseconds from the last letter until what was found is laid out; the texts are there already."""
    page.fill("#q", "x")
    page.wait_for_selector("#find[data-took]")
    script = """words => new Promise(done => {
        const input = document.getElementById('q'), begin = performance.now();
        new MutationObserver(() => { document.body.offsetHeight; done(performance.now() - begin); })
            .observe(document.getElementById('find'), {attributes: true, attributeFilter: ['data-settled']});
        input.value = words; input.dispatchEvent(new Event('input'));
    })"""
    took: float = page.evaluate(script, words)
    return took


def seen(pages: dict[str, Path]) -> None:
    """Ask the browser's environment, where there is one."""
    python = ROOT / ".venv-browser/bin/python"
    if not python.exists() or shutil.which("chromium") is None:
        print("no browser: python3 dev.py browser makes its environment, and chromium has to be there")
        return
    words = json.dumps({name: str(path) for name, path in pages.items()})
    subprocess.run([str(python), "-m", "benchmarks.site", "--look", words], cwd=ROOT, check=True)


def main() -> None:
    """Build, weigh and look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=1_000, help="so many pages for mkdocs")
    parser.add_argument("--look", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.look:
        look(json.loads(arguments.look))
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        home = Path(folder)
        registry = [sys.executable, "-m", "registry_reconciler"]
        large, small = ours(home / "large", arguments.entries), ours(home / "small", arguments.pages)
        peer = theirs(home / "peer", arguments.pages)
        mkdocs = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
        count, pages = f"{arguments.entries:,}", f"{arguments.pages:,}"
        build(f"registry site, {pages} entries", [*registry, "site", "--out", "../a"], small, home / "a")
        build(f"mkdocs build, {pages} pages", mkdocs, peer, peer / "site")
        build(f"registry site, {count} entries", [*registry, "site", "--out", "../b"], large, home / "b")
        changed = home / "changed"
        make(changed, arguments.entries, changed=100)
        report = home / "report.html"
        run([*registry, "plan", "--full", "--report", f"html={report}"], changed)
        print(f"{f'report of {count} changes, --full':<44} {report.stat().st_size / 1e6:.1f} MB", flush=True)
        seen(
            {
                f"registry site, {count} entries": home / "b/index.html",
                f"its kind, page 1 of {-(-arguments.entries // 500)}": home / "b/kinds/service.html",
                f"mkdocs, {pages} pages": peer / "site/index.html",
                f"report of {count} changes, --full": report,
            }
        )


if __name__ == "__main__":
    main()
