"""``.system/registry/config.yaml``: severities, vocabularies and safety brakes, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, field

from registry_reconciler.model.entry import Json
from registry_reconciler.model.problem import Severity

CONFIG_PATH = ".system/registry/config.yaml"
BASELINE_PATH = ".system/registry/baseline.yaml"
OUTPUTS_PATH = ".system/registry/outputs.yaml"
TEMPLATES_FOLDER = ".system/registry/templates"
RULES_FOLDER = ".system/registry/rules"
STATE_FOLDER = ".system/registry/state"
HISTORY_FOLDER = ".system/registry/history"
OLD_HISTORY_PATH = ".system/registry/history.jsonl"
"""Where the history stood in one file; the first apply carries it over."""
HISTORY_BEFORE_PATH = ".system/registry/history.before.jsonl"
"""Where that file stands since, byte for byte: git takes along what a branch adds to it that did not carry over yet.

It is in the same folder: git would else take the folder of the history for one that was renamed, when that is reverted.
"""
DESIRED_FOLDER = "desired"


def fragment_of_file(path: str) -> str:
    """The fragment that is called like a registry file: ``rosdep/python.yaml`` → ``desired/rosdep/python.yaml``."""
    parts = [part.lstrip(".") or "_" for part in path.split("/")]
    stem, _, suffix = parts[-1].rpartition(".")
    parts[-1] = parts[-1] if suffix in ("yaml", "yml") and stem else f"{parts[-1]}.yaml"
    return "/".join((DESIRED_FOLDER, *parts))


class Capability(Struct, frozen=True):
    """A declared capability; ``mutates`` marks those that change something."""

    name: str
    mutates: bool = False
    description: str = ""


class Config(Struct, frozen=True):
    """The settings of a workspace.

    Attributes:
        severities: by code (``RTE004``) or family (``RTE``).
        capabilities, environments, event_types, stages: vocabularies; ``None`` where the workspace declares none, and
            then any word is known.
        mass_delete_percent, mass_delete_minimum: deleting more than so many per cent of a kind with at least so many
            managed entries blocks unless ``--allow-mass-delete``.
        drift: what becomes of an edit by hand: ``report`` leaves it and says so, ``block`` makes it an error, ``undo``
            lets the plan undo it.
        outputs: who brings outputs up to date: ``with_change`` the branch, ``after_merge`` a job on the main branch.
        verify: every apply asks for a second opinion, as ``apply --verify`` does.
        mcp_servers: by name, where the tool servers of abilities are.
        catalog: where the catalogue of the fleet is; "" where the workspace names none.
        catalog_repository: what this repository is called in it; "" where that is not said.
        history_keep: so many applies are kept in the history; older ones are in git.
    """

    severities: Mapping[str, Severity] = field(default_factory=dict)
    capabilities: Mapping[str, Capability] | None = None
    environments: tuple[str, ...] | None = None
    event_types: tuple[str, ...] | None = None
    stages: tuple[str, ...] | None = None
    mass_delete_percent: int = 30
    mass_delete_minimum: int = 10
    drift: str = "report"
    history_keep: int = 500
    outputs: str = "with_change"
    verify: bool = False
    mcp_servers: Mapping[str, Json] = field(default_factory=dict)
    catalog: str = ""
    catalog_repository: str = ""

    def severity(self, code: str, default: Severity) -> Severity:
        """The severity of a code: its own setting, its family's, the default."""
        return self.severities.get(code) or self.severities.get(code.rstrip("0123456789")) or default


_CATALOG = re.compile(r"(sqlite:///|postgresql\+psycopg://)(?:(?P<user>.*)@)?", re.DOTALL)


def catalog_fault(url: str) -> str:
    """Why a text names no catalogue that settings may name; "" where it does. It repeats nothing of it."""
    match = _CATALOG.match(url)
    if match is None:
        return "begins neither with sqlite:/// nor with postgresql+psycopg://"
    if ":" in (match["user"] or "") or re.search(r"[?&]\w*password=", url, re.IGNORECASE):
        return "has a password, and settings are read by everybody: PGPASSWORD or a password file give it"
    return ""


def parse_config(data: Json) -> Config:
    """Build the settings from the (already validated) content of the file; an empty file is all defaults."""
    data = data or {}
    words = data.get("vocabularies") or {}
    brakes = data.get("brakes") or {}
    capabilities = words.get("capabilities")
    catalog = data.get("catalog") or ""
    return Config(
        severities={code: Severity(word) for code, word in (data.get("severities") or {}).items()},
        capabilities=None if capabilities is None else _capabilities(capabilities),
        environments=_words(words.get("environments")),
        event_types=_words(words.get("event_types")),
        stages=_words(words.get("stages")),
        mass_delete_percent=brakes.get("mass_delete_percent", 30),
        mass_delete_minimum=brakes.get("mass_delete_minimum", 10),
        drift=data.get("drift") or "report",
        outputs=data.get("outputs") or "with_change",
        verify=bool(data.get("verify", False)),
        history_keep=(data.get("history") or {}).get("keep", 500),
        mcp_servers=data.get("mcp_servers") or {},
        catalog=catalog if isinstance(catalog, str) else catalog["url"],
        catalog_repository="" if isinstance(catalog, str) else catalog.get("repository", ""),
    )


def _words(value: Json) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


def _capabilities(value: Json) -> dict[str, Capability]:
    if isinstance(value, list):
        return {name: Capability(name) for name in value}
    return {
        name: Capability(
            name, bool((spec or {}).get("mutates", False)), str((spec or {}).get("description", ""))
        )
        for name, spec in value.items()
    }
