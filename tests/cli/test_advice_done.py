"""Advice that names commands of ours, done as it is printed: afterwards the problem is gone, or the answer is there.

One table. ``tests/cli/test_advice.py`` holds that every command in the sources can be parsed, and runs those of git.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.merge.helper import KIND, SCHEMA, applied, listed
from tests.support import Box

OUTPUTS = ".system/registry/outputs.yaml"
COUNT = 'outputs:\n- {id: n, file: n.txt, value: "{{ entries.t | length }}"}\n'


class Case(NamedTuple):
    """A code, what leads to it, the commands that its fix names, and how it is asked.

    Attributes:
        commands: in the order in which they are done; ``apply`` is told ``--yes``.
        mends: the problem is gone afterwards; otherwise the commands only show something.
    """

    code: str
    make: Callable[[Box], object]
    commands: tuple[str, ...]
    plan: tuple[str, ...] = ()
    mends: bool = True


def unowned(box: Box) -> None:
    box.write(KIND, SCHEMA.replace("key: id", "key: id, managed: all"))
    box.write("t.yaml", listed(a=1, b=1, c=1))


def wrong_mirror(box: Box) -> None:
    box.write(KIND, SCHEMA.replace("key: id", "key: id, mirrors: [{field: v, kind: nothing}]"))


def edited_output(box: Box) -> None:
    box.write(OUTPUTS, COUNT)
    applied(box, "with an output")
    box.write("n.txt", "mine\n")


def output_that_a_branch_left(box: Box) -> None:
    box.write(OUTPUTS, COUNT)
    applied(box, "with an output")
    box.git("tag", "base")
    box.write("desired/t.yaml", listed(a=1, b=1, c=1))
    assert box.run("apply", "--yes", "--leave-outputs").exit == 0
    box.commit("more")


def elsewhere(box: Box) -> None:
    box.replace(KIND, "t.yaml", "new.yaml")
    (box.root / ".system/registry/state/places/t.place").unlink()


def unmanaged_removal(box: Box) -> None:
    box.write("t.yaml", listed(a=1, b=1, c=1))
    box.write("desired/r.yaml", "removed: [{address: t/c}]\n")


def edited(box: Box) -> None:
    box.write("t.yaml", listed(a=5, b=1))


def both_changed(box: Box) -> None:
    edited(box)
    box.write("desired/t.yaml", listed(a=3, b=1))


def there_and_different(box: Box) -> None:
    box.write("t.yaml", listed(a=1, b=1, c=9))
    box.write("desired/t.yaml", listed(a=1, b=1, c=1))


def live_truth(box: Box) -> None:
    box.write(KIND, SCHEMA.replace("key: id", "key: id, truth: live"))
    (box.root / "desired/t.yaml").unlink()
    assert box.run("apply", "--yes").exit == 0


def removal_of_a_live_truth(box: Box) -> None:
    live_truth(box)
    box.write("desired/r.yaml", "removed: [{address: t/a}]\n")


def everything_goes(box: Box) -> None:
    (box.root / "desired/t.yaml").unlink()


CASES = {
    "BRK002": Case("BRK002", everything_goes, ("plan --allow-mass-delete",)),
    "FRG009 removed": Case("FRG009", removal_of_a_live_truth, ("rm t/a --yes",)),
    "UNM001": Case("UNM001", unowned, ("adopt t/c", "apply")),
    "KND001 of a mirror": Case("KND001", wrong_mirror, ("list --kinds",), mends=False),
    "KND005": Case("KND005", elsewhere, ("apply --overwrite 't/*'",)),
    "OUT001 of a kind": Case(
        "OUT001",
        lambda box: box.write(OUTPUTS, "outputs: [{id: n, file: n.json, at: n, each: u, item: {a: '1'}}]\n"),
        ("list --kinds",),
        mends=False,
    ),
    "OUT005": Case("OUT005", edited_output, ("apply --overwrite output:n",)),
    "OUT009": Case("OUT009", output_that_a_branch_left, ("apply",), ("--base", "base")),
    "FRG005": Case("FRG005", unmanaged_removal, ("adopt t/c",)),
    "STA001 kept": Case("STA001", edited, ("drift --accept t/a",)),
    "STA001 undone": Case("STA001", edited, ("drift --revert t/a",)),
    "STA002 kept": Case("STA002", both_changed, ("drift --accept t/a",)),
    "STA002 dropped": Case("STA002", both_changed, ("plan --overwrite t/a",)),
    "STA003": Case("STA003", there_and_different, ("plan --adopt t/c",)),
}


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    box = Box.started(tmp_path / "work", capsys, {KIND: SCHEMA})
    applied(box, "before", listed(a=1, b=1))
    return box


def fix_of(box: Box, case: Case) -> str | None:
    found = box.run("plan", "--format", "json", *case.plan).json["problems"]
    fixes = {problem["fix"]["description"] for problem in found if problem["code"] == case.code}
    assert len(fixes) <= 1, fixes
    return next(iter(fixes), None)


def named(fix: str) -> set[str]:
    """The commands of ours that a fix names."""
    word = r" --[a-z-]+| '[^']*'| [a-z]+[/:][\w*]+"
    return set(re.findall(rf"registry ((?:adopt|apply|drift|list|plan|rm)(?:{word})*)", fix))


@pytest.mark.parametrize("name", CASES)
def test_what_a_fix_names_is_done(box: Box, name: str) -> None:
    case = CASES[name]
    case.make(box)
    fix = fix_of(box, case)
    assert fix is not None, f"nothing says {case.code}"
    (box.root / "desired/r.yaml").unlink(missing_ok=True)  # the line that is dropped
    assert {case.commands[0].removesuffix(" --yes")} <= named(fix), fix
    for line in case.commands:
        words = shlex.split(line)
        if words[0] == "plan":
            # A plan shows what an apply with the same words does.
            assert box.run(*words).exit == 0
            words = ["apply", *words[1:]]
        ran = box.run(*words, *(["--yes"] if words[0] == "apply" else []))
        assert ran.exit == 0, ran.out + ran.err
        assert ran.out
    if case.mends:
        box.commit("mended")
        assert fix_of(box, case) is None
        ran = box.run("plan", *case.plan)
        assert ran.exit == 0, ran.out
