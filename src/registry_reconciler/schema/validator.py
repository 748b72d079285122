"""Validation: schema files are checked before anything is held against them, and values are judged by them.

What stands in a workspace cannot make this slow or curious: no reference is followed out of the schemas
folder, nothing is fetched, and no pattern of a workspace ever meets a backtracking engine without a limit.
docs/decisions/0004-validation.md says why it is done with jsonschema_rs and our own wording.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping

from registry_reconciler.base.suggest import closest, meant
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.kind import Kind, KindError, parse_kind
from registry_reconciler.model.marks import Marks
from registry_reconciler.model.texts import Texts
from registry_reconciler.schema.compiled import SchemaFault, Validator, check_value
from registry_reconciler.schema.marks import mark_faults, marks_of, places_of
from registry_reconciler.schema.pattern_sizes import check_patterns, engine_of
from registry_reconciler.schema.view import View, Violation
from registry_reconciler.schema.walk import At, Folder, Reach, UnusableSchema, reach

__all__ = [
    "SchemaFault",
    "SchemaSet",
    "Validator",
    "Violation",
    "check_value",
    "config_violations",
    "directive_violations",
    "fleet_violations",
    "output_violations",
    "published",
    "rule_violations",
    "standalone",
]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

MOST_REACHED = 200_000
"""So many schemas may all files of a workspace together reach, each counted for every file that reaches it."""

_BASE = "workspace:/"


class SchemaSet:
    """The schema files of a workspace: ``{path: content}``, all of one folder, each read as YAML already.

    Args:
        packaged: the files that are as the package has them. A test checks those, once and not in every run.
    """

    def __init__(self, schemas: Mapping[str, Json], packaged: Collection[str] = ()) -> None:
        self._folder = Folder(dict(schemas))
        self._packaged = packaged
        self._reaches: dict[str, Reach] = {}
        self._reached = 0
        self._found: dict[str, list[Violation]] = {}
        self._validators: dict[str, Validator] = {}
        self._marks: dict[str, Marks] = {}

    @property
    def folder(self) -> Folder:
        """The files, and references between them."""
        return self._folder

    def is_kind(self, path: str) -> bool:
        """Whether a file is meant to describe a kind; one that only keeps ``$defs`` for others is not."""
        schema = self._folder.files[path]
        if not isinstance(schema, Mapping):
            return True
        return "x-registry" in schema or not {"$defs", "definitions"} & set(schema)

    def secrets(self, path: str) -> Marks:
        """What a schema file marks ``x-secret``, through all that it refers to."""
        if path not in self._marks:
            self._marks[path] = marks_of(self._folder, self._reach(path), path)
        return self._marks[path]

    def texts(self, path: str) -> Texts:
        """Where a schema file wants text, through all that it refers to."""
        return Texts(lambda: places_of(self._folder, self._reach(path), path))

    def check_schema(self, path: str) -> list[Violation]:
        """What is wrong with a schema file; paths lead into that file. Where nothing is, it has a validator.

        Of another file that it needs and that is wrong, only the reference is named.
        """
        found = self._own(path)
        if found:
            return found
        found = [self._through(path, file) for file in self._reach(path).files if self._own(file)]
        if not found:
            try:
                self.validator(path)
            except SchemaFault as fault:
                where = fault.path if fault.file == path else ()
                found = [Violation(where, False, fault.message, fault.fix, "$ref")]
        return found

    def _own(self, path: str) -> list[Violation]:
        if path not in self._found:
            self._found[path] = [] if path in self._packaged else self._check(path)
        return self._found[path]

    def _through(self, path: str, other: str) -> Violation:
        reached = self._reach(path)
        where: FieldPath = ()
        for at, schema in reached.schemas.items():
            refers = at.file == path and isinstance(schema, Mapping) and "$ref" in schema
            if refers and self._folder.resolve(path, schema["$ref"]).file == other:
                where = (*at.path, "$ref")
                break
        return Violation(where, False, f"it needs {other}, which cannot be used", f"Correct {other}.", "$ref")

    def validator(self, kind: Kind | str) -> Validator:
        """The validator of a kind (or of a schema file by its path), compiled once.

        Raises:
            SchemaFault: the file, or one that it refers to, cannot be used.
        """
        path = kind if isinstance(kind, str) else kind.schema_path
        if path not in self._validators:
            self._validators[path] = self._compile(path)
        return self._validators[path]

    def _reach(self, path: str) -> Reach:
        if path not in self._reaches:
            found = self._reaches[path] = reach(self._folder, path)
            self._reached += len(found.schemas)
            if self._reached > MOST_REACHED:
                text = (
                    f"together the schema files reach more than {MOST_REACHED:,} schemas through references"
                )
                found.faults.append(
                    UnusableSchema(At(path, ()), text, "Refer to fewer files, or split them.", "$ref")
                )
        return self._reaches[path]

    def _check(self, path: str) -> list[Violation]:
        schema = self._folder.files[path]
        found = [] if _is_plain_schema(schema) else check_value(_meta(), schema)
        if not isinstance(schema, Mapping):
            return found
        found += _check_dialect(schema)
        if self.is_kind(path):
            found += _check_x_registry(schema, path)
        if not found:
            reached = self._reach(path)
            found = [
                Violation(fault.at.path, False, fault.message, fault.fix, fault.keyword)
                for fault in (*reached.faults, *mark_faults(reached, path))
                if fault.at.file == path
            ]
            found += check_patterns(reached, path)
        return list(dict.fromkeys(found))

    def _compile(self, path: str) -> Validator:
        import jsonschema_rs

        reached = self._reach(path)
        for file in (path, *reached.files):
            for violation in self._own(file):
                raise SchemaFault(file, violation.path, violation.message, violation.fix)
        for fault in reached.faults:
            raise SchemaFault(fault.at.file, fault.at.path, fault.message, fault.fix)
        others = [(_BASE + file, _plain(self._folder.files[file])) for file in reached.files if file != path]
        try:
            compiled = jsonschema_rs.Draft202012Validator(
                _plain(self._folder.files[path]),
                registry=jsonschema_rs.Registry(others, draft=jsonschema_rs.Draft202012),
                base_uri=_BASE + path,
                offline=True,
                validate_formats=False,
                pattern_options=engine_of(reached),
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            inside = tuple(getattr(error, "instance_path", ()))
            raise SchemaFault(
                path, inside, f"the schema cannot be used: {error}", "Correct the schema."
            ) from error
        return Validator(compiled, View(self._folder, path, self.secrets(path)), self._folder.files[path])


def standalone(schema: Json, name: str = "schema.json") -> Validator:
    """The validator of a schema that refers to no other file: a published one, an ``input_schema``.

    Raises:
        SchemaFault: it is no valid JSON Schema 2020-12, or leads out of itself.
    """
    return _Single({name: schema}).validator(name)


class _Single(SchemaSet):
    def is_kind(self, path: str) -> bool:  # noqa: ARG002
        return False


def config_violations(content: Json) -> list[Violation]:
    """What is wrong with the content of ``.system/registry/config.yaml``."""
    from registry_reconciler.schema.packaged import config_schema

    return check_value(published("config.schema.json", config_schema), content)


def output_violations(content: Json) -> list[Violation]:
    """What is wrong with the content of ``.system/registry/outputs.yaml``."""
    from registry_reconciler.schema.packaged import outputs_schema

    return check_value(published("outputs.schema.json", outputs_schema), content)


def fleet_violations(content: Json) -> list[Violation]:
    """What is wrong with the content of a file of a fleet."""
    from registry_reconciler.schema.packaged import fleet_schema

    return check_value(published("fleet.schema.json", fleet_schema), content)


def rule_violations(content: Json) -> list[Violation]:
    """What is wrong with the content of a rule file."""
    from registry_reconciler.schema.packaged import rule_schema

    return check_value(published("rule.schema.json", rule_schema), content)


def directive_violations(content: Json) -> list[Violation]:
    """What is wrong with the directives in a fragment's document; its other keys are not looked at."""
    from registry_reconciler.schema.packaged import directives_schema

    return check_value(published("fragment-directives.schema.json", directives_schema), content)


