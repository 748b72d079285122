"""Kinds in every layout and format, for what a repository goes through: five entries, texts that git can merge.

Every value is a word of its own (``va1``), so an edit by hand is one replacement in a text, whatever its format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from tests.support import SCHEMAS, Files, written_files

KEYS = ("a", "g", "m", "s", "z")
"""The scenarios change a, m and z; g and s stand between them and stay."""
Values = dict[str, dict[str, object]]
"""By key what an entry says beside it."""


@dataclass(frozen=True)
class Shape:
    """One way to keep entries.

    Attributes:
        spec: what stands in ``x-registry`` beside the kind.
        seed: registry files before there is any entry.
        key: the fields of a key; the last one tells the entries of a workspace apart.
        fixed: fields that every entry has, those of a place among them.
        fields: what an entry says beside; "one": a single field ``v``; "none": nothing.
        other: schemas of further kinds: name to spec.
        also: fragments that stand beside.
        elsewhere: replacements in the schema after which the entries stand elsewhere.
        crlf: the lines of the registry end with CR LF.
    """

    name: str
    spec: str
    seed: Mapping[str, str]
    key: tuple[str, ...] = ("id",)
    fixed: Mapping[str, str] = field(default_factory=dict)
    fields: str = "all"
    other: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[str, str] = ("", "")
    crlf: bool = False

    def address(self, key: str) -> str:
        """The address of an entry."""
        return "t/" + "/".join([*(self.fixed[name] for name in self.key[:-1]), key])

    def values(self, **changes: str) -> Values:
        """All five entries; ``a="va2"`` gives one another value, ``m=""`` leaves it out."""
        found: Values = {}
        for key in dict.fromkeys([*KEYS, *changes]):
            value = changes.get(key, f"v{key}1")
            if value:
                found[key] = self.said(key, value)
        return found

    def said(self, key: str, value: str) -> dict[str, object]:
        """What an entry says beside its key."""
        if self.fields == "none":
            return {}
        if self.fields == "one":
            return {"v": value}
        return {
            "about": f"of {key}",
            "v": value,
            "kept": f"still {key}",
            "tags": [f"one {key}", f"two {key}", f"three {key}"],
            "w": f"w{key}1",
        }

    def fragment(self, values: Values, *more: str) -> str:
        """A fragment that says this; ``more`` are directives."""
        text = "t:\n" if values else ""
        for key, said in values.items():
            fields = {**self.fixed, self.key[-1]: key, **said}
            lines = [f"{name}: {json.dumps(value)}" for name, value in fields.items()]
            text += f"\n# This is {key}.\n- " + "\n  ".join(lines) + "\n"
        return text + "".join(more)

    def schemas(self) -> dict[str, str]:
        """The schema files."""
        specs = {"t": self.spec, **self.other}
        return {
            f"{SCHEMAS}/{kind}.schema.yaml": f"x-registry: {{kind: {kind}, {spec}}}\ntype: object\n"
            for kind, spec in specs.items()
        }

    def registry(self) -> dict[str, str]:
        """The registry files with all five entries, as the product writes them."""
        texts = {**self.schemas(), **self.seed, **self.also, "desired/t.yaml": self.fragment(self.values())}
        files: Files = {path: text.encode() for path, text in texts.items()}
        plan = make_plan(MemoryTree(files), PlanOptions()).plan
        assert plan.applicable, [(problem.code, problem.message) for problem in plan.blocking]
        files.update(written_files(plan))
        found = {
            path: data.decode()
            for path, data in files.items()
            if data is not None and not path.startswith((".system", "desired"))
        }
        return {path: text.replace("\n", "\r\n") if self.crlf else text for path, text in found.items()}


SHAPES = (
    Shape(
        "list yaml",
        "layout: list, file: t.yaml, at: t, key: id",
        {"t.yaml": "t: []\n"},
        elsewhere=("t.yaml", "new/t.yaml"),
    ),
    Shape(
        "list yaml crlf",
        "layout: list, file: t.yaml, at: t, key: id",
        {"t.yaml": "# first\n\nt: []\nend: x"},
        elsewhere=("at: t", "at: more.t"),
        crlf=True,
    ),
    Shape(
        "list second document",
        "layout: list, file: t.yaml, at: t, key: id",
        {"t.yaml": "other: 1\n---\nt: []\n---\nlast: 1\n"},
        elsewhere=("at: t", "at: u"),
    ),
    Shape(
        "list two files",
        "layout: list, file: 't/{group}.yaml', at: t, key: id",
        {"t/x.yaml": "t: []\n", "t/y.yaml": "t: []\n"},
        fixed={"group": "x"},
        elsewhere=("t/{group}.yaml", "u/{group}.yaml"),
    ),
    Shape(
        "map yaml",
        "layout: map, file: t.yaml, at: t, key: id",
        {"t.yaml": "t: {}\n"},
        elsewhere=("t.yaml", "u.yml"),
    ),
    Shape("files yaml", "layout: file, file: 't/{id}.yaml', key: id", {}, elsewhere=("t/{id}", "u/{id}")),
    Shape("documents yaml", "layout: documents, file: t.yaml, key: id", {}, elsewhere=("t.yaml", "u.yaml")),
    Shape(
        "pairs yaml",
        "layout: pairs, file: t.yaml, at: t, key: id, value: v",
        {"t.yaml": "t: {}\n"},
        fields="one",
        elsewhere=("t.yaml", "u.yaml"),
    ),
    Shape(
        "texts yaml",
        "layout: texts, file: t.yaml, at: t, key: id",
        {"t.yaml": "t: []\n"},
        fields="none",
        elsewhere=("t.yaml", "u.yaml"),
    ),
    Shape(
        "named yaml",
        "layout: named, file: t.yaml, at: t, key: id",
        {"t.yaml": "t: []\n"},
        elsewhere=("t.yaml", "u.yaml"),
    ),
    Shape(
        "list json",
        "layout: list, file: t.json, at: t, key: id",
        {"t.json": '{\n  "t": []\n}\n'},
        elsewhere=("t.json", "u/t.json"),
    ),
    Shape(
        "map json",
        "layout: map, file: t.json, at: t, key: id",
        {"t.json": '{\n  "t": {}\n}'},
        elsewhere=("at: t", "at: x.t"),
    ),
    Shape("files json", "layout: file, file: 't/{id}.json', key: id", {}, elsewhere=("t/{id}", "u/{id}")),
    Shape(
        "list jsonc",
        "layout: list, file: t.jsonc, at: t, key: id",
        {"t.jsonc": '{\n  // all\n  "t": [],\n}\n'},
        elsewhere=("t.jsonc", "u.jsonc"),
    ),
    Shape(
        "map jsonc",
        "layout: map, file: t.jsonc, at: t, key: id",
        {"t.jsonc": '{\n  // all\n  "t": {}\n}\n'},
        elsewhere=("t.jsonc", "u.jsonc"),
    ),
    Shape(
        "list toml",
        "layout: list, file: t.toml, at: t, key: id",
        {"t.toml": "# first\nx = 1\n"},
        elsewhere=("t.toml", "u.toml"),
    ),
    Shape(
        "map toml",
        "layout: map, file: t.toml, at: t, key: id",
        {"t.toml": "# first\n"},
        elsewhere=("at: t", "at: x.t"),
    ),
    Shape("files toml", "layout: file, file: 't/{id}.toml', key: id", {}, elsewhere=("t/{id}", "u/{id}")),
    Shape(
        "front matter",
        "layout: file, file: 't/{id}/S.md', key: id, body: text",
        {},
        elsewhere=("t/{id}", "u/{id}"),
    ),
    Shape(
        "nested list",
        "layout: list, file: p.yaml, at: 'p[name={p}].t', key: [p, id]",
        {"p.yaml": "p:\n- name: q\n  of: 1\n  t: []\n- name: r\n  of: 2\n  t: []\n"},
        key=("p", "id"),
        fixed={"p": "q"},
        other={"p": "layout: list, file: p.yaml, at: p, key: name"},
        also={"desired/p.yaml": "p:\n- {name: q, of: 1}\n- {name: r, of: 2}\n"},
    ),
    Shape(
        "nested map",
        "layout: map, file: p.json, at: 'p.{p}.t', key: [p, id]",
        {"p.json": '{\n  "p": {\n    "q": {\n      "of": 1,\n      "t": {}\n    }\n  }\n}\n'},
        key=("p", "id"),
        fixed={"p": "q"},
        other={"p": "layout: map, file: p.json, at: p, key: name"},
        also={"desired/p.yaml": "p:\n- {name: q, of: 1}\n"},
    ),
)
