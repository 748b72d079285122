"""A workspace for the verbs: every layout, kinds that nest, one whose truth is live, comments everywhere."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.support import Installed, Ran, git

SCHEMAS = {
    "group": "{kind: group, layout: map, file: market.yaml, at: groups, key: id}",
    "plugin": "{kind: plugin, layout: list, file: plugins.yaml, at: plugins, key: name, "
    "references: [{field: group, kind: group}], unique: [[port]]}",
    "skill": "{kind: skill, layout: list, file: plugins.yaml, at: 'plugins[name={plugin}].skills', "
    "key: [plugin, id], references: [{field: 'needs[]', kind: skill, missing: warning}]}",
    "owner": "{kind: owner, layout: list, file: owners.yaml, at: owners, key: plugin, "
    "references: [{field: plugin, kind: plugin}]}",
    "page": "{kind: page, layout: file, file: 'pages/{id}.yaml', key: id, truth: live, "
    "references: [{field: 'about[]', kind: [plugin, group]}]}",
    "note": "{kind: note, layout: list, file: notes.yaml, at: notes, key: id, truth: live, "
    "references: [{field: page, kind: page}]}",
}
PROPERTIES = {
    "plugin": "name: {type: string}, group: {type: string}, port: {type: integer}, on: {type: boolean}, "
    "tags: {type: array, items: {type: string}}, version: {type: string}, status: {enum: [active, planned]}, "
    "limits: {type: object, additionalProperties: false, properties: {cpu: {type: number}, ram: {type: integer}}}, "
    "links: {type: array, items: {type: object, properties: {to: {type: string}}}}, extra: {}, "
    "ttl: {type: [integer, 'null']}, either: {anyOf: [{type: integer}, {type: string, pattern: '^x'}]}",
}
MARKET = "# groups\ngroups:\n  eval:\n    title: Eval   # of groups\n  docs: {title: Docs}\n"
PLUGINS = """\
# plugins
plugins:
  # about judge
  - name: judge   # the judge
    group: eval
    port: 80
    tags: [eval, "llm"]
    skills:
      # about run
      - id: run
        text: Runs   it.
      - id: compare
        needs: [judge/run]
  - name: writer
    group: docs
"""
OWNERS = "owners:\n  - plugin: judge\n    who: ada\n"
PAGE = "# A page.\nid: start\ntitle: Start   # here\nabout: [judge, group/eval]\n"
NOTES = "notes:\n  # first\n  - id: one\n    page: start   # the page\n"


class Work(Installed):
    """A workspace in git, and the installed command in it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        git(root, "init", "-q")
        assert self.run("init", "--kinds", "none").exit == 0
        for name, spec in SCHEMAS.items():
            properties = PROPERTIES.get(name)
            more = f"properties: {{{properties}}}\nadditionalProperties: false\n" if properties else ""
            self.write(
                f".system/registry/schemas/{name}.schema.yaml", f"x-registry: {spec}\ntype: object\n{more}"
            )
        self.write("market.yaml", MARKET)
        self.write("plugins.yaml", PLUGINS)
        self.write("owners.yaml", OWNERS)
        self.write("pages/start.yaml", PAGE)
        self.write("notes.yaml", NOTES)
        assert self.run("adopt", "--all").exit == 0
        assert self.run("apply", "--yes").exit == 0
        self.commit()

    @classmethod
    def copy(cls, made: Path, root: Path) -> Work:
        """A copy of a workspace that was made already."""
        shutil.copytree(made, root)
        work = cls.__new__(cls)
        work.root = root
        return work

    def ok(self, *words: str, **more: Any) -> Ran:
        """A command that has to succeed, and to leave nothing to be done."""
        done = self.run(*words, **more)
        assert done.exit == 0, done
        return done

    def settled(self) -> None:
        """Nothing is left to be done, and nothing is wrong."""
        done = self.run("plan", "--detailed-exitcode", "--format", "json")
        assert (done.exit, done.json["problems"]) == (0, []), done.out

    def diff(self) -> str:
        """The lines that differ from the last commit, those of the product's own files left out."""
        text = git(self.root, "diff", "--no-renames", "-U0", "--", ".", ":!.system/registry")
        shown = [line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        return "\n".join(shown)
