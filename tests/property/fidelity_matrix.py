"""Random entries by every command that writes: ``python -m tests.property.fidelity_matrix FIRST COUNT``.

The law of words at full width: an entry in any style goes through adopting, editing by hand, ``edit``, ``set``,
``rename``, ``fix --set``, an undone and an accepted edit and ``resolve``, in a layout, with or without CRLF, a BOM and
no last line end. What comes out is compared byte for byte with the text that was asked for.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import yaml

from registry_reconciler.editing.accept_drift import accept_live
from registry_reconciler.editing.adopt import adopt
from registry_reconciler.editing.amend import foresee, overlay
from registry_reconciler.editing.verbs import (
    editing,
    entry_text,
    parse_assignments,
    renaming,
    setting,
    setting_everywhere,
)
from registry_reconciler.files.tree import MemoryTree, Recorder
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.loading.workspace import load
from registry_reconciler.merging import Labels, merge_file
from registry_reconciler.merging.known import known_of
from registry_reconciler.model.plan import PlanOptions
from tests.property.test_fidelity_laws import WORDS as ANY_WORDS
from tests.support import SCHEMAS, Files, plan_of, written_files

LAYOUTS = {
    "list": "layout: list, file: things.yaml, at: things, key: id",
    "bare list": "layout: list, file: things.yaml, key: id",
    "map": "layout: map, file: things.yaml, at: things, key: id",
    "file": "layout: file, file: 'things/{id}.yaml', key: id",
    "named": "layout: named, file: things.yaml, at: things, key: id",
    "documents": "layout: documents, file: things.yaml, key: id",
}
FRAGMENT = "desired/thing.yaml"
WORDS = [word for word in ANY_WORDS if word not in ("a: b", "- x", "%d", "@x", "-", "?")]
"""Without those that are no text without quotes."""


class Broken(AssertionError):
    """What came out is not what was asked for."""


def scalar(rng: random.Random, serial: Iterator[int]) -> list[str]:
    """A scalar in any style, the lines below the first one as far indented as they are below its key."""
    comment = f"  # c{next(serial)}" if rng.random() < 0.25 else ""
    word = rng.choice(WORDS)
    style = rng.choice(("plain", "plain", "plain", "'", '"', "|", ">", "wrapped", "wrapped'", 'wrapped"'))
    rows = [
        " ".join(rng.choice(("one", "two", "x's", "a-b")) for _ in range(rng.randint(1, 4))) for _ in "abc"
    ]
    if style == "plain":
        return [word + comment]
    if style == "'":
        return ["'" + word.replace("'", "''") + "'" + comment]
    if style == '"':
        return [
            '"'
            + word.replace("\\", "\\\\").replace('"', '\\"')
            + rng.choice(("", "\\t", "\\u00e9"))
            + '"'
            + comment
        ]
    if style in "|>":
        rows[1] = rng.choice(("", "  deeper", rows[1]))
        mark = rng.choice(("", "-", "+", "2" if rng.random() < 0.3 else ""))
        rows += [""] * (rng.randint(0, 2) if mark == "+" else 0)
        return [style + mark + comment, *("  " + row if row else "" for row in rows)]
    quote = style.removeprefix("wrapped")
    rows = [row.replace("'", "''") if quote == "'" else row for row in rows]
    if rng.random() < 0.3:
        rows.insert(1, "")
    rows[0], rows[-1] = quote + rows[0], rows[-1] + quote + comment
    return [rows[0], *("  " + row if row else "" for row in rows[1:])]


def below(rng: random.Random, serial: Iterator[int], depth: int) -> list[str]:
    """What stands behind a key: a scalar, a list, a mapping, one of these in braces, an anchor or an alias."""
    roll = rng.random()
    if depth > 1 or roll < 0.55:
        return scalar(rng, serial)
    if roll < 0.65:
        return [
            rng.choice(("[]", "{}", "[a, b]", "{a: 1, b: 'x'}", "[ a,  'b' ]", "[1.10, no]", "{ k: [1, 2] }"))
        ]
    if roll < 0.7:
        return ["[", "    a,  # in", "    'b',", "  ]"]
    comment = f"  # c{next(serial)}" if rng.random() < 0.15 else ""
    if roll < 0.85:
        shift = rng.choice(("", "  "))
        rows = []
        for _ in range(rng.randint(1, 3)):
            if rng.random() < 0.2:
                rows.append(f"{shift}# c{next(serial)}")
            first, *rest = (
                below(rng, serial, depth + 1) if rng.random() < 0.6 else mapping(rng, serial, depth + 1)
            )
            rows += [f"{shift}- {first}", *(f"{shift}  {row}" if row else "" for row in rest)]
        return [comment.strip() and comment[1:], *rows]
    return [
        comment.strip() and comment[1:],
        *("  " + row if row else "" for row in mapping(rng, serial, depth + 1)),
    ]


def mapping(rng: random.Random, serial: Iterator[int], depth: int) -> list[str]:
    """The lines of a block mapping."""
    names = rng.sample(("v", "w", "x", "386", "on", "'q k'", '"d"', "k k"), rng.randint(1, 3 if depth else 4))
    rows: list[str] = []
    for name in names:
        if rows and rng.random() < 0.2:
            rows.append(f"# c{next(serial)}")
        first, *rest = below(rng, serial, depth)
        rows += [f"{name}: {first}".rstrip() if not first else f"{name}: {first}", *rest]
    return rows


@dataclass
class Case:
    """A workspace with some entries, and the texts of their fields by key."""

    layout: str
    end: str = "\n"
    bom: bool = False
    last: bool = True
    entries: dict[str, list[str]] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    """A comment above an entry."""

    def registry(self) -> dict[str, bytes]:
        """The registry's files."""
        if self.layout == "file":
            return {
                f"things/{key}.yaml": self._bytes([*self._head(key, ""), f"id: {key}", *rows])
                for key, rows in self.entries.items()
            }
        lines = ["things:"] if self.layout not in ("documents", "bare list") else []
        for key, rows in self.entries.items():
            if self.layout in ("list", "bare list"):
                lead = "  " if self.layout == "list" else ""
                lines += [*self._head(key, lead), f"{lead}- id: {key}", *_set_in(rows, lead + "  ")]
            elif self.layout == "map":
                lines += [*self._head(key, "  "), f"  {key}:", *_set_in(rows, "    ")]
            elif self.layout == "named":
                lines += [*self._head(key, "  "), f"  - {key}:", *_set_in(rows, "      ")]
            else:
                lines += ["---"] if lines else []
                lines += [*self._head(key, ""), f"id: {key}", *rows]
        return {"things.yaml": self._bytes(lines)}

    def fragment(self) -> bytes:
        """The fragment that says the same."""
        lines = ["thing:"]
        for key, rows in self.entries.items():
            lines += [*self._head(key, "  "), f"  - id: {key}", *_set_in(rows, "    ")]
        return self._bytes(lines)

    def _head(self, key: str, lead: str) -> list[str]:
        return [lead + self.heads[key]] if key in self.heads else []

    def _bytes(self, lines: list[str]) -> bytes:
        text = self.end.join(lines) + (self.end if self.last else "")
        return (("\ufeff" if self.bom else "") + text).encode()

    def with_entry(self, key: str, rows: list[str], old: str | None = None) -> Case:
        """The same with one entry that says something else, or under another key."""
        entries = {
            (key if name == (old or key) else name): rows if name == (old or key) else other
            for name, other in self.entries.items()
        }
        heads = {key if name == old else name: text for name, text in self.heads.items()}
        return Case(self.layout, self.end, self.bom, self.last, entries, heads)


