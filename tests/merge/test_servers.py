"""What a server does that merges without a work tree and knows no attribute: ``git merge-tree`` in a bare repository.

``docs/ci.md`` says which hosts do that, and where that is known from.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.merge.helper import applied, committed, listed, nothing_to_do
from tests.support import Box

WIDE = "- id: w\n  first: 1\n  kept: 1\n  last: 1\n"
ALL = listed(a=1, b=1, c=1, d=1)
UNION = ".system/registry/state/** merge=union\nnotes.txt merge=union\n"


@pytest.fixture
def box(box: Box) -> Box:
    """A workspace whose attributes ask for unions, as ``init`` once did."""
    box.write(".gitattributes", UNION)
    box.write("notes.txt", "first\n")
    applied(box, "before", ALL + WIDE)
    return box


def on_server(box: Box, *branches: str) -> tuple[int, str, Path]:
    """The exit code of the merge on a server, the tree that it gives, and the server."""
    server = box.root.parent / "server.git"
    if not server.exists():
        subprocess.run(["git", "init", "-q", "--bare", str(server)], check=True)
    box.git("push", "-q", "--force", str(server), *branches)
    done = subprocess.run(
        ["git", "-C", str(server), "merge-tree", "--write-tree", *branches],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.split("\n", 1)[0], server


def merged_on_server(box: Box, *branches: str) -> None:
    """The merge is clean; check out what it gives."""
    code, tree, server = on_server(box, *branches)
    assert code == 0, "the server reports a conflict"
    box.git("fetch", "-q", str(server), branches[0])
    pack = subprocess.run(["git", "-C", str(server), "archive", tree], capture_output=True, check=True).stdout
    for path in box.files():
        (box.root / path).unlink()
    subprocess.run(["tar", "x"], cwd=box.root, input=pack, check=True)


def test_the_server_knows_no_attribute(box: Box) -> None:
    """That is what these tests rest on: here a union merges, there it conflicts."""
    box.git("checkout", "-q", "-b", "other")
    box.write("notes.txt", "first\ntheirs\n")
    committed(box, "theirs")
    box.git("checkout", "-q", "main")
    box.write("notes.txt", "first\nours\n")
    committed(box, "ours")
    code, _, _ = on_server(box, "main", "other")
    assert code == 1
    box.git("merge", "-q", "--no-edit", "other")
    assert box.read("notes.txt") == "first\nours\ntheirs\n"


def in_a_bare_checkout(box: Box, *branches: str) -> tuple[int, Path]:
    """A merge as Gitea and Forgejo do it: in a checkout in which only the files are that differ. Its exit code."""
    work = box.root.parent / "merging"

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        return subprocess.run(["git", *who, *words], cwd=work, capture_output=True, text=True, check=False)

    work.mkdir(exist_ok=True)
    git("init", "-q")
    base, tracking = branches
    git("fetch", "-q", str(box.root), f"+{base}:base", f"+{tracking}:tracking")
    git("symbolic-ref", "HEAD", "refs/heads/base")
    differ = git("diff-tree", "--no-commit-id", "--name-only", "-r", "base", "tracking").stdout.split()
    (work / ".git/info/sparse-checkout").write_text("".join(f"/{path}\n" for path in differ))
    git("config", "core.sparseCheckout", "true")
    git("read-tree", "HEAD")
    done = git("merge", "--no-ff", "-q", "-m", "merged", "tracking")
    return done.returncode, work


def test_a_checkout_of_what_differs_knows_no_attribute(box: Box) -> None:
    box.git("checkout", "-q", "-b", "other")
    box.write("notes.txt", "first\ntheirs\n")
    committed(box, "theirs")
    box.git("checkout", "-q", "main")
    box.write("notes.txt", "first\nours\n")
    committed(box, "ours")
    assert in_a_bare_checkout(box, "main", "other")[0] == 1


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (listed(a=2, b=1, c=1, d=1) + WIDE, listed(a=1, b=2, c=1, d=1) + WIDE),
        (listed(a=1, a5=1, b=1, c=1, d=1) + WIDE, listed(a=1, b=1, c=1, d=1) + WIDE + "- id: y\n  kept: 1\n"),
        (listed(a=1, b=1, d=1) + WIDE, listed(a=2, b=1, c=1, d=1) + WIDE),
        (ALL + WIDE.replace("first: 1", "first: 2"), ALL + WIDE.replace("last: 1", "last: 2")),
    ],
    ids=["two entries", "two new ones", "deletion and edit", "two fields of one entry"],
)
def test_two_branches_merge_on_the_server(box: Box, ours: str, theirs: str) -> None:
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", theirs)
    box.git("checkout", "-q", "main")
    applied(box, "ours", ours)
    assert not _conflicts_of_people(box), "the case is one that people's own files allow"
    code, work = in_a_bare_checkout(box, "main", "other")
    assert code == 0
    merged = subprocess.run(
        ["git", "rev-parse", "HEAD^{tree}"], cwd=work, capture_output=True, text=True, check=True
    )
    assert merged.stdout.strip() == on_server(box, "main", "other")[1]
    merged_on_server(box, "main", "other")
    nothing_to_do(box)


def _conflicts_of_people(box: Box) -> bool:
    """Whether the fragment or the registry conflicts, asked of ``git merge-file`` alone."""
    for path in ("desired/t.yaml", "t.yaml"):
        sides = []
        for number, revision in enumerate(("main", box.git("merge-base", "main", "other").strip(), "other")):
            file = box.root.parent / f"side{number}"
            file.write_text(box.git("show", f"{revision}:{path}"), "utf-8")
            sides.append(str(file))
        if subprocess.run(["git", "merge-file", "-p", *sides], capture_output=True, check=False).returncode:
            return True
    return False


def test_a_queue_tests_one_branch_on_main_and_the_one_before(box: Box) -> None:
    """A is queued, B is put on main and A: what the queue checks out has nothing left to apply."""
    for name, value in (
        ("first", listed(a=2, b=1, c=1, d=1) + WIDE),
        ("second", listed(a=1, b=1, c=1, d=2) + WIDE),
    ):
        box.git("checkout", "-q", "-b", name, "main")
        applied(box, name, value)
    box.git("checkout", "-q", "main")
    box.git("checkout", "-q", "-b", "queue")
    box.git("merge", "-q", "--no-edit", "--no-ff", "first")
    merged_on_server(box, "queue", "second")
    nothing_to_do(box)
