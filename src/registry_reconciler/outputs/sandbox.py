"""Jinja2 as templates of a workspace get it: immutable, strict about names, with an allow-list, and counted.

Jinja2's own sandbox guards attributes and bounds no step: ``'x' * 10**9``, ``'%1000000000d'``, ``center`` take all
memory there is. So nothing is here that is not named here, and what can grow is measured before it does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, count
from typing import Any

from jinja2 import nodes
from jinja2.environment import Template, TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.filters import make_attrgetter
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace, consume
from jinja2.visitor import NodeTransformer

from registry_reconciler.base.mask import MASK
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.outputs.allowed import FILTERS, METHODS, NUMBERED, OF_TEXT, PARAMETERS, TESTS
from registry_reconciler.outputs.data import OMIT, RESERVED, Entries, Entry, EntryList, Path, all_kinds
from registry_reconciler.outputs.limits import (
    MOST_NUMBER,
    MOST_PARTS,
    MOST_STEPS,
    MOST_TEXT,
    Meter,
    ReadsSecret,
    TooMuch,
    measure,
    measure_operation,
    measure_replace,
    require_short,
    sized,
    steps_of_wrapping,
    too_long,
)
from registry_reconciler.outputs.template_loader import Loader
from registry_reconciler.outputs.values import NoJson, to_json


class Named(StrictUndefined):
    """What is not there; using it says what was probably meant."""

    __slots__ = ()
    known: tuple[str, ...] = ()
    here: Mapping[str, Any] = {}
    """The names of the entry that is looked at."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return str(self._undefined_hint)
        name = str(self._undefined_name)
        if name in self.known and "entry" in self.here:
            return no_field(self.here["entry"], name)
        known = dict.fromkeys((*self.known, *self.here))
        return f"{name!r} is undefined.{did_you_mean(name, known)}"


def no_field(entry: Entry, name: str) -> str:
    """That an entry has no field, which others have."""
    return f"{entry.address} has no field {name!r}; write {name} | default(…) where it may be missing"


