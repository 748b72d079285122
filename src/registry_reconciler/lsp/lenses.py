"""Code lenses: above each entry of a file, what its text alone does not tell."""

from __future__ import annotations

from lsprotocol import types

from registry_reconciler.base.escape import visible
from registry_reconciler.lsp.buffers import BufferPlan
from registry_reconciler.lsp.cursor import compose, is_fragment, node_of
from registry_reconciler.lsp.diagnostics import MOST_OWNERS, span
from registry_reconciler.lsp.navigation import entries_of
from registry_reconciler.planning.impact import referrers


def lenses(look: BufferPlan, path: str) -> list[types.CodeLens]:
    """Who refers to each entry of a file, what apply would do to it, and in a registry who owns it."""
    text = look.text(path)
    if text is None:
        return []
    documents = compose(look, path, text.source)
    used = look.planning.entry_sets.after.memo(referrers)
    changes = {change.address: change.action.value for change in look.planning.plan.changes}
    desired = look.planning.desired.entries
    entries = list(entries_of(look, path))[:MOST_OWNERS]
    locator = look.locator
    locator.prepare(desired[address].place for address, _, _ in entries if address in desired)
    found: list[types.CodeLens] = []
    for address, place, _ in entries:
        node = node_of(documents, place.document, place.path)
        if node is None:
            continue
        count = len(used.get(address, ()))
        labels = ["1 reference" if count == 1 else f"{count:,} references"]
        if is_fragment(path):
            labels.append(f"not applied: {changes[address]}" if address in changes else "applied")
        elif address in desired:
            owner = locator.location(desired[address].place)
            labels.append(f"owned by {visible(owner.show(column=False))}")
        elif look.loaded.kinds[address.partition("/")[0]].truth != "live":
            labels.append("not managed")
        # There is nothing to run: a lens only tells.
        command = types.Command(" · ".join(labels), "")
        found.append(types.CodeLens(span(text, node.start, node.start), command))
    return found
