"""What the validator found, in words: one violation for one thing that is wrong, and how to put it right.

The validator says which keyword failed where; the wording is ours, so that it can name what was probably
meant, leave out what follows from another error, and never show a secret.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from registry_reconciler.base.mask import MASK
from registry_reconciler.base.suggest import closest, meant
from registry_reconciler.model.entry import FieldPath, Json, canonical, get_path
from registry_reconciler.schema.purse import Purse
from registry_reconciler.schema.sentences import SENTENCES, not_one_of, other_sentence, wrong_type
from registry_reconciler.schema.shown import cut, in_list, last_of, name_of, show_value
from registry_reconciler.schema.view import SchemaFinding, View, Violation


def word(findings: Iterable[SchemaFinding], value: Json, view: View, purse: Purse) -> list[Violation]:
    """All violations, by place; of what follows from another error only the other.

    Args:
        purse: what was meant is looked for as long as it has hints.
    """
    found = _telling(findings)
    writer = MessageWriter(value, view, purse, _unknown_fields(found))
    others = {
        tuple(finding.instance_path[:length])
        for finding in found
        if finding.kind.name != "unevaluatedProperties"
        for length in range(len(finding.instance_path) + 1)
    }
    violations: dict[Violation, None] = {}
    for finding in found:
        path = tuple(finding.instance_path)
        follows = finding.kind.name == "unevaluatedProperties" and path in others
        for violation in writer.say(finding, follows=follows):
            violations[violation] = None
    return sorted(
        violations,
        key=lambda violation: (
            _order(violation.path),
            not violation.on_key,
            violation.keyword,
            violation.message,
        ),
    )


def _telling(findings: Iterable[SchemaFinding]) -> list[SchemaFinding]:
    """The findings without those about a part whose type is wrong to begin with."""
    found = list(findings)
    wrong = {tuple(finding.instance_path) for finding in found if finding.kind.name == "type"}
    return [
        finding
        for finding in found
        if finding.kind.name == "type" or tuple(finding.instance_path) not in wrong
    ]


def _unknown_fields(findings: Iterable[SchemaFinding]) -> dict[FieldPath, list[str]]:
    """The fields that may not be there, by the path of what holds them."""
    found: dict[FieldPath, list[str]] = {}
    for finding in findings:
        if finding.kind.name in ("additionalProperties", "unevaluatedProperties"):
            found.setdefault(tuple(finding.instance_path), []).extend(finding.kind.unexpected)
    return found


def _order(path: FieldPath) -> list[tuple[int, int, str]]:
    return [(0, step, "") if isinstance(step, int) else (1, 0, step) for step in path]


class MessageWriter:
    """Words findings about one value."""

    def __init__(
        self, value: Json, view: View, purse: Purse, unknown: Mapping[FieldPath, Sequence[str]]
    ) -> None:
        """``unknown``: the fields that may not be there, by the path of what holds them."""
        self.value = value
        self.unknown = unknown
        self.view = view
        self.purse = purse

    def say(self, finding: SchemaFinding, *, follows: bool = False) -> Iterator[Violation]:
        """The violations of one finding."""
        path = tuple(finding.instance_path)
        name = finding.kind.name
        if name in ("anyOf", "oneOf"):
            yield from self._alternatives(finding, path)
        elif name in ("additionalProperties", "unevaluatedProperties"):
            known = self.view.fields(path)
            for field in finding.kind.unexpected:
                if not (follows and field in known):
                    yield self._unknown_field(path, field, known, name)
        elif name == "falseSchema":
            yield self._make(
                path, "falseSchema", f"{name_of(path)} may not be here", "Remove it.", on_key=True
            )
        elif name == "propertyNames":
            yield self._field_name(path, finding)
        else:
            sentence = SENTENCES.get(name, other_sentence)
            message, fix = sentence(self, path, finding.kind)
            instead = self.near(path, list(finding.kind.options)) if name == "enum" else ""
            field = str(finding.kind.property) if name == "required" else ""
            yield self._make(path, name, message, fix, instead=instead, field=field)

    def _make(
        self,
        path: FieldPath,
        keyword: str,
        message: str,
        fix: str,
        *,
        on_key: bool = False,
        instead: str = "",
        field: str = "",
    ) -> Violation:
        secret = self.view.secret(path)
        if secret is not None and secret < len(path):
            # Even the names inside a secret are part of it.
            path, on_key = path[:secret], False
            message, fix = f"{name_of(path)} does not fit its schema", self.explain(path, "Correct it.")
            instead = field = ""
        return Violation(path, on_key, message, fix, keyword, instead, field)

    def show(self, path: FieldPath) -> str:
        """A part as a message may show it."""
        part = get_path(self.value, path)
        return MASK if self.view.hides(path, part) else show_value(part)

    def explain(self, path: FieldPath, sentence: str) -> str:
        """A fix with what the schema says of the field."""
        about = self.view.description(path)
        return f"{sentence} {last_of(path)}: {about}" if about and path else sentence

    def near(self, path: FieldPath, options: Sequence[Json]) -> str:
        """Which of the options the value may be a slip of, or ""; nothing about a secret."""
        value = get_path(self.value, path)
        if not isinstance(value, str) or self.view.hides(path, value):
            return ""
        return self._closest(value, tuple(option for option in options if isinstance(option, str))) or ""

    def _closest(self, word: str, options: Sequence[str]) -> str | None:
        self.purse.hints -= 1
        return closest(word, options) if self.purse.hints >= 0 else None

    def _has(self, path: FieldPath, field: str) -> bool:
        holder = get_path(self.value, path)
        return isinstance(holder, dict) and field in holder

    def _is_misspelt(self, path: FieldPath, fields: Container[str]) -> bool:
        """Whether one of these fields is there by a name that is only nearly right."""
        known = self.view.fields(path)
        return any(self._closest(field, known) in fields for field in self.unknown.get(path, ()))

    def _has_slip(self, form: Sequence[SchemaFinding]) -> bool:
        """Whether a field that a form requires is there by a name that is only nearly right."""
        missing = {
            (tuple(finding.instance_path), str(finding.kind.property))
            for finding in form
            if finding.kind.name == "required"
        }
        return any(
            self._closest(field, tuple(wanted for place, wanted in sorted(missing) if place == path))
            for path, fields in _unknown_fields(form).items()
            for field in fields
        )

    def _unknown_field(self, path: FieldPath, field: str, known: Sequence[str], keyword: str) -> Violation:
        shown = cut(field)
        where = f" of {name_of(path)}" if path else ""
        near = self._closest(field, known)
        if near:
            own = ", or start the name with x- if it is your own" if self.view.takes_own_fields(path) else ""
            fix = f"Write '{near}' instead{own}."
            return self._make(
                (*path, field),
                keyword,
                f"'{shown}' is no field{where}.{meant(near)}",
                fix,
                on_key=True,
                instead="" if self._has(path, near) else near,
            )
        fix = f"Remove it. The fields are {in_list(known)}." if known else "Remove it."
        return self._make((*path, field), keyword, f"'{shown}' is no field{where}", fix, on_key=True)

    def _field_name(self, path: FieldPath, finding: SchemaFinding) -> Violation:
        inner = finding.kind.error
        field = inner.instance if isinstance(getattr(inner, "instance", None), str) else ""
        pattern = getattr(inner.kind, "pattern", "")
        wanted = f": it must match {pattern}" if pattern else ""
        return self._make(
            (*path, field),
            "propertyNames",
            f"'{cut(field)}' cannot be the name of a field of {name_of(path)}{wanted}",
            self.explain(path, "Rename it."),
            on_key=True,
        )

    def _alternatives(self, finding: SchemaFinding, path: FieldPath) -> Iterator[Violation]:
        """Of several forms none fits (or too many do): report the one that was meant, if that can be told."""
        name = finding.kind.name
        branches: list[list[SchemaFinding]] = finding.kind.context
        told_apart = _fields_of_forms(self.view.at(path), name)
        if not branches or any(not branch for branch in branches):
            there = [form for form in told_apart if all(self._has(path, field) for field in form)]
            message = (
                f"{name_of(path)} has {_in_words(there, 'and')}, which exclude each other"
                if there
                else f"{name_of(path)} fits several of the forms that exclude each other"
            )
            fix = f"Keep {_in_words(there, 'or')}." if there else "Keep the fields of one form only."
            yield self._make(path, name, message, self.explain(path, fix))
            return
        if told_apart:
            if self._is_misspelt(path, {field for form in told_apart for field in form}):
                return  # which form is meant is said of the field
            wanted = _in_words(told_apart, "or")
            message = f"{name_of(path)} needs one of {wanted}"
            yield self._make(path, "required", message, f"Add {wanted}.")
            return
        types = _root_types(branches, path)
        meant = [branch for branch in branches if not _is_root_type(branch, path)]
        if not meant:
            message, fix = wrong_type(self, path, sorted(types))
            yield self._make(path, "type", message, fix)
            return
        options = _discriminator(meant)
        if options is not None:
            place, words = options
            message, fix = not_one_of(self, place, words)
            yield self._make(place, "enum", message, fix, instead=self.near(place, words))
            return
        best = min(meant, key=lambda branch: (not self._has_slip(branch), *_badness(branch, path)))
        for telling in _telling(best):
            yield from self.say(telling)


def _fields_of_forms(schemas: Sequence[Mapping[str, Json]], keyword: str) -> list[list[str]]:
    """The fields that each form requires, where nothing else tells the forms apart."""
    for schema in schemas:
        forms = schema.get(keyword)
        if isinstance(forms, list) and all(
            isinstance(form, dict)
            and "required" in form
            and form.keys() <= {"required", "title", "description"}
            for form in forms
        ):
            return [[str(field) for field in form["required"]] for form in forms]
    return []


def _in_words(forms: Sequence[Sequence[str]], conjunction: str) -> str:
    words = [" with ".join(f"'{cut(field)}'" for field in form) for form in forms]
    return f" {conjunction} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _is_root_type(branch: list[SchemaFinding], path: FieldPath) -> bool:
    return any(finding.kind.name == "type" and tuple(finding.instance_path) == path for finding in branch)


def _root_types(branches: list[list[SchemaFinding]], path: FieldPath) -> set[str]:
    return {
        name
        for branch in branches
        for finding in branch
        if finding.kind.name == "type" and tuple(finding.instance_path) == path
        for name in finding.kind.types
    }


def _fixed_words(finding: SchemaFinding) -> list[Json] | None:
    """The words that an ``enum`` or ``const`` wants."""
    if finding.kind.name == "enum":
        return list(finding.kind.options)
    return [finding.kind.expected_value] if finding.kind.name == "const" else None


def _discriminator(branches: list[list[SchemaFinding]]) -> tuple[FieldPath, list[Json]] | None:
    """The field whose value fits no form, when all forms want fixed words there."""
    words: dict[str, Json] = {}
    places: set[FieldPath] = set()
    for branch in branches:
        fixed = [
            (tuple(finding.instance_path), options)
            for finding in branch
            if (options := _fixed_words(finding)) is not None
        ]
        if not fixed:
            return None
        place, options = min(fixed, key=lambda pair: len(pair[0]))
        places.add(place)
        for option in options:
            words.setdefault(canonical(option), option)
    return (places.pop(), list(words.values())) if len(places) == 1 else None


def _badness(branch: list[SchemaFinding], path: FieldPath) -> tuple[bool, int, int]:
    """Forms whose fixed words fit come first, then those with the fewest errors, then the deepest."""
    misfit = any(
        _fixed_words(finding) is not None and len(finding.instance_path) <= len(path) + 1
        for finding in branch
    )
    return misfit, len(branch), -max(len(finding.instance_path) for finding in branch)
