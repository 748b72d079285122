"""What all coordination rules together cost, beside PyYAML's CSafeLoader reading the same entries.

    python benchmarks/rules.py [ENTRIES]

Makes ENTRIES (100,000) entries of the built-in kinds, about 350 bytes each, in memory; reads their YAML
with CSafeLoader and the collector off; then runs every rule on the entry set that they make, and the rules about
changes on a change of one entry in a hundred. Prints medians of three runs and the ratio; with --each, also
the time of each rule alone, the making of shared indexes included.
"""

from __future__ import annotations

import functools
import gc
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import yaml

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.change import Action, Change, Reason
from registry_reconciler.model.config import Capability, Config
from registry_reconciler.model.entry import Place
from registry_reconciler.model.kind import parse_kind
from registry_reconciler.rules import RULES
from registry_reconciler.rules.base import Rule, Transition, run_entry_set, run_transition
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.schema.packaged import builtin_schemas

FILES = {f"docs/topic{n}.md": b"" for n in range(100)} | {f"services/s{n}/main.py": b"" for n in range(100)}
WORDS = "Takes what the caller hands over, checks it against the limits of the account and answers in time. "


def entries(total: int) -> dict[str, list[dict[str, Any]]]:
    """Entries by kind: four in ten are low-level abilities, two routes, the others modules with parts."""
    found: dict[str, list[dict[str, Any]]] = {
        "module_type": [
            {"id": f"type{n}", "outbound": [f"type{n}"], "inbound": [f"type{n}"]} for n in range(20)
        ]
    }
    tenth = total // 10
    found["module_instance"] = [_module(n) for n in range(tenth)]
    found["module_maturity"] = [{"module_id": f"mod.{n}", "maturity": "FUNCTIONAL"} for n in range(tenth)]
    found["module_interface"] = [_interface(n) for n in range(tenth)]
    found["route"] = [_route(n, tenth) for n in range(2 * tenth)]
    found["ability_low"] = [_ability(n, tenth) for n in range(4 * tenth)]
    found["ability_high"] = [_workflow(n) for n in range(tenth)]
    return found


def _module(n: int) -> dict[str, Any]:
    return {
        "module_id": f"mod.{n}",
        "module_type": f"type{n % 20}",
        "name": f"Module {n}",
        "description": WORDS * 2,
        "owners": ["team-a", "team-b"],
        "dependencies": {"modules": [f"mod.{n - 20}"] if n >= 20 else []},
        **({"parent_module": f"mod.{n // 2}"} if n else {}),
    }


def _interface(n: int) -> dict[str, Any]:
    return {
        "id": f"mod.{n}.call",
        "module_id": f"mod.{n}",
        "method": "POST",
        "path": f"/things/{n}",
        "lifecycle": "IMPLEMENTED",
        "description": WORDS * 2,
    }


def _route(n: int, modules: int) -> dict[str, Any]:
    return {
        "id": f"route.{n}",
        "scope": f"area{n % 50}.*" if n % 10 == 0 else f"area{n % 50}.part{n}",
        "topic": f"topic {n // 10}",
        "module_id": f"mod.{n % modules}",
        "when_to_use": WORDS,
        "related_docs": [{"path": f"docs/topic{n % 100}.md", "stage": "plan", "doc_usage": WORDS}],
        "ability_ids": [f"call.{n}"],
    }


def _ability(n: int, modules: int) -> dict[str, Any]:
    return {
        "ability_id": f"call.{n}",
        "group": f"group{n % 20}",
        "name": f"Call {n}",
        "aliases": [f"c{n}", f"do{n}"],
        "summary": WORDS,
        "module_ids": [f"mod.{n % modules}"],
        "environments": ["dev", "prod"],
        "required_caps": ["net.write"],
        "input_schema": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
        "implementation": {"kind": "api", "endpoint": f"/call/{n}"},
    }


def _workflow(n: int) -> dict[str, Any]:
    return {
        "ability_id": f"flow.{n}",
        "group": f"group{n % 20}",
        "type": "workflow",
        "summary": WORDS * 2,
        "environments": ["dev"],
        "required_caps": [],
        "steps": [f"call.{n}", {"ability_id": f"call.{n + 1}"}],
    }


def make_world(data: dict[str, list[dict[str, Any]]]) -> EntrySet:
    """The entry set that the entries make."""
    kinds = {
        name: parse_kind(yaml.safe_load(text), f"{name}.schema.yaml")
        for name, text in builtin_schemas().items()
    }
    items = {}
    for name, values in data.items():
        for index, value in enumerate(values):
            key = kinds[name].key_of(value) or ""
            place = Place(f"desired/{name}.yaml", 0, (name, index))
            items[f"{name}/{key}"] = Entry(name, key, f"{name}/{key}", value, place, None, True)
    config = Config(capabilities={"net.write": Capability("net.write")}, environments=("dev", "prod"))
    return EntrySet(kinds, config, MemoryTree(dict(FILES)), dict(sorted(items.items())))


def change(entry_set: EntrySet) -> Transition:
    """Every hundredth entry gets another summary."""
    items = dict(entry_set.items)
    changes = []
    for address in list(items)[::100]:
        old = items[address]
        value = {**old.value, "summary": "Something else."}
        items[address] = Entry(old.kind, old.key, address, value, old.place, None, True)
        changes.append(Change(address, old.kind, old.key, Action.UPDATE, Reason.DESIRED_CHANGED, ""))
    return Transition(
        entry_set, EntrySet(entry_set.kinds, entry_set.config, entry_set.tree, items), tuple(changes)
    )


def seconds(work: Callable[[], object], runs: int = 3) -> float:
    """The median of some runs, with the collector off."""
    times = []
    for _ in range(runs):
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
        gc.enable()
    return statistics.median(times)


def main() -> int:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    data = entries(total)
    texts = [
        yaml.dump({name: values}, Dumper=yaml.CSafeDumper, sort_keys=False) for name, values in data.items()
    ]
    size = sum(map(len, texts))
    entry_set = make_world(data)
    print(f"{len(entry_set.items):,} entries, {size / len(entry_set.items):.0f} bytes each")
    reading = seconds(lambda: [yaml.load(text, Loader=yaml.CSafeLoader) for text in texts], runs=1)
    # A new entry set each time: an index that one has made once is not made again.
    problems = len(list(run_entry_set(RULES, entry_set)))
    rules = seconds(lambda: list(run_entry_set(RULES, make_world_again(entry_set))))
    both = change(entry_set)
    changes = seconds(lambda: list(run_transition(RULES, both)))
    print("| what | seconds | of CSafeLoader |\n| --- | --- | --- |")
    print(f"| PyYAML CSafeLoader, collector off | {reading:.2f} | 1.00 |")
    print(f"| all rules on one entry set ({problems:,} problems) | {rules:.2f} | {rules / reading:.2f} |")
    print(f"| rules about the change of 1 % | {changes:.2f} | {changes / reading:.2f} |")
    for rule in RULES if "--each" in sys.argv else ():
        if rule.check is not None:
            fresh = make_world_again(entry_set)
            alone = seconds(functools.partial(_run, rule, fresh), runs=1)
            print(f"{rule.code} {alone:.3f}")
    return 0


def _run(rule: Rule, entry_set: EntrySet) -> None:
    for _ in run_entry_set([rule], entry_set):
        pass


def make_world_again(entry_set: EntrySet) -> EntrySet:
    """The same entry set without the indexes that it has made."""
    return EntrySet(entry_set.kinds, entry_set.config, entry_set.tree, entry_set.items)


if __name__ == "__main__":
    raise SystemExit(main())
