"""What is offered, told and found at each place of each sort of file, as a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsprotocol import types

from registry_reconciler.base.progress import listening
from registry_reconciler.lsp.buffers import BufferPlan, Buffers, OpenText
from registry_reconciler.lsp.completion import complete
from registry_reconciler.lsp.diagnostics import diagnostics
from registry_reconciler.lsp.edits import code_actions, fitted, rename
from registry_reconciler.lsp.hover import hover
from registry_reconciler.lsp.lenses import lenses
from registry_reconciler.lsp.navigation import definition, document_symbols, renamable
from registry_reconciler.lsp.overtaken import Overtaken, Stopper
from registry_reconciler.lsp.text import IndexedText
from tests.lsp.editor import Editor, workspace
from tests.support import FRAGMENT as TEXT
from tests.support import installed

FRAGMENT = "desired/docs.yaml"
ROUTES = "modules/routes/api.yaml"
CONFIG = ".system/registry/config.yaml"
OUTPUTS = ".system/registry/outputs.yaml"
RULE = ".system/registry/rules/TEAM001.yaml"
SCHEMA = ".system/registry/schemas/route.schema.yaml"
TEMPLATE = ".system/registry/templates/a.md.j2"
RULE_TEXT = (
    "code: TEAM001\ntitle: Topics are short\nfor: route\ncheck: size(self.topic) < 3\nmessage: too long\n"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that no test writes to."""
    made = workspace(tmp_path_factory.mktemp("places"))
    for path, text in {"guide.md": "# Guide\n", "scripts/run.py": "", RULE: RULE_TEXT, TEMPLATE: "x"}.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(text)
    return made


@pytest.fixture
def buffers(root: Path) -> Buffers:
    """The workspace with nothing open."""
    return Buffers(root)


def opened(buffers: Buffers, path: str, marked: str) -> int:
    """Open a text, and where ``|`` stands in it."""
    assert marked.count("|") == 1, marked
    source = marked.replace("|", "")
    buffers.put(path, OpenText(IndexedText(source), (buffers.root / path).as_uri(), 1))
    return marked.index("|")


def with_line(line: str, *, after: str = "    scope: api\n") -> str:
    """The fragment with one more line in its route."""
    return TEXT.replace(after, after + line)


def with_end(lines: str) -> str:
    """The fragment with something at its end."""
    return TEXT + lines


@pytest.fixture(scope="module")
def closed(root: Path) -> BufferPlan:
    """The plan of the workspace with nothing open."""
    return Buffers(root).look()


def looking(closed: BufferPlan, path: str, marked: str) -> tuple[BufferPlan, int]:
    """A text over a plan that was made before it was typed, and where ``|`` stands in it."""
    source = marked.replace("|", "")
    text = OpenText(IndexedText(source), (closed.root / path).as_uri(), 1)
    return BufferPlan(closed.root, closed.planning, {path: text}, "utf-16"), marked.index("|")


