"""The first stage: a tree of files → everything a plan is computed from, and every fault found on the way.

Order: configuration, schemas and kinds, live entries, fragments, state, baseline. A file that cannot be read is a
problem with its place and hides nothing of the other files.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.first_few import first_few
from registry_reconciler.base.progress import step
from registry_reconciler.files.tree import Recorder, Tree
from registry_reconciler.formats.base import Reader
from registry_reconciler.formats.table import new_reader
from registry_reconciler.loading.catalog import Catalog, empty_places, load_catalog
from registry_reconciler.loading.fragments import Fragments, load_fragments
from registry_reconciler.loading.history_conflicts import history_conflicts
from registry_reconciler.loading.registries import Live, duplicate_problems, load_live
from registry_reconciler.loading.rule_files import RuleFiles, load_rule_files
from registry_reconciler.loading.settings import load_baseline, load_config
from registry_reconciler.loading.source import SourceFile, hidden_among
from registry_reconciler.loading.state import State, load_state
from registry_reconciler.model.baseline import Baseline
from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import Place
from registry_reconciler.model.kind import SCHEMA_FOLDER, Kind
from registry_reconciler.model.problem import Problem, Status
from registry_reconciler.model.structural import problem


class Loaded(Struct, frozen=True):
    """Everything that a plan is computed from. ``reader`` remembers what was parsed.

    Attributes:
        tree: the files, with entries carried to new places of their kinds.
        disk: the files as they are, where that is something else.
    """

    tree: Recorder
    reader: Reader
    config: Config
    catalog: Catalog
    live: Live
    fragments: Fragments
    state: State
    baseline: Baseline
    rule_files: RuleFiles
    files: Mapping[str, SourceFile]
    problems: tuple[Problem, ...]
    disk: Recorder | None = None

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The usable kinds."""
        return self.catalog.kinds

    @property
    def recorder(self) -> Recorder:
        """What was asked of the files as they are: the inputs of a plan."""
        return self.disk or self.tree


def load(
    tree: Tree,
    reader: Reader | None = None,
    with_kinds: Callable[[Recorder, Catalog], None] = lambda _tree, _catalog: None,
) -> Loaded:
    """Read a workspace. Faults are collected; nothing is raised for what stands in a file.

    Args:
        with_kinds: is told when all kinds are known and no entry is read yet.
    """
    recorder = tree if isinstance(tree, Recorder) else Recorder(tree)
    step("reading registries")
    config = load_config(recorder)
    catalog = load_catalog(recorder)
    with_kinds(recorder, catalog)
    reader = reader or new_reader()
    live = load_live(recorder, catalog.kinds, reader=reader)
    step("reading fragments")
    fragments = load_fragments(
        recorder, catalog.kinds, catalog.broken, reader, all_kinds=not catalog.incomplete
    )
    state = load_state(recorder, fragments.files)
    return put_together(recorder, reader, config, catalog, live, fragments, state, load_rule_files(recorder))


def put_together(
    recorder: Recorder,
    reader: Reader,
    settings: tuple[Config, tuple[Problem, ...], dict[str, SourceFile]],
    catalog: Catalog,
    live: Live,
    fragments: Fragments,
    state: State,
    rule_files: RuleFiles,
) -> Loaded:
    """Everything that was read as one value, with the faults that only all of it shows."""
    config, config_problems, config_files = settings
    state = _without_live_truth(state, catalog.kinds)
    baseline, baseline_problems, baseline_files = load_baseline(recorder)
    managed = frozenset(state.entries) | {entry.address for entry in fragments.entries}
    free = live_truth_files(catalog.kinds, live)
    live_problems = (
        *live.problems,
        *duplicate_problems(live, managed),
        *empty_places(catalog, live, fragments),
    )
    return Loaded(
        tree=recorder,
        reader=reader,
        config=config,
        catalog=catalog,
        live=live,
        fragments=fragments,
        state=state,
        baseline=baseline,
        rule_files=rule_files,
        files=ChainMap(
            *map(
                _readable,
                (fragments.files, live.files, catalog.files, baseline_files, config_files, rule_files.files),
            )
        ),
        problems=(
            *config_problems,
            *catalog.problems,
            *(_pre_existing(live_problem, managed, free) for live_problem in live_problems),
            *fragments.problems,
            *state.problems,
            *history_conflicts(recorder),
            *gone_kinds(catalog, state),
            *hidden_files(fragments.hidden | live.hidden | hidden_among(catalog.files)),
            *baseline_problems,
            *rule_files.problems,
        ),
    )


