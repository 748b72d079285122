"""Ready outputs: each is written, applied, and has the shape that its reader takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from registry_reconciler.editing.propose_output import from_template, proposals, write_proposals
from registry_reconciler.errors import UsageFailure
from registry_reconciler.workspace import Workspace
from tests.outputs.helper import Home

FRAGMENT = """\
skill:
  - {id: docx, path: skills/docx, version: "1.10", owners: ["@docs", "@ada"]}
  - {id: pdf, path: skills/pdf}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    files = {
        ".system/registry/outputs.yaml": "outputs: []\n",
        "README.md": "# Skills\n",
        "desired/skills.yaml": FRAGMENT,
        "skills/_registry.yml": "total_skills: 2\nskills: []\n",
    }
    found = Home(tmp_path, **files)
    found.apply()
    return found


def taken(home: Home, *names: str) -> None:
    """Take ready outputs over, and apply."""
    for name in names:
        workspace = Workspace(home.root)
        planning = workspace.planning()
        write_proposals(workspace, planning, [from_template(planning, name, "skill", "")])
    assert home.plan().applicable, home.said()
    home.apply()
    assert home.plan().empty


def test_both_marketplaces_have_what_the_published_schema_requires(home: Home) -> None:
    """As of the schema: a name, an owner with a name, and plugins with a name and a source below the repository."""
    taken(home, "claude-marketplace", "cursor-marketplace")
    for path in (".claude-plugin/marketplace.json", ".cursor-plugin/marketplace.json"):
        found = json.loads(home.text(path))
        assert {"name", "owner", "plugins"} <= found.keys()
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", found["name"])
        assert found["owner"]["name"]
        assert [plugin["name"] for plugin in found["plugins"]] == ["docx", "pdf"]
        assert all(re.fullmatch(r"\./.+", plugin["source"]) for plugin in found["plugins"])
        assert [plugin.get("version") for plugin in found["plugins"]] == ["1.10", None]


def test_the_texts(home: Home) -> None:
    taken(home, "table", "count", "codeowners", "agents-section", "claude-section")
    assert home.text(".github/CODEOWNERS") == (
        "# registry:begin skill\n/skills/docx @docs @ada\n# registry:end skill\n"
    )
    readme = home.text("README.md")
    assert "| skill | path | version |\n| --- | --- | --- |\n| `docx` | skills/docx | 1.10 |\n" in readme
    assert "registry:begin skill-count -->\n2\n<!-- registry:end skill-count" in readme
    for path in ("AGENTS.md", "CLAUDE.md"):
        assert "- `docx` (`skills/docx`)\n- `pdf` (`skills/pdf`)\n" in home.text(path)


CHART = """\
x-registry: {kind: chart, layout: file, file: "charts/{name}/.meta/chart.yaml", key: name, truth: live}
type: object
properties: {name: {type: string}, codeowners: {type: array, items: {type: string}}}
"""


def test_the_folder_that_an_entry_has_for_itself_is_where_it_lies(tmp_path: Path) -> None:
    files = {
        ".system/registry/schemas/chart.schema.yaml": CHART,
        ".system/registry/outputs.yaml": "outputs: []\n",
        "charts/web/.meta/chart.yaml": "name: web\ncodeowners: ['@ada', '@bob']\n",
    }
    home = Home(tmp_path, **files)
    for name in ("codeowners", "claude-marketplace"):
        planning = Workspace(home.root).planning()
        write_proposals(Workspace(home.root), planning, [from_template(planning, name, "chart", "")])
    home.apply()
    assert "\n/charts/web/ @ada @bob\n" in home.text(".github/CODEOWNERS")
    found = json.loads(home.text(".claude-plugin/marketplace.json"))
    assert found["plugins"] == [{"name": "web", "source": "./charts/web"}]


def test_owners_that_are_mappings_are_named_as_codeowners_takes_them(tmp_path: Path) -> None:
    ada, bob = "{name: Ada L, email: ada@example.org}", "{name: '@bob'}"
    files = {
        ".system/registry/schemas/chart.schema.yaml": CHART.replace(
            "codeowners: {type", "maintainers: {type"
        ),
        ".system/registry/outputs.yaml": "outputs: []\n",
        "charts/a/.meta/chart.yaml": f"name: a\nmaintainers: [{ada}, {bob}]\n",
        "charts/b/.meta/chart.yaml": "name: b\nmaintainers: [{name: Cleo M}]\n",
    }
    home = Home(tmp_path, **files)
    planning = Workspace(home.root).planning()
    write_proposals(Workspace(home.root), planning, [from_template(planning, "codeowners", "chart", "")])
    home.apply()
    assert home.text(".github/CODEOWNERS").splitlines()[1:-1] == [
        "/charts/a/ ada@example.org @bob",
        "# /charts/b/: an owner has no name that begins with @, and no address of mail.",
    ]


