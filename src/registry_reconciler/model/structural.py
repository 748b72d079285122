"""Codes of the problems that the stages themselves find (everything else is a coordination rule).

The long texts of these codes stand in ``rules/structural.py``; here is what a stage needs to raise one.
"""

from __future__ import annotations

from registry_reconciler.model.entry import FieldPath, Location, Place
from registry_reconciler.model.problem import Fix, Problem, Related, Severity

_E, _W, _R = Severity.ERROR, Severity.WARNING, Severity.RECORD

TEXT_FAMILIES = ("YML", "JSN", "TML", "FRM")
"""What the codes begin with that say what is wrong with a text; `formats/codes.py` has them all."""

CODES: dict[str, tuple[str, Severity]] = {
    "BRK001": ("A large part of a kind would be deleted", _E),
    "BRK002": ("Everything would be deleted because there is no fragment", _E),
    "CFG001": ("The configuration is invalid", _E),
    "CFG002": ("The baseline is invalid", _E),
    "FLT010": ("The fleet's file is invalid", _E),
    "FLT011": ("The include leads to no file", _W),
    "FLT012": ("The repository could not be looked at", _E),
    "FRG001": ("The fragment has the wrong shape", _E),
    "FRG002": ("Two fragments declare one address", _E),
    "FRG003": ("The move cannot be done", _E),
    "FRG004": ("An entry is declared and removed", _E),
    "FRG005": ("The removal is of an entry that is not managed", _W),
    "FRG006": ("The allowance is not used", _W),
    "FRG007": ("The field may not stand in a fragment", _E),
    "FRG008": ("The entry has no key", _E),
    "FRG010": ("The move is from a name that never was", _W),
    "FRG011": ("A file beside the fragments is not read", _W),
    "FRG012": ("The line is about no entry", _W),
    "FRG009": ("The kind's registry file owns the entry", _E),
    "KND001": ("The kind is invalid", _E),
    "KND002": ("The place of the kind has no entries", _W),
    "KND003": ("The kind's pattern matches a reserved place", Severity.RECORD),
    "KND004": ("The state knows a kind that no schema describes", _E),
    "KND005": ("No managed entry stands where its schema points", _E),
    "KND006": ("Something is left where the kind's place was", _W),
    "LIV001": ("The file cannot be read", _E),
    "LIV002": ("Two live entries have one address", _E),
    "LIV003": ("The live entry has no key", _E),
    "LIV004": ("Text and place of the entry disagree", _W),
    "LIV005": ("The container has the wrong shape", _E),
    "LIV006": ("A sparse checkout hides the file", _W),
    "LIV007": ("References could not be checked", _W),
    "LIV008": ("Files have no front matter and are no entries", _R),
    "OUT001": ("The outputs are invalid", _E),
    "OUT002": ("The output cannot be rendered", _E),
    "OUT003": ("The output has no place", _E),
    "OUT004": ("Two owners claim the same bytes", _E),
    "OUT005": ("The output was edited by hand", _W),
    "OUT006": ("The output reads a secret field", _E),
    "OUT007": ("The output is not rendered", _W),
    "OUT008": ("The generated page is stale", Severity.RECORD),
    "OUT009": ("The branch leaves an output stale", _W),
    "OUT010": ("The output is not of its file's format", _W),
    "OUT011": ("The output has moved, and its old text stays", _W),
    "RUL001": ("The rule cannot be used", _E),
    "RUL002": ("The rule looks at all pairs", _W),
    "RUL003": ("The rule is too costly", _E),
    "RUL004": ("The rule cannot be decided", _E),
    "RUL005": ("The rule was not judged", _W),
    "SCH001": ("The entry does not fit its schema", _E),
    "SCH002": ("The schema is invalid", _E),
    "STA001": ("The entry was edited by hand", _W),
    "STA002": ("The entry was changed on both sides", _E),
    "STA003": ("The entry is already there and differs", _E),
    "STA004": ("The state cannot be read", _E),
    "STA005": ("A protected entry would be deleted", _E),
    "STA006": ("It is unclear whether the entry is managed", _W),
    "WRT001": ("The file cannot be written safely", _E),
    "WRT002": ("An anchor is used elsewhere", _E),
    "WRT003": ("The place of the new entry is not determined", _E),
    "WRT004": ("The path is unsafe", _E),
    "WRT005": ("The entry still holds others", _E),
    "WRT007": ("Text below the entry would go with it", _E),
    "WRT006": ("The place of the new entry is new, and its name looks like a mistake", _W),
}

LOWERABLE = frozenset(
    {
        "STA001",
        "STA006",
        "FLT011",
        "FRG005",
        "FRG006",
        "FRG010",
        "FRG011",
        "FRG012",
        "KND002",
        "KND003",
        "KND006",
        "LIV004",
        "LIV006",
        "LIV007",
        "LIV008",
        "OUT002",
        "OUT003",
        "OUT005",
        "OUT007",
        "OUT008",
        "OUT009",
        "OUT010",
        "OUT011",
        "RUL002",
        "WRT006",
    }
)
"""Codes here whose severity a workspace may set; all others cannot be lowered, allowed or baselined."""


def problem(
    code: str,
    message: str,
    place: Place,
    *,
    address: str = "",
    path: FieldPath = (),
    fix: str | Fix = "",
    related: tuple[Related, ...] = (),
    managed: bool = True,
    extra: str = "",
    location: Location | None = None,
) -> Problem:
    """A problem with one of the codes above."""
    title, severity = CODES[code]
    return Problem(
        code=code,
        title=title,
        severity=severity,
        message=message,
        place=place,
        address=address,
        path=path,
        related=related,
        fix=_fix(fix),
        structural=code not in LOWERABLE,
        managed=managed,
        identity_extra=extra,
        location=location,
    )


def _fix(fix: str | Fix) -> Fix | None:
    if isinstance(fix, Fix):
        return fix
    return Fix(fix) if fix else None
