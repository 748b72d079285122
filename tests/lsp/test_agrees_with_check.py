"""What the server says of texts is what ``registry check`` says of them once they are saved."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.lsp.editor import Editor, editing, workspace
from tests.support import installed

FRAGMENT = "desired/docs.yaml"
ROUTES = "modules/routes/api.yaml"
PIECES = (
    "payments.api",
    "payments.ap",
    "http_api",
    "\n",
    "  ",
    "- ",
    ": ",
    "[",
    "]",
    "'",
    "# é\n",
    "\U0001f600",
    "\u2028",
    "\r\n",
    "route:\n",
    "    topic: x\n",
    "\t",
)

pytestmark = pytest.mark.asyncio


def spelt(problem: dict[str, object]) -> tuple[object, ...]:
    """A problem of ``check`` as an editor has it, as far as both say it."""
    location = problem["location"]
    assert isinstance(location, dict)
    return location["path"], problem["code"], max(int(location["line"]) - 1, 0)


async def told(editor: Editor, paths: tuple[str, ...]) -> set[tuple[object, ...]]:
    """What the server says of the texts as they are now."""
    for path in paths:
        await editor.problems(path)
    return {
        (editor.path(uri), diagnostic.code, diagnostic.range.start.line)
        for uri, found in editor.client.diagnostics.items()
        for diagnostic in found
        if diagnostic.source == "registry"
    }


def scribble(random_: random.Random, editor: Editor, path: str) -> None:
    """One edit at a random place."""
    size = len(editor.texts[path].source)
    start = random_.randint(0, size)
    end = min(size, start + random_.choice((0, 0, 0, 1, 3, 12)))
    editor.type(path, start, end, random_.choice((*PIECES, "")))


@pytest.mark.parametrize(("seed", "unit"), [(1, "utf-16"), (2, "utf-8"), (3, "utf-16"), (4, "utf-32")])
async def test_after_random_edits_the_server_and_check_say_the_same(
    tmp_path: Path, seed: int, unit: str
) -> None:
    random_ = random.Random(seed)
    async with editing(workspace(tmp_path), unit) as editor:  # type: ignore[arg-type]
        originals = {}
        for path in (FRAGMENT, ROUTES):
            editor.open(path)
            originals[path] = editor.texts[path].source
        for _ in range(8):
            path = random_.choice((FRAGMENT, ROUTES))
            for _ in range(random_.randint(1, 6)):
                scribble(random_, editor, path)
            said = await told(editor, (FRAGMENT, ROUTES))
            for saved in (FRAGMENT, ROUTES):
                (tmp_path / saved).write_bytes(editor.texts[saved].source.encode())
            checked = installed("check", "--format", "json", "--no-cache", cwd=tmp_path).json
            there = {
                spelt(problem)
                for problem in checked["problems"]
                if problem["status"] != "fixed" and problem["suppressed"] is None
            }
            assert said == there, editor.texts[path].source
            if random_.random() < 0.6:
                editor.type(path, 0, len(editor.texts[path].source), originals[path])
