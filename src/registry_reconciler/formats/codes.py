"""Every code that reading a text can give, with its title. Its page stands in ``rules/pages/``."""

from __future__ import annotations

from registry_reconciler.formats.faults import TextFault
from registry_reconciler.formats.frontmatter.codes import TITLES as FRONTMATTER_TITLES
from registry_reconciler.formats.json.codes import TITLES as JSON_TITLES
from registry_reconciler.formats.toml.read.codes import TITLES as TOML_TITLES
from registry_reconciler.formats.yaml.read.codes import TITLES as YAML_TITLES

TITLES = {**YAML_TITLES, **JSON_TITLES, **TOML_TITLES, **FRONTMATTER_TITLES}
"""Those of YAML whose words fit any text serve all formats; what only one of them can be is that one's own."""

_REPEAT_NO_TEXT = frozenset({"YML001", "YML002", "YML008"})
"""Codes whose messages have no word of the text; others name anchors, tags, keys and values."""


def without_text(fault: TextFault) -> str:
    """What is wrong with a text that may hold secrets, in words that repeat nothing of it."""
    return fault.message if fault.code in _REPEAT_NO_TEXT else TITLES[fault.code]
