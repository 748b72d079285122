"""Secret fields (``x-secret``) out of everything that is shown or kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.base.escape import visible
from registry_reconciler.base.mask import MASK
from registry_reconciler.model.change import Change, Drift, FieldChange
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import MISSING, DesiredEntry, Json, LiveEntry, texts_in
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.marks import NO_MARKS, Marks
from registry_reconciler.model.problem import Fix, Problem, Related
from registry_reconciler.model.structural import TEXT_FAMILIES

_LEAST = 4
"""Characters of a text that is looked for in all messages; shorter ones only in those about their own entry."""

_SHOWN = 60
"""Messages cut longer texts behind so many characters."""


def mask_change(kinds: Mapping[str, Kind], change: Change) -> Change:
    """The change as it may be shown."""
    secrets = _secrets(kinds, change.kind)
    if not secrets:
        return change
    return replace(
        change,
        before=mask(change.before, secrets),
        after=mask(change.after, secrets),
        fields=mask_fields(change.fields, secrets),
    )


def mask_drift(kinds: Mapping[str, Kind], drift: Drift) -> Drift:
    """The drift as it may be shown."""
    secrets = _secrets(kinds, drift.address.partition("/")[0])
    return replace(drift, fields=mask_fields(drift.fields, secrets)) if secrets else drift


def mask_fields(fields: Iterable[FieldChange], secrets: Marks) -> tuple[FieldChange, ...]:
    """Changed fields as they may be shown."""
    # Several changes inside one secret become the same one.
    return tuple(
        {change.path: change for change in (_mask_field(field, secrets) for field in fields)}.values()
    )


def _secrets(kinds: Mapping[str, Kind], kind: str) -> Marks:
    return kinds[kind].secrets if kind in kinds else NO_MARKS


def mask(value: Json, secrets: Marks) -> Json:
    """A value with every secret part replaced."""
    return secrets.mask(value)


def _mask_field(change: FieldChange, secrets: Marks) -> FieldChange:
    depth = secrets.depth(change.path)
    if depth is not None and depth < len(change.path):
        # The keys inside are as secret as the values.
        return FieldChange(change.path[:depth], "update", MASK, MASK)

    def shown(part: Json) -> Json:
        return part if part is MISSING else secrets.show(change.path, part)

    return replace(change, before=shown(change.before), after=shown(change.after))


class SecretTexts(Struct, frozen=True):
    """What the secrets of a workspace look like in a text.

    Attributes:
        long: those of four characters and more.
        sizes: how long they are, the longest first, by their first four characters.
        short: the others, by the address of their entry.
    """

    long: frozenset[str] = frozenset()
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    short: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.long or self.short)

    def without(self, text: str, address: str = "") -> str:
        """A text with every secret replaced that it repeats."""
        text = self._without_long(text) if self.long else text
        for secret in sorted(self.short.get(address, ()), key=len, reverse=True):
            text = re.sub(rf"(?<![\w]){re.escape(secret)}(?![\w])", MASK, text)
        return text

    def _without_long(self, text: str) -> str:
        kept: list[str] = []
        start = position = 0
        while position <= len(text) - _LEAST:
            for size in self.sizes.get(text[position : position + _LEAST], ()):
                if text[position : position + size] in self.long:
                    kept += [text[start:position], MASK]
                    start = position = position + size
                    break
            else:
                position += 1
        return "".join((*kept, text[start:]))


def secret_texts(kinds: Mapping[str, Kind], entries: Iterable[LiveEntry | DesiredEntry]) -> SecretTexts:
    """The texts of all secrets, in every form in which a message may repeat them."""
    if not any(kind.secrets for kind in kinds.values()):
        return SecretTexts()
    long: set[str] = set()
    short: dict[str, set[str]] = {}
    for entry in entries:
        for part in _secrets(kinds, entry.kind).hidden(entry.value):
            for text in texts_in(part):
                for form in _forms(text):
                    if len(form) >= _LEAST:
                        long.add(form)
                    elif form:
                        short.setdefault(entry.address, set()).add(form)
    sizes: dict[str, set[int]] = {}
    for text in long:
        sizes.setdefault(text[:_LEAST], set()).add(len(text))
    return SecretTexts(
        frozenset(long),
        {start: tuple(sorted(found, reverse=True)) for start, found in sizes.items()},
        {address: frozenset(texts) for address, texts in short.items()},
    )


def _forms(text: str) -> Iterator[str]:
    for form in {text, text.strip(), *(line.strip() for line in text.splitlines())}:
        yield form
        yield repr(form)[1:-1]
        yield json.dumps(form)[1:-1]
        yield json.dumps(form, ensure_ascii=False)[1:-1]
        yield visible(form)
        if len(form) > _SHOWN:
            yield form[:_SHOWN]


def mask_problems(
    problems: Iterable[Problem], kinds: Mapping[str, Kind], texts: SecretTexts
) -> Iterator[Problem]:
    """The problems as they may be shown: a rule that knows nothing of secrets may have named one."""
    if not any(kind.secrets for kind in kinds.values()):
        yield from problems
        return
    for problem in problems:
        path = problem.path
        depth = _secrets(kinds, problem.address.partition("/")[0]).depth(path) if problem.address else None
        if depth is not None and depth < len(path):
            path = path[:depth]
        yield replace(
            problem,
            message=texts.without(problem.message, problem.address),
            path=path,
            related=tuple(_mask_related(other, texts, problem.address) for other in problem.related),
            fix=None
            if problem.fix is None
            else replace(problem.fix, description=texts.without(problem.fix.description, problem.address)),
            identity_extra=texts.without(problem.identity_extra, problem.address),
        )


def _mask_related(related: Related, texts: SecretTexts, address: str) -> Related:
    return replace(related, message=texts.without(related.message, address))


def hide_text_faults(problems: Iterable[Problem], holding: frozenset[str]) -> Iterator[Problem]:
    """What is said of a file that holds secrets and cannot be read repeats nothing of its text."""
    for problem in problems:
        if problem.code.startswith(TEXT_FAMILIES) and problem.place.file in holding:
            line = problem.location.line if problem.location else 0
            yield replace(
                problem,
                message=f"{problem.title}. What stands there is not repeated: the file may hold secrets.",
                identity_extra=f"@{line}",
            )
        else:
            yield problem


WITHHELD = "withheld"
"""What stands in place of the digest of a file that holds secrets: one of few possible values could be guessed."""


def withhold_edits(
    problems: Iterable[Problem], holding: frozenset[str], hidden: Callable[[str], Sequence[tuple[int, int]]]
) -> Iterator[Problem]:
    """Fixes as they may be shown: no digest of a file that holds secrets, and no edit that touches one.

    Args:
        hidden: where the secrets of a file stand, as first byte and the one behind the last.
    """
    for problem in problems:
        fix = problem.fix
        if fix is None or not any(edit.path in holding for edit in fix.edits):
            yield problem
        elif any(
            edit.path in holding and low < max(edit.end, edit.start + 1) and edit.start <= high
            for edit in fix.edits
            for low, high in hidden(edit.path)
        ):
            yield replace(problem, fix=_withheld(fix))
        else:
            edits = tuple(
                replace(edit, sha256=WITHHELD) if edit.path in holding else edit for edit in fix.edits
            )
            yield replace(problem, fix=replace(fix, edits=edits))


def _withheld(fix: Fix) -> Fix:
    fragments = all(edit.path.startswith(f"{DESIRED_FOLDER}/") for edit in fix.edits)
    how = "'registry fix' makes it" if fix.safe and fragments else "make it by hand"
    text = f"{fix.description} The edit is withheld, because it touches a secret: {how}.".lstrip()
    return replace(fix, description=text, edits=(), withheld=True)