class Counting(NodeTransformer):
    """Puts the counting of turns into every loop, and looks at the length of what ``~`` puts together."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """Each turn is a step."""
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "_counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        """The texts are measured before they become one."""
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, "_concat", [], [], None, None, lineno=node.lineno)


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of all templates of one run."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def __init__(self, loader: Loader, entries: Entries) -> None:
        super().__init__(
            loader=loader,
            undefined=Named,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            finalize=self.shown,
            cache_size=200,
            auto_reload=False,
        )
        self.meter = Meter()
        self.fields: Mapping[str, tuple[str, ...]] = {}
        self.position: Callable[[str], int] = lambda _address: 0
        self.filters = {name: self._guarded(name, self.filters[name]) for name in sorted(FILTERS)}
        self.filters["tojson"] = self._tojson
        self.filters["sum"] = self._sum
        self.filters["aligned"] = self._aligned
        self.filters["_counted"] = self._counted
        self.filters["_concat"] = self._concat
        self.tests = {name: self.tests[name] for name in sorted(TESTS)}
        self.globals = {
            "entries": entries,
            "omit": OMIT,
            "range": self._range,
            "dict": dict,
            "namespace": Namespace,
            "cycler": Cycler,
            "joiner": Joiner,
        }

    # Compiling

    def _generate(self, source: nodes.Template, *args: Any, **more: Any) -> str:
        Counting().visit(source)
        return super()._generate(source, *args, **more)

    def names(self, names: dict[str, Any]) -> Context:
        """What expressions and texts may use: made once for all parts of an item."""
        return Context(self, names, None, {})

    def value_of(self, text: str) -> Callable[[Context], Any]:
        """What gives the value of an expression, from the names that it may use, those of all templates among them."""
        root = self.compile_expression(text, undefined_to_none=False)._template.root_render_func

        def evaluated(context: Context) -> Any:
            try:
                consume(root(context))
                return context.vars["result"]
            finally:
                _forget_own(context)

        return evaluated

    def text_of(self, template: Template) -> Callable[[Context], str]:
        """What gives the text of a template, as :meth:`value_of` does."""

        def rendered(context: Context) -> str:
            context.blocks = {name: [block] for name, block in template.blocks.items()}
            try:
                return self.concat(template.root_render_func(context))
            except Exception:
                return self.handle_exception()
            finally:
                context.blocks = {}
                _forget_own(context)

        return rendered

    def parts_of(self, template: Template) -> Iterator[str]:
        """The text of a template, part by part."""
        try:
            yield from template.root_render_func(template.new_context())
        except Exception:
            self.handle_exception()

    # What can be reached

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``: what stands in the data comes before what Python has."""
        if obj.__class__ is not Entry:
            return self._get(obj, attribute)
        if attribute == "key":
            value: Any = obj.key
        elif attribute not in RESERVED and attribute in obj.values:
            value = obj.values[attribute]
        else:
            return self._get(obj, attribute)
        meter = self.meter
        meter.steps += 1  # to call for each step takes as long as all the rest
        if meter.steps > MOST_STEPS:
            meter.tick(0)
        if value.__class__ is str and value == MASK:
            _open(value)
        return value

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``."""
        if isinstance(obj, EntryList) and isinstance(argument, str):
            self.meter.tick(len(obj))
            found = obj.by_key(argument)
            if found is not None:
                return found
            keys = [entry.key for entry in obj]
            hint = f"there is no entry {obj.kind}/{argument}.{did_you_mean(argument, keys)}"
            return self.undefined(hint=hint, obj=obj, name=argument)
        if isinstance(argument, str):
            return self._get(obj, argument)
        self.meter.tick()
        if isinstance(obj, str | list | tuple | dict):
            try:
                return _open(obj[argument])
            except (LookupError, TypeError, ValueError):
                return self.undefined(hint=f"there is no item {argument!r}", obj=obj, name=argument)
        return self.undefined(obj=obj, name=argument, hint="only lists, mappings and texts have items")

    def _get(self, obj: Any, name: str) -> Any:
        self.meter.tick()
        if isinstance(obj, Undefined):
            str(obj)  # says what is not there
        if isinstance(obj, Entry):
            return _open(obj.lookup(name)) if obj.has(name) else self._no_field(obj, name)
        if isinstance(obj, Entries):
            return obj.of(name) if name in obj else self._no_kind(obj, name)
        if isinstance(obj, dict) and name in obj:
            return _open(obj[name])
        if isinstance(obj, Path) and name in ("file", "position"):
            return str(obj) if name == "file" else self.position(obj.address)
        if isinstance(obj, Namespace | TemplateModule) and not name.startswith("_"):
            try:
                return getattr(obj, name)
            except AttributeError:
                return self.undefined(hint=f"there is no {name!r} in it", obj=obj, name=name)
        if self._is_method(obj, name):
            return getattr(obj, name)
        return self._nothing(obj, name)

    def _nothing(self, obj: Any, name: str) -> Undefined:
        if name.startswith("_") or hasattr(type(obj), name):
            raise SecurityError(f"{name!r} is not open to templates")
        known = [str(item) for item in obj] if isinstance(obj, dict) else []
        return self.undefined(
            hint=f"there is no field {name!r}.{did_you_mean(name, known)}", obj=obj, name=name
        )

    def _no_field(self, entry: Entry, name: str) -> Undefined:
        known = {*entry.values, *self.fields.get(entry.kind, ()), *RESERVED}
        if name in known:
            hint = no_field(entry, name)
        else:
            hint = f"{entry.address} has no field {name!r}.{did_you_mean(name, sorted(known))}"
        return self.undefined(hint=hint, obj=entry, name=name)

    def _no_kind(self, entries: Entries, name: str) -> Undefined:
        hint = f"there is no kind {name!r}.{did_you_mean(name, entries.kinds)}"
        return self.undefined(hint=hint, obj=entries, name=name)

    @staticmethod
    def _is_method(obj: Any, name: str) -> bool:
        return any(name in names for kind, names in METHODS.items() if isinstance(obj, kind))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
        """Asked by Jinja2 itself where it looks something up."""
        return not attr.startswith("_") and (isinstance(obj, Entry) or self._is_method(obj, attr))

    def is_safe_callable(self, obj: Any) -> bool:
        """Only what is given here is called: globals, methods of the list above, macros."""
        if isinstance(obj, Macro | Cycler | Joiner | LoopContext | BlockReference) or obj in (
            dict,
            Namespace,
            Cycler,
            Joiner,
        ):
            return True
        owner = getattr(obj, "__self__", None)
        if owner is self or isinstance(owner, LoopContext):
            return True
        return self._is_method(owner, getattr(obj, "__name__", ""))

    # What is counted and measured

    def call(self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Every call of a template."""
        self.meter.tick()
        name = getattr(__obj, "__name__", "")
        owner = getattr(__obj, "__self__", None)
        if name == "replace" and isinstance(owner, str):
            measure_replace(owner, *args[:2])
        if isinstance(owner, str | list | tuple):
            self.meter.tick(len(owner) // 1000)
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Every ``+``, ``*`` and the like."""
        self.meter.tick()
        for item in (left, right):
            if isinstance(item, Undefined):
                str(item)  # says what is not there
        if operator == "%" and isinstance(left, str):
            raise SecurityError("'%' does not format here: put texts together with ~")
        measure_operation(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def shown(self, value: Any) -> Any:
        """What becomes of a value in text."""
        meter = self.meter
        meter.steps += 1
        if meter.steps > MOST_STEPS:
            meter.tick(0)
        if isinstance(value, str):
            if value == MASK:
                _open(value)
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Undefined | int | float):
            return value
        if value is None:
            return ""
        if value is OMIT:
            raise TooMuch("'omit' only leaves out the field of an item, and is no text")
        return self.text(value)

    def text(self, value: Any) -> str:
        """The text of any value, measured."""
        if isinstance(value, Undefined | Entry):
            return str(value)
        if isinstance(value, list | tuple | dict):
            measure(value)
            return _json(to_json(value))
        if isinstance(value, str | int | float):
            return str(value)
        if isinstance(value, Entries):
            raise NoJson(all_kinds(value.kinds))
        raise SecurityError(f"a {type(value).__name__.lower()} has no text")

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        if isinstance(items, Undefined):
            str(items)
        if isinstance(items, list | tuple | dict | str) and len(items) == 0:
            return iter(())
        return self._ticking(items)

    def _ticking(self, items: Iterable[Any]) -> Iterator[Any]:
        if items.__class__ is EntryList:
            meter = self.meter
            for item in items:
                meter.steps += 1
                if meter.steps > MOST_STEPS:
                    meter.tick(0)
                yield item
            return
        for item in items:
            self.meter.tick()
            yield _open(item)

    def _concat(self, parts: list[Any]) -> str:
        texts = [str(self.shown(part)) for part in parts]
        if sum(map(len, texts)) > MOST_TEXT:
            raise too_long()
        return "".join(texts)

    def _tojson(self, value: Any, indent: int | None = None) -> str:
        """JSON as it stands in files: Jinja2's own is for pages in a browser."""
        self._look("tojson", value, {"indent": indent or 0})
        if isinstance(value, Undefined):
            str(value)
        found = to_json(value)
        measure(found)
        return sized(json.dumps(found, ensure_ascii=False, indent=indent))

    def _aligned(self, value: Any) -> str:
        """Markdown tables with padded cells."""
        from registry_reconciler.outputs.aligned import aligned

        text = sized(str(self.shown(value)))
        self.meter.tick(1 + text.count("\n") + text.count("|"))
        return sized(aligned(text))

    def _sum(self, items: Iterable[Any], attribute: str | int | None = None, start: Any = 0) -> Any:
        """Numbers, or lists behind each other: those become one list, where Python would make one for each."""
        if not isinstance(start, int | float | list):
            raise TypeError(f"sum() begins with a number or a list, not with a {type(start).__name__}")
        found: Any = list(start) if isinstance(start, list) else start
        read = make_attrgetter(self, attribute) if attribute is not None else None
        for item in self._counted(items):
            part = read(item) if read is not None else item
            if isinstance(found, list):
                if not isinstance(part, list):
                    raise TypeError(f"sum() puts lists together, and gets a {type(part).__name__}")
                self.meter.tick(1 + len(part) // 100)
                if len(found) + len(part) > MOST_PARTS:
                    raise TooMuch(f"it puts together a list of more than {MOST_PARTS:,} items")
                found.extend(part)
            else:
                if isinstance(part, Undefined):
                    str(part)
                found += part
        return found

    def _range(self, *bounds: int) -> range:
        found = range(*bounds)
        if len(found) > 100_000:
            raise TooMuch("range() gives at most 100,000 numbers")
        return found

    def _guarded(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        """A filter that is counted, and whose arguments are looked at."""

        def filtered(*args: Any, **kwargs: Any) -> Any:
            skip = 1 if getattr(original, "jinja_pass_arg", None) is not None else 0
            value = args[skip] if len(args) > skip else None
            positional = zip(chain(PARAMETERS.get(name, ()), count()), args[skip + 1 :], strict=False)
            self._look(name, value, {**dict(positional), **kwargs})
            found = original(*args, **kwargs)
            return sized(found) if isinstance(found, str) else found

        passed = getattr(original, "jinja_pass_arg", None)
        if passed is not None:
            filtered.jinja_pass_arg = passed  # type: ignore[attr-defined]
        return filtered

    def _look(self, name: str, value: Any, given: Mapping[Any, Any]) -> None:
        self.meter.tick(1 + (len(value) // 100 if isinstance(value, str | list | tuple | dict) else 0))
        if name in NUMBERED:
            for item in given.values():
                if isinstance(item, int | float) and abs(item) > MOST_NUMBER:
                    raise TooMuch(f"{name} takes no number above {MOST_NUMBER:,}")
        textual = name in OF_TEXT or (name in ("replace", "indent", "join") and not isinstance(value, str))
        if textual and isinstance(value, list | tuple | dict | str):
            measure(value)
        if name == "wordwrap" and isinstance(width := given.get("width"), int):
            self.meter.tick(steps_of_wrapping(str(value), width))
        elif name == "replace":
            measure_replace(str(value), given.get("old"), given.get("new"))
        elif name == "indent" and isinstance(width := given.get("width"), int | str):
            require_short(str(value).count("\n") * (len(width) if isinstance(width, str) else width))
        elif name == "join" and isinstance(between := given.get("d"), str) and hasattr(value, "__len__"):
            require_short(len(value) * len(between))


def _forget_own(context: Context) -> None:
    """No part of an item sees what another one set."""
    context.vars.clear()
    context.exported_vars.clear()


def _open(value: Any) -> Any:
    if value.__class__ is str and value == MASK:
        raise ReadsSecret("it reads a secret field")
    return value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
