"""libyaml's events to JSON values, with limits: one loop and one stack, no recursion."""

from __future__ import annotations

from typing import Any

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.faults import ReadingLimits, TextFault
from registry_reconciler.formats.yaml.read.advice import FLATTER, NO_ANCHOR, advice
from registry_reconciler.formats.yaml.read.opaque import is_unknown, opaque
from registry_reconciler.formats.yaml.read.scalars import (
    MAP_TAGS,
    MAYBE_NOT_TEXT,
    SEQ_TAGS,
    resolve_plain,
    resolve_tagged,
    shorten,
)
from registry_reconciler.formats.yaml.read.strict import strict_faults
from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import Opaque

_MISSING = object()
_OPEN = object()


class _Stop(Exception):
    """Reading on makes no sense: a limit was passed, or there are findings enough."""


class _Frame:
    """A collection that is being read: its value so far, the key that waits for its value, its merges."""

    __slots__ = ("anchor", "count", "key", "merges", "places", "start", "value")

    def __init__(self, value: Any, anchor: str | None, count: int, start: int) -> None:
        self.value = value
        self.key: Any = _MISSING
        self.merges: list[dict[str, Json]] | None = None
        self.anchor = anchor
        self.count = count
        self.start = start
        self.places: dict[str, int] | None = None


class _Merge:
    """The key ``<<`` while its value is read."""

    __slots__ = ()


_MERGE = _Merge()
_BAD_KEY = object()


