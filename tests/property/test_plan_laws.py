"""Laws of planning and applying, each over random registries and random wishes. Everything happens in memory."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.yaml.edit.splice import dump
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.planning.field_diff import diff_values
from registry_reconciler.planning.pipeline import make_plan
from tests.house.grouped_layout import GROUPED
from tests.house.made_up import added
from tests.property.registries import SCHEMA, Maker, Piece, Registry
from tests.support import after, plan_of

LAYOUTS = ("list", "map", "file")
MADE_UP = GROUPED.name
"""A layout that the product does not have: the laws hold for it too."""
SEEN: Counter[str] = Counter()
RUNS: Counter[str] = Counter()

laws = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@dataclass
class Case:
    """A managed registry and what is wished of it now."""

    layout: str
    files: dict[str, bytes | None]
    registry: Registry
    wishes: list[str]
    touched: set[str]
    gone: set[str]
    elsewhere: set[str] = field(default_factory=set)
    """Those that another group has now, under another name."""


def fragment(values: list[dict[str, Json]], extra: str = "") -> bytes:
    return (dump({"thing": values}) + extra).encode()


def schema(layout: str) -> bytes:
    file, at = ("things/{id}.yaml", '""') if layout == "file" else ("things.yaml", "things")
    key = "[group, id]" if layout == MADE_UP else "id"
    return SCHEMA.format(layout=layout, file=file, at=at, key=key).encode()


def called(layout: str, value: dict[str, Json], name: str) -> dict[str, Json]:
    """A value with another name, and of the made-up layout perhaps in another group."""
    group = {"group": f"g{int(name[-1]) % 4}"} if layout == MADE_UP else {}
    return {**group, **value, "id": name, **group}


def key_of(value: dict[str, Json]) -> str:
    return "/".join(str(value[name]) for name in ("group", "id") if name in value)


def make_case(seed: int, layout: str) -> Case:
    """A registry whose entries are all managed, then random changes of the fragments."""
    rng = random.Random(seed)
    maker = Maker(rng)
    keys = [f"k{number}" for number in sorted(rng.sample(range(10, 99), rng.randint(1, 6)))]
    if layout == MADE_UP:
        keys = sorted(f"g{int(key[-1]) % 3}/{key}" for key in keys)
    elif rng.random() < 0.3:
        rng.shuffle(keys)
    registry = maker.registry("map" if layout == "file" else layout, keys)
    files: dict[str, bytes | None] = {".system/registry/schemas/thing.schema.yaml": schema(layout)}
    if layout == "file":
        for piece in registry.pieces:
            if piece.key:
                files[f"things/{piece.key}.yaml"] = (
                    f"# One file.\nid: {piece.key}\nsize: 3   # small\n".encode()
                )
    else:
        files["things.yaml"] = registry.text().encode()
    SEEN.update(maker.features)
    entries = make_plan(MemoryTree(files)).loaded.live.entries
    assert sorted(entry.key for entry in entries.values()) == sorted(keys)
    values = {entry.key: entry.value for entry in entries.values()}
    files["desired/all.yaml"] = fragment(list(values.values()))
    files = after(files, plan_of(files))
    return wish(rng, maker, Case(layout, files, registry, [], set(), set()), values)


def wish(rng: random.Random, maker: Maker, case: Case, values: dict[str, dict[str, Json]]) -> Case:
    """Change some wishes; remember which entries they concern."""
    wanted = dict(values)
    moved = ""
    for key in list(values):
        roll = rng.random()
        if roll < 0.35:
            continue
        case.touched.add(key)
        if roll < 0.5:
            del wanted[key]
            case.gone.add(key)
        elif roll < 0.6:
            value = called(case.layout, wanted.pop(key), f"m{values[key]['id']}")
            new = key_of(value)
            if new.split("/")[:-1] != key.split("/")[:-1]:
                case.elsewhere.add(key)
            wanted[new] = value
            moved += f"- {{from: thing/{key}, to: thing/{new}}}\n"
        else:
            wanted[key] = (
                {**values[key], **maker.entry(str(values[key]["id"]))}
                if rng.random() < 0.3
                else {**wanted[key], "size": rng.randint(1, 9), "note": "x"}
            )
    for number in rng.sample(range(10, 99), rng.randint(0, 2)):
        value = called(case.layout, maker.entry(f"k{number}"), f"k{number}")
        if key_of(value) not in values:
            wanted[key_of(value)] = value
    order = list(wanted.values())
    rng.shuffle(order)
    half = len(order) // 2
    case.files["desired/all.yaml"] = (
        fragment(order[:half], f"moved:\n{moved}" if moved else "")
        if half
        else (f"moved:\n{moved}".encode() if moved else b"")
    )
    case.files["desired/more.yaml"] = fragment(order[half:])
    return case


def planned(case: Case) -> Plan | None:
    """The plan of a case; ``None`` where an anchor in use rightly forbids it."""
    plan = plan_of(case.files, PlanOptions(allow_mass_delete=True))
    RUNS["all"] += 1
    if any(problem.code == "WRT002" for problem in plan.problems):
        RUNS["anchor in use"] += 1
        return None
    assert plan.applicable, [(p.code, p.message) for p in plan.blocking]
    return plan


cases = st.builds(make_case, st.integers(0, 2**32), st.sampled_from(LAYOUTS))
all_cases = st.builds(make_case, st.integers(0, 2**32), st.sampled_from((*LAYOUTS, MADE_UP)))


@pytest.fixture(autouse=True, scope="module")
def made_up_layout() -> Iterator[None]:
    with added(GROUPED):
        yield


@laws
@given(all_cases)
def test_after_apply_the_plan_is_empty(case: Case) -> None:
    plan = planned(case)
    if plan is not None:
        again = plan_of(after(case.files, plan), PlanOptions(allow_mass_delete=True))
        assert again.empty, (again.changes, again.files)


def emptied(case: Case, piece: Piece) -> bool:
    """Whether a line begins a group that loses all its entries: it says [] then."""
    inside = {key for key in case.registry.keys if piece.group and key.startswith(f"{piece.group}/")}
    return bool(inside) and inside <= case.touched


def without_last_gap(texts: list[str]) -> list[str]:
    """These texts, the last without the blank lines that they end in."""
    while texts and not texts[-1].strip("\n"):
        texts = texts[:-1]
    return [*texts[:-1], texts[-1].rstrip("\n") + "\n"] if texts else []


@laws
@given(all_cases)
def test_what_nobody_asked_to_change_keeps_its_bytes(case: Case) -> None:
    plan = planned(case)
    if plan is None or case.layout == "file":
        return
    new = after(case.files, plan)["things.yaml"]
    assert new is not None
    position = 0
    registry = case.registry
    keeping = any("+\n" in piece.text for piece in registry.pieces)
    kept = [
        registry.header,
        *(
            piece.text
            for piece in registry.pieces
            if piece.key not in case.touched and not emptied(case, piece)
        ),
        registry.trailer,
    ]
    if set(registry.keys) == case.gone and not any(plan.files):
        return
    texts = (*(piece.text for piece in registry.pieces), registry.trailer)
    left = case.gone | case.elsewhere
    behind = {
        text.rstrip("\n")
        for text, before in zip(texts[1:], registry.pieces, strict=True)
        if before.key in left
    }
    if registry.pieces and registry.pieces[-1].key in left and not registry.trailer:
        # The gap in front of the last entry goes with it: else the file would end in blank lines.
        kept = [registry.header, *without_last_gap(kept[1:])]
    for piece in kept:
        wanted = piece.replace("\n", registry.newline)
        if piece is registry.header and set(registry.keys) <= case.gone:
            wanted = wanted.removesuffix(
                "things:" + registry.newline
            )  # an emptied container says [] behind its key
        if (keeping or piece.rstrip("\n") in behind) and wanted.startswith(registry.newline):
            # Blank lines that come to stand behind such a scalar would become part of it, and two gaps become one.
            wanted = wanted.lstrip(registry.newline)
        if not registry.final_newline:
            wanted = wanted.rstrip(registry.newline)
        found = new.decode().find(wanted, position)
        if found < 0 and not registry.final_newline:
            # A block scalar that ends a file without a newline has none in its value and must say so now.
            wanted = re.sub(r"(.*[|>])\+?(\r?\n)", r"\1-\2", wanted, count=1, flags=re.DOTALL)
            found = new.decode().find(wanted, position)
        assert found >= 0, (wanted, new.decode())
        position = found + len(wanted)


@laws
@given(all_cases)
def test_the_order_of_fragments_does_not_matter(case: Case) -> None:
    plan = plan_of(case.files, PlanOptions(allow_mass_delete=True))
    swapped = dict(case.files)
    swapped["desired/all.yaml"], swapped["desired/more.yaml"] = (
        case.files["desired/more.yaml"],
        case.files["desired/all.yaml"],
    )
    other = plan_of(swapped, PlanOptions(allow_mass_delete=True))
    mine = {change.address: (change.before, change.after) for change in plan.changes if change.writes}
    theirs = {change.address: (change.before, change.after) for change in other.changes if change.writes}
    assert mine == theirs
    registry = {one.path: one.content for one in plan.files if one.path.startswith("things")}
    assert registry == {one.path: one.content for one in other.files if one.path.startswith("things")}


@laws
@given(st.integers(0, 2**32))
def test_the_diff_of_a_thing_with_itself_is_empty(seed: int) -> None:
    value = Maker(random.Random(seed)).entry("k")
    assert diff_values(value, value) == ()
    assert diff_values(value, dict(reversed(value.items()))) == ()


@laws
@given(all_cases)
def test_the_same_inputs_give_the_same_bytes(case: Case) -> None:
    from registry_reconciler.model.plan_json import dumps

    assert dumps(plan_of(case.files).to_json()) == dumps(
        plan_of(dict(reversed(case.files.items()))).to_json()
    )


def test_the_generator_shows_what_people_write() -> None:
    """Runs last in the file: what the cases above were made of."""
    if not SEEN:
        pytest.skip("needs the laws above in the same process")
    wanted = {
        "merge used",
        "anchor and alias",
        "flow item",
        "flow list",
        "CRLF",
        "no final newline",
        "gap",
        "header comment",
        "comment above",
        "comment on line",
        "trailing comment",
        "key behind",
        "document start",
        "nested mapping",
        *(f"block {chomp}" for chomp in ("|", "|-", "|+", ">", ">-", ">+")),
    }
    assert wanted <= set(SEEN), wanted - set(SEEN)
    assert RUNS["anchor in use"] < RUNS["all"] / 4, RUNS
