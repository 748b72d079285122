"""Plans saved to a file.

A saved plan (``plan --out FILE``) holds the options, the plan's id and a digest for each change, and no value
of any entry. ``apply FILE`` plans anew with those options and compares: the file is never the source of what
is written, so there is nothing to gain by editing it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.base.first_few import first_few
from registry_reconciler.errors import StalePlan, UsageFailure
from registry_reconciler.model.entry import Json, digest_value
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.model.plan_json import FORMAT_VERSION, Commands, dumps, option_arguments, plan_inputs
from registry_reconciler.model.problem import Status

MAX_SAVED_BYTES = 64 * 1024 * 1024
"""A saved plan of 300,000 changes stays below it."""

_SAVED_FIELDS = frozenset(
    {"format_version", "saved_plan", "root", "options", "plan_id", "changes", "problems", "inputs"}
)
_PLAN_ID = re.compile(r"sha256:[0-9a-f]{64}")


class SavedPlan(Struct, frozen=True):
    """What ``plan --out`` wrote down.

    Attributes:
        format_version: of the file.
        root: of the workspace, always ``.``: nothing of the machine is in the file.
        options: what the person asked for; the plan is made anew with them.
        plan_id: the identity of the plan.
        changes: the digest of each change (action, from, before, after) by address.
        problems: the introduced problems, each as ``CODE address``.
        inputs: digest by path of what the plan was computed from; ``withheld`` where a file holds secrets.
    """

    format_version: str
    root: str
    options: PlanOptions
    plan_id: str
    changes: Mapping[str, str]
    problems: tuple[str, ...]
    inputs: Mapping[str, str | None]


def saved_plan(plan: Plan) -> str:
    """The text of the file that ``plan --out`` writes."""
    body: dict[str, Json] = {
        "format_version": FORMAT_VERSION,
        "saved_plan": True,
        "root": ".",
        "options": plan.options.to_json(),
        "plan_id": plan.plan_id,
        "changes": _change_digests(plan),
        "problems": list(_introduced(plan)),
        "inputs": plan_inputs(plan),
    }
    return dumps({**body, "checksum": digest_value(body)})


def _change_digests(plan: Plan) -> dict[str, str]:
    return {
        change.address: digest_value([change.action.value, change.from_address, change.before, change.after])
        for change in sorted(plan.changes, key=lambda change: change.address)
    }


def _introduced(plan: Plan) -> tuple[str, ...]:
    return tuple(
        sorted(
            " ".join([problem.code, problem.address or problem.place.file, *map(str, problem.path)])
            for problem in plan.problems
            if problem.status is Status.INTRODUCED
        )
    )


def read_saved_plan(data: bytes) -> SavedPlan:
    """Read a file that ``plan --out`` wrote.

    Raises:
        UsageFailure: it is no saved plan at all.
        StalePlan: it was one and is cut, edited or of another version.
    """
    again: Commands = (("registry", "plan"),)
    if len(data) > MAX_SAVED_BYTES:
        raise UsageFailure(f"a saved plan has at most {MAX_SAVED_BYTES:,} bytes; this file has {len(data):,}")
    try:
        body = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
        if not isinstance(body, dict) or body.get("saved_plan") is not True:
            raise _no_saved_plan()
        checksum = body.pop("checksum", None)
        intact = checksum == digest_value(body)
    except (ValueError, RecursionError) as error:
        if b'"saved_plan"' in data[:200]:
            message = "the saved plan is cut off or edited: it is no JSON any more. Plan again and save that"
            raise StalePlan(message, next=again) from error
        raise _no_saved_plan() from error
    version = body.get("format_version")
    if version != FORMAT_VERSION:
        shown = visible(repr(version)[:40])
        message = (
            f"the saved plan has format version {shown}; this registry reads {FORMAT_VERSION}. Plan again"
        )
        raise StalePlan(message, next=again)
    if not intact:
        message = "the saved plan was edited: its checksum does not fit. Plan again and save that"
        raise StalePlan(message, next=again)
    saved = _saved(body)
    if saved is None:
        message = "the saved plan has fields that no registry wrote. Plan again and save that"
        raise StalePlan(message, next=again)
    return saved


def _no_saved_plan() -> UsageFailure:
    return UsageFailure(
        "this file is no saved plan: registry plan --out FILE writes one", next=(("registry", "plan"),)
    )


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands twice")
    return data


def _no_number(word: str) -> Json:
    raise ValueError(f"{word} is no JSON")


def _saved(body: Mapping[str, Json]) -> SavedPlan | None:
    """The typed plan, or ``None`` where a field is not what this version writes."""
    options, plan_id, changes = body.get("options"), body.get("plan_id"), body.get("changes")
    problems, inputs = body.get("problems"), body.get("inputs")
    if body.keys() != _SAVED_FIELDS or body["root"] != ".":
        return None
    if not isinstance(plan_id, str) or _PLAN_ID.fullmatch(plan_id) is None:
        return None
    if not isinstance(options, dict) or not _is_options(options):
        return None
    if not isinstance(changes, dict) or not _is_texts(list(changes.values())):
        return None
    if not isinstance(problems, list) or not _is_texts(problems):
        return None
    if not isinstance(inputs, dict) or not all(
        value is None or isinstance(value, str) for value in inputs.values()
    ):
        return None
    return SavedPlan(
        FORMAT_VERSION, ".", PlanOptions.from_json(options), plan_id, changes, tuple(problems), inputs
    )


def _is_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_options(options: Mapping[str, Json]) -> bool:
    """Whether reading and writing them gives them back: an unknown option must not be dropped silently."""
    lists = (options.get(name, []) for name in ("target", "exclude", "adopt", "overwrite"))
    return all(map(_is_texts, lists)) and PlanOptions.from_json(options).to_json() == options


def differences(saved: SavedPlan, plan: Plan) -> tuple[str, ...]:
    """What a plan does otherwise than the saved one: addresses and problems; empty when it is the same."""
    now = _change_digests(plan)
    entries = sorted(
        address
        for address in saved.changes.keys() | now.keys()
        if saved.changes.get(address) != now.get(address)
    )
    problems = sorted(set(saved.problems) ^ set(_introduced(plan)))
    if saved.plan_id == plan.plan_id:
        # A file whose parts do not fit its id was edited, and whoever did may have been believed.
        return (*entries, *problems)
    return (*entries, *problems) or ("options",)


def require_same(saved: SavedPlan, plan: Plan) -> None:
    """Raise :class:`StalePlan`, naming what differs, unless ``plan`` is the one that was saved."""
    entries = differences(saved, plan)
    if not entries:
        return
    shown = first_few([visible(entry) for entry in entries], 5)
    message = f"the plan is not the saved one any more; it differs in {shown}. Nothing was written"
    raise StalePlan(message, entries=entries, next=(("registry", "plan", *option_arguments(saved.options)),))


def require_expected(expected: str, plan: Plan) -> None:
    """Raise unless ``plan`` has the id that was reviewed.

    Raises:
        UsageFailure: ``expected`` is no plan id.
        StalePlan: the plan is another one.
    """
    if _PLAN_ID.fullmatch(expected) is None:
        raise UsageFailure(
            f"{visible(expected[:100]) or repr('')} is no plan id: sha256: and 64 hexadecimal digits",
            next=(("registry", "plan"),),
        )
    plan_id = plan.plan_id
    if plan_id != expected:
        message = f"the plan is {plan_id} now and not the expected {expected}. Nothing was written"
        entries = tuple(change.address for change in plan.changes)
        raise StalePlan(
            message, entries=entries, next=(("registry", "plan", *option_arguments(plan.options)),)
        )
