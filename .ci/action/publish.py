"""Commits what an apply wrote and pushes it; where that is refused, a pull request is opened with it.

A branch that changed in the meantime is no such refusal: what was applied was planned on something else, so the job
fails, and the next one applies anew. What people may name comes from the environment and goes into lists of arguments.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

TIMEOUT = 30
# Nothing that stands in a checkout or its settings is run: no hooks, no watcher, no transport that is a program.
CLOSED = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "protocol.ext.allow=never",
)
LISTED = ("--pathspec-from-file=-", "--pathspec-file-nul")
STATE, HISTORY = ".system/registry/state/", ".system/registry/history/"
OLD_HISTORY = ".system/registry/history.jsonl"
RECORD = re.compile(r"(|.*/)\.system/registry/history/[^/]*\.json")
AUTHOR = ("registry", "registry@users.noreply.github.com")


class Failed(Exception):
    """What the job ends with."""


def main() -> int:
    """Commit, push; say what came of it."""
    try:
        result, address = publish()
    except Failed as error:
        print(f"::error title=registry::{error}")
        return 1
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.write(f"result={result}\npull-request={address}\n")
    return 0


def publish() -> tuple[str, str]:
    """What came of it, and the address of the pull request. Raises :class:`Failed`."""
    branch = os.environ["INPUT_BRANCH"] or os.environ.get("GITHUB_REF_NAME", "")
    through, title = os.environ["INPUT_THROUGH"], os.environ["INPUT_TITLE"].split("\n")[0]
    for name in (branch, through):
        known = subprocess.run(
            ["git", *CLOSED, "check-ref-format", "--branch", name], check=False, capture_output=True
        )
        if known.returncode:
            raise Failed(f"{name!r} is no name of a branch")
    if os.environ.get("GITHUB_REF", "").startswith("refs/pull/") and not os.environ["INPUT_BRANCH"]:
        raise Failed(
            "a pull request has no branch that takes what was applied: name one as the input 'branch'"
        )
    paths = chosen()
    if not paths:
        print("Nothing was applied. What other steps wrote is committed where the input 'paths' names it.")
        return "nothing", ""
    git("add", "-A", *LISTED, given=paths)
    if not git("diff", "--cached", "--name-only", "-z"):
        print("Nothing was applied.")
        return "nothing", ""
    who = ("-c", f"user.name={AUTHOR[0]}", "-c", f"user.email={AUTHOR[1]}")
    git(*who, "commit", "--quiet", f"--message={title}", *LISTED, given=paths)
    refused = push(f"HEAD:refs/heads/{branch}")
    if not refused:
        print(f"Pushed to {branch}.")
        return "pushed", ""
    if branch == through or "[remote rejected]" not in refused or "cannot lock ref" in refused:
        raise Failed(
            f"the push to {branch} failed, and what was applied may be planned on something else: {refused}"
        )
    print(f"{branch} takes no push ({refused}).")
    again = push(f"+HEAD:refs/heads/{through}")
    if again:
        raise Failed(f"neither {branch} nor {through} takes a push: {again}")
    address = pull_request(branch, through, title)
    print(f"What was applied waits in {address}")
    return "pull-request", address


def chosen() -> list[str]:
    """What is to be committed: what the input names, else what the applies of this job wrote, as their records say."""
    if os.environ.get("INPUT_PATHS"):
        return [path for path in os.environ["INPUT_PATHS"].split("\n") if path]
    top = git("rev-parse", "--show-toplevel").rstrip("\n")
    os.chdir(top)
    status = git("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames").split("\0")
    changed = {line[3:] for line in status if line}
    found: set[str] = set()
    for path in changed:
        record = RECORD.fullmatch(path)
        if record is None:
            continue
        root = record[1]
        # The state and the history have no other writer; of the history the oldest records go.
        found.update(path for path in changed if path.startswith((f"{root}{STATE}", f"{root}{HISTORY}")))
        found.add(f"{root}{OLD_HISTORY}")
        found.update(root + name for name in written(path))
    return sorted(found & changed)


def written(path: str) -> list[str]:
    """The files that one apply wrote, from the workspace's folder."""
    try:
        with open(path, encoding="utf-8") as file:
            files = json.load(file).get("files", [])
    except (OSError, ValueError, AttributeError):
        return []
    return [name for name in files if isinstance(name, str)] if isinstance(files, list) else []


def git(*words: str, given: list[str] | None = None) -> str:
    """What a command says; paths are given to it one by one. Raises :class:`Failed`."""
    done = subprocess.run(
        ["git", *CLOSED, *words],
        capture_output=True,
        text=True,
        check=False,
        input=None if given is None else "\0".join(given),
    )
    if done.returncode:
        raise Failed(f"git {' '.join(words)}: {one_line(done.stderr)}")
    return done.stdout


def push(what: str) -> str:
    """Why a push was refused; "" where it was not."""
    done = subprocess.run(
        ["git", *CLOSED, "push", "--porcelain", "origin", what], capture_output=True, text=True, check=False
    )
    if not done.returncode:
        return ""
    rejected = next((line.split("\t")[-1] for line in done.stdout.splitlines() if line.startswith("!")), "")
    return rejected or one_line(done.stderr)


def one_line(text: str) -> str:
    """The last line that says something, short enough for an annotation."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(one for one in (lines[-1] if lines else "no reason was given") if one.isprintable())[:300]


def pull_request(branch: str, through: str, title: str) -> str:
    """The address of the pull request, which may be there already. Raises :class:`Failed`."""
    owner = os.environ["GITHUB_REPOSITORY"].split("/")[0]
    text = (
        f"What `registry apply` wrote for the fragments of `{branch}`, which takes no push. "
        "It is brought up to date by each run, until it is merged."
    )
    try:
        return str(
            call("POST", "pulls", {"title": title, "head": through, "base": branch, "body": text})["html_url"]
        )
    except urllib.error.HTTPError as error:
        if error.code != 422:  # 422: there is one already
            raise Failed(
                f"{through} was pushed, and no pull request can be opened with this token ({error.code}): give it "
                "pull-requests:write, and allow workflows to create pull requests in the settings of the repository"
            ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failed(
            f"{through} was pushed; the service cannot be reached ({type(error).__name__})"
        ) from error
    try:
        found = call("GET", f"pulls?state=open&head={quote(f'{owner}:{through}')}&base={quote(branch)}")
        return str(found[0]["html_url"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise Failed(f"{through} was pushed, and its pull request is not found") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to the host that the runner named, and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def call(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """One request about the repository."""
    asked = urllib.request.Request(
        f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['INPUT_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "User-Agent": "registry-action",
        },
        method=method,
    )
    with urllib.request.build_opener(_NoRedirect).open(asked, timeout=TIMEOUT) as answer:
        return json.loads(answer.read())


if __name__ == "__main__":
    sys.exit(main())
