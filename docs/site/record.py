"""A recorded session: ``docs/pictures/session.svg``, made of what the installed command really writes.

``python docs/site/record.py`` writes the picture anew; a test compares it.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[1] / "pictures/session.svg"
WIDTH = 80
FRAGMENT = """\
module_type:
  - id: http_api
    descripton: Answers requests.
  - id: store
    description: Keeps data.
"""
COMMANDS = (
    "registry plan",
    "registry fix --unsafe",
    "registry plan | tail -n 3",
    "registry apply --yes | grep Applied",
    "registry list",
)


def recorded() -> str:
    """The picture: each command as it is typed, and what it writes."""
    from rich.console import Console
    from rich.text import Text

    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "NO_COLOR"},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "FORCE_COLOR": "1",
            "COLUMNS": str(WIDTH),
        }
        run = {"cwd": folder, "env": environment, "capture_output": True, "text": True, "check": False}
        subprocess.run(["registry", "init", "--kinds", "module_type"], **run)  # type: ignore[call-overload]
        (Path(folder) / "desired/types.yaml").write_text(FRAGMENT, "utf-8")
        console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, _environ={})
        for command in COMMANDS:
            done = subprocess.run(["sh", "-c", command], **run)  # type: ignore[call-overload]
            console.print(Text(f"$ {command}", "bold cyan"))
            console.print(Text.from_ansi(done.stdout + done.stderr))
    picture = console.export_svg(title="registry", unique_id="session")
    # The fonts would be fetched from elsewhere.
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(recorded(), "utf-8")
