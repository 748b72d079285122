"""Pictures of the terminal at 80 and 140 columns, light and dark: ``python -m docs.site.screens FOLDER``.

Each is what the installed command writes to a pseudo terminal of that width. Nothing compares them: what can be
compared is compared as text (``tests/cli/test_terminal.py``); here an eye judges colours and white space.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from docs.site.record import FRAGMENT
from tests.cli.terminal import terminal

WIDTHS = (80, 140)
COMMANDS = (
    ("-h",),
    ("plan",),
    ("explain", "REF001"),
    ("check",),
    ("list",),
    ("list", "module_type", "--columns", "description,outbound"),
    ("graph", "module_type/store"),
    ("apply", "--yes"),
    ("drift",),
    ("show", "module_type/store"),
)
TYPES = FRAGMENT.replace("descripton", "description") + "    inbound: [http_api]\n"


def _workspace(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    run = [str(Path(sys.executable).parent / "registry")]
    subprocess.run(
        [*run, "init", "--kinds", "module_type,route"], cwd=folder, check=True, capture_output=True
    )
    (folder / "desired/types.yaml").write_text(
        TYPES.replace("requests.\n", "requests.\n    outbound: [store]\n")
    )
    subprocess.run([*run, "apply", "--yes"], cwd=folder, check=True, capture_output=True)
    registry = folder / "modules/overview/type_registry.yaml"
    registry.write_text(registry.read_text().replace("Keeps data", "Loses data"))
    (folder / "desired/types.yaml").write_text(
        TYPES.replace(
            "requests.\n",
            "requests, also those that nobody expected, and never twice.\n    outbound: [stor]\n",
        )
    )


def _picture(written: str, width: int, theme_name: str) -> str:
    from rich import terminal_theme
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, _environ={})
    console.print(Text.from_ansi(written))
    picture = console.export_svg(title=f"{width} columns", theme=getattr(terminal_theme, theme_name))
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


def main(target: Path) -> None:
    """Write four pictures into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _workspace(folder)
        for width in WIDTHS:
            written = ""
            for words in COMMANDS:
                shown = terminal(folder, words, columns=width, rows=500).raw.replace("\r\n", "\n")
                lines = (line.rsplit("\r", 1)[-1] for line in shown.split("\n"))
                written += f"\x1b[1;36m$ registry {' '.join(words)}\x1b[0m\n" + "\n".join(lines)
            for name, theme in (("light", "DEFAULT_TERMINAL_THEME"), ("dark", "MONOKAI")):
                (target / f"{name}-{width}.svg").write_text(_picture(written, width, theme), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
