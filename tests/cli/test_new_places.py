"""New places: a name that is nearly one of those that are there is said, in each layout and format, also of files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import Installed

SCHEMA = """\
x-registry: {{kind: item, layout: {layout}, file: '{file}'{at}, key: id}}
type: object
"""


def shop(root: Path, layout: str, file: str, at: str = "") -> Installed:
    """A workspace with two entries in two groups."""
    made = Installed(root)
    made.write(
        ".system/registry/schemas/item.schema.yaml",
        SCHEMA.format(layout=layout, file=file, at=f", at: '{at}'" if at else ""),
    )
    declare(made, ("a", "esoteric"), ("b", "other"))
    done = made.run("apply", "--yes")
    assert done.exit == 0, done.out + done.err
    return made


def declare(made: Installed, *entries: tuple[str, str]) -> None:
    rows = [{"id": key, "group": group} for key, group in entries]
    made.write("desired/all.yaml", json.dumps({"item": rows}))


@pytest.mark.parametrize(
    ("layout", "file", "at"),
    [
        ("list", "reg/{group}.yaml", "items"),
        ("map", "reg/{group}/items.json", "items"),
        ("file", "reg/{group}/{id}.md", ""),
        ("documents", "reg/{group}.yaml", ""),
        ("list", "items.toml", "{group}.items"),
        ("map", "items.jsonc", "groups.{group}"),
    ],
)
def test_a_new_place_that_is_nearly_one_that_is_there_is_a_warning(
    tmp_path: Path, layout: str, file: str, at: str
) -> None:
    made = shop(tmp_path, layout, file, at)
    declare(made, ("a", "esoteric"), ("c", "esotheric"))
    ran = made.run("plan")
    words = " ".join(ran.out.split())
    assert ran.exit == 0
    assert "warning WRT006" in ran.out
    assert "There is no group 'esotheric'" in words
    assert "Did you mean 'esoteric'?" in words
    assert "- item/b" in ran.out
    if "{group}" in at:  # else its text says the group, and it stays where it is
        declare(made, ("a", "esotheric"), ("b", "other"))
        assert "Did you mean 'esoteric'?" in " ".join(made.run("plan").out.split())
    declare(made, ("a", "esoteric"), ("b", "other"), ("c", "another thing"))
    assert "WRT006" not in made.run("plan").out


@pytest.mark.parametrize("file", ["reg/{group}.yaml", "items.yaml"])
def test_names_that_are_counted_are_no_slips(tmp_path: Path, file: str) -> None:
    made = shop(tmp_path, "list", file, "items" if "{" in file else "{group}.items")
    declare(made, ("a", "esoteric"), ("b", "other"), ("c", "other2"), ("d", "team1"))
    assert made.run("apply", "--yes").exit == 0
    declare(made, ("a", "esoteric"), ("b", "other"), ("c", "other3"), ("d", "team2"))
    assert "WRT006" not in made.run("plan").out


def test_many_missing_places_look_for_a_suggestion_a_few_times_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each looks through all names that are there: without a bound that is the square of their number."""
    from registry_reconciler.base import suggest
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.workspace import Workspace

    made = Installed(tmp_path)
    made.write(
        ".system/registry/schemas/item.schema.yaml",
        SCHEMA.format(layout="list", file="reg.yaml", at=", at: 'groups[name={group}].items'"),
    )
    groups = [{"name": f"group {number} of these", "items": []} for number in range(300)]
    made.write("reg.yaml", json.dumps({"groups": groups}))
    declare(made, *((f"i{number}", f"groop {number} of these") for number in range(300)))
    asked: list[str] = []
    real = suggest.closest

    def counted(word: str, *more: object) -> str | None:
        asked.append(word)
        return real(word, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(suggest, "closest", counted)
    plan = Workspace(tmp_path).planning(PlanOptions()).plan
    messages = [problem.message for problem in plan.problems if problem.code == "WRT003"]
    assert len(messages) == 300
    assert "Did you mean 'group 0 of these'?" in messages[0]
    assert len(asked) < 60
