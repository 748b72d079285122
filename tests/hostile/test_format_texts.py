"""The manifest of hostile registry texts of other formats: each is answered, and all of them in one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from registry_reconciler.formats.table import FORMATS
from tests.hostile.helper import run, snapshot, unharmed
from tests.hostile.texts import FORMAT_MAKERS

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("formats.yaml").read_text("utf-8"))
SCHEMA = """\
x-registry: {{kind: hostile_{name}, layout: {layout}, file: 'hostile/{name}/*.txt', key: id, format: {name}{at}}}
properties: {{id: {{type: string}}}}
"""
AT = {"toml": ", at: items"}
"""Where the entries lie in formats whose files are no lists."""


def test_every_format_has_hostile_texts() -> None:
    assert {case["format"] for case in CASES} == set(FORMATS) - {"yaml"}


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"yaml"}))
def test_hostile_texts_are_answered(name: str, root: Path) -> None:
    layout = "list" if FORMATS[name].several_entries else "file"
    schema = root / f".system/registry/schemas/hostile_{name}.schema.yaml"
    schema.write_text(SCHEMA.format(name=name, layout=layout, at=AT.get(name, "")), encoding="utf-8")
    folder = root / "hostile" / name
    folder.mkdir(parents=True)
    mine = [case for case in CASES if case["format"] == name]
    for number, case in enumerate(mine):
        data = FORMAT_MAKERS[case["make"]]() if "make" in case else case["raw"].encode("latin-1")
        (folder / f"{number:03d}.txt").write_bytes(data)
    before = snapshot(root)
    used = run(root, "check", "--format", "json")
    unharmed(used)
    assert snapshot(root) == before
    for number, case in enumerate(mine):
        found = used.problems_at(f"hostile/{name}/{number:03d}.txt")
        where = [(one["code"], f"{one['location']['line']}:{one['location']['column']}") for one in found]
        assert (case["code"], case["at"]) in where, (case["name"], found)
