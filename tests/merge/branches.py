"""A repository of skills with an index of every kind, and branches that people make of it: real git, random edits."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

from registry_reconciler.workspace import Workspace
from tests.outputs.helper import Home

SCHEMA = """\
type: object
required: [id, path]
properties:
  id: {type: string}
  path: {type: string}
  version: {type: string}
  summary: {type: string}
  owners: {type: array, items: {type: string}}
x-registry: {kind: skill, layout: LAYOUT, file: FILE, at: skills, key: id}
"""
TEMPLATES = {
    "table.md.j2": "| skill | what |\n| --- | --- |\n{% for s in entries.skill %}\n| {{ s.key }} | {{ s.summary }} |\n"
    "{% endfor %}\n",
    "owners.j2": "{% for s in entries.skill %}\n/{{ s.path }}/ {{ s.owners | join(' ') }}\n{% endfor %}\n",
    "llms.txt.j2": "# Skills\n\n{% for s in entries.skill %}\n- [{{ s.key }}]({{ s.path }}): {{ s.summary }}\n"
    "{% endfor %}\n",
    "catalog.yaml.j2": "{% for s in entries.skill %}\n---\nkind: Component\nmetadata: {name: {{ s.key }}}\n"
    "{% endfor %}\n",
}
OUTPUTS = """\
outputs:
  - {id: table, file: README.md, region: table, template: table.md.j2}
  - {id: count, file: README.md, region: count, value: "{{ entries.skill | length }}"}
  - {id: owners, file: .github/CODEOWNERS, region: skills, template: owners.j2}
  - {id: agents, file: AGENTS.md, region: skills, template: llms.txt.j2}
  - {id: llms, file: llms.txt, template: llms.txt.j2}
  - {id: catalog, file: catalog-info.yaml, template: catalog.yaml.j2}
  - {id: total, file: index.json, at: total, value: "{{ entries.skill | length }}"}
  - id: nav
    file: mkdocs.yml
    at: nav
    each: skill
    item: "{{ {key: path} }}"
  - id: marketplace
    file: .claude-plugin/marketplace.json
    at: plugins
    each: skill
    item: {name: "{{ key }}", source: "./{{ path }}", version: "{{ version }}", description: "{{ summary }}"}
