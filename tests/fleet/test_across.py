"""References into other repositories: over all of a fleet, and for one repository by a catalogue."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.errors import UsageFailure
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.fleet import Repository, RepositoryOutcome
from registry_reconciler.fleet.across import TELL, CatalogueSource, judged
from registry_reconciler.fleet.catalogue import Catalogue, open_publisher, publication_of
from registry_reconciler.fleet.catalogue.failures import Unreachable
from registry_reconciler.fleet.planning import check
from registry_reconciler.fleet.run.jobs import SEEN, options_for
from registry_reconciler.fleet.sources import RepositorySource
from registry_reconciler.model.config import Config
from registry_reconciler.model.fleet_view import CATALOG_INPUT
from registry_reconciler.planning.pipeline import make_plan
from tests.support import Files, lay_out

TOOL = """\
x-registry: {kind: tool, layout: list, file: tools.yaml, key: id, names: {name: name, status: status},
  unique: [{fields: port, in: fleet}]}
"""
SKILL = """\
x-registry: {kind: skill, layout: list, file: skills.yaml, key: id,
  references: [{field: "uses[]", kind: tool, in: fleet}]}
"""
PAYMENTS = "tool: [{id: capture, name: Capture it, port: 80}, {id: take, status: deprecated}]\n"
SHOP = """\
skill: [{id: a, uses: [capture]}, {id: b, uses: [captur]}, {id: c, uses: [take]}, {id: d, uses: [Capture it]}]
tool: [{id: local, port: 80}]
"""


def files(text: str) -> dict[str, str]:
    schemas = ".system/registry/schemas"
    return {
        f"{schemas}/tool.schema.yaml": TOOL,
        f"{schemas}/skill.schema.yaml": SKILL,
        "desired/a.yaml": text,
    }


class Folders:
    """Repositories that are folders, looked at in this process."""

    def __init__(self, root: Path, **texts: str) -> None:
        self.looked: list[str] = []
        self.options: dict[str, dict[str, Any]] = {}
        self.repositories = []
        for name, text in texts.items():
            if text:
                lay_out(root / name, files(text))
            self.repositories.append(Repository(name, path=str(root / name)))

    def look(self, some: Sequence[Repository], options: dict[str, Any]) -> list[RepositoryOutcome]:
        self.options = {repository.name: options_for(options, repository.name) for repository in some}
        return [self._one(repository, self.options[repository.name]) for repository in some]

    def _one(self, repository: Repository, options: dict[str, Any]) -> RepositoryOutcome:
        self.looked.append(repository.name)
        if not Path(repository.path).is_dir():
            return RepositoryOutcome(
                repository.name, None, 0.0, error={"code": "source", "message": "not there"}
            )
        source = RepositorySource(repository.name, repository.path)
        return RepositoryOutcome(repository.name, None, 0.0, result=check(source.describe(), options))

    def judged(self, *names: str) -> dict[str, list[str]]:
        """What is said of some of them: codes and addresses, by name."""
        chosen = [one for one in self.repositories if one.name in names]
        others = [one for one in self.repositories if one.name not in names]
        found = judged(self.look(chosen, {TELL: True}), chosen, others, self.look)
        return {
            one.name: [
                f"{problem['code']} {problem['address']}"
                for problem in (one.result or {}).get("problems", ())
                if problem["code"].startswith("FLT")
            ]
            for one in found
        }


def test_all_repositories_judge_each_other_and_only_the_concerned_ones_are_looked_at_twice(
    tmp_path: Path,
) -> None:
    idle = "tool: [{id: idle}]\nskill: [{id: a, uses: [capture, idle]}]\n"
    fleet = Folders(tmp_path, payments=PAYMENTS, shop=SHOP, idle=idle)
    said = ["FLT001 skill/b", "FLT001 skill/d", "FLT002 tool/local", "FLT003 skill/c"]
    assert fleet.judged("payments", "shop", "idle") == {
        "payments": ["FLT002 tool/capture"],
        "shop": said,
        "idle": [],
    }
    assert fleet.looked == ["payments", "shop", "idle", "payments", "shop"]
    fleet.looked.clear()
    assert fleet.judged("shop") == {"shop": said}
    assert fleet.looked == ["shop", "payments", "idle", "shop"]


def test_what_may_stand_in_a_repository_that_cannot_be_looked_at_is_not_called_dangling(
    tmp_path: Path,
) -> None:
    fleet = Folders(tmp_path, payments="", shop=SHOP)
    assert fleet.judged("payments", "shop") == {"payments": [], "shop": ["FLT004 skill/a"]}


def test_a_repository_is_judged_by_what_it_asks_and_by_nothing_else(tmp_path: Path) -> None:
    """What is found of a repository is remembered by its options: a new problem elsewhere leaves them as they are."""
    wrong = "skill: [{id: a, uses: [nobody]}]\n"
    fleet = Folders(tmp_path, payments=PAYMENTS, shop=SHOP, lone=wrong)
    fleet.judged("payments", "shop", "lone")
    before = fleet.options
    assert set(before) == {"payments", "shop", "lone"}
    (tmp_path / "payments/desired/a.yaml").write_text(PAYMENTS + "skill: [{id: z, uses: [nothing]}]\n")
    more = "tool: [{id: x, port: 443}]\n"
    for name in ("one", "two"):
        lay_out(tmp_path / name, files(more))
        fleet.repositories.append(Repository(name, path=str(tmp_path / name)))
    fleet.judged("payments", "shop", "lone", "one", "two")
    assert set(fleet.options) == {"payments", "shop", "lone", "one", "two"}
    assert (fleet.options["lone"], fleet.options["shop"]) == (before["lone"], before["shop"])
    assert fleet.options["payments"] != before["payments"]
    seen = check(RepositorySource("lone", str(tmp_path / "lone")).describe(), fleet.options["lone"])[SEEN]
    assert sorted(path for path in seen["inputs"] if path.startswith("desired")) == ["desired/a.yaml"]
    assert CATALOG_INPUT not in seen["inputs"]  # it is no file, and with it nothing would ever be known again


def test_nobody_else_is_looked_at_for_a_repository_that_asks_nothing(tmp_path: Path) -> None:
    fleet = Folders(tmp_path, plain="skill: [{id: a}]\n", shop=SHOP)
    assert fleet.judged("plain") == {"plain": []}
    assert fleet.looked == ["plain"]


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A catalogue of payments and shop; the commit of shop is that of a repository in ``tmp_path/here``."""
    monkeypatch.delenv("REGISTRY_CATALOG", raising=False)
    lay_out(tmp_path / "here", files(SHOP))
    settings = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run(["git", *settings, *words], cwd=tmp_path / "here", check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=tmp_path / "here", check=True, capture_output=True, text=True
    )
    url = f"sqlite:///{tmp_path / 'fleet.db'}"
    publisher = open_publisher(url)
    for name, text, commit in (("payments", PAYMENTS, "1" * 40), ("shop", SHOP, head.stdout.strip())):
        tree = MemoryTree({path: content.encode() for path, content in files(text).items()})
        publisher.publish(publication_of(tree, name, commit, 1))
    return url