_SHOWN = 10


def hidden_files(hidden: Iterable[str]) -> Iterator[Problem]:
    """One problem for all files that a sparse checkout leaves out."""
    paths = sorted(hidden)
    if not paths:
        return
    more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
    count = "a file" if len(paths) == 1 else f"{len(paths):,} files"
    yield problem(
        "LIV006",
        f"a sparse checkout hides {count}: {', '.join(paths[:_SHOWN])}{more}. "
        "Nothing is planned for what stands there.",
        Place(paths[0]),
        fix="To plan for it, check everything out: git sparse-checkout disable",
        extra="\n".join(paths),
    )


def gone_kinds(catalog: Catalog, state: State) -> Iterator[Problem]:
    """A kind whose entries are managed, and whose schema is gone: nothing can be planned for them."""
    if catalog.incomplete:
        return
    for kind, addresses in managed_by_kind(state).items():
        if kind in catalog.kinds or kind in catalog.broken:
            continue
        yield problem(
            "KND004",
            f"the state knows {count_of(addresses)} of the kind {kind!r}, and no schema describes it any more.",
            Place(SCHEMA_FOLDER),
            fix=f"Bring its schema file back (git log --name-status -- {SCHEMA_FOLDER} tells which commit "
            "removed it, or had it last). To let the kind go: with the schema in place, take its entries out of the "
            "fragments, or list them under 'removed' with 'keep: true', apply, and only then remove the schema.",
            extra=kind,
        )


def managed_by_kind(state: State) -> dict[str, list[str]]:
    """The managed entries of each kind."""
    found: dict[str, list[str]] = {}
    for address in state.entries:
        found.setdefault(address.partition("/")[0], []).append(address)
    return found


def count_of(addresses: Sequence[str]) -> str:
    """How many entries, and the first of them."""
    return f"{len(addresses):,} {'entry' if len(addresses) == 1 else 'entries'} ({first_few(addresses, 3)})"


def _readable(files: Mapping[str, SourceFile]) -> MutableMapping[str, SourceFile]:
    return files  # type: ignore[return-value]  # a chain never writes to any but the first, and nobody to that


def _pre_existing(problem: Problem, managed: frozenset[str], free: frozenset[str]) -> Problem:
    """A fault of a registry. In a file (``free``) of which fragments own nothing it blocks where it was introduced."""
    own = problem.managed and problem.place.file not in free
    return replace(problem, status=Status.PRE_EXISTING, managed=own or problem.address in managed)


def live_truth_files(kinds: Mapping[str, Kind], live: Live) -> frozenset[str]:
    """The registry files that only hold kinds whose truth is live."""
    some = {path for kind in kinds.values() if kind.truth == "live" for path in live.files_of[kind.name]}
    if not some:
        return frozenset()
    others = (live.files_of[kind.name] for kind in kinds.values() if kind.truth != "live")
    return frozenset(some.difference(*others))


def _without_live_truth(state: State, kinds: Mapping[str, Kind]) -> State:
    """The state without kinds whose truth is live by now: what it remembers of them says nothing any more."""
    if all(kind.truth != "live" for kind in kinds.values()):
        return state
    entries = {
        address: state_entry
        for address, state_entry in state.entries.items()
        if (kind := kinds.get(address.partition("/")[0])) is None or kind.truth != "live"
    }
    return state if len(entries) == len(state.entries) else replace(state, entries=entries)
