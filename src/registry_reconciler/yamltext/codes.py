"""Every code that reading a YAML text can give: what its page says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class YamlCode:
    """One code. ``example`` is a text that gives it; ``instead`` is the same said rightly."""

    code: str
    title: str
    checks: str
    why: str
    fix: str
    example: str
    instead: str


_TABLE: Final = (
    YamlCode(
        "YML001",
        "Not YAML",
        "The text breaks YAML's syntax. One such fault a file is shown, the first.",
        "Nothing in the file can be trusted, so nothing that it owns is planned, changed or deleted.",
        "Correct the text at the place shown; often a quote, a bracket or the indentation above it is wrong.",
        'hook:\n  - id: "unclosed\n',
        'hook:\n  - id: "closed"\n',
    ),
    YamlCode(
        "YML002",
        "Wrong encoding or forbidden character",
        "The file is not UTF-8, or holds a character that YAML forbids or that parsers treat differently:"
        " control characters, NEL, line separators, a byte order mark inside, a lone carriage return.",
        "Parsers disagree on such text: one sees a line end where another sees a letter.",
        "Save the file as UTF-8; write special characters escaped in double quotes.",
        "id: a\x85b\n",
        'id: "a\\x85b"\n',
    ),
    YamlCode(
        "YML003",
        "Duplicate key",
        "A mapping says one key twice.",
        "Parsers keep the first, the last, or refuse; whoever reads the file cannot know which is meant.",
        "Remove or rename one of the two.",
        "id: a\nid: b\n",
        "id: a\nname: b\n",
    ),
    YamlCode(
        "YML004",
        "Key is not a string",
        "A mapping key is a number, a boolean, null, a list or a mapping.",
        "Registry values are JSON values, and JSON keys are strings.",
        "Quote the key.",
        "1: one\n",
        '"1": one\n',
    ),
    YamlCode(
        "YML005",
        "Tag is not known or does not fit",
        "A value carries a tag beyond YAML 1.2 core, or one that its text does not fit.",
        "Tags ask a parser to make objects of a language; registry values are JSON values only.",
        "Remove the tag and write the value itself.",
        "id: !!python/name:os.system x\n",
        "id: x\n",
    ),
    YamlCode(
        "YML006",
        "Alias out of bounds",
        "Aliases or merges expand beyond the limits, refer to themselves, or to no anchor; or a merge brings"
        " something that is not a mapping.",
        "A few lines of aliases can stand for gigabytes of values.",
        "Write the values out, or use fewer aliases.",
        "a: &a [*a]\n",
        "a: []\n",
    ),
    YamlCode(
        "YML007",
        "Value is not JSON",
        "A value is infinite or not a number, an integer is too long, or a string holds a lone surrogate.",
        "Such values cannot be stored, compared or passed on the same way everywhere.",
        "Write a finite number, or quote the value to make it a string.",
        "limit: .inf\n",
        'limit: ".inf"\n',
    ),
    YamlCode(
        "YML008",
        "Beyond a limit",
        "The file is too large, nests too deep, or holds too many documents or too long a text.",
        "Reading must take bounded time and memory, whoever wrote the file.",
        "Split the file, or flatten the value.",
        "a: " + "[" * 201 + "]" * 201 + "\n",
        "a: [[]]\n",
    ),
    YamlCode(
        "YML009",
        "Mixed line ends",
        "Some lines end with CRLF, others with LF. A warning: the file is read and every line kept as it is.",
        "Tools rewrite such files whole, and the diff then hides what changed.",
        "Save the file with one kind of line end.",
        "a: 1\r\nb: 2\n",
        "a: 1\nb: 2\n",
    ),
    YamlCode(
        "YML010",
        "Conflict markers",
        "git left the marks of an unresolved merge in the file.",
        "The text holds two versions at once; neither is what somebody decided.",
        "Make of the file what it is to be, by hand or with one side of it; then run `registry resolve`, which"
        " settles what registry itself keeps.",
        "<<<<<<< HEAD\nid: a\n=======\nid: b\n>>>>>>> topic\n",
        "id: a\n",
    ),
)
CODES: Final[dict[str, YamlCode]] = {row.code: row for row in _TABLE}
