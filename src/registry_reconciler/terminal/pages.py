"""Pages of Markdown: headings at the left, blocks as they are, and no word broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import visible
from registry_reconciler.report.values import columns
from registry_reconciler.terminal.draw import drawn

if TYPE_CHECKING:
    from registry_reconciler.terminal import Screen


def page(screen: Screen, text: str) -> str:
    """The page as it is read on this screen."""
    text = "\n".join(map(visible, text.split("\n")))
    # rich crops what is wider than its console, so that is as wide as the longest word, and prose is wrapped here.
    longest = max((columns(line) for line in text.splitlines()), default=0) + _INDENT
    beyond = max(longest - screen.width, 0)
    return drawn(screen, _markdown(text, beyond), width=screen.width + beyond)


_INDENT = 16


def _markdown(text: str, beyond: int) -> Any:
    from rich.markdown import CodeBlock, Heading, Markdown, Paragraph
    from rich.padding import Padding
    from rich.text import Text

    class Title(Heading):
        """A heading where a reader of English begins to read."""

        def __rich_console__(self, _console: Any, options: Any) -> Any:
            self.text.stylize("bold")
            yield from _wrapped(self.text, options.max_width - beyond)

    class Prose(Paragraph):
        """Text that is broken at blanks only."""

        def __rich_console__(self, _console: Any, options: Any) -> Any:
            yield from _wrapped(self.text, options.max_width - beyond)

    class Block(CodeBlock):
        """A block as it stands, to be copied: no background, no line broken."""

        def __rich_console__(self, _console: Any, _options: Any) -> Any:
            code = Text(str(self.text).rstrip(), "cyan", no_wrap=True, overflow="ignore")
            yield Padding(code, (0, 0, 0, 4))

    class TerminalPage(Markdown):
        elements = {  # noqa: RUF012 - as it is declared there
            **Markdown.elements,
            "heading_open": Title,
            "paragraph_open": Prose,
            "fence": Block,
            "code_block": Block,
        }

    return TerminalPage(text, hyperlinks=False)


def _wrapped(text: Any, room: int) -> Any:
    """The lines of a styled text."""
    breaks: list[int] = []
    start = used = 0
    plain = text.plain
    for word in plain.split(" "):
        size = columns(word)
        if used and used + 1 + size > room:
            breaks.append(start)
            used = 0
        used += size + (1 if used else 0)
        start += len(word) + 1
    for line in text.divide(breaks):
        line.rstrip()
        line.no_wrap, line.overflow = True, "ignore"
        yield line
