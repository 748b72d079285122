"""Workspaces at run time: a damaged index and any sequence of edits change no answer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.runtime import RegistryError, open_runtime
from registry_reconciler.runtime.serve import prepared
from tests.unit.runtime.helper import Site


@contextmanager
def fresh_site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(place / "cache")}):
            site = Site(place / "site")
            schemas = site.root / ".system/registry/schemas"
            for schema in schemas.iterdir():  # two kinds of one id space are enough, and faster to read
                if not schema.name.startswith("ability"):
                    schema.unlink()
            yield site


def answers(site: Site) -> Any:
    try:
        live = open_runtime(site.root)
    except RegistryError as error:
        return type(error)
    return [(one.address, one.meta, one.value) for one in live["ability"]], live.collisions()


damage = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4)


@settings(max_examples=30)
@given(damage, st.floats(0, 1))
def test_no_damage_to_the_index_changes_an_answer(
    bytes_changed: list[tuple[float, int]], kept: float
) -> None:
    with fresh_site() as site:
        site.abilities(
            {"ability_id": "a", "name": "Same"}, {"ability_id": "b", "name": "Same", "aliases": ["x"]}
        )
        first = answers(site)
        place = prepared.place_of(site.root)
        assert place is not None
        data = bytearray(place.read_bytes())
        for where, byte in bytes_changed:
            data[int(where * (len(data) - 1))] = byte
        place.write_bytes(data[: int(len(data) * kept)] if kept < 0.3 else data)
        assert answers(site) == first


abilities = st.lists(
    st.fixed_dictionaries(
        {"ability_id": st.sampled_from("abcd")},
        optional={
            "name": st.sampled_from(["Same", "Other", "a", "b"]),
            "aliases": st.lists(st.sampled_from(["x", "y", "Same"]), unique=True, max_size=2),
            "priority": st.integers(-1, 1),
        },
    ),
    max_size=3,
)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(["one", "two"]), abilities), min_size=1, max_size=4))
def test_reloading_after_any_edits_serves_what_opening_anew_serves(
    edits: list[tuple[str, list[dict[str, Any]]]],
) -> None:
    with fresh_site() as site:
        live = open_runtime(site.root)
        served: Any = ([], {})
        for group, entries in edits:
            site.abilities(*entries, group=group)
            refused: type[RegistryError] | None = None
            try:
                live.reload()
            except RegistryError as error:
                refused = type(error)
            anew = answers(site)
            if refused is None:
                served = anew
            else:
                assert anew is refused
            now = [(one.address, one.meta, one.value) for one in live["ability"]], live.collisions()
            assert now == served