@pytest.mark.parametrize("folder", ["my charts/{name}/.meta", "charts/{name}/.meta"])
def test_blanks_in_a_path_do_not_end_it_in_codeowners(tmp_path: Path, folder: str) -> None:
    file = f"{folder}/chart.yaml".replace("{name}", "a b")
    files = {
        ".system/registry/schemas/chart.schema.yaml": CHART.replace("charts/{name}/.meta", folder),
        ".system/registry/outputs.yaml": "outputs: []\n",
        file: "name: a b\ncodeowners: ['@ada']\n",
    }
    home = Home(tmp_path, **files)
    planning = Workspace(home.root).planning()
    write_proposals(Workspace(home.root), planning, [from_template(planning, "codeowners", "chart", "")])
    home.apply()
    (line,) = home.text(".github/CODEOWNERS").splitlines()[1:-1]
    assert line == "/" + file.removesuffix(".meta/chart.yaml").replace(" ", "\\ ") + " @ada"


def test_what_is_found_but_belongs_to_another_registry_is_said(tmp_path: Path) -> None:
    kind = "x-registry: {{kind: {0}, layout: list, file: {0}.json, key: id, truth: live}}\ntype: object\n"
    rows = '[{"id": "a"}, {"id": "b"}]\n'
    files = {
        ".system/registry/schemas/plugin.schema.yaml": kind.format("plugin").replace("key:", "at: all, key:"),
        ".system/registry/schemas/source.schema.yaml": kind.format("source"),
        "plugin.json": f'{{"all": {rows}}}\n',
        "source.json": rows,
    }
    owned: list[str] = []
    planning = Workspace(Home(tmp_path, **files).root).planning()
    assert proposals(planning, "plugin.json", None, owned) == []
    assert owned == [
        "plugin.json at all: one item for each source, but it belongs to the registry of plugin."
    ]


def test_what_is_there_already_is_said_and_an_id_is_never_taken_twice(home: Home) -> None:
    taken(home, "claude-marketplace", "cursor-marketplace", "table")
    planning = Workspace(home.root).planning()
    assert [output.id for output in planning.outputs if not output.page] == [
        "marketplace",
        "marketplace-2",
        "skill-table",
    ]
    for name in ("claude-marketplace", "table"):
        with pytest.raises(UsageFailure, match="already; name another FILE"):
            from_template(planning, name, "skill", "")
    assert from_template(planning, "table", "skill", "SKILLS.md").definition["id"] == "skill-table-2"


FOUND = {
    "CODEOWNERS": (
        "* @all\n/skills/docx/ @a\n/skills/pdf/ @a\n",
        {"region": "skill-list", "template": "skill-list.j2"},
    ),
    "names.txt": ("docx\npdf\n", {"template": "skill-list.j2"}),
    # A table whose cells are padded stays one.
    "wide.md": (
        "| Skill    |    Where    |   # |\n| -------- | :---------: | --: |\n"
        "| **docx** | skills/docx |   7 |\n| **pdf**  | skills/pdf  |   7 |\n",
        {"region": "skill-table", "template": "skill-table.j2"},
    ),
    # A key that stands in what all lines begin with too.
    "words.txt": ("docx-pdf docx\ndocx-pdf pdf\n", {"template": "skill-list.j2"}),
    "page.md": (
        "---\ntitle: A\nskills: [docx, pdf]\n---\nText\n",
        {"at": "skills", "each": "skill", "item": "{{ key }}"},
    ),
    "by-file.json": (
        '{"names": ["pdf", "docx"]}\n',
        {"at": "names", "each": "skill", "order": "file", "item": "{{ key }}"},
    ),
}


@pytest.mark.parametrize("file", FOUND)
def test_what_equals_the_registry_today_is_proposed_and_changes_nothing(home: Home, file: str) -> None:
    text, definition = FOUND[file]
    if "by-file" in file:
        lines = home.text("skills/_registry.yml").splitlines(keepends=True)
        home.write({"skills/_registry.yml": "".join([*lines[:-2], lines[-1], lines[-2]])})
    home.write({file: text})
    planning = Workspace(home.root).planning()
    (proposal,) = proposals(planning, file)
    assert {
        name: part for name, part in proposal.definition.items() if name not in ("id", "file")
    } == definition
    write_proposals(Workspace(home.root), planning, [proposal])
    assert home.actions() == {str(proposal.definition["id"]): "adopt"}
    home.apply()
    kept = [line for line in home.text(file).split("\n") if "registry:" not in line]
    assert "\n".join(kept) == text


PLUGIN = """\
x-registry: {kind: plugin, layout: list, file: plugins.yaml, at: plugins, key: name, truth: live}
type: object
properties: {name: {type: string}, author: {type: object}, from: {type: object}}
"""


