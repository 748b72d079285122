"""What holds for every format."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from registry_reconciler.base.escape import visible
from registry_reconciler.report import FORMATS, RenderOptions, render
from tests.unit.report import samples

OPTIONS = RenderOptions(path_prefix="sub", label="x", link_base="https://git.example/b")
MOST_BYTES = {"text": 2_000_000, "markdown": 65_000, "github": 10_000, "brief": 16_000, "html": 10_000_000}


@pytest.mark.parametrize("format", FORMATS)
def test_twice_gives_the_same_bytes(format: str) -> None:
    first = render(samples.hostile(), format, OPTIONS).encode()
    assert render(samples.hostile(), format, OPTIONS).encode() == first


@pytest.mark.parametrize("format", FORMATS)
def test_hostile_values_are_inert(format: str) -> None:
    for full in (False, True):
        shown = render(samples.hostile(), format, replace(OPTIONS, full=full))
        assert visible(shown.replace("\n", "")) == shown.replace("\n", "")
        assert "##[" not in shown
        assert "##vso[" not in shown
        commands = [line for line in shown.split("\n") if line.lstrip().startswith("::")]
        if format == "github":
            commands = [line for line in commands if not re.match(r"::(error|warning|notice) ", line)]
        assert commands == []


@pytest.mark.parametrize("format", FORMATS)
def test_ten_thousand_changes_and_problems_stay_within_limits(format: str) -> None:
    shown = render(samples.large(), format, OPTIONS)
    assert len(shown.encode()) <= MOST_BYTES.get(format, 25_000_000)
    assert shown.endswith("\n")


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_plan_is_a_report_too(format: str) -> None:
    shown = render(samples.EMPTY, format, OPTIONS)
    assert shown.endswith("\n")
    assert not shown.endswith("\n\n")
