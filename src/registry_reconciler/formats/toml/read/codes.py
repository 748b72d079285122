"""Every code that reading a TOML text can give, with its title. Its page stands in ``rules/pages/``."""

from __future__ import annotations

TITLES = {
    "TML001": "Not TOML",
    "TML002": "Key or table is there twice",
    "TML003": "Beyond a limit",
}