def planned(source: CatalogueSource) -> dict[str, Any]:
    tree: Files = {path: content.encode() for path, content in files(SHOP).items()}
    plan = make_plan(MemoryTree(tree), fleet=source).plan
    return {
        "codes": [f"{one.code} {one.address}" for one in plan.problems if one.code.startswith("FLT")],
        "messages": [one.message for one in plan.problems],
        "input": plan.inputs.get(CATALOG_INPUT),
        "notices": [notice.title for notice in plan.notices],
    }


def test_a_catalogue_judges_one_repository_without_what_it_published_itself(
    tmp_path: Path, catalogue: str
) -> None:
    told: list[str] = []
    found = planned(CatalogueSource(tmp_path / "here", catalogue, told.append))
    assert found["codes"] == ["FLT001 skill/b", "FLT001 skill/d", "FLT002 tool/local", "FLT003 skill/c"]
    assert found["input"].startswith("sha256:")
    assert told == ["catalogue: 2 repositories, published less than a minute ago; this one is 'shop' there"]
    # Somewhere else nothing tells that this is shop, and what shop published counts as that of another one.
    elsewhere = planned(CatalogueSource(tmp_path, catalogue, told.append))
    assert "not among them" in told[-1]
    assert [message for message in elsewhere["messages"] if message.startswith("port is 80")] == [
        "port is 80 in tool/capture of payments (desired/a.yaml:1) and 1 more as well."
    ]


def test_the_settings_name_a_catalogue_beside_the_workspace(tmp_path: Path, catalogue: str) -> None:
    source = CatalogueSource(tmp_path / "here", "", lambda _text: None)
    view = source(Config(catalog="sqlite:///../fleet.db", catalog_repository="shop"), ())
    assert view is not None
    assert (view.fault, list(view.holders("tool", ["capture", "local"]))) == ("", ["capture"])
    assert source(Config(), ()) is None


def test_a_catalogue_that_cannot_be_asked_is_a_warning_and_a_word_that_names_none_is_refused(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    found = planned(CatalogueSource(tmp_path, f"sqlite:///{tmp_path}/none.db", told.append))
    assert (found["codes"], found["input"], found["notices"]) == (["FLT004 "], None, [])
    assert len(told) == 1
    empty = f"sqlite:///{tmp_path}/empty.db"
    open_publisher(empty)
    assert planned(CatalogueSource(tmp_path, empty, told.append))["codes"] == ["FLT004 "]
    with pytest.raises(UsageFailure):
        planned(CatalogueSource(tmp_path, "mysql://u:hunter2@host/db", told.append))


def test_a_catalogue_that_is_lost_at_any_question_of_a_plan_is_a_warning(
    tmp_path: Path, catalogue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"asked": 0, "answered": sys.maxsize}
    answered = Catalogue.rows

    def rows(self: Catalogue, *given: Any) -> list[Any]:
        counts["asked"] += 1
        if counts["asked"] > counts["answered"]:
            raise Unreachable("the database went away")
        return answered(self, *given)

    monkeypatch.setattr(Catalogue, "rows", rows)
    planned(CatalogueSource(tmp_path / "here", catalogue, lambda _text: None))
    for number in range(counts["asked"]):
        counts.update(asked=0, answered=number)
        told: list[str] = []
        found = planned(CatalogueSource(tmp_path / "here", catalogue, told.append))
        assert (found["codes"], found["input"]) == (["FLT004 "], None)
        assert told[-1] == "warning: the database went away"
