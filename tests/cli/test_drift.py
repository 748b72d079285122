"""``drift``: listed with who did it, accepted, reverted."""

from __future__ import annotations

from tests.support import ROUTES, Box

ADDRESS = "route/api.errors"


def edit(box: Box) -> None:
    box.replace(ROUTES, "topic: errors", "topic: faults")


def test_no_drift(applied: Box) -> None:
    ran = applied.run("drift", "--format", "json")
    assert (ran.exit, ran.json["drift"], ran.json["next"]) == (0, [], [])


def test_an_edit_is_listed_field_by_field_outside_git(applied: Box) -> None:
    edit(applied)
    ran = applied.run("drift", "--format", "json")
    assert ran.exit == 2
    (one,) = ran.json["drift"]
    assert (one["address"], one["nature"], one["applied_known"], one["blame"]) == (
        ADDRESS,
        "edited",
        True,
        None,
    )
    (field,) = one["fields"]
    assert (field["path"], field["before"], field["after"]) == (["topic"], "errors", "faults")
    assert field["location"]["path"] == ROUTES
    assert applied.read(ROUTES).splitlines()[field["location"]["line"] - 1].strip() == "topic: faults"
    assert field["blame"] is None
    assert ran.json["next"][0] == ["registry", "drift", "--accept", ADDRESS]


def test_git_says_who_wrote_the_line(committed: Box) -> None:
    edit(committed)
    text = committed.run("drift").out
    assert "not committed yet" in text
    committed.git("-c", "user.name=Bob", "commit", "-qam", "by hand")
    (one,) = committed.run("drift", "--format", "json").json["drift"]
    blame = one["fields"][0]["blame"]
    assert (blame["author"], blame["commit"]) == ("Bob", committed.git("rev-parse", "HEAD").strip())
    assert one["blame"]["author"] == "Ada"


def test_natures_are_told_apart(applied: Box) -> None:
    applied.replace("modules/overview/type_registry.yaml", "An API.", "Changed.")
    applied.replace("modules/overview/instance_registry.yaml", "Takes", "Eats")
    applied.replace("desired/all.yaml", "Takes", "Drinks")
    edit(applied)
    text = applied.read("desired/all.yaml")
    applied.write("desired/all.yaml", text[: text.index("route:")])
    (applied.root / "modules/overview/instance_maturity.yaml").unlink()
    found = applied.run("drift", "--format", "json").json["drift"]
    assert {one["address"]: one["nature"] for one in found} == {
        "module_type/http_api": "edited",
        "module_instance/payments.api": "both_changed",
        ADDRESS: "undeclared",
        "module_maturity/payments.api": "gone",
    }


def test_a_state_that_does_not_fit_is_no_drift(applied: Box) -> None:
    edit(applied)
    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    ran = applied.run("drift", "--format", "json")
    assert (ran.exit, ran.json["drift"]) == (0, [])
    assert [one["address"] for one in ran.json["stale_state"]] == [ADDRESS]


def test_accept_changes_that_field_of_the_fragment_only(applied: Box) -> None:
    edit(applied)
    fragment, live = applied.read("desired/all.yaml"), applied.read(ROUTES)
    ran = applied.run("drift", "--accept", ADDRESS, "--format", "json")
    people = [path for path in ran.json["written"] if not path.startswith(".system/registry/")]
    assert (ran.exit, people) == (0, ["desired/all.yaml"])
    assert applied.read("desired/all.yaml") == fragment.replace("topic: errors", "topic: faults")
    assert applied.read(ROUTES) == live
    assert ran.json["next"] == [], "all of it is written"
    assert applied.run("plan", "--detailed-exitcode").exit == 0


def test_revert_undoes_that_edit_only(applied: Box) -> None:
    before = applied.read(ROUTES)
    edit(applied)
    applied.replace("modules/overview/type_registry.yaml", "An API.", "Changed.")
    ran = applied.run("drift", "--revert", ADDRESS, "--format", "json")
    assert ran.exit == 0
    assert applied.read(ROUTES) == before
    left = applied.run("drift", "--format", "json").json["drift"]
    assert [one["address"] for one in left] == ["module_type/http_api"]


def test_one_call_takes_several_addresses(applied: Box) -> None:
    edit(applied)
    applied.replace("modules/overview/type_registry.yaml", "An API.", "Changed.")
    ran = applied.run("drift", "--revert", ADDRESS, "module_type/http_api")
    assert ran.exit == 0
    assert applied.run("drift").exit == 0


def test_addresses_that_are_unknown_or_did_not_drift(applied: Box) -> None:
    assert applied.run("drift", "--accept", "route/api.erors").exit == 64
    ran = applied.run("drift", "--revert", ADDRESS)
    assert ran.exit == 0
    assert "did not drift" in ran.out
    edit(applied)
    assert applied.run("drift", "--accept", ADDRESS, "--revert", ADDRESS).exit == 64
    assert applied.run("drift", "module_type/*").exit == 0
    assert applied.run("drift", "route/*").exit == 2


def test_a_pattern_of_everything_means_what_drifted(applied: Box) -> None:
    for option in ("--revert", "--accept"):
        applied.replace(ROUTES, "topic: errors", "topic: faults")
        ran = applied.run("drift", option, "*", "--format", "json")
        assert (ran.exit, ran.json[f"{option[2:]}ed"]) == (0, [ADDRESS])


def test_an_accepted_edit_is_remembered(applied: Box) -> None:
    """Else what is asked for next would meet the edit again, and its advice would be to accept it."""
    edit(applied)
    assert applied.run("drift", "--accept", ADDRESS).exit == 0
    assert applied.run("plan", "--detailed-exitcode").exit == 0
    ran = applied.run("rm", ADDRESS, "--apply", "--yes")
    assert ran.exit == 0, ran.out + ran.err
    assert "api.errors" not in applied.read(ROUTES)


def test_an_edit_that_was_made_in_both_is_no_drift_of_the_next(applied: Box) -> None:
    edit(applied)
    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    assert applied.run("drift").exit == 0
    ran = applied.run("set", ADDRESS, "topic=mishaps", "--apply", "--yes")
    assert ran.exit == 0, ran.out + ran.err
    assert "topic: mishaps" in applied.read(ROUTES)
    assert applied.run("drift").exit == 0


def test_an_edited_entry_that_no_fragment_declares_is_let_go_when_the_edit_is_accepted(applied: Box) -> None:
    edit(applied)
    live, fragment = applied.read(ROUTES), applied.read("desired/all.yaml")
    kept = fragment[: fragment.index("route:")]
    applied.write("desired/all.yaml", kept)
    assert applied.run("plan", "--allow-mass-delete").exit == 3
    assert applied.run("drift", "--accept", ADDRESS).exit == 0
    assert applied.read("desired/all.yaml") == f"{kept}removed:\n  - address: {ADDRESS}\n    keep: true\n"
    assert applied.read(ROUTES) == live
    assert applied.run("plan", "--detailed-exitcode").exit == 0
