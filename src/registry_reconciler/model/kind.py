"""Kinds: what a schema file's ``x-registry`` says, parsed once into :class:`Kind`.

Everything that the engine knows of a kind stands here; no other module reads ``x-registry``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from registry_reconciler.base.globs import MOST_ALIKE, too_many_alike, translate
from registry_reconciler.model.entry import Json
from registry_reconciler.model.field_roles import Mirror, Names, PathRule, Reference
from registry_reconciler.model.field_roles_read import (
    NAME_ROLES,
    parse_mirror,
    parse_names,
    parse_path_rule,
    parse_reference,
    parse_selector,
    parse_unique,
)
from registry_reconciler.model.field_roles_read import KindError as KindError
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.marks import NO_MARKS, Marks
from registry_reconciler.model.texts import NO_TEXTS, Texts

SCHEMA_FOLDER = ".system/registry/schemas"
SCHEMA_SUFFIX = ".schema.yaml"
KEY_JOINER = "/"

ROLES: dict[str, tuple[str, ...]] = {
    "module_type": ("id", "inbound", "outbound"),
    "module_instance": ("module_id", "module_type", "module_level"),
    "module_maturity": ("module_id", "maturity"),
    "module_interface": ("id", "module_id", "lifecycle"),
    "route": ("id", "scope", "topic", "when_to_use"),
    "ability_low": ("ability_id", "implementation", "hooks"),
    "ability_high": ("ability_id", "type", "hooks"),
    "hook": ("id", "event_type", "handler"),
}
"""What the built-in rules are about, each with the fields that say so. Older copies of the built-in schemas do not name
their role: a kind with the name of a role is one if its schema has these fields, the first of them its key."""

MOST_STEPS = 50
"""So many steps may ``at`` have."""

MOST_AT_ONE_PLACE = 8
"""So many kinds may keep their entries at one place: each of them reads all that stands there."""


class Step(Struct, frozen=True):
    """One step of ``at``.

    Attributes:
        kind: ``name`` steps to a literal key, ``any`` over all keys, ``placeholder`` over all keys and binds them,
            ``item`` over the items of the sequence at ``name``, told apart by their field ``by``.
        name: the key (``name``, ``item``) or the placeholder's name (``placeholder``).
        by: for ``item``: the field of the items.
        binds: for ``item``: the placeholder that the field's value binds, or "" where ``literal`` must equal it.
    """

    kind: Literal["name", "any", "placeholder", "item"]
    name: str = ""
    by: str = ""
    binds: str = ""
    literal: str | None = None


class FilePattern(Struct, frozen=True):
    """``file`` of a kind: a path with globs and placeholders."""

    text: str
    glob: str
    placeholders: tuple[str, ...]
    regex: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> FilePattern:
        """Parse ``routes/{scope}.yaml``. A placeholder stands for a part of one folder or file name.

        Raises:
            KindError: it cannot be understood.
        """
        names = re.findall(r"\{([^{}]*)\}", text)
        for name in names:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
                raise KindError(
                    f"{{{name}}} in {text!r} is no placeholder: write the name of a field",
                    ("x-registry", "file"),
                )
        glob = re.sub(r"\{[^{}]*\}", "*", text)
        if names and (
            text.count("**") > 2 or any(_variable(part) > _MOST_VARIABLE for part in text.split("/"))
        ):
            raise KindError(
                f"{text!r} has too many placeholders and stars: at most {_MOST_VARIABLE} in one name, and ** twice",
                ("x-registry", "file"),
            )
        seen: set[str] = set()
        pattern = ""
        for index, part in enumerate(re.split(r"\{([^{}]*)\}", text)):
            if index % 2 == 0:
                pattern += part.replace("\0", "")
                continue
            pattern += f"\0{part}\0"
        regex = ""
        for index, part in enumerate(pattern.split("\0")):
            if index % 2 == 0:
                regex += translate(part) if part else ""
            elif part in seen:
                regex += f"(?P={_group(part)})"
            else:
                seen.add(part)
                regex += f"(?P<{_group(part)}>[^/]+?)"
        return cls(text, glob, tuple(dict.fromkeys(names)), re.compile(regex, re.DOTALL))

    @property
    def open(self) -> bool:
        """Whether globs leave the place of a new entry open."""
        return any(character in re.sub(r"\{[^{}]*\}", "", self.text) for character in "*?[")

    def match(self, path: str) -> dict[str, str] | None:
        """The placeholders that a path binds, or ``None``."""
        match = self.regex.fullmatch(path)
        if match is None:
            return None
        return {name: match.group(_group(name)) for name in self.placeholders}

    def fill(self, values: Mapping[str, str]) -> str:
        """The path with its placeholders filled in."""
        return re.sub(r"\{([^{}]*)\}", lambda match: values[match.group(1)], self.text)


_MOST_VARIABLE = 3
"""With more of them in one name there are too many ways to try."""


def _variable(segment: str) -> int:
    return len(re.findall(r"\{[^{}]*\}|\*+", segment))


def _group(name: str) -> str:
    return "p_" + re.sub(r"[^A-Za-z0-9_]", lambda match: f"_{ord(match.group()):x}_", name)


class Kind(Struct, frozen=True):
    """One kind of registry entry.

    Attributes:
        layout: how its entries lie in a file: the name of a row of ``layouts.LAYOUTS``.
        key: the fields that make the key, joined by ``/`` where there are several.
        body: of front matter: the field that the text below it is given as.
        lenient: of front matter: a block that is no YAML is read key by key.
        format: how the text of its files is written; "": as the names of the files say.
        value: of layouts ``pairs`` and ``named``: the field that a value which is no mapping is given as.
        space: kinds of one space share their keys (both ability kinds); by default a kind is its own space.
        unique_in_fleet: the numbers of those groups of ``unique`` that are unique over all repositories of the fleet.
        truth: who owns the entries. Of ``live`` the registry file does: there are no fragments and no state of them.
        managed: ``all``: an entry that no fragment owns is a problem.
        role: what the built-in rules take its entries for: one of :data:`ROLES`, or "".
        secrets: what the schema marks ``x-secret``; false where it marks nothing.
        texts: where the schema wants text.
    """

    name: str
    schema: Mapping[str, Json]
    schema_path: str
    layout: str
    file: FilePattern
    at: tuple[Step, ...]
    key: tuple[Selector, ...]
    title: str = ""
    description: str = ""
    format: str = ""
    body: str = ""
    lenient: bool = False
    value: str = ""
    space: str = ""
    order: Literal["key", "end"] = "key"
    names: Names = field(default_factory=Names)
    references: tuple[Reference, ...] = ()
    paths: tuple[PathRule, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    unique: tuple[tuple[Selector, ...], ...] = ()
    unique_in_fleet: frozenset[int] = frozenset()
    acyclic: tuple[Selector, ...] = ()
    live_fields: tuple[Selector, ...] = ()
    truth: Literal["fragments", "live"] = "fragments"
    managed: Literal["some", "all"] = "some"
    exclude: tuple[str, ...] = ()
    secrets: Marks = NO_MARKS
    role: str = ""
    texts: Texts = NO_TEXTS

    @property
    def looks_across(self) -> bool:
        """Whether it is about entries of other repositories too (``in: fleet``)."""
        return bool(self.unique_in_fleet) or any(reference.in_fleet for reference in self.references)

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Fields that the place of an entry gives: of the path first, then of the steps inside the file."""
        inside = (step.name if step.kind == "placeholder" else step.binds for step in self.at)
        return tuple(dict.fromkeys((*self.file.placeholders, *(name for name in inside if name))))

    @property
    def site(self) -> tuple[object, ...]:
        """The same for kinds whose entries stand at the same place, whatever their placeholders are called."""
        steps = (("any", "") if step.kind == "placeholder" else (step.kind, step.name) for step in self.at)
        return (self.file.glob, *steps)

    @property
    def open(self) -> bool:
        """Whether ``*`` or a glob leaves the place of a new entry open."""
        return self.file.open or any(step.kind == "any" for step in self.at)

    def key_of(self, value: Json) -> str | None:
        """The key of an entry's value; ``None`` where a key field is missing or is no text or whole number."""
        if len(self.key) == 1:
            only = self.key[0].get(value)
            if type(only) is str and only:
                return only
        parts = []
        for selector in self.key:
            part = selector.get(value)
            if isinstance(part, bool) or not isinstance(part, str | int) or part == "":
                return None
            parts.append(str(part))
        return KEY_JOINER.join(parts)


