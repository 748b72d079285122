"""The seam sees every file-changing call: the kernel's count is the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash import scenario

CALLS = (
    "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,truncate,ftruncate,fallocate,fsync,fdatasync,"
    "sync,syncfs,sync_file_range,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,"
    "symlinkat,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,utimensat,sendfile,copy_file_range,setxattr,"
    "fsetxattr,mknod,mknodat"
)


def test_strace_counts_as_many_file_changing_calls_as_the_seam(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    root, log = tmp_path / "root", tmp_path / "log"
    scenario.build(root)
    command = ["strace", "-qq", "-y", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(log)]
    command += [sys.executable, "-m", "tests.crash.driver", "count", str(root)]
    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    here = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=120)
    if "ptrace" in done.stderr:
        pytest.skip("strace is not permitted here")
    assert done.returncode == 0, done.stderr
    seen = [
        line for line in log.read_text(errors="replace").splitlines() if str(root) in line and changes(line)
    ]
    assert len(seen) == int(done.stdout), "\n".join(seen)


def changes(line: str) -> bool:
    if re.match(r"open(at2?)?\(", line):
        return re.search(r"O_(CREAT|TRUNC|WRONLY|RDWR)", line) is not None
    return True
