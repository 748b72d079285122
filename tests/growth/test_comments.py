"""Comments of long fragments: each text is taken apart once, however long it is."""

from __future__ import annotations

import pytest

from registry_reconciler.formats import composed
from registry_reconciler.rules import comments
from tests.growth.counting import Files, growth, plan
from tests.growth.test_entries import MOST, SCHEMAS, lines


def commented(count: int, mark: str) -> Files:
    """A fragment whose entries have a comment each; their registry has another one, or the same in two places."""
    item = "  # about %\n  - {id: a%, name: n%}\n"
    registry = item.replace("about", mark)
    return {
        **SCHEMAS,
        "desired/all.yaml": lines(count, item, "item:\n"),
        "items.yaml": lines(count, registry, "items:\n"),
    }


@pytest.mark.parametrize("mark", ["about", "of"])
def test_nothing_is_kept_of_a_long_text_and_yet_it_is_composed_once(
    mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for recent in (composed._TREES, comments._OWN, comments._LIVE):
        monkeypatch.setattr(recent, "_most", 0)
    found = plan(commented(30, mark))
    assert len([problem for problem in found.problems if problem.code == "CMT001"]) == (
        30 if mark == "of" else 0
    )
    assert growth(lambda count: commented(count, mark), 150) < MOST


def test_many_registries_of_one_entry_each_are_counted_once() -> None:
    def files(count: int) -> Files:
        leaves = {f"leaves/a{number:06}.yaml": b"# about\nid: a%06d\n" % number for number in range(count)}
        return {
            **SCHEMAS,
            "desired/all.yaml": lines(count, "  # about %\n  - {id: a%}\n", "leaf:\n"),
            **leaves,
        }

    assert {problem.code for problem in plan(files(3)).problems} >= {"CMT001"}
    assert growth(files, 100) < MOST
