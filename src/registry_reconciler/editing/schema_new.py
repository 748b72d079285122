"""``schema new``: from files as they are found to a schema file that makes them a kind, and its doubts.

The answer is checked before it is given: the schema file is loaded over the workspace, and what plan says
about the entries is part of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.base.globs import is_wild
from registry_reconciler.editing.schema_guess import (
    Candidate,
    Found,
    Shape,
    candidates,
    closed_words,
    duplicates,
    means,
    path_of,
    quoted,
    shape_of,
    singular,
    slips,
    unique_fields,
)
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.files.tree import MemoryTree, Recorder, Tree, find, is_safe
from registry_reconciler.loading.source import read_source
from registry_reconciler.loading.workspace import Loaded, load
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import SCHEMA_FOLDER, SCHEMA_SUFFIX, FilePattern

_HOLDS = 0.9
"""So much of a field's values must be keys of a kind before it is called a reference to it."""
_LIVE_WORDS = ("stars", "downloads", "updated_at", "last_updated", "last_seen", "pulls", "score")
_MOST_SLIPS = 10


class Doubt(Struct, frozen=True):
    """Something that the schema file says and a person should look at.

    Attributes:
        where: the part of the schema file, as a dotted path; the comment stands above it.
        line: its line in the schema file.
        decision: the file does not work as it is until somebody decides.
    """

    where: str
    message: str
    decision: bool = False
    line: int = 0


class NewSchema(Struct, frozen=True):
    """A schema file for a kind.

    Attributes:
        entries: how many entries it finds.
        spec: ``x-registry`` as it is in the file.
        findings: what plan says about these entries today: code, address and message.
    """

    path: str
    content: bytes
    spec: Mapping[str, Json]
    entries: int
    doubts: tuple[Doubt, ...]
    findings: tuple[tuple[str, str, str], ...] = ()


class _Work(Struct):
    """What is known so far."""

    kind: str
    loaded: Loaded
    pattern: str
    spec: dict[str, Json] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)

    def doubt(self, where: str, message: str, *, decision: bool = False) -> None:
        self.doubts.append(Doubt(where, message, decision))


def new_schema(tree: Tree, kind: str, source: str, *, at: str = "", key: Sequence[str] = ()) -> NewSchema:
    """Make a schema file for a kind from a file, a glob, or a path with placeholders.

    Args:
        at: where the entries lie inside the files; guessed where it is not given.
        key: the key fields; guessed where they are not given.

    Raises:
        UsageFailure: the words of the call are wrong, or the kind is there already.
        Blocked: no file, an unreadable one, or nothing in them that looks like entries.
    """
    loaded = load(Recorder(tree))
    _require_new(loaded, kind)
    pattern = source.removeprefix("./")
    work = _Work(kind, loaded, pattern)
    documents = _read(tree, pattern)
    chosen = _choose(work, documents, at)
    entries = _with_path(work, chosen, sorted(documents))
    names = _key(work, chosen, entries, key)
    work.spec = {
        "kind": kind,
        "layout": chosen.layout,
        "file": work.pattern,
        **({"at": chosen.text} if chosen.at else {}),
        "key": names[0] if len(names) == 1 else names,
    }
    shape = shape_of(entries, ["/".join(entry.text(name) or "" for name in names) for entry in entries])
    _relations(work, entries, shape, names)
    schema = _properties(work, shape, names)
    return _finish(work, tree, schema, len(entries))


def _require_new(loaded: Loaded, kind: str) -> None:
    from registry_reconciler.loading.fragments import DIRECTIVES

    if kind in loaded.kinds or kind in loaded.catalog.broken:
        raise UsageFailure(f"there is a kind {kind!r} already; give the new one another name.")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", kind) or kind in DIRECTIVES:
        raise UsageFailure(
            f"{kind!r} is no name for a kind: letters, digits, _ and -, and no word of a directive."
        )


