"""What the tests of merges share: a kind, its entries as text, and steps of a repository's life."""

from __future__ import annotations

import subprocess

import pytest

from tests.support import SCHEMAS, Box

KIND = f"{SCHEMAS}/t.schema.yaml"
"""Where the schema file of the kind ``t`` stands."""
SCHEMA = "x-registry: {kind: t, layout: list, file: t.yaml, at: t, key: id}\ntype: object\n"
FRAGMENT = "desired/t.yaml"


def listed(**values: object) -> str:
    """A list of entries, one field to each, with a line between neighbours that stays."""
    return "t:\n" + "".join(f"- id: {key}\n  kept: 1\n  v: {value}\n" for key, value in values.items())


def applied(box: Box, why: str, fragment: str | None = None) -> str:
    """Write the fragment, apply, commit; the commit."""
    if fragment is not None:
        box.write(FRAGMENT, fragment)
    ran = box.run("apply", "--yes")
    assert ran.exit == 0, ran.out + ran.err
    return committed(box, why)


def committed(box: Box, why: str) -> str:
    """Commit everything; the commit."""
    return box.commit(why)


def fails(box: Box, *words: str) -> list[str]:
    """A git command that leaves conflicts; the files."""
    with pytest.raises(subprocess.CalledProcessError):
        box.git(*words)
    return box.git("diff", "--name-only", "--diff-filter=U").split()


def nothing_to_do(box: Box) -> None:
    """The plan is empty, and nothing drifted."""
    ran = box.run("plan", "--detailed-exitcode", "--leave-outputs")
    assert ran.exit == 0, ran.out
    assert box.run("drift").exit == 0
