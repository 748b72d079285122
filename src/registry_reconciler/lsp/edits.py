"""Edits that the editor makes: rename, fixes, accepting a hand edit, allowing a problem, formatting.

Nothing is written here. What the commands would write is handed to the editor, which shows it, and saves it or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsprotocol import types

from registry_reconciler.base.escape import visible
from registry_reconciler.errors import RegistryFailure
from registry_reconciler.lsp.buffers import BufferPlan
from registry_reconciler.lsp.cursor import compose, extent, node_of
from registry_reconciler.lsp.diagnostics import overlapping, span, uri_of
from registry_reconciler.lsp.navigation import meant_at
from registry_reconciler.lsp.text import IndexedText, from_bytes, replacements
from registry_reconciler.model.entry import LiveEntry
from registry_reconciler.model.live_edit import LiveEdit
from registry_reconciler.model.problem import Problem

Change = types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile


def workspace_edit(look: BufferPlan, contents: Mapping[str, bytes | None]) -> types.WorkspaceEdit:
    """New contents of files as edits of what the editor shows.

    A file that is not there is created, and one without contents goes. Where what goes comes again under another name,
    the file is renamed: what lies open stays open.
    """
    gone = [path for path, data in contents.items() if data is None]
    changes: list[Change] = []
    for path, data in contents.items():
        if data is None:
            continue
        new = from_bytes(data)
        known = look.text(path)
        old = _former(look, gone, new) if known is None else path
        if old is None:
            changes.append(types.CreateFile(uri=uri_of(look, path)))
        elif old != path:
            gone.remove(old)
            uri = (look.root / path).as_uri()
            changes.append(types.RenameFile(old_uri=uri_of(look, old), new_uri=uri))
        text = (look.text(old) if old is not None else None) or IndexedText("", look.unit)
        version = look.open[path].version if path in look.open else None
        edits = [types.TextEdit(span(text, *reach), part) for *reach, part in replacements(text.source, new)]
        if edits:
            document = types.OptionalVersionedTextDocumentIdentifier(uri=uri_of(look, path), version=version)
            changes.append(types.TextDocumentEdit(document, list(edits)))
    changes += [types.DeleteFile(uri=uri_of(look, path)) for path in gone]
    return types.WorkspaceEdit(document_changes=changes)


def _former(look: BufferPlan, gone: Sequence[str], new: str) -> str | None:
    """Of the files that go, the one whose text is most like a new one's."""
    from difflib import SequenceMatcher

    def likeness(path: str) -> float:
        text = look.text(path)
        return SequenceMatcher(None, text.source[:_COMPARED], new[:_COMPARED]).quick_ratio() if text else 0.0

    return max(gone, key=likeness, default=None)


_COMPARED = 5_000


def fitted(edit: types.WorkspaceEdit | None, able: types.ClientCapabilities) -> types.WorkspaceEdit | None:
    """An edit as the editor takes it.

    Raises:
        UsageFailure: it would have to create or rename a file, which the editor does not do.
    """
    from registry_reconciler.errors import UsageFailure

    takes = able.workspace.workspace_edit if able.workspace is not None else None
    files = {
        str(getattr(kind, "value", kind)) for kind in (takes.resource_operations if takes else None) or ()
    }
    changes: dict[str, list[types.TextEdit]] = {}
    for change in (edit.document_changes if edit is not None else None) or ():
        if isinstance(change, types.TextDocumentEdit):
            mine = changes.setdefault(change.text_document.uri, [])
            mine += [part for part in change.edits if isinstance(part, types.TextEdit)]
        elif change.kind not in files:
            raise UsageFailure(
                f"a file would have to be {change.kind}d, and this editor does not do that as a part of an edit. "
                "Do it with the command: registry rename KIND/KEY NEW"
            )
    if edit is None or (takes is not None and takes.document_changes):
        return edit
    return types.WorkspaceEdit(changes=changes)


def rename(look: BufferPlan, path: str, offset: int, new: str) -> types.WorkspaceEdit | None:
    """Another key for an entry: where it is declared, in a ``moved`` line, and wherever it is referred to.

    Raises:
        RegistryFailure: it cannot be called that; the text says why.
    """
    from registry_reconciler.editing.verbs import renaming

    found = meant_at(look, path, offset)
    if found is None:
        return None
    edits = renaming(found[0], new)(look.loaded)
    contents: dict[str, bytes | None] = {edit.path: edit.content for edit in edits.fragments}
    if edits.live:
        contents.update(_live_contents(look, dict(contents), edits.live, edits.target))
    return workspace_edit(look, contents)


def _live_contents(
    look: BufferPlan, fragments: Mapping[str, bytes | None], live: Sequence[LiveEdit], target: tuple[str, ...]
) -> dict[str, bytes | None]:
    """The registries that own their entries, as the edits leave them. Raises :class:`Blocked`."""
    from registry_reconciler.errors import Blocked
    from registry_reconciler.files.tree import MemoryTree
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.planning.pipeline import make_plan

    tree = MemoryTree(dict(fragments), look.loaded.tree.tree)
    plan = make_plan(tree, PlanOptions(target=target), edits=live).plan
    found = {
        change.path: change.content
        for change in plan.files
        if change.path in look.loaded.live.files or _may_hold_entries(look, change.path)
    }
    written = {change.address for change in plan.changes}
    if any(edit.address not in written for edit in live):
        blocking = next((problem for problem in plan.problems if problem.blocking), None)
        raise Blocked(visible(blocking.message) if blocking is not None else "it cannot be written there.")
    return found


