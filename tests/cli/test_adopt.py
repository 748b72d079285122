"""``adopt``: hand-kept entries become managed and no registry byte changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support import ROUTES, Box

HAND = """\
# All routes of ops.
routes:
  # Told at night.
  # By phone.
  - id: ops.night     # keep
    scope: ops
    topic: night
    module_id: payments.api
    when_to_use: "At night."
  - id: ops.day
    scope: ops
    topic: day
    module_id: payments.api
    when_to_use: |
      By day,
      # and not by night.
"""
PATH = "modules/routes/ops.yaml"
HAND_ROUTE = (
    "  - {{id: ops.t{number}, scope: ops, topic: t{number}, module_id: payments.api, when_to_use: Now.}}\n"
)


def registries(box: Box) -> dict[str, bytes]:
    return {
        path: data for path, data in box.files().items() if path.startswith(("modules/", ".system/hooks"))
    }


def test_all_is_adopted_with_comments_and_apply_changes_the_state_only(applied: Box) -> None:
    applied.write(PATH, HAND)
    before = registries(applied)
    ran = applied.run("adopt", "--all", "--format", "json")
    assert ran.exit == 0
    assert [one["address"] for one in ran.json["adopted"]] == ["route/ops.day", "route/ops.night"]
    assert ran.json["written"] == ["desired/route.yaml"]
    assert ran.json["next"] == [["registry", "apply"]]
    fragment = applied.read("desired/route.yaml")
    for comment in ("# Told at night.", "# By phone.", "# keep", "# and not by night."):
        assert comment in fragment
    assert "All routes of ops" not in fragment
    done = applied.run("apply", "--yes", "--format", "json")
    assert done.json["summary"]["adopt"] == 2
    assert all(path.startswith(".system/registry/") for path in done.json["written"])
    assert registries(applied) == before
    assert applied.run("plan", "--detailed-exitcode").exit == 0
    assert "Nothing to adopt" in applied.run("adopt", "--all").out


def test_a_dry_run_writes_nothing(applied: Box) -> None:
    applied.write(PATH, HAND)
    before = applied.files()
    ran = applied.run("adopt", "route/*", "--dry-run")
    assert "Would adopt 2 entries" in ran.out
    assert applied.files() == before


def test_only_what_is_named_is_adopted(applied: Box) -> None:
    applied.write(PATH, HAND)
    ran = applied.run("adopt", "route/ops.n*", "--format", "json")
    assert [one["address"] for one in ran.json["adopted"]] == ["route/ops.night"]


@pytest.mark.parametrize(
    ("by", "fragments"),
    [
        ("kind", {"desired/route.yaml"}),
        ("file", {"desired/modules/routes/ops.yaml"}),
        ("topic", {"desired/night.yaml", "desired/day.yaml"}),
        ("nothing", {"desired/route.yaml"}),
    ],
)
def test_by_chooses_the_fragments(applied: Box, by: str, fragments: set[str]) -> None:
    applied.write(PATH, HAND)
    assert set(applied.run("adopt", "--all", "--by", by, "--format", "json").json["written"]) == fragments
    assert applied.run("apply", "--yes").exit == 0


def test_a_fragment_that_is_there_is_extended(applied: Box) -> None:
    applied.write(PATH, HAND)
    applied.write("desired/route.yaml", "# mine\nprotect:\n  - route/api.*\n")
    assert applied.run("adopt", "--all").exit == 0
    assert applied.read("desired/route.yaml").startswith("# mine\nprotect:\n  - route/api.*\nroute:\n")


def test_entries_with_problems_are_skipped_and_listed_with_what_to_do(applied: Box) -> None:
    twice = "  - {id: ops.day, scope: ops, topic: x, module_id: payments.api, when_to_use: x}\n"
    lost = "  - {id: ops.lost, scope: ops, topic: y, module_id: gone, when_to_use: x}\n"
    broken = "  - {id: ops.broken, scope: ops, topic: z, module_id: payments.api, when_to_use: [x]}\n"
    nameless = "  - {scope: ops, topic: z}\n"
    applied.write(PATH, HAND + twice + lost + broken + nameless)
    ran = applied.run("adopt", "--all", "--format", "json")
    assert [one["address"] for one in ran.json["adopted"]] == ["route/ops.night"]
    skipped = {one["address"]: one for one in ran.json["skipped"]}
    assert {address: one["code"] for address, one in skipped.items()} == {
        "route/ops.day": "LIV002",
        "route/ops.lost": "REF001",
        "route/ops.broken": "SCH001",
        "": "LIV003",
    }
    rows = applied.read(PATH).splitlines()
    for one in skipped.values():
        assert one["location"]["path"] == PATH
        assert one["fix"]
    assert "ops.lost" in rows[skipped["route/ops.lost"]["location"]["line"] - 1]
    assert "Skipped 4 entries" in applied.run("adopt", "--all").out


def test_after_a_baseline_known_problems_do_not_stand_in_the_way(applied: Box) -> None:
    applied.write(
        PATH, "routes:\n  - {id: ops.lost, scope: ops, topic: y, module_id: gone, when_to_use: x}\n"
    )
    assert applied.run("adopt", "--all", "--format", "json").json["adopted"] == []
    assert applied.run("baseline").exit == 0
    assert len(applied.run("adopt", "--all", "--format", "json").json["adopted"]) == 1
    assert applied.run("apply", "--yes").exit == 0


def test_wrong_words_are_usage_errors(applied: Box) -> None:
    assert applied.run("adopt").exit == 64
    assert applied.run("adopt", "--all", "route/*").exit == 64
    unknown = applied.run("adopt", "route/api.error")
    assert unknown.exit == 64
    assert "api.errors" in unknown.err


def test_an_entry_that_is_managed_is_left_alone(applied: Box) -> None:
    before = applied.files()
    assert "managed already" in applied.run("adopt", "route/api.errors").out
    assert applied.files() == before
    assert ROUTES in before


def test_where_no_state_can_be_kept_nothing_is_adopted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an apply would have to write and cannot is asked of a plan without the state, too."""
    schema = "x-registry: {kind: t, layout: list, file: t.yaml, at: t, key: id}\ntype: object\n"
    files = {".system/registry/schemas/t.schema.yaml": schema, "t.yaml": "t:\n- {id: a}\n"}
    box = Box.started(tmp_path / "work", capsys, files)
    shutil.rmtree(box.root / ".system/registry/state", ignore_errors=True)
    box.write(".system/registry/state", "")
    ran = box.run("adopt", "*")
    assert (ran.exit, "WRT004" in ran.err) == (3, True), ran.out + ran.err
    assert [path.name for path in (box.root / "desired").iterdir()] == ["README.md"]


def test_of_many_that_are_skipped_alike_the_first_are_shown(box: Box) -> None:
    routes = "".join(f"  - {{id: ops.r{number:03}, scope: ops}}\n" for number in range(300))
    box.write(PATH, f"routes:\n{routes}")
    ran = box.run("adopt", "--all", "--dry-run", "--format", "json")
    assert len(ran.json["skipped"]) == 300
    out = box.run("adopt", "--all", "--dry-run").out
    assert (out.count("  route/ops.r"), "… and 297 more (--full shows all)" in out) == (3, True)
    out = box.run("adopt", "--all", "--dry-run", "--full").out
    assert (out.count("  route/ops.r"), "more" in out) == (300, False)


def test_of_many_fragments_the_first_are_named(box: Box) -> None:
    box.write(PATH, "routes:\n" + "".join(HAND_ROUTE.format(number=f"{number:02}") for number in range(30)))
    out = box.run("adopt", "--all", "--dry-run", "--by", "topic").out
    assert "desired/t19.yaml" in out
    assert "desired/t20.yaml" not in out
    assert "… and 10 more fragments (--full shows all)" in out
    assert "desired/t29.yaml" in box.run("adopt", "--all", "--dry-run", "--by", "topic", "--full").out