OFFERED = [
    # path, marked text, what is offered first, what the text is with it
    (FRAGMENT, "rou|", "route", "route:"),
    (FRAGMENT, "al|\n", "allow", "allow:\n"),
    (FRAGMENT, "|route:\n  - id: x\n", "hook", "hook:\n  - id: x\n"),
    (FRAGMENT, "route:\n  - |\n", "id", "route:\n  - id: \n"),
    (FRAGMENT, "route:\n  - id: x\n    to|pic: y\n", "topic", "route:\n  - id: x\n    topic: y\n"),
    (
        FRAGMENT,
        with_line("    related_docs: [{path: gu|}]\n"),
        "guide.md",
        with_line("    related_docs: [{path: guide.md}]\n"),
    ),
    (
        FRAGMENT,
        with_line("    related_docs: [\n      {path: gu|},\n    ]\n"),
        "guide.md",
        with_line("    related_docs: [\n      {path: guide.md},\n    ]\n"),
    ),
    (
        FRAGMENT,
        with_line("    related_docs:\n      - {path: x, stage: |}\n"),
        "review",
        with_line("    related_docs:\n      - {path: x, stage: review}\n"),
    ),
    (
        FRAGMENT,
        TEXT.replace("module_id: payments.api\n    when", "module_id:\n      pay|\n    when"),
        "payments.api",
        TEXT.replace("module_id: payments.api\n    when", "module_id:\n      payments.api\n    when"),
    ),
    (
        FRAGMENT,
        "hook:\n  - id: x\n    event_type: |\n",
        "SessionStop",
        "hook:\n  - id: x\n    event_type: SessionStop\n",
    ),
    (
        FRAGMENT,
        "hook:\n  - id: x\n    handler: {kind: script, command: [scr|]}\n",
        "scripts/run.py",
        "hook:\n  - id: x\n    handler: {kind: script, command: [scripts/run.py]}\n",
    ),
    (
        FRAGMENT,
        "hook:\n  - id: x\n    enabled: |\n",
        "true",
        "hook:\n  - id: x\n    enabled: true\n",
    ),
    (FRAGMENT, with_end("allow:\n  - |\n"), "address", with_end("allow:\n  - address: \n")),
    (FRAGMENT, with_end("allow:\n  - code: REF00|\n"), "REF001", with_end("allow:\n  - code: REF001\n")),
    (FRAGMENT, with_end("allow:\n  - code: TEAM|\n"), "TEAM001", with_end("allow:\n  - code: TEAM001\n")),
    (
        FRAGMENT,
        with_end("removed:\n  - {address: a/b, b|}\n"),
        "body",
        with_end("removed:\n  - {address: a/b, body: }\n"),
    ),
    (
        FRAGMENT,
        with_end("removed:\n  - {address: a/b, body: |}\n"),
        "delete",
        with_end("removed:\n  - {address: a/b, body: delete}\n"),
    ),
    (FRAGMENT, with_end("protect: [ro|]\n"), "route/api.errors", with_end("protect: [route/api.errors]\n")),
    (
        FRAGMENT,
        with_end("moved:\n  - from: ro|\n"),
        "route/api.errors",
        with_end("moved:\n  - from: route/api.errors\n"),
    ),
    # What stands beside it cannot be read.
    (
        FRAGMENT,
        "hook: [\n" + TEXT.replace("module_id: payments.api\n    when", "module_id: pay|\n    when"),
        "payments.api",
        "hook: [\n" + TEXT,
    ),
    (
        FRAGMENT,
        "route:\n  - id: [x\n  - id: y\n    module_id: |\n    topic: ]\n",
        "payments.api",
        "route:\n  - id: [x\n  - id: y\n    module_id: payments.api\n    topic: ]\n",
    ),
    (CONFIG, "seve|\n", "severities", "severities: \n"),
    (CONFIG, "severities:\n  REF00|\n", "REF001", "severities:\n  REF001: \n"),
    (CONFIG, "severities: {REF001: |}\n", "record", "severities: {REF001: record}\n"),
    (CONFIG, "verify: |\n", "true", "verify: true\n"),
    (OUTPUTS, "outputs:\n  - fi|\n", "file", "outputs:\n  - file: \n"),
    (OUTPUTS, "outputs:\n  - each: ro|\n", "route", "outputs:\n  - each: route\n"),
    (OUTPUTS, "outputs:\n  - file: gu|\n", "guide.md", "outputs:\n  - file: guide.md\n"),
    (OUTPUTS, "outputs:\n  - template: |\n", "a.md.j2", "outputs:\n  - template: a.md.j2\n"),
    (RULE, "code: TEAM001\nche|\n", "check", "code: TEAM001\ncheck: \n"),
    (RULE, "for: [rou|]\n", "route", "for: [route]\n"),
    (RULE, "severity: |\n", "record", "severity: record\n"),
    (SCHEMA, "x-registry:\n  kind: x\n  lay|\n", "layout", "x-registry:\n  kind: x\n  layout: \n"),
    (SCHEMA, "x-registry:\n  layout: |\n", "map", "x-registry:\n  layout: map\n"),
    (
        SCHEMA,
        "x-registry:\n  references:\n    - {field: x, kind: hoo|}\n",
        "hook",
        "x-registry:\n  references:\n    - {field: x, kind: hook}\n",
    ),
    (
        SCHEMA,
        "properties: {team: {}}\nx-registry:\n  key: te|\n",
        "team",
        "properties: {team: {}}\nx-registry:\n  key: team\n",
    ),
    (
        ROUTES,
        "routes:\n  - id: x\n    module_id: |\n",
        "payments.api",
        "routes:\n  - id: x\n    module_id: payments.api\n",
    ),
    # Of a registry that is not there yet, and of one whose text cannot be read until the word stands there.
    (
        "modules/routes/new.yaml",
        "routes:\n  - id: x\n    sc|\n",
        "scope",
        "routes:\n  - id: x\n    scope: \n",
    ),
    (".system/hooks/new.yaml", "id: new\nevent|\n", "event_type", "id: new\nevent_type: \n"),
]