@functools.cache
def published(name: str, schema: Callable[[], Json]) -> Validator:
    """The validator of a schema of the package itself, made once."""
    return _Published({name: schema()}).validator(name)


class _Published(_Single):
    """A schema of the package itself: a test checks it, once and not in every run."""

    def _check(self, path: str) -> list[Violation]:  # noqa: ARG002
        return []


def _is_plain_schema(schema: Json) -> bool:
    """Whether the library's own meta-schema, which needs no compiling, lets a schema pass; it finds no places."""
    import jsonschema_rs

    if not isinstance(schema, dict) or schema.get("$schema", DIALECT) != DIALECT:
        return False
    try:
        return jsonschema_rs.meta.is_valid(schema)
    except ValueError:
        return False


@functools.cache
def _meta() -> Validator:
    import jsonschema_rs

    compiled = jsonschema_rs.Draft202012Validator({"$ref": DIALECT}, offline=True)
    return Validator(compiled, View(Folder({"": {}}), ""))


def _check_dialect(schema: Mapping[str, Json]) -> list[Violation]:
    if schema.get("$schema", DIALECT) in (DIALECT, DIALECT + "#"):
        return []
    text = "the dialect is not JSON Schema 2020-12"
    return [Violation(("$schema",), False, text, f"Write {DIALECT}, or leave $schema out.", "$schema")]


def _check_x_registry(schema: Mapping[str, Json], path: str) -> list[Violation]:
    if "x-registry" not in schema:
        near = closest("x-registry", list(schema))
        message = "it needs the field 'x-registry', which says where entries of this kind are kept"
        if near:
            text = f"'{near}' is no keyword.{meant('x-registry')}"
            return [Violation((near,), True, text, "Write x-registry.", "x-registry")]
        fix = "Add x-registry with kind, layout, file and key; or only $defs, for other schemas to refer to."
        return [Violation((), False, message, fix, "x-registry")]
    from registry_reconciler.schema.packaged import x_registry_schema

    validator = published("x-registry.schema.json", x_registry_schema)
    found = check_value(validator, schema["x-registry"], ("x-registry",))
    if not found:
        try:
            parse_kind(schema, path)
        except KindError as error:
            where = error.path if error.path[:1] == ("x-registry",) else ("x-registry", *error.path)
            found.append(Violation(where, False, str(error), "Correct it.", "x-registry"))
    return found


def _plain(schema: Json) -> Json:
    """The schema as the validator gets it: an ``$id`` of its own would move the base of its references."""
    if not isinstance(schema, Mapping):
        return schema
    return {name: value for name, value in schema.items() if name not in ("$id", "x-registry")}
