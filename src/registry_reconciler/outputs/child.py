"""The process that renders (see :mod:`registry_reconciler.base.child`): a job is asked, what came out is the answer.

On the way it asks for entries and templates: ``{"need": kind}`` or ``{"template": name}``. Everything that a template
can do wrong is an answer.
"""

from __future__ import annotations

import contextlib
import gc
import re
import sys
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import (
    SecurityError,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.runtime import Context, Undefined

from registry_reconciler.base.serving import Parent, serve
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.outputs.data import OMIT, RESERVED, Entries, Entry, EntryList
from registry_reconciler.outputs.limits import MOST_TEXT, Meter, ReadsSecret, TooMuch, measure, too_long
from registry_reconciler.outputs.sandbox import Named, Sandbox
from registry_reconciler.outputs.secrets import TemplateReader
from registry_reconciler.outputs.template_loader import Loader
from registry_reconciler.outputs.values import NO_NUMBER, NoJson, to_json

_PARTS = 100
"""So many parts of a text are measured together: all of them can be kept."""
DEEPEST = 60
"""Of a nested value."""


_Make = Callable[[Context], Any]
"""Gives a value, from the names that an expression may use."""

_FAULTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (UndefinedError, "undefined", ""),
    (ReadsSecret, "secret", ""),
    (SecurityError, "refused", ""),
    (TooMuch, "limit", ""),
    (NoJson, "value", ""),
    # Jinja2 writes numbers that it knows as Python shows them, and what has no end is a name there.
    (NameError, "value", NO_NUMBER),
    (RecursionError, "limit", "it calls or includes itself without an end, or is nested too deeply"),
    (MemoryError, "limit", "it takes too much memory"),
)
"""What exceptions mean, and what is said of them if not their own text."""

_UNKNOWN = re.compile(r"No (?P<what>filter|test) named '(?P<name>[^']*)'")


class Outside(Exception):
    """A template lies outside of the folder: no ``ignore missing`` makes that right."""


class Wrong(Exception):
    """A template or an expression is wrong. ``at``: the path of the expression in its definition."""

    def __init__(self, kind: str, message: str, template: str, line: int, at: list[Any]) -> None:
        super().__init__(message)
        self.answer = {"kind": kind, "message": message, "template": template, "line": line, "at": at}


