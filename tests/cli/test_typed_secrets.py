"""What is typed with ``--dry-run`` is proposed again without it, but never with a secret in it."""

from __future__ import annotations

import pytest

from tests.support import Box

SCHEMA = """\
x-registry: {{kind: server, layout: map, file: {file}, at: servers, key: name{more}}}
type: object
required: [name]
properties:
  name: {{type: string}}
  title: {{type: string}}
  env: {{type: object, additionalProperties: {{type: string, x-secret: true}}}}
"""
FILES = {
    "s.json": '{"servers": {"a": {"title": "A", "env": {"KEY": "old"}}}}\n',
    "s.toml": '[servers.a]\ntitle = "A"\n\n[servers.a.env]\nKEY = "old"\n',
}
ENTRY = '{"name": "b", "title": "B", "env": {"KEY": "S3CRET"}}'


@pytest.fixture(params=[(file, truth) for file in FILES for truth in ("live", "fragments")])
def servers(box: Box, request: pytest.FixtureRequest) -> Box:
    file, truth = request.param
    more = ", truth: live" if truth == "live" else ""
    box.write(".system/registry/schemas/server.schema.yaml", SCHEMA.format(file=file, more=more))
    box.write(file, FILES[file])
    if truth == "fragments":
        assert box.run("adopt", "--all").exit == 0
        assert box.run("apply", "--yes").exit == 0
    return box


@pytest.mark.parametrize(
    "words",
    [
        ("set", "server/a", "env.KEY=S3CRET"),
        ("set", "server/a", "title=B", 'env={"KEY": "S3CRET"}'),
        ("add", "server", "--entry-json", ENTRY),
    ],
)
def test_a_secret_is_not_repeated(servers: Box, words: tuple[str, ...]) -> None:
    for form in ("text", "json"):
        done = servers.run(*words, "--dry-run", "--format", form)
        assert done.exit == 0, done
        assert "S3CRET" not in done.out + done.err
    assert done.json["next"] == []


def test_what_is_no_secret_is(servers: Box) -> None:
    done = servers.run("set", "server/a", "title=B", "--dry-run", "--format", "json")
    assert done.json["next"] == [["registry", "set", "server/a", "title=B"]]
