"""What was seen in the life of repositories, again in every layout and format and by every way that git has.

``python -m tests.merge.matrix [--shape WORD] [--case WORD] [--part 1/20]`` says what does not hold, and on standard
error what it is at. All of it takes more than an hour; such a part is every twentieth combination. A case makes two
branches; a way brings what one of them did to the other. Where git leaves a conflict in what people wrote, no law asks
anything; where only files of registry conflict, it is broken.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from registry_reconciler.cli.main import main as command
from registry_reconciler.model.entry import digest_value
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.workspace import Workspace
from tests.merge.shapes import SHAPES, Shape
from tests.support import Folder, Ran

_OWN = (".system/registry/state/", ".system/registry/history/")
ADDED = "x"
"""The key of what a branch adds."""


class Broken(AssertionError):
    """A law does not hold."""


class PeopleConflict(Exception):
    """Git leaves a conflict in what people wrote."""


@contextmanager
def _streams() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    kept = sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    sys.stdout, sys.stderr = io.TextIOWrapper(out, "utf-8"), io.TextIOWrapper(err, "utf-8")
    try:
        yield out, err
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        new = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = kept
        for stream in new:
            stream.detach()


class Home(Folder):
    """A repository of one shape, in which the command runs."""

    def __init__(self, root: Path, shape: Shape, texts: dict[str, str]) -> None:
        super().__init__(root, {**shape.schemas(), **texts, **shape.also})
        self.shape = shape
        self.registries = list(texts)
        self.git("init", "-q", "-b", "main")

    def run(self, *words: str) -> Ran:
        """One command, in this process."""
        before = os.getcwd()
        os.chdir(self.root)
        try:
            with _streams() as (out, err):
                code = command(words)
        finally:
            os.chdir(before)
        return Ran(code, out.getvalue().decode(), err.getvalue().decode())

    def says(self, *more: str, **changes: str) -> None:
        """Write the fragment."""
        self.write("desired/t.yaml", self.shape.fragment(self.shape.values(**changes), *more))

    def apply(self, why: str = "step") -> str:
        """Apply and commit; the commit."""
        ran = self.run("apply", "--yes")
        if ran.exit:
            raise Broken(f"an apply ends with {ran.exit}: {ran.out}{ran.err}")
        return self.commit(why)

    def files_of_registries(self) -> list[Path]:
        """The registry files that are there now."""
        return [
            path
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not {".git", ".system", "desired"} & set(path.relative_to(self.root).parts)
        ]

    def text(self) -> str:
        """What all registries say."""
        return "\n".join(path.read_bytes().decode() for path in self.files_of_registries())

    def hand_edit(self, old: str, new: str) -> None:
        """Replace a word in the registries."""
        times = 0
        for path in self.files_of_registries():
            data = path.read_bytes()
            times += data.count(old.encode())
            path.write_bytes(data.replace(old.encode(), new.encode()))
        assert times, f"{old} is nowhere"

    def unmerged(self) -> list[str]:
        """The files with a conflict."""
        return self.git("-c", "core.quotePath=false", "diff", "--name-only", "--diff-filter=U").split("\n")[
            :-1
        ]

    def tries(self, *words: str) -> bool:
        """A git command that may fail; whether it did not."""
        try:
            self.git(*words)
        except subprocess.CalledProcessError:
            return False
        return True


# --- the ways ----------------------------------------------------------------------------------------------------

Side = Callable[[Home], None]


def _merged(home: Home, done: bool, what: str) -> None:
    conflicts = home.unmerged()
    if conflicts:
        mine = [path for path in conflicts if path.startswith(_OWN)]
        if mine == conflicts:
            raise Broken(f"{what}: only files of registry conflict: {mine}")
        raise PeopleConflict
    if not done:
        raise Broken(f"{what} failed")


def _branches(home: Home, ours: Side, theirs: Side) -> None:
    home.git("checkout", "-q", "-b", "other")
    theirs(home)
    home.git("checkout", "-q", "main")
    ours(home)


def merge(home: Home, ours: Side, theirs: Side) -> None:
    _branches(home, ours, theirs)
    _merged(home, home.tries("merge", "-q", "--no-edit", "other"), "merge")


def merged_the_other_way(home: Home, ours: Side, theirs: Side) -> None:
    _branches(home, theirs, ours)
    _merged(home, home.tries("merge", "-q", "--no-edit", "other"), "merge")


def squash(home: Home, ours: Side, theirs: Side) -> None:
    _branches(home, ours, theirs)
    _merged(home, home.tries("merge", "-q", "--squash", "other"), "squash")
    home.git("commit", "-q", "--allow-empty", "-m", "squash")


def rebase(home: Home, ours: Side, theirs: Side) -> None:
    _branches(home, ours, theirs)
    home.git("checkout", "-q", "other")
    _merged(home, home.tries("rebase", "-q", "main"), "rebase")


def cherry_pick(home: Home, ours: Side, theirs: Side) -> None:
    _branches(home, ours, theirs)
    words = ("cherry-pick", "--allow-empty", "--keep-redundant-commits", "base..other")
    _merged(home, home.tries(*words), "cherry-pick")


def revert(home: Home, ours: Side, theirs: Side) -> None:
    """What they did is undone, and later the undoing is."""
    theirs(home)
    commits = home.git("rev-list", "base..main").split()
    _merged(home, home.tries("revert", "--no-edit", *commits), "revert")
    undoing = home.git("rev-list", f"{commits[0]}..main").split()
    home.run("apply", "--yes")
    home.commit("after the revert")
    ours(home)
    _merged(home, home.tries("revert", "--no-edit", *undoing), "revert of the revert")


def stash(home: Home, ours: Side, theirs: Side) -> None:
    """What they did last is not committed, and put aside."""
    theirs(home)
    home.git("reset", "-q", "--soft", "base")
    home.git("stash", "push", "-q", "-u")
    ours(home)
    _merged(home, home.tries("stash", "pop", "-q"), "stash")


def patch(home: Home, ours: Side, theirs: Side) -> None:
    """Patches by mail."""
    _branches(home, ours, theirs)
    home.git("format-patch", "-q", "--binary", "-o", "../mail", "base..other")
    mails = sorted(str(path) for path in (home.root.parent / "mail").iterdir())
    _merged(home, home.tries("am", "-q", "-3", "--keep-cr", *mails), "am")


WAYS = (merge, merged_the_other_way, squash, rebase, cherry_pick, revert, stash, patch)


# --- the laws ----------------------------------------------------------------------------------------------------


def plan(home: Home, *options: str) -> dict[str, object]:
    """The plan as JSON."""
    ran = home.run("plan", "--format", "json", "--detailed-exitcode", *options)
    if not ran.out:
        raise Broken(f"plan {options} ends with {ran.exit}: {ran.err}")
    found: dict[str, object] = ran.json
    return found


def expect(home: Home, exit_code: int = 0, **changes: str) -> None:
    """The plan has these changes by key and no other, and there is no drift."""
    found = plan(home)
    told = {change["address"]: change["action"] for change in found["changes"]}  # type: ignore[attr-defined]
    expected = {home.shape.address(key): action for key, action in changes.items()}
    problems = [
        (problem["code"], problem["message"])
        for problem in found["problems"]  # type: ignore[attr-defined]
        if problem["severity"] != "record"
    ]
    if told != expected or found["drift"] or found["exit"] != exit_code:
        raise Broken(f"exit {found['exit']}, changes {told}, drift {found['drift']}, problems {problems}")
    if home.run("drift").exit:
        raise Broken("drift: " + home.run("drift").out)


def finds(home: Home, old: str, new: str, key: str) -> None:
    """An edit by hand is found, and left."""
    before = {path: path.read_bytes() for path in home.files_of_registries()}
    home.hand_edit(old, new)
    found = plan(home)
    address = home.shape.address(key)
    if [drift["address"] for drift in found["drift"]] != [address]:  # type: ignore[attr-defined]
        raise Broken(f"{old} is {new} by hand, and the plan finds {found['drift']}, wants {found['changes']}")
    if home.run("drift").exit != 2 or found["changes"]:
        raise Broken(f"{old} is {new} by hand: drift ends with {home.run('drift').exit}, {found['changes']}")
    for path, data in before.items():
        path.write_bytes(data)


def after(home: Home, probe: bool = True) -> None:
    """What people do next works: a change of an entry, an edit by hand, an apply."""
    if home.shape.fields == "none":
        return
    path = home.root / "desired/t.yaml"
    text = path.read_text()
    if '"vg1"' in text:
        path.write_text(text.replace('"vg1"', '"vg2"'))
        home.apply("afterwards")
        expect(home)
        if probe:
            finds(home, "vg2", "vg1", "g")


# --- the cases ---------------------------------------------------------------------------------------------------

Case = Callable[[Home, Callable[[Home, Side, Side], None]], None]


def _managed(home: Home) -> None:
    home.says()
    home.apply("all")
    home.git("tag", "base")


def kept_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """1: one side stops managing m and drops the spent line."""
    _managed(home)

    def theirs(home: Home) -> None:
        home.write("desired/let-go.yaml", f"removed:\n- {{address: {home.shape.address('m')}, keep: true}}\n")
        home.says(m="")
        home.apply("kept")
        (home.root / "desired/let-go.yaml").unlink()
        home.apply("the line is dropped")

    way(home, _another, theirs)
    expect(home)
    assert "This is m" in home.text() or '"m"' in home.text() or "vm1" in home.text()
    after(home)


def _another(home: Home) -> None:
    """Change z, or where entries say nothing, add y before it."""
    text = home.read("desired/t.yaml")
    if home.shape.fields == "none":
        new = home.shape.fragment({ADDED: {}}).removeprefix("t:\n")
        home.write("desired/t.yaml", text + new)
    else:
        assert '"vz1"' in text
        home.write("desired/t.yaml", text.replace('"vz1"', '"vz2"'))
    home.apply("ours")


def deleted_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """1: one side deletes m."""
    _managed(home)

    def theirs(home: Home) -> None:
        home.says(m="")
        home.apply("deleted")

    way(home, _another, theirs)
    expect(home)
    after(home)


def _adopted_before(home: Home) -> None:
    home.says(m="")
    home.apply("but m")


def adopted_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """1: one side adopts m."""
    _adopted_before(home)
    home.git("tag", "base")

    def theirs(home: Home) -> None:
        home.says()
        home.apply("adopted")

    way(home, _another, theirs)
    expect(home)
    if home.shape.fields != "none":
        finds(home, "vm1", "vm0", "m")
    after(home)


def adoption_reverted_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """1: the adoption of m is reverted on one side."""
    _adopted_before(home)
    home.says()
    adopted = home.apply("adopted")
    home.git("tag", "base")

    def theirs(home: Home) -> None:
        _merged(home, home.tries("revert", "--no-edit", adopted), "revert")

    way(home, _another, theirs)
    expect(home)
    after(home)


def added_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """3: one side adds x in a fragment of its own, the other changes z."""
    _managed(home)

    def theirs(home: Home) -> None:
        home.write("desired/new.yaml", home.shape.fragment({"c": home.shape.said("c", "vc1")}))
        home.apply("added")

    way(home, _another, theirs)
    expect(home)
    after(home)


def changed_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """2 and 3: one side changes a, the other z; old values by hand are found."""
    if home.shape.fields == "none":
        return
    _managed(home)

    def theirs(home: Home) -> None:
        home.says(a="va2")
        home.apply("theirs")

    way(home, _another, theirs)
    expect(home)
    finds(home, "va2", "va1", "a")
    finds(home, "vz2", "vz1", "z")
    after(home)


def two_fields(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """3: one side changes a field of m, the other another field of it."""
    if home.shape.fields != "all":
        return
    _managed(home)

    def theirs(home: Home) -> None:
        home.replace("desired/t.yaml", '"wm1"', '"wm2"')
        home.apply("theirs")

    def ours(home: Home) -> None:
        home.replace("desired/t.yaml", '"of m"', '"about m"')
        home.apply("ours")

    way(home, ours, theirs)
    expect(home)
    finds(home, "wm2", "wm1", "m")
    finds(home, "about m", "of m", "m")
    after(home)


def moved_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """One side moves m to another fragment."""
    _managed(home)

    def theirs(home: Home) -> None:
        home.says(m="")
        home.write("desired/n.yaml", home.shape.fragment({"m": home.shape.said("m", "vm1")}))
        home.apply("moved")

    way(home, _another, theirs)
    expect(home)
    after(home)


def renamed_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """8: one side renames m."""
    _managed(home)

    def theirs(home: Home) -> None:
        text = home.read("desired/t.yaml").replace('id: "m"', 'id: "mm"')
        old, new = home.shape.address("m"), home.shape.address("mm")
        home.write("desired/t.yaml", f"{text}moved:\n- {{from: {old}, to: {new}}}\n")
        home.apply("renamed")
        home.write("desired/t.yaml", text)
        home.apply("the line is dropped")

    way(home, _another, theirs)
    expect(home)
    after(home)


def swapped_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """8: one side swaps a and m."""
    _managed(home)

    def theirs(home: Home) -> None:
        text = home.read("desired/t.yaml")
        text = text.replace('id: "m"', 'id: "?"').replace('id: "a"', 'id: "m"').replace('id: "?"', 'id: "a"')
        a, m = home.shape.address("a"), home.shape.address("m")
        home.write("desired/t.yaml", f"{text}moved:\n- {{from: {a}, to: {m}}}\n- {{from: {m}, to: {a}}}\n")
        home.apply("swapped")
        home.write("desired/t.yaml", text)
        home.apply("the lines are dropped")

    way(home, _another, theirs)
    expect(home)
    after(home)


def elsewhere_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """6: one side changes where the kind stands."""
    if not home.shape.elsewhere[0]:
        return
    _managed(home)

    def theirs(home: Home) -> None:
        home.replace(".system/registry/schemas/t.schema.yaml", *home.shape.elsewhere)
        found = plan(home)
        if found["exit"] != 2 or {change["action"] for change in found["changes"]} != {"move"}:  # type: ignore[attr-defined]
            raise Broken(f"{found['exit']} {found['changes']} {found['problems']}")
        home.apply("elsewhere")
        expect(home)

    way(home, _another, theirs)
    found = plan(home)
    told = {change["action"] for change in found["changes"]}  # type: ignore[attr-defined]
    if told - {"move", "update", "create"} or found["drift"] or found["exit"] not in (0, 2):
        raise Broken(f"{found['exit']} {found['changes']} {found['drift']} {found['problems']}")
    home.apply("after")
    expect(home)
    after(home)


def _old_form(home: Home) -> None:
    """The state and history as an older program would have left them."""
    rows: dict[str, list[str]] = {}
    for entry in Workspace.open(home.root).planning(PlanOptions()).loaded.fragments.entries:
        row = json.dumps({"address": entry.address, "digest": digest_value(entry.value)})
        rows.setdefault(entry.place.file, []).append(f"{row}\n")
    for name in ("state", "history"):
        shutil.rmtree(home.root / ".system/registry" / name)
    for path, lines in rows.items():
        home.write(f".system/registry/state/{path.removeprefix('desired/')}.jsonl", "".join(sorted(lines)))
    home.write(".system/registry/history.jsonl", '{"time": "2026-01-01T00:00:00Z", "who": "ada"}\n')
    home.commit("as an older program leaves it")
    home.git("tag", "-f", "base")


def carried_over_on_both(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """The state is in its old form, and both sides carry it over, one by letting m go and changing a."""
    if way not in (merge, merged_the_other_way, squash, rebase):
        return  # what git cannot do there, decision 7 says
    _managed(home)
    _old_form(home)

    def theirs(home: Home) -> None:
        home.write("desired/let-go.yaml", f"removed:\n- {{address: {home.shape.address('m')}, keep: true}}\n")
        home.says(m="", **({} if home.shape.fields == "none" else {"a": "va2"}))
        home.apply("kept")
        (home.root / "desired/let-go.yaml").unlink()
        home.apply("the line is dropped")

    way(home, _another, theirs)
    expect(home)
    if home.shape.fields != "none":
        finds(home, "va2", "va1", "a")
        finds(home, "vz2", "vz1", "z")
    after(home)


def carried_over_there(home: Home, way: Callable[[Home, Side, Side], None]) -> None:
    """The state is in its old form, and stays so on the other side, where a changes by an older program."""
    if home.shape.fields == "none" or way not in (merge, merged_the_other_way, squash, rebase):
        return
    _managed(home)
    _old_form(home)

    def older(home: Home) -> None:
        before = home.read(".system/registry/history.jsonl")
        home.says(a="va2")
        home.run("apply", "--yes")
        _old_form(home)
        home.write(
            ".system/registry/history.jsonl", before + '{"time": "2026-01-02T00:00:00Z", "who": "bo"}\n'
        )
        (home.root / ".system/registry/history.before.jsonl").unlink()
        home.git("tag", "-f", "base", "HEAD~1")
        home.commit("an apply of an older program")

    way(home, _another, older)
    expect(home)
    finds(home, "va2", "va1", "a")
    finds(home, "vz2", "vz1", "z")
    after(home)


CASES: tuple[Case, ...] = (
    kept_there,
    deleted_there,
    adopted_there,
    adoption_reverted_there,
    added_there,
    changed_there,
    two_fields,
    moved_there,
    renamed_there,
    swapped_there,
    elsewhere_there,
    carried_over_on_both,
    carried_over_there,
)


# --- cases without a way -------------------------------------------------------------------------------------------


def changes_reverted(home: Home) -> None:
    """2: a changes, then z; the first is reverted; z by hand back to its old value."""
    if home.shape.fields == "none":
        return
    _managed(home)
    home.says(a="va2")
    first = home.apply("a")
    home.says(a="va2", z="vz2")
    home.apply("z")
    _merged(home, home.tries("revert", "--no-edit", first), "revert")
    expect(home)
    finds(home, "vz2", "vz1", "z")
    finds(home, "va1", "va2", "a")


def _sides_in_conflict(home: Home) -> None:
    _managed(home)
    home.git("checkout", "-q", "-b", "other")
    home.says(a="va3", **{ADDED: f"v{ADDED}1"})
    home.apply("theirs")
    home.git("checkout", "-q", "main")
    home.says(a="va2")
    home.apply("ours")
    assert not home.tries("merge", "-q", "other")


def advice(home: Home) -> None:
    """4: after a conflict in fragment and registry, what is printed is done."""
    if home.shape.fields == "none":
        return
    for side in ("--ours", "--theirs"):
        _sides_in_conflict(home)
        people = [path for path in home.unmerged() if not path.startswith(_OWN)]
        found = plan(home)
        if found["exit"] != 3 or found["changes"] or found["drift"]:
            raise Broken(f"{found['exit']} {found['changes']} {found['drift']}")
        told = {
            problem["location"]["path"]: problem["fix"]["description"]
            for problem in found["problems"]  # type: ignore[attr-defined]
            if problem["code"].endswith("010") or "conflict" in problem["message"]
        }
        if not set(told) >= set(people):
            raise Broken(f"{people} have marks, and it is said of {sorted(told)}: {found['problems']}")
        for path in people:
            if path in home.registries:
                typed = _commands(told[path], side)
                if not typed:
                    raise Broken(f"no command for {side} in: {told[path]}")
                home.git("checkout", "-q", side, "--", path)
        home.says(a="va2", **{ADDED: f"v{ADDED}1"})
        ran = home.run("resolve")
        if ran.exit:
            raise Broken(f"resolve ends with {ran.exit}: {ran.out}{ran.err}")
        found = plan(home)
        if found["drift"] or any(change["action"] == "delete" for change in found["changes"]):  # type: ignore[attr-defined]
            raise Broken(f"after resolve: {found['drift']} {found['changes']}")
        home.apply("merged")
        expect(home)
        after(home)
        home.git("reset", "-q", "--hard", "base")
        home.git("branch", "-D", "other")
        home.git("tag", "-d", "base")


def _commands(text: str, side: str) -> list[list[str]]:
    return [
        shlex.split(part)
        for part in re.findall(r"git checkout [^,;`]*", text)
        if side in part or "--ours|--theirs" in part
    ]


def resolved(home: Home) -> None:
    """4: people decide what is in the fragment, and `registry resolve` makes the rest follow."""
    if home.shape.fields == "none":
        return
    _sides_in_conflict(home)
    home.says(a="va2", **{ADDED: f"v{ADDED}1"})
    home.git("add", "desired")
    ran = home.run("resolve")
    if ran.exit:
        raise Broken(f"resolve ends with {ran.exit}: {ran.out}{ran.err}")
    found = plan(home)
    if found["drift"] or found["exit"] not in (0, 2):
        raise Broken(
            f"after resolve: {found['exit']} {found['drift']} {found['changes']} {found['problems']}"
        )
    home.apply("merged")
    expect(home)


def marks(home: Home) -> None:
    """3: marks in state and history."""
    _managed(home)
    for folder in ("state", "history"):
        for path in sorted((home.root / ".system/registry" / folder).rglob("*")):
            if path.is_dir() or not path.read_bytes() or path.name == "format.jsonl":
                continue
            data = path.read_text()
            path.write_text(f"<<<<<<< HEAD\n{data}=======\n{data}>>>>>>> other\n")
            before = home.files()
            for words in (["check"], ["plan"], ["apply", "--yes"]):
                ran = home.run(*words)
                if ran.exit not in (1, 3):
                    raise Broken(f"{words} with marks in {path.name} ends with {ran.exit}")
            if home.files() != before:
                raise Broken(f"something was written beside the marks in {path.name}")
            ran = home.run("resolve")
            if ran.exit:
                raise Broken(f"resolve with marks in {path.name}: {ran.out}{ran.err}")
            home.git("checkout", "-q", ".")
            expect(home)


def sparse(home: Home) -> None:
    """5: what a sparse checkout leaves out is not planned."""
    home.write("desired/k/m.yaml", home.shape.fragment({"m": home.shape.said("m", "vm1")}))
    home.says(m="")
    home.apply("all")
    home.git("tag", "base")
    first = home.registries[0]
    for hidden in (
        "/desired/k/",
        "/desired/",
        f"/{first}",
        "/.system/registry/state/",
        "/.system/registry/state/k*",
    ):
        home.git("sparse-checkout", "set", "--no-cone", "/*", f"!{hidden}")
        found = plan(home)
        if found["changes"] or found["drift"]:
            raise Broken(f"{hidden} hidden: {found['changes']} {found['drift']}")
        if home.run("drift").exit == 2:
            raise Broken(f"{hidden} hidden: {home.run('drift').out}")
        home.run("apply", "--yes")
        home.git("sparse-checkout", "disable")
        if home.git("status", "--porcelain"):
            raise Broken(f"{hidden} hidden: an apply wrote {home.git('status', '--porcelain')}")
        expect(home)


def _without_blanks(texts: dict[Path, bytes]) -> dict[Path, list[bytes]]:
    return {path: [line for line in data.splitlines() if line] for path, data in texts.items()}


def elsewhere(home: Home) -> None:
    """6: file or at of a schema changes, and is taken back; the schema goes."""
    _managed(home)
    schema = ".system/registry/schemas/t.schema.yaml"
    before = {path: path.read_bytes() for path in home.files_of_registries()}
    if home.shape.elsewhere[0]:
        home.replace(schema, *home.shape.elsewhere)
        found = plan(home)
        told = Counter(change["action"] for change in found["changes"])  # type: ignore[attr-defined]
        if told != {"move": 5}:
            raise Broken(f"{told} {found['problems']}")
        changed = home.apply("elsewhere")
        expect(home)
        if home.text().count("vm1") > 1:
            raise Broken("a second copy")
        home.git("revert", "--no-edit", changed)
        expect(home)
        home.git("reset", "-q", "--hard", changed)
        home.git("checkout", "-q", "base", "--", schema)
        home.apply("back by the schema alone")
        expect(home)
        now = {path: path.read_bytes() for path in home.files_of_registries()}
        # Where only `at` changed, the emptied container stays.
        # So do blank lines around what went.
        if "at:" not in home.shape.elsewhere[0] and _without_blanks(now) != _without_blanks(before):
            raise Broken(f"back, and not as it was: {home.git('diff', 'base', '--stat')}")
    (home.root / schema).unlink()
    ran = home.run("drift")
    found = plan(home)
    if ran.exit in (0,) or found["exit"] in (0, 2) or found["changes"]:
        raise Broken(
            f"a schema that is gone: drift {ran.exit} {ran.out}, plan {found['exit']} {found['changes']}"
        )


def first_review(home: Home) -> None:
    """7: schemas, fragments and state arrive in one branch; the registries stand on main."""
    for path in list(home.shape.schemas()):
        (home.root / path).unlink()
    for path in home.shape.also:
        (home.root / path).unlink()
    home.commit("before registry")
    home.git("tag", "before")
    for path, text in {**home.shape.schemas(), **home.shape.also}.items():
        home.write(path, text)
    for number, dropped in enumerate(({}, {"m": ""})):
        home.says(**dropped)
        home.apply("adopts")
        found = plan(home, "--base", "before")
        told = Counter(change["action"] for change in found["changes"])  # type: ignore[attr-defined]
        parents = len(re.findall("name:", "".join(home.shape.also.values())))
        if number == 0 and told != {"adopt": 5 + parents}:
            raise Broken(f"{told} {found['problems']}")
        if number == 1 and told != {"adopt": 4 + parents, "delete": 1}:
            raise Broken(f"after a deletion: {told}")


def _renamed(text: str, names: dict[str, str]) -> str:
    def new(found: re.Match[str]) -> str:
        return f'id: "{names.get(found[1], found[1])}"'

    return re.sub(r'\bid: "(\w)"', new, text)


def moves(home: Home) -> None:
    """8: swap and shift in one plan; taken back by reverting the fragment alone."""
    _managed(home)
    base = home.text()
    for chain in (("a>m", "m>a"), ("a>m", "m>q"), ("a>g", "g>m", "m>s", "s>z", "z>a"), ("m>M",)):
        names = dict(part.split(">") for part in chain)
        text = home.read("desired/t.yaml")
        text = _renamed(text, names)
        rows = "".join(
            f"- {{from: {home.shape.address(old)}, to: {home.shape.address(new)}}}\n"
            for old, new in names.items()
        )
        home.write("desired/t.yaml", f"{text}moved:\n{rows}")
        found = plan(home)
        told = {(change["from"], change["address"], change["action"]) for change in found["changes"]}  # type: ignore[attr-defined]
        expected = {(home.shape.address(old), home.shape.address(new), "move") for old, new in names.items()}
        if home.shape.fields != "none" and (told != expected or found["exit"] != 2):
            raise Broken(f"{chain}: {told} {found['problems']}")
        done = home.apply(" ".join(chain))
        expect(home)
        home.git("checkout", "-q", "base", "--", "desired")
        back = plan(home)
        told = {(change["from"], change["address"], change["action"]) for change in back["changes"]}  # type: ignore[attr-defined]
        expected = {(new, old, "move") for old, new, _ in expected}
        if home.shape.fields != "none" and told != expected:
            raise Broken(f"{chain} taken back: {told} {back['problems']}")
        home.apply("taken back")
        expect(home)
        if sorted(home.text()) != sorted(base):
            raise Broken(f"{chain} taken back, and the registry is another: {home.git('diff', 'base')}")
        home.git("reset", "-q", "--hard", done)
        home.git("revert", "--no-edit", done)
        expect(home)


SINGLE: tuple[Callable[[Home], None], ...] = (
    changes_reverted,
    advice,
    resolved,
    marks,
    sparse,
    elsewhere,
    first_review,
    moves,
)


# --- all of it -----------------------------------------------------------------------------------------------------


def combinations(
    shape: str = "", case: str = "", *, alone: bool = False
) -> Iterator[tuple[Shape, str, Callable[[Home], None]]]:
    """Every shape with every case and way."""
    for each in SHAPES:
        if shape not in each.name:
            continue
        for one in SINGLE:
            if case in one.__name__:
                yield each, one.__name__, one
        for crossed in () if alone else CASES:
            for way in WAYS:
                name = f"{crossed.__name__} by {way.__name__}"
                if case in name:
                    yield each, name, lambda home, crossed=crossed, way=way: crossed(home, way)  # type: ignore[misc]


def attempt(shape: Shape, run: Callable[[Home], None], texts: dict[str, str]) -> str:
    """What became of one combination: "" where all holds, "people" for a conflict of theirs, else what is broken."""
    folder = Path(tempfile.mkdtemp(prefix="matrix-"))
    try:
        run(Home(folder / "work", shape, texts))
    except PeopleConflict:
        return "people"
    except Broken as broken:
        return str(broken) or "broken"
    except Exception as error:
        return f"{type(error).__name__}: {error} {getattr(error, 'stderr', '')}"
    finally:
        shutil.rmtree(folder)
    return ""


def part(text: str) -> tuple[int, int]:
    """``I/N`` as two numbers, the first one from 1 to the second."""
    first, _, step = text.partition("/")
    if not 1 <= int(first) <= int(step):
        raise ValueError(text)
    return int(first), int(step)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", default="")
    parser.add_argument("--case", default="")
    parser.add_argument("--only-single", action="store_true", help="only what is no matter of two branches")
    parser.add_argument(
        "--part", type=part, default=(1, 1), help="I/N: from the Ith combination every Nth one"
    )
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    texts: dict[str, dict[str, str]] = {}
    first, step = given.part
    chosen = [*combinations(given.shape, given.case, alone=given.only_single)][first - 1 :: step]
    for number, (shape, name, run) in enumerate(chosen, 1):
        print(f"{number:,} of {len(chosen):,}: {shape.name}: {name}", file=sys.stderr, flush=True)
        if shape.name not in texts:
            texts[shape.name] = shape.registry()
        became = attempt(shape, run, texts[shape.name])
        counts[became if became in ("", "people") else "broken"] += 1
        if became not in ("", "people"):
            print(f"{shape.name}: {name}: {became[:1500]}", flush=True)
    print(json.dumps({"hold": counts[""], "people's conflict": counts["people"], "broken": counts["broken"]}))
    return 1 if counts["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
