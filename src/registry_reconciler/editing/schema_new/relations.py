"""What the fields of a kind refer to: names, entries of other kinds, paths, and what no two share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from registry_reconciler.editing.schema_new.draft import HOLDS, Work
from registry_reconciler.editing.schema_new.guess import FieldShape, FoundEntry, matches, quoted
from registry_reconciler.files.tree import is_safe
from registry_reconciler.model.entry import Json
from registry_reconciler.model.field_roles import PathRule
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.kind import FilePattern

_LIVE_WORDS = ("stars", "downloads", "updated_at", "last_updated", "last_seen", "pulls", "score")


def add_relations(work: Work, entries: Sequence[FoundEntry], shape: FieldShape, key: Sequence[str]) -> None:
    """Names, references, paths and unique fields that hold."""
    names = _names(entries, shape, key)
    if names:
        work.spec["names"] = names
    references = list(_references(work, entries, shape, key))
    if references:
        work.spec["references"] = references
    paths = list(_paths(work, entries, shape))
    if paths:
        work.spec["paths"] = paths
    unique = [[quoted(name)] for name in shape.fields if _is_unique(name, entries, key)]
    if unique:
        work.spec["unique"] = unique
        work.doubt("x-registry.unique", "No two entries share these today; drop them if that is by chance.")
    live = [name for name in shape.fields if name in _LIVE_WORDS]
    if live:
        text = f"{', '.join(live)} may be counted by a machine: then list it under live_fields."
        work.doubt("x-registry.key", text)


def _names(entries: Sequence[FoundEntry], shape: FieldShape, key: Sequence[str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name in ("name", "title", "display_name"):
        part = shape.fields.get(name)
        if part is None or name in key or part.types != {"string"}:
            continue
        if len(part.strings) == part.count == len(entries):
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
    work: Work, entries: Sequence[FoundEntry], shape: FieldShape, key: Sequence[str]
) -> Iterator[dict[str, Json]]:
    """Fields whose values are keys of this or another kind."""
    others: dict[str, set[str]] = {name: set() for name in work.loaded.kinds}
    for live in work.loaded.live.entries.values():
        others[live.kind].add(live.key)
    own_keys = {"/".join(entry.text(name) or "" for name in key) for entry in entries}
    everything = {**others, work.kind: own_keys}
    # Where an entry lies says what it is called, and refers to no other of its kind.
    of_path = ((steps, part, others) for steps, part in _of_path(work, entries, shape))
    for steps, part, known in (*of_path, *((steps, part, everything) for steps, part in shape.walk())):
        words = {word: count for word, count in part.strings.items() if word}
        if len(steps) > 2 and steps[1] == "[]" and steps[-1] in ("id", "name", "key"):
            continue  # the key of what may be a kind of its own
        if not known or not steps or [".".join(steps)] == list(key):
            continue
        if len(words) < 2 or sum(words.values()) < 3:
            continue
        ranked = sorted(
            known, key=lambda name: (-_share(words, known[name]), not matches(name, steps[-1]), name)
        )
        best = ranked[0]
        missing = sorted(word for word in words if word not in known[best])
        own = sum(count for word, count in words.items() if part.who[word] == word)
        if _share(words, known[best]) < HOLDS or 2 * own > sum(words.values()):
            _doubt_titles(work, steps, words)
            continue
        yield {"field": selector_text(steps), "kind": best}
        if missing:
            whose = {word: f" (of {part.who[word]})" if part.who[word] else "" for word in missing}
            shown = ", ".join(f"{word!r}{whose[word]}" for word in missing[:5])
            work.doubt("x-registry.references", f"{selector_text(steps)}: there is no {best} {shown}.")


def _of_path(
    work: Work, entries: Sequence[FoundEntry], shape: FieldShape
) -> Iterator[tuple[tuple[str, ...], FieldShape]]:
    """What only the path of a file says: the plugin whose folder a skill lies in."""
    for name in FilePattern.parse(work.pattern).placeholders:
        if "." in name or name in shape.fields:
            continue
        part = FieldShape()
        for entry in entries:
            if name in entry.place:
                part.add(entry.place[name], "")
        yield (name,), part


def _doubt_titles(work: Work, steps: Sequence[str], words: Mapping[str, int]) -> None:
    """Say where a field has the names of entries, and not their ids: a reference says ids."""
    for kind in work.loaded.kinds.values():
        role = kind.names.name
        if role is None:
            continue
        live = (entry for entry in work.loaded.live.entries.values() if entry.kind == kind.name)
        names = {name for entry in live if isinstance(name := role.get(entry.value), str)}
        if _share(words, names) >= HOLDS:
            work.doubt(
                ".".join(("properties", *steps)),
                f"These are names ({role.text}) of {kind.name}; say its ids, and it can be a reference.",
            )
            return


def _share(words: Mapping[str, int], known: set[str]) -> float:
    return sum(count for word, count in words.items() if word in known) / sum(words.values())


def selector_text(steps: Sequence[str]) -> str:
    """Steps as a selector: ``related[].path``."""
    text = ""
    for step in steps:
        text += "[]" if step == "[]" else f".{quoted(step)}" if text else quoted(step)
    return text


def _paths(work: Work, entries: Sequence[FoundEntry], shape: FieldShape) -> Iterator[dict[str, Json]]:
    """Fields whose texts are files or folders, from the root or from where the registry file is."""
    for steps, part in shape.walk():
        words = [word for word in part.strings if "/" in word or "." in word]
        named = any(word.strip("./") for word in words)  # "." is there everywhere
        if not steps or not named or len(words) < len(part.strings):
            continue
        selector = Selector.parse(selector_text(steps))
        places = [
            (entry.file, word)
            for entry in entries
            for _, word in selector.find(entry.value)
            if isinstance(word, str)
        ]
        for base in (".", "file"):
            rule = PathRule(selector, base=base)
            gone = [word for file, word in places if not _is_there(work, rule.resolved(word, file))]
            if not places or len(places) - len(gone) < HOLDS * len(places):
                continue
            yield {"field": selector.text, "missing": "error", **({} if base == "." else {"base": base})}
            if gone:
                shown = ", ".join(sorted(set(gone))[:5])
                work.doubt("x-registry.paths", f"{selector.text}: {shown} is not there.")
            break


def _is_there(work: Work, path: str) -> bool:
    return path == "" or (is_safe(path) and work.loaded.tree.kind(path) in ("file", "dir"))


def _is_unique(name: str, entries: Sequence[FoundEntry], key: Sequence[str]) -> bool:
    if name in key or not name.lower().endswith(("id", "_no", "number")) or len(entries) < 3:
        return False
    values = [entry.value.get(name) for entry in entries if name in entry.value]
    if not all(isinstance(value, str | int) and not isinstance(value, bool) for value in values):
        return False
    return len(values) >= HOLDS * len(entries) and len(set(values)) == len(values)
