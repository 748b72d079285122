"""The schema of fragments, as an editor uses it: found by the modeline, it knows this workspace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import Box

OUT = ".system/registry/fragment.schema.json"


@pytest.fixture
def edited(applied: Box) -> Box:
    """A workspace whose fragment starts with the modeline that the command names."""
    ran = applied.run("schema", "fragment", "--out", OUT)
    modeline = ran.out.splitlines()[2]
    applied.write("desired/all.yaml", f"{modeline}\n{applied.read('desired/all.yaml')}")
    return applied


def look(box: Box, path: str) -> list[str]:
    """What a validator of editors' schemas finds in a fragment; the schema is where the modeline says."""
    first = box.read(path).splitlines()[0]
    schema = (box.root / path).parent / first.removeprefix("# yaml-language-server: $schema=")
    command = [sys.executable, "-m", "check_jsonschema", "-o", "json", "--schemafile", str(schema)]
    done = subprocess.run([*command, path], cwd=box.root, capture_output=True, text=True, check=False)
    return [one["path"] for one in json.loads(done.stdout)["errors"]]


def test_a_good_fragment_is_good_and_the_modeline_is_no_change(edited: Box) -> None:
    assert look(edited, "desired/all.yaml") == []
    assert edited.run("plan", "--detailed-exitcode").exit == 0
    edited.run("fmt")
    assert edited.read("desired/all.yaml").startswith("# yaml-language-server: $schema=../.system/")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("module_type: http_api", "module_type: http_ap", "$.module_instance[0].module_type"),
        ("module_id: payments.api\n    when", "module_id: gone\n    when", "$.route[0].module_id"),
        ("maturity: FUNCTIONAL", "maturity: DONE", "$.module_maturity[0].maturity"),
        ("topic: errors", "topik: errors", "$.route[0]"),
        ("route:\n", "routes:\n", "$"),
    ],
)
def test_a_slip_is_underlined(edited: Box, old: str, new: str, where: str) -> None:
    edited.replace("desired/all.yaml", old, new)
    assert where in look(edited, "desired/all.yaml")


def test_fields_and_kinds_come_with_descriptions_and_words(edited: Box) -> None:
    schema = json.loads((edited.root / Path(OUT)).read_text("utf-8"))
    for name, one in schema["properties"].items():
        assert one.get("description") or "$ref" in one, name
    fields: dict[str, Any] = schema["$defs"]["route"]["properties"]
    assert all(one.get("description") for one in fields.values())
    assert '"payments.api"' in json.dumps(schema["properties"]["route"])
    assert '"http_api"' in json.dumps(schema["properties"]["module_instance"])
    assert '"FUNCTIONAL"' in json.dumps(schema["$defs"]["module_maturity"])


def test_a_new_entry_is_a_word_once_the_schema_is_written_again(edited: Box) -> None:
    edited.write("desired/new.yaml", "module_type:\n  - {id: batch, description: B.}\n")
    edited.replace("desired/all.yaml", "module_type: http_api", "module_type: batch")
    assert look(edited, "desired/all.yaml") != []
    assert edited.run("schema", "fragment", "--out", OUT).exit == 0
    assert look(edited, "desired/all.yaml") == []
