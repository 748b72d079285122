"""What a text says of a value besides the value: how its scalars are written and wrapped, and its comments.

A fragment says an entry, and a registry is to get it in the same words. So the text of an entry (a snippet) goes along
with its value, and here it is asked part by part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from registry_reconciler.base.yaml_quotes import double_quoted
from registry_reconciler.formats.edits import Snippet
from registry_reconciler.formats.nodes import Member, Node, UncomposableText, child_index, to_value
from registry_reconciler.formats.yaml.read.nodes import compose
from registry_reconciler.model.entry import Json, same

_COMMENT = re.compile(r"[ \t]*#")
_TAIL = re.compile(r"[ \t]+#[^\r\n]*")
_FLOW_TAIL = re.compile(r"[ \t]*,?([ \t]+#[^\r\n]*)")
_HEADER = re.compile(r"([|>])([-+0-9]*)")
_DIGIT = re.compile(r"[0-9]")


class Wording(Struct, frozen=True):
    """A part of a text.

    Attributes:
        text: with LF, and a last line end.
        node: the part.
        member: the item or pair that it is the value of; ``None``: the whole.
        before: where the lines above the item or pair begin.
    """

    text: str
    node: Node
    member: Member | None = None
    before: int = 0
    is_first: bool = False

    @classmethod
    def of(cls, snippet: Snippet | None) -> Wording | None:
        """The text of an entry."""
        if snippet is None:
            return None
        text = snippet.text + "\n"
        try:
            documents = compose(text)
        except UncomposableText:
            return None
        return cls(text, documents[0].root) if documents else None

    @property
    def value(self) -> Json:
        """What it says."""
        return to_value(self.node)

    @property
    def flow(self) -> bool:
        """Whether it is a collection in flow style."""
        return self.node.flow

    def part(self, step: str | int) -> Wording | None:
        """The text of a part of the value."""
        number = child_index(self.node, step)
        if number is None:
            return None
        entry = self.node.entries[number]
        return Wording(self.text, entry.value, entry, self._before(number), number == 0)

    def parts(self) -> Iterator[Wording]:
        """The texts of all parts."""
        for number, entry in enumerate(self.node.entries):
            yield Wording(self.text, entry.value, entry, self._before(number), number == 0)

    def _before(self, number: int) -> int:
        if self.node.flow:
            return self.node.entries[number - 1].end if number else self.node.body + 1
        if number:
            last = self.node.entries[number - 1]
            return self._behind_deeper(self._next_line(last.end), last.start)
        mark = self.member.mark_end if self.member is not None else 0
        if self.member is None:
            return 0
        first = self.node.entries[0].start
        return min(self._next_line(mark), first) if "\n" in self.text[mark:first] else first

    def _behind_deeper(self, position: int, start: int) -> int:
        """Behind the comment lines that stand deeper than the item or pair at ``start``: they belong to its parts."""
        column = start - (self.text.rfind("\n", 0, start) + 1)
        end = position
        while position < len(self.text):
            row = self.text[position : self._line_end(position)]
            if row.strip(" \t\r"):
                if not _COMMENT.match(row) or len(row) - len(row.lstrip(" \t\r")) <= column:
                    break
                end = self._next_line(position)
            position = self._next_line(position)
        return end

    def _next_line(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end + 1

    def _line_end(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end

    # ------------------------------------------------------------ comments

    def lead(self) -> tuple[str, ...]:
        """The lines above an item or pair, as far as they hold a comment; a blank one is empty."""
        if self.member is None:
            return ()
        above = self.text[self.before : self.member.start]
        if "#" not in above:
            return ()
        if not self.node.flow or self.text[self.before - 1 : self.before] == "\n":
            rows = [row.strip(" \t\r") for row in above.split("\n")[:-1]]
        else:
            rows = [row.strip(" \t\r") for row in above.split("\n")[1:-1]]
        rows = [row if row.startswith("#") else "" for row in rows]
        while rows and not rows[0] and ((len(rows) > 1 and not rows[1]) or self.is_first):
            rows.pop(0)
        return tuple(rows)

    def own(self) -> tuple[str, ...]:
        """The comment lines that belong to an item or pair: those directly above it."""
        rows: list[str] = []
        for row in reversed(self.lead()):
            if not row:
                break
            rows.insert(0, row)
        return tuple(rows)

    def tail(self) -> str:
        """The comment on its line, with the blanks before it."""
        node = self.node
        if self.member is None and node.kind != "scalar":
            return ""
        if node.kind == "scalar" and node.style in ("|", ">"):
            header = _HEADER.match(self.text, node.body)
            start = header.end() if header else node.body
        elif node.entries and not node.flow and self.member is not None:
            start = node.props_end if node.props_end > node.start else self.member.mark_end
            if "\n" not in self.text[start : node.body]:
                return ""
        else:
            start = max(node.end, self.member.mark_end if self.member is not None else 0)
        found = _TAIL.match(self.text, start)
        if found is None:
            match = _FLOW_TAIL.match(self.text, start) if node.flow else None
            return match.group(1) if match else ""
        return found.group()

    def below(self) -> tuple[str, ...]:
        """The comment lines behind the last item or pair that belong to the collection."""
        node = self.node
        if not node.entries:
            return ()
        last = node.entries[-1]
        if node.flow:
            rows = self.text[last.end : node.end].split("\n")[1:]
            return tuple(row.strip(" \t\r") for row in rows if row.lstrip(" \t\r").startswith("#"))
        column = last.start - (self.text.rfind("\n", 0, last.start) + 1)
        found: list[str] = []
        position = self._next_line(last.end)
        while position < len(self.text):
            row = self.text[position : self._line_end(position)]
            inside = len(row) - len(row.lstrip(" \t\r")) >= column and (column > 0 or self.member is None)
            if row.strip(" \t\r") and not (_COMMENT.match(row) and inside):
                break
            found.append(row.strip(" \t\r"))
            position = self._next_line(position)
        while found and not found[-1]:
            found.pop()
        return tuple(found)

    def inner_comments(self) -> tuple[str, ...]:
        """All comments inside of a collection, as lines: for a place that has no room for them in it."""
        rows: list[str] = []
        for part in self.parts():
            rows += [row for row in part.lead() if row]
            rows += [tail] if (tail := part.tail().strip(" \t\r")) else []
            rows += part.inner_comments()
        return (*rows, *(row for row in self.below() if row))

    def commented(self) -> bool:
        """Whether there are comments in a collection."""
        if not self.node.entries or "#" not in self.text[self.node.body : self._next_line(self.node.end)]:
            return False
        return bool(self.below()) or any(
            part.lead() or part.tail() or part.commented() for part in self.parts()
        )

    def needs_lines(self) -> bool:
        """Whether a collection in flow style would lose line breaks of its texts."""
        node = self.node
        if node.kind == "scalar":
            return node.style in ("|", ">") or "\n" in self.text[node.body : node.end]
        if node.flow or not node.entries or "\n" not in self.text[node.body : node.end]:
            return False
        return any(part.needs_lines() for part in self.parts())

    # ------------------------------------------------------------ scalars

    @property
    def member_in_flow(self) -> bool:
        """Whether it stands in a flow collection."""
        key = self.member.key if self.member is not None else None
        return key.flow if key is not None else self.node.flow

    @property
    def padded(self) -> bool:
        """Whether its brackets or braces have a blank inside."""
        return self.node.flow and self.text[self.node.body + 1 : self.node.body + 2] == " "

    def key(self, name: str) -> str | None:
        """The text of its key."""
        key = self.member.key if self.member is not None else None
        if key is None or key.kind != "scalar" or key.text != name or key.style in ("|", ">"):
            return None
        text = self.text[key.start : key.end]
        return None if not text or "\n" in text or key.props_end > key.start else text

    def block(self, offset: int) -> str | None:
        """A block scalar as a text of its own, its lines indented by ``offset``; ``None``: it is none."""
        rows = self._block_rows(offset, keeps=True) if self.node.style in ("|", ">") else None
        if rows is None:
            return None
        return "\n".join([rows[0] + self.tail(), *(" " * offset + row if row else "" for row in rows[1:])])

    def rows(self, value: Json, *, flow: bool, offset: int, keeps: bool = False) -> list[str] | None:
        """The lines of a scalar that says ``value``; the first on the line of its mark, the others from its column.

        ``None`` where these words would not say it there.

        Args:
            offset: how far a block scalar will be indented.
            keeps: whether one that keeps all line ends behind it may stand there.
        """
        node = self.node
        if node.kind == "opaque":
            rows = node.text.split("\n")
            return rows if same(self.value, value) and not (flow and len(rows) > 1) else None
        if node.kind != "scalar" or not same(self.value, value) or node.anchor is not None:
            return None
        if node.style in ("|", ">"):
            return None if flow else self._block_rows(offset, keeps=keeps)
        first, *rest = self.text[node.start : node.end].replace("\r\n", "\n").split("\n")
        if not node.text and not node.style and node.tag is None:
            return None if flow else [""]
        rows = [first, *(row.strip(" \t\r") for row in rest)]
        if node.style == '"' and rest:
            rows = [
                first,
                *(row.strip(" \t\r") if not row.endswith("\\ ") else row.lstrip(" \t\r") for row in rest),
            ]
        if rest and flow:
            return _on_one_line(value, node.style)
        if (rest or (flow and not node.flow) or (node.flow and not flow)) and not _says(
            rows, value, flow=flow
        ):
            return None
        return rows

    def _block_rows(self, offset: int, *, keeps: bool) -> list[str] | None:
        node = self.node
        header = _HEADER.match(self.text, node.body)
        if header is None or ("+" in header.group() and not keeps):
            return None
        rows = self.text[self._next_line(header.end()) : node.end].replace("\r\n", "\n").split("\n")
        filled = [row for row in rows if row.strip(" ")]
        if not filled:
            return None if node.text else [_DIGIT.sub("", header.group())]
        if "+" in header.group():
            # The blank lines below it are part of what it says, wherever the tree ends it.
            while not rows[-1].strip(" "):
                rows.pop()
            rows += [""] * (len(node.text) - len(node.text.rstrip("\n")) - 1)
        lead = len(filled[0]) - len(filled[0].lstrip(" "))
        text = next(row for row in node.text.split("\n") if row.strip(" "))
        indent = lead - (len(text) - len(text.lstrip(" ")))
        digit = str(offset) if any(char.isdigit() for char in header.group(2)) else ""
        chomp = next((sign for sign in "-+" if sign in header.group(2)), "")
        if digit and not 1 <= offset <= 9:
            return None
        return [f"{header.group(1)}{digit}{chomp}", *(row[indent:] for row in rows)]


def _says(rows: list[str], value: Json, *, flow: bool) -> bool:
    """Whether lines read back as a value where they are to stand."""
    lines = [rows[0], *(f"  {row}" if row else "" for row in rows[1:])]
    text = "\n".join(lines)
    try:
        documents = compose(f"[{text}]\n" if flow else f"k: {text}\n")
        found = documents[0].root.entries
    except (UncomposableText, IndexError):
        return False
    return len(found) == 1 and same(to_value(found[0].value), value)


def _on_one_line(value: Json, style: str) -> list[str] | None:
    """A wrapped text in its quotes where lines have no room: brackets and braces are written on one."""
    if not isinstance(value, str) or style not in ("'", '"'):
        return None
    text = double_quoted(value) if style == '"' else "'" + value.replace("'", "''") + "'"
    return [text] if _says([text], value, flow=True) else None


class WordedValue(Struct, frozen=True):
    """A value inside new text, with what another text says of it."""

    value: Any
    wording: Wording
    comments: tuple[str, ...] = ()


def in_words(value: Json, snippet: Snippet | None) -> Any:
    """A value with the words and comments of a text."""
    wording = Wording.of(snippet)
    return value if wording is None or snippet is None else WordedValue(value, wording, snippet.comments)


def part_of(value: Json, wording: Wording | None, step: str | int, count: int = 0) -> Any:
    """A part of a value with its text, if there is one; ``count`` is the length of the list that it is an item of."""
    if wording is None or (isinstance(step, int) and len(wording.node.entries) != count):
        return value
    inner = wording.part(step)
    return value if inner is None else WordedValue(value, inner)
