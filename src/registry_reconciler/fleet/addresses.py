"""Where repositories are: which addresses git may be given, and how they are shown without their credentials.

Git reads an address as an instruction: ``ext::`` runs a program, ``-oProxyCommand=`` as a host lets ssh run one. So
only three forms are taken, each is looked at as a whole, and nothing in it begins with a dash.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from registry_reconciler.base.mask import MASK

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?=//|:)")
_SCP = re.compile(r"(?:(?P<user>[^/:@]*)@)?(?P<host>\[[^\]]*\]|[^/:@]+):(?P<path>.*)", re.DOTALL)
_URL = re.compile(
    r"(?P<scheme>https|ssh)://(?:(?P<user>[^/?#]*)@)?(?P<host>\[[0-9A-Fa-f:.%]+\]|[^/:@?#\[\]]+)"
    r"(?::(?P<port>\d+))?(?P<path>/[^?#]*)?(?P<rest>[?#].*)?",
    re.IGNORECASE | re.DOTALL,
)
_SCP_SECRET = re.compile(r"(?<![^\s'\"(])[^\s/'\"(]*[:@][^\s/'\"]*@(?=[^\s/'\"@]*:)")
"""What stands before the host of ``USER:PASSWORD@HOST:PATH``: git and ssh know no such form, people write it."""


def is_local(address: str) -> bool:
    """Whether an address is a path of this machine."""
    if _SCHEME.match(address):
        return False
    # As git has it: a colon before the first slash makes it a host.
    return ":" not in address.split("/", 1)[0]


def fault_of(address: str) -> str:
    """Why git may not be given an address; "" where it may."""
    if address.startswith("-"):
        return "it begins with a dash, which git would take for an option"
    if is_local(address):
        return "it holds a line end or a character that nobody sees" if _hidden(address) else ""
    scheme = _SCHEME.match(address)
    if scheme and address[scheme.end() : scheme.end() + 1] == ":":
        return "git would start a program for it; only https, ssh and local paths are taken"
    if _hidden(address) or " " in address:
        return "it holds a space, or a character that nobody sees"
    if scheme:
        return _fault_of_url(address, scheme.group(1).lower())
    if _SCP_SECRET.match(address):
        return (
            "it holds what looks like a password, which ssh takes from no address: a key or an agent gives it"
        )
    parts = _SCP.fullmatch(address)
    if parts is None or not parts["path"]:
        return "it is neither https://HOST/PATH, ssh://HOST/PATH, USER@HOST:PATH nor a local path"
    return _dashes(parts["user"] or "", parts["host"], parts["path"])


def _fault_of_url(address: str, scheme: str) -> str:
    if scheme == "file":
        return "only https, ssh and local paths are taken: write the path itself"
    if scheme not in ("https", "ssh"):
        return f"only https, ssh and local paths are taken, not {scheme}"
    parts = _URL.fullmatch(address)
    if parts is None or not (parts["path"] or "").strip("/"):
        return f"it does not have the form {scheme}://HOST/PATH"
    if int(parts["port"] or 1) not in range(1, 65_536):
        return f"there is no port {parts['port']}"
    return _dashes(parts["user"] or "", parts["host"], parts["path"].lstrip("/"))


def _dashes(user: str, host: str, path: str) -> str:
    for what, part in (("user", user), ("host", host), ("path", path)):
        if unquote(part).strip("[").startswith("-"):
            return f"its {what} begins with a dash, which would be taken for an option"
    return ""


def _hidden(text: str) -> bool:
    """Whether somebody who looks at it sees something else than git."""
    return any(unicodedata.category(character) in _UNSEEN for character in text.replace(" ", ""))


def shown(address: str) -> str:
    """An address without its credentials: of https nobody's name is told either, for tokens stand there."""
    parts = _URL.fullmatch(address)
    if parts is None:
        return _SCP_SECRET.sub(f"{MASK}@", re.sub(r"(?<=//)[^/]*@", f"{MASK}@", address))
    user = parts["user"]
    if user is not None and (parts["scheme"].lower() == "https" or ":" in user):
        name = user.partition(":")[0]
        user = MASK if parts["scheme"].lower() == "https" else f"{name}:{MASK}"
    port = f":{parts['port']}" if parts["port"] else ""
    rest = f"{parts['rest'][0]}{MASK}" if parts["rest"] else ""
    at = f"{user}@" if user is not None else ""
    return f"{parts['scheme']}://{at}{parts['host']}{port}{parts['path'] or ''}{rest}"


def without_credentials(text: str, address: str = "") -> str:
    """A text of git's without the credentials of an address, and without those of any address in it."""
    parts = _URL.fullmatch(address) if address else None
    if parts is not None:
        text = text.replace(address, shown(address))
        user, rest = parts["user"] or "", parts["rest"] or ""
        name, colon, password = user.partition(":")
        secrets = [password, rest[1:], *re.findall(r"=([^&;]*)", rest)] + (
            [name] if parts["scheme"].lower() == "https" else []
        )
        if colon:
            secrets.append(user)
        for secret in sorted({*secrets, *map(unquote, secrets)}, key=len, reverse=True):
            if len(secret) > 3:
                text = text.replace(secret, MASK)
    text = re.sub(r"(https?://|ssh://[^\s/'\"@:]*:)[^\s/'\"@]*@", rf"\1{MASK}@", text)
    return _SCP_SECRET.sub(f"{MASK}@", text)
