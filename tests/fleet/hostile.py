"""Files of repositories that somebody made to do harm: each ends as a problem or an error of its own repository."""

from __future__ import annotations

from collections.abc import Mapping

_KIND = "x-registry: {kind: thing, layout: list, file: t.yaml, at: things, key: id}\n"
_SCHEMA = ".system/registry/schemas/thing.schema.yaml"
_OUTPUTS = ".system/registry/outputs.yaml"

HOSTILE: Mapping[str, Mapping[str, str | bytes]] = {
    "no-text": {"t.yaml": b"\xff\xfe\x00things: []\n"},
    "zeroes": {"desired/a.yaml": b"\0" * 10_000},
    "bomb": {
        "t.yaml": "a0: &a0 [x, x]\n"
        + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
        + "things: *a29\n"
    },
    "deep": {"desired/a.yaml": "thing: " + "[" * 50_000},
    "circle": {"t.yaml": "things: &a [*a]\n"},
    "twice": {"t.yaml": "things: []\nthings: []\n"},
    "conflict": {"desired/a.yaml": "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n"},
    "schema": {_SCHEMA: f"{_KIND}$ref: '#'\n", "t.yaml": "things: [{id: a}]\n"},
    "schema-out": {_SCHEMA: f"{_KIND}$ref: file:///etc/passwd\n"},
    "schema-text": {_SCHEMA: "- 1\n"},
    "pattern": {
        _SCHEMA: f"{_KIND}properties: {{id: {{pattern: '(a+)+(b+)+(\\\\1)$'}}}}\n",
        "desired/a.yaml": f"thing: [{{id: {'a' * 20_000}}}]\n",
    },
    "outside": {_SCHEMA: "x-registry: {kind: thing, layout: list, file: ../../etc/passwd, key: id}\n"},
    "git": {_SCHEMA: "x-registry: {kind: thing, layout: list, file: .git/config, key: id}\n"},
    "template": {
        _OUTPUTS: "outputs:\n- {id: x, file: x.md, template: x.j2}\n",
        ".system/registry/templates/x.j2": "{% for a in range(99999) %}{% for b in range(99999) %}{{ a ** b }}"
        "{% endfor %}{% endfor %}",
    },
    "template-code": {
        _OUTPUTS: "outputs:\n- {id: x, file: x.md, template: x.j2}\n",
        ".system/registry/templates/x.j2": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    },
    "config": {".system/registry/config.yaml": "drift: [\n"},
    "newer": {".system/registry/config.yaml": 'required_version: ">=99"\n'},
}
"""The files of each, beside those that every repository of these tests has."""
