"""Several records about one entry in one state file are said, counted, and become one with the next apply."""

from __future__ import annotations

import pytest

from tests.support import Files, plan_of, written_files

STATE = ".system/registry/state/"
SCHEMA = b"type: object\nx-registry: {kind: thing, layout: list, file: t.yaml, key: id}\n"


def repeated(times: int, *, other: bytes = b"") -> Files:
    """Two applied entries whose records stand several times in the state; all but the first with other digests."""
    files: Files = {
        ".system/registry/schemas/thing.schema.yaml": SCHEMA,
        "desired/all.yaml": b"thing:\n- {id: a, v: 1}\n- {id: b, v: 1}\n",
    }
    files |= written_files(plan_of(files))
    path = next(path for path in files if path.endswith(".state"))
    data = files[path] or b""
    head, *records = data.split(b"\n@ ")
    again = [record.replace(b"v=", other + b"v=") for record in records]
    files[path] = (
        b"\n@ ".join([head, *(record.rstrip(b"\n") for record in [*records, *again * (times - 1)])]) + b"\n"
    )
    return files


@pytest.mark.parametrize("other", [b"", b"w=AAAAAAAA\n"])
def test_records_that_stand_twice_are_one_thing_to_mend(other: bytes) -> None:
    files = repeated(3, other=other)
    found = plan_of(files)
    assert found.changes == ()
    assert found.problems == ()
    assert [heal.why for heal in found.heals if not heal.address] == [
        "2 of its entries stood in its state several times; once is kept"
    ]
    after = {**files, **written_files(found)}
    state = b"".join(data or b"" for path, data in after.items() if path.endswith(".state"))
    assert state.count(b'@ "thing/a"') == state.count(b'@ "thing/b"') == 1
    assert plan_of(after).heals == ()
    assert plan_of(after).files == ()


def test_one_that_stands_once_is_not_counted() -> None:
    files = repeated(1)
    assert plan_of(files).heals == ()
