"""A day of typing: what the server keeps does not grow with the number of edits."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.formats.composed import forget_all
from registry_reconciler.lsp.buffers import PLANS_A_READER, Buffers, OpenText
from registry_reconciler.lsp.completion import complete
from registry_reconciler.lsp.diagnostics import diagnostics, problems
from registry_reconciler.lsp.text import IndexedText
from registry_reconciler.planning import pipeline
from tests.lsp.editor import workspace
from tests.support import installed

FRAGMENT = "desired/docs.yaml"


def test_memory_is_flat_over_many_edits(tmp_path: Path) -> None:
    buffers = Buffers(workspace(tmp_path))
    source = (tmp_path / FRAGMENT).read_text()

    def type_on(times: int, start: int) -> int:
        for number in range(start, start + times):
            text = source.replace("topic: errors", f"topic: errors {number} {'é' * (number % 50)}")
            buffers.put(FRAGMENT, OpenText(IndexedText(text), (tmp_path / FRAGMENT).as_uri(), number))
            problems(buffers.glance())
            if not number % 10:
                diagnostics(buffers.look())
            buffers.settle()
        forget_all()  # bounded, and held by a test of its own
        gc.collect()
        return len(gc.get_objects())

    warm = type_on(2 * PLANS_A_READER, 0)
    after = type_on(3 * PLANS_A_READER, 2 * PLANS_A_READER)
    assert after - warm < warm // 100


def glances_as_whole(buffers: Buffers, edit: str) -> bool:
    """A glance says what a look at the whole does. Whether it was a plan of a part is returned."""
    look = buffers.glance()
    whole = Buffers(buffers.root)
    for path, known in buffers.open.items():
        whole.put(path, known)
    assert problems(look) == problems(whole.look()), edit
    buffers.settle()
    return look.part


def test_a_plan_of_a_part_says_what_a_plan_of_the_whole_does(tmp_path: Path) -> None:
    # Of kinds like these not all is looked at every time.
    place = "kind: item, layout: list, file: items.yaml, at: items, key: id"
    (workspace(tmp_path) / ".system/registry/schemas/item.schema.yaml").write_text(
        f"type: object\nx-registry: {{{place}}}\nproperties: {{id: {{type: string}}, size: {{type: integer}}}}\n"
    )
    rows = "".join(f"  - id: k{number:02}\n    size: {number}\n" for number in range(40))
    (tmp_path / "desired/items.yaml").write_text(f"item:\n{rows}")
    assert installed("apply", "--yes", cwd=tmp_path).exit == 0
    buffers = Buffers(tmp_path)
    source = (tmp_path / FRAGMENT).read_text()
    registry = "modules/routes/api.yaml"
    text = IndexedText((tmp_path / registry).read_text())
    buffers.put(registry, OpenText(text, (tmp_path / registry).as_uri(), 1))
    buffers.put(FRAGMENT, OpenText(IndexedText(source), (tmp_path / FRAGMENT).as_uri(), 0))
    assert not buffers.glance().part
    buffers.settle()
    edits = [
        ("topic: errors", "topic: faults"),
        ("module_id: payments.api\n    when", "module_id: payments.ap\n    when"),
        ("- id: http_api", "- id: [http_api"),
        ("route:\n", "allow:\n  - {address: route/api.errors, code: REF001, reason: x}\nroute:\n"),
        ("- id: api.errors", "- id: api.other"),
        ("scope: api\n", "scope: apis\n"),
        ("topic: errors", "topic: errors"),
    ]
    parts = 0
    for number, (old, new) in enumerate(edits, 1):
        assert old in source
        text = IndexedText(source.replace(old, new))
        if number == 4:
            (tmp_path / registry).write_text((tmp_path / registry).read_text().replace("errors", "misses", 1))
            buffers.forget()
        buffers.put(FRAGMENT, OpenText(text, (tmp_path / FRAGMENT).as_uri(), number))
        parts += glances_as_whole(buffers, new)
    items = (tmp_path / "desired/items.yaml").read_text()
    for number, (old, new) in enumerate(
        [("size: 7\n", "size: seven\n"), ("id: k03", "id: k04"), ("id: k39", "id: new")], len(edits) + 1
    ):
        text = IndexedText(items.replace(old, new))
        buffers.put("desired/items.yaml", OpenText(text, (tmp_path / "desired/items.yaml").as_uri(), number))
        parts += glances_as_whole(buffers, new)
    assert parts >= 4


def test_a_plan_during_which_the_disk_changed_is_not_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffers = Buffers(workspace(tmp_path))
    made = pipeline.make_plan

    def slow(*arguments: Any, **more: Any) -> Any:
        found = made(*arguments, **more)
        (tmp_path / "desired/more.yaml").write_text("module_type:\n  - {id: late, description: x}\n")
        buffers.forget()
        return found

    monkeypatch.setattr(pipeline, "make_plan", slow)
    assert "module_type/late" not in buffers.look().planning.desired.entries
    monkeypatch.setattr(pipeline, "make_plan", made)
    assert "module_type/late" in buffers.look().planning.desired.entries


def test_files_that_were_too_young_are_known_by_their_times_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffers = Buffers(young(tmp_path))
    source = (tmp_path / "desired/items.yaml").read_text()
    buffers.put(
        "desired/items.yaml", OpenText(IndexedText(source), (tmp_path / "desired/items.yaml").as_uri(), 1)
    )
    buffers.glance()
    buffers.settle()
    assert buffers._base is not None
    assert "items.yaml" not in buffers._base.signatures
    monkeypatch.setattr("registry_reconciler.cache.incremental.changed_files.YOUNG", -60_000_000_000)
    (tmp_path / "desired/more.yaml").write_text("item: []  # another one\n")
    buffers.sign()
    assert "items.yaml" in buffers._base.signatures
    assert "desired/more.yaml" not in buffers._base.signatures, "it is not what was planned"
    assert "desired/items.yaml" not in buffers._base.signatures, "it is open"


def test_in_a_large_workspace_words_are_offered_from_an_older_plan_and_what_changed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry_reconciler.lsp.buffers.LARGE", 10)
    buffers = Buffers(young(tmp_path))
    path = "desired/items.yaml"
    source = (tmp_path / path).read_text()
    allowing = "allow:\n  - address: \n"
    for number, text in enumerate((source, source + "  - id: fresh\n    size: 1\n" + allowing)):
        buffers.put(path, OpenText(IndexedText(text), (tmp_path / path).as_uri(), number))
        buffers.glance()
        buffers.settle()
    made = buffers.plans
    found = {item.label for item in complete(buffers.recent(), path, len(text) - 1).items}
    assert {"item/k00", "item/fresh"} <= found
    assert buffers.plans == made


def young(root: Path) -> Path:
    """A workspace that was written a moment ago, of which not all is looked at every time."""
    place = "kind: item, layout: list, file: items.yaml, at: items, key: id"
    schema = root / ".system/registry/schemas/item.schema.yaml"
    schema.parent.mkdir(parents=True)
    schema.write_text(
        f"type: object\nx-registry: {{{place}}}\nproperties: {{id: {{type: string}}, size: {{type: integer}}}}\n"
    )
    (root / "desired").mkdir()
    rows = "".join(f"  - id: k{number:02}\n    size: {number}\n" for number in range(40))
    (root / "desired/items.yaml").write_text(f"item:\n{rows}")
    (root / "desired/more.yaml").write_text("item: []\n")
    assert installed("apply", "--yes", cwd=root).exit == 0
    return root
