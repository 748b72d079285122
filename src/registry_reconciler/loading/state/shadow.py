"""The shadow of a value: one line for each of its parts, so that git merges it as it merges the value's own text.

A line names a field and gives a short digest of what it says; never a value, so secrets cannot stand here (they are
left out before, as are their digests). The lines keep the order of the text that the value was read from. Two lines
that never change stand behind each part: the changes that two sides make to neighbours then never touch.

A list is a line for each item, a long text a line for each word: two sides may change one list or one text and merge.
The name of a field stands above the digest of what it says: a field that comes before another one does not touch it, as
it does not in a text with a comment or an empty line between.

Each record has a salt of its own, which it keeps when its entry is renamed. So no two records are alike, and git never
takes a file of the state for another one that was renamed: what it then merges is not what anybody meant.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2s
from typing import TypeAlias

from registry_reconciler.model.entry import Json, canonical

REST = "."
"""A line that stays."""
_REST = f"{REST}\n{REST}"
_LONG = 100
"""A text of more characters may stand on several lines of its file; so may one with line ends."""
_WORDS = re.compile(r"[^ \n]+ ?|\n| ")
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*\Z")
_SHORT_SALT = 6
_BYTES, _LETTERS = 6, 8
"""The length of a digest: six bytes are eight letters, so several together are written as each alone."""
_APART = re.compile(r"^( *)([^\s~=:\[\"]+)\n *(?==)", re.MULTILINE)
_WHOLE = "* "
"""Begins the only line of a value of which no more is known than the digest of all of it."""

Tree: TypeAlias = tuple[str, object]
"""What a part is (``=`` a scalar, ``"`` a long text, ``[`` a list, ``:`` a mapping), and its digest or its parts."""


def _digest(salt: bytes, text: str) -> str:
    hashed = blake2s(salt + text.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest()
    return b2a_base64(hashed, newline=False).decode("ascii")


def _scalar(salt: bytes, value: Json) -> str:
    return _digest(salt, _as_text(value))


def _as_text(value: Json) -> str:
    return "s" + value if type(value) is str else canonical(value)


def _is_short(value: Json) -> bool:
    """A text of one line: most parts are that."""
    return type(value) is str and len(value) <= _LONG and "\n" not in value


def new_salt(address: str) -> str:
    """The salt of a new record: two sides that begin to manage one entry write one record."""
    return _digest(b"salt", address)


def short_salt(salt: str) -> str:
    """A salt for a record in the form of before."""
    return salt[:_SHORT_SALT]


def is_apart(salt: str) -> bool:
    """Whether the names of fields stand on lines of their own. They did not always, and a record keeps its form.

    Two branches that each gave one record another form would conflict. The length of the salt tells.
    """
    return len(salt) > _SHORT_SALT


def _words_of(text: str) -> list[str]:
    """As ``_WORDS.findall``, which takes three times as long."""
    if "\0" in text:
        return _WORDS.findall(text)
    apart = text.replace(" ", " \0").replace("\n", "\0\n\0")
    return [word for word in apart.split("\0") if word]


def _is_long(value: Json) -> bool:
    return type(value) is str and (len(value) > _LONG or "\n" in value)


@lru_cache(4096)
def _name(key: str) -> str:
    if _PLAIN.match(key):
        return key
    if not key:
        return "%"
    return "".join(
        char
        if char.isalnum() and char.isascii()
        else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))
        for char in key
    )


def shadow(value: dict[str, Json], salt: str) -> str:
    """The lines of an entry, each with its end.

    All of its texts are digested at once, and the digests written out at once, which takes half as long as one by one.
    """
    lines: list[str] = []
    texts: list[str] = []
    _fields(lines, texts, value, "", "\n" if is_apart(salt) else "")
    around = "\n".join(lines).split(_DIGEST)
    parts = [""] * (len(around) + len(texts))
    parts[::2], parts[1::2] = around, _digests(salt.encode(), texts)
    return "".join(parts) + "\n"


_MANY = 50
"""So many texts of one entry are looked through for equal ones."""
_DIGEST = "\0"
"""Stands in a line for the digest of the next text; in no name, and in nothing else that is written."""


def _digests(salt: bytes, texts: Sequence[str]) -> list[str]:
    """As :func:`_digest` of each.

    Long texts say most of their words several times: to digest each once saves a tenth of a plan of such texts.
    """
    if len(texts) > _MANY and len(once := dict.fromkeys(texts)) < len(texts):
        known = dict(zip(once, _digests_of(salt, list(once)), strict=True))
        return [known[text] for text in texts]
    return _digests_of(salt, texts)


def _digests_of(salt: bytes, texts: Sequence[str]) -> list[str]:
    try:
        found = [blake2s(salt + text.encode(), digest_size=_BYTES).digest() for text in texts]
    except UnicodeEncodeError:
        return [_digest(salt, text) for text in texts]
    written = b2a_base64(b"".join(found), newline=False).decode("ascii")
    return [written[at : at + _LETTERS] for at in range(0, len(written), _LETTERS)]


