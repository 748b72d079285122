"""This repository is its own first user: its schema files are the packaged ones, and its registries are applied."""

from __future__ import annotations

from pathlib import Path

from registry_reconciler import Workspace
from registry_reconciler.schema.packaged import builtin_schemas

ROOT = Path(__file__).parents[1]


def test_the_schema_files_here_are_the_packaged_ones() -> None:
    folder = ROOT / ".system/registry/schemas"
    here = {path.name.removesuffix(".schema.yaml"): path.read_bytes() for path in folder.iterdir()}
    assert here == builtin_schemas()


def test_the_registries_here_are_applied() -> None:
    plan = Workspace.open(ROOT).plan()
    assert plan.applicable, [problem.message for problem in plan.blocking]
    assert plan.empty, [change.address for change in plan.changes]


def test_every_document_has_a_route_and_every_module_one_of_its_own() -> None:
    plan = Workspace.open(ROOT).plan()
    assert [problem.message for problem in plan.problems] == []
