"""Random registries as people write them: every file is made of known pieces, so a test knows what may change.

A file is a header, pieces (entries, and gaps of comments and blank lines that belong to nobody), and a trailer. Values
are computed beside the text, not by reading it, except where anchors make that the reader's business.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from registry_reconciler.model.entry import Json

SCHEMA = """\
x-registry:
  kind: thing
  layout: {layout}
  file: {file}
  at: {at}
  key: {key}
type: object
"""

WORDS = (
    "alpha",
    "beta",
    "gamma",
    "delta",
    "yes",
    "1:30",
    "on",
    "null",
    "#no",
    "a: b",
    "it's",
    'say "so"',
    "ünï",
    "",
    " x",
    "012",
)
TEXTS = ("one line", "two\nlines", "two\nlines\n", "keeps\n\n", "a\n\n\nb\n", "  led\nin\n")
CHOMPS = ("|", "|-", "|+", ">", ">-", ">+")


@dataclass
class Piece:
    """A run of whole lines; ``key`` is "" for what belongs to no entry; ``group`` is the group that a line begins."""

    text: str
    key: str = ""
    group: str = ""


@dataclass
class Registry:
    """A registry file in pieces."""

    header: str
    pieces: list[Piece]
    trailer: str
    newline: str
    final_newline: bool
    features: Counter[str] = field(default_factory=Counter)

    def text(self) -> str:
        body = self.header + "".join(piece.text for piece in self.pieces) + self.trailer
        if not self.final_newline:
            body = body.rstrip("\n")
        return body.replace("\n", self.newline)

    @property
    def keys(self) -> list[str]:
        return [piece.key for piece in self.pieces if piece.key]


class Maker:
    """Makes registries from one source of randomness and counts what they show."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.features: Counter[str] = Counter()

    def chance(self, share: float, feature: str = "") -> bool:
        hit = self.rng.random() < share
        if hit and feature:
            self.features[feature] += 1
        return hit

    def scalar(self) -> Json:
        return self.rng.choice((self.rng.choice(WORDS), self.rng.randint(-5, 500), True, False, None, 1.5))

    def value(self, depth: int = 0) -> Json:
        roll = self.rng.random()
        if depth < 2 and roll < 0.2:
            return [self.value(depth + 1) for _ in range(self.rng.randint(0, 3))]
        if depth < 2 and roll < 0.4:
            return {
                name: self.value(depth + 1)
                for name in self.rng.sample(("k", "l", "m n", "1"), self.rng.randint(0, 3))
            }
        return self.scalar()

    def entry(self, key: str) -> dict[str, Json]:
        names = self.rng.sample(("name", "tags", "limits", "note", "size"), self.rng.randint(0, 5))
        return {"id": key, **{name: self.value() for name in names}}

    def registry(self, layout: str, keys: list[str]) -> Registry:
        indent = self.rng.choice(("", "  ", "    ")) if layout == "list" else self.rng.choice(("  ", "    "))
        anchored = self.chance(0.5, "merge")
        header = "# Kept by hand.\n" if self.chance(0.5, "header comment") else ""
        header += "---\n" if self.chance(0.2, "document start") else ""
        header += "version: 3   # of the format\n" if self.chance(0.5) else ""
        header += "defaults: &base {zone: eu, level: 2}\n" if anchored else ""
        header += "things:\n"
        pieces: list[Piece] = []
        groups = ""
        for key in keys:
            group = key.rpartition("/")[0]
            if group != groups:
                pieces.append(Piece(f"  {group}:\n", group=group))
                groups, indent = group, "    "
            # Blank lines below a block scalar that keeps them are its own, not a gap.
            keeps = bool(pieces) and "+\n" in pieces[-1].text
            if not keeps and self.chance(0.25, "gap"):
                pieces.append(Piece("\n" + f"{indent}# Stands alone.\n" * self.chance(0.7) + "\n"))
            pieces.append(
                Piece(self.item("list" if group else layout, key.rpartition("/")[2], indent, anchored), key)
            )
        keeps = bool(pieces) and "+\n" in pieces[-1].text
        trailer = "\n# The end.\n" if not keeps and self.chance(0.3, "trailing comment") else ""
        trailer += "after: [1, 2]\n" if self.chance(0.3, "key behind") else ""
        newline = "\r\n" if self.chance(0.25, "CRLF") else "\n"
        # Without a last line end a block scalar that keeps its line ends has none to keep: what is added behind it
        # would give it one, so its header must change. That is tested where texts are spliced.
        keeps = bool(pieces) and "+\n" in pieces[-1].text and not trailer
        final = keeps or not self.chance(0.25, "no final newline")
        return Registry(header, pieces, trailer, newline, final, self.features)

    def item(self, layout: str, key: str, indent: str, anchored: bool) -> str:
        fields = self.fields(anchored)
        above = f"{indent}# About {key}.\n" if self.chance(0.3, "comment above") else ""
        if layout == "list":
            if self.chance(0.15, "flow item"):
                return f"{above}{indent}- {{id: {key}, size: 3, tags: [a, 'b']}}\n"
            inner = indent + "  "
            lines = [f"id: {key}", *fields]
            if self.chance(0.2):
                self.rng.shuffle(lines)
            if any(line.startswith("\0") for line in lines[:1]):
                lines.reverse()
            text = "".join(self.field(line, inner) for line in lines)
            return above + indent + "- " + text[len(inner) :]
        if not fields or self.chance(0.15, "flow item"):
            return f"{above}{indent}{key}: {{size: 3, tags: [a, 'b']}}\n"
        inner = indent + self.rng.choice(("  ", "    "))
        return f"{above}{indent}{key}:\n" + "".join(self.field(line, inner) for line in fields)

    def field(self, line: str, indent: str) -> str:
        return "".join(f"{indent}{part}\n" if part else "\n" for part in line.split("\n"))

    def fields(self, anchored: bool) -> list[str]:
        found: list[str] = []
        if self.chance(0.6):
            found.append(
                "name: "
                + self.rng.choice(("plain text", "'single ''quoted'", '"double \\"quoted\\""', "Ünïcode ☃"))
            )
            if self.chance(0.3, "comment on line"):
                found[-1] += "   # why"
        if self.chance(0.4, "block scalar"):
            chomp = self.rng.choice(CHOMPS)
            self.features["block " + chomp] += 1
            found.append(f"note: {chomp}\n  first\n  second\n" + ("" if chomp[-1] != "+" else "\n"))
            found[-1] = found[-1].removesuffix("\n")
        if self.chance(0.4):
            if self.chance(0.5, "flow list"):
                found.append("tags: [a, 'b', \"c\"]")
            else:
                found.append("tags:\n- a\n# between\n- b   # two")
                self.features["block list"] += 1
        if self.chance(0.3, "nested mapping"):
            found.append("limits:\n  cpu: 2\n\n  # inside\n  memory: 512")
        if anchored and self.chance(0.4, "merge used"):
            found.append("<<: *base")
        if self.chance(0.15, "anchor and alias"):
            found.append("first: &own [x, y]\nagain: *own")
        return found
