"""What stands between words and is none. Other blanks, as a no-break space, are words of a text."""

from __future__ import annotations

from typing import Final

SPACE: Final = " \t\r\n"
"""What a blank line is made of."""
