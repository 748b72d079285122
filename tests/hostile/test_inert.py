"""Texts of a pull request stay texts: in every command, in every format, on both streams and in the files it makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hostile.helper import run, unharmed
from tests.support import git

TEXTS = {
    "ansi": r"\e[31mred\e[0m\e]0;title\a",
    "osc8": r"\e]8;;http://evil.example\e\\click\e]8;;\e\\",
    "osc52": r"\e]52;c;ZXZpbA==\a",
    "cr": r"safe\rEVIL\b\b\b",
    "bidi": "a\u202egpj.exe\u2066b\u2069",
    "zero": "pay\u200bments\u2060\ufeff"[:-1] + r"\uFEFF",
    "c1": r"\N\P\L\_\x9b31m",
    "tag": r"\U000E0041\U000E007F",
    "fence": r"```\n````\n~~~\n# EVIL",
    "comment": r"--> <!-- EVIL --> <script>alert(1)</script>",
    "html": r"<img src=x onerror=alert(1)><details open><b>EVIL",
    "link": r"![x](http://evil.example/a.png) [c](javascript:alert(1)) <http://evil.example>",
    "mention": r"@everyone @team/x #1 GH-1 http://evil.example www.evil.example",
    "pipe": r"a | b | c \\| d",
    "runner": r"x\n::error file=a::EVIL\n##[error]EVIL\n##vso[task.x]EVIL\n  ::set-output name=x::y",
}
FORMATS = ("text", "json", "markdown", "sarif", "github")
LOOKS: tuple[tuple[str, ...], ...] = (
    *(("plan", "--full", "--format", form) for form in FORMATS),
    *(("check", "--format", form) for form in FORMATS),
    *(("diff", "HEAD", "--format", form) for form in FORMATS),
    *(
        (*words, "--format", form)
        for form in ("text", "json")
        for words in (
            ("drift", "--full"),
            ("show", "route/api.errors"),
            ("show", "route/nothing"),
            ("list",),
            ("graph",),
            ("graph", "--format", "mermaid"),
            ("explain", "route"),
            ("fmt", "--check"),
            ("fix",),
            ("adopt", "--all", "--dry-run"),
            ("collisions",),
            ("schema", "fragment"),
            ("run", "nothing"),
            ("baseline",),
            ("apply", "--yes"),
        )
    ),
)
# What no output may hold as it is: controls but for line ends, and characters that are not seen.
LOUD = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
COMMANDS = re.compile(r"^\s*::(?!error |warning |notice |group|endgroup)|##\[|##vso", re.MULTILINE)
EVIL_COMMAND = re.compile(r"^\s*::[a-z-]+[^\n:]*::\s*EVIL|^\s*::error file=a::", re.MULTILINE)


@pytest.fixture
def loud(root: Path) -> Path:
    """Every text as a field, an id, a reference, a path and a file's name; planned, live, drifted and broken."""
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        git(root, *words)
    routes, types, live = [], [], []
    for name, text in TEXTS.items():
        routes.append(
            f'  - id: "r.{name}.{text}"\n    scope: api\n    topic: "{text}"\n    module_id: "{text}"\n'
            f'    when_to_use: "{text}"\n    related_docs: [{{path: "{text}", stage: "{text}"}}]\n'
            f'    "x-{text}": "{text}"\n    "{text}": 1\n'
        )
        types.append(f'  - id: "t.{name}.{text}"\n    name: "{text}"\n    description: "{text}"\n')
        live.append(
            f'- id: "l.{name}.{text}"\n  name: "{text}"\n  description: "{text}"\n  outbound: ["{text}"]\n'
        )
    (root / "desired/loud\x1b[31m.yaml").write_text(
        "route:\n" + "".join(routes) + "module_type:\n" + "".join(types)
    )
    broken = "".join(f'? "{text}"\n: 1\n? "{text}"\n: 2\n' for text in TEXTS.values())
    (root / "desired/broken-`|<b>.yaml").write_text(broken)
    (root / "modules/overview/type_registry.yaml").write_text(
        'types:\n- id: http_api\n  description: "' + TEXTS["ansi"] + '"\n' + "".join(live)
    )
    return root


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_nothing_of_a_fragment_leaves_its_place(words: tuple[str, ...], loud: Path) -> None:
    used = run(loud, *words)
    unharmed(used)
    for said in (used.out, used.err):
        found = LOUD.search(said)
        assert found is None, (found.group(), said[max(0, found.start() - 100) : found.end() + 100])
        assert not EVIL_COMMAND.search(said)
        if words[-1] != "json":
            assert not COMMANDS.search(said)
    if words[0] == "plan" and words[-1] != "github":
        assert "r.mention" in used.out
    if words[-1] == "markdown":
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", _without_fences(used.out), flags=re.DOTALL)
        for sign in (
            "<img",
            "<script",
            "<b>EVIL",
            "](http",
            "](java",
            "@everyone",
            "@team",
            "www.evil",
            "<http",
        ):
            assert sign not in outside, sign


def _without_fences(text: str) -> str:
    kept, fence = [], ""
    for line in text.split("\n"):
        mark = re.match(r" *(`{3,})", line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif mark:
            fence = mark.group(1)
        else:
            kept.append(line)
    return "\n".join(kept)


def test_pages_for_agents_stay_pages(root: Path) -> None:
    schema = root / ".system/registry/schemas/route.schema.yaml"
    text = schema.read_text()
    shown = TEXTS["comment"] + TEXTS["ansi"] + TEXTS["runner"]
    schema.write_text(
        re.sub(r"^title: .*$", lambda _: f'title: "{shown}"', text, count=1, flags=re.MULTILINE)
    )
    for words in (("explain", "route"), ("init",), ("schema", "fragment"), ("list", "--kinds")):
        used = run(root, *words)
        unharmed(used)
        assert not LOUD.search(used.out + used.err)
        assert not EVIL_COMMAND.search(used.out + used.err)
