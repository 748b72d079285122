"""The manifest of hostile texts, in every place where a YAML file of a workspace stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hostile.helper import run, snapshot, unharmed
from tests.hostile.texts import MAKERS

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("manifest.yaml").read_text("utf-8"))
SMALL = [case for case in CASES if "raw" in case]
MADE = [case for case in CASES if "make" in case]
PLACES = (
    "desired/x.yaml",
    "modules/routes/zz.yaml",
    ".system/registry/schemas/zz.schema.yaml",
    ".system/registry/config.yaml",
    ".system/registry/baseline.yaml",
)


def names(cases: list[dict[str, Any]]) -> list[str]:
    return [case["name"] for case in cases]


def answered(
    root: Path,
    places: tuple[str, ...],
    data: bytes,
    case: dict[str, Any],
    words: tuple[str, ...] = ("apply", "--yes"),
) -> None:
    """The text in these places: a problem in each, exit 3, nothing written."""
    for place in places:
        (root / place).write_bytes(data)
    before = snapshot(root)
    used = run(root, *words, "--format", "json")
    unharmed(used)
    assert used.exit == 3, used.out
    assert snapshot(root) == before
    for place in places:
        found = used.problems_at(place)
        where = [f"{one['location']['line']}:{one['location']['column']}" for one in found]
        assert (case["code"], case["at"]) in zip([one["code"] for one in found], where, strict=True), place


@pytest.mark.parametrize("case", SMALL, ids=names(SMALL))
def test_a_small_text_is_answered_in_all_places_at_once(case: dict[str, Any], root: Path) -> None:
    answered(root, PLACES, case["raw"].encode("latin-1"), case)


@pytest.mark.parametrize("case", MADE, ids=names(MADE))
def test_a_large_text_is_answered_as_a_fragment(case: dict[str, Any], root: Path) -> None:
    answered(root, PLACES[:1], MAKERS[case["make"]](), case)


@pytest.mark.parametrize("place", PLACES[1:])
def test_large_texts_are_answered_elsewhere(place: str, root: Path) -> None:
    for case in MADE:
        if case["make"] in ("alias_bomb", "deep_flow", "huge_scalar"):
            # A registry in nobody's way blocks no apply: a check says what is wrong with it.
            words = ("check",) if place.startswith("modules/") else ("apply", "--yes")
            answered(root, (place,), MAKERS[case["make"]](), case, words)


def test_every_maker_is_in_the_manifest() -> None:
    assert {case["make"] for case in MADE} == set(MAKERS)


@pytest.mark.parametrize(
    ("words", "exit"),
    [(("plan", "--format", "sarif"), 3), (("drift",), 3), (("check",), 3), (("list",), 0), (("graph",), 0)],
)
def test_other_commands_say_what_they_cannot_see(words: tuple[str, ...], exit: int, root: Path) -> None:
    (root / "desired/x.yaml").write_bytes(MAKERS["alias_bomb"]())
    (root / "modules/routes/api.yaml").write_bytes(b"a: \0\n")
    used = run(root, *words)
    unharmed(used)
    assert used.exit == exit
    for path in ("desired/x.yaml", "modules/routes/api.yaml"):
        assert path in used.out + used.err


def test_a_long_unreadable_fragment_hides_what_it_may_declare(root: Path) -> None:
    entry = "- {{id: t{0}, description: d, outbound: [gone{0}]}}\n"
    (root / "desired/many.yaml").write_text("module_type:\n" + "".join(map(entry.format, range(2_000))))
    (root / "desired/x.yaml").write_bytes(MAKERS["unclosed_quote"]())
    used = run(root, "check", "--format", "json")
    unharmed(used)
    assert used.exit == 3
    assert {one["code"] for one in used.json["problems"]} == {"YML001", "LIV007"}
