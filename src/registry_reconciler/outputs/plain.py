"""Outputs that put in fields and do little else, such as ``./{{ path }}``, ``{{ entries.skill | length }}`` and a loop
over entries with ``{{ s.key }}`` in it.

Most outputs are of this kind, and the process that renders would take longer to start than they take. Fields are put in
here as Jinja2 would put them in (:mod:`fields`); no other expression is evaluated. Whatever is not said here in full
(another expression, a name that an entry has not, a value that is no plain one, a limit that comes near) is left to
that process, so it alone says what is wrong. ``tests/property/test_plain_outputs.py`` holds that both give the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from registry_reconciler.model.entry import Json
from registry_reconciler.outputs.fields import NAME, NOT_NAMES, Branch, FieldWriter, Node, NotPlain, Rows
from registry_reconciler.outputs.rendered import Rendered

_COUNT = re.compile(rf"\{{\{{\s*entries\.({NAME})\s*\|\s*(?:length|count)\s*\}}\}}", re.ASCII)
_BLOCK = re.compile(
    rf"(?:^[^\S\r\n]*)?(?a:\{{% (?:for (?P<variable>{NAME}) in entries\.(?P<kind>{NAME})(?: if (?P<where>[^%{{}}\n]+))?"
    r"|if (?P<condition>[^%{}\n]+)|(?P<end>else|endif|endfor)) %\})\n?",
    re.MULTILINE,
)
"""The beginning or the end of a loop or a condition; of a line that it has for itself nothing is left."""


class PlainContext(Struct, frozen=True):
    """What may be read.

    Attributes:
        kinds: those without secrets: of the others the process that renders looks at each value.
        rows: gives the entries of a kind, by key.
        template: gives the text of a template.
    """

    kinds: Collection[str]
    rows: Callable[[str], Rows]
    template: Callable[[str], str | None]


def plain(spec: Mapping[str, Json], context: PlainContext) -> Rendered | None:
    """What an output gives; ``None`` where the process that renders has to be asked."""
    try:
        return _compiled(spec, context)()
    except (NotPlain, KeyError):  # a name that an entry has not
        return None


def is_plain(spec: Mapping[str, Json], context: PlainContext) -> bool:
    """Whether an output puts in names and does nothing else, as far as its definition tells."""
    try:
        _compiled(spec, context)
    except NotPlain:
        return False
    return True


def _compiled(spec: Mapping[str, Json], context: PlainContext) -> Callable[[], Rendered]:
    if "template" in spec:
        name = str(spec["template"])
        text = context.template(name)
        if text is None:
            raise NotPlain
        return _page(name, text, context)
    if "each" in spec and not spec.keys() - {"each", "item", "key", "where"}:
        kind = _known(str(spec["each"]), context)
        key, where = spec.get("key", "{{ key }}"), str(spec["where"]).strip() if "where" in spec else None
        FieldWriter().part([key, spec["item"]], -1)
        FieldWriter().rows_of(where, "")
        return lambda: Rendered(
            _items(key, spec["item"], where, context.rows(kind)), kinds=(kind,), is_written_alike=True
        )
    value = spec.get("value")
    count = _COUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if count is None:
        raise NotPlain
    kind = _known(count[1], context)
    return lambda: Rendered(len(context.rows(kind)), kinds=(kind,))


def _known(kind: str, context: PlainContext) -> str:
    if kind not in context.kinds:
        raise NotPlain
    return kind


def _items(key: Json, item: Json, where: str | None, rows: Rows) -> list[Json]:
    writer = FieldWriter()
    chosen, named, made = writer.rows_of(where, ""), writer.part(key, 0), writer.part(item, 0)
    writer.require_room(len(rows))
    rows = chosen(rows)
    names = named(rows)
    if set(map(type, names)) - {str} or len(set(names)) < len(names):
        raise NotPlain  # two of one name are said by the process that renders
    return list(zip(names, made(rows), strict=True))


def _page(name: str, text: str, context: PlainContext) -> Callable[[], Rendered]:
    """What makes a page: texts, counts, and loops over entries."""
    parts: list[Callable[[FieldWriter], str]] = []
    kinds: set[str] = set()
    tokens = _tokens(text)
    for token in tokens:
        if isinstance(token, str):
            parts.append(_between(token, context, kinds))
        elif token["variable"] is not None:
            kinds.add(_known(token["kind"], context))
            body, _ = _body(tokens, "endfor")
            parts.append(_loop(token["variable"], token["where"], body, token["kind"], context))
        else:
            raise NotPlain

    def made() -> Rendered:
        writer = FieldWriter()
        return Rendered("".join([part(writer) for part in parts]), None, tuple(sorted(kinds)), (name,))

    return made


def _tokens(text: str) -> Iterator[str | re.Match[str]]:
    """The blocks of a text, and what stands between them."""
    position = 0
    for block in _BLOCK.finditer(text):
        yield text[position : block.start()]
        yield block
        position = block.end()
    yield text[position:]


def _body(tokens: Iterator[str | re.Match[str]], *ends: str) -> tuple[list[Node], str]:
    """What stands up to the block that ends it, and that one."""
    nodes: list[Node] = []
    for token in tokens:
        if isinstance(token, str):
            nodes.append(token)
        elif token["condition"] is not None:
            holds, end = _body(tokens, "else", "endif")
            otherwise = _body(tokens, "endif")[0] if end == "else" else []
            nodes.append(Branch(token["condition"], holds, otherwise))
        elif token["end"] in ends:
            return nodes, token["end"]
        else:
            break
    raise NotPlain


def _between(text: str, context: PlainContext, kinds: set[str]) -> Callable[[FieldWriter], str]:
    """A text outside of loops."""
    first, *more = _COUNT.split(text)
    if "{" in "".join((first, *more[1::2])) or "\r" in text:
        raise NotPlain
    pairs = [(_known(kind, context), literal) for kind, literal in zip(more[::2], more[1::2], strict=True)]
    kinds.update(kind for kind, _ in pairs)

    def made(writer: FieldWriter) -> str:
        writer.grow(len(text))
        return first + "".join(f"{len(context.rows(kind))}{literal}" for kind, literal in pairs)

    return made


def _loop(
    variable: str, where: str | None, body: Sequence[Node], kind: str, context: PlainContext
) -> Callable[[FieldWriter], str]:
    if variable in NOT_NAMES:
        raise NotPlain
    FieldWriter().rows_of(where, variable)
    FieldWriter().text(body, variable)

    def made(writer: FieldWriter) -> str:
        chosen, part = writer.rows_of(where, variable), writer.text(body, variable)
        rows = context.rows(kind)
        writer.require_room(len(rows))
        return "".join(part(chosen(rows)))

    return made