class Renderer:
    """Renders the jobs of one run."""

    def __init__(self, parent: Parent, start: Mapping[str, Any]) -> None:
        self.parent = parent
        self.known: dict[str, EntryList] = {}
        self.reads: set[str] = set()
        self.templates: set[str] = set()
        self.sources: dict[str, Any] = {}
        self.order: dict[str, dict[str, int]] = {}
        entries = Entries(self._entries, tuple(start["kinds"]))
        self.sandbox = Sandbox(Loader(self._load), entries)
        self.sandbox.position = self._position
        self.sandbox.fields = {kind: tuple(names) for kind, names in start["fields"].items()}
        self.secrets = {kind: set(paths) for kind, paths in start["secrets"].items()}
        self.expressions: dict[tuple[str, str | None], _Make | None] = {}
        Entry.guarded = frozenset(self.secrets)

    def _entries(self, kind: str) -> EntryList:
        self.reads.add(kind)
        if kind not in self.known:
            found = EntryList(Entry(kind, *row) for row in self.parent.ask({"need": kind}))
            found.kind = kind
            self.known[kind] = found
        return self.known[kind]

    def _position(self, address: str) -> int:
        """The number of an entry of its kind, from 0, as they stand in files."""
        kind = address.partition("/")[0]
        if kind not in self.order:
            addresses = self.parent.ask({"order": kind})
            self.order[kind] = {name: number for number, name in enumerate(addresses)}
        return self.order[kind].get(address, len(self.order[kind]))

    def _load(self, name: str) -> str | None:
        self.templates.add(name)
        self.sandbox.meter.tick()
        if name not in self.sources:
            self.sources[name] = self.parent.ask({"template": name})
        source = self.sources[name]
        if source is False:
            raise Outside(name)
        return None if source is None else str(source)

    def run(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """One output: what came out and what was read, or what is wrong."""
        self.reads, self.templates = set(), set()
        self.sandbox.meter = Meter()
        try:
            found: dict[str, Any] = {"result": self._result(job)}
        except Wrong as wrong:
            found = {"error": wrong.answer}
        found["id"] = job["id"]
        found["reads"] = sorted(self.reads)
        found["templates"] = sorted(self.templates)
        return found

    def _result(self, job: Mapping[str, Any]) -> Any:
        Named.known, Named.here = tuple(self.sandbox.globals), {}
        if "template" in job:
            return self._template(job["template"])
        if "each" in job:
            return self._items(job)
        return self._made(job["value"], ["value"], None)(self.sandbox.names(dict(self.sandbox.globals)))

    def _template(self, name: str) -> str:
        with self._faults_named(name, []):
            template = self.sandbox.get_template(name)
            self._refuse_secrets_of_templates()
            parts: list[str] = []
            size = 0
            coming = self.sandbox.parts_of(template)
            while some := list(islice(coming, _PARTS)):
                size += sum(map(len, some))
                if size > MOST_TEXT:
                    raise too_long()
                parts += some
            return "".join(parts)

    def _refuse_secrets_of_templates(self) -> None:
        """What is loaded is looked at as a whole, whether a branch is taken or not."""
        if not self.secrets:
            return
        seen: set[str] = set()
        while self.templates - seen:
            for name in sorted(self.templates - seen):
                seen.add(name)
                source = self.sources.get(name)
                if not isinstance(source, str):
                    continue
                tree = self.sandbox.parse(source, name, name)
                for other in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
                    named = getattr(other, "template", None)
                    if isinstance(named, nodes.Const) and isinstance(named.value, str):
                        try:
                            self._load(named.value)
                        except Outside:
                            raise Wrong("missing", named.value, name, other.lineno, []) from None
                self._refuse_secrets(tree, None, name, [])

    def _refuse_secrets(self, tree: nodes.Node, kind: str | None, name: str, at: list[Any]) -> None:
        for line, field, of in TemplateReader(self.secrets, kind).reads(tree):
            message = f"it reads {field!r} of {of}, which is marked x-secret"
            raise Wrong("secret", message, name, line, at)

    def _items(self, job: Mapping[str, Any]) -> Any:
        kind = job["each"]
        entries = self._entries(kind)
        Named.known = (*self.sandbox.fields.get(kind, ()), *RESERVED, *self.sandbox.globals)
        # All of it is compiled before the first entry, so that what is wrong is found without one too.
        holds = self._condition(job["where"], kind) if "where" in job else None
        named = self._made(job["key"], ["key"], kind) if "key" in job else None
        item = self._made(job["item"], ["item"], kind)
        if job.get("order") == "file":
            entries = EntryList(sorted(entries, key=lambda entry: self._position(entry.address)))
        guarded = kind in Entry.guarded
        found: list[tuple[str, Any]] = []
        names: set[str] = set()
        for entry in entries:
            self.sandbox.meter.tick()
            here = {**self.sandbox.globals, **entry.values}
            here["key"], here["address"], here["place"] = entry.key, entry.address, entry.place
            if not guarded:
                here["values"] = entry.values
            here["entry"] = entry
            Named.here = here
            context = self.sandbox.names(here)
            if holds is not None and not holds(context):
                continue
            name = entry.key
            if named is not None:
                name = str(named(context))
                if name in names:
                    raise Wrong("value", f"two items would have the key {name!r}", "", 0, ["key"])
            names.add(name)
            found.append((name, item(context)))
        return found

    def _condition(self, text: str, kind: str) -> _Make:
        return self._guarded(self._expression(_inner(text) or text, ["where"], kind), ["where"], bool)

    def _made(self, value: Any, at: list[Any], kind: str | None) -> _Make:
        """What gives a value with every text in it rendered, from the names that a text may use."""
        if len(at) > DEEPEST:
            raise Wrong("value", "it is nested too deeply", "", 0, at)
        if isinstance(value, dict):
            members = [(name, self._made(part, [*at, name], kind)) for name, part in value.items()]
            return lambda names: {name: found for name, part in members if (found := part(names)) is not OMIT}
        if isinstance(value, list):
            parts = [self._made(part, [*at, index], kind) for index, part in enumerate(value)]
            return lambda names: [found for part in parts if (found := part(names)) is not OMIT]
        call = self._compiled(value, at, kind) if isinstance(value, str) else None
        if call is None:
            return lambda _names: value
        may_go = at not in (["value"], ["key"], ["item"])

        def rendered(found: Any) -> Any:
            if found.__class__ is str or (found is OMIT and may_go):
                return found
            if isinstance(found, Undefined):
                str(found)
            value = to_json(found)
            if isinstance(value, list | dict):
                measure(value)
            return value

        return self._guarded(call, at, rendered)

    def _guarded(self, call: _Make, at: list[Any], then: Callable[[Any], Any]) -> _Make:
        def made(names: Context) -> Any:
            try:
                return then(call(names))
            except Exception as error:
                raise self._wrong_of(error, "", at) from None

        return made

    def _compiled(self, text: str, at: list[Any], kind: str | None) -> _Make | None:
        """What renders a text; ``None`` where there is nothing to render."""
        if (text, kind) not in self.expressions:
            with self._faults_named("", at):
                tree = self.sandbox.parse(text)
                self._refuse_secrets(tree, kind, "", at)
                call: _Make | None
                if all(isinstance(node, nodes.Output) and _is_data(node) for node in tree.body):
                    call = None
                elif _is_one(tree) and (inner := _inner(text)) is not None:
                    call = self._expression(inner, at, kind)
                else:
                    call = self.sandbox.text_of(self.sandbox.from_string(text))
                self.expressions[text, kind] = call
        return self.expressions[text, kind]

    def _expression(self, text: str, at: list[Any], kind: str | None) -> _Make:
        with self._faults_named("", at):
            self._refuse_secrets(self.sandbox.parse("{{ " + text + " }}"), kind, "", at)
            return self.sandbox.value_of(text)

    @contextlib.contextmanager
    def _faults_named(self, template: str, at: list[Any]) -> Any:
        """Whatever goes wrong inside is an answer."""
        try:
            yield
        except Exception as error:
            raise self._wrong_of(error, template, at) from None

    def _wrong_of(self, error: Exception, template: str, at: list[Any]) -> Wrong:
        if isinstance(error, Wrong):
            return error
        if isinstance(error, TemplateSyntaxError):
            message = _sentence(error.message) + self._meant(error.message or "")
            return Wrong("syntax", message, error.name or template, error.lineno, at)
        if isinstance(error, TemplateNotFound | Outside):
            name = str(getattr(error, "name", None) or error)
            return Wrong("missing", name, template, _line(error, template)[1], at)
        message = _sentence(error.message if isinstance(error, TemplateError) else str(error))
        for types, kind, sentence in _FAULTS:
            if isinstance(error, types):
                return self._wrong(kind, sentence or message, error, template, at)
        return self._wrong("failed", message or type(error).__name__, error, template, at)

    def _meant(self, message: str) -> str:
        """What filter or test was probably meant."""
        found = _UNKNOWN.match(message)
        if found is None:
            return ""
        known = self.sandbox.filters if found["what"] == "filter" else self.sandbox.tests
        return f".{did_you_mean(found['name'], known)}"

    @staticmethod
    def _wrong(kind: str, message: str, error: BaseException, template: str, at: list[Any]) -> Wrong:
        name, line = _line(error, template)
        return Wrong(kind, message, name, line, at)


def _line(error: BaseException, template: str) -> tuple[str, int]:
    """The template and its line that an error came from; Jinja2 puts them into the traceback."""
    import traceback  # only what fails needs it

    found = (template, 0)
    for frame, number in traceback.walk_tb(error.__traceback__):
        if "__jinja_exception__" in frame.f_globals:
            name = frame.f_code.co_filename
            if not name.startswith("<"):
                found = (name, number)
    return found


def _sentence(text: str | None) -> str:
    return (text or "").strip().rstrip(".")


def _is_data(output: nodes.Output) -> bool:
    return all(isinstance(part, nodes.TemplateData) for part in output.nodes)


def _is_one(tree: nodes.Template) -> bool:
    """Whether a template is one expression and nothing else."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return False
    parts = tree.body[0].nodes
    solid = [part for part in parts if not (isinstance(part, nodes.TemplateData) and not part.data.strip())]
    return len(solid) == 1 and not isinstance(solid[0], nodes.TemplateData)


def _inner(text: str) -> str | None:
    """The expression between the braces."""
    bare = text.strip()
    if not (bare.startswith("{{") and bare.endswith("}}")):
        return None
    return bare[2:-2].strip().removeprefix("-").removeprefix("+").removesuffix("-").strip()


class _Jobs:
    """Renders job after job; the first says what all of them are about."""

    def __init__(self) -> None:
        self._renderer: Renderer | None = None

    def run(self, question: Mapping[str, Any], parent: Parent) -> dict[str, Any]:
        if "start" in question:
            self._renderer = Renderer(parent, question["start"])
        assert self._renderer is not None
        return self._renderer.run(question["job"])


def main(memory: int) -> None:
    """Render until there is nothing more to render."""
    sys.setrecursionlimit(600)
    gc.set_threshold(100_000, 50, 100)  # entries live as long as the process
    serve(memory, _Jobs().run)