def parse_at(text: str) -> tuple[Step, ...]:
    """Parse ``domains.{domain}.skills``, ``*`` and ``plugins[name={plugin}]``. Raises :class:`KindError`."""
    steps: list[Step] = []
    position = 0
    token = re.compile(
        r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|\{(?P<holder>[^{}]+)\}|(?P<any>\*)|(?P<plain>[^.\[\]{}*"]+))'
        r"(?:\[(?P<by>[^=\]]+)=(?:\{(?P<binds>[^{}]+)\}|(?P<literal>[^\]{}]*))\])?(?:\.|$)"
    )
    while position < len(text):
        match = token.match(text, position)
        if match is None:
            raise KindError(
                f"{text!r} cannot be understood from {text[position:]!r}: write names separated by dots, "
                "* or {placeholder} for any key, and list[field={placeholder}] for items of a list",
                ("x-registry", "at"),
            )
        position = match.end()
        if len(steps) >= MOST_STEPS:
            raise KindError(
                f"at: more than {MOST_STEPS} steps: name a container that lies less deep",
                ("x-registry", "at"),
            )
        name = match["plain"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
        if match["by"] is not None:
            if name is None:
                raise KindError(
                    f"in {text!r}, [field=…] must follow the name of a list", ("x-registry", "at")
                )
            steps.append(Step("item", name, match["by"], match["binds"] or "", match["literal"]))
        elif match["holder"] is not None:
            steps.append(Step("placeholder", match["holder"]))
        elif match["any"]:
            steps.append(Step("any"))
        else:
            steps.append(Step("name", name or ""))
    return tuple(steps)


def parse_kind(
    schema: Mapping[str, Json], schema_path: str, secrets: Marks = NO_MARKS, texts: Texts = NO_TEXTS
) -> Kind:
    """The kind that a schema file (already held against the published schema of ``x-registry``) describes.

    Args:
        role: what the built-in rules take its entries for: one of :data:`ROLES`, or "".
        secrets: what the schema marks ``x-secret`` (:func:`.marks.marks_of`).

    Raises:
        KindError: a selector, pattern or ``at`` cannot be understood.
    """
    spec = schema["x-registry"]
    keys = spec["key"] if isinstance(spec["key"], list) else [spec["key"]]
    unique, unique_in_fleet = parse_unique(spec.get("unique", ()))
    kind = Kind(
        name=spec["kind"],
        schema=schema,
        schema_path=schema_path,
        layout=spec["layout"],
        file=FilePattern.parse(spec["file"]),
        at=parse_at(spec.get("at", "")),
        key=tuple(parse_selector(key, "key", single=True) for key in keys),
        title=str(schema.get("title", "")),
        description=str(schema.get("description", "")),
        format=spec.get("format", ""),
        body=spec.get("body", ""),
        lenient=spec.get("lenient", False),
        value=spec.get("value", ""),
        space=spec.get("space", spec["kind"]),
        order=spec.get("order", "key"),
        names=parse_names(spec.get("names", {})),
        references=tuple(parse_reference(item) for item in spec.get("references", ())),
        paths=tuple(parse_path_rule(item) for item in spec.get("paths", ())),
        mirrors=tuple(parse_mirror(mirror) for mirror in spec.get("mirrors", ())),
        unique=unique,
        unique_in_fleet=unique_in_fleet,
        acyclic=tuple(parse_selector(item, "acyclic") for item in spec.get("acyclic", ())),
        live_fields=_live_fields(spec),
        exclude=_excludes(spec),
        truth=spec.get("truth", "fragments"),
        managed=spec.get("managed", "some"),
        secrets=secrets,
        role=spec.get("role", _role_by_fields(schema)),
        texts=texts,
    )
    _refuse_shown_secrets(kind)
    _refuse_contradictions(kind)
    return kind


def _live_fields(spec: Mapping[str, Json]) -> tuple[Selector, ...]:
    names = (*spec.get("live_fields", ()), *([spec["body"]] if "body" in spec else ()))
    return tuple(parse_selector(fromkey, "live_fields", single=True) for fromkey in dict.fromkeys(names))


def _excludes(spec: Mapping[str, Json]) -> tuple[str, ...]:
    found = tuple(spec.get("exclude", ()))
    many = too_many_alike(found)
    if many is not None:
        raise KindError(
            f"exclude: more than {MOST_ALIKE:,} globs begin with {many[1]!r}: use fewer and wider ones",
            ("x-registry", "exclude", many[0]),
        )
    return found


def _refuse_contradictions(kind: Kind) -> None:
    """Of a kind whose truth is live there are no fragments: what says something of them says nothing."""
    if kind.truth == "live" and kind.managed == "all":
        raise KindError(
            "managed: all wants a fragment for every entry, and with truth: live there are none: keep one of the two",
            ("x-registry", "managed"),
        )


def _role_by_fields(schema: Mapping[str, Json]) -> str:
    """The role of a kind whose schema names none."""
    spec, properties = schema["x-registry"], schema.get("properties")
    fields = ROLES.get(spec["kind"], ())
    if not isinstance(properties, Mapping) or not fields or spec["key"] != fields[0]:
        return ""
    return str(spec["kind"]) if all(name in properties for name in fields) else ""


def _refuse_shown_secrets(kind: Kind) -> None:
    """What identifies, names or links an entry is shown and looked up everywhere: it cannot be a secret."""
    names = [getattr(kind.names, role) for role in NAME_ROLES]
    uses = {
        "key": kind.key,
        "file": [Selector(name, tuple(name.split("."))) for name in kind.placeholders],
        "names": [name for name in names if name is not None],
        "references": [part for reference in kind.references for part in reference.field.parts],
        "paths": [path.field for path in kind.paths],
        "mirrors": [
            selector
            for mirror in kind.mirrors
            for selector in (mirror.field, mirror.key)
            if selector is not None
        ],
        "unique": [selector for group in kind.unique for selector in group],
        "acyclic": kind.acyclic,
    }
    for where, fields in uses.items():
        for selector in fields:
            if kind.secrets.touches(selector):
                raise KindError(
                    f"{where}: the field {selector.text!r} is marked x-secret, and what stands there is shown",
                    ("x-registry", where),
                )
