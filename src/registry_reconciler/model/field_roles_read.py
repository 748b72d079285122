"""What the parts of ``x-registry`` say of single fields: read once, into the values of :mod:`.field_roles`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registry_reconciler.model.entry import Json
from registry_reconciler.model.field_roles import Mirror, Names, PathRule, Reference, base_folder
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.problem import Severity

NAME_ROLES = ("name", "aliases", "priority", "source", "status", "required_caps")


class KindError(ValueError):
    """``x-registry`` cannot be understood; ``path`` is where in the schema file."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ("x-registry",)) -> None:
        super().__init__(message)
        self.path = path


def parse_selector(text: str, where: str, *, single: bool = False) -> Selector:
    """One field. Raises :class:`KindError`."""
    try:
        selector = Selector.parse(text)
    except ValueError as error:
        raise KindError(str(error), ("x-registry", where)) from error
    if single and not selector.single:
        raise KindError(f"{where}: {text!r} may not step over a list", ("x-registry", where))
    return selector


def parse_names(spec: Mapping[str, str]) -> Names:
    """``names``. Raises :class:`KindError`."""
    return Names(**{role: parse_selector(spec[role], "names") for role in NAME_ROLES if role in spec})


def parse_reference(spec: Mapping[str, Json]) -> Reference:
    """One item of ``references``. Raises :class:`KindError`."""
    kinds = spec["kind"] if isinstance(spec["kind"], list) else [spec["kind"]]
    return Reference(
        _reference_field(spec),
        tuple(kinds),
        Severity(spec.get("missing", "error")),
        tuple(spec.get("allow", ())),
        spec.get("in") == "fleet",
    )


def _reference_field(spec: Mapping[str, Json]) -> Selector:
    from registry_reconciler.model.derived_fields import JoinedFields, KeysOf, WordsOf

    fields = [spec["field"]] if isinstance(spec["field"], str) else spec["field"]
    found = [parse_selector(field, "references") for field in fields]
    if len(found) > 1 and (spec.get("keys") or "split" in spec):
        raise KindError("references: several fields tell one key; 'keys' and 'split' do not fit", _REFERENCES)
    if spec.get("keys") and "split" in spec:
        raise KindError("references: a field has 'keys' or 'split', not both", _REFERENCES)
    if len(found) > 1:
        try:
            return JoinedFields.of_fields(found)
        except ValueError as error:
            raise KindError(f"references: {error}", _REFERENCES) from error
    (only,) = found
    if spec.get("keys"):
        return KeysOf(only.text, only.steps)
    return WordsOf(only.text, only.steps, spec["split"]) if "split" in spec else only


_REFERENCES = ("x-registry", "references")


def parse_path_rule(spec: Mapping[str, Json]) -> PathRule:
    """One item of ``paths``. Raises :class:`KindError`."""
    return PathRule(
        parse_selector(spec["field"], "paths"),
        Severity(spec["missing"]) if "missing" in spec else None,
        spec.get("unlisted"),
        Severity(spec.get("unlisted_severity", "warning")),
        _base(spec.get("base", ".")),
    )


def _base(text: str) -> str:
    try:
        return base_folder(text)
    except ValueError as error:
        raise KindError(f"paths: {error}", ("x-registry", "paths")) from error


def parse_mirror(spec: Mapping[str, Json]) -> Mirror:
    """One item of ``mirrors``. Raises :class:`KindError`."""
    return Mirror(
        parse_selector(spec["field"], "mirrors", single=True),
        spec["kind"],
        parse_selector(spec.get("at", spec["field"]), "mirrors", single=True),
        parse_selector(spec["key"], "mirrors", single=True) if "key" in spec else None,
        Severity(spec.get("missing", "warning")),
        Severity(spec.get("differs", "error")),
    )


def parse_unique(groups: Sequence[Json]) -> tuple[tuple[tuple[Selector, ...], ...], frozenset[int]]:
    """``unique``: the groups of fields, and the numbers of those that are unique in the fleet.

    Raises:
        KindError: a field cannot be understood.
    """
    fields = [group["fields"] if isinstance(group, Mapping) else group for group in groups]
    found = tuple(
        tuple(parse_selector(text, "unique") for text in ([names] if isinstance(names, str) else names))
        for names in fields
    )
    return found, frozenset(number for number, group in enumerate(groups) if isinstance(group, Mapping))
