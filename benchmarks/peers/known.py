"""How long a known answer takes in process: ``known.py DIR`` tells seconds on standard error (DIR: a workspace)."""

import os
import statistics
import sys
import time
from pathlib import Path

from registry_reconciler.cache.reports import key_of, recall
from registry_reconciler.cli.main import main
from registry_reconciler.workspace import find_root

if __name__ == "__main__":
    os.chdir(sys.argv[1])
    main(["plan"])
    times = []
    for _ in range(7):
        start = time.process_time()
        key = key_of(["plan"])
        answer = recall(key, find_root(Path.cwd())) if key else None
        times.append(time.process_time() - start)
        if answer is None:
            sys.exit("the answer is not known")
    sys.stderr.write(f"{statistics.median(times)}\n")
