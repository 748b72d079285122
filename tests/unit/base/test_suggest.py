"""Did you mean …?"""

from __future__ import annotations

import random

import pytest

from registry_reconciler.base.suggest import LONGEST, _distance, closest, did_you_mean


@pytest.mark.parametrize(
    ("word", "options", "found"),
    [
        ("sumary", ["summary", "status"], "summary"),
        ("Summary", ["summary"], "summary"),
        ("payments.captrue", ["payments.capture", "payments.refund"], "payments.capture"),
        ("hok", ["hook", "route"], "hook"),
        ("capture", ["payments.capture", "orders.list"], "payments.capture"),
        ("api", ["modules/api"], "modules/api"),
        ("completely", ["different", "words"], None),
        ("a", ["b"], None),
        ("", ["a"], None),
        ("hook", [], None),
    ],
)
def test_the_nearest_word_is_found(word: str, options: list[str], found: str | None) -> None:
    assert closest(word, options) == found


def test_a_word_is_no_slip_of_itself() -> None:
    assert closest("hook", ["hook"]) is None


def test_equally_near_words_come_in_code_point_order() -> None:
    assert closest("cart", ["card", "care", "cars"]) == "card"
    assert closest("cart", ["cars", "care", "card"]) == "card"


def test_nearer_words_come_first() -> None:
    assert closest("summery", ["sommary", "summary"]) == "summary"


def test_the_sentence_is_ready_to_be_appended() -> None:
    assert did_you_mean("hok", ["hook"]) == " Did you mean 'hook'?"
    assert did_you_mean("xyz", ["hook"]) == ""


def test_hostile_words_get_no_answer() -> None:
    assert closest("a" * (LONGEST + 1), ["a" * LONGEST]) is None
    assert closest("a" * 10_000_000, ["a"]) is None


def test_hostile_options_are_left_out() -> None:
    assert closest("hok", ["h" * 1_000_000, "hook"]) == "hook"


WORDS = ("payments", "orders", "capture", "refund", "invoice", "user", "login", "audit", "report", "export")
MANY = tuple(f"{first}.{second}-{third}" for first in WORDS for second in WORDS for third in WORDS)


@pytest.mark.parametrize("position", [0, 3, 9, 12, 16])
@pytest.mark.parametrize("meant", [MANY[7], MANY[123], MANY[-1]])
def test_a_large_vocabulary_gives_the_same_answer_as_a_small_one(meant: str, position: int) -> None:
    slipped = meant[:position] + "q" + meant[position + 1 :]
    assert closest(slipped, MANY) == closest(slipped, [meant, *MANY[:50]]) == meant


def test_a_large_vocabulary_finds_what_ends_in_the_word() -> None:
    options = [*MANY, "extra.unusual"]
    assert closest("unusual", options) == "extra.unusual"


def test_the_answer_depends_on_nothing_asked_before() -> None:
    other = tuple(reversed(MANY))
    before = closest("payments.captur-refund", MANY)
    for number in range(20):
        closest("anything", (*MANY, f"more-{number}"))
    assert closest("payments.captur-refund", MANY) == before == closest("payments.captur-refund", other)


def test_sets_are_taken_in_order() -> None:
    assert closest("cart", {"cars", "care", "card"}) == "card"


def plain_distance(left: str, right: str) -> int:
    """The table written out: what the bits have to agree with."""
    table = [[row + column for column in range(len(right) + 1)] for row in range(len(left) + 1)]
    for row in range(1, len(left) + 1):
        for column in range(1, len(right) + 1):
            same = left[row - 1] == right[column - 1]
            best = min(table[row - 1][column], table[row][column - 1]) + 1
            best = min(best, table[row - 1][column - 1] + (not same))
            if row > 1 and column > 1 and left[row - 2 : row] == right[column - 2 : column][::-1]:
                best = min(best, table[row - 2][column - 2] + 1)
            table[row][column] = best
    return table[-1][-1]


def test_slips_are_counted_as_the_table_counts_them() -> None:
    chance = random.Random(3)
    for _ in range(3_000):
        left, right = ("".join(chance.choices("abc", k=chance.randrange(10))) for _ in range(2))
        wanted = plain_distance(left, right)
        for limit in (1, 2, 3, 20):
            found = _distance(left, right, limit)
            assert found == wanted if wanted <= limit else found > limit, (left, right, limit)
