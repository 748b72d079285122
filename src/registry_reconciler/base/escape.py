"""Making text that came from YAML harmless, whatever it is printed into.

Ids and texts are written by anyone who can open a pull request. Each function here takes such a text and
returns one that cannot leave its place in one kind of output: a terminal, JSON on a terminal, Markdown, HTML,
a line that a CI runner reads. Renderers pass everything that is not their own wording through one of them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

# C0 and C1 controls, soft hyphen, fillers, zero-width and bidi characters, line separators, unseen operators,
# variation selectors (without U+FE0F, which ordinary emoji carry), annotations, lone surrogates, tags, and
# what is no character at all.
_HIDDEN_BEYOND_ASCII = (
    r"\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    r"\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_HIDDEN = rf"[\x00-\x1f{_HIDDEN_BEYOND_ASCII}]"
_HIDDEN_OR_RUNNER_IN_JSON = rf"[{_HIDDEN_BEYOND_ASCII}]|#(?=#\w*\[)"

# The runner trims white space before it looks for "::", and finds "##[" ("##vso[") anywhere in a line.
_RUNNER = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\w*\[)", re.MULTILINE)

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# A word of prose that no Markdown dialect reads as anything else; every other word is shown as code.
_PLAIN_WORD = r"""[('"“‘«]*[^\W_]+(?:[.,'’/;-][^\W_]+)*[)'"”’».,;:!?…]*|[—–→…]"""
# What may stay outside of the code span around any other word.
_AROUND_WORD = r"""([('"“‘«]*)(.*?)([)'"”’».,;:!?…]*)"""
_OPENS = r"""[('"“‘«]*[{\[]"""
# Words that GitHub makes links of: www.…, GH-12 and other tickets, commit ids.
_LINKED_WORD = r"(?i:\bwww\.|\b[a-z]+-\d|\b[0-9a-f]{7,40}\b)"
_BACKTICKS = re.compile(r"`+")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern that few commands need, compiled by the first of them."""
    return re.compile(pattern)


def _escape(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


_JOINED_EMOJI = (
    r"(?<=[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
)
_EMOJI = r"[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
_BARE_SELECTOR = rf"(?<!{_EMOJI})\ufe0f(?!\u20e3)"
_JOINING = (
    r"\u0590-\u109f\u1780-\u18af\u1900-\u1aff\u1b00-\u1c4f\ua800-\uaaff\uabc0-\uabff\ufb1d-\ufefc"
    r"\U00010a00-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f"
)
"""Letters of scripts in which a joiner says how they meet: Arabic and its kin, those of India, Mongolian, Adlam."""
_NO_BLANKS = r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
_IN_WORDS = (
    rf"(?<=[{_JOINING}])[\u200c\u200d]|\u200d(?=[\u0600-\u08ff])"
    r"|(?<=[\u1820-\u18aa])[\u180b-\u180f]"  # which form a Mongolian letter has
    rf"|(?<={_NO_BLANKS})\u200b(?={_NO_BLANKS})"  # where a line may break: Thai, Lao, Burmese and Khmer have no blanks
)
_MARKS = r"[\u200e\u200f\u061c]"
_RIGHT_TO_LEFT = r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]"


_FLAGS = (
    "\U0001f3f4(?:"
    + "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls"))
    + ")\U000e007f"
)
"""The three flags that are written with tags: England, Scotland and Wales. Any other tags are letters in hiding."""


def unseen(text: str, *, prose: bool = False) -> str:
    """The characters of a text that nobody sees, or that turn its direction, by their numbers; "" where there are none.

    Emoji may be joined. In ``prose`` words of scripts that need it may be too, and marks of direction stand beside
    letters that run from right to left.
    """
    text = _compiled(_FLAGS).sub("", _compiled(_JOINED_EMOJI).sub("", text))
    if prose:
        text = _compiled(_IN_WORDS).sub("", text)
        if _compiled(_RIGHT_TO_LEFT).search(text):
            text = _compiled(_MARKS).sub("", text)
    # Behind an emoji a selector says how to draw it; behind anything else it is nothing that anyone sees.
    hidden = f"[{_HIDDEN_BEYOND_ASCII}]" if prose else f"[{_HIDDEN_BEYOND_ASCII}]|{_BARE_SELECTOR}"
    found = dict.fromkeys(_compiled(hidden).findall(text))
    return ", ".join(f"U+{ord(item):04X}" for item in found)


def visible(text: str) -> str:
    """One line for a terminal: unseen characters (control, bidi, zero-width) shown as ``\\x1b``, ``\\u202e``.

    Also line ends become ``\\n``: what comes back never starts a line of its own.
    """
    # So most texts are, and then the pattern is not even compiled.
    if text.isascii() and text.isprintable():
        return text
    return _compiled(_HIDDEN).sub(lambda match: _escape(match.group()), text)


def runner_safe(text: str) -> str:
    """A finished report that a CI runner prints without obeying: no line of it is a workflow command.

    ``::`` at the start of a line becomes ``\\x3a:``, and ``##[`` becomes ``\\x23#[``.
    """
    return _RUNNER.sub(lambda match: (match.group(1) or "") + _escape_runner(match.group()[-1]), text)


def _escape_runner(character: str) -> str:
    return f"\\x{ord(character):02x}"


def json_text(text: str) -> str:
    """JSON text with every unseen character as ``\\uXXXX``: the same JSON value, harmless when looked at.

    ``text`` must be the output of a JSON encoder (controls below U+0020 are escaped in it already).
    """
    return _compiled(_HIDDEN_OR_RUNNER_IN_JSON).sub(_escape_json, text)


def _escape_json(match: re.Match[str]) -> str:
    number = ord(match.group())
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"


def _longest_backticks(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def code(text: str) -> str:
    """A Markdown code span: nothing inside is a link, a mention, HTML or emphasis. Not for table cells."""
    shown = visible(text)
    if not shown:
        return "` `"
    ticks = "`" * (_longest_backticks(shown) + 1)
    edge = shown[0] in "` " or shown[-1] in "` "
    pad = " " if edge else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def markdown(text: str) -> str:
    """Prose inside a line of Markdown: plain words stay, every other word becomes a code span.

    Escaping would not do: GitHub finds mentions, issue numbers and addresses after Markdown is rendered, and
    only code is left alone.
    """
    return " ".join(map(_word, _wholes([word for word in visible(text).split(" ") if word])))


_MOST_JOINED = 12
"""So many words of one mapping or list are one code span; a longer one is shown word by word."""


def _wholes(words: list[str]) -> Iterator[str]:
    """The words, and what stands between brackets as one of them: nobody could copy ``{a`` and ``b}``."""
    at = 0
    while at < len(words):
        size = _whole(words[at : at + _MOST_JOINED]) if _compiled(_OPENS).match(words[at]) else 1
        yield " ".join(words[at : at + size])
        at += size


def _whole(words: list[str]) -> int:
    """How many words it takes until all brackets are closed; 1 where they are not."""
    depth = 0
    for number, word in enumerate(words, 1):
        depth += sum(map(word.count, "{[")) - sum(map(word.count, "}]"))
        if depth <= 0:
            return number
    return 1


@functools.lru_cache(maxsize=4096)
def _word(word: str) -> str:
    if _compiled(_PLAIN_WORD).fullmatch(word) and not _compiled(_LINKED_WORD).search(word):
        return word
    match = _compiled(_AROUND_WORD).fullmatch(word)
    if match is None or not match.group(2):
        return code(word)
    return match.group(1) + code(match.group(2)) + match.group(3)


def fence(lines: list[str], language: str = "") -> list[str]:
    """A fenced code block around lines, with a fence longer than any run of backticks in them."""
    shown = [visible(line) for line in lines]
    longest = max(map(_longest_backticks, shown), default=0)
    ticks = "`" * max(3, longest + 1)
    return [ticks + language, *shown, ticks]


def html(text: str) -> str:
    """Text for HTML inside ``<code>``: nothing in it is a tag or an entity."""
    shown = visible(text)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        shown = shown.replace(character, entity)
    return shown


def workflow(text: str) -> str:
    """The message of a GitHub annotation command; line ends stay line ends, encoded."""
    lines = [visible(line) for line in text.split("\n")]
    return runner_safe("%0A".join(line.replace("%", "%25") for line in lines))


def workflow_property(text: str) -> str:
    """The value of a property (``file``, ``title``) of a GitHub annotation command."""
    return runner_safe(visible(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C"))
