"""Abilities that call an address: ``kind: api``. With the extra ``api``, which brings httpx.

The input goes where the entry says: into ``{places}`` of the endpoint, into ``query``, and the rest into the body as
JSON (or into the query, for methods without a body). A header whose value is secret names the variable of the
environment that holds it; no message shows a header. Redirects are not followed.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from registry_reconciler.base.addresses import not_an_address
from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.execution.extras import missing_extra
from registry_reconciler.runtime.execution.handlers import HandlerError, HandlerTimeout, RunLimits
from registry_reconciler.runtime.execution.limited import elsewhere
from registry_reconciler.runtime.execution.plainjson import Unsound, read_json

if TYPE_CHECKING:
    import httpx

_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_ATTEMPTS = 3
_PAUSE = 0.5
_LONGEST_SHOWN = 300
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_TEXT = re.compile(r"[!-~]?|[!-~][\t -~]*[!-~]")
_PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    url: str
    headers: dict[str, str]
    query: dict[str, Any]
    body: Any
    attempts: int
    pause: float


class _TryAgain(Exception):
    """It failed in a way that may pass; ``after``: when the server says that it may."""

    def __init__(self, error: HandlerError, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


def request_of(how: Mapping[str, Any], payload: Any) -> Request:
    """What an implementation and its input come to.

    Raises:
        HandlerError: a part is missing or of another shape.
    """
    method = str(how.get("method") or "POST").upper()
    fields = dict(payload) if isinstance(payload, Mapping) else None
    url = _endpoint(how.get("endpoint"), fields)
    query = _query(how.get("query"), fields)
    body = None if method in _WITHOUT_BODY else payload if fields is None else fields
    if method in _WITHOUT_BODY and fields:
        query = {**fields, **query}
    attempts, pause = _retry(how.get("retry"), _ATTEMPTS if method in _SAFE_TO_REPEAT else 1)
    headers = {"User-Agent": "registry-reconciler", "Accept": "application/json, */*;q=0.5"}
    return Request(method, url, {**headers, **headers_of(how.get("headers"))}, query, body, attempts, pause)


def _retry(stated: Any, attempts: int) -> tuple[int, float]:
    """How often at most, and the seconds before the second time."""
    of = stated if isinstance(stated, Mapping) else {} if stated is None else {"attempts": stated}
    number, seconds = of.get("attempts", attempts), of.get("seconds", _PAUSE)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise HandlerError(f"retry is a number of attempts from 1, or attempts and seconds: {stated!r}")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        raise HandlerError(f"retry.seconds is a number from 0: {seconds!r}")
    return number, float(seconds)


def cannot_call(how: Mapping[str, Any], payload: Any) -> str:
    """Why an address cannot be called with an input, as far as that can be said without calling it; "" when it can.

    Args:
        payload: ``...`` where it is not known yet.
    """
    missing = missing_extra("api")
    if missing:
        return missing
    import httpx

    if payload is ...:  # any text does in its places
        payload = dict.fromkeys(_PLACE.findall(str(how.get("endpoint"))), "0")
    try:
        request = request_of(how, payload)
        with httpx.Client() as client:
            client.build_request(
                request.method, request.url, params=_parameters(request), headers=request.headers
            )
    except HandlerError as error:
        return str(error)
    except Exception as error:
        return f"{_shown_address(str(how.get('endpoint')))} cannot be called: {type(error).__name__}"
    return ""


def headers_of(stated: Any) -> dict[str, str]:
    """Headers as texts, or each from the environment: ``{env: NAME}``, with a text in front by ``prefix``.

    Raises:
        HandlerError: a variable is not set.
    """
    found: dict[str, str] = {}
    if not isinstance(stated, Mapping | None):
        raise HandlerError("headers are a mapping of names and texts")
    for name, value in (stated or {}).items():
        if not _TOKEN.fullmatch(str(name)):
            raise HandlerError(f"{visible(str(name))!r} cannot be the name of a header")
        if isinstance(value, Mapping):
            variable = str(value.get("env", ""))
            if variable not in os.environ:
                raise HandlerError(f"the header {name} comes from the variable {variable}, which is not set")
            text = f"{value.get('prefix', '')}{os.environ[variable]}"
        else:
            text = str(value)
        if not _HEADER_TEXT.fullmatch(text):
            # The value may be secret: it is not shown.
            raise HandlerError(f"the header {name} has a character that no header can have")
        found[str(name)] = text
    return found


def _endpoint(endpoint: Any, fields: dict[str, Any] | None) -> str:
    check_address(endpoint)

    def filled(place: re.Match[str]) -> str:
        name = place.group(1)
        value = (fields or {}).pop(name, None)
        if not isinstance(value, (str, int, float)) or isinstance(value, bool) or value == "":
            raise HandlerError(f"the endpoint needs {name!r} of the input, as a text or a number")
        text = quote(str(value), safe="")
        if text in (".", ".."):
            raise HandlerError(f"{name!r} cannot be {text!r}: it would lead to another address")
        return text

    head, rest = endpoint.split("://", 1)
    host, slash, path = rest.partition("/")
    return f"{head}://{host}{slash}{_PLACE.sub(filled, path)}"


def check_address(address: Any) -> None:
    """Raise HandlerError unless something could answer there."""
    fault = not_an_address(address)
    if fault:
        raise HandlerError(f"{visible(str(address))!r} {fault}")


def _query(stated: Any, fields: dict[str, Any] | None) -> dict[str, Any]:
    """``[field, …]`` of the input, or ``{parameter: text}`` and ``{parameter: {input: field}}``."""
    if not isinstance(stated, (list, Mapping)) and stated is not None:
        raise HandlerError("query is a list of fields of the input, or a mapping of parameters")
    wanted = {name: {"input": name} for name in stated} if isinstance(stated, list) else dict(stated or {})
    found: dict[str, Any] = {}
    for parameter, value in wanted.items():
        if isinstance(value, Mapping):
            value = (fields or {}).pop(str(value.get("input", "")), None)
        if value is not None:
            found[str(parameter)] = value
    return found


def call_api(how: Mapping[str, Any], payload: Any, limits: RunLimits) -> Any:
    """Call the address; what it answers: JSON, else text.

    Raises:
        HandlerTimeout: it took longer than the limit, all attempts together.
        HandlerError: it cannot be reached, or answers that it failed.
    """
    missing = missing_extra("api")
    if missing:
        raise HandlerError(missing)
    request = request_of(how, payload)
    place = _shown_address(request.url)
    try:
        # A server that sends a header now and then never lets a read take too long: all of it has one limit.
        return elsewhere(lambda: _attempts(request, limits), limits.seconds, place)
    except HandlerTimeout as late:
        raise _late(place, limits) from late


def _late(place: str, limits: RunLimits) -> HandlerTimeout:
    return HandlerTimeout(f"{place} did not answer within {limits.seconds:g} s")


def _attempts(request: Request, limits: RunLimits) -> Any:
    end = time.monotonic() + limits.seconds
    pause = request.pause
    for attempt in range(1, request.attempts + 1):
        try:
            return _once(request, end, limits)
        except _TryAgain as again:
            wait = min(max(pause, again.after or 0.0), 60.0)
            if attempt == request.attempts or time.monotonic() + wait >= end:
                raise again.error from again.__cause__
            time.sleep(wait)
            pause *= 2
    raise AssertionError("unreachable: the last attempt returns or raises")


def _once(request: Request, end: float, limits: RunLimits) -> Any:
    import httpx

    place = _shown_address(request.url)
    late = _late(place, limits)
    left = end - time.monotonic()
    if left <= 0:
        raise late
    body = {} if request.body is None else {"json": request.body}
    try:
        with (
            httpx.Client(timeout=left, follow_redirects=False) as client,
            client.stream(
                request.method, request.url, params=_parameters(request), headers=request.headers, **body
            ) as response,
        ):
            data = _read(response, end, late, limits, place)
    except httpx.TimeoutException as error:
        raise late from error
    except httpx.TransportError as error:
        fault = HandlerError(f"{place} cannot be reached: {visible(str(error)) or type(error).__name__}")
        raise _TryAgain(fault) from error
    except (httpx.InvalidURL, httpx.HTTPError, ValueError) as error:
        raise HandlerError(f"{place} cannot be called: {type(error).__name__}") from error
    return _answer(response, data, place)


def _parameters(request: Request) -> dict[str, Any] | None:
    return {name: _as_parameter(value) for name, value in request.query.items()} or None


def _as_parameter(value: Any) -> Any:
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, ensure_ascii=False)
    return value


def _shown_address(url: str) -> str:
    """Without what may be secret in it."""
    parts = urlsplit(url)
    return visible(
        f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    )


def _read(response: httpx.Response, end: float, late: HandlerTimeout, limits: RunLimits, place: str) -> bytes:
    data = bytearray()
    for chunk in response.iter_bytes():  # as they come: the time is looked at between them
        data += chunk
        if len(data) > limits.output:
            raise HandlerError(f"{place} was stopped: it answered more than {limits.output} bytes")
        if time.monotonic() > end:
            raise late
    return bytes(data)


def _answer(response: httpx.Response, data: bytes, place: str) -> Any:
    code = response.status_code
    if 200 <= code < 300:
        return _value(response, data, place)
    text = visible(data[: 4 * _LONGEST_SHOWN].decode("utf-8", "replace").strip()[:_LONGEST_SHOWN])
    fault = HandlerError(f"{place} answered {code} {response.reason_phrase}: {text}".rstrip(": "))
    if code in _TRY_AGAIN:
        raise _TryAgain(fault, _retry_after(response.headers.get("retry-after", "")))
    raise fault


def _value(response: httpx.Response, data: bytes, place: str) -> Any:
    if not data:
        return None
    try:
        text = data.decode(response.encoding or "utf-8")
    except (UnicodeDecodeError, LookupError) as error:
        raise HandlerError(f"what {place} answered is no text: {error}") from error
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return text
    try:
        return read_json(text)
    except Unsound as fault:
        raise HandlerError(f"what {place} answered is no JSON that others can read: {fault}") from fault
    except ValueError as error:
        raise HandlerError(f"what {place} answered is no JSON, though it says so: {error}") from error


def _retry_after(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
