"""Edits that the editor makes: rename, fixes, accepting a hand edit, allowing a problem, formatting.

Nothing is written here. What the commands would write is handed to the editor, which shows it, and saves it or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lsprotocol import types

from registry_reconciler.base.escape import visible
from registry_reconciler.errors import RegistryFailure
from registry_reconciler.lsp.buffers import Look
from registry_reconciler.lsp.diagnostics import overlapping, span, uri_of
from registry_reconciler.lsp.navigation import meant_at
from registry_reconciler.lsp.text import Text, from_bytes, replacements
from registry_reconciler.model.problem import Problem


def workspace_edit(look: Look, contents: Mapping[str, bytes]) -> types.WorkspaceEdit:
    """New contents of files as edits of what the editor shows; a file that is not there is created."""
    changes: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    for path, data in contents.items():
        known = look.text(path)
        if known is None:
            changes.append(types.CreateFile(uri=uri_of(look, path)))
        text = known or Text("", look.unit)
        version = look.open[path].version if path in look.open else None
        edits = [
            types.TextEdit(span(text, start, end), new)
            for start, end, new in replacements(text.source, from_bytes(data))
        ]
        if edits:
            document = types.OptionalVersionedTextDocumentIdentifier(uri=uri_of(look, path), version=version)
            changes.append(types.TextDocumentEdit(document, list(edits)))
    return types.WorkspaceEdit(document_changes=changes)


def rename(look: Look, path: str, offset: int, new: str) -> types.WorkspaceEdit | None:
    """Another key for an entry: where it is declared, in a ``moved`` line, and wherever it is referred to.

    Raises:
        RegistryFailure: it cannot be called that; the text says why.
    """
    from registry_reconciler.editing.verbs import renaming

    found = meant_at(look, path, offset)
    if found is None:
        return None
    edits = renaming(found[0], new)(look.loaded)
    contents = {edit.path: edit.content for edit in edits.fragments}
    if edits.live:
        contents.update(_live_contents(look, contents, edits.live, edits.target))
    return workspace_edit(look, contents)


def _live_contents(
    look: Look, fragments: Mapping[str, bytes], live: Iterable[object], target: tuple[str, ...]
) -> Iterator[tuple[str, bytes]]:
    """The registries that own their entries, as the edits leave them."""
    from registry_reconciler.files.tree import MemoryTree
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.planning.pipeline import make_plan

    tree = MemoryTree(dict(fragments), look.loaded.tree.tree)
    plan = make_plan(tree, PlanOptions(target=target), edits=tuple(live)).plan  # type: ignore[arg-type]
    for change in plan.files:
        if change.path in look.loaded.live.files and change.content is not None:
            yield change.path, change.content


def formatting(look: Look, path: str) -> list[types.TextEdit] | None:
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
    look: Look, path: str, start: int, end: int, shown: Iterable[types.Diagnostic]
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


def _fixes(look: Look, problem: Problem, shown: types.Diagnostic | None) -> Iterator[types.CodeAction]:
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


def _allowing(look: Look, problem: Problem, shown: types.Diagnostic | None) -> Iterator[types.CodeAction]:
    """Accept a problem of an entry in the fragment that owns it; the reason is to be written by a person."""
    from registry_reconciler.editing.fragment_edit import add_directive

    owner = look.planning.desired.entries.get(problem.address)
    if problem.structural or owner is None:
        return
    item = {"address": problem.address, "code": problem.code, "reason": f"why {problem.code} is right here"}
    try:
        edits = add_directive(look.loaded, "allow", item, owner.place.file)
    except RegistryFailure:
        return
    if edits:
        yield types.CodeAction(
            title=f"Allow {problem.code} for {visible(problem.address)} (then write the reason)",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[shown] if shown is not None else None,
            edit=workspace_edit(look, {edit.path: edit.content for edit in edits}),
        )


def _accepting(look: Look, path: str, start: int, end: int) -> Iterator[types.CodeAction]:
    """Let the fragment say what was edited by hand in a registry."""
    from registry_reconciler.editing.fragment_edit import accept_live
    from registry_reconciler.lsp.cursor import compose, node_of

    text = look.text(path)
    if text is None:
        return
    documents = None
    for drift in look.planning.plan.drift:
        if drift.gone or drift.file != path:
            continue
        live = look.loaded.live.entries.get(drift.address)
        if live is None:
            continue
        documents = documents if documents is not None else compose(look, path, text.source)
        node = node_of(documents, live.place.document, live.place.path)
        if node is None or node.start > end or start > node.end:
            continue
        try:
            edits = accept_live(look.loaded, [drift.address])
        except RegistryFailure:
            continue
        contents = {edit.path: edit.content for edit in edits}
        if contents:
            yield types.CodeAction(
                title=f"Accept this hand edit: write it into the fragment of {visible(drift.address)}",
                kind=types.CodeActionKind.QuickFix,
                edit=workspace_edit(look, contents),
            )
