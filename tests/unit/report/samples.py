"""Plans made by hand, for the golden files and the laws of the renderers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from msgspec.structs import replace

from registry_reconciler.model.change import Action, Change, Drift, FieldChange, Reason
from registry_reconciler.model.entry import MISSING, Json, Location, Place
from registry_reconciler.model.plan import FileChange, Notice, Plan, PlanOptions
from registry_reconciler.model.problem import Fix, Problem, Related, Severity, Status, TextEdit

D0, D1 = "sha256:" + "0" * 64, "sha256:" + "1" * 64

SUMMARY_BEFORE = (
    "Capture an authorised payment at the provider that authorised it and book the amount to the ledger of "
    "the merchant, in the currency of the order."
)
SUMMARY_AFTER = SUMMARY_BEFORE.replace("order.", "merchant.")
GUIDE_BEFORE = "Read the error table first.\nThen look the code up.\nThen answer.\n"
GUIDE_AFTER = "Read the error table first.\nThen look the code up in the log.\nThen answer.\n"


def changes() -> tuple[Change, ...]:
    """One of each action."""
    low = ".system/registry/low-level/payments.yaml"
    return (
        Change(
            "ability_low/payments.capture",
            "ability_low",
            "payments.capture",
            Action.MOVE,
            Reason.MOVED,
            low,
            from_address="ability_low/payments.take",
            origin=Place("desired/payments.yaml", 0, ("ability_low", 0)),
            origin_location=Location("desired/payments.yaml", 12, 5),
            fields=(
                FieldChange(("ability_id",), "update", "payments.take", "payments.capture"),
                FieldChange(("summary",), "update", SUMMARY_BEFORE, SUMMARY_AFTER),
                FieldChange(("environments", 1), "create", MISSING, "production"),
            ),
            before={"ability_id": "payments.take", "summary": SUMMARY_BEFORE},
            after={"ability_id": "payments.capture", "summary": SUMMARY_AFTER},
            impact=(
                "ability_high/orders.close",
                "hook/ledger",
                "route/payments.errors",
                "route/payments.work",
            ),
        ),
        Change(
            "ability_low/payments.old",
            "ability_low",
            "payments.old",
            Action.DELETE,
            Reason.NOT_IN_FRAGMENTS,
            low,
            live=Place(low, 0, ("abilities", 3)),
            before={"ability_id": "payments.old", "token": "«secret»", "tags": ["money"]},
        ),
        Change(
            "hook/ledger",
            "hook",
            "ledger",
            Action.ADOPT,
            Reason.ADOPTED,
            ".system/hooks/ledger.yaml",
            origin=Place("desired/payments.yaml"),
            before={"id": "ledger"},
            after={"id": "ledger"},
        ),
        Change(
            "hook/old-audit",
            "hook",
            "old-audit",
            Action.FORGET,
            Reason.REMOVED,
            ".system/hooks/old-audit.yaml",
            origin=Place("desired/payments.yaml"),
            origin_location=Location("desired/payments.yaml", 31, 3),
            before={"id": "old-audit"},
            after={"id": "old-audit"},
            note="the live entry stays and is no longer managed",
        ),
        Change(
            "route/api.errors",
            "route",
            "api.errors",
            Action.UPDATE,
            Reason.DESIRED_CHANGED,
            "modules/routes/api.yaml",
            origin=Place("desired/docs.yaml"),
            origin_location=Location("desired/docs.yaml", 4, 5),
            fields=(
                FieldChange(("related_docs", 0, "path"), "update", "a.md", "b.md"),
                FieldChange(("when_to_use",), "update", GUIDE_BEFORE, GUIDE_AFTER),
                FieldChange(("tags",), "delete", ["old"], MISSING),
            ),
            before={"id": "api.errors", "when_to_use": GUIDE_BEFORE, "tags": ["old"]},
            after={"id": "api.errors", "when_to_use": GUIDE_AFTER},
        ),
        Change(
            "route/api.work",
            "route",
            "api.work",
            Action.CREATE,
            Reason.NOT_IN_REGISTRY,
            "modules/routes/api.yaml",
            origin=Place("desired/docs.yaml"),
            origin_location=Location("desired/docs.yaml", 19, 5),
            after={
                "id": "api.work",
                "priority": 10,
                "module_id": None,
                "related_docs": [
                    {"path": "docs/work.md", "stage": "plan", "doc_usage": "the way of working"}
                ],
            },
        ),
    )


DRIFT = Drift(
    "module_type/http_api",
    "modules/overview/type_registry.yaml",
    (FieldChange(("outbound", 0), "update", "store", "shop"),),
    Place("modules/overview/type_registry.yaml", 0, ("types", 1)),
    location=Location("modules/overview/type_registry.yaml", 9, 5),
)

DANGLING = Problem(
    "REF001",
    "A reference leads nowhere",
    Severity.ERROR,
    "route/api.errors refers to ability_low/payments.captur, which is not registered. "
    "Did you mean 'payments.capture'?",
    Place("desired/docs.yaml", 0, ("route", 0, "ability_ids", 0)),
    address="route/api.errors",
    path=("ability_ids", 0),
    related=(
        Related(
            "the closest name",
            Place("desired/payments.yaml"),
            Location("desired/payments.yaml", 12, 5),
        ),
    ),
    fix=Fix(
        "replace 'payments.captur' by 'payments.capture'",
        safe=True,
        edits=(TextEdit("desired/docs.yaml", D0, 120, 135, "payments.captur", "payments.capture"),),
    ),
    location=Location("desired/docs.yaml", 8, 13),
)

BOTH_CHANGED = Problem(
    "STA002",
    "The entry was changed on both sides",
    Severity.ERROR,
    "module_type/http_api is not what was last applied: it was edited by hand, and its fragment changed too.",
    Place("modules/overview/type_registry.yaml", 0, ("types", 1)),
    address="module_type/http_api",
    fix=Fix("Keep the edit: registry drift --accept module_type/http_api."),
    structural=True,
    location=Location("modules/overview/type_registry.yaml", 9, 5),
)

NO_SUMMARY = Problem(
    "ABL004",
    "An ability has no summary",
    Severity.WARNING,
    "ability_low/payments.capture has no summary: an agent cannot tell when to use it.",
    Place("desired/payments.yaml"),
    address="ability_low/payments.capture",
    location=Location("desired/payments.yaml", 12, 5),
)

QUIET = (
    Problem(
        "IDN004",
        "Two entries share a name",
        Severity.RECORD,
        "the name 'pay' leads to ability_low/payments.capture.",
        Place("desired/payments.yaml"),
        address="ability_low/payments.capture",
        location=Location("desired/payments.yaml", 12, 5),
    ),
    replace(
        NO_SUMMARY,
        code="RTE004",
        address="route/payments.errors",
        message="route/payments.errors shares its topic.",
        suppressed="allowed: shared with billing until March",
    ),
    replace(NO_SUMMARY, code="MOD002", address="module_instance/old", status=Status.FIXED),
    replace(NO_SUMMARY, code="MOD003", address="module_instance/older", status=Status.PRE_EXISTING),
    replace(DANGLING, code="REF009", managed=False, status=Status.PRE_EXISTING, fix=None, related=()),
)

NOTICES = (
    Notice("Weakened check", "RTE004 is lowered from error to warning in .system/registry/config.yaml"),
    Notice("Widened capability", "ability_low/payments.capture may run in environment production"),
)


def _sorted(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    from registry_reconciler.model.problem import sort_key

    return tuple(sorted(problems, key=sort_key))


def _plan(
    problems: tuple[Problem, ...] = (),
    some: tuple[Change, ...] = (),
    drift: tuple[Drift, ...] = (),
    notices: tuple[Notice, ...] = (),
    options: PlanOptions | None = None,
) -> Plan:
    return Plan(
        options or PlanOptions(),
        some,
        drift,
        _sorted(problems),
        (FileChange("modules/routes/api.yaml", D0, D1),) if some else (),
        {"desired/docs.yaml": D0, "docs/gone.md": None},
        unchanged=41,
        unmanaged=3,
        notices=notices,
    )


EMPTY = _plan()
SMALL = _plan((NO_SUMMARY, *QUIET), changes(), notices=NOTICES)
BLOCKED = _plan((DANGLING, BOTH_CHANGED, NO_SUMMARY, *QUIET), changes()[:2], (DRIFT,))
TARGETED = _plan((), changes()[4:5], options=PlanOptions(target=("route/*",), no_check=True))

HOSTILE_TEXTS = (
    "\x1b[31mred\x1b]8;;http://evil.example\x07link\x1b]52;c;aGk=\x07",
    "over\rwritten\x08\x9b31m\x7f",
    "\u202egnp.exe\u2066\u200b\u200d\ufeff\u00ad\U000e0041",
    "a\u2028b\u2029c\u0085d",
    "\ud800lone",
    "\n::error file=x::pwned",
    "::set-output name=x::y",
    "  ::stop-commands::x ##[error]x ##vso[task.setvariable]x",
    "```\n<!-- --><script>alert(1)</script>\n```",
    "@everyone #1 GH-2 deadbeef1234 www.evil.example https://evil.example",
    "![x](http://evil.example/x.png) [y](javascript:alert(1)) <img src=x>",
    "a | b | c",
    "</summary></details></code> &lt; %0A%25",
    "`tick` ``two`` ~~~",
    "- [ ] # head\n---\n1. one",
    "{0} {name} }} [a](1)",
)


def hostile() -> Plan:
    """Every hostile text in every place that takes a text."""
    some: list[Change] = []
    problems: list[Problem] = []
    for text in HOSTILE_TEXTS:
        key = f"{len(some):02}{text}"
        value: dict[str, Json] = {"id": key, text: [text], "long": text * 40}
        some.append(
            Change(
                f"hook/{key}", "hook", key, Action.CREATE, Reason.NOT_IN_REGISTRY, f"{text}.yaml",
                origin=Place(text), after=value, note=text, impact=(text,),
            )
        )  # fmt: skip
        fields = (
            FieldChange((text, 0), "update", text, text + "\nmore"),
            FieldChange((), "update", text * 9, 1),
        )
        some.append(
            Change(
                f"{text}/{key}", text, key, Action.UPDATE, Reason.DESIRED_CHANGED, text, fields=fields,
                before={"a": text}, after={"a": text + "x"},
            )
        )  # fmt: skip
        problems.append(
            Problem(
                "REF001", text, Severity.ERROR, text, Place(text), address=f"hook/{key}", path=(text,),
                related=(Related(text, Place(text)),),
                fix=Fix(text, True, (TextEdit(text, D0, 0, 1, text, text),)),
                location=Location(text, 1, 1),
            )
        )  # fmt: skip
        problems.append(
            Problem("ABL001", text, Severity.WARNING, text, Place(text), suppressed=f"allowed: {text}")
        )
        problems.append(Problem("ABL002", text, Severity.WARNING, text, Place(text)))
    some.sort(key=lambda change: change.address)
    drift = tuple(Drift(f"hook/{text}", text, (FieldChange((text,), "update", text, 1),), Place(text))
                  for text in HOSTILE_TEXTS)  # fmt: skip
    notices = tuple(Notice(text, text) for text in HOSTILE_TEXTS)
    return _plan(tuple(problems), tuple(some), drift, notices, PlanOptions(target=HOSTILE_TEXTS))


def _many(count: int) -> Iterator[tuple[Change, Problem]]:
    for number in range(count):
        key = f"shop.part.{number:05}"
        change = Change(
            f"ability_low/{key}", "ability_low", key, Action.UPDATE, Reason.DESIRED_CHANGED,
            ".system/registry/low-level/shop.yaml", origin=Place("desired/shop.yaml"),
            origin_location=Location("desired/shop.yaml", number * 4 + 1, 5),
            fields=(FieldChange(("summary",), "update", f"Part {number}.", f"Part {number} of it."),),
            before={"ability_id": key, "summary": f"Part {number}."},
            after={"ability_id": key, "summary": f"Part {number} of it."},
        )  # fmt: skip
        problem = replace(
            DANGLING if number % 2 else NO_SUMMARY,
            address=change.address,
            message=f"Part {number} is not as it should be.",
            location=Location("desired/shop.yaml", number * 4 + 1, 5),
        )
        yield change, problem


@cache
def large(count: int = 10_000) -> Plan:
    """So many changes and as many problems, half of which block."""
    pairs = list(_many(count))
    return _plan(tuple(problem for _, problem in pairs), tuple(change for change, _ in pairs))
