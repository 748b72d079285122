"""The page ``docs/reference/commands.md``, made from the help of every command.

``python -m registry_reconciler.cli.reference --write`` writes it below the current folder; ``--check`` exits
1 when it is not as made.
"""

from __future__ import annotations

import sys
from pathlib import Path

from registry_reconciler.apply.files import write_report
from registry_reconciler.cli.parser import build
from registry_reconciler.cli.table import COMMANDS

PAGE = Path("docs/reference/commands.md")
_WIDTH = 80

_HEAD = """\
# Commands

Made from the help of the commands; `registry COMMAND -h` shows the same.

Reports go to standard output, progress and failures to standard error. With `--format json` every command
prints one JSON object with `format_version`, `command`, `exit`, `errors` and `next` (ready commands as lists
of arguments), also when it fails.

| exit | meaning |
| --- | --- |
| 0 | done, or nothing to do; for `plan`: nothing blocks |
| 1 | the command failed: input or output, lock held, stale or other plan, interrupted apply, answered with no |
| 2 | with `plan --detailed-exitcode`, for `drift`, for `fmt --check`: there are changes, or drift |
| 3 | blocked: at least one blocking problem; nothing was written |
| 64 | wrong usage: an unknown option, address or code, or options that do not go together |
| 130 | Ctrl-C; nothing was written, or nothing was left half done |

Where several hold, 64 comes before 1, 1 before 3, 3 before 2.

| variable | meaning |
| --- | --- |
| `NO_COLOR` | no colour; it comes before `FORCE_COLOR` |
| `FORCE_COLOR` | draw as on a terminal into a pipe or a log too; `0` does not |
| `FORCE_HYPERLINK` | `1`: places are links, `0`: they are not; by default where the terminal opens them |
| `REGISTRY_PAGER`, `PAGER` | shows what is longer than the terminal, `less` by default; empty or `cat`: nothing |
| `REGISTRY_ACTOR` | who applies, in the history; the user's name by default |
| `REGISTRY_DEBUG` | show the traceback of an internal error |
"""


def page() -> str:
    """The page as Markdown."""
    return "\n".join([_HEAD, *map(_section, (row.name for row in COMMANDS))])


def _section(name: str) -> str:
    help = "\n".join(line.rstrip() for line in help_of(name).strip().splitlines())
    return f"## registry {name}\n\n```text\n{help}\n```\n"


def help_of(name: str) -> str:
    """The help of a command at 80 columns."""
    top = build()
    with top.make_context("registry", [], resilient_parsing=True, terminal_width=_WIDTH) as parent:
        command = top.get_command(parent, name)
        with command.make_context(name, [], parent=parent, resilient_parsing=True) as context:
            return str(command.get_help(context))


def main() -> int:
    """Write the page, or check it."""
    if sys.argv[1:] == ["--write"]:
        write_report(PAGE, page().encode(), parents=True)
        return 0
    return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page() else 1


if __name__ == "__main__":
    sys.exit(main())
