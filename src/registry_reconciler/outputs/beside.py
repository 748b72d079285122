"""Rendering beside the rest of a plan: the process is begun as soon as it is certain that it is needed, and asked last.

The process takes as long to start as a small plan. So it starts while the workspace is still read, where an output was
never rendered, and renders while the rules judge.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from registry_reconciler.base.child import Child
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.outputs.definitions import load_definitions
from registry_reconciler.outputs.fields import Rows
from registry_reconciler.outputs.limits import MOST_TEMPLATE
from registry_reconciler.outputs.names import template_path, unusable
from registry_reconciler.outputs.owners import claims
from registry_reconciler.outputs.plain import PlainContext, is_plain
from registry_reconciler.outputs.targets import FileWork, NoOutputPlace

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree
    from registry_reconciler.loading.catalog import Catalog
    from registry_reconciler.outputs.definitions import Definitions, Output
    from registry_reconciler.outputs.rendered import Rendered
    from registry_reconciler.outputs.sources import Records

_T = TypeVar("_T")
Began = Callable[[Child], None]


def template_text(tree: Tree, name: str) -> str | None:
    """The text of a template; ``None`` where there is none, or where it lies elsewhere."""
    path = template_path(name)
    try:
        data = tree.read(path) if path is not None else None
        if data is not None and len(data) > MOST_TEMPLATE:
            return unusable("is too large")
        return None if data is None else data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnreadablePath:
        return unusable("cannot be read")
    except UnicodeDecodeError:
        return unusable("is no UTF 8 text")


def never_rendered(
    outputs: tuple[Output, ...], tree: Tree, catalog: Catalog, records: Records | None
) -> Iterator[Output]:
    """The outputs that the process has to render, whatever the entries are: nothing is remembered of them."""
    kinds = catalog.kinds
    open_kinds = frozenset(name for name, kind in kinds.items() if not kind.secrets)
    barred, _ = claims(outputs, kinds)
    known = records.load() if records is not None and len(open_kinds) == len(kinds) else {}
    plain = PlainContext(open_kinds, lambda _kind: Rows((), {}), lambda name: template_text(tree, name))
    for output in outputs:
        if output.id in barred or output.id in known or is_plain(output.spec, plain):
            continue
        if output.at or _has_place(tree, output):  # to look for a value in a long file takes long
            yield output


def _has_place(tree: Tree, output: Output) -> bool:
    try:
        FileWork(output.file, tree).part(output)
    except NoOutputPlace:
        return False
    return True


class Beside(threading.Thread):
    """The talk with the process that renders, beside work that waits for no answer.

    A tree answers one at a time. So what was not prepared is answered by whoever waits for what comes out.
    """

    def __init__(
        self,
        ids: frozenset[str],
        work: Callable[[Began, Child | None], dict[str, Rendered]],
        child: Child | None = None,
    ) -> None:
        """``child``: the first process, where it was begun before."""
        super().__init__(daemon=True)
        self.ids = ids
        self._work = work
        self._child = child
        self._children = [child] if child is not None else []
        self._stopped = False
        self._found: dict[str, Rendered] = {}
        self._fault: BaseException | None = None
        self._questions: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def run(self) -> None:
        """Do it."""
        try:
            self._found = self._work(self._began, self._child)
        except BaseException as fault:  # whoever waits for the answer gets it
            self._fault = fault
        finally:
            self._questions.put(None)

    def _began(self, child: Child) -> None:
        if child not in self._children:
            self._children.append(child)
        if self._stopped:
            child.end()

    def in_turn(self, question: Callable[[], _T]) -> _T:
        """Asked by the work: what whoever waits for the answer says. Until then no time of the process runs."""
        with self._children[-1].unhurried():
            self._questions.put(question)
            answer, fault = self._answers.get()
        if fault is not None:
            raise fault
        return answer  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Nobody waits for the answer any more."""
        self._stopped = True
        for child in self._children:
            child.end()
        self._answers.put((None, EOFError()))

    def answer(self) -> dict[str, Rendered]:
        """What came of it, when it is there; raises what it raised."""
        while (question := self._questions.get()) is not None:
            try:
                self._answers.put((question(), None))
            except Exception as fault:
                self._answers.put((None, fault))
        self.join()
        if self._fault is not None:
            raise self._fault
        return dict(self._found)


class ReadyProcess:
    """The process that renders, begun before anybody knows what it will be asked."""

    def __init__(self, records: Records | None) -> None:
        self._records = records
        self._child: Child | None = None
        self._known: tuple[Tree, Catalog, Definitions] | None = None

    def look_ahead(self, tree: Tree, catalog: Catalog) -> None:
        """Begin it where it is certain already that something has to be rendered.

        Raises:
            RenderFailure: it cannot be begun.
        """
        definitions = load_definitions(tree, catalog.kinds, catalog.broken)
        self._known = tree, catalog, definitions
        if next(never_rendered(definitions.outputs, tree, catalog, self._records), None) is not None:
            from registry_reconciler.outputs.render import started

            self._child = started()

    def definitions(self, tree: Tree, catalog: Catalog) -> Definitions | None:
        """What was found of the same files when it was looked ahead."""
        if self._known is None or self._known[0] is not tree or self._known[1] is not catalog:
            return None
        return self._known[2]

    def take(self) -> Child | None:
        """The process, for somebody who ends it."""
        child, self._child = self._child, None
        return child

    def end(self) -> None:
        """End it, if nobody took it."""
        if self._child is not None:
            self._child.end()


def prepared(names: Mapping[str, _T], name: str, otherwise: Callable[[], _T]) -> _T:
    """What is known of a name, else what somebody has to find out."""
    return names[name] if name in names else otherwise()
