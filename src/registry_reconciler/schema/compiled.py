"""A compiled schema: whether a value obeys it, and everything that is wrong with one that does not."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.written import as_json, holds_exact, opaque_paths
from registry_reconciler.schema.cost import MOST_WAYS
from registry_reconciler.schema.messages import word
from registry_reconciler.schema.purse import Purse
from registry_reconciler.schema.rough_messages import error_count, rough_findings
from registry_reconciler.schema.view import SchemaFinding, View, Violation

if TYPE_CHECKING:
    import jsonschema_rs

MOST_FINDINGS = 1_000
"""So many things that are wrong with one value are worded; then it is said that there are more."""

_UNTOLD = "it does not fit its schema, which has too many alternatives to say where"

_TOGETHER = "it is not judged: entries and the alternatives of their schemas are too many together"

_SIMPLER = "Correct the entry, or make the schema simpler: fewer alternatives that look at the same part."


class SchemaFault(Exception):
    """A schema cannot be used.

    Attributes:
        file: the schema file that is wrong, which need not be the one that was asked for.
        path: where in it.
        message, fix: what is wrong, and what to do.
    """

    def __init__(self, file: str, path: FieldPath, message: str, fix: str) -> None:
        super().__init__(message)
        self.file = file
        self.path = path
        self.message = message
        self.fix = fix


class Validator:
    """A compiled schema."""

    def __init__(self, compiled: jsonschema_rs.Validator, view: View, schema: Json = None) -> None:
        self._is_valid = compiled.is_valid
        self._errors = compiled.iter_errors
        self._evaluate = compiled.evaluate
        self._view = view
        self._schema = schema

    @property
    def view(self) -> View:
        """The schema, seen from the values that it describes."""
        return self._view

    def is_valid(self, value: Json, purse: Purse | None = None) -> bool:
        """Whether a value obeys the schema. Text that is no Unicode (a lone surrogate) obeys none.

        What would take too long to tell obeys none either; :meth:`violations` says so.

        Args:
            purse: what it costs is taken from it; where that is too much, the value is as one that obeys none.
        """
        judged, unknown = self._judged(value)
        try:
            if self._view.cost.judgeable(judged, purse):
                if self._is_valid(judged):
                    return True
            else:
                if purse is not None and self._view.cost.judgeable(judged):
                    purse.written_out[id(value)] = value, [Violation((), False, _TOGETHER, _SIMPLER, "anyOf")]
                return False
        except ValueError:
            return False
        return bool(unknown) and not self.violations(value)

    def written_out(self, value: Json, purse: Purse) -> list[Violation]:
        """As :meth:`violations`, of one of many values: each is asked about once, and all within a purse."""
        if id(value) not in purse.written_out:
            purse.written_out[id(value)] = value, self._worded(value, purse)
        return purse.written_out[id(value)][1]

    def _worded(self, value: Json, purse: Purse) -> list[Violation]:
        if purse.copied <= 0:
            return [Violation((), False, _UNTOLD, _SIMPLER, "anyOf")]
        purse.copied -= self._view.cost.to_word(value)
        return self.violations(value, purse)

    @staticmethod
    def _judged(value: Json) -> tuple[Json, tuple[FieldPath, ...]]:
        """The JSON value that is judged, and the places in it of which nobody knows what they are."""
        if not holds_exact(value):
            return value, ()
        return as_json(value), tuple(opaque_paths(value))

    def violations(self, value: Json, purse: Purse | None = None) -> list[Violation]:
        """Everything that is wrong with a value, by place; empty for a valid one. Opaque nodes are not judged."""
        judged, unknown = self._judged(value)
        found = self._violations(judged, purse or Purse(), value)
        if not unknown:
            return found
        return [
            violation
            for violation in found
            if not any(violation.path[: len(path)] == path for path in unknown)
        ]

    def _violations(self, value: Json, purse: Purse, shown: Json) -> list[Violation]:
        """All violations of a JSON value; ``shown`` is the same one with its numbers as they are written."""
        cost = self._view.cost
        if not cost.judgeable(value):
            ways = f"more than {MOST_WAYS:,} ways lead through them"
            text = f"it is nested too deeply, or too large, for the alternatives of its schema: {ways}"
            return [Violation((), False, text, _SIMPLER, "anyOf")]
        try:
            findings = self._findings(value)
            if not findings and not self._is_valid(value):
                return [Violation((), False, _UNTOLD, _SIMPLER, "anyOf")]
        except ValueError:
            return [
                Violation(
                    (),
                    False,
                    "it holds something that JSON cannot express",
                    "Write plain Unicode text.",
                    "type",
                )
            ]
        worded = word(findings[:MOST_FINDINGS], shown, self._view, purse)
        if len(findings) > MOST_FINDINGS:
            text = f"more than {MOST_FINDINGS} things are wrong with it; the others are not listed"
            worded.append(Violation((), False, text, "Correct those that are listed first.", "more"))
        return worded

    def _findings(self, value: Json) -> list[SchemaFinding]:
        """What is wrong, at most one more than is worded; nothing where gathering it costs too much."""
        cost = self._view.cost
        most = MOST_FINDINGS + 1
        if cost.wordable(value):
            return list(islice(self._errors(value), most))
        if self._is_valid(value) or not cost.tellable(value):
            return []
        units = self._evaluate(value).list()["details"]
        if cost.wordable(value, error_count(units)):
            return list(islice(self._errors(value), most))
        return list(islice(rough_findings(units, self._schema, value), most))

    def secret(self, path: FieldPath) -> bool:
        """Whether the part at ``path`` is marked ``x-secret``, or lies in one that is."""
        return self._view.secret(path) is not None


def check_value(validator: Validator, value: Json, below: FieldPath = ()) -> list[Violation]:
    """The violations of a value, with ``below`` in front of their paths; cheap for a valid one."""
    if validator.is_valid(value):
        return []
    return [replace(violation, path=below + violation.path) for violation in validator.violations(value)]
