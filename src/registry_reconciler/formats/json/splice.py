"""Edits to the bytes of a JSON text, and no other byte changes.

Every edit becomes replacements of spans of the old text. A collection is cut into chunks, one for each part: the white
space and comments before it, the part, its comma and what stands behind that on its line. What goes takes its chunk
with it, but for comments that are not its own; what comes gets one that looks like its neighbour's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from registry_reconciler.formats.align import align
from registry_reconciler.formats.edits import (
    Edit,
    Insert,
    Remove,
    RenameKey,
    ReplaceDocument,
    SpliceError,
    Update,
    refuse_tags_in,
)
from registry_reconciler.formats.json.anew import first_value, outgrown
from registry_reconciler.formats.json.changed import Changed, New, Own, joined, notes_of_new
from registry_reconciler.formats.json.chunks import (
    Chunk,
    cut,
    lead_of,
    rows_above,
    taken_away,
    with_comments,
)
from registry_reconciler.formats.json.leading import leads, rewritten
from registry_reconciler.formats.json.look import (
    Writer,
    look_of,
    on_lines,
    pad_of,
    tail_of,
)
from registry_reconciler.formats.json.models import NEAR, alike, models_near, values_at
from registry_reconciler.formats.json.source import COMMENT, JsonNode, compose, value_of
from registry_reconciler.formats.nodes import Member, UncomposableText, child_index
from registry_reconciler.formats.notes import NO_NOTES, Notes, above, below, brought, notes_of, taker
from registry_reconciler.formats.project import path_of, project_value
from registry_reconciler.formats.replacements import Replacement, replaced
from registry_reconciler.model.entry import Json, same

_BOM = "\ufeff"


def splice(data: bytes, edits: Sequence[Edit], *, comments: bool) -> bytes:
    """The text with the edits made, all addressed against ``data``.

    Raises:
        SpliceError: an edit addresses what is not there, or two contradict each other.
    """
    if not edits:
        return data
    refuse_tags_in(edits, "JSON")
    text = data.decode("utf-8")
    bom = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    try:
        documents = compose(text, comments=comments)
    except UncomposableText as error:
        raise SpliceError(f"the text cannot be read: {error}") from None
    beyond = next((edit.document for edit in edits if edit.document), 0)
    if beyond:
        raise SpliceError(f"there is no document {beyond}", beyond)
    own: Own = [(path_of(edit), edit) for edit in edits]
    if not documents:
        return (bom + first_value(text, own, comments=comments)).encode()
    root = documents[0].root
    assert isinstance(root, JsonNode)
    splicer = _Splicer(root, comments=comments)
    splicer.visit(root, own, ())
    return (bom + replaced(text, splicer.replacements)).encode()


class _Splicer:
    def __init__(self, root: JsonNode, *, comments: bool) -> None:
        self.source = root.source
        self.text = root.source.text
        self.comments = comments
        self.look = look_of(root)
        self.writer = Writer(self.look)
        self.replacements: list[Replacement] = []

    def put(self, start: int, end: int, text: str, rank: int = 0) -> None:
        if text != self.text[start:end]:
            self.replacements.append(Replacement(start, end, text, rank))

    # ------------------------------------------------------------ which parts change

    def visit(self, node: JsonNode, own: Own, models: Sequence[JsonNode]) -> None:
        """Make the edits whose paths begin at a node."""
        for path, edit in own:
            if not path and isinstance(edit, Update | ReplaceDocument):
                snippet = edit.snippet if isinstance(edit, Update) and self.comments else None
                self.become(node, edit.value, models, notes_of(snippet.text) if snippet else NO_NOTES)
                return
        if node.kind == "scalar":
            if node.text != "null" or node.style:
                message = "an edit addresses a part of what has no parts"
                raise SpliceError(message, own[0][1].document, path_of(own[0][1]))
            made = project_value(None, own)
            self._replace(node, made, models, notes_of_new(own, made, kept=self.comments))
            return
        changed = Changed()
        deeper: dict[str | int, Own] = {}
        for path, edit in own:
            if path:
                deeper.setdefault(path[0], []).append((path[1:], edit))
            elif isinstance(edit, Insert):
                self._insert(node, edit, changed)
        for step, inner in deeper.items():
            self._deeper(node, step, inner, changed, models)
        changed.refuse_twice(node, deeper)
        self._rewrite(node, changed, models)

    def _insert(self, node: JsonNode, edit: Insert, changed: Changed) -> None:
        count = len(node.entries)
        if node.kind == "seq":
            if edit.kind != "list":
                raise SpliceError("a pair cannot be put into a list", edit.document, edit.container)
            before = count if edit.index is None else max(0, min(edit.index, count))
            changed.put(before, New(edit.value, None, edit.snippet, under=edit.under))
            return
        if edit.kind != "map":
            raise SpliceError("an item cannot be put into a mapping", edit.document, edit.container)
        if child_index(node, str(edit.key)) is not None:
            raise SpliceError(f"{edit.key!r} is there already", edit.document, edit.container)
        place = child_index(node, edit.before) if edit.before is not None else None
        new = New(edit.value, str(edit.key), edit.snippet, under=edit.under)
        changed.put(count if place is None else place, new)

    def _deeper(
        self, node: JsonNode, step: str | int, own: Own, changed: Changed, models: Sequence[JsonNode]
    ) -> None:
        index = child_index(node, step)
        goes = any(not path and isinstance(edit, Remove) for path, edit in own)
        if index is None:
            first = own[0][1]
            if node.kind == "seq" or goes or not isinstance(step, str):
                raise SpliceError(f"there is nothing at {step!r}", first.document, path_of(first))
            near = values_at(models, step)
            made = project_value(None, own)
            notes = notes_of_new(own, made, kept=self.comments)
            changed.put(len(node.entries), New(made, step, comments=notes, models=near))
            return
        if goes:
            changed.gone.add(index)
            return
        member = node.entries[index]
        rest: Own = []
        for path, edit in own:
            if not path and isinstance(edit, RenameKey):
                self._rename(member, edit)
            else:
                rest.append((path, edit))
        if rest:
            self.visit(value_of(member), rest, models_near(node, index, models))

    def _rename(self, member: Member, edit: RenameKey) -> None:
        assert member.key is not None
        key = member.key
        self.put(key.start, key.end, self.writer.text(edit.new_key, self.text[key.start : key.end]))

    def become(
        self, node: JsonNode, value: Json, models: Sequence[JsonNode], notes: Notes = NO_NOTES
    ) -> None:
        """Make a node equal to a value; what is equal already keeps its text. ``notes`` are comments of new parts."""
        old = node.value
        if same(old, value):
            return
        if node.kind == "map" and isinstance(value, dict):
            self._rewrite(node, self._changed_map(node, old, value, models, notes), models)
        elif node.kind == "seq" and isinstance(value, list):
            self._rewrite(node, self._changed_list(node, old, value, notes), models)
        else:
            self._replace(node, value, models, notes)

    def _changed_map(
        self,
        node: JsonNode,
        old: dict[str, Json],
        value: dict[str, Json],
        models: Sequence[JsonNode],
        notes: Notes,
    ) -> Changed:
        changed = Changed()
        place = 0
        for index, member in enumerate(node.entries):
            assert member.key is not None
            if member.key.text not in value:
                changed.gone.add(index)
        for key, part in value.items():
            there = child_index(node, key)
            if there is None:
                # Behind the field that it follows in the value, which is in front of what stands behind that.
                following = node.entries[place].key if place < len(node.entries) else None
                under = following is not None and not above(notes, following.text)
                near = values_at(models, key)
                changed.put(place, New(part, key, comments=below(notes, key), under=under, models=near))
                continue
            place = there + 1
            if not same(old[key], part):
                self._become_part(node, there, part, below(notes, key), models)
        return changed

    def _become_part(
        self, node: JsonNode, index: int, value: Json, notes: Notes, models: Sequence[JsonNode] = ()
    ) -> None:
        """Make a part equal to a value, with the comments that this brings."""
        part = value_of(node.entries[index])
        note = brought(notes, part.value, value)
        if note and not same(part.value, value):
            for start, end, text in with_comments(node, cut(node)[index], note, self.look.newline):
                self.put(start, end, text)
        self.become(part, value, models_near(node, index, models), notes)

    def _changed_list(self, node: JsonNode, old: list[Json], value: list[Json], notes: Notes) -> Changed:
        changed = Changed()
        kept: set[int] = set()
        place = 0
        steps = align(old, value)
        now = {before: after for before, after in steps if before is not None}
        for before, after in steps:
            if before is None:
                under = place in now and not above(notes, now[place])
                changed.put(place, New(value[after], comments=below(notes, after), under=under))
                continue
            kept.add(before)
            place = before + 1
            if not same(old[before], value[after]):
                self._become_part(node, before, value[after], below(notes, after))
        changed.gone = set(range(len(old))) - kept
        return changed

    def _replace(
        self, node: JsonNode, value: Json, models: Sequence[JsonNode], notes: Notes = NO_NOTES
    ) -> None:
        if isinstance(value, dict | list):
            column = node.start - self.source.line_start(node.start)
            on_line = not (notes or self.source.begins_line(node.start))
            writer = self._writer(models, on_line=on_line)
            text = writer.value(value, self.source.indent(node.start), models, column, notes)
        else:
            text = self.writer.scalar(value, node.raw)
        self.put(node.start, node.end, text)

    def _writer(self, models: Sequence[JsonNode], *, on_line: bool) -> Writer:
        """Where nothing shows what it looks like, what comes to a line of others stays on it."""
        alone = on_line and not any(model.entries for model in models)
        return Writer(self.look, flat=True) if alone else self.writer

    # ------------------------------------------------------------ how their texts change

    def _rewrite(self, node: JsonNode, changed: Changed, models: Sequence[JsonNode]) -> None:
        if not changed.gone and not changed.coming:
            return
        whole = outgrown(node, changed, self.writer, models, self.replacements)
        if whole is not None:
            return self.put(node.start, node.end, whole)
        chunks = cut(node)
        stay = [index for index in range(len(chunks)) if index not in changed.gone]
        if not stay:
            self._refill(node, chunks, changed, models)
            return
        if leads(node, chunks, self.look):
            indent = " " * (chunks[0].member - self.source.line_start(chunks[0].member))
            coming = {
                before: [self._written(node, new, indent, self.look.newline, before)[0] for new in news]
                for before, news in changed.coming.items()
            }
            for start, end, text in rewritten(node, chunks, changed.gone, coming, self.look):
                self.put(start, end, text, rank=int(start == end))
            return
        for start, end, text in taken_away(node, chunks, stay, self.look.newline):
            self.put(start, end, text)
        trailing = chunks[-1].comma >= 0
        last_new = any(before > stay[-1] for before in changed.coming)
        last = stay[-1]
        if last_new and chunks[last].comma < 0:
            self.put(chunks[last].end, chunks[last].end, ",")
        elif not last_new and not trailing and chunks[last].comma >= 0:
            self.put(chunks[last].comma, chunks[last].comma + 1, "")
        groups: dict[int | None, list[New]] = {}
        for before in sorted(changed.coming):
            news = changed.coming[before]
            if before < len(chunks) and before not in changed.gone:
                news = self._put_under(node, chunks, before, news)
            if news:
                at = bisect_left(stay, before)
                previous = stay[at - 1] if at else None
                groups.setdefault(previous, []).extend(news)
        for previous, news in groups.items():
            if previous is None:
                self._put_first(node, chunks, stay[0], news)
            else:
                at_end = previous == last and not trailing
                self._put_behind(node, chunks, previous, news, at_end=at_end)

    def _put_under(self, node: JsonNode, chunks: list[Chunk], following: int, news: list[New]) -> list[New]:
        """Put parts between one and the comments above it that are theirs now; the others are left."""
        at = taker(rows_above(node, chunks[following]), (new.taking() for new in news))
        if at is None:
            return news
        place = chunks[following].member
        lead, indent = lead_of(node, chunks, following, self.look)
        parts = [self._written(node, new, indent, lead) for new in (news[at].bare(), *news[at + 1 :])]
        self.put(place, place, joined(parts, "", lead, comma=True), rank=1)
        return news[:at]

    def _put_first(
        self, node: JsonNode, chunks: Sequence[Chunk], following: int, news: Sequence[New]
    ) -> None:
        lead, indent, opened = self._opened(node, lead_of(node, chunks, following, self.look), news)
        parts = [self._written(node, new, indent, lead) for new in news]
        text = (lead if opened else "") + joined(parts, "", lead, comma=True)
        place = chunks[following].content
        self.put(place, place, text, rank=1)

    def _put_behind(
        self, node: JsonNode, chunks: Sequence[Chunk], previous: int, news: Sequence[New], *, at_end: bool
    ) -> None:
        place = chunks[previous].stop
        commented = "//" in self.text[chunks[previous].end : place]
        lead, indent, _ = self._opened(node, lead_of(node, chunks, previous, self.look), news, commented)
        parts = [self._written(node, new, indent, lead, near=previous) for new in news]
        text = joined(parts, lead, "", comma=not at_end)
        if parts[-1][1] and self.text[place : place + 1] not in ("\n", "\r"):
            text += self.look.newline + self.source.indent(node.start)
        self.put(place, place, text, rank=1)

    def _opened(
        self, node: JsonNode, lead: tuple[str, str], news: Sequence[New], commented: bool = False
    ) -> tuple[str, str, bool]:
        """What stands between two parts, their indentation, and whether parts of one line begin lines of their own now.

        They do where they, or what they come behind, have comments, which one line has no room for.
        """
        if "\n" in lead[0] or not (commented or self._commented(news)):
            return *lead, False
        indent = self.source.indent(node.start) + self.look.unit
        return self.look.newline + indent, indent, True

    def _commented(self, news: Sequence[New]) -> bool:
        return self.comments and any(any(new.notes().values()) for new in news)

    def _written(
        self, node: JsonNode, new: New, indent: str, lead: str, near: int = 0, like: JsonNode | None = None
    ) -> tuple[str, str]:
        """A new part with the comments above and in it, and the one behind it.

        Args:
            like: a collection beside that shows what the parts of one without any look like.
        """
        head = "" if new.key is None else self.writer.key_beside(node, new.key)
        shown = node if like is None else like
        models = [value_of(entry) for entry in shown.entries[max(near - NEAR, 0) : near + NEAR]]
        if node.kind == "map":
            models = alike(shown, new.value, new.models)
        on_line = "\n" not in lead
        text = _native(new, self.look.newline + indent) if not on_line else None
        notes = NO_NOTES if on_line or not self.comments else new.notes()
        if text is None:
            writer = self._writer(models, on_line=on_line and bool(node.entries))
            text = writer.value(new.value, indent, models, len(indent) + len(head), notes)
        return self.writer.above(notes, indent) + head + text, self.writer.behind(notes)

    def _refill(
        self, node: JsonNode, chunks: Sequence[Chunk], changed: Changed, models: Sequence[JsonNode]
    ) -> None:
        """A collection of which nothing stays, or that had nothing."""
        news = [new for before in sorted(changed.coming) for new in changed.coming[before]]
        begin, end = node.start + 1, node.end - 1
        free = list(COMMENT.finditer(self.text, begin, end)) if self.comments else []
        owned = [(chunk.content, chunk.stop) for chunk in chunks]
        free = [match for match in free if not any(low <= match.start() < high for low, high in owned)]
        like = node if chunks else next((m for m in models if m.kind == node.kind and m.entries), None)
        if free:
            self._refill_below(node, chunks, news, like, free[-1].end())
            return
        if not news:
            self.put(begin, end, "")
            return
        lines = on_lines(like) if like is not None else self.look.lines
        if not lines and not self._commented(news):
            pad = pad_of(like) or "" if like is not None else self.look.pads[node.kind != "map"]
            indent = self.source.indent(node.start)
            parts = [self._written(node, new, indent, "", like=like)[0] for new in news]
            last = tail_of(like) if like is not None else ""
            self.put(begin, end, pad + f",{self.look.comma}".join(parts) + (last or pad))
            return
        outer = self.source.indent(node.start)
        indent = self.source.indent(chunks[0].member) if chunks else outer + self.look.unit
        lead = self.look.newline + indent
        written = [self._written(node, new, indent, lead, like=like) for new in news]
        if self.look.leading and not self._commented(news):
            text = self.look.apart(indent).join(text for text, _ in written)
            self.put(begin, end, lead + text + self.look.newline + outer)
            return
        text = joined(written, lead, "", comma=self.writer.trailing(like))
        self.put(begin, end, text + self.look.newline + outer)

    def _refill_below(
        self, node: JsonNode, chunks: Sequence[Chunk], news: Sequence[New], like: JsonNode | None, last: int
    ) -> None:
        for start, end, text in taken_away(node, chunks, (), self.look.newline):
            self.put(start, end, text)
        if not news:
            return
        outer = self.source.indent(node.start)
        indent = self.source.indent(chunks[0].member) if chunks else outer + self.look.unit
        lead = self.look.newline + indent
        parts = [self._written(node, new, indent, lead, like=like) for new in news]
        text = joined(parts, lead, "", comma=self.writer.trailing(like))
        place = max([last, *(chunk.stop for chunk in chunks)])
        rest = self.text[place : node.end - 1]
        self.put(
            place,
            place,
            text
            + ("" if rest[:1] == "\n" or (not parts[-1][1] and "\n" in rest) else self.look.newline + outer),
            rank=1,
        )


def _native(new: New, lead: str) -> str | None:
    """The text that a part had where it came from, if it says the same."""
    snippet = new.snippet
    if snippet is None or snippet.native is None or snippet.native[0] != "json":
        return None
    text = snippet.native[1]
    if not same(snippet.value, new.value):
        try:
            text = splice(text.encode(), [Update(0, (), new.value)], comments=True).decode()
        except SpliceError:
            return None
    first, *rest = text.split("\n")
    return "".join([first, *(lead + row if row.strip() else lead.rstrip(" \t") for row in rest)])
