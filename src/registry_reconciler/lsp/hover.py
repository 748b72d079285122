"""What is told of the thing under the cursor. It is plain text: what an entry says is never a link or a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from registry_reconciler.base.escape import visible
from registry_reconciler.formats.nodes import Document
from registry_reconciler.lsp.buffers import BufferPlan
from registry_reconciler.lsp.cursor import (
    Cursor,
    Subject,
    compose,
    cursor_at,
    is_fragment,
    is_key_field,
    reference_at,
    subject_of,
)
from registry_reconciler.lsp.diagnostics import span
from registry_reconciler.lsp.settings import Setting, setting_at
from registry_reconciler.model.entry import MISSING, show_path
from registry_reconciler.model.references import address_of
from registry_reconciler.model.written import dumps
from registry_reconciler.queries.show import entry_details, shown_value

_LONG = 200
_FIELDS_SHOWN = 12


def hover(look: BufferPlan, path: str, offset: int) -> types.Hover | None:
    """The entry behind a reference, what a field is for, how an entry stands; of settings what their words mean."""
    text = look.text(path)
    documents = compose(look, path, text.source) if text is not None else ()
    cursor = cursor_at(documents, offset)
    if text is None or cursor is None:
        return None
    lines = list(_lines_at(look, path, documents, cursor))
    if not lines:
        return None
    content = types.MarkupContent(types.MarkupKind.PlainText, "\n".join(lines))
    return types.Hover(content, span(text, cursor.node.body, cursor.node.end))


def _lines_at(look: BufferPlan, path: str, documents: Sequence[Document], cursor: Cursor) -> Iterator[str]:
    subject = subject_of(look, path, documents, cursor)
    if subject is not None:
        if subject.field:
            yield from _lines(look, subject, on_key=cursor.on_key)
        elif cursor.on_key and subject.address:
            yield from about(look, subject.address)
            yield from standing_of(look, subject.address)
        return
    setting = setting_at(path, documents, cursor)
    if setting is not None:
        yield from _of_setting(look, setting, cursor)
    elif is_fragment(path) and cursor.on_key and len(cursor.path) == 1:
        yield from _of_kind(look, str(cursor.path[0]))


def _of_setting(look: BufferPlan, setting: Setting, cursor: Cursor) -> Iterator[str]:
    word = cursor.node.text if cursor.node.kind == "scalar" else ""
    if setting.meaning == "kind" and word in look.loaded.kinds:
        yield from _of_kind(look, word)
    elif setting.meaning == "code" and (explained := of_code(look, word)):
        yield explained
    elif setting.meaning == "address":
        yield from about(look, word) if is_known(look, word) else [f"There is no {visible(word)!r} now."]
    elif description := setting.view.description(setting.field):
        yield visible(description)


def _of_kind(look: BufferPlan, name: str) -> Iterator[str]:
    kind = look.loaded.kinds.get(name)
    if kind is None:
        return
    yield visible(name) + (f"  {visible(kind.title)}" if kind.title else "")
    if kind.description:
        yield _cut(visible(" ".join(kind.description.split())))
    yield f"registry: {visible(kind.file.text)}"
    yield f"schema: {visible(kind.schema_path)}"


def of_code(look: BufferPlan, code: str) -> str:
    """What a code means, in a line; "" where there is no such code."""
    from registry_reconciler.rules import all_rules

    known = next((rule for rule in (*all_rules(), *look.planning.own.written) if rule.code == code), None)
    return visible(f"{known.code} ({known.severity.value}): {known.title}") if known is not None else ""


def is_known(look: BufferPlan, address: str) -> bool:
    """Whether a fragment or a registry has an entry."""
    known = look.loaded.live.entries, look.planning.desired.entries
    kind = address.partition("/")[0]
    return kind in look.loaded.kinds and any(address in entries for entries in known)


def _lines(look: BufferPlan, subject: Subject, *, on_key: bool) -> Iterator[str]:
    secret = look.loaded.catalog.schemas.validator(subject.kind).view.secret(subject.field) is not None
    found = None if on_key or secret else reference_at(subject)
    if found is not None:
        reference, key = found
        known = look.planning.entry_sets.after.items
        address = address_of(known, reference.kinds, key)
        if address:
            yield from about(look, address)
        elif reference.in_fleet:
            yield f"{visible(key)!r} is not in this repository; another one of the fleet may have it."
        else:
            yield f"There is no {' or '.join(reference.kinds)} {visible(key)!r}."
        return
    description = field_description(look, subject)
    yield f"{subject.kind.name}: {show_path(subject.field)}"
    if description:
        yield visible(description)
    if is_key_field(subject) and subject.address:
        yield from standing_of(look, subject.address)


def field_description(look: BufferPlan, subject: Subject) -> str:
    """What the schema says of a field."""
    view = look.loaded.catalog.schemas.validator(subject.kind).view
    return view.description(subject.field)


def about(look: BufferPlan, address: str) -> Iterator[str]:
    """An entry in a few lines; what is secret is masked."""
    kind = look.loaded.kinds[address.partition("/")[0]]
    value = shown_value(look.planning, address)
    name = kind.names.name.get(value) if kind.names.name is not None else None
    yield visible(address) + (f"  {visible(str(name))}" if isinstance(name, str) else "")
    for field in ("name", "description", "summary", "title", "when_to_use"):
        text = value.get(field) if isinstance(value, dict) else None
        if isinstance(text, str) and text != name:
            yield _cut(visible(" ".join(text.split())))
            break
    desired = look.planning.desired.entries.get(address)
    live = look.loaded.live.entries.get(address)
    if desired is not None:
        yield f"declared: {visible(look.location(desired.place).show(column=False))}"
    if live is not None:
        yield f"registry: {visible(look.location(live.place).show(column=False))}"


def standing_of(look: BufferPlan, address: str) -> Iterator[str]:
    """What is applied beside what is desired."""
    details = entry_details(look.planning, address)
    if details.live_truth:
        yield "The registry owns it."
    elif details.live is None:
        yield "Not in the registries yet: the next apply creates it."
    elif details.desired is None:
        yield "No fragment owns it."
    elif not details.fields:
        yield "Applied."
    else:
        yield "Not applied yet:"
        for change in details.fields[:_FIELDS_SHOWN]:
            yield f"  {visible(show_path(change.path)) or '(all)'}: {_shown(change.before)} → {_shown(change.after)}"
        if len(details.fields) > _FIELDS_SHOWN:
            yield f"  … and {len(details.fields) - _FIELDS_SHOWN} more"
    if details.incoming:
        more = f" and {len(details.incoming) - 3:,} more" if len(details.incoming) > 3 else ""
        yield f"Used by {', '.join(map(visible, details.incoming[:3]))}{more}."


def _shown(value: object) -> str:
    return "nothing" if value is MISSING else _cut(visible(dumps(value)))


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
