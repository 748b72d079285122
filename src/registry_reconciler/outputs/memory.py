"""What is remembered of each output: the text that was rendered last, as a checksum a line.

One file an output, ``.system/registry/state/outputs/NAME.lines``. A line of the text is a line here, so git merges the
one as it merges the other, with the same result: what two branches applied each is, merged, still what was applied.
Two branches that begin to remember one output make two files; what any of them says was rendered was rendered.

Each output has a salt of its own, and nearly every line holds it: no two files are alike, and git never takes one for
another that was renamed.

Checksums tell what a hand did from what was rendered; nobody gains by making up a line that has one of another. So they
are CRCs, which take a fourth of the time of digests. Outputs that were first remembered with digests stay with them: to
write them anew would conflict with every other branch.
"""

from __future__ import annotations

import re
import sys
from array import array
from binascii import b2a_base64, crc32
from collections import deque
from collections.abc import Container, Iterator, Mapping
from hashlib import blake2s
from itertools import repeat

from msgspec import Struct, field

from registry_reconciler.base.sequences import equal_lines
from registry_reconciler.errors import NewerFormat
from registry_reconciler.files.tree import Tree, find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.loading.state import conflict_problem, unreadable_problem
from registry_reconciler.loading.state.files import conflict_line, sides
from registry_reconciler.model.config import STATE_FOLDER
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.problem import Problem

FOLDER = f"{STATE_FOLDER}/outputs"
SUFFIX = ".lines"
FORMAT = 2
DIGESTS = 1
"""The format with digests in place of checksums."""
_DIGEST_BYTES = 6
_DIGIT_COUNT = _DIGEST_BYTES * 4 // 3
"""Each is as many bytes as letters can say without a rest; a checksum has as many."""
_AT_ONCE = 16_384
"""Bytes of lines that are digested together: no call in Python for each, and new memory costs a fifth of it all."""
_WHERE = "% at "
_HEADLINE = re.compile(r"registry output (?P<format>[0-9]+) (?P<id>\S+) (?P<salt>[A-Za-z0-9+/]{0,24})\Z")


class Form(Struct, frozen=True):
    """How the lines of an output are remembered."""

    salt: str
    number: int = FORMAT

    def of(self, text: str) -> str:
        """A digest or checksum for each line of a text, a line each."""
        return _digests(text, self.salt) if self.number == DIGESTS else _checksums(text, self.salt)


class LineDigests:
    """Digests and checksums of texts: of what one begins and ends with as the last one did they are known."""

    def __init__(self) -> None:
        self._last: dict[Form, tuple[str, str]] = {}

    def of(self, text: str, form: Form) -> str:
        """One a line."""
        last, known = self._last.get(form, ("", ""))
        if not known or last != text:
            known = _between(text, form, last, known) if known else form.of(text)
            self._last[form] = text, known
        return known

    def take(self, text: str, form: Form, known: str) -> None:
        """Say what :meth:`of` would find out."""
        self._last[form] = text, known


def _between(text: str, form: Form, last: str, known: str) -> str:
    """The digests of a text between those of the lines that another one begins and ends with too."""
    head, tail = equal_lines(last, text)
    width = _DIGIT_COUNT + 1
    above = known[: text.count("\n", 0, head) * width]
    below = known[-(text.count("\n", len(text) - tail) + 1) * width + 1 :] if tail else ""
    middle = text[head : len(text) - tail]
    if not tail:
        return above + form.of(middle)
    return above + (form.of(middle.removesuffix("\n")) + "\n" if middle else "") + below


class Account(Struct, frozen=True):
    """What one file, or one side of it, says.

    Attributes:
        version: of the program that rendered the text.
        lines: a digest or checksum for each of its lines, a line each.
        where: the part of a file that held it; "" where a program wrote this that did not say so.
    """

    id: str
    form: Form
    version: str
    lines: str
    where: str = ""

    def with_lines(self, lines: str) -> bytes:
        """The content of a file that says this of other lines."""
        return _content(self.id, self.form, self.version, lines, self.where)

    def says(self, text: str, digests: LineDigests) -> bool:
        """Whether this is what would be remembered of a text."""
        return self.lines == digests.of(text, self.form)


