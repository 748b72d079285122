"""What of a repository is looked at: bare clones in the cache, revisions, folders, and what of it is remembered."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from registry_reconciler.fleet import Repository, SourceFailure, fetching, opened, resolve
from registry_reconciler.fleet.run import memory
from registry_reconciler.fleet.since import changed_since
from tests.fleet.repositories import FILES, bare, committed, repository, runs
from tests.support import git


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "PAUSE", 0.01)
    return tmp_path / "cache/registry-reconciler"


def read(repository: Repository, path: str) -> bytes | None:
    with opened(resolve(repository).describe()).open_tree() as tree:
        return tree.read(path)


def test_a_clone_follows_the_remote_without_a_checkout(cache: Path, tmp_path: Path) -> None:
    first = repository(tmp_path / "work")
    git(tmp_path / "work", "tag", "-a", "v1", "-m", "one")
    billing = Repository("billing", git=str(tmp_path / "work"))
    assert resolve(billing).commit == first
    clone = Path(resolve(billing).folder)
    assert (clone / "HEAD").is_file()
    assert not (clone / "t.yaml").exists()
    assert clone.stat().st_mode & 0o777 == 0o700
    second = committed(tmp_path / "work", {"t.yaml": "things: [] # new\n"})
    assert read(billing, "t.yaml") == b"things: [] # new\n"
    assert resolve(billing).commit == second
    for rev, commit in (
        ("v1", first),
        ("main", second),
        (first, first),
        ("HEAD~1", first),
        (first[:10], first),
    ):
        assert resolve(Repository("billing", git=str(tmp_path / "work"), rev=rev)).commit == commit
    # A branch that becomes a folder of branches, and one that is gone.
    git(tmp_path / "work", "branch", "-m", "main", "main/next")
    assert resolve(billing).commit == second
    with pytest.raises(SourceFailure, match="no revision 'main'"):
        resolve(Repository("billing", git=str(tmp_path / "work"), rev="main"))


def test_a_revision_that_is_not_there_is_said_without_hints(cache: Path, tmp_path: Path) -> None:
    bare(tmp_path / "x.git")
    with pytest.raises(SourceFailure) as failure:
        resolve(Repository("x", git=str(tmp_path / "x.git"), rev="a" * 40))
    assert str(failure.value.message).startswith("there is no revision 'aaaa")


def test_objects_that_cannot_be_read_are_no_unknown_revision(cache: Path, tmp_path: Path) -> None:
    commit = repository(tmp_path / "work")
    (tmp_path / "work/.git/objects" / commit[:2] / commit[2:]).unlink()
    with pytest.raises(SourceFailure) as failure:
        resolve(Repository("x", path=str(tmp_path / "work"), rev="HEAD"))
    assert "git cannot read 'HEAD'" in failure.value.message
    assert "hint:" not in failure.value.message
    with pytest.raises(SourceFailure, match="git knows no revision 'nope' there"):
        resolve(Repository("x", path=str(tmp_path / "work"), rev="nope"))


def test_what_is_no_folder_is_called_so(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SourceFailure, match="file is no folder"):
        resolve(Repository("x", path=str(tmp_path / "file")))


def test_old_results_go(cache: Path) -> None:
    results = cache / "fleet/results/ab"
    results.mkdir(parents=True)
    for name, days in (("old.json", 31), ("new.json", 29)):
        (results / name).write_text("x")
        seen = time.time() - days * 86_400
        os.utime(results / name, (seen, seen))
    memory.forget_old()
    assert [path.name for path in results.iterdir()] == ["new.json"]


def test_a_clone_that_nobody_asks_for_goes_unless_it_has_branches_of_its_own(
    cache: Path, tmp_path: Path
) -> None:
    clone = {}
    for name in ("used", "left", "exec", "packed"):
        bare(tmp_path / name)
        clone[name] = Path(resolve(Repository(name, git=str(tmp_path / name))).folder)
    git(clone["exec"], "--git-dir=.", "update-ref", "refs/registry/heads/fix", "refs/heads/main")
    git(clone["packed"], "--git-dir=.", "update-ref", "refs/registry/heads/fix", "refs/heads/main")
    git(clone["packed"], "--git-dir=.", "pack-refs", "--all")
    seen = time.time() - 31 * 86_400
    for folder in clone.values():
        os.utime(folder, (seen, seen))
    resolve(Repository("used", git=str(tmp_path / "used")))
    fetching.forget_unused(cache / "fleet/git")
    assert [name for name, folder in clone.items() if folder.exists()] == ["used", "exec", "packed"]
    assert len(list((cache / "fleet/git").iterdir())) == 3


def test_what_is_the_same_is_not_fetched_again_and_a_damaged_clone_is_mended(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare(tmp_path / "x.git")
    billing = Repository("billing", git=str(tmp_path / "x.git"))
    clone = Path(resolve(billing).folder)
    commands: list[str] = []
    once = fetching._once

    def counted(folder: Path, words: list[str], address: str, seconds: float) -> bytes:
        commands.append(words[0])
        return once(folder, words, address, seconds)

    monkeypatch.setattr(fetching, "_once", counted)
    resolve(billing)
    assert commands == ["ls-remote"]
    for name in ("objects", "refs"):
        shutil.rmtree(clone / name)
        (clone / name).mkdir()
    (clone / "packed-refs").unlink(missing_ok=True)
    assert read(billing, "t.yaml") == b"things: []\n"


def test_a_folder_in_a_repository_is_all_that_is_looked_at(cache: Path, tmp_path: Path) -> None:
    below = {f"services/b/{path}": text for path, text in FILES.items()}
    bare(tmp_path / "x.git", {**below, "t.yaml": "outside\n"})
    inner = Repository("b", git=str(tmp_path / "x.git"), root="services/b")
    assert read(inner, "t.yaml") == b"things: []\n"
    for root in ("services/c", "t.yaml"):
        with pytest.raises(SourceFailure, match="no folder"):
            resolve(Repository("b", git=str(tmp_path / "x.git"), root=root))


def test_a_submodule_is_said_to_be_one(cache: Path, tmp_path: Path) -> None:
    commit = repository(tmp_path / "work")
    git(tmp_path / "work", "update-index", "--add", "--cacheinfo", f"160000,{commit},libs/sub")
    git(tmp_path / "work", "commit", "-q", "-m", "with a submodule")
    for root in ("libs/sub", "libs/sub/services"):
        with pytest.raises(SourceFailure, match=r"'libs/sub' is a submodule: name its own repository"):
            resolve(Repository("s", git=str(tmp_path / "work"), root=root))


def test_a_folder_is_looked_at_as_it_lies_there_or_as_it_is_committed(cache: Path, tmp_path: Path) -> None:
    commit = repository(tmp_path / "work")
    (tmp_path / "work/t.yaml").write_text("things: [] # edited\n")
    lies = resolve(Repository("w", path=str(tmp_path / "work")))
    assert (lies.commit, lies.head) == (None, commit)
    assert read(Repository("w", path=str(tmp_path / "work")), "t.yaml") == b"things: [] # edited\n"
    assert read(Repository("w", path=str(tmp_path / "work"), rev="main"), "t.yaml") == b"things: []\n"
    assert resolve(Repository("w", path=str(tmp_path / "work")), committed=True).commit == commit
    bare(tmp_path / "x.git")
    assert resolve(Repository("x", path=str(tmp_path / "x.git"))).bare


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"git": "{tmp}/nope.git"}, "does not"),
        ({"git": "{tmp}/empty.git"}, "empty"),
        ({"git": "{tmp}/x.git", "rev": "mian"}, "Did you mean 'main'"),
        ({"path": "{tmp}/nope"}, "no folder"),
        ({"path": "{tmp}", "rev": "main"}, "no git repository"),
        ({"git": "https://me:hunter22@127.0.0.1:9/x?token=abcdef"}, "unable to access 'https://127"),
    ],
)
def test_what_cannot_be_looked_at_is_said_without_credentials(
    more: dict[str, str], said: str, cache: Path, tmp_path: Path
) -> None:
    bare(tmp_path / "x.git")
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    filled = {name: text.replace("{tmp}", str(tmp_path)) for name, text in more.items()}
    with pytest.raises(SourceFailure, match=said) as failure:
        resolve(Repository("x", **filled))  # type: ignore[arg-type]
    assert "hunter22" not in failure.value.message
    assert "abcdef" not in failure.value.message
    found = [path for path in cache.rglob("*") if path.is_file() and b"hunter22" in path.read_bytes()]
    assert found == []


def test_a_remote_that_hangs_is_given_up_with_all_that_was_started(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "ssh"
    script.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nsleep 600\n")
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    with pytest.raises(SourceFailure, match="more than 1 seconds"):
        resolve(Repository("x", git="ssh://git@host/x.git"), seconds=1)
    pid = int((tmp_path / "pid").read_text())
    assert not runs(pid)


def test_a_fetch_is_tried_again(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare(tmp_path / "x.git")
    script = tmp_path / "ssh"
    tried = tmp_path / "tried"
    upload = f"exec git-upload-pack {tmp_path}/x.git"
    script.write_text(f"#!/bin/sh\necho >> {tried}\n[ $(wc -l < {tried}) = 1 ] && exit 128\n{upload}\n")
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    assert resolve(Repository("x", git="ssh://git@host/x.git")).commit
    assert len(tried.read_text().splitlines()) == 3  # a try that failed, what it has, and the fetch


@pytest.fixture
def history(cache: Path, tmp_path: Path) -> Path:
    repository(tmp_path / "work", {"inner/a": "1"})
    git(tmp_path / "work", "tag", "v1")
    committed(tmp_path / "work", {"README": "new"})
    return tmp_path / "work"


def test_what_changed_since_a_revision_is_judged_by_the_folder_of_the_workspace(history: Path) -> None:
    def changed(since: str, **more: str) -> bool | None:
        return changed_since(resolve(Repository("x", **more)), since)  # type: ignore[arg-type]

    for where in ({"git": str(history)}, {"path": str(history)}, {"path": str(history), "rev": "main"}):
        assert changed("v1", **where) is True
        assert changed("main", **where) is False
        assert changed("HEAD", **where) is False
        assert changed("HEAD~1", **where) is True
        assert changed("nope", **where) is None
        assert changed("v1", root="inner", **where) is False
    (history / "inner/a").write_text("2")
    assert changed("main", path=str(history), root="inner") is True
    (history / "inner/a").write_text("1")
    (history / "inner/b").write_text("1")
    assert changed("main", path=str(history), root="inner") is True


def test_folders_of_one_repository_can_be_fetched_at_once(cache: Path, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    commit = bare(tmp_path / "x.git", {"a/one": "1"})
    many = [Repository(f"r{number}", git=str(tmp_path / "x.git"), root="a") for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(resolve, many))
    assert {source.commit for source in found} == {commit}


@pytest.mark.parametrize("name", ["config", "HEAD", "packed-refs"])
def test_a_pipe_among_the_files_that_git_always_opens_is_refused_at_once(
    name: str, cache: Path, tmp_path: Path
) -> None:
    repository(tmp_path / "a")
    (tmp_path / "a/.git" / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / "a/.git" / name)
    for asked in (
        Repository("a", path=str(tmp_path / "a"), rev="HEAD"),
        Repository("a", git=str(tmp_path / "a")),
    ):
        with pytest.raises(SourceFailure, match=f"{name} is no regular file"):
            resolve(asked, cache)


def test_files_of_people_in_a_work_tree_beside_others_are_not_taken_for_those_of_git(
    cache: Path, tmp_path: Path
) -> None:
    repository(tmp_path / "main")
    (tmp_path / "main/config").mkdir()
    (tmp_path / "main/config/settings.yaml").write_text("a: 1\n")
    git(tmp_path / "main", "add", "--all")
    git(tmp_path / "main", "commit", "-qm", "settings")
    git(tmp_path / "main", "worktree", "add", "-q", "../beside")
    folder = tmp_path / "beside"
    for asked in (Repository("a", path=str(folder), rev="HEAD"), Repository("a", git=str(folder))):
        assert resolve(asked, cache).commit
    (tmp_path / "main/.git/packed-refs").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "main/.git/packed-refs")
    with pytest.raises(SourceFailure, match="packed-refs is no regular file"):
        resolve(Repository("a", path=str(folder), rev="HEAD"), cache)
