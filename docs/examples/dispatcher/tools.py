"""What the agent can do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from registry_reconciler.runtime import Context, item

NOTES: dict[str, str] = {"plan": "first this, then that"}


@item("tools", id="notes.read", flags=("model",))
def read(name: str) -> str:
    """Reads a note by its name."""
    return NOTES[name]


@item("tools", id="notes.write", required_caps=("notes.write",), flags=("model",))
async def write(name: str, text: str, context: Context) -> dict[str, int]:
    """Writes a note; what was there is gone."""
    context.caps.use("notes.write")
    await asyncio.sleep(0)
    NOTES[name] = text
    return {"length": len(text)}


@item("tools", id="notes.words", flags=("model",))
async def words(name: str, most: int = 100) -> AsyncIterator[str]:
    """Gives the words of a note, one after the other."""
    for word in NOTES[name].split()[:most]:
        await asyncio.sleep(0)
        yield word


@item("tools", id="notes.clear")
def clear() -> None:
    """For the program alone: the model does not see it."""
    NOTES.clear()