def _read(tree: Tree, pattern: str) -> dict[str, tuple[Json, ...]]:
    """The documents of every file that is meant."""
    if not is_safe(re.sub(r"[{}*?\[\]]", "x", pattern)):
        raise UsageFailure(f"{pattern!r} must be a path below the root, with '/' and without '..'.")
    glob = FilePattern.parse(pattern).glob
    found: dict[str, tuple[Json, ...]] = {}
    for path in find(tree, glob):
        source = read_source(tree, path)
        if source is None or path.startswith((f"{DESIRED_FOLDER}/", ".system/registry/state/")):
            continue
        if not source.readable:
            raise Blocked(f"{path} cannot be read: {source.problems[0].message}")
        found[path] = tuple(one for one in source.documents if one is not None)
    if not any(found.values()):
        raise Blocked(f"{pattern!r} matches no file with anything in it.")
    return found


# ---------------------------------------------------------------- place


def _choose(work: _Work, documents: Mapping[str, Sequence[Json]], at: str) -> Candidate:
    """The place that holds the entries of the kind."""
    places = candidates(documents)
    if at:
        return _asked_for(places, at)
    many = len(documents) > 1 or is_wild(work.pattern) or "{" in work.pattern
    whole = _one_a_file(documents)
    fitting = [one for one in places if means(work.kind, one.name)]
    if fitting:
        best = max(fitting, key=lambda one: (-len(one.at), len(one.entries)))
    elif many and whole is not None:
        return whole
    elif places:
        outer = [one for one in places if len(one.at) == len(places[0].at)]
        best = max(outer, key=lambda one: len(one.entries))
    elif whole is not None:
        return whole
    else:
        raise Blocked(
            f"nothing in {work.pattern} looks like entries: no list of mappings, no mapping of them."
        )
    others = [one for one in places if one is not best and len(one.entries) > 1]
    if others and not fitting:
        listed = ", ".join(f"{one.text or 'the whole file'} ({len(one.entries)})" for one in others[:5])
        work.doubt("x-registry.at", f"Entries lie in other places too: {listed}. Name one with --at.")
    return best


def _asked_for(places: Sequence[Candidate], at: str) -> Candidate:
    for one in places:
        if one.text == at:
            return one
    known = ", ".join(one.text for one in places if one.text)
    raise UsageFailure(f"no entries are found at {at!r}. Places that hold some: {known or 'none'}.")


def _one_a_file(documents: Mapping[str, Sequence[Json]]) -> Candidate | None:
    """Each document as an entry, where all are mappings."""
    if not all(isinstance(value, dict) for values in documents.values() for value in values):
        return None
    entries = [Found(path, value) for path, values in documents.items() for value in values]
    return Candidate("file", (), "", entries)


def _with_path(work: _Work, chosen: Candidate, paths: Sequence[str]) -> list[Found]:
    """The entries with what the path of their file says; ``*`` becomes a placeholder where a field fits."""
    if "{" not in work.pattern and "**" not in work.pattern and is_wild(work.pattern):
        work.pattern = _named_stars(work, chosen)
    pattern = FilePattern.parse(work.pattern)
    if pattern.open and len(paths) > 1:
        message = "The pattern leaves open where new entries go: put {field} in place of *."
        work.doubt("x-registry.file", message)
    bound = {path: tuple((pattern.match(path) or {}).items()) for path in paths}
    return [replace(entry, bound=(*bound[entry.file], *entry.bound)) for entry in chosen.entries]


def _named_stars(work: _Work, chosen: Candidate) -> str:
    pieces = re.split(r"(\*)", work.pattern)
    regex = re.compile("".join("([^/]+)" if piece == "*" else re.escape(piece) for piece in pieces))
    stars = {entry.file: regex.fullmatch(entry.file) for entry in chosen.entries}
    if any(match is None for match in stars.values()):
        return work.pattern
    number = 0
    taken: set[str] = set()
    for index, piece in enumerate(pieces):
        if piece != "*":
            continue
        number += 1
        told = {path: match.group(number) for path, match in stars.items() if match is not None}
        name = _field_like(chosen.entries, told, taken)
        if name is None:
            name = _folder_name(pieces[index - 1], chosen.entries, taken)
            work.doubt(
                "x-registry.file",
                f"No field of the entries says what stands for {{{name}}} in the path, so the path says it.",
            )
        taken.add(name)
        pieces[index] = f"{{{name}}}"
    return "".join(pieces)


def _field_like(entries: Sequence[Found], told: Mapping[str, str], taken: set[str]) -> str | None:
    """The field that says what the path says, in nine of ten entries."""
    names = _text_fields(entries[0].value) if entries else []
    for name in sorted(names, key=lambda one: (one not in ("id", "name"), one.count("."), names.index(one))):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name) or name in taken:
            continue
        hits = sum(entry.text(name) == told[entry.file] for entry in entries)
        if hits >= _HOLDS * len(entries):
            return name
    return None


