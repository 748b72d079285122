"""The report in a terminal: folding, width, what each command shows."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from registry_reconciler.model.change import Action, Change, FieldChange, Reason
from registry_reconciler.model.entry import MISSING
from registry_reconciler.model.plan import Plan
from registry_reconciler.report import RenderOptions, render
from registry_reconciler.report.values import columns
from tests.unit.render import samples


def text(plan: Plan, **options: object) -> str:
    return render(plan, "text", replace(RenderOptions(), **options))


def test_three_thousand_changes_alike_are_folded() -> None:
    shown = text(replace(samples.large(3000), problems=()))
    assert len(shown.splitlines()) < 20
    assert "… and 2,997 more like these (--full shows all)" in shown
    assert "Plan: 3,000 to update." in shown


def test_full_shows_every_change_and_problem() -> None:
    shown = text(samples.large(3000), full=True)
    assert shown.count("~ ability_low/") == 3000
    assert shown.count("error REF001") == 1500
    assert "--full" not in shown


def test_many_changes_that_are_not_alike_are_folded_too() -> None:
    some = tuple(
        Change(
            f"hook/h{number:03}", "hook", f"h{number:03}", Action.CREATE, Reason.NOT_IN_REGISTRY, "f.yaml",
            after={f"x-{number}": 1},
        )
        for number in range(300)
    )  # fmt: skip
    shown = text(replace(samples.EMPTY, changes=some))
    assert shown.count("+ hook/") == 20
    assert "… and 280 more to create (--full shows all)" in shown


@pytest.mark.parametrize("width", [40, 60, 80, 132])
@pytest.mark.parametrize(
    "plan", [samples.SMALL, samples.BLOCKED, samples.TARGETED], ids=["small", "blocked", "target"]
)
def test_no_line_is_wider_than_the_terminal(plan: Plan, width: int) -> None:
    for line in text(plan, width=width).splitlines():
        # Addresses, places, ids and commands are there to be copied: they are never broken.
        prose = " " in line.strip() and not line.startswith(
            ("Plan id", "Next:", "      registry", "  > ", "error", "warning")
        )
        copied = any(len(word) > width - 16 for word in line.split())
        assert columns(line) <= width or not prose or copied, line


def test_wide_characters_are_counted_as_two_columns() -> None:
    assert columns("漢字") == 4
    assert columns("e\u0301") == 1
    message = "漢字 " * 60
    shown = text(replace(samples.EMPTY, problems=(replace(samples.NO_SUMMARY, message=message),)))
    assert max(map(columns, shown.splitlines())) <= 80


def test_check_shows_problems_only() -> None:
    shown = text(samples.BLOCKED, command="check")
    assert "error REF001" in shown
    assert "Check: 3 errors, 2 warnings" in shown
    assert "to delete" not in shown
    assert "Edited by hand" not in shown


def test_drift_shows_drift_only() -> None:
    shown = text(samples.BLOCKED, command="drift")
    assert '~ outbound[0]: "store" → "shop"' in shown
    assert "Drift: 1 entry edited by hand." in shown
    assert "REF001" not in shown


def test_a_review_has_no_plan_id_and_nothing_to_apply() -> None:
    shown = text(samples.SMALL, base="origin/main")
    assert shown.startswith("Compared with origin/main\n")
    assert "Plan id" not in shown
    assert "registry apply" not in shown
    assert "Review: 1 to create" in shown


def test_records_fixed_and_suppressed_are_counted_and_shown_in_full() -> None:
    short, full = text(samples.SMALL), text(samples.SMALL, full=True)
    for words in ("record IDN004", "(allowed: shared with billing until March)", "(fixed by this plan)"):
        assert words not in short
        assert words in full
    assert "1 record, 1 suppressed, 1 fixed" in short


def test_a_long_value_is_cut_and_shown_whole_in_full() -> None:
    change = replace(
        samples.changes()[4],
        fields=(FieldChange(("summary",), "create", MISSING, "x" * 5000 + "end"),),
    )
    plan = replace(samples.EMPTY, changes=(change,))
    assert "end" not in text(plan)
    pieces = text(plan, full=True).split("summary:")[1].split("Plan:")[0]
    assert "end" in pieces
    assert pieces.count("x") == 5000


def test_a_text_that_only_loses_its_last_line_end_differs_visibly() -> None:
    field = FieldChange(("when_to_use",), "update", "a\nb\n", "a\nb")
    shown = text(replace(samples.EMPTY, changes=(replace(samples.changes()[4], fields=(field,)),)))
    assert "- b\n" in shown
    assert "+ b (no line end)\n" in shown


def test_an_entry_that_is_gone_says_so() -> None:
    drift = replace(samples.DRIFT, gone=True, fields=())
    assert "the entry is gone" in text(replace(samples.EMPTY, drift=(drift,)), command="drift")


def test_the_plan_that_apply_shows_says_nothing_of_typing_apply() -> None:
    shown = text(samples.SMALL, command="apply")
    assert "Plan id sha256:" in shown
    assert "Next:" not in shown