class Memory(Struct, frozen=True):
    """All that is remembered: accounts by output, and by path of their files.

    Attributes:
        hidden: some of it cannot be read.
    """

    accounts: Mapping[str, tuple[Account, ...]]
    files: Mapping[str, tuple[Account, ...]]
    problems: tuple[Problem, ...] = ()
    hidden: bool = False
    digests: LineDigests = field(default_factory=LineDigests)

    def paths(self, output: str) -> list[str]:
        """The files about an output."""
        return [path for path, found in self.files.items() if any(account.id == output for account in found)]

    def knows(self, output: str) -> bool:
        """Whether anything is remembered of an output."""
        return output in self.accounts

    def says(self, output: str, text: str) -> bool:
        """Whether a text is one that was rendered for an output."""
        return any(account.says(text, self.digests) for account in self.accounts.get(output, ()))

    def is_elsewhere(self, output: str, where: str) -> bool:
        """Whether what is remembered of an output stood in another part of a file: here it was never rendered."""
        accounts = self.accounts.get(output, ())
        return bool(accounts) and all(account.where not in ("", where) for account in accounts)

    def was_rendered_here(self, where: str, text: str, outputs: Container[str]) -> bool:
        """Whether a text is one that was rendered here for an output that is none of these: it has another id now."""
        return any(
            account.where == where and account.says(text, self.digests)
            for name, accounts in self.accounts.items()
            if name not in outputs
            for account in accounts
        )

    def is_settled(self, output: str, text: str) -> bool:
        """Whether one plain file says of an output just this text."""
        paths = self.paths(output)
        return len(paths) == 1 and len(self.files[paths[0]]) == 1 and self.says(output, text)

    def take_as_settled(self, output: str, text: str) -> None:
        """Somebody knows already that just this text is remembered of an output."""
        for account in self.accounts.get(output, ()):
            self.digests.take(text, account.form, account.lines)

    def version(self, output: str) -> str:
        """The program that rendered an output last; "" where nobody knows."""
        versions = {account.version for account in self.accounts.get(output, ())}
        return versions.pop() if len(versions) == 1 else ""


def load_memory(tree: Tree) -> Memory:
    """Read everything. Raises :class:`NewerFormat` where a newer program wrote it."""
    files: dict[str, tuple[Account, ...]] = {}
    accounts: dict[str, tuple[Account, ...]] = {}
    problems: list[Problem] = []
    hidden = False
    try:
        if not any(name == "outputs" for name, _ in tree.children(STATE_FOLDER)):
            return Memory({}, {})
        paths = [path for path in find(tree, f"{FOLDER}/*") if path.endswith(SUFFIX)]
    except UnreadablePath as fault:
        return Memory({}, {}, (unreadable_problem(FOLDER, fault),), hidden=True)
    for path in paths:
        try:
            data = tree.read(path) or b""
        except UnreadablePath as fault:
            problems.append(unreadable_problem(path, fault))
            hidden = True
            continue
        line = conflict_line(data)
        if line is not None:
            problems.append(conflict_problem(path, line))
        found = tuple(
            account for side in (sides(data) if line else (data,)) if (account := parse(path, side))
        )
        files[path] = found
        for account in found:
            accounts[account.id] = (*accounts.get(account.id, ()), account)
    return Memory(accounts, files, tuple(problems), hidden)


def both_accounts(
    tree: Tree, conflicts: Mapping[str, tuple[bytes | None, bytes | None]]
) -> Iterator[tuple[str, bytes]]:
    """What becomes of files that git left in conflict: what each side remembers, in a file of its own.

    Args:
        conflicts: the two sides of every file that git says is in conflict. One that somebody called settled with
            the marks still in it counts too.
    """
    found = {path: both for path, both in conflicts.items() if _is_ours(path)}
    for path, accounts in load_memory(tree).files.items():
        data = tree.read(path) or b""
        if path not in found and len(accounts) > 1:
            found[path] = sides(data)[0], sides(data)[1]
    kept: dict[str, bytes] = {}
    others: list[bytes] = []
    for path, both in found.items():
        first, *more = dict.fromkeys(side for side in both if side is not None) or [b""]
        kept[path] = first
        others += more
    for other in others:
        account = parse("", other)
        if account is None or other in kept.values():
            continue
        target = new_path(account.id, other)
        while target in kept or tree.read(target) not in (None, other):
            target = new_path(account.id, target.encode() + other)
        kept[target] = other
    yield from kept.items()


