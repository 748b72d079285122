"""``FIELD=VALUE``: what is typed becomes a value of the type that the schema wants, at the field that is named."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.base.first_few import first_few
from registry_reconciler.base.mask import MASK
from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import (
    MISSING,
    FieldPath,
    Json,
    Missing,
    canonical,
    get_path,
    same,
    show_path,
)

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Edits
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.kind import Kind

_STEP = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([^.\[\]"=]+))((?:\[\d*\])*)(?:\.|$)')


class Assignment(Struct, frozen=True):
    """One ``FIELD=VALUE``.

    Attributes:
        path: names and indexes.
        way: ``set``, ``remove`` (nothing behind the ``=``), ``add`` (``+=`` and ``[]=``), ``take`` (``-=``).
    """

    typed: str
    path: FieldPath
    way: str
    text: str


def parse_assignments(words: Sequence[str]) -> tuple[Assignment, ...]:
    """What was typed, taken apart. Raises :class:`~registry_reconciler.errors.UsageFailure`."""
    if not words:
        raise UsageFailure("say what to set: FIELD=VALUE, or FIELD= to remove the field.")
    for number, word in enumerate(words, 1):
        if _parted(word) is None:
            # Not the word itself: it may be a secret that was to stand behind the '=' of another one.
            which = f"word {number} of {len(words)} with a field" if len(words) > 1 else "what to set"
            raise UsageFailure(f"{which} has no '=': write FIELD=VALUE, or FIELD= to remove the field.")
    return tuple(map(_assignment, words))


def _assignment(word: str) -> Assignment:
    name, text = _parted(word) or (word, "")
    way = "set" if text else "remove"
    if name.endswith(("+", "-")) and text:
        way, name = ("add" if name[-1] == "+" else "take"), name[:-1]
    steps: list[str | int] = []
    position = 0
    while position < len(name) or not steps:
        match = _STEP.match(name, position)
        if match is None or (match.end() == len(name) and name.endswith(".")):
            raise UsageFailure(
                f"{name!r} is no field. Write FIELD=VALUE; inner fields with dots (a.b), items of a list "
                'with [0], a new one with [], and a name that has dots itself in quotes ("a.b").'
            )
        quoted, plain, items = match.groups()
        steps.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain)
        for index in re.findall(r"\[(\d*)\]", items):
            if index:
                steps.append(int(index))
            elif match.end() == len(name) and items.endswith("[]") and items.count("[]") == 1 and text:
                way = "add"
            else:
                raise UsageFailure(
                    f"{name!r}: [] stands at the end of a field, and adds an item to its list."
                )
        position = match.end()
    return Assignment(name, tuple(steps), way, text)


def _parted(word: str) -> tuple[str, str] | None:
    """Field and text, parted at the first ``=`` outside of quotes; ``None`` where there is none."""
    quoted = False
    for at, character in enumerate(word):
        if character == '"' and (at == 0 or word[at - 1] != "\\"):
            quoted = not quoted
        elif character == "=" and not quoted:
            return word[:at], word[at + 1 :]
    return None


def setting(address: str, assignments: Sequence[Assignment]) -> Callable[[Loaded], Edits]:
    """The draft that sets fields. It raises as :meth:`.EditSession.value`, and for a field that cannot be set."""

    def draft(loaded: Loaded) -> Edits:
        session = EditSession.of(loaded)
        kind = session.kind(address)
        session.put(address, assigned(loaded, kind, address, session.value(address), assignments))
        return session.finish()

    return draft


def assigned(
    loaded: Loaded, kind: Kind, address: str, value: dict[str, Json], assignments: Sequence[Assignment]
) -> dict[str, Json]:
    """The value of an entry with its fields set, typed by its schema.

    Raises:
        UsageFailure: a field cannot be set so.
    """
    validator = loaded.catalog.schemas.validator(kind)

    def faults(candidate: Json) -> int:
        return len(validator.violations(candidate))

    for assignment in assignments:
        _refuse(kind, address, assignment)
        if assignment.way == "take":
            value = _taken(kind, address, value, assignment)
        else:
            value = _changed(address, value, assignment, faults)
    if kind.key_of(value) != address.partition("/")[2]:
        raise UsageFailure(
            f"{', '.join(selector.text for selector in kind.key)} is the key of {address}. "
            f"To change its key: registry rename {address} NEW",
            next=(("registry", "rename", address, "NEW"),),
        )
    return value


def _refuse(kind: Kind, address: str, assignment: Assignment) -> None:
    for selector in kind.live_fields:
        steps = selector.path
        if assignment.path[: len(steps)] == steps:
            raise UsageFailure(
                f"{selector.text} of {address} is kept as it is in the registry (live_fields), and nobody sets it here."
            )


def _changed(
    address: str, value: dict[str, Json], assignment: Assignment, faults: Callable[[Json], int]
) -> dict[str, Json]:
    there = get_path(value, assignment.path)
    if assignment.way == "remove":
        if isinstance(there, Missing):
            raise _no_field(address, value, assignment)
        return _without(value, assignment.path)
    if assignment.way == "add" and not (
        isinstance(there, Missing) or there is None or isinstance(there, list)
    ):
        raise UsageFailure(
            f"{show_path(assignment.path)} of {address} is no list, so nothing can be added to it.",
            next=(("registry", "show", address),),
        )
    candidates = list(_candidates(assignment.text, there))
    made = []
    for candidate in candidates:
        if assignment.way == "add":
            old = there if isinstance(there, list) else []
            made.append(_put(address, value, assignment.path, [*old, candidate]))
            if isinstance(candidate, list):
                made.append(_put(address, value, assignment.path, [*old, *candidate]))
        else:
            made.append(_put(address, value, assignment.path, candidate))
    return made[0] if len(made) == 1 else min(made, key=faults)


def _candidates(text: str, there: Json | Missing) -> list[Json]:
    """What a text may mean, most likely first: where the schema takes several, the first of them counts."""
    from registry_reconciler.formats.table import YAML

    found: list[Json] = []
    read = YAML.read(text.encode("utf-8", "surrogateescape"))
    parsed = read.documents[0] if read.readable and len(read.documents) == 1 else MISSING
    structured = text[:1] in "[{" and isinstance(parsed, dict | list)
    quoted = text[:1] == '"' and text[-1:] == '"' and len(text) > 1 and isinstance(parsed, str)
    scalar = not isinstance(parsed, dict | list | str | Missing)
    if parsed is None and text.casefold() not in ("null", "~"):
        scalar = False  # a comment, or nothing but blanks: no text says null by being empty
    if structured or quoted or (scalar and not isinstance(there, str)):
        found = [parsed, text]
    elif scalar:
        found = [text, parsed]  # it is text today, so a text it stays where the schema takes both
    else:
        found = [text]
    return found


def _put(address: str, value: dict[str, Json], path: FieldPath, part: Json) -> dict[str, Json]:
    """A copy with a part put in; mappings on the way are made, and an index right behind a list adds to it."""
    made = copy.deepcopy(value)
    here: Json = made
    for at, step in enumerate(path):
        last = at == len(path) - 1
        if isinstance(step, int):
            if not isinstance(here, list):
                raise UsageFailure(
                    f"{show_path(path[:at])} of {address} is no list, so it has no [{step}].",
                    next=(("registry", "show", address),),
                )
            if step > len(here):
                raise UsageFailure(
                    f"{show_path(path[:at])} of {address} has {len(here)} item{'' if len(here) == 1 else 's'}, "
                    f"so there is no [{step}]. To add one: {show_path(path[:at])}[]=VALUE",
                    next=(("registry", "show", address),),
                )
            if step == len(here):
                here.append(None)
        elif not isinstance(here, dict):
            raise UsageFailure(
                f"{show_path(path[:at])} of {address} is no mapping, so it has no field {step!r}.",
                next=(("registry", "show", address),),
            )
        if last:
            here[step] = part
        else:
            following = here[step] if isinstance(step, int) or step in here else None
            if following is None:
                following = here[step] = [] if isinstance(path[at + 1], int) else {}
            here = following
    return made


def _without(value: dict[str, Json], path: FieldPath) -> dict[str, Json]:
    """A copy without a part, nor mappings that held nothing else."""
    made = copy.deepcopy(value)
    for size in range(len(path), 0, -1):
        holder: Json = get_path(made, path[: size - 1])
        del holder[path[size - 1]]
        if holder != {} or isinstance(path[size - 2] if size > 1 else None, int):
            break
    return made


def _taken(kind: Kind, address: str, value: dict[str, Json], assignment: Assignment) -> dict[str, Json]:
    """A copy without the items of a list that a text means."""
    there = get_path(value, assignment.path)
    if not isinstance(there, list):
        if isinstance(there, Missing):
            raise _no_field(address, value, assignment)
        raise UsageFailure(
            f"{show_path(assignment.path)} of {address} is no list, so nothing can be removed from it.",
            next=(("registry", "show", address),),
        )
    meant = _candidates(assignment.text, MISSING)
    left = [item for item in there if not any(same(item, some) for some in meant)]
    if len(left) == len(there):
        raise UsageFailure(
            f"{show_path(assignment.path)} of {address} does not hold {_what_it_holds(kind, assignment, there)}",
            next=(("registry", "show", address),),
        )
    return _put(address, value, assignment.path, left)


def _what_it_holds(kind: Kind, assignment: Assignment, there: list[Json]) -> str:
    """What a list does not hold, and what it does; a list with secrets is not told apart."""
    (asked, *_) = held = [
        kind.secrets.show((*assignment.path, 0), item) for item in (assignment.text, *there)
    ]
    if MASK in held:
        return f"that. It holds {len(there)} item{'' if len(there) == 1 else 's'}."
    items = [item if isinstance(item, str) else canonical(item) for item in held[1:]]
    return f"{asked!r}. It holds: {first_few(items, 10)}."


def _no_field(address: str, value: dict[str, Json], assignment: Assignment) -> UsageFailure:
    from registry_reconciler.base.suggest import did_you_mean

    holder = get_path(value, assignment.path[:-1])
    names = [name for name in holder if isinstance(name, str)] if isinstance(holder, dict) else []
    return UsageFailure(
        f"{address} has no field {show_path(assignment.path)!r}, so nothing can be removed."
        f"{did_you_mean(str(assignment.path[-1]), names)}",
        next=(("registry", "show", address),),
    )


__all__ = ["Assignment", "assigned", "parse_assignments", "setting"]
