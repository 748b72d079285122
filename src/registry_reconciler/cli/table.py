"""The commands: what is typed, the module that does it, and where the help lists it.

A row's module is imported when its command is called, and no other one.

To add a command: a module in ``cli/commands/`` with a function ``command(...) -> int`` (its docstring is the help, its
result the exit code) and a text ``EXAMPLE``, and its row in :data:`COMMANDS`. The conventions stand in
:mod:`registry_reconciler.cli.common`, the options that commands share in :mod:`registry_reconciler.cli.options`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class CommandRow(NamedTuple):
    """A command: what is typed, the module that does it, and one line for the list of commands."""

    name: str
    module: str
    summary: str


COMMANDS = (
    CommandRow("init", "init", "Make a workspace here."),
    CommandRow("plan", "plan", "Show what apply would do, and every problem."),
    CommandRow("apply", "apply", "Make the registries what the fragments say."),
    CommandRow("check", "check", "Show problems only."),
    CommandRow("drift", "drift", "List managed entries that were edited by hand."),
    CommandRow("diff", "diff", "Compare what two revisions say should be registered."),
    CommandRow("add", "add", "Write an entry into the fragment that owns it."),
    CommandRow("set", "set", "Set fields of an entry."),
    CommandRow("edit", "edit", "Open an entry in $EDITOR."),
    CommandRow("rename", "rename", "Give an entry another key."),
    CommandRow("rm", "rm", "Take entries out of the fragments that own them."),
    CommandRow("allow", "allow", "Accept a problem of an entry: it no longer blocks."),
    CommandRow(
        "override", "override", "Let an entry take a name or an alias that another one has, on purpose."
    ),
    CommandRow("adopt", "adopt", "Write fragments for live entries that nobody manages."),
    CommandRow("show", "show", "Show one entry: desired, live, applied, references."),
    CommandRow("list", "list", "List entries, or kinds."),
    CommandRow(
        "outputs", "outputs", "List the outputs derived from the registries, and whether they are current."
    ),
    CommandRow("outputs new", "outputs_new", "Propose an output for a file."),
    CommandRow("graph", "graph", "Show what refers to what."),
    CommandRow("site", "site", "Write a catalogue of the workspace for the browser."),
    CommandRow("explain", "explain", "Explain a problem code, a kind or an address."),
    CommandRow("fix", "fix", "Apply the safe fixes to fragments."),
    CommandRow("fmt", "fmt", "Bring fragments into canonical order and style."),
    CommandRow("schema", "schema", "Print a JSON Schema."),
    CommandRow("schema new", "schema_new", "Write the schema file of a new kind from files that are there."),
    CommandRow(
        "schema check",
        "schema_check",
        "Show the problems that a changed schema newly finds in today's entries.",
    ),
    CommandRow("schema migrate", "schema_migrate", "Let the entries of a kind follow its changed schema."),
    CommandRow("rule new", "rule_new", "Write the file of a new rule for this workspace."),
    CommandRow("rule test", "rule_test", "Try the workspace's own rules on their examples."),
    CommandRow("rule eval", "rule_eval", "Show what each part of a rule gives for an entry."),
    CommandRow("baseline", "baseline", "Accept the problems of today, so that only new ones block."),
    CommandRow("log", "log", "Show what was applied, when, by whom and by which plan."),
    CommandRow("resolve", "resolve", "Settle what a merge, rebase or cherry-pick left in conflict."),
    CommandRow("merge-driver", "merge_driver", "Merge one file for git, by entry and field."),
    CommandRow("recover", "recover", "Finish or undo an interrupted apply."),
    CommandRow("run", "run", "Run an ability of the registries."),
    CommandRow("verify", "verify", "Compare what registry reads and decides with other implementations."),
    CommandRow("fleet exec", "fleet_exec", "Make the same change in many repositories."),
    CommandRow("fleet list", "fleet_list", "List the repositories of a fleet."),
    CommandRow("fleet add", "fleet_add", "Add a repository to fleet.yaml."),
    CommandRow(
        "fleet plan",
        "fleet_plan",
        "Show what apply would do in each repository of a fleet, and every problem.",
    ),
    CommandRow("fleet check", "fleet_check", "Show the problems of each repository of a fleet."),
    CommandRow(
        "fleet drift",
        "fleet_drift",
        "List the repositories of a fleet with entries that were edited by hand.",
    ),
    CommandRow("fleet publish", "fleet_publish", "Publish what every repository has into a catalogue."),
    CommandRow("fleet show", "fleet_show", "Show an entry as every repository has it, and what it was."),
    CommandRow("fleet search", "fleet_search", "Search the entries of all repositories."),
    CommandRow(
        "fleet references", "fleet_references", "List who refers to an entry, in whatever repository."
    ),
    CommandRow("fleet impact", "fleet_impact", "Show what a rename would break in other repositories."),
    CommandRow("fleet site", "fleet_site", "Write a catalogue of all repositories for the browser."),
    CommandRow(
        "lsp", "lsp", "Serve an editor: problems while typing, completion, hover, rename, fixes, formatting."
    ),
    CommandRow("mcp", "mcp", "Serve an agent: plan, check, explain, show, list, search and more as tools."),
    CommandRow("collisions", "collisions", "List names and aliases that several entries claim."),
    CommandRow(
        "completion",
        "completion",
        "Print the script that lets a shell complete commands, options, kinds, addresses and codes.",
    ),
)
"""Every command, in the order of the help."""

GROUPS = (
    ("Every day", ("plan", "apply", "check", "drift", "diff", "fix", "log")),
    ("Edit entries", ("add", "set", "edit", "rename", "rm", "allow", "override", "adopt", "fmt")),
    ("Look", ("show", "list", "outputs", "graph", "site", "explain", "collisions")),
    (
        "Set up",
        (
            "init",
            "schema",
            "schema new",
            "schema check",
            "schema migrate",
            "rule new",
            "rule test",
            "rule eval",
            "outputs new",
            "baseline",
            "completion",
            "lsp",
            "mcp",
        ),
    ),
    (
        "Many repositories",
        (
            "fleet list",
            "fleet add",
            "fleet plan",
            "fleet check",
            "fleet drift",
            "fleet publish",
            "fleet show",
            "fleet search",
            "fleet references",
            "fleet impact",
            "fleet site",
            "fleet exec",
        ),
    ),
    ("At run time", ("run",)),
    ("After a merge or a fault", ("resolve", "merge-driver", "recover", "verify")),
)
"""The commands as the help shows them; what stands in no group comes last, under ``More``."""

BY_NAME = {row.name: row for row in COMMANDS}
"""The rows by what is typed."""


def command_of(words: Sequence[str]) -> str:
    """The command that was typed, as far as it can be known; ``registry`` when none was."""
    plain = [word for word in words if not word.startswith("-")]
    two = " ".join(words[:2])
    if two in BY_NAME:
        return two
    return plain[0] if plain and plain[0] in BY_NAME else "registry"


LEADS = {
    "version": "registry --version",
    "status": "What apply would do: registry plan. What was edited by hand: registry drift",
    "validate": "Problems only: registry check",
    "lint": "Problems only: registry check",
    "test": "Problems only: registry check",
    "verify-plan": "A second opinion: registry verify",
    "remove": "registry rm ADDRESS",
    "delete": "registry rm ADDRESS",
    "destroy": "registry rm ADDRESS",
    "mv": "registry rename ADDRESS NEW",
    "move": "registry rename ADDRESS NEW",
    "import": "Fragments for live entries: registry adopt",
    "sync": "registry plan, then registry apply",
    "history": "registry log",
    "ls": "registry list",
    "get": "registry show ADDRESS",
    "create": "registry add KIND",
    "new": "registry add KIND",
    "format": "registry fmt",
    "update": "registry set ADDRESS FIELD=VALUE, or registry edit ADDRESS",
    "describe": "registry show ADDRESS",
    "inspect": "registry show ADDRESS",
    "cat": "registry show ADDRESS",
    "find": "registry list --where 'FIELD=VALUE'",
    "search": "registry list --where 'FIELD=VALUE'",
    "revert": "To undo what was edited by hand: registry drift --revert ADDRESS",
    "undo": "To undo what was edited by hand: registry drift --revert ADDRESS",
    "deploy": "registry apply",
    "refresh": "What was edited by hand: registry drift",
    "state": "What was edited by hand: registry drift. One entry on all sides: registry show ADDRESS",
    "kinds": "registry list --kinds",
    "rules": "What a code means: registry explain CODE. Rules of your own: registry rule new CODE",
    "codes": "What a code means: registry explain CODE",
    "accept": "registry drift --accept ADDRESS",
    "unlock": "A lock ends with its process. After an interrupted apply: registry recover",
    "force-unlock": "A lock ends with its process. After an interrupted apply: registry recover",
    "doctor": "Problems only: registry check",
    "merge": "After a conflict in git: registry resolve",
    "docs": "registry explain CODE, and registry help",
    "man": "registry help",
}
"""What people type who know other programs, and what it is called here."""
