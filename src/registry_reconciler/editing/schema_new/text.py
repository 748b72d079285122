"""The text of the schema file, its doubts as comments above what they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from registry_reconciler.editing.schema_new.draft import Doubt, Work
from registry_reconciler.model.entry import Json


def schema_lines(work: Work, schema: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """The lines of the file, each with the part of the schema that begins there."""
    yield "# Made by 'registry schema new' from what the files held; check the lines with '#?'.", ""
    yield "$schema: https://json-schema.org/draft/2020-12/schema", "$schema"
    yield f"title: {work.kind}", "title"
    yield "x-registry:", "x-registry"
    yield from _block(work, {str(name): value for name, value in work.spec.items()}, "x-registry", 2)
    yield from _block(work, {"type": schema["type"], "required": schema["required"]}, "", 0)
    yield "properties:", "properties"
    yield from _block(work, schema["properties"], "properties", 2)
    if "additionalProperties" in schema:
        yield from _block(work, {"additionalProperties": schema["additionalProperties"]}, "", 0)


def _block(work: Work, value: Mapping[str, Json], where: str, indent: int) -> Iterator[tuple[str, str]]:
    from registry_reconciler.formats.yaml.edit.splice import dump

    for name, part in value.items():
        here = f"{where}.{name}" if where else name
        pad = " " * indent
        for doubt in work.doubts:
            if doubt.where == here:
                mark = "#? DECIDE: " if doubt.decision else "#? "
                yield f"{pad}{mark}{_one_line(doubt.message)}", ""
        inner = part.get("properties") if isinstance(part, dict) else None
        if isinstance(inner, dict) and any(doubt.where.startswith(f"{here}.") for doubt in work.doubts):
            yield f"{pad}{dump({name: None}).split(':')[0]}:", here
            rest = {key: item for key, item in part.items() if key != "properties"}
            yield from _block(work, rest, f"{here}.", indent + 2)
            yield f"{pad}  properties:", ""
            yield from _block(work, inner, here, indent + 4)
            continue
        for doubt in work.doubts:
            if doubt.where.startswith(f"{here}."):
                yield f"{pad}#? {doubt.where.removeprefix('properties.')}: {_one_line(doubt.message)}", ""
        for number, line in enumerate(dump({name: part}, indent=indent).splitlines()):
            yield line, here if number == 0 else ""


def _one_line(text: str) -> str:
    from registry_reconciler.base.escape import visible

    return visible(" ".join(text.split()))


def numbered(doubts: Sequence[Doubt], lines: Sequence[tuple[str, str]]) -> Iterator[Doubt]:
    """The doubts with the line of the schema file that each is about."""
    starts = {where: number for number, (_, where) in enumerate(lines, 1) if where}
    for doubt in doubts:
        where = doubt.where
        while where and where not in starts:
            where = where.rpartition(".")[0]
        yield replace(doubt, line=starts.get(where, 1))