"""
PAGES = {
    "README.md": "# Skills\n\nThere are <!-- registry:begin count -->0<!-- registry:end count --> of them.\n\n"
    "<!-- registry:begin table -->\n<!-- registry:end table -->\n\n"
    + "".join(f"## Notes of b{number}\n\n" for number in range(10)),
    ".github/CODEOWNERS": "* @all\n# registry:begin skills\n# registry:end skills\n",
    "AGENTS.md": "# Agents\n\n<!-- registry:begin skills -->\n<!-- registry:end skills -->\n\nRead on.\n",
    "mkdocs.yml": "site_name: Skills  # ours\nnav: []\n",
    "index.json": '{\n  "name": "skills",\n  "total": 0\n}\n',
    ".claude-plugin/marketplace.json": '{\n  "name": "mine",\n  "plugins": []\n}\n',
}
EMPTY = {
    "yaml": "skills: []\n",
    "json": '{"skills": []}\n',
    "toml": "",
    "jsonc": '{\n  // all\n  "skills": []\n}\n',
}
NAMES = [f"skill-{number:02}" for number in range(20)]


def entry(name: str, version: str, summary: str) -> str:
    """A skill as somebody writes it into a fragment."""
    return (
        f"  # about {name}\n  - id: {name}\n    path: skills/{name}\n    version: '{version}'\n"
        f"    summary: {summary}   # says {name}\n    owners: ['@{name[0]}']\n"
    )


class Skills(Home):
    """The repository.

    Attributes:
        lines: what a person wrote and nobody changed or took away since.
    """

    def __init__(self, root: Path, ending: str = "yaml", layout: str = "list") -> None:
        registry = f"skills/{{id}}/skill.{ending}" if layout == "file" else f"skills/_registry.{ending}"
        schema = SCHEMA.replace("LAYOUT", layout).replace("FILE", f"'{registry}'")
        empty = EMPTY.get(ending, "").replace("[]", "{}" if layout == "map" else "[]")
        begun = {registry: empty}
        if layout in ("file", "documents"):
            schema = schema.replace("at: skills, ", "")
            begun = {}
        half = len(NAMES) // 2
        super().__init__(
            root,
            **{
                ".system/registry/schemas/skill.schema.yaml": schema,
                ".system/registry/outputs.yaml": OUTPUTS,
                **{f".system/registry/templates/{name}": text for name, text in TEMPLATES.items()},
                **PAGES,
                "skills/_registry.yml": "{}\n",
                **begun,
                "desired/skills.yaml": "skill:\n"
                + "".join(entry(name, "1", "Does it.") for name in NAMES[:half]),
                "desired/more.yaml": "skill:\n"
                + "".join(entry(name, "1", "Does it.") for name in NAMES[half:]),
            },
        )
        self.written: dict[str, set[str]] = {}
        self.git("init", "-q", "-b", "main")
        self.apply()
        self.commit("begin")

    def git(self, *words: str, fails: bool = False) -> str:
        """Run git, with the driver's program on its path."""
        done = subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
        )
        assert fails or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self, why: str) -> None:
        """Everything that is there."""
        self.git("add", "-A")
        self.git("commit", "-qm", why, "--allow-empty")

    def use_driver(self, program: str = "") -> None:
        """Set the driver up."""
        use_driver(self, program)
        self.commit("driver")

    def fragment(self, name: str) -> Path:
        """The fragment that has a skill."""
        for path in sorted((self.root / "desired").glob("*.yaml")):
            if f"- id: {name}\n" in path.read_text("utf-8"):
                return path
        raise AssertionError(name)

    def work(self, number: int, chance: random.Random, names: list[str]) -> None:
        """What somebody does on a branch: every line that is written holds the number of the branch."""
        mine: set[str] = self.written.setdefault(f"b{number}", set())
        for step in range(chance.randint(1, 3)):
            kind = chance.choice(("add", "add", "change", "rename", "page"))
            mark = f"b{number}s{step}"
            if kind == "add" or (not names and kind != "page"):
                path = self.root / chance.choice(("desired/skills.yaml", "desired/more.yaml"))
                name = f"{chance.choice('abcxyz')}-{mark}"
                text = path.read_text("utf-8")
                head, moved, rest = text.partition("moved:\n")
                path.write_text(head + entry(name, "1", f"New {mark}.") + moved + rest, "utf-8")
                mine |= {f"- id: {name}", f"summary: New {mark}.   # says {name}", f"# about {name}"}
            elif kind == "page":
                page = self.root / "README.md"
                text = page.read_text("utf-8").replace(
                    f"of b{number}\n", f"of b{number}\n\nNote {mark}.\n", 1
                )
                page.write_text(text, "utf-8")
                mine.add(f"Note {mark}.")
            else:
                name = names.pop()
                path = self.fragment(name)
                text = path.read_text("utf-8")
                at = text.index(f"- id: {name}\n")
                if kind == "change":
                    end = text.index("summary: Does it.", at)
                    text = text[:end] + f"summary: Does {mark}." + text[end + len("summary: Does it.") :]
                    mine.add(f"summary: Does {mark}.   # says {name}")
                else:
                    text = text[:at] + f"- id: {name}-{mark}\n" + text[at + len(f"- id: {name}\n") :]
                    text += "" if "moved:\n" in text else "moved:\n"
                    text += f"  - {{from: skill/{name}, to: skill/{name}-{mark}}}\n"
                    mine |= {f"- id: {name}-{mark}"}
                path.write_text(text, "utf-8")

    def lost(self, branches: list[str]) -> list[str]:
        """Lines that somebody wrote on these branches and that are nowhere."""
        texts = [path.read_text("utf-8") for path in (self.root / "desired").glob("*.yaml")]
        texts.append((self.root / "README.md").read_text("utf-8"))
        rows = {row.strip() for text in texts for row in text.split("\n")}
        return sorted(line for branch in branches for line in self.written[branch] if line not in rows)

    def registered(self) -> list[str]:
        """The skills of the registry."""
        return sorted(Workspace(self.root).planning().loaded.live.entries)

    def index(self) -> dict[str, object]:
        """What is derived."""
        return {
            "market": [
                item["name"] for item in json.loads(self.text(".claude-plugin/marketplace.json"))["plugins"]
            ],
            "total": json.loads(self.text("index.json"))["total"],
        }


def use_driver(home: Home, program: str = "") -> None:
    """Set the driver up, as ``registry init --merge-driver`` does, with this interpreter or another program."""
    from registry_reconciler.editing.init import write_placements
    from registry_reconciler.editing.merge_setup import DRIVER, with_attributes
    from registry_reconciler.files.tree import DiskTree

    write_placements(home.root, with_attributes(DiskTree(home.root), ()), 1.0)
    program = program or DRIVER.replace("registry", f'"{sys.executable}" -m registry_reconciler', 1)
    subprocess.run(["git", "config", "merge.registry.driver", program], cwd=home.root, check=True)
