"""The report in a terminal: folding, width, what each command shows."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from registry_reconciler.base.mask import MASK
from registry_reconciler.model.change import Action, Change, FieldChange, Reason
from registry_reconciler.model.entry import MISSING, Json, Location
from registry_reconciler.model.plan import Plan
from registry_reconciler.report import RenderOptions, render
from registry_reconciler.report.values import columns
from tests.unit.report import samples


def text(plan: Plan, **options: object) -> str:
    return render(plan, "text", replace(RenderOptions(), **options))


def updates(count: int, before: Json = 1, after: Json = 2) -> list[Change]:
    return [
        Change(
            f"hook/h{number:04}", "hook", f"h{number:04}", Action.UPDATE, Reason.DESIRED_CHANGED, "f.yaml",
            fields=(FieldChange(("v",), "update", before, after),), before={"v": before}, after={"v": after},
        )
        for number in range(count)
    ]  # fmt: skip


def test_three_thousand_changes_that_are_equal_in_value_are_folded() -> None:
    shown = text(replace(samples.EMPTY, changes=tuple(updates(3000))))
    assert len(shown.splitlines()) < 20
    assert "… and 2,997 more like these (--full shows all)" in shown
    assert "Plan: 3,000 to update." in shown


def test_no_value_hides_behind_others() -> None:
    some = updates(3000)
    odd = updates(2_501, 1, 666)[-1]
    shown = text(replace(samples.EMPTY, changes=(*some[:2500], odd, *some[2501:])))
    assert "~ hook/h2500  (its fragment changed)" in shown
    assert "v: 1 → 666" in shown
    assert "… and 2,996 more like these" in shown


@pytest.mark.parametrize("format", ["text", "markdown", "brief"])
def test_what_tells_one_type_from_another_is_not_folded(format: str) -> None:
    some = [*updates(10, 1, 2), updates(11, 1, 2.0)[-1], updates(12, True, 2)[-1]]
    shown = render(replace(samples.EMPTY, changes=tuple(some)), format)
    assert "hook/h0010" in shown
    assert "hook/h0011" in shown


@pytest.mark.parametrize("format", ["text", "markdown", "brief"])
def test_what_is_deleted_or_lost_is_named(format: str) -> None:
    gone = [
        replace(one, action=Action.DELETE, fields=(), after=None, address=f"hook/gone-{number}")
        for number, one in enumerate(updates(60))
    ]
    lost = [
        replace(
            one,
            address=f"hook/lost-{number}",
            fields=(FieldChange(("v",), "delete", 1, MISSING),),
        )
        for number, one in enumerate(updates(60))
    ]
    empty = [replace(one, address=f"hook/empty-{number}") for number, one in enumerate(updates(60, [1], []))]
    shown = render(replace(samples.EMPTY, changes=(*gone, *lost, *empty)), format)
    for word in ("gone", "lost", "empty"):
        for number in range(60):
            assert re.search(rf"hook/{word}-{number}\b", shown), (word, number)


def test_secrets_are_never_taken_for_equal() -> None:
    shown = text(replace(samples.EMPTY, changes=tuple(updates(30, MASK, MASK))))
    assert shown.count("~ hook/") == 30


def test_every_difference_of_an_entry_that_stays_is_shown() -> None:
    fields = tuple(FieldChange((f"f{number}",), "update", number, 666 + number) for number in range(40))
    shown = text(replace(samples.EMPTY, changes=(replace(updates(1)[0], fields=fields),)))
    assert "f39: 39 → 705" in shown


def test_problems_of_one_cause_are_one_with_its_first_places() -> None:
    problems = tuple(
        replace(
            samples.NO_SUMMARY,
            address=f"hook/h{number}",
            message=f"hook/h{number} has no summary.",
            location=Location("desired/a.yaml", number + 1, 1),
        )
        for number in range(8)
    )
    other = replace(samples.NO_SUMMARY, message="Something else.", location=Location("desired/a.yaml", 4, 9))
    shown = text(replace(samples.EMPTY, problems=(*problems[:4], other, *problems[4:])))
    assert shown.startswith(
        "warning ABL004 desired/a.yaml:1:1 hook/h0 and 7 more\n"
        "  hook/h0 has no summary.\n"
        "  also desired/a.yaml:2:1 hook/h1\n"
        "  also desired/a.yaml:3:1 hook/h2\n"
        "  … and 5 places more (--full shows all)\n"
        "warning ABL004 desired/a.yaml:4:9"
    )
    assert "Plan: no changes; 9 warnings." in shown
    assert text(replace(samples.EMPTY, problems=problems), full=True).count("warning ABL004") == 8


def test_how_many_depend_on_an_entry_is_told_truly() -> None:
    one = replace(updates(1)[0], impact=("a/1", "a/2", "a/3", "a/4"), impact_total=1491)
    assert "affects a/1, a/2, a/3 and 1,488 more" in text(replace(samples.EMPTY, changes=(one,)))
    least = replace(one, impact_counted=False)
    assert "and at least 1,488 more" in text(replace(samples.EMPTY, changes=(least,)))


def test_full_shows_every_change_and_problem() -> None:
    shown = text(samples.large(3000), full=True)
    assert shown.count("~ ability_low/") == 3000
    assert shown.count("error REF001") == 1500
    assert "--full" not in shown


def test_of_many_new_entries_the_first_are_shown_whole_and_the_others_in_few_lines() -> None:
    some = tuple(
        Change(
            f"hook/h{number:03}", "hook", f"h{number:03}", Action.CREATE, Reason.NOT_IN_REGISTRY, "f.yaml",
            after={f"x-{number}": 1},
        )
        for number in range(2500)
    )  # fmt: skip
    shown = text(replace(samples.EMPTY, changes=some))
    assert shown.count("\n  + hook/") == 1000
    assert shown.count("      + x-") == 20
    assert "  + hook/h020  (not in the registries yet)\n      x-20: 1\n" in shown
    assert "+ also to create: hook/h1000, hook/h1001," in shown
    assert "hook/h1999 and 500 more" in " ".join(shown.split())


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
    assert text(plan).count("x") < 500
    assert re.search(r"… 4,\d\d\d\s*characters\s*…\s*x*end", " ".join(text(plan).split()))
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


def test_of_many_that_were_edited_by_hand_the_first_are_named() -> None:
    drifts = tuple(replace(samples.DRIFT, address=f"hook/h{number:04}") for number in range(500))
    plan = replace(samples.EMPTY, drift=drifts)
    shown = " ".join(text(plan).split())
    assert "hook/h0039 and 460 more (registry drift shows more)" in shown
    assert "hook/h0040" not in shown
    assert "hook/h0499" in text(plan, full=True)


def test_the_plan_that_apply_shows_says_nothing_of_typing_apply() -> None:
    shown = text(samples.SMALL, command="apply")
    assert "Plan id sha256:" in shown
    assert "Next:" not in shown