class Builder:
    """Reads one text. ``faults`` is filled on the way; any of them means the documents are not to be used."""

    def __init__(self, data: bytes, limits: ReadingLimits, *, keep_places: bool = False) -> None:
        self.limits = limits
        self.faults: list[TextFault] = []
        self.keep_places = keep_places
        self._data = data
        self._decoded: str | None = None
        self._parser = CParser(data)
        self._anchors: dict[str, Any] = {}
        self._weights: dict[str, int] = {}
        self._count = 0
        self._extra = 0
        self._names: dict[str, str] = {}

    @property
    def has_anchors(self) -> bool:
        """Whether the document that was read last defines anchors."""
        return bool(self._anchors)

    def documents(self) -> list[Json]:
        """All documents, in order; use only when ``faults`` stays empty."""
        documents = self._documents()
        if not self.faults:
            self.faults += strict_faults(self._data)
        return documents

    def _documents(self) -> list[Json]:
        documents: list[Json] = []
        get = self._parser.get_event
        try:
            while True:
                event = get()
                if event is None:
                    return documents
                if type(event) is DocumentStartEvent:
                    if len(documents) >= self.limits.max_documents:
                        self._fault("YML008", f"more than {self.limits.max_documents} documents", event)
                        raise _Stop
                    self._anchors = {}
                    self._weights = {}
                    documents.append(self._document(get))
        except _Stop:
            return documents
        except YAMLError as error:
            self.faults.append(_syntax_fault(error, self._data))
            return documents
        finally:
            self._parser.dispose()

    # The one hot loop: it is long so that no call is made for the ordinary scalar.
    def _document(self, get: Any) -> Json:  # noqa: C901, PLR0915
        stack: list[_Frame] = []
        names = self._names
        maybe = MAYBE_NOT_TEXT
        longest = self.limits.max_scalar
        longest_int = self.limits.max_int_digits
        most = self.limits.max_nodes
        root: Json = None
        while True:
            event = get()
            kind = type(event)
            if kind is ScalarEvent:
                self._count += 1
                text = event.value
                if len(text) > longest:
                    self._too_long(event)
                if self._count > most:
                    self._too_many(event)
                if event.tag is not None:
                    value = self._tagged(event)
                elif event.style or text[:1] not in maybe:
                    value = text
                else:
                    value = resolve_plain(text, longest_int)
                if event.anchor is not None:
                    self._anchors[event.anchor] = value
                    self._weights[event.anchor] = 1 + len(text) // 16
                if stack:
                    frame = stack[-1]
                    container = frame.value
                    if type(container) is list:
                        container.append(value)
                    elif frame.key is not _MISSING:
                        self._put(frame, value, event)
                    elif value.__class__ is str and not self.keep_places:
                        if text == "<<" and not event.style and event.tag is None:
                            self._key(frame, _MERGE, event)
                        elif value in container:
                            self._key(frame, value, event)
                        else:
                            frame.key = names.setdefault(value, value)
                    else:
                        self._key(frame, self._name_of(value, event), event)
                else:
                    root = value
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._count += 1
                if event.tag is not None and is_unknown(event.tag):
                    value = self._opaque(event, get, len(stack))
                    if stack:
                        self._add(stack[-1], value, event)
                    else:
                        root = value
                    continue
                self._open(stack, event, {} if kind is MappingStartEvent else [])
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = self._close(stack.pop(), event)
                if stack:
                    self._add(stack[-1], value, event)
                else:
                    root = value
            elif kind is AliasEvent:
                value = self._alias(event)
                if stack:
                    self._add(stack[-1], value, event)
                else:
                    root = value
            elif kind is DocumentEndEvent:
                return root

    def _too_long(self, event: Any) -> None:
        message = f"a text of {len(event.value):,} characters; at most {self.limits.max_scalar:,} are read"
        self._fault("YML008", message, event, fix="keep it in a file of its own, and name that")
        raise _Stop

    def _too_many(self, event: Any) -> None:
        self._fault("YML008", f"more than {self.limits.max_nodes:,} values", event, fix="split the file")
        raise _Stop

    def _open(self, stack: list[_Frame], event: Any, value: Any) -> None:
        if len(stack) >= self.limits.max_depth:
            self._fault("YML008", f"nested deeper than {self.limits.max_depth} levels", event, fix=FLATTER)
            raise _Stop
        if self._count > self.limits.max_nodes:
            self._too_many(event)
        allowed = MAP_TAGS if type(value) is dict else SEQ_TAGS
        if event.tag not in allowed:
            self._fault(
                "YML005", f"the tag {_show_tag(event.tag)} is not part of YAML 1.2 core", event, fix=_TAG_FIX
            )
        frame = _Frame(value, event.anchor, self._count, event.start_mark.index)
        if event.anchor is not None:
            self._anchors[event.anchor] = _OPEN
        if self.keep_places and type(value) is dict:
            frame.places = {}
        stack.append(frame)

    def _close(self, frame: _Frame, event: Any) -> Any:
        value = frame.value
        if frame.merges is not None:
            value = self._merged(frame)
        if frame.anchor is not None:
            # An anchor that was defined again inside belongs to the inner node.
            if self._anchors.get(frame.anchor) is _OPEN:
                self._anchors[frame.anchor] = value
            nodes = self._count - frame.count + 1
            self._weights[frame.anchor] = nodes + (event.end_mark.index - frame.start) // 16
        return value

    def _add(self, frame: _Frame, value: Any, event: Any) -> None:
        if type(frame.value) is list:
            frame.value.append(value)
        elif frame.key is _MISSING:
            self._key(frame, value, event)
        else:
            self._put(frame, value, event)

    def _put(self, frame: _Frame, value: Any, event: Any) -> None:
        key = frame.key
        frame.key = _MISSING
        if key is _MERGE:
            self._take_merge(frame, value, event)
        elif key is not _BAD_KEY:
            frame.value[key] = value

    @staticmethod
    def _name_of(value: Any, event: Any) -> Any:
        """The key that a scalar is: its text, whatever value it would be elsewhere."""
        if type(value) is Opaque:
            return value
        return _MERGE if event.value == "<<" and not event.style and event.tag is None else event.value

    def _key(self, frame: _Frame, key: Any, event: Any) -> None:
        name = "<<" if key is _MERGE else key
        frame.key = _BAD_KEY
        if type(name) is not str:
            self._bad_key(key, event)
            return
        places = frame.places
        # A quoted "<<" is a key like any other, beside a merge.
        seen = "<<(merge)" if key is _MERGE else name
        double = (frame.merges is not None) if key is _MERGE else name in frame.value
        if double:
            first = places.get(seen, 0) if places is not None else 0
            self._fault(
                "YML003",
                f"the key {shorten(name)!r} stands twice in one mapping"
                + (f", first in line {first}" if first else ""),
                event,
                fix="remove or rename one of the two",
                related_line=first,
            )
            return
        if places is not None:
            places[seen] = event.start_mark.line + 1
        if key is _MERGE:
            frame.merges = []
            frame.key = _MERGE
        else:
            frame.key = self._names.setdefault(name, name)

    def _bad_key(self, key: Any, event: Any) -> None:
        if type(key) in (dict, list):
            what, fix = "a mapping or list", "use a string as key"
        elif type(key) is Opaque:
            what, fix = "a node with a tag that is not known here", "use a string as key"
        else:
            what, fix = f"an alias of {_describe_key(key)}", "write the key itself"
        self._fault("YML004", f"the key is {what}, not a string", event, fix=fix)

    def _tagged(self, event: Any) -> Json:
        try:
            return resolve_tagged(event.tag, event.value, self.limits.max_int_digits)
        except KeyError:
            end = event.end_mark.index
            return opaque(self._source(), event.start_mark.index, end, end)[0]
        except ValueError as error:
            self._fault("YML005", f"{error}: {_show_tag(event.tag)}", event, fix=_TAG_FIX)
        return None

    def _opaque(self, first: Any, get: Any, depth: int) -> Opaque:
        """Reads a collection with an unknown tag: what stands in it is counted and not understood."""
        event, inside, content = first, 0, first.end_mark.index
        while True:
            kind = type(event)
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                inside += 1
                if depth + inside > self.limits.max_depth:
                    self._fault(
                        "YML008", f"nested deeper than {self.limits.max_depth} levels", event, fix=FLATTER
                    )
                    raise _Stop
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                inside -= 1
                if event.end_mark.index > event.start_mark.index:
                    content = event.end_mark.index
                if not inside:
                    break
            elif kind is ScalarEvent and event.style in ("|", ">"):
                text = self._source()
                content = event.start_mark.index + len(
                    text[event.start_mark.index : event.end_mark.index].rstrip(SPACE)
                )
            elif event.end_mark.index > event.start_mark.index:
                content = event.end_mark.index
            self._count += 1
            if self._count > self.limits.max_nodes:
                self._too_many(event)
            event = get()
        stop = content if first.flow_style else event.start_mark.index
        value = opaque(self._source(), first.start_mark.index, content, stop)[0]
        if first.anchor is not None:
            self._anchors[first.anchor] = value
            self._weights[first.anchor] = 1 + len(value.source) // 16
        return value

    def _source(self) -> str:
        """The text that the marks count in."""
        if self._decoded is None:
            self._decoded = self._data.decode()
        return self._decoded

    def _alias(self, event: Any) -> Any:
        name = event.anchor
        value = self._anchors.get(name, _MISSING)
        if value is _MISSING:
            message = f"there is no anchor &{shorten(name)} before the alias *{shorten(name)}"
            self._fault("YML006", message, event, fix=NO_ANCHOR)
            return None
        if value is _OPEN:
            message = f"the alias *{shorten(name)} refers to what contains it"
            self._fault("YML006", message, event, fix="write out what is meant")
            return None
        self._expand(self._weights[name], event)
        return value

    def _expand(self, weight: int, event: Any) -> None:
        self._count += weight
        self._extra += weight
        limits = self.limits
        own = self._count - self._extra
        allowed = max(limits.free_alias_nodes, limits.max_alias_ratio * own)
        if self._extra > min(limits.max_alias_nodes, allowed):
            self._fault(
                "YML006",
                "the aliases of this file expand beyond the limit",
                event,
                fix="write the values out",
            )
            raise _Stop

    def _take_merge(self, frame: _Frame, value: Any, event: Any) -> None:
        sources = value if type(value) is list else [value]
        assert frame.merges is not None
        for source in sources:
            if type(source) is not dict:
                self._fault(
                    "YML006", "<< merges a mapping or a list of mappings only", event, fix='quote it: "<<"'
                )
                return
            self._expand(len(source) + 1, event)
            frame.merges.append(source)

    def _merged(self, frame: _Frame) -> dict[str, Json]:
        assert frame.merges is not None
        value: dict[str, Json] = {}
        for source in frame.merges:
            for key, part in source.items():
                value.setdefault(key, part)
        value.update(frame.value)
        return value

    def _fault(self, code: str, message: str, event: Any, *, fix: str = "", related_line: int = 0) -> None:
        mark = event.start_mark
        self.faults.append(TextFault(code, message, mark.line + 1, mark.column + 1, fix, related_line))
        if len(self.faults) >= self.limits.max_faults:
            raise _Stop


