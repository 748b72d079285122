"""Every text format, and which of them a file has."""

from __future__ import annotations

from collections.abc import Mapping

from registry_reconciler.formats.base import Reader, TextFormat
from registry_reconciler.formats.frontmatter.row import FRONTMATTER, FrontMatter
from registry_reconciler.formats.json.row import JSON, JSONC
from registry_reconciler.formats.toml.row import TOML
from registry_reconciler.formats.yaml.row import YAML as YAML
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind

FORMATS: Mapping[str, TextFormat] = {
    text_format.name: text_format for text_format in (YAML, JSON, JSONC, TOML, FRONTMATTER)
}
"""The row of each, by the word for it in ``x-registry``. A new one is one package, and one row here."""

_BY_SUFFIX = {suffix: text_format for text_format in FORMATS.values() for suffix in text_format.suffixes}


def format_named(path: str) -> TextFormat:
    """The format that the name of a file speaks of; YAML where it speaks of none."""
    dot = path.rfind(".")
    return _BY_SUFFIX.get(path[dot:].lower(), YAML) if dot >= 0 else YAML


def unnamed_formats(path: str) -> tuple[TextFormat, ...]:
    """What a file that is no YAML may be, where its name speaks of no format; JSON first, which YAML reads too."""
    dot = path.rfind(".")
    return () if dot >= 0 and path[dot:].lower() in _BY_SUFFIX else (JSON, JSONC, TOML, FRONTMATTER)


def format_of(path: str, kind: Kind | None = None) -> TextFormat:
    """The format of a registry file of a kind: what the kind says, else what the name of the file does."""
    form = FORMATS[kind.format] if kind is not None and kind.format else format_named(path)
    if form is FRONTMATTER and kind is not None and (kind.body or kind.lenient):
        return FrontMatter(kind.body, kind.lenient)
    return form


def relaxed(form: TextFormat) -> tuple[Mapping[str, Json], TextFormat] | None:
    """What reads more than a format does, with what a kind says to have it; ``None`` where nothing does."""
    if form is JSON:
        return {"format": JSONC.name}, JSONC
    if form is FRONTMATTER:
        return {"lenient": True}, FrontMatter(lenient=True)
    return None


def new_reader() -> Reader:
    """What reads the files of one run: fragments and registries share much of their text."""
    from registry_reconciler.formats.yaml.read.reader import ChunkReader

    return ChunkReader()
