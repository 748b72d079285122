"""Routes: who asks about a topic is led to one place, and what stands there exists (RTE)."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence

from registry_reconciler.globs import Glob, is_wild
from registry_reconciler.model import FieldPath, Place
from registry_reconciler.problems import Severity
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.disk import kind_at, normal
from registry_reconciler.rules.modules import deprecated_modules
from registry_reconciler.rules.references import is_active
from registry_reconciler.rules.shapes import listing, part, related, text, texts, words
from registry_reconciler.tree import Unreadable, find
from registry_reconciler.world import Item, World

STAGES = ("understand", "plan", "act", "review")
"""The stages of work, where the workspace's configuration declares no others."""

DOCUMENTS = "docs/**/*.md"
"""What counts as a document that some route should lead to."""

COMPARED = 16
"""With how many earlier routes of the same scope and topic a route is compared: keeps the rule linear."""

ABILITIES = ("ability_low", "ability_high")


def _overlaps(world: World) -> list[tuple[Item, Item]]:
    return list(_find_overlaps(world))


def _find_overlaps(world: World) -> Iterator[tuple[Item, Item]]:
    """Pairs of routes that answer for one topic in overlapping scopes; the later address first."""
    topics: dict[str, dict[str, list[Item]]] = {}
    for item in world.of("route"):
        scope, topic = text(item.value, "scope"), text(item.value, "topic")
        if scope and topic:
            topics.setdefault(topic, {}).setdefault(scope, []).append(item)
    for scopes in topics.values():
        for group in scopes.values():
            for index, item in enumerate(group):
                yield from ((item, other) for other in group[: min(index, COMPARED)])
        if len(scopes) > 1:
            yield from _contained(scopes)


def _contained(scopes: dict[str, list[Item]]) -> Iterator[tuple[Item, Item]]:
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


def _overlap(world: World, same_owner: bool) -> Iterator[Finding]:
    for item, other in world.memo(_overlaps):
        owner, other_owner = text(item.value, "module_id"), text(other.value, "module_id")
        if (owner == other_owner) is not same_owner:
            continue
        scope, other_scope = text(item.value, "scope"), text(other.value, "scope")
        where = (
            f"in {scope!r}" if scope == other_scope else f"in {scope!r} and {other_scope!r}, which overlap"
        )
        whose = f"both of {owner}" if same_owner else f"of {owner} and of {other_owner}"
        yield Finding(
            item,
            f"{item.key} and {other.key}, {whose}, both answer for {text(item.value, 'topic')!r} {where}.",
            ("topic",),
            related=(related(other, "the other route", ("topic",)),),
            extra=other.address,
            others=(other,),
        )


def _different_owners(world: World) -> Iterator[Finding]:
    return _overlap(world, same_owner=False)


def _same_owner(world: World) -> Iterator[Finding]:
    return _overlap(world, same_owner=True)


def _empty_when(world: World) -> Iterator[Finding]:
    for item in world.of("route"):
        if not any(one.strip() for one in words(item.value, "when_to_use")):
            yield Finding(item, f"{item.key} does not say when to use it.", ("when_to_use",))


def _documents(world: World) -> list[tuple[Item, FieldPath, str]]:
    """Every related document: the route, the field, the path that it says."""
    found: list[tuple[Item, FieldPath, str]] = []
    for item in world.of("route"):
        docs = part(item.value, "related_docs")
        for index, doc in enumerate(docs) if isinstance(docs, list) else ():
            path = text(doc, "path")
            if path:
                found.append((item, ("related_docs", index, "path"), path))
    return found


def _document_at(world: World, path: str) -> str:
    """What stands at a document's path; ``guide.md#section`` means a place in ``guide.md``."""
    found = kind_at(world, path)
    if found == "absent" and "#" in path:
        return kind_at(world, path.partition("#")[0])
    return found


def _document_missing(world: World) -> Iterator[Finding]:
    for item, path, document in world.memo(_documents):
        if _document_at(world, document) in ("absent", "other"):
            message = f"There is no document {document!r} in the workspace."
            yield Finding(item, message, path, extra=document)


def _document_outside(world: World) -> Iterator[Finding]:
    for item, path, document in world.memo(_documents):
        if _document_at(world, document) == "outside":
            yield Finding(item, f"{document!r} leads out of the workspace.", path, extra=document)


def _of_deprecated(world: World) -> Iterator[Finding]:
    gone = deprecated_modules(world)
    for item in world.of("route"):
        module = text(item.value, "module_id")
        if module in gone and world.status(item) != "deprecated":
            owner = world.get("module_instance", module)
            yield Finding(
                item,
                f"Its module, {module}, is deprecated.",
                ("module_id",),
                related=(related(owner, "the deprecated module"),) if owner is not None else (),
                extra=module,
                others=(owner,) if owner is not None else (),
            )


