"""Reports within a number of bytes: what is cut, and that it is said; of Markdown, and of pages for a browser.

What is too long is cut from the least important end: first whole sections lose their details, then entries are cut,
each time saying how many; blocking problems are the last to go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from registry_reconciler.base.escape import code, runner_safe
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.outline import BLOCKING, Noun
from registry_reconciler.report.values import cut
from registry_reconciler.report.words import command_line, plural

LEAST_BYTES = 4_000
"""Below this the verdict and one blocking problem would not fit."""

_COMMAND_LIMIT = 200


class Entry(Struct, frozen=True):
    """One item of a section: with its details, and in one line. ``count``: so many things it stands for."""

    long: str
    short: str
    count: int = 1


class Dialect(Struct, frozen=True):
    """How a format says what is cut.

    Attributes:
        safe: the finished report, so that no line of it is obeyed by what prints it.
        cut_line: so many things of a section are left out.
        cut_note: what was cut in all, and the command that shows it.
    """

    safe: Callable[[str], str]
    cut_line: Callable[[str], str]
    cut_note: Callable[[str, str], str]


MARKDOWN = Dialect(
    runner_safe,
    lambda count: f"- … {count} more\n",
    lambda cut_words, command: f"\nCut to fit: {cut_words}. {code(command)} shows all.\n",
)


class Section(Struct, frozen=True):
    """A part of the report. ``noun`` says what was cut."""

    head: str
    entries: tuple[Entry, ...]
    tail: str
    noun: Noun


def fit(
    head: str, sections: Sequence[Section], options: RenderOptions, limit: int, dialect: Dialect = MARKDOWN
) -> str:
    """Head and sections within ``limit`` bytes of UTF-8."""
    limit = max(limit, LEAST_BYTES)
    whole = _join(
        head, sections, [_long] * len(sections), [len(section.entries) for section in sections], dialect
    )
    if size(whole) <= limit:
        return whole
    again = ["registry", "plan", "--full"]
    if options.base:
        again[2:2] = ["--base", options.base]
    return _Fitting(head, sections, limit, cut(command_line(again), _COMMAND_LIMIT), dialect).text()


def _long(entry: Entry) -> str:
    return entry.long


def _brief(entry: Entry) -> str:
    return entry.short


def size(text: str) -> int:
    """The bytes of a text."""
    return len(text.encode())


def _join(
    head: str,
    sections: Sequence[Section],
    forms: Sequence[Callable[[Entry], str]],
    kept: Sequence[int],
    dialect: Dialect,
) -> str:
    parts = [head]
    for section, form, keep in zip(sections, forms, kept, strict=True):
        if keep:
            parts += [section.head, *map(form, section.entries[:keep])]
            if keep < len(section.entries):
                parts.append(dialect.cut_line(_count(_things(section.entries[keep:]), section.noun)))
            parts.append(section.tail)
    return dialect.safe("".join(parts))


def _things(entries: Sequence[Entry]) -> int:
    return sum(entry.count for entry in entries)


def _count(count: int, noun: Noun) -> str:
    return f"{count:,} {noun[count != 1]}"


class _Fitting:
    """Cuts sections until they fit, from the last to the first; what blocks is the very last."""

    def __init__(
        self, head: str, sections: Sequence[Section], limit: int, again: str, dialect: Dialect
    ) -> None:
        self.dialect = dialect
        self.head = head
        self.again = again
        self.sections = sections
        # Room for the line that says what was cut, and for what makes single lines safe.
        self.room = limit - size(head) - 600
        self.forms: list[Callable[[Entry], str]] = [_long] * len(sections)
        self.kept = [len(section.entries) for section in sections]
        self.sizes = [self._measure(number) for number in range(len(sections))]

    def _measure(self, number: int) -> int:
        section, form = self.sections[number], self.forms[number]
        return self._frame(number) + sum(size(self.dialect.safe(form(entry))) for entry in section.entries)

    def _frame(self, number: int) -> int:
        section = self.sections[number]
        return size(section.head + section.tail) + 80

    def _expendable(self) -> list[int]:
        """Section numbers, the least important first."""
        numbers = list(range(len(self.sections)))[::-1]
        return sorted(numbers, key=lambda number: self.sections[number].noun == BLOCKING)

    def text(self) -> str:
        for number in self._expendable():
            if sum(self.sizes) <= self.room:
                break
            self.forms[number] = _brief
            self.sizes[number] = self._measure(number)
        for number in self._expendable():
            over = sum(self.sizes) - self.room
            if over <= 0:
                break
            self._shorten(number, self.sizes[number] - over)
        return _join(self.head + self._cut_note(), self.sections, self.forms, self.kept, self.dialect)

    def _shorten(self, number: int, room: int) -> None:
        """Keep as many entries as fit into ``room`` bytes, maybe none."""
        used = self._frame(number)
        keep = 0
        for entry in self.sections[number].entries:
            used += size(self.dialect.safe(entry.short))
            if used > room:
                break
            keep += 1
        self.kept[number] = keep
        self.sizes[number] = room if keep else 0

    def _cut_note(self) -> str:
        """What a reader does not see here, and how to see it."""
        cut_counts: dict[Noun, int] = {}
        for section, keep in zip(self.sections, self.kept, strict=True):
            missing = _things(section.entries[keep:])
            if missing:
                cut_counts[section.noun] = cut_counts.get(section.noun, 0) + missing
        folded = sum(form is _brief and keep > 0 for form, keep in zip(self.forms, self.kept, strict=True))
        left_out = [_count(count, noun) for noun, count in cut_counts.items()]
        left_out += [f"the details of {plural(folded, 'section')}"] if folded else []
        return self.dialect.cut_note(", ".join(left_out), self.again)