def _text_fields(value: Mapping[str, Json]) -> list[str]:
    """The fields that hold a word or number, at the top and one level down."""
    names = [name for name, part in value.items() if isinstance(part, str | int)]
    for outer, part in value.items():
        if isinstance(part, dict):
            names += [f"{outer}.{name}" for name, inner in part.items() if isinstance(inner, str | int)]
    return names


def _folder_name(before: str, entries: Sequence[Found], taken: set[str]) -> str:
    parts = [part for part in before.split("/") if part]
    wanted = re.sub(r"[^A-Za-z0-9_]+", "_", singular(parts[-1] if parts else "file")).strip("_.") or "file"
    wanted = f"_{wanted}" if wanted[0].isdigit() else wanted
    used = taken | {name for entry in entries for name in entry.value}
    while wanted in used:
        wanted = f"{wanted}_name"
    return wanted


# ---------------------------------------------------------------- key


def _key(work: _Work, chosen: Candidate, entries: Sequence[Found], asked: Sequence[str]) -> list[str]:
    names = list(asked) or _guessed_key(work, chosen, entries)
    if chosen.keyed:
        for number, entry in enumerate(entries):
            told = dict(entry.bound).get("", "")
            holder = [name for name in names if name not in entry.place][-1]
            entries[number] = replace(entry, bound=(*entry.bound, (holder, told)))  # type: ignore[index]
    twice = duplicates(entries, names)
    if twice:
        shown = ", ".join(repr(one) if one else "(none)" for one in twice[:5])
        work.doubt(
            "x-registry.key",
            f"No field tells all entries apart. By {', '.join(names)}, several have {shown}"
            f"{' and others' if len(twice) > 5 else ''}. Name the fields that do, or mend the entries.",
            decision=True,
        )
    return names


def _guessed_key(work: _Work, chosen: Candidate, entries: Sequence[Found]) -> list[str]:
    holders = list(dict.fromkeys(name for entry in entries for name in entry.place))
    if chosen.keyed:
        inside = {name for entry in entries for name in entry.value}
        name = next(one for one in ("name", "id", "key", f"{work.kind}_key") if one not in inside)
        work.doubt("x-registry.key", f"The entries have no word for their key; it is called {name} here.")
        told = _keys_repeat(entries)
        return [*holders, name] if told else [name]
    unique = unique_fields(entries, work.kind)
    if unique and _is_key_word(unique[0], work.kind):
        return [unique[0]]
    joined = _joined_key(work, entries, holders)
    if joined or not unique:
        return joined or [next(iter(entries[0].value), "id")]
    others = ", ".join(unique[1:4])
    more = f" ({others} would do, too)" if others else ""
    work.doubt("x-registry.key", f"{unique[0]} is the key because no two entries share it{more}.")
    return [unique[0]]


def _is_key_word(name: str, kind: str) -> bool:
    """Whether a field's name says that it tells entries apart."""
    last = name.rpartition(".")[2].lower()
    return last in ("id", "key", "name", "slug", "code", f"{kind}_id") or last.endswith(("_id", "-id"))


def _keys_repeat(entries: Sequence[Found]) -> bool:
    """Whether the same key stands in several mappings."""
    keys = [dict(entry.bound).get("", "") for entry in entries]
    return len(set(keys)) < len(keys)


def _joined_key(work: _Work, entries: Sequence[Found], holders: Sequence[str]) -> list[str]:
    """A key of what the place says and a field, else a field that is no key alone, else nothing."""
    fields = [name for name in ("id", "name", "key", f"{work.kind}_id", "title") if _all_have(entries, name)]
    for holder in reversed(holders):
        for name in fields:
            if not duplicates(entries, (holder, name)):
                work.doubt("x-registry.key", f"{name} alone is not unique, {holder} and {name} together are.")
                return [holder, name]
    for name in fields:
        if holders and not duplicates(entries, (*holders, name)):
            return [*holders, name]
    if holders and not duplicates(entries, holders):
        return list(holders)
    return fields[:1]


def _all_have(entries: Sequence[Found], name: str) -> bool:
    return all(entry.text(name) is not None for entry in entries)