def _fields(lines: list[str], texts: list[str], value: dict[str, Json], indent: str, between: str) -> None:
    between = f"{between}{indent} =" if between else "="
    for key, part in value.items():
        kind = type(part)
        if kind is str and len(part) <= _LONG and "\n" not in part:
            lines.append(f"{indent}{_name(key)}{between}{_DIGEST}\n{_REST}")
            texts.append(f"s{part}")
        elif kind is dict or kind is list or kind is str:
            _part(lines, texts, indent + _name(key), part, indent, between)
        else:
            lines.append(f"{indent}{_name(key)}{between}{_DIGEST}\n{_REST}")
            texts.append(canonical(part))


def _part(lines: list[str], texts: list[str], start: str, value: Json, indent: str, between: str) -> None:
    """``between`` stands between the name of a field and the digest of what it says."""
    kind = type(value)
    if kind is dict:
        lines.append(start + ":")
        _fields(lines, texts, value, indent + " ", "\n" if between[0] == "\n" else "")
    elif kind is list:
        lines.append(start + "[")
        if all(map(_is_short, value)):
            lines.extend([f"{indent} -={_DIGEST}\n{_REST}"] * len(value))
            texts.extend([f"s{item}" for item in value])
        else:
            for item in value:
                _part(lines, texts, indent + " -", item, indent + " ", between)
    elif _is_long(value):
        lines.append(start + '"')
        words = _words_of(value)
        lines.extend([f"{indent} ~{_DIGEST}"] * len(words))
        texts.extend(words)
    else:
        lines.append(f"{start}={_DIGEST}")
        texts.append(_as_text(value))
    lines.append(_REST)


def blocks(text: str) -> dict[str, str]:
    """The lines of a shadow by the top field that they are about."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines(keepends=True):
        if not line.startswith((" ", REST)):
            name = line.rstrip("\n").split("=")[0].rstrip(':["')
        found[name] = found.get(name, "") + line
    return found


def whole(digest: str) -> str:
    """The shadow of a value of which only a digest is known."""
    return f"{_WHOLE}{digest}\n"


def whole_digest(text: str) -> str | None:
    """The inverse of :func:`whole`."""
    return text[len(_WHOLE) :].rstrip("\n") if text.startswith(_WHOLE) else None


def tree_of(value: Json, salt: bytes) -> Tree:
    """What the shadow of a value says, whatever order its fields have."""
    kind = type(value)
    if kind is dict:
        return ":", {_name(key): tree_of(part, salt) for key, part in value.items()}
    if kind is list:
        return "[", [tree_of(item, salt) for item in value]
    if _is_long(value):
        return '"', [_digest(salt, word) for word in _words_of(value)]
    return "=", _scalar(salt, value)


_DIGESTS = re.compile(rf"[=~]([\w+/]{{{_LETTERS}}})$", re.MULTILINE)


def is_shadow_of(text: str, value: dict[str, Json], salt: str) -> bool:
    """Whether a shadow says a value, in whatever order."""
    wanted = shadow(value, salt)
    if text == wanted:
        return True
    # Most that says something else lacks a digest, which is found out sooner than all that it says.
    if not all(digest in text for digest in _DIGESTS.findall(wanted)):
        return False
    return read_shadow(text) == tree_of(value, salt.encode())


_LINE = re.compile(r"( *)(?:~([\w+/]+)|([^\s~=:\[\"]+)([=:\[\"])([\w+/]*))")


def read_shadow(text: str) -> Tree | None:
    """What a shadow says; ``None`` where it is not what :func:`shadow` writes: git or a hand put it together anew."""
    text = _APART.sub(r"\1\2", text)
    root: dict[str, Tree] = {}
    # What is open at each depth: the parts of a mapping or a list, or the words of a text.
    open_: list[object] = [root]
    for line in text.split("\n"):
        if line in ("", REST):
            continue
        found = _LINE.fullmatch(line)
        if found is None or len(found[1]) >= len(open_):
            return None
        del open_[len(found[1]) + 1 :]
        if not _add(open_, found):
            return None
    return ":", root


def _add(open_: list[object], found: re.Match[str]) -> bool:
    inside, (word, name, kind, digest) = open_[-1], found.groups()[1:]
    if word is not None:
        if not isinstance(inside, _Words):
            return False
        inside.append(word)
        return True
    if (kind == "=") != bool(digest):
        return False
    parts: object = {":": dict, "[": list, '"': _Words}[kind]() if kind != "=" else digest
    node: Tree = (kind, parts)
    if isinstance(inside, dict):
        if name == "-" or name in inside:
            return False
        inside[name] = node
    elif isinstance(inside, _Words) or not isinstance(inside, list) or name != "-":
        return False
    else:
        inside.append(node)
    if kind != "=":
        open_.append(parts)
    return True


class _Words(list[str]):
    """The words of a text: not the items of a list."""
