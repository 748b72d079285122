"""Front matter that is no YAML, read key by key: ``globs: *.ts``, ``description: see: below``.

A value that YAML understands by itself is what YAML says. Of another one the rest of its line is the text, and lines
below it that belong to nothing are kept as they are. Such values are covered by plain words, so that the engine of YAML
can read, locate and edit what stands beside them; what it made is uncovered again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.yaml_quotes import double_quoted
from registry_reconciler.formats.edits import Edit, ReplaceDocument, SpliceError, Update
from registry_reconciler.formats.yaml.row import YAML
from registry_reconciler.model.entry import Json

_KEY = re.compile(
    r"""(?P<key>[^\W\d][^:#\r\n]*?|"(?:[^"\\\r\n]|\\.)*+"|'(?:[^'\r\n]|'')*+')"""
    r"""[ \t]*:(?:[ \t]+(?P<rest>[^\r\n]*?))?[ \t]*(?=\r?\n|\Z)"""
)
_ONLY_COMMENTS = re.compile(r"(?:[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z))*")
_HELD = "registry-held-{}-"
"""No such word begins another one."""


class Covered(Struct, frozen=True):
    """A part of a block that YAML does not understand: the value of one key.

    Attributes:
        start, end: of the rest of the key's line, in characters.
        stop: where the lines end that belong to it; of comments and blank lines none does.
    """

    key: str
    text: str
    start: int
    end: int
    stop: int


def covers(block: str) -> tuple[Covered, ...]:
    """The values that cannot be read and stand on the line of their key; none where YAML reads the whole block."""
    if YAML.read(block.encode()).readable:
        return ()
    found = []
    for start, stop in _chunks(block):
        match = _KEY.match(block, start)
        if match is None or YAML.read(block[start:stop].encode()).readable:
            continue
        rest = match["rest"]
        if not rest:
            continue  # nothing stands on its line: what is below is broken, and is said to be
        below = block.find("\n", start, stop) + 1
        if below and _ONLY_COMMENTS.fullmatch(block, below, stop):
            stop = below
        found.append(Covered(_named(match["key"]), rest, match.start("rest"), match.end("rest"), stop))
    return tuple(found)


def _named(key: str) -> str:
    """What a key says, with or without quotes."""
    if key[0] not in "\"'":
        return key
    (document,) = YAML.read(f"{key}: 0\n".encode()).documents or ({},)
    return next(iter(document), key) if isinstance(document, dict) else key


def _chunks(block: str) -> list[tuple[int, int]]:
    """Where each key of the first column begins, and the next one."""
    starts = []
    at = 0
    while at < len(block):
        if _KEY.match(block, at):
            starts.append(at)
        end = block.find("\n", at)
        at = len(block) if end < 0 else end + 1
    return list(pairwise([*starts, len(block)])) if starts else []


def filled(block: str, found: Sequence[Covered]) -> str:
    """The block with as many letters in place of what is covered, so that everything stands where it stood."""
    for covered in reversed(found):
        below = re.sub(r"[^\r\n]", " ", block[covered.end : covered.stop])
        block = f"{block[: covered.start]}{'x' * (covered.end - covered.start)}{below}{block[covered.stop :]}"
    return block


def with_texts(document: Json, found: Sequence[Covered]) -> Json:
    """What the filled block says, with the texts that stand there."""
    if not isinstance(document, dict):
        return document
    texts = {covered.key: covered.text for covered in found}
    return {name: texts.get(name, part) for name, part in document.items()}


def quoted(block: str, found: Sequence[Covered]) -> str:
    """The block as YAML: what is covered as texts in quotes, without the lines that belong to nothing."""
    for covered in reversed(found):
        text = double_quoted(covered.text)
        end = _end_of_line(block[covered.end : covered.stop])
        block = f"{block[: covered.start]}{text}{end}{block[covered.stop :]}"
    return block


def _end_of_line(text: str) -> str:
    return "\r\n" if text.endswith("\r\n") else "\n" if text.endswith("\n") else ""


def spliced(block: str, found: Sequence[Covered], edits: Sequence[Edit]) -> str:
    """The block with edits made in it. A text in place of a covered one is written as plainly, where it reads back.

    Raises:
        SpliceError: as the engine of YAML does, and where lines would be lost that belong to nothing.
    """
    held = {_HELD.format(number): covered for number, covered in enumerate(found)}
    words = {covered.key: word for word, covered in held.items()}
    texts = {word: covered.text for word, covered in held.items()}
    below = {}
    for word, covered in reversed(held.items()):
        end = _end_of_line(block[covered.end : covered.stop])
        below[word] = block[covered.end : covered.stop - len(end)]
        block = f"{block[: covered.start]}{word}{end}{block[covered.stop :]}"
    left = [kept for edit in edits if (kept := _held(edit, words, texts)) is not None]
    made = YAML.splice(block.encode(), left).decode() if left else block
    for word in held:
        if word not in made and below[word].strip():
            message = (
                f"the lines below {held[word].key!r} are no YAML, and it is not known what becomes of them"
            )
            raise SpliceError(message, 0, (held[word].key,))
    plain = _with_words(made, {word: texts[word] + below[word] for word in held})
    file = YAML.read(plain.encode("utf-8", "surrogatepass"))
    document = file.documents[0] if file.readable and file.documents else {}
    read = list(document.values()) if isinstance(document, dict) else []
    if not read or all(texts[word] in read for word in held if word in made):
        return plain
    # What stands below closes a quote that was left open: only in quotes of its own does each say what it said.
    return _with_words(made, {word: double_quoted(texts[word]) + below[word] for word in held})


def _with_words(text: str, words: dict[str, str]) -> str:
    for word in reversed(words):
        text = text.replace(word, words[word], 1)
    return text


def _held(edit: Edit, words: Mapping[str, str], texts: dict[str, str]) -> Edit | None:
    """An edit of the block with words in place of what is covered; ``None``: the text of a word is all that changes."""
    if isinstance(edit, Update) and len(edit.path) == 1:
        word = words.get(str(edit.path[0]), "")
        if word and _reads_back(str(edit.path[0]), edit.value):
            texts[word] = edit.value
            return None
    whole = isinstance(edit, ReplaceDocument) or (isinstance(edit, Update) and not edit.path)
    if whole and isinstance(edit.value, dict):  # type: ignore[union-attr]
        value = dict(edit.value)  # type: ignore[union-attr]
        for key, word in words.items():
            if key in value and (value[key] == texts[word] or _reads_back(key, value[key])):
                texts[word], value[key] = value[key], word
        return replace(edit, value=value)
    return edit


def _reads_back(key: str, value: Json) -> bool:
    """Whether a text that stands plainly behind a key is read as that text."""
    if not isinstance(value, str) or not value or value != value.strip() or not value.isprintable():
        return False
    file = YAML.read(f"{double_quoted(key)}: {value}\n".encode("utf-8", "surrogatepass"))
    return not file.readable or file.documents == ({key: value},)
