"""Reports within a number of bytes: what is cut, and that it is said; of Markdown, and of pages for a browser.

What is too long is cut from the least important end: first entries lose their details, then whole entries are cut, each
time saying how many; blocking problems are the last to go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from registry_reconciler.base.escape import code, runner_safe
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.outline import BLOCKING, Noun
from registry_reconciler.report.values import cut
from registry_reconciler.report.words import command_line

LEAST_BYTES = 4_000
"""Below this the verdict and one blocking problem would not fit."""

_COMMAND_LIMIT = 200


class SectionItem(Struct, frozen=True):
    """One item of a section: with its details, and in one line.

    Attributes:
        count: so many things it stands for.
        is_cut: its details were left out already.
    """

    long: str
    short: str
    count: int = 1
    is_cut: bool = False


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


class ReportSection(Struct, frozen=True):
    """A part of the report. ``noun`` says what was cut."""

    head: str
    entries: tuple[SectionItem, ...]
    tail: str
    noun: Noun


def fit(
    head: str,
    sections: Sequence[ReportSection],
    options: RenderOptions,
    limit: int,
    dialect: Dialect = MARKDOWN,
) -> str:
    """Head and sections within ``limit`` bytes of UTF-8."""
    limit = max(limit, LEAST_BYTES)
    counts = [len(section.entries) for section in sections]
    whole = _join(head, sections, counts, counts, dialect)
    is_cut = any(entry.is_cut for section in sections for entry in section.entries)
    if size(whole) <= limit and not is_cut:
        return whole
    again = ["registry", "plan", "--full"]
    if options.base:
        again[2:2] = ["--base", options.base]
    return _Fitting(head, sections, limit, cut(command_line(again), _COMMAND_LIMIT), dialect).text()


def size(text: str) -> int:
    """The bytes of a text."""
    return len(text.encode())


def _join(
    head: str,
    sections: Sequence[ReportSection],
    detailed: Sequence[int],
    kept: Sequence[int],
    dialect: Dialect,
) -> str:
    """The report: of each section so many entries, of these so many with their details."""
    parts = [head]
    for section, first, keep in zip(sections, detailed, kept, strict=True):
        if keep:
            entries = section.entries
            parts += [section.head, *(entry.long for entry in entries[:first])]
            parts += [entry.short for entry in entries[first:keep]]
            if keep < len(entries):
                parts.append(dialect.cut_line(_count(_things(entries[keep:]), section.noun)))
            parts.append(section.tail)
    return dialect.safe("".join(parts))


def _things(entries: Sequence[SectionItem]) -> int:
    return sum(entry.count for entry in entries)


def _count(count: int, noun: Noun) -> str:
    return f"{count:,} {noun[count != 1]}"


class _Fitting:
    """Cuts sections until they fit, from the last to the first; what blocks is the very last."""

    def __init__(
        self, head: str, sections: Sequence[ReportSection], limit: int, again: str, dialect: Dialect
    ) -> None:
        self.dialect = dialect
        self.head = head
        self.again = again
        self.sections = sections
        # Room for the line that says what was cut, and for what makes single lines safe.
        self.room = limit - size(head) - 600
        self.kept = [len(section.entries) for section in sections]
        self.detailed = list(self.kept)
        self.sizes = [
            self._frame(number) + sum(self._size(entry.long) for entry in section.entries)
            for number, section in enumerate(sections)
        ]

    def _size(self, text: str) -> int:
        return size(self.dialect.safe(text))

    def _frame(self, number: int) -> int:
        section = self.sections[number]
        return size(section.head + section.tail) + 80

    def _expendable(self) -> list[int]:
        """Section numbers, the least important first."""
        numbers = list(range(len(self.sections)))[::-1]
        return sorted(numbers, key=lambda number: self.sections[number].noun == BLOCKING)

    def text(self) -> str:
        for cut_from in (self._take_details, self._shorten):
            for number in self._expendable():
                over = sum(self.sizes) - self.room
                if over > 0:
                    cut_from(number, over)
        head = self.head + self._cut_note()
        return _join(head, self.sections, self.detailed, self.kept, self.dialect)

    def _take_details(self, number: int, over: int) -> None:
        """Leave entries without their details, from the last, until that gives so many bytes."""
        entries, first, given = self.sections[number].entries, self.detailed[number], 0
        while first and given < over:
            first -= 1
            given += self._size(entries[first].long) - self._size(entries[first].short)
        self.detailed[number] = first
        self.sizes[number] -= given

    def _shorten(self, number: int, over: int) -> None:
        """Cut entries that have lost their details, from the last, until that gives so many bytes; maybe all."""
        room = self.sizes[number] - over
        used = self._frame(number)
        keep = 0
        for entry in self.sections[number].entries:
            used += self._size(entry.short)
            if used > room:
                break
            keep += 1
        self.kept[number] = keep
        self.sizes[number] = room if keep else 0

    def _cut_note(self) -> str:
        """What a reader does not see here, and how to see it."""
        gone: dict[Noun, int] = {}
        briefly: dict[Noun, int] = {}
        for section, first, keep in zip(self.sections, self.detailed, self.kept, strict=True):
            gone[section.noun] = gone.get(section.noun, 0) + _things(section.entries[keep:])
            without = [
                entry
                for number, entry in enumerate(section.entries[:keep])
                if entry.is_cut or (number >= first and entry.long != entry.short)
            ]
            briefly[section.noun] = briefly.get(section.noun, 0) + _things(without)
        left_out = [_count(count, noun) for noun, count in gone.items() if count]
        details = [_count(count, noun) for noun, count in briefly.items() if count]
        left_out += [f"the details of {' and '.join(details)}"] if details else []
        return self.dialect.cut_note(", ".join(left_out), self.again)
