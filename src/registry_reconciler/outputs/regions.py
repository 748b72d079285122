"""Regions of a text: what stands between ``registry:begin ID`` and ``registry:end ID``. Pure.

Markers are comments of the file's language, alone on their lines or both inside one line. What stands in a fenced or
quoted piece of code in Markdown is text: a page may show markers without having any.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

ID = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_MARK = rf"registry:(?P<word>begin|end)[ \t]+(?P<id>{ID})"


class _Comment(NamedTuple):
    """How comments of some languages look: what opens one, and what closes it; "": the end of the line."""

    opening: str
    closing: str = ""


_HTML = _Comment("<!--", "-->")
_C = _Comment("/*", "*/")
_MDX = _Comment("{/*", "*/}")
_JINJA = _Comment("{#", "#}")
_ML = _Comment("(*", "*)")
_HASH, _SLASH, _DASH = _Comment("#"), _Comment("//"), _Comment("--")
_SEMICOLON, _PERCENT, _BANG, _QUOTE, _DOTS = (
    _Comment(";"),
    _Comment("%"),
    _Comment("!"),
    _Comment('"'),
    _Comment(".."),
)

_LANGUAGES: tuple[tuple[tuple[_Comment, ...], str], ...] = (
    (
        (_HTML,),
        "md markdown mdc html htm xhtml xml xsl xslt svg vue astro svelte plist csproj fsproj props targets",
    ),
    ((_HTML, _MDX), "mdx"),
    ((_SLASH, _C, _MDX), "jsx tsx"),
    (
        (_SLASH, _C),
        "js ts mjs cjs mts cts go rs java kt kts c h cc cpp cxx hh hpp cs swift scala dart proto jsonc json5 groovy "
        "gradle scss less sass styl m mm zig v sv sol prisma jsonnet libsonnet cue bicep thrift adoc asciidoc fs fsx",
    ),
    ((_C,), "css"),
    (
        (_HASH,),
        "yaml yml toml py pyi pyx sh bash zsh fish ksh rb pl pm r tf tfvars hcl cfg conf mk mak cmake nix properties "
        "env ps1 psm1 jl ex exs cr nim graphql gql bzl star bazel awk tcl po gemspec rake dockerfile just",
    ),
    ((_DASH, _C), "sql"),
    ((_DASH,), "lua hs elm adb ads vhd vhdl purs dhall"),
    ((_SEMICOLON, _HASH), "ini editorconfig"),
    ((_SEMICOLON,), "el lisp cl clj cljs cljc edn scm rkt asm s"),
    ((_PERCENT,), "tex sty cls bib erl hrl pro"),
    ((_BANG,), "f90 f95 f03 f08"),
    ((_QUOTE,), "vim"),
    ((_ML,), "ml mli"),
    ((_JINJA, _HTML, _HASH, _SLASH), "j2 jinja jinja2 njk"),
    ((_DOTS,), "rst"),
    ((), "json ipynb csv tsv"),
)
_BY_ENDING = {ending: comments for comments, endings in _LANGUAGES for ending in endings.split()}
_BY_NAME = dict.fromkeys(
    [
        "codeowners",
        "makefile",
        "gnumakefile",
        "dockerfile",
        "containerfile",
        "justfile",
        "gemfile",
        "rakefile",
        "procfile",
        "brewfile",
        "build",
        "workspace",
        "owners",
        "cmakelists.txt",
        "requirements.txt",
    ],
    (_HASH,),
)
_ANY = (_HTML, _HASH, _SLASH, _C)
_MARKDOWN = (".md", ".markdown", ".mdc", ".mdx")

Form = tuple[re.Pattern[str], bool]
"""How a marker looks, and whether text may follow it on its line."""


@functools.cache
def _compiled(marker: str) -> re.Pattern[str]:
    """A way to write markers, compiled for the first file that has it."""
    return re.compile(marker)


def forms(path: str) -> tuple[Form, ...]:
    """How markers look in a file, by its name."""
    return tuple((_compiled(_pattern(comment)), bool(comment.closing)) for comment in _comments(path))


def has_comments(path: str) -> bool:
    """Whether the comments of a file's language are known by its name."""
    return _comments(path) not in ((), _ANY)


def _comments(path: str) -> tuple[_Comment, ...]:
    name = path.rpartition("/")[2].lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    ending = name.rpartition(".")[2]
    # A name that begins with a dot and has no other one is a file of settings: .gitignore, .dockerignore, .env
    hidden = name.startswith(".") and name.count(".") == 1
    return _BY_ENDING.get(ending, (_HASH,) if hidden else _ANY)


def _pattern(comment: _Comment) -> str:
    opening = re.escape(comment.opening)
    if comment.closing:
        return rf"{opening}[ \t]*{_MARK}[ \t]*{re.escape(comment.closing)}"
    return rf"(?<![^ \t]){opening}[ \t]*{_MARK}[ \t]*$"


def example(path: str, region: str) -> tuple[str, str]:
    """The two markers of a region as they are written in a file."""
    opening, closing = (_comments(path) or _ANY)[0]
    closing = f" {closing}" if closing else ""
    return f"{opening} registry:begin {region}{closing}", f"{opening} registry:end {region}{closing}"


class Marker(Struct, frozen=True):
    """One marker: offsets of it and of its line; ``alone``: nothing else stands on that line."""

    word: str
    id: str
    start: int
    end: int
    line_start: int
    line_end: int
    number: int
    alone: bool


class Region(Struct, frozen=True):
    """A region: offsets of its text and of all of it, markers included, and the number of its first line."""

    id: str
    start: int
    end: int
    outer_start: int
    outer_end: int
    line: int
    inline: bool


