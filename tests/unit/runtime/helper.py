"""What the tests of the run time share: small items, and a workspace that grows by calls."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_reconciler.runtime import RegistryBuilder, RegistryIndex, RegistryMeta

SCHEMAS = Path(__file__).parents[3] / "src" / "registry_reconciler" / "schema" / "data" / "schemas"

CONFIG = {
    "vocabularies": {
        "capabilities": {"fs.read": {}, "fs.write": {"mutates": True}, "net.read": {}},
        "environments": ["dev", "prod"],
    }
}


@dataclass(frozen=True, eq=False)
class Thing:
    """An item that is equal only to itself."""

    meta: RegistryMeta


def thing(id: str, name: str = "", *aliases: str, **more: Any) -> Thing:
    return Thing(RegistryMeta(id, name, aliases, **more))


def index(*things: Thing, policy: Any = "by_priority", label: str = "things") -> RegistryIndex[Thing]:
    return RegistryBuilder[Thing](label, policy).push_many(things).build()


class Site:
    """A workspace on disk. JSON is YAML too, so entries are written as JSON."""

    def __init__(self, root: Path, config: Any = CONFIG) -> None:
        self.root = root
        for schema in SCHEMAS.glob("*.yaml"):
            self.write(f".system/registry/schemas/{schema.name}", schema.read_bytes())
        self.write(".system/registry/config.yaml", config)

    def write(self, path: str, content: Any) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        # YAML has no surrogate pairs, and takes raw line separators for line ends.
        text = "" if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False)
        place.write_bytes(
            content if isinstance(content, bytes) else text.replace("\u2028", "\\u2028").encode()
        )
        return place

    def abilities(self, *abilities: dict[str, Any], group: str = "g") -> None:
        whole = [{"group": group, "summary": "It does.", "required_caps": [], **one} for one in abilities]
        self.write(f".system/registry/low-level/{group}.yaml", {"abilities": whole})

    def flows(self, *abilities: dict[str, Any]) -> None:
        whole = [
            {"group": "f", "summary": "It does.", "type": "workflow", "required_caps": [], **one}
            for one in abilities
        ]
        self.write(".system/registry/high-level/f.yaml", {"abilities": whole})

    def hook(self, id: str, event: str, **fields: Any) -> None:
        self.write(f".system/hooks/{id}.yaml", {"id": id, "event_type": event, "required_caps": [], **fields})

    def script(self, name: str, source: str) -> dict[str, Any]:
        """An executable Python script of the workspace, as an implementation or a handler that runs it."""
        place = self.write(f"scripts/{name}.py", f"#!{sys.executable} -IS\n{source}".encode())
        place.chmod(0o755)
        return {"kind": "script", "command": [f"scripts/{name}.py"]}


ECHO = "import json, sys\nprint(json.dumps({'got': json.load(sys.stdin)}))\n"


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    if Path("/proc/self/stat").exists():
        stat = Path(f"/proc/{pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()[:1] not in ("", "Z")
