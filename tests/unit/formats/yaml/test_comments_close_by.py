"""A comment that follows a bracket, quote or comma without a space is no YAML 1.2, and such files are refused.

The splicer keeps the comment, and itself, all the same: it never relies on the reader's strictness.
"""

from __future__ import annotations

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove, Update
from registry_reconciler.formats.nodes import to_value
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.yaml.edit.splice import splice
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.nodes import compose
from registry_reconciler.model.entry import FieldPath, Json, get_path, same
from tests.property.yaml_texts import paths_of

VALUES = (
    "{}",
    "[]",
    '"q"',
    "'q'",
    "{b: 1}",
    "[1, 2]",
    "&y {}",
    '&y "q"',
    "!!str 'a'",
    "{b: 1,#c\n  d: 2}",
    "[1,#c\n  2]",
    "[1,#c\n  2,#d\n ]",
    "{'b':1,#c\n 'd':{}#e\n }",
    "['x'#c\n , 'y'#d\n ]",
    "['x'#c\n , 'y']",
)
PLACES = (
    "a: V#end",
    "a: V#end\nz: 1\n",
    "- V#end\n- 2\n",
    "V#end\n",
    "{a: V#end\n}\n",
    "[1, V#end\n]\n",
    "[V#end\n, 2]\n",
    "a:\n- V#end\n- b: V#end\n",
    "a:\n  V#end\nz: 2\n",
    "--- V#end\n",
)
NEW: tuple[Json, ...] = (None, True, 7, "t", "two\nlines", "0o7", "", [], {}, [1, 2], {"k": [{"z": "q"}]})


def said(data: bytes) -> list[Json]:
    """What the documents say, whether or not a strict reader takes them."""
    return [to_value(document.root) for document in compose(data.decode())]


def edits(document: Json, path: FieldPath) -> list[Edit]:
    """All sorts of edits at a part."""
    here = get_path(document, path)
    found: list[Edit] = [Update(0, path, value) for value in NEW]
    if path:
        found.append(Remove(0, path))
    if isinstance(here, dict):
        found += [Insert(0, path, value, key="new") for value in NEW]
    if isinstance(here, list):
        found += [Insert(0, path, value, index=at) for value in NEW for at in (0, len(here))]
    return found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", VALUES)
def test_every_edit_reads_back(place: str, value: str) -> None:
    data = place.replace("V", value).encode()
    assert not read_yaml(data).readable
    documents = said(data)
    for path in paths_of(documents[0]):
        for edit in edits(documents[0], path):
            result = splice(data, [edit])
            assert same(said(result), projected(documents, [edit])), (edit, result)
            if isinstance(edit, Update) and not isinstance(here := get_path(documents[0], path), dict | list):
                assert result.count(b"#") == data.count(b"#"), (here, edit, result)


def test_the_value_of_the_fuzzer_can_be_changed() -> None:
    assert splice(b"a: {}#<<<<0o7\n", [Update(0, ("a",), "x")]) == b"a: x #<<<<0o7\n"
