"""What may be a slip comes with a patch: it mends the problem, and only who looks at it makes it."""

from __future__ import annotations

import pytest

from tests.support import Box

TYPES = """\
# Ünter der Zeile: bytes are no characters.
module_type:
  - {id: web, outbound: [store]}
  - {id: store, inbound: [web]}
"""
ABILITY = """\
ability_low:
  - {ability_id: a, group: g, summary: S, required_caps: [fs.read], environments: [prod],
     implementation: {kind: api, endpoint: https://example.org/}}
"""
CONFIG = "vocabularies: {environments: [prod], capabilities: {fs.read: {description: R}}}\n"
SLIPS = [
    ("REF001", "desired/t.yaml", "outbound: [store]", "outbound: [stroe]"),
    ("MOD001", "desired/t.yaml", "inbound: [web]", "inbound: []"),
    ("ABL008", "desired/a.yaml", "fs.read", "fs.raed"),
    ("ABL009", "desired/a.yaml", "[prod]", '["prdo"]'),
    ("SCH001", "desired/a.yaml", "kind: api", "kind: apy"),
]


@pytest.fixture
def well(empty: Box) -> Box:
    assert empty.run("init").exit == 0
    empty.write(".system/registry/config.yaml", CONFIG)
    empty.write("desired/t.yaml", TYPES)
    empty.write("desired/a.yaml", ABILITY)
    assert empty.run("plan").exit == 0
    return empty


@pytest.mark.parametrize(("code", "path", "right", "wrong"), SLIPS, ids=[one[0] for one in SLIPS])
def test_a_slip_has_a_patch_that_is_not_made_unasked(
    well: Box, code: str, path: str, right: str, wrong: str
) -> None:
    well.replace(path, right, wrong)
    found = well.run("plan", "--format", "json").json["problems"]
    [problem] = [one for one in found if one["code"] == code and one["blocking"]]
    assert problem["fix"]["safe"] is False
    [edit] = problem["fix"]["edits"]
    before = well.read(path)
    ran = well.run("fix", "--format", "json").json
    assert well.read(path) == before
    assert code in [one["problem"]["code"] for one in ran["patches"]]
    data = before.encode()
    assert data[edit["start"] : edit["end"]].decode() == edit["old"]
    mended = data[: edit["start"]] + edit["new"].encode() + data[edit["end"] :]
    well.write(path, mended.decode())
    assert well.run("plan").exit == 0


def test_what_is_no_slip_has_none(well: Box) -> None:
    well.replace("desired/t.yaml", "outbound: [store]", "outbound: [store, something-else]")
    found = well.run("plan", "--format", "json").json["problems"]
    assert [one["fix"]["edits"] for one in found if one["blocking"]] == [[]]
