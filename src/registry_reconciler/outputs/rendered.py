"""What came out of rendering an output: a value, or what is wrong."""

from __future__ import annotations

from msgspec import Struct

from registry_reconciler.model.entry import Json


class RenderFault(Struct, frozen=True):
    """What is wrong with a template or an expression.

    Attributes:
        kind: ``syntax``, ``missing``, ``undefined``, ``refused``, ``limit``, ``secret``, ``value`` or ``failed``.
        template: the template concerned; "" for an expression in ``outputs.yaml``.
        at: the steps to that expression in its definition.
    """

    kind: str
    message: str
    template: str
    line: int
    at: tuple[str | int, ...]


class Rendered(Struct, frozen=True):
    """What came out of one job: a text, a value or a list of items, or a fault; and what was read for it.

    Attributes:
        is_written_alike: nothing in it is written in two ways, as :mod:`registry_reconciler.base.json_text` says it.
    """

    result: Json = None
    fault: RenderFault | None = None
    kinds: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    is_written_alike: bool = False