def _set_in(rows: list[str], lead: str) -> list[str]:
    return [lead + row if row else "" for row in rows]


def bare(data: bytes | None) -> bytes:
    """Without the comments of these texts."""
    lines = (data or b"").decode().split("\n")
    kept = [line for line in lines if not re.fullmatch(r"\s*# c\d+\r?", line)]
    return "\n".join(re.sub(r" +# c\d+(\r?)$", r"\1", line) for line in kept).encode()


def scalars(data: bytes) -> list[str]:
    """The source of each scalar, without the columns of its lines: quotes, wrapping and words."""
    text = data.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    return [
        _source(text[event.start_mark.index : event.end_mark.index], event.style or "")
        for event in yaml.parse(text)
        if isinstance(event, yaml.ScalarEvent) and event.start_mark is not None and event.end_mark is not None
    ]


def _source(source: str, style: str) -> str:
    if style not in ("|", ">"):
        return "\n".join(row.strip() for row in source.split("\n"))
    first, *rows = bare(source.encode()).decode().split("\n")
    deep = min((len(row) - len(row.lstrip()) for row in rows if row.strip()), default=0)
    return "\n".join([first, *(row[deep:] for row in rows)]).rstrip(" ")


def alike(name: str, got: bytes | None, asked: bytes, before: bytes | None) -> None:
    """The same words in the same quotes and lines; what says what it said ``before`` may stay as it was."""
    try:
        there = Counter(scalars(got or b""))
    except yaml.YAMLError as fault:
        raise Broken(f"{name}: {fault}:\n{(got or b'').decode()}") from None
    odd = there - Counter(scalars(asked)) - Counter(scalars(before or b""))
    if odd:
        raise Broken(
            f"{name}: {list(odd)[:3]}\n--- wanted\n{asked.decode()}\n--- got\n{(got or b'').decode()}"
        )


