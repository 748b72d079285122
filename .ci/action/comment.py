"""Keeps one comment on the pull request up to date, for the action.

Found again by its first line, a hidden marker, and by its author: anybody can write the marker, and a comment
of somebody else is never touched. A token that may not write comments is nothing special (a pull request from
a fork has one): the job summary says the same. No trouble with a comment fails the job.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = 100
TRIES = 3
TIMEOUT = 30


class Refused(Exception):
    """The token may not do this."""


class Unreachable(Exception):
    """The service does not answer as it should."""


def main() -> int:
    """Write the comment where one is wanted; always 0."""
    number = pull_request()
    path = os.environ["MARKDOWN"]
    if os.environ["INPUT_COMMENT"] != "true" or not number or not path:
        return 0
    try:
        print(keep(number, Path(path).read_text("utf-8"), quiet=os.environ["QUIET"] == "yes"))
    except Refused as error:
        print(f"::notice title=registry::No comment: {error}. The job summary says the same.")
    except Unreachable as error:
        print(f"::warning title=registry::No comment: {error}. The job summary says the same.")
    return 0


def pull_request() -> int:
    """The number of the pull request that the workflow runs for; 0 when there is none."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    event = json.loads(Path(path).read_text("utf-8")) if path and Path(path).is_file() else {}
    issue = event.get("issue") or {}
    found = event.get("pull_request") or (issue if "pull_request" in issue else {})
    return int(found.get("number", 0))


def keep(number: int, text: str, *, quiet: bool) -> str:
    """Replace our comment, or write one unless there is nothing to tell. Says what was done."""
    marker = text.split("\n", 1)[0]
    if not marker.startswith("<!-- registry-plan "):
        raise Unreachable("the report has no marker")
    author = viewer()
    ours = [one for one in comments(number) if is_ours(one, marker, author)]
    # Two jobs at once may have written two; one is kept.
    for extra in ours[1:]:
        call("DELETE", f"issues/comments/{int(extra['id'])}")
    if not ours:
        if quiet:
            return "No comment: nothing changes."
        call("POST", f"issues/{number}/comments", {"body": text})
        return "Commented."
    if ours[0]["body"].replace("\r\n", "\n").rstrip() == text.rstrip():
        return "The comment is up to date."
    call("PATCH", f"issues/comments/{int(ours[0]['id'])}", {"body": text})
    return "Updated the comment."


def is_ours(comment: dict[str, Any], marker: str, author: str) -> bool:
    """Whether this is the comment that this job wrote before."""
    first = (comment.get("body") or "").replace("\r\n", "\n").split("\n", 1)[0]
    return first == marker and (comment.get("user") or {}).get("login") == author


def viewer() -> str:
    """Whose token this is. Only GraphQL tells a workflow's own token."""
    url = os.environ.get("GITHUB_GRAPHQL_URL") or f"{os.environ['GITHUB_API_URL']}/graphql"
    answer = request("POST", url, {"query": "query { viewer { login } }"}, tries=TRIES)
    try:
        return str(answer["data"]["viewer"]["login"])
    except (KeyError, TypeError) as error:
        raise Refused("the token does not say whose it is") from error


def comments(number: int) -> Iterator[dict[str, Any]]:
    """All comments, the oldest first."""
    page = 1
    while True:
        found = call("GET", f"issues/{number}/comments?per_page={PAGE}&page={page}")
        yield from found
        if len(found) < PAGE:
            return
        page += 1


def call(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """One request about the repository."""
    base = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"
    # A request that creates is sent once: who cannot know whether it was done must not do it again.
    return request(method, f"{base}/{path}", body, tries=1 if method == "POST" else TRIES)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to the host that the runner named, and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


OPENER = urllib.request.build_opener(_NoRedirect)


def request(method: str, url: str, body: dict[str, str] | None, *, tries: int) -> Any:
    """The answer as JSON, ``None`` where there is none. Raises :class:`Refused` or :class:`Unreachable`."""
    headers = {
        "Authorization": f"Bearer {os.environ['INPUT_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "Content-Type": "application/json",
        "User-Agent": "registry-action",
    }
    data = None if body is None else json.dumps(body).encode()
    problem = ""
    for attempt in range(1, tries + 1):
        try:
            asked = urllib.request.Request(url, data=data, headers=headers, method=method)
            with OPENER.open(asked, timeout=TIMEOUT) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            if error.code in (401, 403, 404):
                raise Refused(f"the token may not ({error.code})") from error
            problem = f"the service answered {error.code}"
            if error.code < 500:
                raise Unreachable(problem) from error
        except (OSError, ValueError) as error:
            problem = f"the service could not be reached ({type(error).__name__})"
        if attempt < tries:
            time.sleep(float(os.environ.get("REGISTRY_RETRY_SECONDS", "2")) * attempt)
    raise Unreachable(problem)


if __name__ == "__main__":
    sys.exit(main())
