"""What was applied to an entry, also before it was renamed."""

from __future__ import annotations

from registry_reconciler.apply.former_addresses import follow
from registry_reconciler.apply.history import HistoryRecord

NAMES = {"+": "create", "~": "update", "-": "delete", ">": "move"}


def history(*applies: str) -> list[HistoryRecord]:
    """Applies, the oldest first: ``+a``, ``~a``, ``-a``, ``>a b`` (renamed from a to b), several with commas."""
    found = []
    for number, apply in enumerate(applies):
        changes = []
        for text in apply.split(","):
            before, _, after = text.strip()[1:].rpartition(" ")
            changes.append(
                {"address": after, "action": NAMES[text.strip()[0]], **({"from": before} if before else {})}
            )
        found.append(HistoryRecord(f"{number}", {"time": f"{number}", "changes": changes}))
    return found[::-1]


def followed(address: str, *applies: str) -> list[str]:
    """The changes that are shown, the newest first, as :func:`history` writes them."""
    signs = {name: sign for sign, name in NAMES.items()}
    return [
        f"{one.apply.time}{signs[str(change['action'])]}{change.get('from', '')} {change['address']}".replace(
            " ", "", 1
        )
        if not change.get("from")
        else f"{one.apply.time}>{change['from']} {change['address']}"
        for one in follow(history(*applies), address)
        for change in one.changes
    ]


def test_a_renamed_entry_is_shown_under_the_names_that_it_had() -> None:
    assert followed("c", "+a, +z", "~a", ">a b", "~b, ~z", ">b c", "~c") == [
        "5~c",
        "4>b c",
        "3~b",
        "2>a b",
        "1~a",
        "0+a",
    ]


def test_whoever_had_the_address_before_is_another_entry() -> None:
    assert followed("b", "+a, +b", "~b", "-b", ">a b") == ["3>a b", "0+a"]


def test_an_address_that_was_taken_again_is_the_new_entry() -> None:
    assert followed("a", "+a", "~a", ">a b", "+a", "~a") == ["4~a", "3+a"]
    assert followed("b", "+a", "~a", ">a b", "+a", "~a") == ["2>a b", "1~a", "0+a"]


def test_an_address_that_nobody_has_any_more_is_the_entry_that_had_it_last() -> None:
    assert followed("a", "+a", "~a", ">a b", "~b", ">b c") == ["2>a b", "1~a", "0+a"]
    assert followed("a", "+a", "~a", "-a") == ["2-a", "1~a", "0+a"]


def test_names_that_were_swapped_stay_with_their_entries() -> None:
    applies = ("+a, +b", "~a", ">a b, >b a", "~a")
    assert followed("a", *applies) == ["3~a", "2>b a", "0+b"]
    assert followed("b", *applies) == ["2>a b", "1~a", "0+a"]
    assert followed("c", "+a, +b", "~b", ">a b, >b c", "~b") == ["2>b c", "1~b", "0+b"]


def test_an_entry_that_only_changed_its_place_keeps_its_name() -> None:
    moved = HistoryRecord("1", {"time": "1", "changes": [{"address": "a", "from": "a", "action": "move"}]})
    assert [one.apply.time for one in follow([moved, *history("+a")], "a")] == ["1", "0"]
