"""What every text is held to, whatever it is."""

from __future__ import annotations

import random
from pathlib import Path

from registry_reconciler.formats.edits import SpliceError
from registry_reconciler.formats.faults import ReadingLimits
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.yaml.edit.splice import splice
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.locate import locate
from registry_reconciler.formats.yaml.read.reader import ChunkReader
from registry_reconciler.model.entry import Json, same
from tests.property.yaml_texts import paths_of, random_edits

CORPUS = Path(__file__).with_name("corpus")
LIMITS = ReadingLimits(
    max_depth=40, max_documents=5, max_int_digits=50, max_scalar=2_000, max_alias_nodes=2_000
)


def try_text(data: bytes, seed: int = 0) -> str:
    """Read a text, look up a place, edit it: "" when all of it keeps its word, else what did not."""
    file = read_yaml(data, LIMITS)
    chunked = ChunkReader(LIMITS).read(data)
    if (chunked.documents, chunked.faults) != (file.documents, file.faults):
        return "the reader by items says otherwise"
    lines = data.count(b"\n") + data.count(b"\r") + 2
    for fault in file.faults:
        if not (1 <= fault.line <= lines and fault.column >= 1 and fault.message):
            return f"{fault} stands nowhere"
    if not file.readable:
        return "" if not file.documents else "documents in spite of a fault"
    if not all(map(is_json, file.documents)):
        return "values that are not of JSON"
    if not read_yaml(data).readable:
        return ""
    return _edited(data, file.documents, random.Random(seed))


def _edited(data: bytes, documents: tuple[Json, ...], choice: random.Random) -> str:
    if not documents:
        return ""
    number = choice.randrange(len(documents))
    path = choice.choice(list(paths_of(documents[number])))
    line, column = locate(data, [(number, path, False)])[0]
    if line < 1 or column < 1:
        return f"{path} stands nowhere"
    edits = random_edits(choice, documents)
    try:
        result = splice(data, edits)
    except SpliceError:
        return ""
    after = read_yaml(result)
    if not after.readable:
        return f"unreadable after {edits}: {after.faults[0].message}"
    wanted = projected(documents, edits)
    if len(after.documents) != len(wanted) or not all(map(same, after.documents, wanted)):
        return f"something else after {edits}"
    return ""


def is_json(value: Json) -> bool:
    """Whether a value is one of JSON, with text that can be encoded."""
    if isinstance(value, dict):
        return all(isinstance(name, str) and is_json(part) for name, part in value.items())
    if isinstance(value, list):
        return all(map(is_json, value))
    if isinstance(value, str):
        value.encode()
        return True
    if isinstance(value, float):
        return value - value == 0
    return value is None or isinstance(value, bool | int)


def corpus() -> list[Path]:
    """The texts that were kept, by name."""
    return sorted(CORPUS.iterdir())
