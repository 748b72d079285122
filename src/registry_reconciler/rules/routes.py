"""Routes: who asks about a topic is led to one place, and what stands there exists (RTE)."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from functools import partial

from registry_reconciler.base.globs import Glob, is_wild
from registry_reconciler.files.tree import find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.entry import FieldPath, Place
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.disk import absence, kind_at, normal
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.modules import of_deprecated
from registry_reconciler.rules.references import is_active
from registry_reconciler.rules.shapes import listing, part, related, text, texts, words

STAGES = ("understand", "plan", "act", "review")
"""The stages of work, where the workspace's configuration declares no others."""

DOCUMENTS = "docs/**/*.md"
"""What counts as a document that some route should lead to."""

COMPARED = 16
"""With how many earlier routes of the same scope and topic a route is compared: keeps the rule linear."""

ABILITIES = ("ability_low", "ability_high")


def _overlaps(entry_set: EntrySet) -> list[tuple[Entry, Entry]]:
    return list(_find_overlaps(entry_set))


def _find_overlaps(entry_set: EntrySet) -> Iterator[tuple[Entry, Entry]]:
    """Pairs of routes that answer for one topic in overlapping scopes; the later address first."""
    topics: dict[str, dict[str, list[Entry]]] = {}
    for item in entry_set.acting("route"):
        scope, topic = text(item.value, "scope"), text(item.value, "topic")
        if scope and topic:
            topics.setdefault(topic, {}).setdefault(scope, []).append(item)
    for scopes in topics.values():
        for group in scopes.values():
            for index, item in enumerate(group):
                yield from ((item, other) for other in group[: min(index, COMPARED)])
        if len(scopes) > 1:
            yield from _contained(scopes)


def _contained(scopes: dict[str, list[Entry]]) -> Iterator[tuple[Entry, Entry]]:
    ordered = sorted(scopes)
    seen: set[frozenset[str]] = set()
    for pattern in ordered:
        for scope in _inside(pattern, ordered) if is_wild(pattern) else ():
            pair = frozenset((pattern, scope))
            if pair not in seen:
                seen.add(pair)
                for item in scopes[scope]:
                    for other in scopes[pattern][:COMPARED]:
                        yield (item, other) if item.address > other.address else (other, item)


def _inside(pattern: str, ordered: Sequence[str]) -> Iterator[str]:
    """The scopes that lie in another's glob; only those that share its beginning are looked at."""
    glob = Glob(pattern)
    beginning = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    for scope in ordered[bisect.bisect_left(ordered, beginning) :]:
        if not scope.startswith(beginning):
            break
        if scope != pattern and glob.matches(scope):
            yield scope


def _overlap(entry_set: EntrySet, same_owner: bool) -> Iterator[Finding]:
    for item, other in entry_set.memo(_overlaps):
        owner, other_owner = text(item.value, "module_id"), text(other.value, "module_id")
        if (owner == other_owner) is not same_owner:
            continue
        scope, other_scope = text(item.value, "scope"), text(other.value, "scope")
        where = (
            f"in {scope!r}" if scope == other_scope else f"in {scope!r} and {other_scope!r}, which overlap"
        )
        owners = [f"of {module}" if module else "of no module" for module in (owner, other_owner)]
        whose = f"both {owners[0]}" if same_owner else " and ".join(owners)
        yield Finding(
            item,
            f"{item.key} and {other.key}, {whose}, both answer for {text(item.value, 'topic')!r} {where}.",
            ("topic",),
            related=(related(other, "the other route", ("topic",)),),
            extra=other.address,
            others=(other,),
            cause=f"overlap {text(item.value, 'topic')} {where}",
        )


def _different_owners(entry_set: EntrySet) -> Iterator[Finding]:
    return _overlap(entry_set, same_owner=False)


RTE004 = Rule(
    "RTE004",
    "Routes of two owners overlap",
    Severity.ERROR,
    check=_different_owners,
    needs=("route",),
    relations=(
        Relation(
            "route and module",
            "a route gets another scope, topic or owner",
            "the routes of other modules",
        ),
    ),
)


def _same_owner(entry_set: EntrySet) -> Iterator[Finding]:
    return _overlap(entry_set, same_owner=True)


RTE005 = Rule(
    "RTE005",
    "Routes of one owner overlap",
    Severity.WARNING,
    check=_same_owner,
    needs=("route",),
)