class RegionFault(Struct, frozen=True):
    """Markers that make no region."""

    id: str
    message: str
    line: int


def find_regions(path: str, text: str) -> tuple[dict[str, Region], list[RegionFault]]:
    """The regions of a text by id, and what is wrong with its markers. Line ends are those of the text."""
    if "registry:begin" not in text and "registry:end" not in text:
        return {}, []
    by_id: dict[str, list[Marker]] = {}
    for marker in markers(path, text):
        by_id.setdefault(marker.id, []).append(marker)
    found: dict[str, Region] = {}
    faults: list[RegionFault] = []
    for name, some in by_id.items():
        fault = _fault(some)
        if fault is not None:
            faults.append(RegionFault(name, fault, some[0].number))
        else:
            found[name] = _region(name, some[0], some[1])
    faults.extend(_crossing(found))
    crossed = {fault.id for fault in faults}
    return {name: region for name, region in found.items() if name not in crossed}, faults


def without(path: str, text: str, ids: Collection[str]) -> str:
    """A text with nothing between the markers of some regions."""
    found = find_regions(path, text)[0]
    for region in sorted(found.values(), key=lambda region: region.start, reverse=True):
        if region.id in ids:
            text = text[: region.start] + text[region.end :]
    return text


def _fault(some: Sequence[Marker]) -> str | None:
    begins = [marker for marker in some if marker.word == "begin"]
    ends = [marker for marker in some if marker.word == "end"]
    for word, several in (("begin", begins), ("end", ends)):
        if len(several) > 1:
            lines = ", ".join(str(marker.number) for marker in several[:5])
            return f"its 'registry:{word}' stands {len(several)} times (lines {lines}); one pair an id"
    if not ends:
        return f"line {begins[0].number} begins it, and no 'registry:end' follows"
    if not begins:
        return f"line {ends[0].number} ends it, and no 'registry:begin' stands before"
    begin, end = begins[0], ends[0]
    if end.start < begin.start:
        return f"line {end.number} ends it before line {begin.number} begins it"
    same = begin.line_start == end.line_start
    if not same and not (begin.alone and end.alone):
        return "its markers stand each alone on a line, or both inside one line"
    return None


def _region(name: str, begin: Marker, end: Marker) -> Region:
    if begin.line_start == end.line_start:
        return Region(name, begin.end, end.start, begin.start, end.end, begin.number, True)
    return Region(name, begin.line_end, end.line_start, begin.line_start, end.line_end, begin.number, False)


def _crossing(found: Mapping[str, Region]) -> Iterator[RegionFault]:
    """Regions of which one stands inside another, or crosses it."""
    ordered = sorted(found.values(), key=lambda region: region.outer_start)
    furthest: Region | None = None
    for region in ordered:
        if furthest is not None and region.outer_start < furthest.outer_end:
            yield RegionFault(region.id, f"it stands inside the region {furthest.id!r}", region.line)
        if furthest is None or region.outer_end > furthest.outer_end:
            furthest = region


def markers(path: str, text: str) -> Iterator[Marker]:
    """Every marker of a text, in its order."""
    looks = forms(path)
    markdown = path.lower().endswith(_MARKDOWN)
    fence = ""
    position = 0
    for number, line in enumerate(text.split("\n"), 1):
        start, position = position, position + len(line) + 1
        line_end = min(position, len(text))
        body = line.rstrip("\r")
        if markdown:
            fence, is_code = _fenced(body, fence)
            if is_code:
                continue
        if "registry:" in body:
            shown = _without_code(body) if markdown else body
            yield from _on_line(looks, shown, body, (start, line_end, number))


def _on_line(looks: Sequence[Form], shown: str, body: str, where: tuple[int, int, int]) -> Iterator[Marker]:
    start, line_end, number = where
    found = [match for look, _ in looks for match in look.finditer(shown)]
    last = -1
    for match in sorted(found, key=lambda mark: (mark.start(), -mark.end())):
        if match.start() < last:
            continue  # the same comment, as another of the language's forms has it
        last = match.end()
        alone = not body[: match.start()].strip() and not body[match.end() :].strip()
        yield Marker(
            match["word"],
            match["id"],
            start + match.start(),
            start + match.end(),
            start,
            line_end,
            number,
            alone,
        )


_FENCE = re.compile(r"[ \t]*(?:>[ \t]*)*(?:[-*+][ \t]+|[0-9]+[.)][ \t]+)*(?P<mark>`{3,}|~{3,})(?P<rest>.*)\Z")


def _fenced(line: str, fence: str) -> tuple[str, bool]:
    """The fence that is open behind a line, and whether the line is code or a fence itself."""
    match = _FENCE.match(line)
    if not fence:
        if match is None or (match["mark"][0] == "`" and "`" in match["rest"]):
            return "", False
        return match["mark"], True
    if match is not None and match["mark"].startswith(fence) and not match["rest"].strip():
        return "", True
    return fence, True


def without_code(path: str, text: str) -> str:
    """A text with the code of a Markdown page blotted out, every character at its place."""
    if not path.lower().endswith(_MARKDOWN):
        return text
    fence, shown = "", []
    for line in text.split("\n"):
        fence, fenced = _fenced(line.rstrip("\r"), fence)
        shown.append("\0" * len(line) if fenced else _without_code(line))
    return "\n".join(shown)


_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def _without_code(line: str) -> str:
    """A line of Markdown with its code spans blotted out, every character at its place."""
    return _CODE.sub(lambda match: "\0" * len(match.group()), line) if "`" in line else line