def equal(
    name: str, got: bytes | None, wanted: bytes, view: Callable[[bytes], bytes] = lambda data: data
) -> None:
    if view(got or b"") != view(wanted):
        raise Broken(f"{name}:\n--- wanted\n{wanted.decode()}\n--- got\n{(got or b'').decode()}")


def applied(name: str, files: Files, options: PlanOptions | None = None) -> Files:
    plan = plan_of(files, options)
    if not plan.applicable:
        raise Broken(
            f"{name}: blocked: {[problem.message for problem in plan.blocking]}\n{files[FRAGMENT]!r}"
        )
    done = {**files, **written_files(plan)}
    again = plan_of(done)
    if again.changes or again.drift:
        raise Broken(f"{name}: not settled: {again.changes} {again.drift}")
    return {path: data for path, data in done.items() if data is not None}


def drafted(files: Files, draft: object) -> Files:
    amendment, _ = foresee(MemoryTree(files), draft, PlanOptions())  # type: ignore[arg-type]
    made = overlay(MemoryTree(files), amendment.edits)
    return {**files, FRAGMENT: made.read(FRAGMENT)}


def run(seed: int) -> str:
    """One case; the word for what became of it. Raises :class:`Broken`."""
    rng = random.Random(seed)
    serial = iter(range(10_000))
    case = Case(rng.choice(list(LAYOUTS)), rng.choice(("\n", "\n", "\r\n")), rng.random() < 0.15)
    if case.layout != "file":
        case.last = rng.random() < 0.85
    for key in ("a", "m", "p"):
        case.entries[key] = mapping(rng, serial, 0)
        if key == "p" and not case.last:
            case.entries[key] = ["v: word"]
        if rng.random() < 0.2:
            case.heads[key] = f"# c{next(serial)}"
    changed = case.with_entry("a", mapping(rng, serial, 0))
    for version in (case, changed):
        texts = [*version.registry().values(), version.fragment()]
        if not all(read_yaml(text).readable for text in texts):
            return "unreadable"
    schema = f"type: object\nx-registry: {{kind: thing, {LAYOUTS[case.layout]}}}\n".encode()
    files: Files = {f"{SCHEMAS}/thing.schema.yaml": schema, **case.registry()}
    return _walk(case, changed, files, rng)


def _walk(case: Case, changed: Case, files: Files, rng: random.Random) -> str:
    tree = MemoryTree(files)
    adoption = adopt(tree, ["*"])
    if len(adoption.adopted) != 3:
        raise Broken(f"adopt: skipped {adoption.skipped}")
    files[FRAGMENT] = overlay(tree, adoption.edits).read(FRAGMENT)
    files = applied("adopt", files)
    for path, data in case.registry().items():
        equal("adopt changed the registry", files[path], data)
    plain_case = Case(case.layout, "\n", False, True, case.entries, case.heads)
    got = (files[FRAGMENT] or b"").replace(b"\r\n", b"\n").removeprefix("\ufeff".encode())
    equal("adopt", got.rstrip(b"\n"), plain_case.fragment().rstrip(b"\n"))
    files[FRAGMENT] = case.fragment()
    files = applied("as the registry is", files)
    edited = applied("edit by hand", {**files, FRAGMENT: changed.fragment()})
    for path, data in changed.registry().items():
        alike("edit by hand", edited.get(path), data, files.get(path))
    by_hand: Files = {**edited, **case.registry()}
    undone = applied("revert", by_hand, PlanOptions(overwrite=("thing/*",)))
    for path, data in changed.registry().items():
        alike("revert", undone.get(path), data, by_hand.get(path))
    _accepted(case, by_hand)
    _typed(case, changed, files)
    _renamed(case, files)
    _set(case, files, rng)
    _resolved(case, changed, files, rng)
    return case.layout


def _accepted(case: Case, by_hand: Files) -> None:
    edits = accept_live(load(Recorder(MemoryTree(by_hand))), ["thing/a"])
    taken = {**by_hand, FRAGMENT: overlay(MemoryTree(by_hand), edits).read(FRAGMENT)}
    applied("accept", taken)
    if edits:
        alike("accept", taken[FRAGMENT], case.fragment(), by_hand[FRAGMENT])