def _empty_when(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting("route"):
        if not any(word.strip() for word in words(item.value, "when_to_use")):
            yield Finding(item, f"{item.key} does not say when to use it.", ("when_to_use",))


RTE001 = Rule(
    "RTE001",
    "A route does not say when to use it",
    Severity.ERROR,
    check=_empty_when,
    needs=("route",),
)


def _documents(entry_set: EntrySet) -> list[tuple[Entry, FieldPath, str]]:
    """Every related document: the route, the field, the path that it says."""
    found: list[tuple[Entry, FieldPath, str]] = []
    for item in entry_set.acting("route"):
        docs = part(item.value, "related_docs")
        for index, doc in enumerate(docs) if isinstance(docs, list) else ():
            path = text(doc, "path")
            if path:
                found.append((item, ("related_docs", index, "path"), path))
    return found


def _document_at(entry_set: EntrySet, path: str) -> str:
    """What stands at a document's path; ``guide.md#section`` means a place in ``guide.md``."""
    found = kind_at(entry_set, path)
    if found == "absent" and "#" in path:
        return kind_at(entry_set, path.partition("#")[0])
    return found


def _document_missing(entry_set: EntrySet) -> Iterator[Finding]:
    for item, path, document in entry_set.memo(_documents):
        if _document_at(entry_set, document) in ("absent", "other"):
            message, cause = absence(entry_set, "document", document)
            yield Finding(item, message, path, extra=document, cause=cause)


RTE002 = Rule(
    "RTE002",
    "A related document does not exist",
    Severity.ERROR,
    check=_document_missing,
    needs=("route",),
    relations=(Relation("route and document", "a document moves or goes", "the `related_docs` of routes"),),
)


def _document_outside(entry_set: EntrySet) -> Iterator[Finding]:
    for item, path, document in entry_set.memo(_documents):
        if _document_at(entry_set, document) == "outside":
            yield Finding(item, f"{document!r} leads out of the workspace.", path, extra=document)


RTE003 = Rule(
    "RTE003",
    "A related document lies outside the workspace",
    Severity.ERROR,
    check=_document_outside,
    needs=("route",),
)


RTE006 = Rule(
    "RTE006",
    "A route belongs to a deprecated module",
    Severity.WARNING,
    check=partial(of_deprecated, role="route"),
    needs=("route", "module_instance"),
    relations=(Relation("route and module", "a module is deprecated", "the routes that it owns"),),
)


def _not_allowed(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting("route"):
        owner = text(item.value, "module_id")
        for path, key in texts(item.value, "ability_ids"):
            ability = entry_set.resolve(entry_set.kinds_of(*ABILITIES), key)
            modules = words(ability.value, "module_ids") if ability is not None else []
            # An ability that names no module belongs to all of them.
            if ability is not None and modules and owner not in modules:
                yield Finding(
                    item,
                    f"{owner} owns the route, and {ability.key} is for {listing(modules)} only.",
                    path,
                    related=(related(ability, "the ability", ("module_ids",)),),
                    extra=ability.address,
                    others=(ability,),
                )


RTE007 = Rule(
    "RTE007",
    "A route offers an ability that its owner may not call",
    Severity.ERROR,
    check=_not_allowed,
    needs=("route",),
    relations=(
        Relation(
            "route and ability",
            "the `module_ids` of an ability change",
            "the owners of routes that offer it",
        ),
        Relation("route and module", "a route gets another owner", "that the owner may call its abilities"),
    ),
)


def _unrouted_documents(entry_set: EntrySet) -> Iterator[Finding]:
    routed = {normal(path.partition("#")[0]) for _, _, path in entry_set.memo(_documents)}
    if not routed or entry_set.role_hidden("route"):
        return
    try:
        documents = list(find(entry_set.tree, DOCUMENTS))
    except UnreadablePath as fault:
        message = f"Whether routes lead to all of {DOCUMENTS} cannot be told: {fault}."
        yield Finding(None, message, place=Place(DOCUMENTS))
        return
    for path in documents:
        parents = (path.rsplit("/", depth)[0] for depth in range(path.count("/") + 1))
        if not any(parent in routed for parent in parents) and not entry_set.role_maybe_hidden("route", path):
            yield Finding(None, f"No route leads to {path}.", place=Place(path), cause="unrouted documents")


RTE008 = Rule(
    "RTE008",
    "No route leads to a document",
    Severity.RECORD,
    check=_unrouted_documents,
    needs=("route",),
    relations=(Relation("route and document", "a document is added", "that a route leads to it"),),
)


def _unrouted_modules(entry_set: EntrySet) -> Iterator[Finding]:
    if entry_set.role_hidden("route"):
        return
    routed = {text(item.value, "module_id") for item in entry_set.acting("route")}
    for item in entry_set.acting("module_instance"):
        if (
            item.key not in routed
            and is_active(entry_set, item)
            and not entry_set.role_maybe_hidden("route", item.key)
        ):
            yield Finding(item, f"No route belongs to {item.key}.")


RTE009 = Rule(
    "RTE009",
    "An active module has no route",
    Severity.RECORD,
    check=_unrouted_modules,
    needs=("route", "module_instance"),
    relations=(Relation("route and module", "a module becomes active", "that it has a route"),),
)


def _unknown_stage(entry_set: EntrySet) -> Iterator[Finding]:
    stages = entry_set.config.stages if entry_set.config.stages is not None else STAGES
    for item in entry_set.acting("route"):
        docs = part(item.value, "related_docs")
        for index, doc in enumerate(docs) if isinstance(docs, list) else ():
            stage = text(doc, "stage")
            if stage and stage not in stages:
                yield Finding(
                    item,
                    f"{stage!r} is no stage; there are {listing(list(stages))}.",
                    ("related_docs", index, "stage"),
                    extra=stage,
                )


RTE010 = Rule(
    "RTE010",
    "A related document has an unknown stage",
    Severity.ERROR,
    check=_unknown_stage,
    needs=("route",),
)


RULES = (
    RTE001,
    RTE002,
    RTE003,
    RTE004,
    RTE005,
    RTE006,
    RTE007,
    RTE008,
    RTE009,
    RTE010,
)