def _not_allowed(world: World) -> Iterator[Finding]:
    for item in world.of("route"):
        owner = text(item.value, "module_id")
        for path, key in texts(item.value, "ability_ids"):
            ability = world.resolve(ABILITIES, key)
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


def _unrouted_documents(world: World) -> Iterator[Finding]:
    routed = {normal(path.partition("#")[0]) for _, _, path in world.memo(_documents)}
    if not routed or "route" in world.hidden_kinds:
        return
    try:
        documents = list(find(world.tree, DOCUMENTS))
    except Unreadable as fault:
        message = f"Whether routes lead to all of {DOCUMENTS} cannot be told: {fault}."
        yield Finding(None, message, place=Place(DOCUMENTS))
        return
    for path in documents:
        parents = (path.rsplit("/", depth)[0] for depth in range(path.count("/") + 1))
        if not any(one in routed for one in parents) and not world.maybe_hidden(("route",), path):
            yield Finding(None, f"No route leads to {path}.", place=Place(path))


def _unrouted_modules(world: World) -> Iterator[Finding]:
    if "route" in world.hidden_kinds:
        return
    routed = {text(item.value, "module_id") for item in world.of("route")}
    for item in world.of("module_instance"):
        if item.key not in routed and is_active(world, item) and not world.maybe_hidden(("route",), item.key):
            yield Finding(item, f"No route belongs to {item.key}.")


def _unknown_stage(world: World) -> Iterator[Finding]:
    stages = world.config.stages if world.config.stages is not None else STAGES
    for item in world.of("route"):
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


_MODULES = """\
module_instance:
  - {module_id: payments, module_type: web}
  - {module_id: billing, module_type: web}
"""

