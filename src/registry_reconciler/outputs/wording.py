"""What is wrong with an output, in words."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from registry_reconciler.base.suggest import closest, meant
from registry_reconciler.formats.table import format_named, new_reader
from registry_reconciler.model.entry import Location, Place
from registry_reconciler.model.output import PREFIX
from registry_reconciler.model.problem import Problem, Related
from registry_reconciler.model.structural import problem
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.limits import MOST_TEMPLATE
from registry_reconciler.outputs.names import template_path, why_unusable
from registry_reconciler.outputs.rendered import RenderFault


def ended(text: str) -> str:
    """A sentence with its full stop."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def where_of(output: Output) -> str:
    """What an output is in: a region, a place of a structured file, or a whole file."""
    if output.region:
        return f"the region {output.region!r} of {output.file}"
    return f"{output.at} of {output.file}" if output.at else output.file


def at_definition(
    code: str,
    output: Output,
    what: str,
    *,
    fix: str,
    apart: str = " ",
    related: tuple[Related, ...] = (),
    extra: str = "",
) -> Problem:
    """A problem with an output that stands where it is defined; ``apart``: what stands between its id and the words."""
    return problem(
        code,
        f"output {output.id}{apart}{what}",
        output.place,
        path=output.place.path,
        fix=fix,
        related=related,
        extra=extra or output.id,
    )


def no_place(output: Output, message: str, fix: str, line: int) -> Problem:
    """An output has no place in its file; ``line``: where in the file, if anywhere."""
    place = Place(output.file) if line else output.place.at(("at",) if output.at else ("file",))
    found = problem(
        "OUT003",
        f"output {output.id}: {ended(message)}",
        output.place if output.page else place,
        path=() if output.page or line else place.path,
        fix=fix or "Correct its definition, or the file.",
        extra=output.id,
    )
    return replace(found, location=Location(output.file, line, 1)) if line else found


def not_rendered(output: Output, why: str) -> Problem:
    """An output is left as it is."""
    return at_definition(
        "OUT007",
        output,
        f"is left as it is: {ended(why)}",
        fix="Make what cannot be read readable, then plan again.",
    )


def misread(output: Output, text: str) -> Problem | None:
    """A whole file that is named after a format, and is to hold what that format cannot read."""
    form = format_named(output.file)
    if not output.whole or not output.file.lower().endswith(form.suffixes):
        return None
    file = form.read(text.encode("utf-8", "surrogatepass"), new_reader())
    fault = next((fault for fault in file.faults if fault.fatal), None)
    if fault is None:
        return None
    return at_definition(
        "OUT010",
        output,
        f"{output.file} cannot be read as {form.title}: line {fault.line}, {ended(fault.message)}",
        fix="Correct its template or value.",
        apart=": ",
    )


def edited(output: Output, what: str) -> Problem:
    """An output is none that was rendered; ``what`` became of it."""
    name = output.id
    return problem(
        "OUT005",
        f"output {name}: {where_of(output)} {what}; it is left as it is.",
        Place(output.file),
        fix=f"Write it anew: registry apply --overwrite {PREFIX}{name}. To keep the edit, change "
        + ("a copy of the page" if output.page else "its template or definition")
        + " instead.",
        extra=name,
    )


def stale_page(output: Output) -> Problem:
    """A page of another version of this program, which an apply writes anew."""
    return problem(
        "OUT008",
        f"{where_of(output)} is not what this version of registry makes of the schemas; an apply writes it anew.",
        Place(output.file),
        fix="registry apply",
        extra=output.id,
    )


def fault_of_value(message: str) -> RenderFault:
    """The fault of an output whose value cannot stand where it belongs."""
    return RenderFault("value", message, "", 0, ("value",))


def fault_in_words(output: Output, fault: RenderFault, templates: Sequence[str] = ()) -> tuple[str, str]:
    """What is wrong, and how to mend it.

    Args:
        templates: those that there are, where one is missing.
    """
    where = f" ({fault.template}:{fault.line})" if fault.template and fault.line else ""
    if reason := why_unusable(fault.message.removeprefix("'").partition("'")[0]):
        return (
            f"output {output.id}: {reason}.",
            f"Put a text in UTF-8 there, of at most {MOST_TEMPLATE:,} bytes.",
        )
    message = ended(fault.message)
    if fault.kind == "missing":
        name = fault.message
        if template_path(name) is None:
            return (
                f"output {output.id}{where}: {name!r} lies outside of .system/registry/templates/.",
                "Include only templates of that folder.",
            )
        return (
            f"output {output.id}{where}: there is no template {name!r} in .system/registry/templates/."
            f"{_meant(name, [known for known in templates if known != fault.template])}",
            "Correct the name, or write the template.",
        )
    fixes = {
        "syntax": "Correct the template.",
        "undefined": "Correct the name; write NAME | default('') where it may be missing.",
        "refused": "Leave it out: docs/outputs.md lists what templates may use.",
        "limit": "Make the template simpler.",
        "secret": "Leave the field out: what stands in an output is shown.",
        "value": "Correct the expression.",
        "failed": "Correct the template.",
    }
    return f"output {output.id}{where}: {message}", fixes[fault.kind]


def _meant(name: str, templates: Sequence[str]) -> str:
    """A template with a name like one that is not there, or with the same name in another folder."""
    last = name.rpartition("/")[2]
    elsewhere = (known for known in templates if known.rpartition("/")[2] == last)
    return meant(closest(name, templates) or next(elsewhere, None))
