"""``registry verify``."""

from __future__ import annotations

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, planning_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry verify

  ruamel.yaml read 14 files, jsonschema judged 8 schemas and 52 entries,
  deepdiff compared 2 changes. They agree with registry.
"""


def command(
    *,
    shared: Shared,
) -> int:
    """Compare what registry reads and decides with other implementations.

    ruamel.yaml reads all fragments, registries and schema files (of JSON and TOML: Python's
    own readers), jsonschema judges all schemas and entries, deepdiff compares the entries that
    a plan would change. Exit 1 if one of them disagrees with registry; both answers are shown.
    Writes nothing.
    """
    from registry_reconciler.verify import of_workspace

    call = shared.call("verify")
    opinions = of_workspace(planning_of(call.workspace()))
    found = opinions.disagreements
    read = f"ruamel.yaml read {_count(opinions.files, 'file')}{_also(opinions.other_files)}"
    judged = f"{_count(opinions.schemas, 'schema')} and {_count(opinions.entries, 'entry')}"
    lines = [
        f"{read}, jsonschema judged {judged},",
        f"deepdiff compared {_count(opinions.changes, 'change')}. "
        + ("They agree with registry." if not found else f"{_count(len(found), 'disagreement')}:"),
        *(f"  {visible(disagreement.text)}" for disagreement in found),
        *_unread(opinions.unread),
        *_not_told(opinions.unanswered),
    ]
    body: dict[str, Json] = {
        "asked": {
            "files": opinions.files,
            "other_files": opinions.other_files,
            "unread": opinions.unread,
            "schemas": opinions.schemas,
            "entries": opinions.entries,
            "changes": opinions.changes,
            "unanswered": opinions.unanswered,
        },
        "disagreements": [
            {
                "about": disagreement.about,
                "who": disagreement.who,
                "ours": disagreement.ours,
                "theirs": disagreement.theirs,
            }
            for disagreement in found
        ],
    }
    return answer(call, "\n".join(lines) + "\n", body, exit=1 if found else 0)


def _also(number: int) -> str:
    return f", json and tomllib {_count(number, 'file')}" if number else ""


def _unread(number: int) -> list[str]:
    return [f"Nobody else reads {_count(number, 'file')}: lenient front matter."] if number else []


def _not_told(number: int) -> list[str]:
    if not number:
        return []
    return [
        f"Of {_count(number, 'entry')} jsonschema cannot tell: a node has a tag, or a pattern is unknown to it."
    ]


def _count(number: int, noun: str) -> str:
    from registry_reconciler.report.words import plural

    return plural(number, noun)
