"""libyaml's events merely turned into Python objects by the smallest builder: ``events.py DIR`` (a workspace)."""

import gc
import glob
import sys
from typing import Any

from yaml._yaml import CParser
from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)


def build(data: bytes) -> Any:
    """All values as text; no tags, no aliases, no checks."""
    get = CParser(data).get_event
    stack: list[list[Any]] = []
    here: list[Any] = []
    while True:
        event: Any = get()
        kind = type(event)
        if kind is ScalarEvent:
            here.append(event.value)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            stack.append(here)
            here = []
        elif kind is MappingEndEvent:
            value = dict(zip(here[::2], here[1::2], strict=True))
            here = stack.pop()
            here.append(value)
        elif kind is SequenceEndEvent:
            items = here
            here = stack.pop()
            here.append(items)
        elif kind is StreamEndEvent:
            return here


if __name__ == "__main__":
    gc.disable()
    kept = []
    for pattern in ("registries/*", "desired/*"):
        for path in sorted(glob.glob(f"{sys.argv[1]}/{pattern}")):
            with open(path, "rb") as stream:
                kept.append(build(stream.read()))