def _is_ours(path: str) -> bool:
    return path.startswith(f"{FOLDER}/") and path.endswith(SUFFIX)


def parse(path: str, data: bytes) -> Account | None:
    """Read one file; ``None`` where it says of no output: what cannot be read is not remembered."""
    first, _, rest = data.decode("utf-8", "replace").replace("\r\n", "\n").partition("\n")
    head = _HEADLINE.match(first)
    if head is None:
        return None
    if head["format"] not in (str(DIGESTS), str(FORMAT)):
        raise NewerFormat.of(path, first)
    salt, version, where = head["salt"], "", ""
    while rest.startswith((".", "% ")):
        line, _, rest = rest.partition("\n")
        if line.startswith(_WHERE):
            where = line.removeprefix(_WHERE).removesuffix(f" {salt}")
        elif line.startswith("% "):
            version = line[2:].removesuffix(f" {salt}")
    form = Form(salt, int(head["format"]))
    return Account(head["id"], form, version, rest.removesuffix("\n"), where)


def render(
    output: str, form: Form, version: str, text: str, where: str, digests: LineDigests | None = None
) -> bytes:
    """The content of the file about an output; ``where``: the part of a file that holds it."""
    return _content(output, form, version, (digests or LineDigests()).of(text, form), where)


def _content(output: str, form: Form, version: str, lines: str, where: str) -> bytes:
    salt = form.salt
    place = [f"{_WHERE}{where} {salt}", "."] if where else []
    head = [f"registry output {form.number} {output} {salt}", ".", *place, f"% {version} {salt}", ".", "."]
    return "".join(f"{line}\n" for line in (*head, lines)).encode()


def new_form(*words: str) -> Form:
    """How an output is remembered that is so for the first time: by a salt of its own."""
    text = " ".join(("salt", *words)).encode("utf-8", "surrogatepass")
    return Form(b2a_base64(blake2s(text, digest_size=_DIGEST_BYTES).digest()).decode("ascii")[:6])


def new_path(output: str, content: bytes) -> str:
    """The path of a new file. It says its first content: two sides never mean two things by one name."""
    words = re.sub(r"[^a-z0-9]+", "-", output.lower()).strip("-")[:40].strip("-")
    return f"{FOLDER}/{words or 'output'}-{digest_bytes(content).removeprefix('sha256:')[:12]}{SUFFIX}"


def _checksums(text: str, salt: str) -> str:
    """A checksum a line."""
    begun = crc32(f"{salt} ".encode("utf-8", "surrogatepass"))
    found = array("I")
    for lines in _lines(text):
        found.extend(map(crc32, lines, repeat(begun)))
    if sys.byteorder == "little":
        found.byteswap()
    return found.tobytes().hex("\n", found.itemsize)


def _lines(text: str) -> Iterator[list[bytes]]:
    """The lines of a text, as many at once as are made where what was made for the last ones was."""
    data = text.encode("utf-8", "surrogatepass")
    start = 0
    while start <= len(data):
        stop = data.find(b"\n", start + _AT_ONCE)
        stop = len(data) if stop < 0 else stop
        yield data[start:stop].split(b"\n")
        start = stop + 1


def _digests(text: str, salt: str) -> str:
    """A digest a line; what all of them begin with is looked at once, for there are many."""
    begun = blake2s(f"{salt} ".encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES)
    kind = type(begun)
    found: list[bytes] = []
    for lines in _lines(text):
        hashed = list(map(kind.copy, repeat(begun, len(lines))))
        deque(map(kind.update, hashed, lines), 0)
        found.append(b"".join(map(kind.digest, hashed)))
    letters = b2a_base64(b"".join(found), newline=False)
    rows = bytearray(b"\n") * (len(letters) // _DIGIT_COUNT * (_DIGIT_COUNT + 1))
    for at in range(_DIGIT_COUNT):
        rows[at :: _DIGIT_COUNT + 1] = letters[at::_DIGIT_COUNT]
    return rows[:-1].decode("ascii")