def home_of_plugins(folder: Path, plugins: str, **files: str) -> Home:
    """A workspace with some plugins, without an output."""
    settings = {
        ".system/registry/schemas/plugin.schema.yaml": PLUGIN,
        ".system/registry/outputs.yaml": "outputs: []\n",
    }
    return Home(folder, **settings, **{"plugins.yaml": plugins}, **files)


PLUGINS = """\
plugins:
  - {name: bench, author: {name: Ada}, from: {repo: me/bench, ref: main}}
  - {name: notes, author: {name: Bob, mail: b@example.org}, from: {repo: me/notes}}
"""
NESTED = {
    "index.json": [
        {"id": "bench", "by": "Ada", "source": {"kind": "git", "repo": "me/bench", "branch": "main"}},
        {"id": "notes", "by": "Bob", "source": {"kind": "git", "repo": "me/notes"}},
    ],
    "README.md": "| plugin | by |\n| --- | --- |\n| bench | Ada |\n| notes | Bob |\n",
}


@pytest.mark.parametrize("file", NESTED)
def test_what_stands_in_a_field_that_is_a_mapping_is_found_and_what_becomes_one(
    tmp_path: Path, file: str
) -> None:
    content = NESTED[file]
    text = content if isinstance(content, str) else json.dumps({"all": content}, indent=2)
    home = home_of_plugins(tmp_path, PLUGINS, **{file: text})
    planning = Workspace(home.root).planning()
    (proposal,) = proposals(planning, file)
    write_proposals(Workspace(home.root), planning, [proposal])
    assert home.actions() == {str(proposal.definition["id"]): "adopt"}
    if file == "index.json":
        assert proposal.definition["item"] == {
            "id": "{{ key }}",
            "by": "{{ author.name }}",
            "source": {"kind": "git", "repo": "{{ from.repo }}", "branch": "{{ from.ref | default(omit) }}"},
        }
    else:
        assert "| {{ e.key }} | {{ e.author.name }} |" in proposal.template


def test_every_count_of_a_page_is_proposed(home: Home) -> None:
    text = (
        "We have 2 skills, and\n**2** tested skills.\n\n`2 skills`, 12 skills and v2 skills.\n\n"
        "````md\n```\n2 skills\n````\n"
    )
    home.write({"page.md": text})
    planning = Workspace(home.root).planning()
    found = list(proposals(planning, "page.md"))
    assert [proposal.title.partition(": ")[0] for proposal in found] == ["page.md:1", "page.md:2"]
    write_proposals(Workspace(home.root), planning, found)
    assert home.actions() == {"skill-count": "adopt", "skill-count-2": "adopt"}
    assert re.sub("<!-- registry:.*?-->", "", home.text("page.md")) == text


FOUR = """\
plugins:
  - {name: bench, author: {name: Ada, mail: a@b}, about: Measures}
  - {name: build, author: {name: Bob}, about: Builds}
  - {name: lint, author: {name: Cyd}, about: Reads}
  - {name: notes, author: {name: Dan}, about: Writes}
"""
NEARLY = {
    "index.json": (
        '{"all": [{"id": "bench", "by": {"name": "Ada"}, "n": 1}, {"id": "lint", "by": {"name": "Eve"}, "n": 2}, '
        '{"id": "build", "by": {"name": "Bob"}, "n": 3}, {"id": "else"}, '
        '{"id": "notes", "by": {"name": "Dan"}, "n": 4}]}',
        "index.json at all: 3 of 5 items are as plugin has them; differs: lint (by.name); 1 about no entry; "
        "no field gives n; they stand neither by key nor as in the files.",
    ),
    "names.yaml": (
        "names: [bench, build, lint]\n",
        "names.yaml at names: 3 of 3 items are as plugin has them; missing: notes.",
    ),
    "README.md": (
        "# All\n\n| plugin | about  |\n| ------ | ------ |\n| bench  | Does   |\n| build  | Builds |\n"
        "| lint   | Reads  |\n| notes  | Writes |\n",
        "README.md:3: 3 of 4 lines are as plugin has them; differs: bench.",
    ),
    "other.md": ("- bench: quick\n- build: slow\n- lint: new\n- notes: old\n", None),
    "few.json": ('{"names": ["bench", "build"]}', None),
}


@pytest.mark.parametrize("file", NEARLY)
def test_what_nearly_equals_a_registry_is_said_with_what_differs(tmp_path: Path, file: str) -> None:
    text, said = NEARLY[file]
    home = home_of_plugins(tmp_path, FOUR, **{file: text})
    nearly: list[str] = []
    assert proposals(Workspace(home.root).planning(), file, nearly=nearly) == []
    assert nearly == ([said] if said else [])
