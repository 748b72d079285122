"""A kind whose schema points elsewhere now, and none of whose managed entries stands there: that blocks. Pure."""

from __future__ import annotations

import shlex

from registry_reconciler.loading.state.places import KindPlace, place_of
from registry_reconciler.loading.workspace import count_of
from registry_reconciler.model.entry import Place
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem


def other_place(kind: Kind, left: list[str], before: KindPlace | None) -> Problem:
    """What is said of entries that do not stand where their kind has them."""
    now = place_of(kind)
    stood = f" They stood in {before.told_apart(now)}." if before is not None else ""
    same_format = before is not None and before.file.rpartition(".")[2] == now.file.rpartition(".")[2]
    plain = before is not None and same_format and not set("*?[{") & set(before.file + now.file)
    if before is None:
        move = "git mv"
    elif plain and before.file != now.file:
        move = f"git mv {shlex.quote(before.file)} {shlex.quote(now.file)}"
    else:
        move = "move the entries there by hand"
    return problem(
        "KND005",
        f"the state knows {count_of(left)} of the kind {kind.name!r}, and none of them stands where its schema points: "
        f"in {now.told_apart(before or now)}.{stood}",
        Place(kind.schema_path, 0, ("x-registry", "file")),
        fix="If 'file', 'at' or 'layout' was changed, bring the registry to its new place in the same commit "
        f"({move}), or change it "
        "back. If the registry is gone, restore it: git checkout HEAD -- FILE. To write all entries anew from the "
        f"fragments: registry apply --overwrite '{kind.name}/*'",
        extra=kind.name,
    )
