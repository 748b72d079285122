"""A sentence for each keyword of JSON Schema, and how to put right what it forbids."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.base.suggest import meant
from registry_reconciler.model.entry import FieldPath, Json, canonical, get_path
from registry_reconciler.schema.shown import cut, in_list, name_of, type_of, types_in_words

if TYPE_CHECKING:
    from registry_reconciler.schema.messages import MessageWriter


def wrong_type(writer: MessageWriter, path: FieldPath, types: Sequence[str]) -> tuple[str, str]:
    """A value of another type than its schema wants."""
    value = get_path(writer.value, path)
    wanted = types_in_words(types)
    shown = writer.show(path)
    actual = "empty" if value is None else type_of(value)
    detail = "" if value is None or isinstance(value, list | dict) else f" ({shown})"
    message = f"{name_of(path)} is {actual}{detail}, and {wanted} is expected"
    return message, writer.explain(path, _type_fix(value, types, shown))


def _type_fix(value: Json, types: Sequence[str], shown: str) -> str:
    if value is None:
        return "Give it a value, or remove the field."
    if "string" in types and isinstance(value, bool | int | float):
        return "Put it in quotes."
    if "array" in types and not isinstance(value, dict):
        return f"Write it as a list: [{shown.strip(chr(39))}]."
    if (
        "boolean" in types
        and isinstance(value, str)
        and value.lower() in ("yes", "no", "on", "off", "y", "n")
    ):
        return "Write true or false: in YAML 1.2 this is text."
    if isinstance(value, str) and _reads_as(value, types):
        return "Write it without quotes."
    return f"Write {types_in_words(types)}."


def _reads_as(text: str, types: Sequence[str]) -> bool:
    """Whether a text would be of one of some types if no quotes stood around it."""
    if text in ("true", "false"):
        return "boolean" in types
    whole = re.fullmatch(r"[-+]?[0-9]+", text) is not None
    decimal = re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", text) is not None
    return (whole and "integer" in types) or (decimal and "number" in types)


def not_one_of(writer: MessageWriter, path: FieldPath, options: Sequence[Json]) -> tuple[str, str]:
    """A value that is none of some fixed words."""
    listed = in_list(options)
    wanted = f"not {listed}" if len(options) == 1 else f"not one of {listed}"
    message = f"{name_of(path)} is {writer.show(path)}, {wanted}"
    near = writer.near(path, options)
    if near:
        return f"{message}.{meant(near)}", writer.explain(path, f"Write '{near}'.")
    return message, writer.explain(path, f"Write {'' if len(options) == 1 else 'one of '}{listed}.")


def _required(writer: MessageWriter, path: FieldPath, kind: Json) -> tuple[str, str]:
    field = kind.property
    about = writer.view.description((*path, field))
    return f"{name_of(path)} needs the field '{cut(field)}'", f"Add {cut(field)}" + (
        f": {about}" if about else "."
    )


def _pattern(writer: MessageWriter, path: FieldPath, kind: Json) -> tuple[str, str]:
    message = f"{name_of(path)} is {writer.show(path)}, which does not match {cut(kind.pattern)}"
    return message, writer.explain(path, "Write it in that form.")


def _unbounded(path: FieldPath) -> tuple[str, str]:
    return (
        f"{name_of(path)} could not be checked: its pattern takes too many steps on this text",
        "Make the pattern simpler: no nested repetitions, no looking ahead, no references back.",
    )


def _unique_items(writer: MessageWriter, path: FieldPath, _kind: Json) -> tuple[str, str]:
    items = get_path(writer.value, path)
    seen: set[str] = set()
    for index, item in enumerate(items if isinstance(items, list) else []):
        text = canonical(item)
        if text in seen:
            return f"{name_of(path)} has {writer.show((*path, index))} more than once", "Keep one of them."
        seen.add(text)
    return f"{name_of(path)} has an item more than once", "Keep one of them."


def _size(what: str, *, most: bool) -> Callable[[MessageWriter, FieldPath, Json], tuple[str, str]]:
    def sentence(writer: MessageWriter, path: FieldPath, kind: Json) -> tuple[str, str]:
        if kind.limit == 1 and not most:
            return f"{name_of(path)} is empty", writer.explain(path, "Give it a value, or remove the field.")
        bound = "at most" if most else "at least"
        return (
            f"{name_of(path)} must have {bound} {kind.limit} {what[:-1] if kind.limit == 1 else what}",
            writer.explain(path, f"{'Shorten' if most else 'Extend'} it."),
        )

    return sentence


def _bound(text: str) -> Callable[[MessageWriter, FieldPath, Json], tuple[str, str]]:
    def sentence(writer: MessageWriter, path: FieldPath, kind: Json) -> tuple[str, str]:
        limit = kind.multiple_of if kind.name == "multipleOf" else kind.limit
        return (
            f"{name_of(path)} is {writer.show(path)}, and must be {text} {limit}",
            writer.explain(path, f"Write a number {text} {limit}."),
        )

    return sentence


def _contains(writer: MessageWriter, path: FieldPath, _kind: Json) -> tuple[str, str]:
    least, most, wanted = 1, None, ""
    for schema in writer.view.at(path):
        if "contains" in schema:
            least, most = schema.get("minContains", 1), schema.get("maxContains")
            wanted = f" {cut(canonical(schema['contains']))}"
    bounds = f"at least {least}" if most is None else f"{least} to {most}"
    items = "item that fits" if bounds == "at least 1" else "items that fit"
    return (
        f"{name_of(path)} needs {bounds} {items}{wanted or ' its schema'}",
        writer.explain(path, "Add or remove such items."),
    )


def _not(writer: MessageWriter, path: FieldPath, kind: Json) -> tuple[str, str]:
    """What a value has or is, and may not: the words of the schema that forbids it."""
    name, shown = name_of(path), writer.show(path)
    forbidden = getattr(kind, "schema", None)
    forbidden = forbidden if isinstance(forbidden, dict) else {}
    words = [forbidden["const"]] if "const" in forbidden else forbidden.get("enum")
    if isinstance(words, list):
        fix = "Choose another word." if len(words) == 1 else f"Choose another word than {in_list(words)}."
        return f"{name} is {shown}, which is not allowed here", writer.explain(path, fix)
    if isinstance(forbidden.get("pattern"), str):
        message = f"{name} is {shown}, and must not match {cut(forbidden['pattern'])}"
        return message, writer.explain(path, "Write it in another form.")
    fields = forbidden.get("required")
    if isinstance(fields, list) and fields:
        listed = " and ".join(cut(str(field)) for field in fields)
        together = " together" if len(fields) > 1 else ""
        fix = "Remove one of them." if together else "Remove it."
        return f"{name} must not have {listed}{together}", writer.explain(path, fix)
    types = forbidden.get("type")
    if isinstance(types, str | list):
        listed = types_in_words([types] if isinstance(types, str) else types)
        return f"{name} must not be {listed}", writer.explain(path, "Write another value.")
    forbidden_text = f": {cut(canonical(forbidden))}" if forbidden else ""
    return f"{name} is what its schema forbids{forbidden_text}", writer.explain(path, "Change it.")


def other_sentence(writer: MessageWriter, path: FieldPath, kind: Json) -> tuple[str, str]:
    """What has no sentence of its own."""
    keyword = str(kind.name).removeprefix("its ")
    return f"{name_of(path)} does not fit '{keyword}' in its schema", writer.explain(path, "Correct it.")


def _format(writer: MessageWriter, path: FieldPath, kind: Json) -> tuple[str, str]:
    wanted = cut(str(getattr(kind, "format", "that form")))
    return f"{name_of(path)} is {writer.show(path)}, which is no {wanted}", writer.explain(
        path, f"Write it as {wanted}."
    )


def _items_too_many(writer: MessageWriter, path: FieldPath, _kind: Json) -> tuple[str, str]:
    return f"{name_of(path)} has more items than its schema knows", writer.explain(path, "Remove the others.")


SENTENCES: dict[str, Callable[[MessageWriter, FieldPath, Json], tuple[str, str]]] = {
    "type": lambda writer, path, kind: wrong_type(writer, path, list(kind.types)),
    "enum": lambda writer, path, kind: not_one_of(writer, path, list(kind.options)),
    "const": lambda writer, path, kind: not_one_of(writer, path, [kind.expected_value]),
    "required": _required,
    "pattern": lambda writer, path, kind: (
        _pattern(writer, path, kind) if hasattr(kind, "pattern") else _unbounded(path)
    ),
    "uniqueItems": _unique_items,
    "minLength": _size("characters", most=False),
    "maxLength": _size("characters", most=True),
    "minItems": _size("items", most=False),
    "maxItems": _size("items", most=True),
    "minProperties": _size("fields", most=False),
    "maxProperties": _size("fields", most=True),
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "exclusiveMaximum": _bound("less than"),
    "multipleOf": _bound("a multiple of"),
    "contains": _contains,
    "not": _not,
    "format": _format,
    "unevaluatedItems": _items_too_many,
    "additionalItems": _items_too_many,
    "combination": lambda writer, path, _kind: (
        f"{name_of(path)} fits none of the forms that its schema knows",
        writer.explain(path, "Correct it."),
    ),
}
