"""``registry rule new``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.cli.common import answer, planning_of
from registry_reconciler.cli.new_file import write_new_file
from registry_reconciler.cli.options import Shared
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.config import RULES_FOLDER

EXAMPLE = """\
  registry rule new TEAM001 --for team

  Wrote .system/registry/rules/TEAM001.yaml.
  Next: registry rule test TEAM001
"""


def command(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="Its code: four or more letters, three digits.")
    ],
    kind: Annotated[str, typer.Option("--for", metavar="KIND", help="The kind that it judges.")] = "",
    *,
    shared: Shared,
) -> int:
    """Write the file of a new rule for this workspace, for you to fill in."""
    from registry_reconciler.rules.own.definition import is_own_code
    from registry_reconciler.rules.own.template import new_rule

    call = shared.call("rule new")
    workspace = call.workspace()
    if not is_own_code(code):
        raise UsageFailure(
            f"{visible(code)!r} cannot be the code of a rule: four to twelve capital letters and three digits, "
            "such as TEAM001. Codes with three letters belong to registry itself"
        )
    kinds = planning_of(workspace).loaded.kinds
    if kind and kind not in kinds:
        raise UsageFailure(
            f"there is no kind {visible(kind)!r}.{did_you_mean(kind, kinds)}",
            next=(("registry", "list", "--kinds"),),
        )
    if not kinds:
        raise UsageFailure(
            "the workspace has no kinds, so there is nothing to judge", next=(("registry", "init"),)
        )
    name = kind or next(iter(kinds))
    path = f"{RULES_FOLDER}/{code}.yaml"
    text = new_rule(code, name, kinds[name].key[0].text)
    write_new_file(workspace, "registry rule new", path, text.encode("utf-8"))
    return answer(
        call,
        f"Wrote {path}.\nNext: registry rule test {code}\n",
        {"code": code, "path": path, "kind": name},
        next=(("registry", "rule", "test", code),),
    )
