"""Each format against files that a person can read: ``golden/<plan>.<format>``.

``python -m tests.unit.report.test_golden`` writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import dumps
from registry_reconciler.model.problem import Severity
from registry_reconciler.report import FORMATS, RenderOptions, render
from registry_reconciler.report.sarif import to_sarif
from registry_reconciler.rules.base import Rule
from registry_reconciler.rules.page import RulePage
from registry_reconciler.terminal import Screen
from registry_reconciler.version import __version__
from tests.unit.report import samples

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {
    "text": "txt",
    "json": "json",
    "markdown": "md",
    "summary": "summary.md",
    "sarif": "sarif",
    "github": "github",
    "brief": "brief",
    "junit": "junit.xml",
    "gitlab": "gitlab.json",
    "html": "html",
}
PLANS = {
    "empty": samples.EMPTY,
    "small": samples.SMALL,
    "blocked": samples.BLOCKED,
    "targeted": samples.TARGETED,
}
OPTIONS = RenderOptions(
    label="nightly",
    link_base="https://git.example/shop/shop/blob/0a1b2c3",
    path_prefix="services/shop",
)
CASES = [(name, format) for name in PLANS for format in FORMATS]


class RuleOfTheTest(Rule, frozen=True):
    """A rule with a page that is in no file."""

    @property
    def page(self) -> RulePage:
        return RulePage(
            text="",
            summary="Every reference names an entry that is registered.",
            why="Whoever follows it finds nothing.",
            example="route: [{id: a, module_id: gone}]",
            use_instead="",
            fix="Name an entry that is there, or register the one that is missing.",
        )


DANGLING_RULE = RuleOfTheTest("REF001", "A reference leads nowhere", Severity.ERROR)


def shown(plan: Plan, format: str) -> str:
    """A report; SARIF with one rule of its own, so that rewording a real rule changes no golden file."""
    if format == "html":  # without what every page has: its style, its script and their digests
        return re.sub(
            r"(?s)(<style>).*?(</style>)|(<script>).*?(</script>)|&#39;sha256-[^&]*&#39;",
            lambda found: "".join(filter(None, found.groups())),
            render(plan, format, OPTIONS),
        )
    if format != "sarif":
        return render(plan, format, OPTIONS)
    problems = [problem for problem in plan.problems if problem.status.value != "fixed"]
    log = to_sarif(problems, {"REF001": DANGLING_RULE}.get, OPTIONS.path_prefix)
    return dumps(log).replace(f'"{__version__}"', '"0.0.0"')


@pytest.mark.parametrize(("name", "format"), CASES)
def test_report_is_the_golden_one(name: str, format: str) -> None:
    golden = GOLDEN / f"{name}.{SUFFIXES[format]}"
    assert shown(PLANS[name], format) == golden.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_case() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{name}.{SUFFIXES[format]}" for name, format in CASES
    }


@pytest.mark.parametrize("name", PLANS)
def test_what_is_drawn_on_a_terminal_says_what_the_text_says(name: str, tmp_path: Path) -> None:
    plain = render(PLANS[name], "text").split("\n")
    drawn = Screen(color=True).plan(PLANS[name], RenderOptions(), tmp_path)
    lines = re.sub("\x1b\\[[0-9;]*m", "", drawn).split("\n")
    # A section has a rule between its title and its counts; everything else is the same line.
    assert [re.sub(" ─+ ", ": ", line) for line in lines] == plain
    assert Screen(color=False).plan(PLANS[name], RenderOptions(), tmp_path) == "\n".join(lines)


def test_colours_say_what_goes(tmp_path: Path) -> None:
    drawn = Screen(color=True).plan(samples.SMALL, RenderOptions(), tmp_path)
    assert "\x1b[31m- ability_low/payments.old\x1b[0m" in drawn


def write() -> None:
    """Write all golden files."""
    GOLDEN.mkdir(exist_ok=True)
    for name, format in CASES:
        path = GOLDEN / f"{name}.{SUFFIXES[format]}"
        path.write_text(shown(PLANS[name], format), encoding="utf-8")


if __name__ == "__main__":
    write()