_TAG_FIX = "remove the tag and write the value itself"


def _describe_key(key: Any) -> str:
    if key is None:
        return "null"
    return f"the {'boolean' if type(key) is bool else 'number'} {shorten(str(key))}"


def _show_tag(tag: str) -> str:
    return shorten(tag.replace("tag:yaml.org,2002:", "!!"), 60)


def _syntax_fault(error: Any, data: bytes) -> TextFault:
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    context = str(getattr(error, "context", None) or "")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    start = getattr(error, "context_mark", None)
    related = start.line + 1 if start is not None and start.line + 1 != line else 0
    message = f"{context}, {problem}" if context else problem
    if "Unicode character escape" in problem:
        fix = "write the character itself; an escape may not name half a surrogate pair"
        return TextFault("YML007", message, line, column, fix, related)
    if "undefined alias" in problem:
        return TextFault("YML006", message, line, column, NO_ANCHOR, related)
    if related:
        message += f" (it began in line {related})"
    fix = advice(message)
    if mark is not None and "cannot start any token" in message and _is_tab(data, line, column):
        message = "a tab in the indentation"
        fix = "indent with spaces; YAML does not take tabs there"
    return TextFault("YML001", message, line, column, fix, related)


def _is_tab(data: bytes, line: int, column: int) -> bool:
    rows = data.split(b"\n", line)
    return len(rows) >= line and rows[line - 1].decode("utf-8", "replace")[column - 1 : column] == "\t"
