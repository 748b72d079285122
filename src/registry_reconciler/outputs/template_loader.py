"""Gives Jinja2 the templates that it asks for by name."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from jinja2.environment import Environment, Template
from jinja2.exceptions import TemplateNotFound


class Loader:
    """Gives templates by name. What Jinja2 has for that reads disks and packages too."""

    def __init__(self, text_of: Callable[[str], str | None]) -> None:
        self._text_of = text_of

    def load(
        self, environment: Environment, name: str, names: MutableMapping[str, Any] | None = None
    ) -> Template:
        """Asked by Jinja2 itself. Raises :class:`jinja2.exceptions.TemplateNotFound`."""
        text = self._text_of(name)
        if text is None:
            raise TemplateNotFound(name)
        code = environment.compile(text, name, name)
        return environment.template_class.from_code(environment, code, names if names is not None else {})
