"""Workspaces with very many of one thing, each a function of how many: what :mod:`benchmarks.growth` measures.

Deterministic: the same number gives the same bytes. A row is named by what there is much of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

Files: TypeAlias = Mapping[str, bytes]

_FOLDER = ".system/registry/schemas"
_FRAGMENT = 100
_BODY = """\
type: object
properties: {id: {type: string}, name: {type: string}, aliases: {type: array, items: {type: string}},
  needs: {type: array, items: {type: string}}, size: {type: integer}, words: {type: array, items: {type: string}}}
"""


def _schema(name: str, where: str, body: str = _BODY) -> dict[str, bytes]:
    return {f"{_FOLDER}/{name}.schema.yaml": f"x-registry: {{kind: {name}, {where}}}\n{body}".encode()}


_LIST = 'layout: list, file: "items.yaml", at: items, key: id'
_NAMED = f"{_LIST}, names: {{name: name, aliases: aliases}}"
_NEEDS = f"{_LIST}, references: [{{field: 'needs[]', kind: item, missing: warning}}]"


def _text(count: int, line: str, head: str = "") -> bytes:
    """``head``, then the line for each number; ``%`` stands for the number."""
    return (head + "".join(line.replace("%", f"{number:07}") for number in range(count))).encode()


def _fragments(count: int, line: str, kind: str = "item", each: int = _FRAGMENT) -> dict[str, bytes]:
    """Fragments of so many entries each."""
    found: dict[str, bytes] = {}
    for first in range(0, count, each):
        numbers = range(first, min(first + each, count))
        text = "".join(line.replace("%", f"{number:07}") for number in numbers)
        found[f"desired/part-{first:07}.yaml"] = f"{kind}:\n{text}".encode()
    return found


def _both(count: int, line: str, where: str = _LIST, **fragment: int) -> Files:
    """A list with entries that fragments say as well."""
    live = {"items.yaml": _text(count, line, "items:\n")}
    return {**_schema("item", where), **live, **_fragments(count, line, **fragment)}


_ENTRY = "  - id: e%\n    name: Entry %\n    size: 12\n    words: [one, two]\n"
_FIELDS = _ENTRY.replace("  - id: e%\n", "")


def _lists(count: int) -> Files:
    return _both(count, _ENTRY)


def _maps(count: int) -> Files:
    live = _text(count, f"  e%:\n{_FIELDS}", "items:\n")
    where = 'layout: map, file: "items.yaml", at: items, key: id'
    return {**_schema("item", where), "items.yaml": live, **_fragments(count, _ENTRY)}


def _files(count: int) -> Files:
    where = 'layout: file, file: "items/{id}.yaml", key: id'
    fields = "id: e%\nname: Entry %\nsize: 12\nwords: [one, two]\n"
    numbers = (f"{number:07}" for number in range(count))
    live = {f"items/e{number}.yaml": fields.replace("%", number).encode() for number in numbers}
    return {**_schema("item", where), **live, **_fragments(count, _ENTRY)}


def _nested(count: int) -> Files:
    """Ten inner entries in each outer one."""
    outer = 'layout: list, file: "items.yaml", at: items, key: id'
    inner = 'layout: list, file: "items.yaml", at: "items[id={item}].parts", key: [item, id]'
    text, wanted = ["items:\n"], {}
    for first in range(max(count // 11, 1)):
        name = f"e{first:07}"
        parts = [f"p{number:02}" for number in range(10)]
        text.append(f"  - id: {name}\n    name: Entry {name}\n    parts:\n")
        text.extend(f"      - id: {part}\n        size: 12\n        words: [one, two]\n" for part in parts)
        said = "".join(
            f"  - item: {name}\n    id: {part}\n    size: 12\n    words: [one, two]\n" for part in parts
        )
        wanted[f"desired/{name}.yaml"] = (
            f"item:\n  - id: {name}\n    name: Entry {name}\npart:\n{said}".encode()
        )
    schemas = {**_schema("item", outer), **_schema("part", inner, "type: object\n")}
    return {**schemas, "items.yaml": "".join(text).encode(), **wanted}


def parent(count: int) -> Files:
    """One outer entry with so many inner ones."""
    outer = 'layout: list, file: "items.yaml", at: items, key: id'
    inner = 'layout: list, file: "items.yaml", at: "items[id={item}].parts", key: [item, id]'
    head = "items:\n  - id: old\n    name: Parent\n    parts:\n"
    live = _text(count, "      - id: p%\n        size: 12\n        words: [one, two]\n", head)
    line = "  - item: old\n    id: p%\n    size: 12\n    words: [one, two]\n"
    wanted = _fragments(count, line, "part")
    outer_wanted = b"item:\n  - id: old\n    name: Parent\n"
    schemas = {**_schema("item", outer), **_schema("part", inner, "type: object\n")}
    return {**schemas, "items.yaml": live, **wanted, "desired/outer.yaml": outer_wanted}


def parent_renamed(count: int) -> Files:
    """The fragments in which the outer entry is called otherwise."""
    wanted = {path: data for path, data in parent(count).items() if path.startswith("desired/")}
    renamed = {path: data.replace(b": old\n", b": new\n") for path, data in wanted.items()}
    moved = renamed["desired/outer.yaml"] + b"moved:\n  - {from: item/old, to: item/new}\n"
    return {**renamed, "desired/outer.yaml": moved}


def _new(count: int) -> Files:
    return {**_schema("item", _LIST), **_fragments(count, _ENTRY)}


def _single(count: int) -> Files:
    return _both(count, _ENTRY, each=1)


def _one_fragment(count: int) -> Files:
    return _both(count, _ENTRY, each=count)


def _kinds(count: int) -> Files:
    files: dict[str, bytes] = {}
    for number in range(count):
        name = f"k{number:07}"
        where = f'layout: list, file: "live/{name}.yaml", at: items, key: id'
        files |= _schema(name, where, "type: object\n")
        files[f"live/{name}.yaml"] = b"items:\n  - id: a\n"
        files[f"desired/{name}.yaml"] = f"{name}:\n  - id: a\n".encode()
    return files


def _references(count: int) -> Files:
    return _both(count, "  - id: e%\n    needs: [e0000000]\n", _NEEDS)


def _dangling(count: int) -> Files:
    return _both(count, "  - id: e%\n    needs: [x%]\n", _NEEDS)


def _one_dangling(count: int) -> Files:
    return _both(count, "  - id: e%\n    needs: [missing]\n", _NEEDS)


def _names(count: int) -> Files:
    return _both(count, "  - id: e%\n    name: Entry %\n    aliases: [a%, b%, c%]\n", _NAMED)


def _one_name(count: int) -> Files:
    return _both(count, "  - id: e%\n    name: Everybody\n", _NAMED)


def _allowances(count: int) -> Files:
    allowed = _text(count, "  - {address: item/e%, code: REF001, reason: known}\n", "allow:\n")
    return {**_dangling(count), "desired/zz-allow.yaml": allowed}


def _protects(count: int) -> Files:
    return {**_lists(count), "desired/zz-protect.yaml": _text(count, "  - item/e%\n", "protect:\n")}


def _protect_globs(count: int) -> Files:
    return {**_lists(count), "desired/zz-protect.yaml": _text(count, "  - item/e%*\n", "protect:\n")}


def _moves(count: int) -> Files:
    """Entries that are called otherwise now; see :func:`moved`."""
    return _lists(count)


def moved(files: Files, count: int) -> Files:
    """An applied workspace in which every entry is renamed."""
    renamed = {
        path: data.replace(b"- id: e", b"- id: n") if path.startswith("desired/") else data
        for path, data in files.items()
    }
    moves = _text(count, "  - {from: item/e%, to: item/n%}\n", "moved:\n")
    return {**renamed, "desired/zz-moved.yaml": moves}


def _baseline(count: int) -> Files:
    """Known problems of entries that nobody manages; see :func:`baselined`."""
    live = _text(count, "  - id: e%\n    needs: [x%]\n", "items:\n")
    return {**_schema("item", _NEEDS), "items.yaml": live}


def _comments(count: int) -> Files:
    return _both(count, "  # Asked for by % in %.\n  - id: e%\n    # The size of %.\n    size: 12  # of %\n")


def _fields(count: int) -> Files:
    """One entry with so many fields."""
    entry = _text(count, "    f%: %\n", "  - id: a\n").decode()
    return _both(1, entry, f"{_LIST}") | {"items.yaml": f"items:\n{entry}".encode()}


def _items(count: int) -> Files:
    """One entry with a list of so many items."""
    entry = _text(count, "      - w%\n", "  - id: a\n    words:\n").decode()
    return _both(1, entry)


def _problems(count: int) -> Files:
    """Entries of one file that all break their schema."""
    return _both(count, "  - id: e%\n    size: much\n", each=count)


def _unreadable(count: int) -> Files:
    """A file with a key twice in every entry."""
    files = _both(count, "  - id: e%\n    size: 1\n    size: 2\n", each=count)
    return {path: data for path, data in files.items() if not path.startswith("desired/")}


def _documents(count: int) -> Files:
    live = _text(count, "---\nitems:\n  - id: e%\n    size: 12\n")
    return {**_schema("item", _LIST), "items.yaml": live, **_fragments(count, "  - id: e%\n    size: 12\n")}


def _removals(count: int) -> Files:
    return {**_lists(1), "desired/zz-removed.yaml": _text(count, "  - {address: item/g%}\n", "removed:\n")}


_Make: TypeAlias = Callable[[int], Files]

SHAPES: Mapping[str, _Make] = {"list": _lists, "map": _maps, "files": _files, "nested": _nested}
"""The layouts: so many entries on both sides, to be taken over."""

THINGS: Mapping[str, _Make] = {
    "new entries": _new,
    "fragments of one entry": _single,
    "entries of one fragment": _one_fragment,
    "kinds": _kinds,
    "references to one entry": _references,
    "references to nothing": _dangling,
    "references to one missing entry": _one_dangling,
    "names": _names,
    "claims of one name": _one_name,
    "allowances": _allowances,
    "protects": _protects,
    "protects with globs": _protect_globs,
    "moves": _moves,
    "spent removals": _removals,
    "baseline lines": _baseline,
    "comments": _comments,
    "fields of one entry": _fields,
    "items of a list": _items,
    "problems from one file": _problems,
    "faults of the text of one file": _unreadable,
    "documents of one file": _documents,
}
"""What else there can be many of."""
