"""The singular of an English plural, as far as endings tell."""

from __future__ import annotations

_NO_PLURAL = ("kubernetes", "status", "series", "news", "analysis", "redis", "corpus")


def singular(word: str) -> str:
    """``categories`` → ``category``, ``skills`` → ``skill``."""
    if word.lower().endswith(_NO_PLURAL):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
