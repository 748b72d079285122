"""PyYAML's CSafeLoader of both sides: ``safe.py DIR`` (a workspace)."""

import gc
import glob
import sys

from yaml import CSafeLoader, load

if __name__ == "__main__":
    gc.disable()
    kept = []
    for pattern in ("registry*.yaml", "registry/*", "desired/*"):
        for path in sorted(glob.glob(f"{sys.argv[1]}/{pattern}")):
            with open(path, "rb") as stream:
                kept.append(load(stream.read(), CSafeLoader))
