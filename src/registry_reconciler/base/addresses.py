"""Addresses on the web, as far as their text alone says whether anything could answer there."""

from __future__ import annotations


def not_an_address(address: object) -> str:
    """What is wrong with an address, as the end of a sentence that begins with it; "" where nothing is."""
    from urllib.parse import urlsplit  # starting does not need it

    if not isinstance(address, str) or not address.lower().startswith(("http://", "https://")):
        return "is no address that begins with http:// or https://"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        return f"is no address: {error}"
    if not parts.hostname:
        return "is no address: it has no host"
    if "{" in parts.netloc:
        return "has a place in its host, which is no part of the input"
    if any(sign.isspace() or not sign.isprintable() for sign in parts.netloc):
        return "is no address: a blank stands in its host"
    return "is no address: its port is 0" if port == 0 else ""
