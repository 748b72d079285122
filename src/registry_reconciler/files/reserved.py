"""Places that are the engine's own or git's: no registry lies there, whatever pattern or link leads there.

Only names are judged here, the name of a file as it would be written or read, after every placeholder and glob.
"""

from __future__ import annotations

import re
import unicodedata

SYSTEM_FOLDER = ".system/registry"
FRAGMENT_SCHEMA = f"{SYSTEM_FOLDER}/fragment.schema.json"
"""What ``registry schema fragment`` writes for editors, as often as it is asked."""
_FOLDERS = (
    "desired",
    *(f"{SYSTEM_FOLDER}/{name}" for name in ("schemas", "state", "history", "templates", "rules", ".apply")),
)
_FILES = (
    FRAGMENT_SCHEMA,
    *(
        f"{SYSTEM_FOLDER}/{name}"
        for name in (
            "config.yaml",
            "baseline.yaml",
            "history.jsonl",
            "history.before.jsonl",
            "outputs.yaml",
            "agents.md",
            "registry_coordination.md",
        )
    ),
)
_ABOVE = frozenset(
    folder[:end]
    for folder in (*_FOLDERS, *_FILES)
    for end in (match.start() for match in re.finditer("/", folder))
)
"""A file there would be in the way of what is reserved below."""

_OF_GIT = frozenset({".git", ".gitattributes", ".gitignore", ".gitmodules", ".gitconfig"})
_SHORT_OF_GIT = re.compile(r"(?:git|gita[a-z0-9]*|giti[a-z0-9]*|gitm[a-z0-9]*|gitc[a-z0-9]*)~[0-9]+")
"""The short names that Windows gives them."""

# macOS leaves these out when it compares names.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def is_reserved(path: str) -> bool:
    """Whether a path is the engine's own (fragments, schemas, settings, state, history, journal) or git's.

    Case, Unicode forms and letters that nobody sees make no difference: some system takes them for the same name.
    """
    return zone_of(path) is not None


def zone_of(path: str) -> str | None:
    """The reserved place that a path is in, ``None`` where it is in none."""
    folded = _folded(path)
    if folded in _FILES or folded in _ABOVE:
        return folded
    for name in folded.split("/"):
        if name in _OF_GIT or _SHORT_OF_GIT.fullmatch(name):
            return ".git"
    return next((folder for folder in _FOLDERS if (folded + "/").startswith(f"{folder}/")), None)


def leads_astray(path: str, real: str) -> bool:
    """Whether links lead from a path to a reserved place that the path itself does not name."""
    if path == real:
        return False
    zone = zone_of(real)
    return zone is not None and zone != zone_of(path)


def _folded(path: str) -> str:
    if not path.isascii():
        path = unicodedata.normalize("NFKC", _UNSEEN.sub("", path)).casefold()
        path = unicodedata.normalize("NFKC", path)
    parts = [part.rstrip(". ") or part for part in path.casefold().split("/")]
    return "/".join(part for part in parts if part not in ("", "."))
