"""The same number of entries as peers take them, and the commands that plan or check them."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.data import SCHEMA, entry


def record(number: int, ttl: int, *, small: bool) -> str:
    """A record: the smallest there is, or one with comments, nested fields and as many bytes as our entries have."""
    if small:
        return f"r{number:07}:\n  ttl: {ttl}\n  type: A\n  values:\n  - 192.0.2.{number % 250 + 1}\n"
    addresses = "".join(f"  - 198.51.100.{(number + step) % 250 + 1}\n" for step in range(8))
    return (
        f"# Asked for by team {number % 97}; see the handbook.\nr{number:07}:\n"
        f"  octodns:\n    healthcheck: {{host: r{number:07}.example.com, path: /status, port: 443, protocol: HTTPS}}\n"
        f"  ttl: {ttl}\n  type: A\n  values:\n{addresses}"
    )


def octodns(home: Path, total: int, *, small: bool) -> tuple[list[str], Path]:
    """A zone of as many records, one per cent changed between source and target."""
    root = home / f"octodns-{total}-{small}"
    for side, every in (("source", 100), ("target", 0)):
        (root / side).mkdir(parents=True, exist_ok=True)
        rows = "".join(
            record(number, 600 if every and number % every == 0 else 300, small=small)
            for number in range(total)
        )
        (root / side / "example.com.yaml").write_text(f"---\n{rows}", "utf-8")
    (root / "config.yaml").write_text(
        "providers:\n"
        "  source: {class: octodns.provider.yaml.YamlProvider, directory: ./source}\n"
        "  target: {class: octodns.provider.yaml.YamlProvider, directory: ./target}\n"
        "zones:\n  example.com.: {sources: [source], targets: [target]}\n",
        "utf-8",
    )
    code = "import sys; from octodns.cmds.sync import main; sys.exit(main())"
    return [sys.executable, "-c", code, "--config-file=config.yaml", "--quiet"], root


def one_file(home: Path, total: int) -> tuple[list[str], Path]:
    """check-jsonschema on one file of as many entries."""
    root = home / f"one-{total}"
    root.mkdir(exist_ok=True)
    (root / "data.yaml").write_text("services:\n" + "".join(entry(n, total) for n in range(total)), "utf-8")
    schema = SCHEMA.replace("$schema: https://json-schema.org/draft/2020-12/schema\n", "")
    rows = "".join(f"      {line}\n" for line in schema.splitlines())
    (root / "schema.yaml").write_text(
        f"type: object\nproperties:\n  services:\n    type: array\n    items:\n{rows}", "utf-8"
    )
    return [sys.executable, "-m", "check_jsonschema", "--schemafile", "schema.yaml", "data.yaml"], root