@pytest.mark.parametrize(("path", "marked", "label", "becomes"), OFFERED)
def test_what_is_offered_is_put_there(
    closed: BufferPlan, path: str, marked: str, label: str, becomes: str
) -> None:
    look, at = looking(closed, path, marked)
    items = {item.label: item for item in complete(look, path, at).items}
    assert label in items
    text = IndexedText(marked.replace("|", ""))
    assert Editor.edited(text, [items[label].text_edit]) == becomes


QUOTED = [
    ("s.json", '{"servers": [{"id": "web", "te|": 1}]}', '{"servers": [{"id": "web", "team": 1}]}'),
    ("s.json", '{"servers": [{"id": "web", "te|"}]}', '{"servers": [{"id": "web", "team": }]}'),
    ("s.json", '{"servers": [{"id": "web", te|}]}', '{"servers": [{"id": "web", "team": }]}'),
    ("s.json", '{"servers": [{"id": "web"\n "te|"}]}', '{"servers": [{"id": "web"\n "team": }]}'),
    ("s.json", '{"servers": [{"team": "co|"}]}', '{"servers": [{"team": "core"}]}'),
    ("s.json", '{"servers": [{"team": |}]}', '{"servers": [{"team": "core"}]}'),
    ("s.json", '{"servers": [{"team": "co|}]}', '{"servers": [{"team": "core"}]}'),
    ("s.json", '{"servers": [{"ready": |}]}', '{"servers": [{"ready": true}]}'),
    ("t.toml", '[[servers]]\nid = "web"\nte|\n', '[[servers]]\nid = "web"\nteam = \n'),
    ("t.toml", '[[servers]]\nte|am = "x"\n', '[[servers]]\nteam = "x"\n'),
    ("t.toml", "[[servers]]\nteam = |\n", '[[servers]]\nteam = "core"\n'),
    ("t.toml", '[[servers]]\nteam = "co|\n', '[[servers]]\nteam = "core"\n'),
    ("t.toml", "[[servers]]\nready = |\n", "[[servers]]\nready = true\n"),
    ("m/web.md", "---\nid: web\nte|\n---\n# Web\n", "---\nid: web\nteam: \n---\n# Web\n"),
    ("m/web.md", "---\nteam: |\n---\n", "---\nteam: core\n---\n"),
    ("f/web.json", '{"te|"}', '{"team": }'),
]