def _may_hold_entries(look: BufferPlan, path: str) -> bool:
    return any(kind.file.match(path) is not None for kind in look.loaded.kinds.values())


def formatting(look: BufferPlan, path: str) -> list[types.TextEdit] | None:
    """A fragment in canonical form; ``None`` where it is none, or cannot be formatted now."""
    from registry_reconciler.editing.fmt import NotFormatted, format_fragment

    text = look.text(path)
    source = look.loaded.fragments.files.get(path)
    if text is None or source is None or source.data is None:
        return None
    try:
        new = format_fragment(source.data, look.loaded.kinds)
    except NotFormatted:
        return None
    return [
        types.TextEdit(span(text, start, end), part)
        for start, end, part in replacements(text.source, from_bytes(new))
    ]


def code_actions(
    look: BufferPlan, path: str, start: int, end: int, shown: Iterable[types.Diagnostic]
) -> list[types.CodeAction]:
    """What can be done about the problems, and the hand edits, in a part of a text."""
    by_code = {(diagnostic.code, diagnostic.range.start.line): diagnostic for diagnostic in shown}
    found: list[types.CodeAction] = []
    for problem in overlapping(look, path, start, end):
        where = problem.location
        line = where.line - 1 if where is not None else -1
        mine = by_code.get((problem.code, line))
        found += _fixes(look, problem, mine)
        found += _allowing(look, problem, mine)
    found += _accepting(look, path, start, end)
    return found


def _fixes(look: BufferPlan, problem: Problem, shown: types.Diagnostic | None) -> Iterator[types.CodeAction]:
    from registry_reconciler.planning.fixes import apply_edits, edits_for

    edits = edits_for(look.planning, problem)
    if not edits or problem.fix is None:
        return
    contents: dict[str, bytes] = {}
    for path in {edit.path for edit in edits}:
        source = look.loaded.files.get(path)
        if source is None or source.data is None:
            return
        contents[path] = apply_edits(source.data, [edit for edit in edits if edit.path == path])
    yield types.CodeAction(
        title=visible(problem.fix.description),
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[shown] if shown is not None else None,
        is_preferred=problem.fix.safe,
        edit=workspace_edit(look, contents),
    )


def _allowing(
    look: BufferPlan, problem: Problem, shown: types.Diagnostic | None
) -> Iterator[types.CodeAction]:
    """Accept a problem of an entry in the fragment that owns it; the reason is to be written by a person.

    Of an entry that no fragment owns it is accepted in the one that is called like its kind.
    """
    from registry_reconciler.editing.fragment_edit import add_directive, default_fragment

    owner = look.planning.desired.entries.get(problem.address)
    kind = problem.address.partition("/")[0]
    if problem.structural or kind not in look.loaded.kinds:
        return
    fragment = owner.place.file if owner is not None else default_fragment(kind)
    item = {"address": problem.address, "code": problem.code, "reason": f"why {problem.code} is right here"}
    try:
        edits = add_directive(look.loaded, "allow", item, fragment)
    except RegistryFailure:
        return
    if edits:
        yield types.CodeAction(
            title=f"Allow {problem.code} for {visible(problem.address)} (then write the reason)",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[shown] if shown is not None else None,
            edit=workspace_edit(look, {edit.path: edit.content for edit in edits}),
        )


def _accepting(look: BufferPlan, path: str, start: int, end: int) -> Iterator[types.CodeAction]:
    """Let the fragment say what was edited by hand in a registry: where it stands there, or where a problem says it."""
    text = look.text(path)
    documents = compose(look, path, text.source) if text is not None else ()
    overlapped = {problem.address for problem in overlapping(look, path, start, end)}
    for drift in look.planning.plan.drift:
        live = look.loaded.live.entries.get(drift.address)
        if live is not None and drift.file == path:
            node = node_of(documents, live.place.document, live.place.path)
            first, last = extent(node) if node is not None else (0, -1)
            here = first <= end and start <= last
        else:
            here = drift.address in overlapped
        if here and (live is None or not _tells_secrets(look, live)):
            yield from _accept(look, drift.address)


def _accept(look: BufferPlan, address: str) -> Iterator[types.CodeAction]:
    from registry_reconciler.editing.accept_drift import accept_live

    try:
        edits = accept_live(look.loaded, [address])
    except RegistryFailure:
        return
    contents = {edit.path: edit.content for edit in edits}
    if contents:
        gone = look.loaded.live.entries.get(address) is None
        does = "take it out of" if gone else "write it into"
        yield types.CodeAction(
            title=f"Accept this hand edit: {does} the fragment of {visible(address)}",
            kind=types.CodeActionKind.QuickFix,
            edit=workspace_edit(look, contents),
        )


def _tells_secrets(look: BufferPlan, live: LiveEntry) -> bool:
    """Whether a secret was edited: no answer says one, so that is for ``registry drift --accept``."""
    marks = look.loaded.kinds[live.kind].secrets
    desired = look.planning.desired.entries.get(live.address)
    if not marks or desired is None:
        return bool(marks)
    return list(marks.hidden(live.value)) != list(marks.hidden(desired.value))
