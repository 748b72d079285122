"""Random YAML texts in every style, random edits for them, and what must hold afterwards."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from registry_reconciler.formats.edits import Edit, Insert, Remove, RenameKey, Update
from registry_reconciler.formats.nodes import Document, Member, Node, child_index, to_value, walk
from registry_reconciler.formats.project import path_of, projected
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.nodes import compose
from registry_reconciler.model.entry import FieldPath, Json, get_path, same

WORDS = ["alpha", "beta gamma", "x", "a-b", "v1.2", "http://x.y/z?q=1", "no", "on", "1:30", "012", "1_000"]
PLAIN = [
    *WORDS,
    "true",
    "False",
    "null",
    "~",
    "7",
    "-3",
    "0.5",
    "1e3",
    "0o14",
    "0x1F",
    "2001-01-01",
    "a: b"[:1],
    "é ü",
]
COMMENTS = ["# note", "#tight", "# - like: an item", "# 'quote", "# [bracket", "#"]


SCALARS: list[Json] = [
    *(None, True, False, 0, -12, 1.5, 1e30, 1e-7),
    *(
        "plain",
        "two words",
        "",
        "yes",
        "012",
        "a: b",
        "x # y",
        "- z",
        "'",
        '"',
        "{",
        "0x1F",
        "1e5",
        "~",
        "trail ",
    ),
    *("line\n", "two\nlines", "two\nlines\n", "more\n\n", "\nlead", " indented\nrest\n", "tab\there"),
    *("é\u2028", "#", "para one is here\npara two\n", "=", "a,b", "2001-01-01"),
]


class Text:
    """One random text; ``seen`` says which features it has."""

    def __init__(self, seed: int, *, shares: bool = True, words: Sequence[str] = PLAIN) -> None:
        self.words = words
        self.rng = random.Random(seed)
        self.seen: Counter[str] = Counter()
        self.anchors: list[tuple[str, str]] = []
        self.shares = shares
        self.serial = 0
        self.seq_step = self.rng.choice([0, 2, 2, 4])
        self.step = self.rng.choice([2, 2, 4, 3])
        self.data = self._file()

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def _file(self) -> bytes:
        rng = self.rng
        rows: list[str] = []
        count = rng.choice([1, 1, 1, 2, 3])
        for number in range(count):
            if number or self.chance(0.3):
                if self.chance(0.15):
                    rows += (["..."] if number else []) + ["%YAML 1.2"]
                    self.seen["directive"] += 1
                rows.append("---" + rng.choice(["", " # doc"]))
            if number:
                self.seen["documents"] += 1
            self.anchors = []
            rows += self.noise(0)
            _, _, lines = self.block(0, rng.choice(["map", "seq"]))
            rows += lines
            rows += self.noise(0)
        newline = "\n"
        if self.chance(0.3):
            newline = "\r\n"
            self.seen["crlf"] += 1
        text = newline.join(rows)
        if self.chance(0.7):
            text += newline
        else:
            self.seen["no final newline"] += 1
        if self.chance(0.1):
            text = "\ufeff" + text
            self.seen["bom"] += 1
        return text.encode()

    def noise(self, column: int) -> list[str]:
        """Blank and comment lines that may stand between entries."""
        rows: list[str] = []
        while self.chance(0.25) and len(rows) < 4:
            if self.chance(0.4):
                rows.append("")
                self.seen["blank line"] += 1
            else:
                shift = self.rng.choice([0, 0, 0, 2, -2])
                rows.append(" " * max(0, column + shift) + self.rng.choice(COMMENTS))
                self.seen[
                    ("own", "deep", "shallow")[0 if shift == 0 else 1 if shift > 0 else 2] + " comment"
                ] += 1
        return rows

    def tail(self) -> str:
        if self.chance(0.2):
            self.seen["trailing comment"] += 1
            return " " * self.rng.choice([1, 2]) + self.rng.choice(COMMENTS)
        return ""

    def anchor(self, kind: str) -> str:
        if not self.shares or not self.chance(0.4 if kind == "map" else 0.12):
            return ""
        self.serial += 1
        name = f"n{self.serial}"
        self.anchors.append((name, kind))
        self.seen["anchor"] += 1
        return f"&{name}"

    def value(self, depth: int, indent: int) -> tuple[str, str, list[str]]:
        """Any value: ``inline`` with its text, or ``literal``, ``map``, ``seq`` with lines in column 0."""
        if self.anchors and self.chance(0.15):
            self.seen["alias"] += 1
            return "inline", "*" + self.rng.choice(self.anchors)[0], []
        roll = self.rng.random()
        if depth < 3 and roll < 0.2:
            return self.block(depth + 1, "map")
        if depth < 3 and roll < 0.35:
            return self.block(depth + 1, "seq")
        if roll < 0.5:
            return self.flow_value(indent)
        if roll < 0.65:
            return self.block_scalar()
        anchor = self.anchor("scalar")
        text = self.scalar(flow=False)
        return "inline", f"{anchor} {text}".strip(), []

    def scalar(self, *, flow: bool) -> str:
        roll = self.rng.random()
        if roll < 0.5:
            return self.rng.choice([w for w in self.words if not flow or "?" not in w])
        if roll < 0.7:
            self.seen["single quoted"] += 1
            return self.rng.choice(["''", "'it''s'", "'no'", "'# x'", "'a: b'"])
        if roll < 0.93:
            self.seen["double quoted"] += 1
            return self.rng.choice(['""', '"a\\tb"', '"\\u00e9\\n"', '"1"', '"x # y"', '"a, b]"'])
        if roll < 0.96 and not flow:
            self.seen["tag"] += 1
            return self.rng.choice(["!!str 12", '!!int "3"', "!!null ''", "! 5"])
        return "null" if flow else ""

    def flow_value(self, indent: int) -> tuple[str, str, list[str]]:
        self.seen["flow"] += 1
        anchor = self.anchor("flow")
        opening, closing = self.rng.choice([("[", "]"), ("{", "}")])
        items = []
        for number in range(self.rng.choice([0, 1, 2, 3])):
            item = self.flow_item()
            if opening == "{":
                item = self.rng.choice([f"k{number}", f'"q {number}"', f"'s{number}'"]) + ": " + item
            items.append(item)
        lead = f"{anchor} " if anchor else ""
        if items and self.chance(0.3):
            self.seen["flow over lines"] += 1
            rows = []
            for number, item in enumerate(items):
                if self.chance(0.2):
                    rows.append("  " + self.rng.choice(COMMENTS))
                    self.seen["flow comment"] += 1
                comma = "," if number < len(items) - 1 or self.chance(0.4) else ""
                rows.append("  " + item + comma + self.tail())
            return "inline", lead + opening, [*rows, closing]
        pad = self.rng.choice(["", "", " "]) if items else ""
        trailing = "," if items and self.chance(0.1) else ""
        return "inline", lead + opening + pad + ", ".join(items) + trailing + pad + closing, []

    def flow_item(self) -> str:
        roll = self.rng.random()
        if roll < 0.1 and self.anchors:
            self.seen["alias"] += 1
            return "*" + self.rng.choice(self.anchors)[0]
        if roll < 0.2:
            return "[" + ", ".join(self.scalar(flow=True) for _ in range(2)) + "]"
        if roll < 0.3:
            return "{a: " + self.scalar(flow=True) + ", b: [1, 2]}"
        return self.scalar(flow=True)

    def block_scalar(self) -> tuple[str, str, list[str]]:
        mark = self.rng.choice("|>")
        chomp = self.rng.choice(["", "-", "+"])
        lines = [
            self.rng.choice(["text", "two words", "# not a comment", "- dash", "k: v", ""]) for _ in range(3)
        ]
        lines[0] = "first"
        indicator = ""
        if self.chance(0.3):
            lines[0] = "  first"
            indicator = "N"
            self.seen["indentation indicator"] += 1
        elif self.chance(0.2):
            lines.insert(0, "")
        if self.chance(0.3):
            lines.append("   deeper")
        lines += [""] * self.rng.choice([0, 0, 1, 2])
        self.seen[f"block scalar {mark}{chomp or 'clip'}"] += 1
        return "literal", mark + indicator + chomp + self.tail(), lines

    def block(self, depth: int, kind: str) -> tuple[str, str, list[str]]:
        count = self.rng.choice([1, 2, 2, 3, 4])
        lines: list[str] = []
        for number in range(count):
            if number or depth == 0:
                lines += self.noise(0)
            lines += self.pair(depth, number) if kind == "map" else self.item(depth)
        return kind, "", lines

    def pair(self, depth: int, number: int) -> list[str]:
        maps = [name for name, what in self.anchors if what == "map"]
        if maps and self.chance(0.5) and number == 0:
            self.seen["merge"] += 1
            return [f"<<: *{self.rng.choice(maps)}"]
        key = self.rng.choice(
            [f"key{number}", f"key{number}", f"'k {number}'", f'"no{number}"', f"name{number}"]
        )
        kind, head, lines = self.value(depth, self.step)
        if kind != "inline" or lines or not self.chance(0.04):
            return self.attach(f"{key}:", kind, head, lines, self.step, self.seq_step)
        self.seen["explicit key"] += 1
        return [f"? {key}", f": {head}".rstrip() + self.tail()]

    def item(self, depth: int) -> list[str]:
        kind, head, lines = self.value(depth, 2)
        if kind in ("map", "seq") and not lines[0].lstrip().startswith("#") and lines[0] and self.chance(0.9):
            self.seen["compact"] += 1
            return ["- " + lines[0], *("  " + row if row else row for row in lines[1:])]
        return self.attach("-", kind, head, lines, 2, 2)

    def attach(
        self, mark: str, kind: str, head: str, lines: list[str], step: int, seq_step: int
    ) -> list[str]:
        if kind == "inline":
            first = f"{mark} {head}".rstrip()
            if lines:
                rest = [" " * step + row for row in lines]
                return [first, *rest[:-1], rest[-1] + self.tail()]
            return [first + self.tail()]
        if kind == "literal":
            pad = " " * step
            return [f"{mark} {head.replace('N', str(step))}", *(pad + row if row else row for row in lines)]
        anchor = self.anchor(kind)
        offset = seq_step if kind == "seq" else step
        below = [" " * offset + row if row else row for row in lines]
        return [f"{mark} {anchor}".rstrip() + self.tail(), *below]


def values(rng: random.Random, depth: int = 0) -> Json:
    """A random JSON value."""
    roll = rng.random()
    if depth < 2 and roll < 0.15:
        return {
            rng.choice(["p", "q r", "no", "1", "a:b", "<<"]): values(rng, depth + 1)
            for _ in range(rng.randint(0, 3))
        }
    if depth < 2 and roll < 0.3:
        return [values(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    return rng.choice(SCALARS)


def paths_of(value: Json, path: FieldPath = ()) -> Iterator[FieldPath]:
    """Every place in a value."""
    yield path
    if isinstance(value, dict):
        for key, part in value.items():
            yield from paths_of(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from paths_of(part, (*path, number))


def random_edits(rng: random.Random, documents: Sequence[Json]) -> list[Edit]:
    """One to three edits of which none lies in another."""
    edits: list[Edit] = []
    used: list[tuple[int, FieldPath]] = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        number = rng.randrange(len(documents))
        path = rng.choice(list(paths_of(documents[number])))
        edit = _edit(rng, number, path, get_path(documents[number], path))
        if edit is None or any(n == number and _touching(path, p) for n, p in used):
            continue
        used.append((number, path))
        edits.append(edit)
    return edits


def _touching(left: FieldPath, right: FieldPath) -> bool:
    shared = min(len(left), len(right))
    return left[:shared] == right[:shared]


def _edit(rng: random.Random, number: int, path: FieldPath, value: Any) -> Edit | None:
    kind = rng.choice(["update", "update", "mutate", "remove", "remove", "insert", "insert", "rename"])
    if kind == "mutate":
        return Update(number, path, mutated(rng, value))
    if kind == "remove" and path:
        return Remove(number, path)
    if kind == "rename" and path and isinstance(path[-1], str):
        return RenameKey(number, path, f"renamed {path[-1]}")
    if kind == "insert" and isinstance(value, list):
        return Insert(number, path, values(rng), index=rng.choice([None, *range(len(value) + 1)]))
    if kind == "insert" and isinstance(value, dict):
        before = rng.choice([None, *value])
        return Insert(number, path, values(rng), key=rng.choice(["new", "on", "q: r"]), before=before)
    if kind == "insert" and value is None and path:
        return Insert(number, path, values(rng), container_kind="list")
    return Update(number, path, values(rng)) if kind == "update" and path else None


def mutated(rng: random.Random, value: Json) -> Json:
    """A value like another, changed here and there."""
    if isinstance(value, dict) and value:
        result = {key: mutated(rng, part) if rng.random() < 0.3 else part for key, part in value.items()}
        if rng.random() < 0.3:
            result.pop(rng.choice(list(result)))
        if rng.random() < 0.3:
            result["added"] = values(rng)
        return result
    if isinstance(value, list) and value:
        items = [mutated(rng, part) if rng.random() < 0.3 else part for part in value]
        if rng.random() < 0.3:
            items.pop(rng.randrange(len(items)))
        if rng.random() < 0.3:
            items.insert(rng.randint(0, len(items)), values(rng))
        return items
    return values(rng)


# ---------------------------------------------------------------- what must hold


def check(data: bytes, edits: Sequence[Edit], result: bytes) -> str:
    """What is wrong with ``result``; "" when nothing is."""
    before = read_yaml(data)
    after = read_yaml(result)
    if not after.readable:
        return f"unreadable: {after.faults[0].message}"
    wanted = projected(before.documents, edits)
    if not same(list(after.documents), wanted):
        return f"reads as {list(after.documents)!r}, not {wanted!r}"
    return _line_ends(data, result) or untouched(data.decode(), edits, result.decode())


def _line_ends(data: bytes, result: bytes) -> str:
    """Line ends stay of one kind, and a last one comes only for the sake of a block scalar."""
    if data.count(b"\r\n") == data.count(b"\n") > 0 and result.count(b"\r\n") != result.count(b"\n"):
        return "a line end of another kind"
    if data.endswith(b"\n") and result and not result.endswith(b"\n"):
        return "lost the last line end"
    last = data.rsplit(b"\n", 1)[-1]
    if not data.endswith(b"\n") and result.endswith(last + b"\n"):
        documents = compose(result.decode().removeprefix("\ufeff"))
        if not any(part.style in ("|", ">") for part, _ in walk(documents[-1].root)):
            return "a last line end where there was none"
    return ""


def _without_gaps(chunk: str, *, head: bool, tail: bool) -> str:
    """The text without the blank lines at its head and tail."""
    rows = chunk.splitlines(keepends=True)
    while head and rows and not rows[0].strip():
        del rows[0]
    while tail and rows and not rows[-1].strip():
        del rows[-1]
    return "".join(rows).rstrip("\r\n") if tail else "".join(rows)


def untouched(text: str, edits: Sequence[Edit], result: str) -> str:
    """Whether all text outside the lines that the edits are about stands in the result, in order."""
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    if not result.startswith(bom):
        return "lost the BOM"
    text = text.removeprefix(bom)
    result = result.removeprefix(bom)
    documents = compose(text)
    spans = merged(span for edit in emptying(documents, edits) for span in spans_of(text, documents, edit))
    spans = sorted([_to_end(text, span) for span in spans] + _last_header(text, documents))
    position = 0
    chunks: list[str] = []
    for start, end in spans:
        if start >= position:
            chunks.append(text[position:start])
        position = max(position, end)
    chunks.append(text[position:])
    if any(isinstance(edit, Remove | Update) for edit in edits):
        # Where something goes, one of the gaps around it goes with it.
        last = len(chunks) - 1
        chunks = [
            _without_gaps(chunk, head=number > 0, tail=number < last) for number, chunk in enumerate(chunks)
        ]
    if not result.startswith(chunks[0]):
        return f"what stands before the first edit changed: {chunks[0]!r}"
    found = len(chunks[0])
    between: list[str] = []
    for chunk in chunks[1:-1]:
        place = result.find(chunk, found)
        if place < 0:
            return f"lost {chunk!r}"
        between.append(result[found:place])
        found = place + len(chunk)
    if len(chunks) > 1 and (not result.endswith(chunks[-1]) or len(result) - len(chunks[-1]) < found):
        return f"what stands behind the last edit changed: {chunks[-1]!r}"
    between.append(result[found : len(result) - len(chunks[-1])] if len(chunks) > 1 else "")
    if (
        "#" in "".join(between)
        and edits
        and not _last_header(text, documents)
        and all(_goes_whole(documents, edit) for edit in edits)
    ):
        return "a comment of what was removed stayed"
    for edit in edits:
        tail = _tail(text, documents, edit)
        if tail and tail not in "".join(between) and not any(tail in chunk for chunk in chunks):
            return f"the comment {tail!r} on the line of a changed value is gone"
    return "" if len(chunks) > 1 or result == text else "changed without an edit"


def _tail(text: str, documents: Sequence[Document], edit: Edit) -> str:
    """The comment on the line of a scalar that is updated in block context."""
    found = _find(documents[edit.document].root, edit.path) if isinstance(edit, Update) else None
    if found is None or found[0].kind != "scalar" or found[0].flow or found[0].style in ("|", ">"):
        return ""
    return text[found[0].end :].split("\n", 1)[0].strip()


def _goes_whole(documents: Sequence[Document], edit: Edit) -> bool:
    """Whether an edit takes lines away and leaves nothing in their stead."""
    found = _find(documents[edit.document].root, edit.path) if isinstance(edit, Remove) else None
    if found is None or not found[1]:
        return False
    node, index = found[1][-1]
    merges = any(entry.merge for above, _ in found[1] for entry in above.entries)
    # Behind a block scalar deeper comments stay, moved; behind a dash the next entry's comments move up.
    scalar_before = index > 0 and any(
        part.style in ("|", ">") for part in _leaves(node.entries[index - 1].value)
    )
    return not node.flow and index > 0 and not merges and not scalar_before


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans, those that touch made one."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _last_header(text: str, documents: Sequence[Document]) -> list[tuple[int, int]]:
    """A block scalar that ends a file without a last line end says so in its header once text follows it."""
    node = documents[-1].root
    while node.entries and not node.flow:
        node = node.entries[-1].value
    if text.endswith("\n") or node.style not in ("|", ">"):
        return []
    end = text.find("\n", node.body)
    return [(node.body, len(text) if end < 0 else end)]


def emptying(documents: Sequence[Document], edits: Sequence[Edit]) -> Iterator[Edit]:
    """The edits; where several removals empty a collection or take its head, also a change of all of it."""
    yield from edits
    removed = Counter((edit.document, edit.path[:-1]) for edit in edits if isinstance(edit, Remove))
    for (number, path), count in removed.items():
        found = _find(documents[number].root, path)
        if count < 2 or not path or found is None:
            continue
        first = [
            edit for edit in edits if isinstance(edit, Remove) and child_index(found[0], edit.path[-1]) == 0
        ]
        if first or len(found[0].entries) == count:
            yield Update(number, path, None)


def _to_end(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """In a file without a last line end, the one before its last lines is a mark between lines: it may go."""
    start, end = span
    if end == len(text) and not text.endswith("\n") and text[start - 1 : start] == "\n":
        start -= 1 + _cr(text, start)
    return start, end


def spans_of(text: str, documents: Sequence[Document], edit: Edit) -> list[tuple[int, int]]:
    """The character ranges that an edit may change: an oracle of its own, from lines."""
    root = documents[edit.document].root
    trail = _find(root, path_of(edit))
    nodes = [] if trail is None else [*(node for node, _ in trail[1]), trail[0]]
    for depth, node in enumerate(nodes):
        # A mapping that merges may need its merge written out.
        if any(entry.merge for entry in node.entries):
            return [_entry_span(text, root, path_of(edit)[:depth], Update(0, (), None))]
    if isinstance(edit, Update):
        return _update_spans(text, root, edit.path, edit.value)
    if isinstance(edit, Insert):
        return _insert_spans(text, root, edit)
    assert isinstance(edit, (Remove, RenameKey))
    return [_entry_span(text, root, edit.path, edit)]


def _find(root: Node, path: FieldPath) -> tuple[Node, list[tuple[Node, int]]] | None:
    node = root
    trail: list[tuple[Node, int]] = []
    for step in path:
        index = child_index(node, step)
        if index is None:
            return None
        trail.append((node, index))
        node = node.entries[index].value
    return node, trail


def _entry_span(text: str, root: Node, path: FieldPath, edit: Edit) -> tuple[int, int]:
    """The lines of an entry with its comments; of a flow item or a last entry: what holds it."""
    while True:
        found = _find(root, path)
        if found is not None and found[1]:
            node, index = found[1][-1]
            if not node.flow and not (isinstance(edit, Remove) and len(node.entries) == 1):
                return _lines(text, node, index)
            if isinstance(edit, Remove) and len(node.entries) == 1 and len(path) > 1:
                outer = _find(root, path[:-1])
                if outer is not None and outer[1] and not outer[1][-1][0].flow:
                    return _lines(text, *outer[1][-1])
        if not path:
            return 0, len(text)
        path = path[:-1]


def _lines(text: str, node: Node, index: int) -> tuple[int, int]:
    entry: Member = node.entries[index]
    start = text.rfind("\n", 0, entry.start) + 1
    column = entry.start - start
    behind_dash = bool(text[start : entry.start].strip(" "))
    while start and not behind_dash:
        above = text.rfind("\n", 0, start - 1) + 1
        row = text[above:start]
        if not row.strip().startswith("#") or len(row) - len(row.lstrip(" ")) != column:
            break
        start = above
    end = _behind(text, entry.end, column)
    # Behind a removed entry a block scalar before it may need blank lines gone or comments moved left.
    if index and any(part.style in ("|", ">") for part in _leaves(node.entries[index - 1].value)):
        while end < len(text):
            stop = text.find("\n", end)
            row = text[end : stop if stop >= 0 else len(text)]
            if row.strip() and not row.strip().startswith("#"):
                break
            end = len(text) if stop < 0 else stop + 1
    if behind_dash and index + 1 < len(node.entries):
        # The first entry behind a dash: its successor moves up.
        end = max(end, node.entries[index + 1].start)
    return start, end


def _column(text: str, entry: Member) -> int:
    return entry.start - (text.rfind("\n", 0, entry.start) + 1)


def _behind(text: str, place: int, column: int) -> int:
    """Behind the line of a place and the comment lines directly below it that are deeper than a column."""
    end = text.find("\n", place)
    end = len(text) if end < 0 else end + 1
    while end < len(text):
        stop = text.find("\n", end)
        row = text[end : stop if stop >= 0 else len(text)]
        if not row.strip().startswith("#") or len(row) - len(row.lstrip(" \t")) <= column:
            break
        end = len(text) if stop < 0 else stop + 1
    return end


def _leaves(node: Node) -> Iterator[Node]:
    yield node
    for entry in node.entries:
        yield from _leaves(entry.value)


def _update_spans(text: str, root: Node, path: FieldPath, value: Json) -> list[tuple[int, int]]:
    found = _find(root, path)
    if found is not None:
        node = found[0]
        old = to_value(node)
        if same(old, value):
            # What an alias brings is written out where its anchor goes in the same edit.
            below = [where for part, where in walk(node, path) if part.kind == "alias"]
            return [_entry_span(text, root, where, Update(0, where, value)) for where in below]
        plain = node.kind == "map" and not node.flow and not any(entry.merge for entry in node.entries)
        if plain and isinstance(value, dict) and value and len(old) == len(value) and set(old) == set(value):
            spans: list[tuple[int, int]] = []
            for key, part in value.items():
                spans += _update_spans(text, root, (*path, key), part)
            return spans
    return [_entry_span(text, root, path, Update(0, path, value))]


def _insert_spans(text: str, root: Node, edit: Insert) -> list[tuple[int, int]]:
    found = _find(root, edit.container)
    if found is None or found[0].kind not in ("map", "seq") or found[0].flow or not found[0].entries:
        return [_entry_span(text, root, edit.container, edit)]
    node = found[0]
    index: int | None = edit.index
    if edit.key is not None:
        index = None if edit.before is None else child_index(node, edit.before)
    if index is None or index >= len(node.entries):
        place = _behind(text, node.entries[-1].end, _column(text, node.entries[-1]))
        # The line end of the last line belongs to the new text where the file has none.
        return [
            (min(place, len(text)) - (1 if text[place - 1 : place] == "\n" else 0) - _cr(text, place), place)
        ]
    start, _ = _lines(text, node, index)
    before = (
        _behind(text, node.entries[index - 1].end, _column(text, node.entries[index])) if index else start
    )
    return [(before - _cr(text, before) - (1 if before else 0), max(start, node.entries[index].start))]


def _cr(text: str, place: int) -> int:
    return 1 if text[place - 2 : place] == "\r\n" else 0