# ---------------------------------------------------------------- relations


def _relations(work: _Work, entries: Sequence[Found], shape: Shape, key: Sequence[str]) -> None:
    """Names, references, paths and unique fields that hold."""
    names = _names(entries, shape, key)
    if names:
        work.spec["names"] = names
    references = list(_references(work, entries, shape, key))
    if references:
        work.spec["references"] = references
    paths = list(_paths(work, shape))
    if paths:
        work.spec["paths"] = paths
    unique = [[quoted(name)] for name, one in shape.fields.items() if _is_unique(name, one, entries, key)]
    if unique:
        work.spec["unique"] = unique
        work.doubt("x-registry.unique", "No two entries share these today; drop them if that is by chance.")
    live = [name for name in shape.fields if name in _LIVE_WORDS]
    if live:
        text = f"{', '.join(live)} may be counted by a machine: then list it under live_fields."
        work.doubt("x-registry.key", text)


def _names(entries: Sequence[Found], shape: Shape, key: Sequence[str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name in ("name", "title", "display_name"):
        one = shape.fields.get(name)
        if one is None or name in key or one.types != {"string"}:
            continue
        if len(one.strings) == one.count == len(entries):
            found["name"] = name
            break
    aliases = shape.fields.get("aliases")
    if aliases is not None and aliases.items is not None and aliases.items.types == {"string"}:
        found["aliases"] = "aliases"
    status = shape.fields.get("status")
    if status is not None and set(status.strings) <= {"planned", "active", "deprecated"} and status.strings:
        found["status"] = "status"
    return found


def _references(
    work: _Work, entries: Sequence[Found], shape: Shape, key: Sequence[str]
) -> Iterator[dict[str, Json]]:
    """Fields whose values are keys of this or another kind."""
    known: dict[str, set[str]] = {name: set() for name in work.loaded.kinds}
    for live in work.loaded.live.entries.values():
        known[live.kind].add(live.key)
    known[work.kind] = {"/".join(entry.text(name) or "" for name in key) for entry in entries}
    for steps, one in shape.walk():
        words = {word: count for word, count in one.strings.items() if word}
        if not steps or ".".join(steps) in key or len(words) < 2 or sum(words.values()) < 3:
            continue
        ranked = sorted(
            known, key=lambda name: (-_share(words, known[name]), not means(name, steps[-1]), name)
        )
        best = ranked[0]
        missing = sorted(word for word in words if word not in known[best])
        own = sum(count for word, count in words.items() if one.who[word] == word)
        if _share(words, known[best]) < _HOLDS or 2 * own > sum(words.values()):
            continue
        yield {"field": selector_text(steps), "kind": best}
        if missing:
            shown = ", ".join(f"{word!r} (of {one.who[word]})" for word in missing[:5])
            work.doubt("x-registry.references", f"{selector_text(steps)}: there is no {best} {shown}.")


def _share(words: Mapping[str, int], known: set[str]) -> float:
    return sum(count for word, count in words.items() if word in known) / sum(words.values())


def selector_text(steps: Sequence[str]) -> str:
    """Steps as a selector: ``related[].path``."""
    text = ""
    for step in steps:
        text += "[]" if step == "[]" else f".{quoted(step)}" if text else quoted(step)
    return text


def _paths(work: _Work, shape: Shape) -> Iterator[dict[str, Json]]:
    tree = work.loaded.tree
    for steps, one in shape.walk():
        words = [word for word in one.strings if "/" in word or "." in word]
        if not steps or not words or len(words) < len(one.strings) or not all(map(is_safe, words)):
            continue
        hits = sum(tree.kind(word) in ("file", "dir") for word in words)
        if hits >= _HOLDS * len(words):
            yield {"field": selector_text(steps), "missing": "error"}
            gone = [word for word in words if tree.kind(word) not in ("file", "dir")]
            if gone:
                work.doubt("x-registry.paths", f"{selector_text(steps)}: {', '.join(gone[:5])} is not there.")


def _is_unique(name: str, one: Shape, entries: Sequence[Found], key: Sequence[str]) -> bool:
    if name in key or not name.lower().endswith(("id", "_no", "number")) or len(entries) < 3:
        return False
    values = [entry.value.get(name) for entry in entries if name in entry.value]
    if not all(isinstance(value, str | int) and not isinstance(value, bool) for value in values):
        return False
    return len(values) >= _HOLDS * len(entries) and len(set(values)) == len(values)


# ---------------------------------------------------------------- fields


def _properties(work: _Work, shape: Shape, key: Sequence[str]) -> dict[str, Json]:
    apart = _kinds_apart(work, shape)
    known = len(work.doubts)
    schema = _schema(work, shape, ())
    inside = tuple(f"properties.{name}." for name in apart)
    work.doubts[known:] = [one for one in work.doubts[known:] if not one.where.startswith(inside)]
    properties: dict[str, Json] = {}
    required: list[str] = []
    for name in key:
        first = path_of(name)[0]
        if str(first) not in shape.fields:
            properties[str(first)] = {"type": "string"}
        required.append(str(first))
    properties.update(schema.get("properties", {}))
    required += [name for name in schema.get("required", ()) if name not in required]
    for name in apart:
        properties[name] = {"type": "array", "items": {"type": "object"}}
    # A container of another kind is no part of this kind's entries, so nothing may demand what could become one.
    inner = {name for name, one in shape.fields.items() if one.items is not None and one.items.mappings}
    required = [name for name in dict.fromkeys(required) if name not in inner]
    return {"type": "object", "required": required, "properties": properties}


def _kinds_apart(work: _Work, shape: Shape) -> list[str]:
    """Fields whose items have names of their own, so that they look like entries of another kind."""
    found = []
    for name, one in shape.fields.items():
        inner = one.items
        if inner is None or inner.mappings < 3 or inner.mappings < inner.count or one.types != {"array"}:
            continue
        if not any(
            inner.fields[word].count == inner.count for word in ("id", "name", "key") if word in inner.fields
        ):
            continue
        found.append(name)
        word = re.sub(r"[^A-Za-z0-9_-]", "_", singular(name))
        hint = f"registry schema new {word} --from {work.pattern}"
        work.doubt(f"properties.{name}", f"These may be entries of a kind of their own: {hint}")
    return found


def _schema(work: _Work, shape: Shape, steps: tuple[str, ...]) -> dict[str, Json]:
    """The JSON Schema of a shape; doubts are noted on the way."""
    types = sorted(shape.types - ({"integer"} if "number" in shape.types else set()))
    schema: dict[str, Json] = {"type": types[0] if len(types) == 1 else types} if types else {}
    words = closed_words(shape)
    if words:
        schema["enum"] = words
        work.doubt(_where(steps), f"These {len(words)} words look like all there are.")
    _note_slips(work, shape, steps)
    if len([one for one in types if one != "null"]) > 1:
        work.doubt(_where(steps), f"It holds {' and '.join(types)}; one type would be easier to use.")
    if shape.fields and shape.free_keys:
        merged = Shape()
        for one in shape.fields.values():
            merged = _merged(merged, one)
        schema["additionalProperties"] = _schema(work, merged, (*steps, "[]"))
    elif shape.fields:
        schema["properties"] = {
            name: _schema(work, one, (*steps, name)) for name, one in shape.fields.items()
        }
        always = [name for name, one in shape.fields.items() if one.count == shape.mappings]
        if always:
            schema["required"] = always
    if shape.items is not None and shape.items.types:
        schema["items"] = _schema(work, shape.items, (*steps, "[]"))
    return schema


def _merged(left: Shape, right: Shape) -> Shape:
    """Both shapes as one; for mappings whose keys are names."""
    merged = Shape(
        count=left.count + right.count,
        types=left.types | right.types,
        strings=left.strings + right.strings,
        who={**right.who, **left.who},
        mappings=left.mappings + right.mappings,
        fields=dict(left.fields),
        items=left.items,
    )
    for name, one in right.fields.items():
        merged.fields[name] = _merged(merged.fields[name], one) if name in merged.fields else one
    if right.items is not None:
        merged.items = _merged(left.items, right.items) if left.items is not None else right.items
    return merged


def _note_slips(work: _Work, shape: Shape, steps: tuple[str, ...]) -> None:
    found = slips(shape, loose="[]" not in steps)
    for word, other, why in found[:_MOST_SLIPS]:
        count, more = shape.strings[word], shape.strings[other]
        message = f"{word!r} ({_who(count, shape.who.get(word))}) may be a slip of {other!r} ({more}): {why}."
        work.doubt(_where(steps), message)
    if len(found) > _MOST_SLIPS:
        work.doubt(_where(steps), f"{len(found) - _MOST_SLIPS} more words look like others.")


def _who(count: int, example: str | None) -> str:
    return f"{count}, e.g. {example}" if example else f"{count}"


def _where(steps: Sequence[str]) -> str:
    return ".".join(("properties", *steps)) if steps else "type"


# ---------------------------------------------------------------- the file


def _finish(work: _Work, tree: Tree, schema: Mapping[str, Json], entries: int) -> NewSchema:
    path = f"{SCHEMA_FOLDER}/{work.kind}{SCHEMA_SUFFIX}"
    lines = list(_lines(work, schema))
    numbered = tuple(_numbered(work.doubts, lines))
    content = "".join(f"{line}\n" for line, _ in lines).encode("utf-8")
    draft = NewSchema(path, content, dict(work.spec), entries, numbered)
    return _checked(draft, work, tree)


def _lines(work: _Work, schema: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """The lines of the file, each with the part of the schema that begins there."""
    yield "# Made by 'registry schema new' from what the files held; lines with '#?' want a look.", ""
    yield "$schema: https://json-schema.org/draft/2020-12/schema", "$schema"
    yield f"title: {work.kind}", "title"
    yield "x-registry:", "x-registry"
    yield from _block(work, {str(name): value for name, value in work.spec.items()}, "x-registry", 2)
    yield from _block(work, {"type": schema["type"], "required": schema["required"]}, "", 0)
    yield "properties:", "properties"
    yield from _block(work, schema["properties"], "properties", 2)


def _block(work: _Work, value: Mapping[str, Json], where: str, indent: int) -> Iterator[tuple[str, str]]:
    from registry_reconciler.formats.yaml.edit.splice import dump

    for name, part in value.items():
        here = f"{where}.{name}" if where else name
        pad = " " * indent
        for doubt in work.doubts:
            if doubt.where == here:
                mark = "#? DECIDE: " if doubt.decision else "#? "
                yield f"{pad}{mark}{_one_line(doubt.message)}", ""
        inner = part.get("properties") if isinstance(part, dict) else None
        if isinstance(inner, dict) and any(one.where.startswith(f"{here}.") for one in work.doubts):
            yield f"{pad}{dump({name: None}).split(':')[0]}:", here
            rest = {key: item for key, item in part.items() if key != "properties"}
            yield from _block(work, rest, f"{here}.", indent + 2)
            yield f"{pad}  properties:", ""
            yield from _block(work, inner, here, indent + 4)
            continue
        for doubt in work.doubts:
            if doubt.where.startswith(f"{here}."):
                yield f"{pad}#? {doubt.where.removeprefix('properties.')}: {_one_line(doubt.message)}", ""
        for number, line in enumerate(dump({name: part}, indent=indent).splitlines()):
            yield line, here if number == 0 else ""


def _one_line(text: str) -> str:
    from registry_reconciler.base.escape import visible

    return visible(" ".join(text.split()))


def _numbered(doubts: Sequence[Doubt], lines: Sequence[tuple[str, str]]) -> Iterator[Doubt]:
    starts = {where: number for number, (_, where) in enumerate(lines, 1) if where}
    for doubt in doubts:
        where = doubt.where
        while where and where not in starts:
            where = where.rpartition(".")[0]
        yield replace(doubt, line=starts.get(where, 1))


def _checked(draft: NewSchema, work: _Work, tree: Tree) -> NewSchema:
    """The draft with what plan says about its entries; a draft that cannot be used is a fault of ours."""
    from registry_reconciler.planning.pipeline import make_plan

    planning = make_plan(MemoryTree({draft.path: draft.content}, tree))
    if work.kind not in planning.loaded.kinds:
        faults = [one.message for one in planning.plan.problems if one.place.file == draft.path]
        raise Blocked(f"the schema file for {work.kind} would not be usable: {'; '.join(faults[:3])}")
    found = sum(entry.kind == work.kind for entry in planning.loaded.live.entries.values())
    mine = tuple(
        (one.code, one.address, one.message)
        for one in planning.plan.problems
        if one.address.startswith(f"{work.kind}/") or one.place.file == draft.path
    )
    return replace(draft, entries=found, findings=mine)
