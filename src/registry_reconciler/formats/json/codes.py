"""What can be wrong with a JSON text and with no other; the codes of YAML serve for the rest."""

from __future__ import annotations

TITLES = {
    "JSN001": "Not JSON",
    "JSN002": "Comment or trailing comma in JSON",
}