def kinds_in_formats(root: Path) -> Path:
    """A workspace whose registries own their entries, one kind for each way to write them."""
    schemas = root / ".system/registry/schemas"
    schemas.mkdir(parents=True)
    server = {
        "type": "object",
        "required": ["team"],
        "properties": {
            "id": {"type": "string"},
            "team": {"type": "string", "description": "Who keeps it."},
            "ready": {"type": "boolean"},
            "token": {"type": "string", "x-secret": True},
        },
    }
    places = {
        "in_json": {"layout": "list", "file": "s.json", "at": "servers"},
        "in_toml": {"layout": "list", "file": "t.toml", "at": "servers"},
        "in_matter": {"layout": "file", "file": "m/{id}.md"},
        "in_files": {"layout": "file", "file": "f/{id}.json"},
        "in_map": {"layout": "map", "file": "map.yaml", "at": "servers"},
    }
    shared = {"key": "id", "truth": "live", "references": [{"field": "team", "kind": "team"}]}
    for kind, place in places.items():
        text = json.dumps({**server, "x-registry": {"kind": kind, **place, **shared}})
        (schemas / f"{kind}.schema.yaml").write_text(text)
    team = {
        "kind": "team",
        "layout": "list",
        "file": "teams.yaml",
        "at": "teams",
        "key": "id",
        "truth": "live",
    }
    (schemas / "team.schema.yaml").write_text(json.dumps({"type": "object", "x-registry": team}))
    files = {
        "teams.yaml": "teams:\n  - id: core\n",
        "map.yaml": "servers:\n  web:\n    team: core\n",
        "m/a.md": "---\nid: a\nteam: core\n---\n# A\n",
        "f/a.json": '{"team": "core"}\n',
        "t.toml": '[[servers]]\nid = "web"\nteam = "core"\n\n[[servers]]\nid = "db"\nteam = "core"\n',
    }
    for path, text in files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kinds in every format, which no test writes to."""
    return kinds_in_formats(tmp_path_factory.mktemp("formats"))


@pytest.mark.parametrize(("path", "marked", "becomes"), QUOTED)
def test_where_texts_stand_in_quotes_they_are_put_in_quotes(
    formats: Path, path: str, marked: str, becomes: str
) -> None:
    buffers = Buffers(formats)
    at = opened(buffers, path, marked)
    items = {item.label: item for item in complete(buffers.look(), path, at).items}
    (label,) = {"team", "core", "true"} & items.keys()
    assert Editor.edited(IndexedText(marked.replace("|", "")), [items[label].text_edit]) == becomes


TOLD = [
    # path, marked text, what is told, the file that it leads to
    (FRAGMENT, TEXT.replace("route:\n", "rou|te:\n"), "Leads a reader", SCHEMA),
    (
        FRAGMENT,
        with_end("allow: [{address: route/api|.errors, code: REF001, reason: x}]\n"),
        "gets an",
        ROUTES,
    ),
    (FRAGMENT, with_end("protect: [route/api|.errors]\n"), "A client gets", ROUTES),
    (FRAGMENT, with_end("allow:\n  - code: REF|001\n"), "REF001 (error)", "REF001.md"),
    (FRAGMENT, with_end("allow:\n  - code: TEAM|001\n"), "Topics are short", RULE),
    (FRAGMENT, with_end("al|low: []\n"), "known and accepted", None),
    (FRAGMENT, with_end("removed:\n  - {address: a/b, ke|ep: true}\n"), "leaves the entry", None),
    (FRAGMENT, with_line("    related_docs: [{path: guide|.md}]\n"), "related_docs[0].path", "guide.md"),
    (CONFIG, "severities:\n  REF|001: warning\n", "REF001", "REF001.md"),
    (CONFIG, "dri|ft: report\n", "edit by hand", None),
    (OUTPUTS, "outputs:\n  - each: rou|te\n", "Leads a reader", SCHEMA),
    (OUTPUTS, "outputs:\n  - template: a.md|.j2\n", "Jinja2", TEMPLATE),
    (RULE, RULE_TEXT.replace("for: route", "for: rou|te"), "Leads a reader", SCHEMA),
    (RULE, RULE_TEXT.replace("check:", "che|ck:"), "must be true", None),
    (SCHEMA, "x-registry:\n  references:\n    - {field: x, kind: module_inst|ance}\n", "A module", "module"),
    (SCHEMA, "x-registry:\n  lay|out: list\n", "sequence of entries", None),
]


@pytest.mark.parametrize(("path", "marked", "words", "leads"), TOLD)
def test_what_is_told_and_where_it_leads(
    closed: BufferPlan, path: str, marked: str, words: str, leads: str | None
) -> None:
    look, at = looking(closed, path, marked)
    told = hover(look, path, at)
    assert told is not None
    assert isinstance(told.contents, types.MarkupContent)
    assert words in told.contents.value
    places = [place.uri for place in definition(look, path, at)]
    assert bool(places) == (leads is not None)
    assert leads is None or any(leads in place for place in places)


def test_the_key_of_a_map_tells_of_its_entry(formats: Path) -> None:
    buffers = Buffers(formats)
    at = opened(buffers, "map.yaml", "servers:\n  we|b:\n    team: core\n")
    told = hover(buffers.look(), "map.yaml", at)
    assert told is not None
    assert isinstance(told.contents, types.MarkupContent)
    assert "in_map/web" in told.contents.value
    assert "The registry owns it." in told.contents.value


@pytest.mark.parametrize(
    ("path", "marked", "old", "new", "text"),
    [
        (
            "m/a.md",
            "---\nid: a|\nteam: core\n---\n# A\n",
            "m/a.md",
            "m/b.md",
            "---\nid: b\nteam: core\n---\n# A\n",
        ),
        ("f/a.json", None, "f/a.json", "f/b.json", '{"team": "core"}\n'),
    ],
)
def test_an_entry_whose_file_is_called_like_it_is_renamed_with_its_file(
    formats: Path, path: str, marked: str | None, old: str, new: str, text: str
) -> None:
    buffers = Buffers(formats)
    if marked is None:
        # Only the name of its file says its key: it is renamed where it is referred to, or named.
        address, path = "in_files/a", "desired/x.yaml"
        marked = f"allow:\n  - {{address: {address}|, code: REF001, reason: x}}\n"
    at = opened(buffers, path, marked)
    edit = rename(buffers.look(), path, at, "b")
    assert edit is not None
    moves = [change for change in edit.document_changes or () if isinstance(change, types.RenameFile)]
    assert [(move.old_uri, move.new_uri) for move in moves] == [
        ((formats / old).as_uri(), (formats / new).as_uri())
    ]
    after = (formats / old).read_text()
    for change in edit.document_changes or ():
        if isinstance(change, types.TextDocumentEdit) and change.text_document.uri.endswith(new):
            after = Editor.edited(IndexedText(after), change.edits)
    assert after == text
    with pytest.raises(Exception, match="this editor does not"):
        fitted(edit, types.ClientCapabilities())


def test_an_edit_is_given_as_the_editor_takes_it(buffers: Buffers) -> None:
    at = opened(buffers, FRAGMENT, TEXT.replace("- id: http_api", "- id: http|_api"))
    edit = rename(buffers.look(), FRAGMENT, at, "grpc")
    plain = fitted(edit, types.ClientCapabilities())
    assert plain is not None
    assert plain.document_changes is None
    ((uri, edits),) = (plain.changes or {}).items()
    assert uri.endswith(FRAGMENT)
    assert Editor.edited(IndexedText(TEXT), edits).count("grpc") == 3


def test_a_name_in_a_directive_can_be_renamed(buffers: Buffers) -> None:
    at = opened(buffers, FRAGMENT, with_end("protect: [route/api|.errors]\n"))
    found = renamable(buffers.look(), FRAGMENT, at)
    assert found is not None
    assert found[1] == "route/api.errors"


def test_a_table_is_an_entry_from_its_head_to_its_end(formats: Path) -> None:
    buffers = Buffers(formats)
    source = (formats / "t.toml").read_text()
    opened(buffers, "t.toml", source + "|")
    (kind,) = document_symbols(buffers.look(), "t.toml")
    lines = [(item.name, item.range.start.line, item.range.end.line) for item in kind.children or ()]
    assert sorted(lines) == [("db", 4, 6), ("web", 0, 2)]


def test_lenses_say_who_refers_who_owns_and_what_is_not_applied(buffers: Buffers) -> None:
    opened(buffers, FRAGMENT, TEXT.replace("topic: errors", "topic: faults") + "|")
    opened(buffers, ROUTES, (buffers.root / ROUTES).read_text() + "|")
    look = buffers.look()
    told = {
        path: [lens.command.title for lens in lenses(look, path) if lens.command is not None]
        for path in (FRAGMENT, ROUTES)
    }
    assert told[FRAGMENT] == [
        "1 reference · applied",
        "2 references · applied",
        "0 references · applied",
        "0 references · not applied: update",
    ]
    assert told[ROUTES] == ["0 references · owned by desired/docs.yaml:14"]


def test_a_problem_of_an_own_rule_leads_to_its_file(buffers: Buffers) -> None:
    opened(buffers, FRAGMENT, TEXT + "|")
    (found,) = (problem for problem in diagnostics(buffers.look())[FRAGMENT] if problem.code == "TEAM001")
    assert found.code_description is not None
    assert found.code_description.href.endswith(RULE)


def test_a_problem_of_an_entry_without_a_fragment_is_allowed_in_that_of_its_kind(formats: Path) -> None:
    buffers = Buffers(formats)
    at = opened(buffers, "map.yaml", "servers:\n  web:\n    team: co|rp\n")
    actions = code_actions(buffers.look(), "map.yaml", at, at, [])
    (allow,) = (action for action in actions if action.title.startswith("Allow REF001"))
    assert allow.edit is not None
    made = [change for change in allow.edit.document_changes or () if isinstance(change, types.CreateFile)]
    assert [change.uri for change in made] == [(formats / "desired/in_map.yaml").as_uri()]


def test_a_problem_of_a_file_that_nobody_opened_has_its_line(tmp_path: Path) -> None:
    root = workspace(tmp_path)
    (root / OUTPUTS).write_text("# head\noutputs:\n  - {id: total, file: README.md}\n")
    found = diagnostics(Buffers(root).look())[OUTPUTS]
    assert {problem.range.start.line for problem in found} == {2}


def test_a_link_that_leads_out_of_the_workspace_is_no_file_of_it(tmp_path: Path) -> None:
    root = workspace(tmp_path / "inside")
    (tmp_path / "outside.yaml").write_text("module_type:\n  - {id: far, description: x}\n")
    (root / "desired/link.yaml").symlink_to(tmp_path / "outside.yaml")
    buffers = Buffers(root)
    opened(buffers, "desired/link.yaml", (tmp_path / "outside.yaml").read_text() + "|")
    assert "module_type/far" not in buffers.look().planning.desired.entries
    assert diagnostics(buffers.look())["desired/link.yaml"]


def test_a_plan_that_is_old_is_ended_and_the_next_one_is_whole(root: Path) -> None:
    buffers = Buffers(root)
    told: list[str] = []

    def is_old() -> bool:
        told.append("asked")
        return len(told) > 3  # between two steps in the middle of the plan

    with pytest.raises(Overtaken), listening(Stopper(is_old)):
        buffers.look()
    assert len(told) == 4
    assert diagnostics(buffers.look()) == diagnostics(Buffers(root).look())


def test_an_entry_that_was_removed_by_hand_is_taken_out_of_its_fragment(buffers: Buffers) -> None:
    at = opened(buffers, FRAGMENT, TEXT.replace("- id: api.errors", "- |id: api.errors"))
    opened(buffers, ROUTES, "routes: []\n|")
    actions = code_actions(buffers.look(), FRAGMENT, at, at, [])
    (accept,) = (action for action in actions if action.title.startswith("Accept this hand edit: take"))
    assert accept.edit is not None
    (change,) = accept.edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    assert "api.errors" not in Editor.edited(IndexedText(TEXT), change.edits)


def test_a_secret_that_was_edited_by_hand_is_in_no_offered_edit(tmp_path: Path) -> None:
    place = "kind: server, layout: list, file: servers.yaml, at: servers, key: id"
    schema = tmp_path / ".system/registry/schemas/server.schema.yaml"
    schema.parent.mkdir(parents=True)
    schema.write_text(
        f"type: object\nx-registry: {{{place}}}\nproperties:\n  id: {{type: string}}\n"
        "  token: {type: string, x-secret: true}\n  level: {type: integer}\n"
    )
    (tmp_path / "servers.yaml").write_text("servers: []\n")
    (tmp_path / "desired").mkdir()
    (tmp_path / "desired/s.yaml").write_text("server:\n  - id: a\n    token: s3cr3t\n    level: 1\n")
    assert installed("apply", "--yes", cwd=tmp_path).exit == 0
    live = (tmp_path / "servers.yaml").read_text()
    for edited, offered in (("level: 2", True), ("token: 0th3r", False)):
        buffers = Buffers(tmp_path)
        field = edited.partition(":")[0]
        old = next(line.strip() for line in live.splitlines() if field in line)
        at = opened(buffers, "servers.yaml", live.replace(old, f"|{edited}"))
        titles = [action.title for action in code_actions(buffers.look(), "servers.yaml", at, at, [])]
        assert any(title.startswith("Accept this hand edit") for title in titles) is offered
