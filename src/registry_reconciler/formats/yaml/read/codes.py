"""Every code that reading a YAML text can give, with its title. Its page stands in ``rules/pages/``."""

from __future__ import annotations

TITLES = {
    "YML001": "Not YAML",
    "YML002": "Wrong encoding or forbidden character",
    "YML003": "Duplicate key",
    "YML004": "Key is not a string",
    "YML005": "Tag is not known or does not fit",
    "YML006": "Alias out of bounds",
    "YML007": "Value is not JSON",
    "YML008": "Beyond a limit",
    "YML009": "Mixed line ends",
    "YML010": "Conflict markers",
}
