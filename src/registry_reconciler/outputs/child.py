"""The process that renders (see :mod:`registry_reconciler.base.child`): a job is asked, what came out is the answer.

On the way it asks for entries and templates: ``{"need": kind}`` or ``{"template": name}``. Everything that a template
can do wrong is an answer.
"""

from __future__ import annotations

import contextlib
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2 import nodes

from registry_reconciler.base.child import Parent, serve
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.outputs.data import OMIT, RESERVED, Entries, Entry, EntryList
from registry_reconciler.outputs.limits import MOST_TEXT, Meter, ReadsSecret, TooMuch, too_long
from registry_reconciler.outputs.sandbox import Named, Sandbox
from registry_reconciler.outputs.secrets import Reader as SecretReader
from registry_reconciler.outputs.values import NoJson, to_json

DEEPEST = 60
"""Of a nested value."""


_UNKNOWN = re.compile(r"No (?P<what>filter|test) named '(?P<name>[^']*)'")


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
        self.sources: dict[str, str | None] = {}
        entries = Entries(self._entries, tuple(start["kinds"]))
        self.sandbox = Sandbox(jinja2.FunctionLoader(self._load), entries)
        self.sandbox.fields = {kind: tuple(names) for kind, names in start["fields"].items()}
        self.secrets = {kind: set(paths) for kind, paths in start["secrets"].items()}
        self.expressions: dict[str, Any] = {}
        Entry.guarded = frozenset(self.secrets)

    def _entries(self, kind: str) -> EntryList:
        self.reads.add(kind)
        if kind not in self.known:
            found = EntryList(Entry(kind, *row) for row in self.parent.ask({"need": kind}))
            found.kind = kind
            self.known[kind] = found
        return self.known[kind]

    def _load(self, name: str) -> tuple[str, str, None] | None:
        self.templates.add(name)
        self.sandbox.meter.tick()
        if name not in self.sources:
            self.sources[name] = self.parent.ask({"template": name})
        source = self.sources[name]
        return None if source is None else (source, name, None)

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
        Named.known = tuple(self.sandbox.globals)
        if "template" in job:
            return self._template(job["template"])
        if "each" in job:
            return self._items(job)
        return self._value(job["value"], {}, ["value"], None)

    def _template(self, name: str) -> str:
        with self._faults_named(name, []):
            template = self.sandbox.get_template(name)
            self._refuse_secrets_of_templates()
            parts: list[str] = []
            size = 0
            for part in template.generate():
                size += len(part)
                if size > MOST_TEXT:
                    raise too_long()
                parts.append(part)
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
                if source is None:
                    continue
                tree = self.sandbox.parse(source, name, name)
                for other in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
                    named = getattr(other, "template", None)
                    if isinstance(named, nodes.Const) and isinstance(named.value, str):
                        self._load(named.value)
                self._refuse_secrets(tree, None, name, [])

    def _refuse_secrets(self, tree: nodes.Node, kind: str | None, name: str, at: list[Any]) -> None:
        for line, field, of in SecretReader(self.secrets, kind).reads(tree):
            message = f"it reads {field!r} of {of}, which is marked x-secret"
            raise Wrong("secret", message, name, line, at)

    def _items(self, job: Mapping[str, Any]) -> Any:
        kind = job["each"]
        entries = self._entries(kind)
        fields = self.sandbox.fields.get(kind, ())
        Named.known = (*fields, *RESERVED, *self.sandbox.globals)
        if not entries:
            self._compile_all(job.get("item"), ["item"], kind)
        found: list[tuple[str, Any]] = []
        names: set[str] = set()
        for entry in entries:
            self.sandbox.meter.tick()
            context = {**entry.values, **self._reserved(entry), "entry": entry}
            Named.known = (*fields, *context, *self.sandbox.globals)
            if "where" in job and not self._holds(job["where"], context, kind):
                continue
            name = entry.key
            if "key" in job:
                name = str(self._value(job["key"], context, ["key"], kind))
                if name in names:
                    raise Wrong("value", f"two items would have the key {name!r}", "", 0, ["key"])
            names.add(name)
            item = self._value(job["item"], context, ["item"], kind)
            found.append((name, item))
        return found

    @staticmethod
    def _reserved(entry: Entry) -> dict[str, Any]:
        names = [name for name in RESERVED if name != "values" or entry.kind not in Entry.guarded]
        return {name: getattr(entry, name) for name in names}

    def _holds(self, text: str, context: Mapping[str, Any], kind: str) -> bool:
        with self._faults_named("", ["where"]):
            return bool(self._expression(_inner(text) or text, ["where"], kind)(**context))

    def _compile_all(self, value: Any, at: list[Any], kind: str | None) -> None:
        """Where there is no entry, what is wrong is found all the same."""
        if isinstance(value, str):
            with self._faults_named("", at):
                self._compiled(value, at, kind)
        elif isinstance(value, dict | list):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            for step, part in pairs:
                self._compile_all(part, [*at, step], kind)

    def _value(self, value: Any, context: Mapping[str, Any], at: list[Any], kind: str | None) -> Any:
        """A value with every text in it rendered."""
        if len(at) > DEEPEST:
            raise Wrong("value", "it is nested too deeply", "", 0, at)
        if isinstance(value, dict):
            made = {name: self._value(part, context, [*at, name], kind) for name, part in value.items()}
            return {name: part for name, part in made.items() if part is not OMIT}
        if isinstance(value, list):
            items = [self._value(part, context, [*at, index], kind) for index, part in enumerate(value)]
            return [item for item in items if item is not OMIT]
        if not isinstance(value, str):
            return value
        with self._faults_named("", at):
            plain, call = self._compiled(value, at, kind)
            if plain:
                return value
            found = call(**context)
            if isinstance(found, jinja2.Undefined):
                str(found)
            if found is OMIT and at not in (["value"], ["key"]):
                return OMIT
            return to_json(found)

    def _compiled(self, text: str, at: list[Any], kind: str | None) -> tuple[bool, Any]:
        """Whether a text has nothing to render, and what renders it."""
        known = self.expressions.get(text)
        if known is None:
            tree = self.sandbox.parse(text)
            self._refuse_secrets(tree, kind, "", at)
            if all(isinstance(node, nodes.Output) and _is_data(node) for node in tree.body):
                known = (True, None)
            elif _is_one(tree) and (inner := _inner(text)) is not None:
                known = (False, self._expression(inner, at, kind))
            else:
                known = (False, self.sandbox.from_string(text).render)
            if len(self.expressions) < 1_000:
                self.expressions[text] = known
        return known

    def _expression(self, text: str, at: list[Any], kind: str | None) -> Any:
        key = f"\0{text}"
        if key not in self.expressions:
            with self._faults_named("", at):
                tree = self.sandbox.parse("{{ " + text + " }}")
                self._refuse_secrets(tree, kind, "", at)
                self.expressions[key] = self.sandbox.compile_expression(text, undefined_to_none=False)
        return self.expressions[key]

    @contextlib.contextmanager
    def _faults_named(self, template: str, at: list[Any]) -> Any:
        """Whatever goes wrong inside is an answer."""
        try:
            yield
        except Wrong:
            raise
        except jinja2.TemplateSyntaxError as error:
            name = error.name or template
            message = _sentence(error.message) + self._meant(error.message or "")
            raise Wrong("syntax", message, name, error.lineno, at) from None
        except jinja2.TemplateNotFound as error:
            raise Wrong(
                "missing", str(error.name or error), template, _line(error, template)[1], at
            ) from None
        except jinja2.UndefinedError as error:
            raise self._wrong("undefined", _sentence(error.message), error, template, at) from None
        except ReadsSecret as error:
            raise self._wrong("secret", str(error), error, template, at) from None
        except jinja2.exceptions.SecurityError as error:
            raise self._wrong("refused", _sentence(error.message), error, template, at) from None
        except (TooMuch, NoJson) as error:
            raise self._wrong("limit", str(error), error, template, at) from None
        except RecursionError as error:
            raise self._wrong(
                "limit", "it calls or includes itself without an end", error, template, at
            ) from None
        except MemoryError as error:
            raise self._wrong("limit", "it takes too much memory", error, template, at) from None
        except Exception as error:
            what = _sentence(str(error)) or type(error).__name__
            raise self._wrong("failed", what, error, template, at) from None

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
    serve(memory, _Jobs().run)