RULES = (
    Rule(
        code="RTE001",
        title="A route does not say when to use it",
        severity=Severity.ERROR,
        check=_empty_when,
        needs=("route",),
        summary="Every route has a `when_to_use` that is not empty.",
        why="It is what a reader, often an agent, chooses the route by; without it the route is never found.",
        example="""\
route:
  - {id: api.errors, scope: api, topic: errors, module_id: payments, when_to_use: ""}
""",
        use_instead="""\
route:
  - {id: api.errors, scope: api, topic: errors, module_id: payments, when_to_use: A payment fails.}
""",
        fix="Say in which situation a reader should follow the route.",
    ),
    Rule(
        code="RTE002",
        title="A related document does not exist",
        severity=Severity.ERROR,
        check=_document_missing,
        needs=("route",),
        summary="The `path` of every related document is a file or folder of the workspace.",
        why="A route that leads nowhere is worse than none: the reader stops looking.",
        example="""\
route:
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    related_docs: [{path: docs/erors.md}]
""",
        use_instead="""\
route:
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    related_docs: [{path: docs/errors.md}]
""",
        fix="Correct the path, or write the document.",
        relations=(
            Relation("route and document", "a document moves or goes", "the `related_docs` of routes"),
        ),
    ),
    Rule(
        code="RTE003",
        title="A related document lies outside the workspace",
        severity=Severity.ERROR,
        check=_document_outside,
        needs=("route",),
        summary=(
            "The `path` of a related document is relative, uses `/`, and does not lead out of the workspace."
        ),
        why="What lies elsewhere is not there for other readers, and cannot be reviewed with the route.",
        example="""\
route:
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    related_docs: [{path: /srv/wiki/errors.md}]
""",
        use_instead="""\
route:
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    related_docs: [{path: docs/errors.md}]
""",
        fix="Bring the document into the workspace, or point to one there that links to it.",
    ),
    Rule(
        code="RTE004",
        title="Routes of two owners overlap",
        severity=Severity.ERROR,
        check=_different_owners,
        needs=("route",),
        summary=(
            "Routes of different modules do not answer for one topic in the same scope, or in a scope that "
            "lies in the other's glob."
        ),
        why="The reader gets two answers, and neither owner knows that the other answers too.",
        example=_MODULES
        + """\
route:
  - {id: billing.errors, scope: "api.*", topic: errors, module_id: billing, when_to_use: A bill fails.}
  - {id: payments.errors, scope: api.cards, topic: errors, module_id: payments, when_to_use: A payment fails.}
""",
        use_instead=_MODULES
        + """\
route:
  - {id: billing.errors, scope: "bills.*", topic: errors, module_id: billing, when_to_use: A bill fails.}
  - {id: payments.errors, scope: api.cards, topic: errors, module_id: payments, when_to_use: A payment fails.}
""",
        fix="Leave the topic to one owner, or tell the scopes or topics apart.",
        relations=(
            Relation(
                "route and module",
                "a route gets another scope, topic or owner",
                "the routes of other modules",
            ),
        ),
    ),
    Rule(
        code="RTE005",
        title="Routes of one owner overlap",
        severity=Severity.WARNING,
        check=_same_owner,
        needs=("route",),
        summary="A module has one route for a topic in a scope, and in the scopes that lie in its glob.",
        why="The reader has to read both to know which is meant; often one is a forgotten copy.",
        example=_MODULES
        + """\
route:
  - {id: payments.errors, scope: api, topic: errors, module_id: payments, when_to_use: A payment fails.}
  - {id: payments.faults, scope: api, topic: errors, module_id: payments, when_to_use: A payment breaks.}
""",
        use_instead=_MODULES
        + """\
route:
  - {id: payments.errors, scope: api, topic: errors, module_id: payments, when_to_use: A payment fails.}
  - {id: payments.limits, scope: api, topic: limits, module_id: payments, when_to_use: A payment is big.}
""",
        fix="Join the two routes, or tell their topics apart.",
    ),
    Rule(
        code="RTE006",
        title="A route belongs to a deprecated module",
        severity=Severity.WARNING,
        check=_of_deprecated,
        needs=("route", "module_instance"),
        summary=(
            "The owner of a route is not deprecated, by status or by maturity, unless the route is "
            "deprecated too."
        ),
        why="It leads readers to what is about to go.",
        example="""\
module_instance:
  - {module_id: billing, module_type: web, status: deprecated}
route:
  - {id: billing.errors, scope: bills, topic: errors, module_id: billing, when_to_use: A bill fails.}
""",
        use_instead="""\
module_instance:
  - {module_id: billing, module_type: web, status: active}
route:
  - {id: billing.errors, scope: bills, topic: errors, module_id: billing, when_to_use: A bill fails.}
""",
        fix="Give the route to the successor, or deprecate it.",
        relations=(Relation("route and module", "a module is deprecated", "the routes that it owns"),),
    ),
    Rule(
        code="RTE007",
        title="A route offers an ability that its owner may not call",
        severity=Severity.ERROR,
        check=_not_allowed,
        needs=("route",),
        summary="When an ability names `module_ids`, only routes of these modules offer it.",
        why="The reader is sent to an ability that is meant for somebody else.",
        example=_MODULES
        + """\
ability_low:
  - {ability_id: bill.send, group: bills, summary: Send a bill., module_ids: [billing], required_caps: []}
route:
  - id: payments.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    ability_ids: [bill.send]
""",
        use_instead=_MODULES
        + """\
ability_low:
  - {ability_id: bill.send, group: bills, summary: Send., module_ids: [payments], required_caps: []}
route:
  - id: payments.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    ability_ids: [bill.send]
""",
        fix="Remove the ability from the route, or add the owner to the ability's `module_ids`.",
        relations=(
            Relation(
                "route and ability",
                "the `module_ids` of an ability change",
                "the owners of routes that offer it",
            ),
            Relation(
                "route and module", "a route gets another owner", "that the owner may call its abilities"
            ),
        ),
    ),
    Rule(
        code="RTE008",
        title="No route leads to a document",
        severity=Severity.RECORD,
        check=_unrouted_documents,
        needs=("route",),
        summary=(
            f"Every document (`{DOCUMENTS}`) is a related document of some route, or lies in such a folder. "
            "Nothing is said before any route has related documents."
        ),
        why="A document that nobody is led to is read by nobody and grows old unseen.",
        example="""\
route:
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    related_docs: [{path: docs/errors.md}]
""",
        use_instead="""\
route:
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    related_docs: [{path: docs/errors.md}, {path: docs/guides}]
""",
        fix="Name the document, or its folder, in a route.",
        relations=(Relation("route and document", "a document is added", "that a route leads to it"),),
    ),
    Rule(
        code="RTE009",
        title="An active module has no route",
        severity=Severity.RECORD,
        check=_unrouted_modules,
        needs=("route", "module_instance"),
        summary="Every module that is active, or has no status, owns a route.",
        why="Nobody with a task is ever led to the module.",
        example="""\
module_instance:
  - {module_id: payments, module_type: web, status: active}
""",
        use_instead="""\
module_instance:
  - {module_id: payments, module_type: web, status: active}
route:
  - {id: api.errors, scope: api, topic: errors, module_id: payments, when_to_use: A payment fails.}
""",
        fix="Add a route that leads to the module's documents.",
        relations=(Relation("route and module", "a module becomes active", "that it has a route"),),
    ),
    Rule(
        code="RTE010",
        title="A related document has an unknown stage",
        severity=Severity.ERROR,
        check=_unknown_stage,
        needs=("route",),
        summary="The `stage` of a related document is one of those in the configuration's vocabulary.",
        why="Readers ask for the documents of the stage they are in; a word of its own is never asked for.",
        example="""\
route:
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    related_docs: [{path: docs/errors.md, stage: later}]
""",
        use_instead="""\
route:
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments
    when_to_use: A payment fails.
    related_docs: [{path: docs/errors.md, stage: act}]
""",
        fix="Use one of the stages, or add the word to `vocabularies.stages` of the configuration.",
    ),
)
