"""What was taken over of the old form: its files stay as they are, and these say which of their lines are known.

A file that goes here and is changed there conflicts in git. An older program may go on where nobody carried over yet,
so its files are left alone. What stands in them counts no more once it was taken over; what an older program changes
later, on another branch, is told from that by these lists::

    registry taken 1
    < ".system/registry/state/payments.yaml.jsonl"
    k3vF0a9Q p0SvE1xY 9aQk3vF0

A line is an address, what the old file says of it and what the new form says, as digests of few bits. A list is named
by what it lists, it is made and never changed: so two branches may both take over, and merge. An empty one says that
the file was seen to be gone.

A line ``> NAME`` names a list of the same file that was there before, which counts no more. A file that is again as an
earlier one has it was put back, by a revert: that is news as well.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2s

from msgspec import Struct, field

from registry_reconciler.errors import NewerFormat
from registry_reconciler.files.tree import Tree
from registry_reconciler.loading.state.files import Applied, StateFile, quoted, unquoted
from registry_reconciler.model.config import STATE_FOLDER
from registry_reconciler.model.entry import digest_bytes

TAKEN_FOLDER = f"{STATE_FOLDER}/taken"
_HEAD = "registry taken 1"
_GONE = "gone"


class Taken(Struct, frozen=True):
    """The lists that there are.

    Attributes:
        names: of their files.
        there: the paths of the old files that are there.
        known: by the path of an old file what was taken over of it, as far as that was read: by address what it said.
        became: by address what the new form said then.
        former: the lists that counted before others of the same file did.
    """

    names: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()
    known: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    became: dict[str, set[str]] = field(default_factory=dict)
    former: frozenset[str] = frozenset()

    def is_taken(self, path: str, data: bytes) -> bool:
        """Whether an old file says nothing that was not taken over."""
        return any(name.startswith(_name(path, data)) for name in self.names - self.former)

    def lists_of(self, path: str) -> list[str]:
        """The lists of an old file."""
        return sorted(name for name in self.names if _is_list(name) and name.startswith(f"{_mark(path)}-"))

    def is_as_taken(self, address: str, applied: Applied) -> bool:
        """Whether the new form still says of an entry what it said when it was taken over."""
        return digest(f"{applied.salt} {applied.text}") in self.became.get(digest(address), ())

    def newly_gone(self) -> list[str]:
        """The marks of old files that were taken over once, and that went since an apply last looked."""
        there = {_mark(path) for path in self.there}
        marks = {name.partition("-")[0] for name in self.names} - there
        return sorted(mark for mark in marks if f"{mark}-{_GONE}" not in self.names)

    def news(self, found: StateFile) -> StateFile:
        """What an older program changed in a file since it was taken over; all of it where it never was."""
        known = self.known.get(found.path)
        if known is None:
            return found
        records = tuple(
            record
            for record in found.records
            if digest(record.applied.text) not in known.get(digest(record.address), ())
        )
        new = {record.address for record in records}
        protects = tuple(address for address in found.protects if address in new)
        return found._replace(records=records, protects=protects, news=True)

    def let_go(self, files: Iterable[StateFile]) -> frozenset[str]:
        """The digests of addresses that an older program took out of its files since.

        Args:
            files: the old ones with something new, whole.
        """
        whole: dict[str, set[str]] = {path: set() for path in self.known if _mark(path) in self.newly_gone()}
        for file in files:
            whole.setdefault(file.path, set()).update(digest(record.address) for record in file.records)
        there = set().union(*whole.values()) if whole else set()
        return frozenset(
            address for path in whole for address in self.known.get(path, ()) if address not in there
        )


NOTHING_TAKEN = Taken()


def digest(text: str) -> str:
    """Few bits of a digest."""
    hashed = blake2s(text.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return b2a_base64(hashed, newline=False).decode("ascii")


def _mark(path: str) -> str:
    return digest_bytes(path.encode("utf-8", "surrogatepass")).removeprefix("sha256:")[:12]


def _name(path: str, data: bytes) -> str:
    plain = data.replace(b"\r\n", b"\n")
    return f"{_mark(path)}-{digest_bytes(plain).removeprefix('sha256:')[:20]}-"


def taken_file(
    found: StateFile, data: bytes, now: Mapping[str, Sequence[Applied]], former: Iterable[str] = ()
) -> tuple[str, bytes]:
    """The list of one old file: its path and content.

    Args:
        now: by address what the new form says of it, in each account.
        former: the names of the lists of it that there are.
    """
    lines = (
        f"{digest(record.address)} {digest(record.applied.text)}"
        + "".join(f" {digest(f'{applied.salt} {applied.text}')}" for applied in now.get(record.address, ()))
        for record in found.records
    )
    head = (_HEAD, f"< {quoted(found.path)}", *(f"> {name}" for name in former))
    text = "".join(f"{line}\n" for line in (*head, *lines))
    content = text.encode("utf-8", "surrogatepass")
    mark = digest_bytes(content).removeprefix("sha256:")[:12]
    return f"{TAKEN_FOLDER}/{_name(found.path, data)}{mark}", content


def gone_files(taken: Taken) -> Iterator[tuple[str, bytes]]:
    """What says that old files, which were taken over once, are gone now."""
    yield from ((f"{TAKEN_FOLDER}/{mark}-{_GONE}", b"") for mark in taken.newly_gone())


def load_names(tree: Tree, there: Iterable[str]) -> Taken:
    """Which lists there are, which of them count no more, and which old files. Raises :class:`UnreadablePath`."""
    names = frozenset(name for name, kind in tree.children(TAKEN_FOLDER) if kind == "file")
    contents: dict[str, set[str]] = {}
    for name in filter(_is_list, names):
        contents.setdefault(name.partition("-")[0], set()).add(name.rpartition("-")[0])
    # Only where a file was taken over as two things is it asked which one was later.
    several = [name for name in names if _is_list(name) and len(contents[name.partition("-")[0]]) > 1]
    former = {before for name in several for before in _former(tree.read(f"{TAKEN_FOLDER}/{name}") or b"")}
    return Taken(names, frozenset(there), former=frozenset(former))


def _is_list(name: str) -> bool:
    return not name.endswith(f"-{_GONE}")


def _former(data: bytes) -> Iterator[str]:
    for line in data.decode("utf-8", "surrogateescape").splitlines()[2:]:
        if not line.startswith("> "):
            return
        yield line[2:]


def load_lists(tree: Tree, taken: Taken) -> Taken:
    """What the lists say that count. Raises :class:`UnreadablePath`."""
    found = Taken(taken.names, taken.there, former=taken.former)
    for name in sorted(taken.names - taken.former):
        path = f"{TAKEN_FOLDER}/{name}"
        _read(path, tree.read(path) or b"", found)
    return found


def _read(list_path: str, data: bytes, found: Taken) -> None:
    head, _, rest = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").partition("\n")
    owner, _, lines = rest.partition("\n")
    NewerFormat.refuse(list_path, head, _HEAD)
    path = unquoted(owner[2:]) if head == _HEAD and owner.startswith("< ") else None
    if path is None:
        return
    known = found.known.setdefault(path, {})
    for line in lines.split("\n"):
        address, *digests = line.split(" ")
        if digests and address != ">":
            known.setdefault(address, set()).add(digests[0])
            found.became.setdefault(address, set()).update(digests[1:])
