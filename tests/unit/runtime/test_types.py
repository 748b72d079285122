"""What ``mypy --strict`` infers of a program that uses handles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from collections.abc import Iterator

from registry_reconciler.runtime import Domain, Invoker, RegistryDbBuilder, RegistryMeta, item, open_runtime


class Tool:
    def __init__(self, meta: RegistryMeta) -> None:
        self.meta = meta


builder = RegistryDbBuilder()
tool = builder.register("tools", Tool(RegistryMeta("t", "t")))
reveal_type(tool)
db = builder.build()
reveal_type(db.resolve(tool))
reveal_type(db.runtime().resolve(tool))
reveal_type(db.runtime().snapshot().resolve(tool))


@item("actions")
def double(number: int) -> str:
    return str(number)


reveal_type(db.resolve(double)(1))
reveal_type(open_runtime().resolve(tool))

tools = Domain[Tool]("tools")
reveal_type(db[tools].require("t"))
reveal_type(db.runtime()[tools].require("t"))
reveal_type(db.runtime()[tools].get("t"))
reveal_type(db.runtime().snapshot()[tools].require("t"))
reveal_type(db.runtime()[tools].snapshot().get("t"))
reveal_type(open_runtime()[tools].require("t"))
reveal_type([one for one in db[tools]])
reveal_type(db.runtime().add_domain(Domain[Tool]("more")).register(Tool(RegistryMeta("u", "u"))))
reveal_type(db["tools"].require("t"))


@item("actions")
async def later(number: int) -> str:
    return str(number)


@item("actions")
def parts(number: int) -> Iterator[str]:
    yield str(number)


invoker = Invoker(db)
reveal_type(double(1))
reveal_type(invoker.invoke(double, 1, caps=()).value)
reveal_type(invoker.invoke(double, 1, caps=()).unwrap())
reveal_type(invoker.invoke(later, 1, caps=()).value)
reveal_type(invoker.invoke(parts, 1, caps=()).value)
reveal_type(invoker.invoke("double", 1, caps=()).value)


async def both() -> None:
    reveal_type((await invoker.ainvoke(double, 1, caps=())).value)
    reveal_type((await invoker.ainvoke(later, 1, caps=())).value)


def each() -> None:
    for part in invoker.stream(parts, 1, caps=()):
        reveal_type(part)
"""

EXPECTED = [
    *("Key[program.Tool]", "program.Tool", "program.Tool", "program.Tool", "str", "program.Tool"),
    *("program.Tool", "program.Tool", "program.Tool | None", "program.Tool", "program.Tool | None"),
    *("program.Tool", "list[program.Tool]", "Key[program.Tool]", "Any"),
    *("str", "str", "str", "str", "list[str]", "Any"),
    *("str", "str", "str"),
]

WRONG = """
from registry_reconciler.runtime import Domain, RegistryDb, RegistryMeta


class Tool:
    def __init__(self, meta: RegistryMeta) -> None:
        self.meta = meta
        self.size = 1


def wrong(db: RegistryDb) -> str:
    return db[Domain[Tool]("tools")].require("t").size
"""


@pytest.mark.slow
def test_types_of_a_user_are_inferred_through_handles(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "wrong.py").write_text(WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "program.py", "wrong.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 1, done.stdout + done.stderr
    assert 'got "int", expected "str"' in errors[0]
    shown = [line.split('"')[1] for line in done.stdout.splitlines() if "Revealed type" in line]
    assert [
        one.removeprefix("registry_reconciler.runtime.registry.meta.").replace("builtins.", "")
        for one in shown
    ] == EXPECTED
