"""The outputs that ship with the product, in workspaces that have their files.

Nobody is given a page that was not asked for: ``init`` makes them, and who deletes one is left without it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from registry_reconciler.files.tree import Tree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import Place
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.names import AGENTS_PATH, COORDINATION_PATH, DESIRED_README

if TYPE_CHECKING:
    from registry_reconciler.loading.rule_files import DeclaredRule
    from registry_reconciler.model.kind import Kind

INDEX_REGION = "kinds"
GENERATED = "Generated from the schemas"
"""What every page of the product's own has said from the start: one with it was not written by a person."""

AGENTS = Output("registry-agents", AGENTS_PATH, place=Place(AGENTS_PATH), page="agents")
COORDINATION = Output(
    "registry-coordination", COORDINATION_PATH, place=Place(COORDINATION_PATH), page="coordination"
)
INDEX = Output(
    "desired-index", DESIRED_README, region=INDEX_REGION, place=Place(DESIRED_README), page="index"
)
SHIPPED = (AGENTS, COORDINATION, INDEX)


def present(tree: Tree, taken: frozenset[str]) -> Iterator[Output]:
    """Those whose files are there. ``taken``: files and ids that the workspace's own outputs have."""
    for output in SHIPPED:
        if output.id in taken or (output.file in taken and output.whole):
            continue
        with contextlib.suppress(UnreadablePath):
            if _is_there(tree, output):
                yield output


def unseen(tree: Tree) -> Iterator[str]:
    """The ids of those whose files cannot be looked at: they are not gone."""
    for output in SHIPPED:
        try:
            _is_there(tree, output)
        except UnreadablePath:
            yield output.id


def _is_there(tree: Tree, output: Output) -> bool:
    folder, _, name = output.file.rpartition("/")
    if dict(tree.children(folder)).get(name) != "file":
        return False
    return not output.region or f"registry:begin {output.region}".encode() in (tree.read(output.file) or b"")


def first_pages(
    tree: Tree, kinds: Mapping[str, Kind], config: Config, made: Collection[str]
) -> dict[str, bytes]:
    """The pages of a new workspace by path, with what is to be remembered of those that are not there yet.

    Args:
        tree: the workspace as it will be without them.
        made: files of it that are made in the same step.
    """
    from registry_reconciler.outputs.memory import new_form, new_path, render
    from registry_reconciler.outputs.targets import DesiredContent, FileWork, NoOutputPlace
    from registry_reconciler.version import __version__

    found: dict[str, bytes] = {}
    for output in SHIPPED:
        text = page_text(output, kinds, config)
        work = FileWork(output.file, tree)
        there = work.before is not None and output.file not in made
        try:
            work.put(output, DesiredContent(text))
        except NoOutputPlace:
            continue
        found[output.file] = work.data or b""
        if not there:
            content = render(output.id, new_form(output.id), __version__, text, output.where)
            found[new_path(output.id, content)] = content
    return found


def page_text(
    output: Output, kinds: Mapping[str, Kind], config: Config, own: Iterable[DeclaredRule] = ()
) -> str:
    """The text of one."""
    from registry_reconciler.outputs import pages

    makers: dict[str, Callable[[], str]] = {
        "agents": lambda: pages.agents_page(kinds),
        "coordination": lambda: pages.coordination_page(kinds, config, own),
        "index": lambda: pages.kinds_index(kinds),
    }
    return makers[output.page]()
