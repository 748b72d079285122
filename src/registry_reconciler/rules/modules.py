"""Modules: their types, places, maturity and interfaces fit together (MOD)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from registry_reconciler.model.entry import FieldPath, Json, Place
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.disk import absence, kind_at, normal
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.shapes import part, place_of, related, text, texts, words

GONE = ("SUNSET", "REMOVED")
"""The lifecycles of an interface that is on its way out together with its module."""


class Flows(Struct, frozen=True):
    """Which types may call which: ``calls`` from the caller's side, ``called`` from the called one's."""

    calls: Mapping[str, frozenset[str]]
    called: Mapping[str, frozenset[str]]

    def allowed(self, caller: str, called: str) -> bool:
        """Whether either side says so. That both must is MOD001, said once and not of every dependency."""
        return called in self.calls.get(caller, ()) or caller in self.called.get(called, ())


def flows(entry_set: EntrySet) -> Flows:
    """The graph of allowed flows between types."""
    return entry_set.memo(_flows)


def _flows(entry_set: EntrySet) -> Flows:
    types = entry_set.acting("module_type")
    return Flows(
        {item.key: frozenset(words(item.value, "outbound")) for item in types},
        {item.key: frozenset(words(item.value, "inbound")) for item in types},
    )


def deprecated_modules(entry_set: EntrySet) -> frozenset[str]:
    """The ids of modules that are deprecated, by their status or by their maturity."""
    return entry_set.memo(_deprecated_modules)


def _deprecated_modules(entry_set: EntrySet) -> frozenset[str]:
    by_status = {
        item.key for item in entry_set.acting("module_instance") if entry_set.status(item) == "deprecated"
    }
    by_maturity = {
        item.key
        for item in entry_set.acting("module_maturity")
        if text(item.value, "maturity") == "DEPRECATED"
    }
    return frozenset(by_status | by_maturity)


def _one_sided(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting("module_type"):
        for here, there in (("outbound", "inbound"), ("inbound", "outbound")):
            for path, key in texts(item.value, here):
                other = entry_set.as_role("module_type", key)
                if other is not None and item.key not in words(other.value, there):
                    yield Finding(
                        item,
                        f"{item.key} lists {key} under {here}; {key} does not list {item.key} under {there}.",
                        path,
                        related=(related(other, f"lacks {item.key} under {there}", (there,)),),
                        extra=key,
                        others=(other,),
                        replacements=_told_there(other, there, item.key),
                    )


MOD001 = Rule(
    "MOD001",
    "A flow between types is told by one side only",
    Severity.ERROR,
    check=_one_sided,
    needs=("module_type",),
    relations=(
        Relation("module and type", "the flows of a type change", "the flows of the type at the other end"),
    ),
)


def _told_there(other: Entry, field: str, key: str) -> tuple[tuple[Place, Json], ...]:
    """The patch that tells the flow on its other side as well, where that has a list to put it in."""
    listed = part(other.value, field)
    return ((place_of(other, (field,)), [*listed, key]),) if isinstance(listed, list) else ()


def _may_call(entry_set: EntrySet, caller: Entry, called: Entry) -> str:
    """Why a module may not call another, or ""; a type that is not there is a dangling reference already."""
    types = text(caller.value, "module_type"), text(called.value, "module_type")
    if any(entry_set.as_role("module_type", type_) is None for type_ in types) or flows(entry_set).allowed(
        *types
    ):
        return ""
    return f"{caller.key} is of type {types[0]}, which may not call {types[1]}, the type of {called.key}."


def _flow(caller: Entry, called: Entry) -> str:
    """The one cause of all calls between modules of two types that the graph does not allow."""
    return f"no flow {text(caller.value, 'module_type')} {text(called.value, 'module_type')}"


def _dependencies(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting("module_instance"):
        for path, key in texts(item.value, "dependencies", "modules"):
            other = entry_set.as_role("module_instance", key)
            why = _may_call(entry_set, item, other) if other is not None else ""
            if other is not None and why:
                yield Finding(
                    item,
                    why,
                    path,
                    related=(related(other, "called"),),
                    extra=key,
                    others=(other,),
                    cause=_flow(item, other),
                )


MOD002 = Rule(
    "MOD002",
    "A dependency goes against the type graph",
    Severity.ERROR,
    check=_dependencies,
    needs=("module_type", "module_instance"),
    relations=(
        Relation("module and module", "dependencies of a module change", "that the type graph allows them"),
        Relation(
            "module and type", "the flows of a type change", "the dependencies of modules of both types"
        ),
    ),
)


def _consumers(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting("module_interface"):
        owner = entry_set.as_role("module_instance", text(item.value, "module_id"))
        for path, key in texts(item.value, "consumers") if owner is not None else ():
            consumer = entry_set.as_role("module_instance", key)
            why = _may_call(entry_set, consumer, owner) if consumer is not None and owner is not None else ""
            if consumer is not None and owner is not None and why:
                yield Finding(
                    item,
                    why,
                    path,
                    related=(related(consumer, "the consumer"),),
                    extra=key,
                    cause=_flow(consumer, owner),
                )


MOD008 = Rule(
    "MOD008",
    "A consumer goes against the type graph",
    Severity.ERROR,
    check=_consumers,
    needs=("module_interface", "module_instance", "module_type"),
    relations=(
        Relation(
            "interface and module",
            "the consumers of an interface change",
            "that the type graph allows them",
        ),
    ),
)


def _paths(entry_set: EntrySet) -> Iterator[tuple[Entry, str]]:
    for item in entry_set.acting("module_instance"):
        path = text(item.value, "path")
        if path:
            yield item, path


def _path_missing(entry_set: EntrySet) -> Iterator[Finding]:
    for item, path in _paths(entry_set):
        # What is planned has no code yet.
        if entry_set.status(item) != "planned" and kind_at(entry_set, path) in ("absent", "other"):
            message, cause = absence(entry_set, "file or folder", path)
            yield Finding(item, message, ("path",), extra=path, cause=cause)


MOD003 = Rule(
    "MOD003",
    "The module's path does not exist",
    Severity.ERROR,
    check=_path_missing,
    needs=("module_instance",),
    relations=(Relation("module and disk", "a module's folder moves", "the `path` of the module"),),
)


def _path_outside(entry_set: EntrySet) -> Iterator[Finding]:
    for item, path in _paths(entry_set):
        if kind_at(entry_set, path) == "outside":
            yield Finding(item, f"{path!r} leads out of the workspace.", ("path",), extra=path)


MOD004 = Rule(
    "MOD004",
    "The module's path leaves the workspace",
    Severity.ERROR,
    check=_path_outside,
    needs=("module_instance",),
)


def _path_shared(entry_set: EntrySet) -> Iterator[Finding]:
    kinds = [entry_set.kinds[name] for name in entry_set.kinds_of("module_instance")]
    declared = any(
        [selector.text for selector in group] == ["path"] for kind in kinds for group in kind.unique
    )
    first_of: dict[str, tuple[Entry, str]] = {}
    for item, path in _paths(entry_set):
        first, first_path = first_of.setdefault(normal(path), (item, path))
        # Equal texts are UNQ001 where the kind declares the field unique.
        if first is not item and not (declared and first_path == path):
            yield Finding(
                item,
                f"{path!r} is the path of {first.address} as well.",
                ("path",),
                related=(related(first, "the other module", ("path",)),),
                extra=normal(path),
                others=(first,),
            )


MOD005 = Rule(
    "MOD005",
    "Two modules own one path",
    Severity.ERROR,
    check=_path_shared,
    needs=("module_instance",),
)


def _no_maturity(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting("module_instance"):
        if entry_set.as_role("module_maturity", item.key) is None and not entry_set.role_maybe_hidden(
            "module_maturity", item.key
        ):
            yield Finding(item, f"There is no module_maturity entry for {item.key!r}.", _key(entry_set, item))


MOD006 = Rule(
    "MOD006",
    "A module has no maturity",
    Severity.WARNING,
    check=_no_maturity,
    needs=("module_instance", "module_maturity"),
    relations=(Relation("maturity and module", "a module is added", "that it has a maturity"),),
)


def _key(entry_set: EntrySet, item: Entry) -> FieldPath:
    return next((path for path, _ in entry_set.kinds[item.kind].key[0].find(item.value)), ())


def of_deprecated(entry_set: EntrySet, role: str) -> Iterator[Finding]:
    """The entries of a role that are not deprecated although the module that they name is."""
    gone = deprecated_modules(entry_set)
    for item in entry_set.acting(role):
        module = text(item.value, "module_id")
        if module in gone and entry_set.status(item) != "deprecated":
            owner = entry_set.as_role("module_instance", module)
            yield Finding(
                item,
                f"Its module, {module}, is deprecated.",
                ("module_id",),
                related=(related(owner, "the deprecated module"),) if owner is not None else (),
                extra=module,
                others=(owner,) if owner is not None else (),
            )


def _interface_of_deprecated(entry_set: EntrySet) -> Iterator[Finding]:
    for finding in of_deprecated(entry_set, "module_interface"):
        if finding.item is not None and text(finding.item.value, "lifecycle") not in GONE:
            yield finding


MOD007 = Rule(
    "MOD007",
    "An interface belongs to a deprecated module",
    Severity.WARNING,
    check=_interface_of_deprecated,
    needs=("module_interface", "module_instance"),
    relations=(
        Relation("interface and module", "a module is deprecated", "the lifecycle of its interfaces"),
    ),
)


def _released_early(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting("module_interface"):
        if text(item.value, "lifecycle") != "RELEASED":
            continue
        maturity = entry_set.as_role("module_maturity", text(item.value, "module_id"))
        word = text(maturity.value, "maturity") if maturity is not None else ""
        # Of a deprecated module speaks MOD007, of a module without maturity MOD006.
        if maturity is not None and word not in ("READY_FOR_RELEASE", "DEPRECATED"):
            yield Finding(
                item,
                f"Released, and its module is {word or 'of no maturity'}: it needs READY_FOR_RELEASE.",
                ("lifecycle",),
                related=(related(maturity, "the maturity of its module", ("maturity",)),),
                extra=maturity.key,
                others=(maturity,),
            )


MOD009 = Rule(
    "MOD009",
    "An interface is released before its module is ready",
    Severity.ERROR,
    check=_released_early,
    needs=("module_interface", "module_maturity"),
    relations=(
        Relation("maturity and module", "a module's maturity is lowered", "its released interfaces"),
        Relation("interface and module", "a lifecycle becomes RELEASED", "the maturity of the module"),
    ),
)


RULES = (
    MOD001,
    MOD002,
    MOD003,
    MOD004,
    MOD005,
    MOD006,
    MOD007,
    MOD008,
    MOD009,
)
