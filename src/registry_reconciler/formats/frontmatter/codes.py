"""What can be wrong with front matter and with no other text; the codes of YAML serve for the block itself."""

from __future__ import annotations

TITLES = {
    "FRM001": "Front matter is not whole",
    "FRM002": "Front matter is not YAML",
}
