"""The part of a forge that comments need, on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Service:
    """Comments of one pull request, and pull requests that a bot opens.

    Attributes:
        comments: as the service holds them, the oldest first.
        asked: method and path of every request.
        refuse: the status by method; those requests do nothing.
    """

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.refuse: dict[str, int] = {}
        self.viewer = "actions[bot]"
        self.pulls: list[dict[str, Any]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def add(self, body: str, login: str = "") -> None:
        number = len(self.comments) + 1
        self.comments.append({"id": number, "body": body, "user": {"login": login or self.viewer}})

    def bodies(self, login: str = "") -> list[str]:
        return [one["body"] for one in self.comments if one["user"]["login"] == (login or self.viewer)]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(path)
        steps = parts.path.strip("/").split("/")
        if steps == ["graphql"]:
            return 200, {"data": {"viewer": {"login": self.viewer}}}
        if steps[:4] == ["repos", "shop", "shop", "pulls"]:
            return self._pulls(method, body, parse_qs(parts.query))
        assert steps[:4] == ["repos", "shop", "shop", "issues"], path
        if method == "GET":
            query = parse_qs(parts.query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[(page - 1) * size : page * size]
        if method == "POST":
            assert steps[4:] == ["7", "comments"]
            self.add(body["body"])
            return 201, self.comments[-1]
        found = next(one for one in self.comments if str(one["id"]) == steps[5])
        if method == "DELETE":
            self.comments.remove(found)
            return 204, None
        found["body"] = body["body"]
        return 200, found

    def _pulls(self, method: str, body: Any, query: dict[str, list[str]]) -> tuple[int, Any]:
        """Pull requests: one from each branch."""
        if method == "GET":
            head = query["head"][0].partition(":")[2]
            return 200, [one for one in self.pulls if one["head"] == head and one["base"] == query["base"][0]]
        if any(one["head"] == body["head"] for one in self.pulls):
            return 422, {"message": "Validation Failed"}
        number = len(self.pulls) + 1
        self.pulls.append({**body, "html_url": f"https://git.example/shop/shop/pull/{number}"})
        return 201, self.pulls[-1]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                service.asked.append(f"{self.command} {self.path}")
                service.tokens.add(self.headers.get("Authorization"))
                key = "graphql" if self.path == "/graphql" else self.command
                status, found = service.refuse.get(key, 0), None
                if not status:
                    status, found = service.answer(self.command, self.path, body)
                self.send_response(status)
                if status in (301, 307):
                    self.send_header("Location", f"{service.url}/elsewhere")
                self.end_headers()
                if found is not None:
                    self.wfile.write(json.dumps(found).encode())

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
