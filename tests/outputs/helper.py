"""A workspace of skills with outputs, in a folder or in memory."""

from __future__ import annotations

from pathlib import Path

from registry_reconciler.model.output import OutputChange
from registry_reconciler.model.plan import Plan
from registry_reconciler.workspace import Workspace

SCHEMA = """\
title: Skill
description: Something that an agent can do.
type: object
required: [id, path]
properties:
  id: {type: string}
  path: {type: string}
  version: {type: string}
  homepage: {type: string}
  owners: {type: array, items: {type: string}}
  token: {type: string, x-secret: true}
x-registry: {kind: skill, layout: list, file: skills/_registry.yml, at: skills, key: id}
"""
OPEN_SCHEMA = SCHEMA.replace("  token: {type: string, x-secret: true}\n", "")
REGISTRY = """\
# Kept by hand until today.
total_skills: 0   # counted
skills:
  - id: docx
    path: skills/docx
    version: "2"
  - id: pdf
    path: skills/pdf
    version: "1.10"
"""
FRAGMENT = """\
skill:
  - {id: docx, path: skills/docx, version: "2"}
  - {id: pdf, path: skills/pdf, version: "1.10"}
"""
README = """\
# Skills

There are <!-- registry:begin count -->0<!-- registry:end count --> of them.

<!-- registry:begin table -->
<!-- registry:end table -->

```md
<!-- registry:begin table -->
```
"""
TABLE = """\
| skill | path |
| --- | --- |
{% for s in entries.skill %}
| {{ s.key }} | {{ s.path }} |
{% endfor %}
"""
OUTPUTS = """\
outputs:
  - {id: table, file: README.md, region: table, template: table.md.j2}
  - {id: count, file: README.md, region: count, value: "{{ entries.skill | length }}"}
  - {id: total, file: skills/_registry.yml, at: total_skills, value: "{{ entries.skill | length }}"}
  - id: plugins
    file: marketplace.yaml
    at: plugins
    each: skill
    item:
      name: "{{ key }}"
      source: ./{{ path }}
      version: "{{ version }}"
      homepage: "{{ homepage | default(omit) }}"
"""
FILES = {
    ".system/registry/schemas/skill.schema.yaml": OPEN_SCHEMA,
    ".system/registry/templates/table.md.j2": TABLE,
    ".system/registry/outputs.yaml": OUTPUTS,
    "desired/skills.yaml": FRAGMENT,
    "skills/_registry.yml": REGISTRY,
    "README.md": README,
}


class Home:
    """One workspace on the disk."""

    def __init__(self, root: Path, **files: str) -> None:
        self.root = root
        self.write({**FILES, **files})

    def write(self, files: dict[str, str]) -> None:
        """Put files there."""
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())

    def outputs(self, text: str) -> None:
        """Other definitions."""
        self.write({".system/registry/outputs.yaml": text})

    def text(self, path: str) -> str:
        """A file, its line ends as they are."""
        return (self.root / path).read_bytes().decode()

    def plan(self, **options: object) -> Plan:
        """A plan."""
        return Workspace(self.root).plan(**options)  # type: ignore[arg-type]

    def apply(self, **options: object) -> Plan:
        """Plan and apply."""
        workspace = Workspace(self.root)
        return workspace.apply(workspace.plan(**options)).plan  # type: ignore[arg-type]

    def actions(self, **options: object) -> dict[str, str]:
        """What a plan does about each output."""
        return {one.id: one.action.value for one in self.plan(**options).outputs}

    def change(self, name: str) -> OutputChange:
        """What a plan does about one."""
        return next(one for one in self.plan().outputs if one.id == name)

    def said(self) -> list[tuple[str, str]]:
        """Codes and messages of the problems with outputs."""
        return [(one.code, one.message) for one in self.plan().problems if one.code.startswith("OUT")]