def _typed(case: Case, changed: Case, files: Files) -> None:
    """``registry edit``."""
    loaded = load(Recorder(MemoryTree(files)))
    there = Case("documents", "\n", False, True, {"a": case.entries["a"]}, case.heads)
    text = entry_text(loaded, "thing/a").text
    equal("text to edit", text.replace("\r\n", "\n").encode(), there.registry()["things.yaml"])
    new = Case("documents", "\n", False, True, {"a": changed.entries["a"]}, changed.heads)
    made = drafted(files, editing("thing/a", new.registry()["things.yaml"].decode()))
    equal("edit", made[FRAGMENT], changed.fragment())
    done = applied("edit", made)
    for path, data in changed.registry().items():
        alike("edit applied", done.get(path), data, files.get(path))


def _renamed(case: Case, files: Files) -> None:
    """``registry rename``."""
    wanted = case.with_entry("z", case.entries["a"], "a")
    made = drafted(files, renaming("thing/a", "z"))
    fragment = made[FRAGMENT] or b""
    if not fragment.startswith(wanted.fragment().rstrip()):
        equal("rename", fragment, wanted.fragment())
    done = applied("rename", made)
    for path, data in wanted.registry().items():
        equal("rename applied", done.get(path), data)


def _resolved(case: Case, changed: Case, files: Files, rng: random.Random) -> None:
    """``registry resolve``: one side changes an entry, the other another one; each keeps the words of its side."""
    rows = mapping(rng, iter(range(20_000, 30_000)), 0)
    theirs, both = case.with_entry("m", rows), changed.with_entry("m", rows)
    known = known_of(MemoryTree(files))
    texts = {FRAGMENT: [side.fragment() for side in (case, changed, theirs, both)]}
    if case.layout != "file":
        texts["things.yaml"] = [side.registry()["things.yaml"] for side in (case, changed, theirs, both)]
    for path, (before, one, other, wanted) in texts.items():
        if read_yaml(wanted).readable:
            answer = merge_file(path, before, one, other, known, Labels("one", "other"))
            if answer is not None:  # else git merges it
                equal(f"resolve {answer.conflicts}", answer.content, wanted)


def _set(case: Case, files: Files, rng: random.Random) -> None:
    """``registry set`` and ``fix --set``: a field of one line gets another value, and no other line changes."""
    rows = case.entries["a"]
    tops = [
        number
        for number, row in enumerate(rows)
        if re.match(r"[\w'\"]", row) and (number + 1 == len(rows) or re.match(r"[\w'\"#]", rows[number + 1]))
    ]
    tops = [number for number in tops if re.match(r"(\w+): (\S.*)", rows[number])]
    if not tops:
        return
    number = rng.choice(tops)
    name = rows[number].partition(":")[0]
    value = rng.choice(("other", "7", "true", "1.20", '"two words"', "null", "no", "[1, 2]", '{"a": "b"}'))
    for command, draft in (
        ("set", setting("thing/a", parse_assignments([f"{name}={value}"]))),
        ("fix --set", setting_everywhere(["thing/a"], parse_assignments([f"{name}={value}"]))),
    ):
        made = drafted(files, draft)
        _others_kept(command, case, made[FRAGMENT] or b"", number)
        done = applied(command, made)
        for path, data in case.registry().items():
            before, after = data.decode().split("\n"), (done[path] or b"").decode().split("\n")
            _only_one(command + " applied", before, after)
    made = drafted(files, setting("thing/a", parse_assignments([f"{name}="])))
    applied("set to nothing", made)


def _others_kept(command: str, case: Case, got: bytes, number: int) -> None:
    _only_one(command, case.fragment().decode().split("\n"), got.decode().split("\n"))


def _only_one(command: str, before: list[str], after: list[str]) -> None:
    """The two differ in one line, which may have become several."""
    start = next((n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), None)
    if start is None:
        if before == after:
            return
        start = min(len(before), len(after))
    tail = len(before) - start - 1
    if tail and after[-tail:] != before[-tail:]:
        raise Broken(
            command
            + ": more than one line\n--- before\n"
            + "\n".join(before)
            + "\n--- after\n"
            + "\n".join(after)
        )


def main(first: int, count: int) -> int:
    """Run cases and print what broke; the number of those that did."""
    broken = 0
    seen: Counter[str] = Counter()
    for seed in range(first, first + count):
        try:
            word = run(seed)
        except Broken as fault:
            broken += 1
            word = "broken"
            print(f"===== seed {seed}: {fault}\n")
        except Exception as fault:  # a fault of the program is what is searched for
            broken += 1
            word = "raised"
            print(f"===== seed {seed}: {type(fault).__name__}: {fault}\n")
        seen[word] += 1
    print(dict(seen))
    return broken


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]))))
