"""Which place in the files holds the entries of a kind, and what the path of a file says of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from registry_reconciler.base.first_few import first_few
from registry_reconciler.base.globs import is_wild
from registry_reconciler.base.singular import singular
from registry_reconciler.editing.schema_new.containers import (
    held_by,
    mixed_maps,
    named_maps,
    scalar_candidates,
)
from registry_reconciler.editing.schema_new.draft import HOLDS, Work
from registry_reconciler.editing.schema_new.guess import (
    FoundEntry,
    PlaceCandidate,
    candidates,
    is_key_word,
    is_map,
    matches,
    unique_fields,
)
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.files.tree import Tree, find, is_safe
from registry_reconciler.formats.table import relaxed, unnamed_formats
from registry_reconciler.layouts.walk import walk
from registry_reconciler.loading.source import SourceFile, read_source
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import FilePattern, KindError, parse_at

_MANY = 12
"""So many texts side by side are hardly the fields of one thing."""


def read_documents(work: Work, tree: Tree) -> dict[str, tuple[Json, ...]]:
    """The documents of every file that is meant, read as their names say, or less strictly where that fails.

    Raises:
        Blocked: a file cannot be read.
        UsageFailure: the pattern is none.
    """
    pattern = work.pattern
    if not is_safe(re.sub(r"[{}*?\[\]]", "x", pattern)):
        raise UsageFailure(f"{pattern!r} must be a path below the root, with '/' and without '..'.")
    try:
        glob = FilePattern.parse(pattern).glob
    except KindError as error:
        raise UsageFailure(f"--from: {error}.") from error
    sources = [
        source
        for path in find(tree, glob)
        if not path.startswith((f"{DESIRED_FOLDER}/", ".system/registry/state/"))
        and (source := read_source(tree, path)) is not None
    ]
    sources = _by_what_they_hold(work, tree, sources)
    faulty = [source for source in sources if not source.readable]
    if faulty:
        sources = _less_strictly(work, tree, sources, faulty)
    found = {
        source.path: tuple(document for document in source.documents if document is not None)
        for source in sources
    }
    if not any(found.values()):
        if pattern.startswith(f"{DESIRED_FOLDER}/"):
            raise Blocked(
                f"{pattern!r} lies in {DESIRED_FOLDER}/, where fragments are. --from takes the files of the registry, "
                "such as 'modules/*.yaml'."
            )
        if sources:
            files = first_few([source.path for source in sources], 3)
            raise Blocked(
                f"in {files} nothing stands that could be an entry: it is empty, or Markdown without front matter."
            )
        raise Blocked(
            f"{pattern!r} matches no file. It is a path or glob from the root of the workspace, "
            "such as 'modules/*.yaml'."
        )
    return found


def _by_what_they_hold(work: Work, tree: Tree, sources: list[SourceFile]) -> list[SourceFile]:
    """The files in the format that what stands in them is of, where their names speak of none."""
    forms = [unnamed_formats(source.path) for source in sources]
    if not forms or not all(forms):
        return sources
    strictest = forms[0][0]
    for form in forms[0] if not _hold_something(sources) else (strictest,):
        again = [read_source(tree, source.path, text_format=form) for source in sources]
        read = [source for source in again if source is not None]
        if _hold_something(read):
            work.spec["format"] = form.name
            work.doubt(
                "x-registry.format",
                f"The names of the files say no format, and what they hold reads as {form.name}.",
            )
            return read
    return sources


def _hold_something(sources: Sequence[SourceFile]) -> bool:
    """Whether all files can be read and hold lists and mappings, in which something stands."""
    documents = [part for source in sources for part in source.documents]
    readable = all(source.readable and source.documents for source in sources)
    return readable and any(documents) and all(isinstance(part, dict | list) for part in documents)


def _less_strictly(
    work: Work, tree: Tree, sources: Sequence[SourceFile], faulty: Sequence[SourceFile]
) -> list[SourceFile]:
    """All files as their format reads them when it is asked to take more; the schema says so then.

    What nobody can read is left out, and that is said.
    """
    first = faulty[0]
    strict = [source for source in sources if source.readable]
    other = relaxed(first.format)
    again = [read_source(tree, source.path, text_format=other[1]) for source in sources] if other else []
    read = [source for source in again if source is not None and source.readable]
    if other is not None and len(read) > len(strict):
        work.spec.update(other[0])
        (name,) = other[0]
        work.doubt(
            f"x-registry.{name}",
            f"{len(faulty)} of {len(sources)} files cannot be read otherwise, e.g. {first.path}: "
            f"{first.problems[0].message}.",
        )
    else:
        read = strict
    left = {source.path for source in sources} - {source.path for source in read}
    if not left:
        return read
    example = next(source for source in faulty if source.path in left)
    problem = example.problems[0]
    where = problem.location.show() if problem.location else example.path
    why = problem.message.removeprefix(f"{example.path} cannot be read: ")
    if not read:
        raise Blocked(f"{where} cannot be read: {why}")
    work.doubt(
        "x-registry.file",
        f"{len(left)} of {len(sources)} files cannot be read and {'was' if len(left) == 1 else 'were'} not looked at, "
        f"e.g. {where}: {why}.",
    )
    return read


def choose_place(work: Work, documents: Mapping[str, Sequence[Json]], at: str) -> PlaceCandidate:
    """The place that holds the entries of the kind. Raises :class:`Blocked` where none does, or several do."""
    places = candidates(documents)
    many = len(documents) > 1 or is_wild(work.pattern) or "{" in work.pattern
    places = places if places or many else named_maps(documents, lambda name: singular(name) != name)
    if at:
        return _asked_for(documents, places, at)
    whole = _one_a_file(documents)
    values = scalar_candidates(documents)
    scalars = [place for place in values if len(place.entries) > 1]
    mapped = _whole_maps(documents, [*places, *scalars]) if many else None
    fitting = [place for place in places if matches(work.kind, place.name)]
    small = [place for place in scalars if len(place.entries) >= _MANY] if not places else []
    mixed = mixed_maps(documents)
    if not fitting:
        named = [] if many else named_maps(documents, partial(matches, work.kind))
        fitting = named + [place for place in (*values, *mixed) if matches(work.kind, place.name)]
    nearly = None if many else _nearly_a_map(mixed)
    if fitting:
        best = max(fitting, key=lambda candidate: (-len(candidate.at), len(candidate.entries)))
    elif mapped is not None:
        message = (
            "The keys at the top of the files differ, so each is taken for an entry, and no file is one."
        )
        work.doubt("x-registry.layout", message)
        return mapped
    elif many and whole is not None:
        return whole
    elif nearly is not None and not (places and len(places[0].at) <= len(nearly.at)):
        best = nearly
    elif places:
        several = [place for place in places if len(place.entries) > 1] or places
        outer = [place for place in several if len(place.at) == len(several[0].at)]
        best = max(outer, key=lambda candidate: len(candidate.entries))
    elif small or (not many and (small := _only_values(work, documents, scalars))):
        best = max(small, key=lambda candidate: (len(candidate.entries), -len(candidate.at)))
        work.doubt("x-registry.layout", f"Guessed from the {len(best.entries)} values that stand there.")
    elif whole is not None:
        return whole
    else:
        raise Blocked(
            f"nothing in {work.pattern} looks like entries: no list of mappings, no mapping of them."
        )
    best = _with_plain_values(work, best, mixed)
    if not fitting or "{" in best.text:
        _doubt_others(work, best, [place for place in places if place is not best and len(place.entries) > 1])
    return _with_all(documents, best)


def _with_plain_values(work: Work, best: PlaceCandidate, mixed: Sequence[PlaceCandidate]) -> PlaceCandidate:
    """The place, as pairs where some of its values are no mappings."""
    pairs = next((place for place in mixed if place.at == best.at and best.keyed), None)
    if pairs is None:
        return best
    plain = [dict(entry.bound)[""] for entry in pairs.entries if not isinstance(entry.value["value"], dict)]
    shown = f"{', '.join(plain[:3])}{' and others' if len(plain) > 3 else ''}"
    work.doubt(
        "x-registry.layout",
        f"{len(plain)} of {len(pairs.entries)} values are no mappings ({shown}), so each is the value of its key.",
    )
    return pairs


def _nearly_a_map(mixed: Sequence[PlaceCandidate]) -> PlaceCandidate | None:
    """The outermost mapping whose keys are names although a few of its values are no mappings."""
    for place in mixed:
        values = {dict(entry.bound)[""]: entry.value["value"] for entry in place.entries}
        alike = {key: value for key, value in values.items() if isinstance(value, dict)}
        if len(alike) >= max(_MANY, HOLDS * len(place.entries)) and is_map(alike):
            return place
    return None


def _doubt_others(work: Work, best: PlaceCandidate, others: Sequence[PlaceCandidate]) -> None:
    """Say which other places hold entries, and which lists were taken together."""
    together = [place for place in others if _leads_to(best.at, place.at)]
    if together:
        message = f"The entries of several places are taken together: {_listed(together)}. Name one alone with --at."
        work.doubt("x-registry.at", message)
    beside = [place for place in others if place not in together]
    if beside and not matches(work.kind, best.name):
        work.doubt(
            "x-registry.at", f"Entries lie in other places too: {_listed(beside)}. Name one with --at."
        )


def _listed(places: Sequence[PlaceCandidate]) -> str:
    shown = ", ".join(f"{place.text or 'the whole file'} ({len(place.entries)})" for place in places[:5])
    return f"{shown} and {len(places) - 5} more" if len(places) > 5 else shown


def _leads_to(steps: Sequence[str], at: Sequence[str]) -> bool:
    """Whether steps lead to a place, maybe by a placeholder."""
    return len(steps) == len(at) and all(
        step == other or (step.startswith("{") and not other.startswith("{"))
        for step, other in zip(steps, at, strict=True)
    )


def _only_values(
    work: Work, documents: Mapping[str, Sequence[Json]], scalars: list[PlaceCandidate]
) -> list[PlaceCandidate]:
    """The values that are all that a file holds, unless one of them says what the file is: then it is one entry."""
    whole = _one_a_file(documents)
    entries = whole.entries if whole is not None else []
    named = any(is_key_word(name, work.kind) for name in unique_fields(entries, work.kind))
    if named or len(scalars) != 1:
        return []
    if not all(
        entry.bound or all(isinstance(part, str) for part in entry.value.values())
        for entry in scalars[0].entries
    ):
        return []  # numbers in a list are data, and name nothing
    beside = (part for entry in entries for part in entry.value.values() if not isinstance(part, dict | list))
    return [] if scalars[0].at and any(True for _ in beside) else scalars


def _with_all(documents: Mapping[str, Sequence[Json]], place: PlaceCandidate) -> PlaceCandidate:
    """The place with all entries that its steps lead to, also in files that do not show by themselves what they are."""
    if not place.at:
        return place
    found: list[FoundEntry] = []
    for path, values in documents.items():
        for value in values:
            for _, bound, there in walk(parse_at(place.text), value, {}):
                given = tuple(bound.items())
                if isinstance(there, list) and not place.keyed:
                    found += [FoundEntry(path, item, given) for item in there if isinstance(item, dict)]
                elif isinstance(there, dict) and place.keyed:
                    items = ((str(key), item) for key, item in there.items())
                    found += [
                        FoundEntry(path, item, (*given, ("", key)))
                        for key, item in items
                        if isinstance(item, dict)
                    ]
    return replace(place, entries=found) if len(found) > len(place.entries) else place


def _asked_for(
    documents: Mapping[str, Sequence[Json]], places: Sequence[PlaceCandidate], at: str
) -> PlaceCandidate:
    """The place that somebody named: one that was found, else whatever the steps lead to."""
    for place in places:
        if place.text == at:
            return place
    try:
        steps = parse_at(at)
    except KindError as error:
        raise UsageFailure(f"--at: {error}.") from error
    found: dict[str, PlaceCandidate] = {}
    for path, values in documents.items():
        for value in values:
            for _, bound, there in walk(steps, value, {}):
                held = held_by(path, there, tuple(bound.items()), name=at)
                if held is not None:
                    found.setdefault(held.layout, PlaceCandidate(held.layout, (at,), at)).entries.extend(
                        held.entries
                    )
    if found:
        return max(found.values(), key=lambda place: len(place.entries))
    known = ", ".join(place.text for place in places if place.text)
    raise UsageFailure(f"no entries are found at {at!r}. Places that hold some: {known or 'none'}.")


def _whole_maps(
    documents: Mapping[str, Sequence[Json]], places: Sequence[PlaceCandidate]
) -> PlaceCandidate | None:
    """The mapping that each file is, where its keys are names: fields would be the same in most files."""
    whole = next((place for place in places if not place.at and place.keyed), None)
    if whole is not None and {entry.file for entry in whole.entries} != set(documents):
        return None
    tops = [set(value) for values in documents.values() for value in values if isinstance(value, dict)]
    if whole is None or len(whole.entries) < 2 * len(tops) or len(tops) < sum(map(len, documents.values())):
        return None
    shared = Counter(name for top in tops for name in top)
    common = [name for name, count in shared.items() if 2 * count > len(tops)]
    return whole if len(tops) > 1 and 10 * len(common) < len(shared) else None


def _one_a_file(documents: Mapping[str, Sequence[Json]]) -> PlaceCandidate | None:
    """Each document as an entry, where all are mappings."""
    if not all(isinstance(value, dict) for values in documents.values() for value in values):
        return None
    entries = [FoundEntry(path, value) for path, values in documents.items() for value in values]
    several = any(len(values) > 1 for values in documents.values())
    return PlaceCandidate("documents" if several else "file", (), "", entries)


def with_path(work: Work, chosen: PlaceCandidate, paths: Sequence[str]) -> list[FoundEntry]:
    """The entries with what the path of their file says; ``*`` becomes a placeholder where a field fits."""
    if "{" not in work.pattern and "**" not in work.pattern and is_wild(work.pattern):
        work.pattern = _named_stars(work, chosen)
    pattern = FilePattern.parse(work.pattern)
    if pattern.open and len(paths) > 1:
        message = "The pattern leaves open where new entries go: put {field} in place of *."
        work.doubt("x-registry.file", message)
    bound = {path: tuple((pattern.match(path) or {}).items()) for path in paths}
    return [replace(entry, bound=(*bound[entry.file], *entry.bound)) for entry in chosen.entries]


def _named_stars(work: Work, chosen: PlaceCandidate) -> str:
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
        by_file = {path: match.group(number) for path, match in stars.items() if match is not None}
        name = _field_like(chosen.entries, by_file, taken)
        if name is None:
            is_folder = pieces[index + 1].startswith("/")
            name = _folder_name(
                pieces[index - 1], chosen.entries, taken, other="folder" if is_folder else "file"
            )
            work.doubt(
                "x-registry.file",
                f"No field of the entries says what stands for {{{name}}} in the path, so the path says it.",
            )
        taken.add(name)
        pieces[index] = f"{{{name}}}"
    return "".join(pieces)


def _field_like(entries: Sequence[FoundEntry], by_file: Mapping[str, str], taken: set[str]) -> str | None:
    """The field that says what the path says, in nine of ten entries."""
    names = _text_fields(entries[0].value) if entries else []
    for name in sorted(
        names, key=lambda name: (name not in ("id", "name"), name.count("."), names.index(name))
    ):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name) or name in taken:
            continue
        hits = sum(entry.text(name) == by_file[entry.file] for entry in entries)
        if hits >= HOLDS * len(entries):
            return name
    return None


def _text_fields(value: Mapping[str, Json]) -> list[str]:
    """The fields that hold a word or number, at the top and one level down."""
    names = [name for name, part in value.items() if isinstance(part, str | int)]
    for outer, part in value.items():
        if isinstance(part, dict):
            names += [f"{outer}.{name}" for name, inner in part.items() if isinstance(inner, str | int)]
    return names


def _folder_name(before: str, entries: Sequence[FoundEntry], taken: set[str], other: str) -> str:
    parts = [part for part in before.split("/") if part]
    wanted = re.sub(r"[^A-Za-z0-9_]+", "_", singular(parts[-1] if parts else other)).strip("_.") or other
    wanted = f"_{wanted}" if wanted[0].isdigit() else wanted
    used = taken | {name for entry in entries for name in entry.value}
    while wanted in used:
        wanted = f"{wanted}_name"
    return wanted
