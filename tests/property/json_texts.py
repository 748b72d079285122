"""Random JSON and JSONC texts in many hands: indentation, brackets, escapes, comments, commas, line ends."""

from __future__ import annotations

import json
import random

from registry_reconciler.model.entry import Json

KEYS = ["id", "name", "a b", "url", "tags", "x/y", "ünï", "no", "0", "", 'q"', "//"]
SCALARS: list[Json] = [
    None, True, False, 0, -7, 10**20, 1.5, 1e-7, "", "plain", "a // b", "/* no */", "tab\tend", "line\nbreak",
    "quote \" and \\", "em \u2014 dash", "https://x.y/z", "\U0001f600", "\u2028", "<b>&</b>", "\x7f", ",]", "}",
]  # fmt: skip


class Hand:
    """How one text is written."""

    def __init__(self, rng: random.Random, *, comments: bool) -> None:
        self.rng = rng
        self.comments = comments
        self.newline = rng.choice(["\n", "\n", "\r\n"])
        self.unit = rng.choice(["  ", "    ", "\t", " "])
        self.colon = rng.choice([": ", ": ", ":", " : "])
        self.comma = rng.choice([" ", ""])
        self.pad = rng.choice(["", "", " "])
        self.lines = rng.random()
        self.ascii = rng.random() < 0.4
        self.slashes = rng.random() < 0.2
        self.trailing = comments and rng.random() < 0.4
        self.blank = rng.random() < 0.15

    def text(self, value: Json) -> str:
        """The text of a whole file."""
        head = foot = ""
        if self.comments and self.rng.random() < 0.4:
            head = self.rng.choice(["// head\n", "/* head\n   of two lines */\n", "// head\n\n"])
        if self.comments and self.rng.random() < 0.2:
            foot = self.rng.choice([" // foot", "\n/* foot */"])
        last = self.rng.choice(["\n", "\n", "", "\n\n", " \n"])
        text = head + self.value(value, "") + foot + last
        return text.replace("\n", self.newline)

    def value(self, value: Json, indent: str) -> str:
        """The text of a value."""
        if isinstance(value, dict):
            return self.many(
                "{", "}", [(self.string(key) + self.colon, one) for key, one in value.items()], indent
            )
        if isinstance(value, list):
            return self.many("[", "]", [("", one) for one in value], indent)
        if isinstance(value, str):
            return self.string(value)
        return json.dumps(value)

    def many(self, opening: str, closing: str, parts: list[tuple[str, Json]], indent: str) -> str:
        """The text of a collection."""
        rng = self.rng
        if not parts:
            inside = ["", "", " ", "\n" + indent, "/* none */"] if self.comments else ["", "", " "]
            return opening + rng.choice(inside) + closing
        if rng.random() > self.lines:
            self.lines, old = -1.0, self.lines
            texts = [head + self.value(one, indent) for head, one in parts]
            self.lines = old
            if self.comments and rng.random() < 0.1:
                texts[0] = "/* c */ " + texts[0]
            return opening + self.pad + f",{self.comma}".join(texts) + self.pad + closing
        inner = indent + self.unit
        rows = []
        for number, (head, one) in enumerate(parts):
            last = number == len(parts) - 1
            row = inner + head + self.value(one, inner)
            row = self.commented(row, inner, "" if last and not self.trailing else ",")
            if self.blank and number:
                row = "\n" + row
            rows.append(row)
        end = ""
        if self.comments and rng.random() < 0.1:
            end = f"\n{inner}// at the end"
        return opening + "\n" + "\n".join(rows) + end + "\n" + indent + closing

    def commented(self, row: str, inner: str, comma: str) -> str:
        """The line of a part with its comma and perhaps comments."""
        rng = self.rng
        row += comma
        if not self.comments:
            return row
        roll = rng.random()
        if roll < 0.1:
            row += "  // behind"
        elif roll < 0.2:
            row = f"{inner}// above\n{row}"
        elif roll < 0.25:
            row = f"{inner}// apart\n\n{row}"
        elif roll < 0.28:
            row = f"{inner}/* block\n{inner}   of two */\n{row}"
        elif roll < 0.31:
            row = f"{row} /* same line */"
        elif roll < 0.33:
            row = f"// shallow\n{row}"
        return row

    def string(self, text: str) -> str:
        """A text in quotes."""
        written = json.dumps(text, ensure_ascii=self.ascii)
        return written.replace("/", "\\/") if self.slashes else written


def value(rng: random.Random, depth: int = 0) -> Json:
    """A random value, more often than not a collection at the top."""
    roll = rng.random()
    if depth < 4 and roll < (0.9 if depth == 0 else 0.35):
        return {rng.choice(KEYS): value(rng, depth + 1) for _ in range(rng.randint(0, 4))}
    if depth < 4 and roll < (1 if depth == 0 else 0.6):
        if rng.random() < 0.5:
            return [{"id": n, "v": value(rng, depth + 2)} for n in range(rng.randint(0, 4))]
        return [value(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    return rng.choice(SCALARS)


def text(seed: int, *, comments: bool) -> bytes:
    """A random text."""
    rng = random.Random(seed)
    written = Hand(rng, comments=comments).text(value(rng))
    return (b"\xef\xbb\xbf" if rng.random() < 0.05 else b"") + written.encode()
