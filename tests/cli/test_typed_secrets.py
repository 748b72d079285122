"""What was typed for a secret field is repeated nowhere: neither as what to type next, nor in what is wrong."""

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


THING = """\
x-registry: {kind: thing, layout: list, file: things.yaml, at: things, key: id}
type: object
required: [id]
properties:
  id: {type: string}
  tags: {type: array, items: {type: string}}
  token: {type: string, x-secret: true}
  keys: {type: array, items: {type: string}, x-secret: true}
"""
OPEN = '{"id": "b", "token": "S3CRET", "x'


WRONG_CALLS = (
    ("add", "thing", "token=S3CRET"),
    ("add", "thing", "token", "S3CRET"),
    ("add", "thing", "id=b", "token=S3CRET", "--nope"),
    ("add", "token=S3CRET"),
    ("add", "thing", '{"id": "b", "token": "S3CRET"}'),
    ("add", "thing", "--entry-file", '{"id": "b", "token": "S3CRET"}'),
    ("add", "thing", "--entry-json", '{"id": "b", "token": *S3CRET}'),
    ("add", "thing", "--entry-json", '{"id": "b", "token": !!int S3CRET}'),
    ("add", "thing", "--entry-json", '{"id": "b", "S3CRET": 1, "S3CRET": 2}'),
    ("add", "thing", "--entry-json", OPEN),
    ("add", "no-kind", "--entry-json", OPEN + '": 1}'),
    ("add", "thing", "--fragment", "token=S3CRET", "--entry-json", '{"id": "b"}'),
    ("set", "thing/a", "token", "S3CRET"),
    ("set", "thing/a", "S3CRET"),
    ("set", "thing/a", "token:S3CRET"),
    ("set", "thing/a", "token.=S3CRET"),
    ("set", "thing/a", "token[].x=S3CRET"),
    ("set", "thing/a", "keys-=S3CRET"),
    ("set", "thing/a", "token-=S3CRET"),
    ("set", "thing/a", "token.inner=S3CRET"),
    ("set", "thing/b", "token=S3CRET"),
    ("set", "token=S3CRET", "tags=x"),
    ("set", "thing/a", "token=S3CRET", "--lock-timeout", "token=S3CRET"),
    ("fix", "--set", "tokenS3CRET"),
    ("fix", "NOPE", "--set", "token=S3CRET"),
    ("schema", "migrate", "thing", "--default", "token:S3CRET"),
    ("schema", "migrate", "thing", "--default", "token+=S3CRET"),
    ("schema", "migrate", "thing", "token=S3CRET"),
    ("list", "--where", "token='S3CRET"),
    ("list", "--where", "token 'S3CRET"),
    ("list", "--where", "token!S3CRET"),
    ("list", "--where", "token<S3CRET"),
    ("list", "--where", "token S3CRET<x"),
    ("list", "--where", "token S3CRET!x"),
    ("show", "thing/a", 'it\'s="S3CRET"\n\\'),
    ("show", "token=S3CRET"),
    ("run", "token=S3CRET"),
    ("rule", "test", "token=S3CRET"),
    ("apply", "token: S3CRET"),
    ("token=S3CRET",),
)


@pytest.fixture
def things(box: Box) -> Box:
    box.write(".system/registry/schemas/thing.schema.yaml", THING)
    box.write(
        "things.yaml", "things:\n  - {id: a, token: OTHER-S3CRET, keys: [OTHER-S3CRET], tags: [x, y]}\n"
    )
    assert box.run("adopt", "--all").exit == 0
    return box


def test_a_wrong_call_repeats_no_value(things: Box) -> None:
    repeating = []
    for words in WRONG_CALLS:
        done = things.run(*words, "--format", "json")
        assert done.exit, done
        if "s3cret" in (done.out + done.err).lower():
            repeating.append((words, done.err))
    assert repeating == []


def test_a_value_in_place_of_a_field_is_not_repeated(things: Box) -> None:
    done = things.run("list", "--where", "token S3CRET")
    assert (
        "what stands behind 'token' is no field of these entries. To compare, write token=TEXT." in done.err
    )
    assert "S3CRET" not in done.out + done.err


def test_a_text_of_an_editor_is_not_repeated(things: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("id: a\ntoken: *S3CRET\n", "id: a\ntoken: !!int S3CRET\n", "id: a\nS3CRET: 1\nS3CRET: 2\n"):
        things.write("typed.yaml", text)
        monkeypatch.setenv("EDITOR", f"cp {things.root / 'typed.yaml'}")
        done = things.run("edit", "thing/a")
        assert done.exit, done
        assert "line " in done.err
        assert "S3CRET" not in done.out + done.err


def test_what_is_no_value_is_repeated(things: Box) -> None:
    assert "'extra' is too much" in things.run("show", "thing/a", "extra").err
    assert "'token=…' is too much" in things.run("show", "thing/a", "token=S3CRET").err
    assert "'thing/b=c'" in things.run("show", "thing/b=c").err
    assert "does not hold 'z'. It holds: x, y." in things.run("set", "thing/a", "tags-=z").err
    assert "word 2 of 2 with a field has no '='" in things.run("set", "thing/a", "tags=x", "token").err
