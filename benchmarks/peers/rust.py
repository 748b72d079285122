"""yaml-rs merely parsing both sides: ``rust.py DIR`` (a workspace)."""

import gc
import glob
import sys

import yaml_rs  # type: ignore[import-not-found,unused-ignore]

if __name__ == "__main__":
    gc.disable()
    kept = []
    for pattern in ("registries/*", "desired/*"):
        for path in sorted(glob.glob(f"{sys.argv[1]}/{pattern}")):
            with open(path, encoding="utf-8") as stream:
                kept.append(yaml_rs.loads(stream.read()))
