"""What entries, fragments and directives there can be many of: twice as many cost about twice as much."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from registry_reconciler.base import globs
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.schema.packaged import builtin_schemas
from tests.growth.counting import Files, growth, plan, steps
from tests.support import written_files

MOST = 2.35
"""How many times as many steps twice as much may take: n log n, with some room."""

FOLDER = ".system/registry/schemas"
SCHEMAS: Files = {
    f"{FOLDER}/item.schema.yaml": b"""\
type: object
x-registry:
  {kind: item, layout: list, file: items.yaml, at: items, key: id, order: key,
   names: {name: name, aliases: aliases},
   references: [{field: "needs[]", kind: item, allow: [any]}]}
""",
    f"{FOLDER}/pair.schema.yaml": b"""\
type: object
x-registry: {kind: pair, layout: map, file: pairs.yaml, at: pairs, key: id}
""",
    f"{FOLDER}/leaf.schema.yaml": b"""\
type: object
x-registry: {kind: leaf, layout: file, file: "leaves/{id}.yaml", key: id}
""",
    f"{FOLDER}/plugin.schema.yaml": b"""\
type: object
x-registry: {kind: plugin, layout: list, file: plugins.yaml, at: plugins, key: name}
""",
    f"{FOLDER}/skill.schema.yaml": b"""\
type: object
x-registry:
  {kind: skill, layout: list, file: plugins.yaml, at: "plugins[name={plugin}].skills", key: [plugin, id]}
""",
}


def lines(count: int, line: str, head: str = "") -> bytes:
    """``head``, then a line for each number; ``%`` stands for it."""
    return (head + "".join(line.replace("%", f"{number:06}") for number in range(count))).encode()


def wanted(count: int, line: str, head: str = "item:\n", **more: bytes) -> Files:
    """A workspace with one fragment."""
    return {**SCHEMAS, "desired/all.yaml": lines(count, line, head), **more}


def applied(files: Files) -> Files:
    """A workspace after its plan was applied."""
    found = plan(files)
    assert found.applicable, [one.message for one in found.blocking][:3]
    written = written_files(found)
    return {
        **{path: data for path, data in files.items() if path not in written},
        **{path: data for path, data in written.items() if data is not None},
    }


def then(before: Files, *edits: tuple[str, bytes, bytes], **more: bytes) -> Files:
    """An applied workspace with replacements in some files."""
    files = dict(applied(before))
    for path, old, new in edits:
        assert old in files[path], (path, old)
        files[path] = files[path].replace(old, new)
    return {**files, **more}


def asked(**options: str) -> Callable[[Files], Plan]:
    """A plan with as many patterns for each option as the workspace's own ``patterns`` file has lines."""

    def run(files: Files) -> Plan:
        count = len(files["patterns"].splitlines())
        many = {
            name: tuple(pattern.replace("%", f"{number:06}") for number in range(count))
            for name, pattern in options.items()
        }
        return make_plan(MemoryTree(files), PlanOptions(**many)).plan  # type: ignore[arg-type]

    return run


def afresh(work: Callable[[Files], Plan]) -> Callable[[Files], Plan]:
    """Work for which every pattern is compiled anew, whatever was planned before."""

    def run(files: Files) -> Plan:
        globs._compiled.cache_clear()
        globs._any_of.cache_clear()
        re.purge()
        return work(files)

    return run


FRAGMENT = "desired/all.yaml"


# ---------------------------------------------------------------- anchors, aliases, merges


def anchored(layout: str) -> Callable[[int], Files]:
    """Each entry of a fragment has an anchor that its other field uses."""
    return lambda n: wanted(n, "- {id: k%, a: &x% [1, 2], b: *x%}\n", f"{layout}:\n")


def anchored_block(n: int) -> Files:
    return wanted(n, "- id: k%\n  a: &x%\n    c: 1\n  b: *x%  # the same\n")


def one_anchor(n: int) -> Files:
    return wanted(n, "- id: k%\n  b: *x  # the same\n", "x-shared: &x {a: 1, b: 2}\nitem:\n")


def merging(n: int) -> Files:
    return wanted(n, "- <<: *x\n  id: k%  # one\n", "x-shared: &x {a: 1, b: 2}\nitem:\n")


def merging_own(n: int) -> Files:
    return wanted(n, "- id: k%\n  a: &x% {c: 1}\n  b: {<<: *x%, d: 2}\n")


def nested_aliases(n: int) -> Files:
    return wanted(n, "- id: k%\n  a: &x% {c: 1}\n  b: &y% {d: *x%}\n  e: *y%\n")


def live_aliases(line: str) -> Callable[[int], Files]:
    """A registry that uses anchors, all of it adopted."""

    def build(n: int) -> Files:
        live = lines(n, line, "items:\n")
        plain = lines(n, "- {id: k%, a: {c: 1}, b: {c: 1}}\n", "item:\n")
        return applied({**SCHEMAS, "items.yaml": live, FRAGMENT: plain})

    return build


def aliases_updated(n: int) -> Files:
    files = dict(live_aliases("- id: k%\n  a: &x% {c: 1}\n  b: *x%\n")(n))
    files[FRAGMENT] = files[FRAGMENT].replace(b"a: {c: 1}", b"a: {c: 2}")
    return files


def aliases_deleted(n: int) -> Files:
    files = dict(live_aliases("- id: k%\n  a: &x% {c: 1}\n  b: *x%\n")(n))
    files[FRAGMENT] = b"item: []\n"
    return files


def aliases_renamed(n: int) -> Files:
    files = dict(live_aliases("- id: k%\n  a: &x% {c: 1}\n  b: *x%\n")(n))
    files[FRAGMENT] = files[FRAGMENT].replace(b"id: k", b"id: l") + lines(
        n, "- {from: item/k%, to: item/l%}\n", "moved:\n"
    )
    return files


def shared_updated(n: int) -> Files:
    files = dict(live_aliases("- id: k%\n  a: &x {c: 1}\n  b: *x\n")(n))
    files[FRAGMENT] = files[FRAGMENT].replace(b"b: {c: 1}", b"b: {c: 2}")
    return files


def one_shared_updated(n: int) -> Files:
    """Many entries use one anchor, and all stop."""
    live = lines(n, "- {id: k%, b: *x}\n", "shared: &x {c: 1}\nitems:\n")
    plain = lines(n, "- {id: k%, b: {c: 1}}\n", "item:\n")
    files = dict(applied({**SCHEMAS, "items.yaml": live, FRAGMENT: plain}))
    files[FRAGMENT] = files[FRAGMENT].replace(b"c: 1", b"c: 2")
    return files


def merges_updated(n: int) -> Files:
    live = lines(n, "- <<: *x\n  id: k%\n", "shared: &x {c: 1, d: 2}\nitems:\n")
    plain = lines(n, "- {id: k%, c: 1, d: 2}\n", "item:\n")
    files = dict(applied({**SCHEMAS, "items.yaml": live, FRAGMENT: plain}))
    files[FRAGMENT] = files[FRAGMENT].replace(b"c: 1", b"c: 2")
    return files


# ---------------------------------------------------------------- patterns


def patterns(kind: str, line: str, entry: str = "- {id: k%}\n") -> Callable[[int], Files]:
    """As many patterns of a directive as entries."""
    return lambda n: {**wanted(n, entry), "desired/more.yaml": lines(n, line, f"{kind}:\n")}


def deleted_protected(line: str) -> Callable[[int], Files]:
    def build(n: int) -> Files:
        files = dict(applied(wanted(n, "- {id: k%}\n")))
        files[FRAGMENT] = lines(n, line, "protect:\n")
        return files

    return build


def overridden(line: str) -> Callable[[int], Files]:
    def build(n: int) -> Files:
        text = lines(n, "- {id: k%, name: n%}\n- {id: l%, name: n%}\n", "item:\n")
        return {**SCHEMAS, FRAGMENT: text, "desired/more.yaml": lines(n, line, "override:\n")}

    return build


def with_patterns(n: int) -> Files:
    return {**wanted(n, "- {id: k%}\n"), "patterns": b"\n" * n}


def unlike_with_patterns(n: int) -> Files:
    live = lines(n, "- {id: k%, a: 1}\n", "items:\n")
    return {**wanted(n, "- {id: k%, a: 2}\n"), "items.yaml": live, "patterns": b"\n" * n}


def drifted_with_patterns(n: int) -> Files:
    files = dict(applied(wanted(n, "- {id: k%, a: 1}\n")))
    files["items.yaml"] = files["items.yaml"].replace(b"a: 1", b"a: 2")
    files[FRAGMENT] = files[FRAGMENT].replace(b"a: 1", b"a: 3")
    return {**files, "patterns": b"\n" * n}


def schema_excludes(n: int) -> Files:
    globs = ", ".join(f'"leaves/x{number:06}*"' for number in range(n))
    schema = f"""\
type: object
x-registry: {{kind: leaf, layout: file, file: "leaves/{{id}}.yaml", key: id, exclude: [{globs}]}}
"""
    files = {f"leaves/k{number:06}.yaml": b"a: 1\n" for number in range(n)}
    return {f"{FOLDER}/leaf.schema.yaml": schema.encode(), **files}


BUILTIN = {f"{FOLDER}/{kind}.schema.yaml": data for kind, data in builtin_schemas().items()}


ABILITY = """\
- {ability_id: k%, group: g, summary: s, required_caps: [CAPS], implementation: {kind: script, command: [x]}}
"""
HOOK = """\
- {id: h%, event_type: PreAbilityCall, summary: s, match: {ability_scope: ['k%*']},
   handler: {kind: script, command: [x]}}
"""


def hook_scopes(n: int) -> Files:
    abilities = lines(
        n,
        ABILITY.replace("CAPS", ""),
        "ability_low:\n",
    )
    hooks = lines(
        n,
        HOOK,
        "hook:\n",
    )
    return {**BUILTIN, FRAGMENT: abilities + hooks}


def capabilities(n: int) -> Files:
    config = lines(n, "  - c%\n", "vocabularies:\n capabilities:\n")
    abilities = lines(
        n,
        ABILITY.replace("CAPS", "c%"),
        "ability_low:\n",
    )
    return {**BUILTIN, FRAGMENT: abilities, ".system/registry/config.yaml": config}


def unknown_capabilities(n: int) -> Files:
    config = lines(n, "  - c%\n", "vocabularies:\n capabilities:\n")
    abilities = lines(
        n,
        ABILITY.replace("CAPS", "d%"),
        "ability_low:\n",
    )
    return {**BUILTIN, FRAGMENT: abilities, ".system/registry/config.yaml": config}


# ---------------------------------------------------------------- lists inside an entry


def list_changed(before: Callable[[int], str], after: Callable[[int], str]) -> Callable[[int], Files]:
    def build(n: int) -> Files:
        files = dict(applied(wanted(1, f"- id: k\n  values:\n{before(n)}")))
        files[FRAGMENT] = f"item:\n- id: k\n  values:\n{after(n)}".encode()
        return files

    return build


def rows(*values: object) -> str:
    return "".join(f"    - {value}\n" for value in values)


REPEATED = list_changed(lambda n: rows(*["a"] * n), lambda n: rows(*["b", "a"] * (n // 2), *["a"] * (n // 2)))
REPEATED_MIXED = list_changed(
    lambda n: rows(*(f"v{k % 7}" for k in range(n))), lambda n: rows(*(f"v{k * k % 11}" for k in range(n)))
)
REVERSED = list_changed(lambda n: rows(*range(n)), lambda n: rows(*reversed(range(n))))
ALL_NEW = list_changed(lambda n: rows(*range(n)), lambda n: rows(*(f"x{k}" for k in range(n + 1))))
INTERLEAVED = list_changed(
    lambda n: rows(*range(n)), lambda n: rows(*(f"{k // 2}" if k % 2 else f"x{k}" for k in range(2 * n)))
)
MAPPINGS = list_changed(
    lambda n: rows(*(f"{{a: {k}, b: 1}}" for k in range(n))),
    lambda n: rows(*(f"{{a: {n - k}, b: 2}}" for k in range(n + 1))),
)
SHUFFLED = list_changed(lambda n: rows(*range(n)), lambda n: rows(*(k * 7919 % n for k in range(n)), "x"))


def fields_changed(n: int) -> Files:
    files = dict(applied(wanted(n, "  f%: 1\n", "item:\n- id: k\n")))
    files[FRAGMENT] = files[FRAGMENT].replace(b": 1\n", b": 2\n")
    return files


def fields_swapped(n: int) -> Files:
    files = dict(applied(wanted(n, "  f%: 1\n", "item:\n- id: k\n")))
    files[FRAGMENT] = files[FRAGMENT].replace(b"  f", b"  g")
    return files


# ---------------------------------------------------------------- nested kinds


def nested_new(n: int) -> Files:
    return {
        **SCHEMAS,
        FRAGMENT: lines(n, "- {name: p%}\n", "plugin:\n") + lines(n, "- {plugin: p%, id: s}\n", "skill:\n"),
    }


def nested_one(n: int) -> Files:
    return {**SCHEMAS, FRAGMENT: b"plugin:\n- {name: p}\n" + lines(n, "- {plugin: p, id: s%}\n", "skill:\n")}


def nested_updated(n: int) -> Files:
    files = dict(applied(nested_new(n)))
    files[FRAGMENT] = files[FRAGMENT].replace(b"}\n", b", a: 1}\n")
    return files


def nested_gone(n: int) -> Files:
    files = dict(applied(nested_new(n)))
    files[FRAGMENT] = b"x-nothing: 1\n"
    return files


def nested_one_gone(n: int) -> Files:
    files = dict(applied(nested_one(n)))
    files[FRAGMENT] = b"x-nothing: 1\n"
    return files


def parent_renamed(n: int) -> Files:
    files = dict(applied(nested_one(n)))
    moves = "moved:\n- {from: plugin/p, to: plugin/q}\n"
    files[FRAGMENT] = files[FRAGMENT].replace(b"name: p", b"name: q").replace(
        b"plugin: p", b"plugin: q"
    ) + lines(n, "- {from: skill/p/s%, to: skill/q/s%}\n", moves)
    return files


def parents_renamed(n: int) -> Files:
    files = dict(applied(nested_new(n)))
    moves = lines(n, "- {from: plugin/p%, to: plugin/q%}\n- {from: skill/p%/s, to: skill/q%/s}\n", "moved:\n")
    files[FRAGMENT] = files[FRAGMENT].replace(b": p", b": q") + moves
    return files


def inner_moved_out(n: int) -> Files:
    files = dict(
        applied(
            {
                **SCHEMAS,
                FRAGMENT: b"plugin:\n- {name: p}\n- {name: q}\n"
                + lines(n, "- {plugin: p, id: s%}\n", "skill:\n"),
            }
        )
    )
    files[FRAGMENT] = files[FRAGMENT].replace(b"plugin: p", b"plugin: q") + lines(
        n, "- {from: skill/p/s%, to: skill/q/s%}\n", "moved:\n"
    )
    return files


# ---------------------------------------------------------------- moves, removals, state


def move_chain(n: int) -> Files:
    files = dict(applied(wanted(1, "- {id: k000000}\n")))
    steps = "".join(f"- {{from: item/k{k:06}, to: item/k{k + 1:06}}}\n" for k in range(n))
    files[FRAGMENT] = f"item:\n- {{id: k{n:06}}}\nmoved:\n{steps}".encode()
    return files


def move_chain_backwards(n: int) -> Files:
    files = dict(applied(wanted(1, "- {id: k%}\n".replace("%", f"{n:06}"))))
    steps = "".join(f"- {{from: item/k{k + 1:06}, to: item/k{k:06}}}\n" for k in range(n))
    files[FRAGMENT] = f"item:\n- {{id: k000000}}\nmoved:\n{steps}".encode()
    return files


def move_circle(n: int) -> Files:
    steps = "".join(f"- {{from: item/k{k:06}, to: item/k{(k + 1) % n:06}}}\n" for k in range(n))
    return {**SCHEMAS, FRAGMENT: f"moved:\n{steps}".encode()}


def moves_into_circle(n: int) -> Files:
    steps = "".join(f"- {{from: item/k{k:06}, to: item/k{k + 1:06}}}\n" for k in range(n))
    return {**SCHEMAS, FRAGMENT: f"moved:\n{steps}- {{from: item/k{n:06}, to: item/k{n // 2:06}}}\n".encode()}


def shifted(n: int) -> Files:
    files = dict(applied(wanted(n, "- {id: k%, a: 1}\n")))
    steps = "".join(f"- {{from: item/k{k:06}, to: item/k{k + 1:06}}}\n" for k in range(n))
    rows_ = "".join(f"- {{id: k{k + 1:06}, a: 1}}\n" for k in range(n))
    files[FRAGMENT] = f"item:\n{rows_}moved:\n{steps}".encode()
    return files


def all_renamed(layout: str) -> Callable[[int], Files]:
    def build(n: int) -> Files:
        files = dict(applied(wanted(n, "- {id: k%, a: 1}\n", f"{layout}:\n")))
        files[FRAGMENT] = lines(n, "- {id: l%, a: 1}\n", f"{layout}:\n") + lines(
            n, f"- {{from: {layout}/k%, to: {layout}/l%}}\n", "moved:\n"
        )
        return files

    return build


def to_one_end(n: int) -> Files:
    files = dict(applied(wanted(n, "- {id: k%}\n")))
    files[FRAGMENT] = b"item:\n- {id: l}\n" + lines(n, "- {from: item/k%, to: item/l}\n", "moved:\n")
    return files


def all_removed(layout: str) -> Callable[[int], Files]:
    def build(n: int) -> Files:
        files = dict(applied(wanted(n, "- {id: k%, a: 1}\n", f"{layout}:\n")))
        files[FRAGMENT] = lines(n, f"- {layout}/k%\n", "removed:\n")
        return files

    return build


def half_removed(layout: str) -> Callable[[int], Files]:
    def build(n: int) -> Files:
        files = dict(applied(wanted(2 * n, "- {id: k%, a: 1}\n", f"{layout}:\n")))
        files[FRAGMENT] = lines(n, "- {id: k%, a: 1}\n", f"{layout}:\n")
        return files

    return build


def inserted(layout: str, live: str, live_head: str) -> Callable[[int], Files]:
    """Entries that sort between those that are there."""

    def build(n: int) -> Files:
        path = f"{layout}s.yaml"
        old = "- {id: k%}\n" if layout == "item" else "- {id: k%, a: 1}\n"
        files = dict(
            applied({**SCHEMAS, FRAGMENT: lines(n, old, f"{layout}:\n"), path: lines(n, live, live_head)})
        )
        files["desired/new.yaml"] = lines(n, "- {id: k%x, a: 1}\n", f"{layout}:\n")
        return files

    return build


def updated(layout: str) -> Callable[[int], Files]:
    def build(n: int) -> Files:
        return then(wanted(n, "- {id: k%, a: 1}\n", f"{layout}:\n"), (FRAGMENT, b"a: 1", b"a: 2"))

    return build


def drifted(n: int) -> Files:
    return then(wanted(n, "- {id: k%, a: 1}\n"), ("items.yaml", b"a: 1", b"a: 2"))


def other_fragments(n: int) -> Files:
    """As many entries change their fragment."""
    files = dict(applied(wanted(n, "- {id: k%, a: 1}\n")))
    files["desired/other.yaml"] = files.pop(FRAGMENT)
    return files


def relocated(n: int) -> Files:
    """Entries that go from one container to another."""
    return then(
        {
            **SCHEMAS,
            FRAGMENT: b"plugin:\n- {name: p}\n- {name: q}\n"
            + lines(n, "- {plugin: p, id: s%}\n", "skill:\n"),
        },
        (FRAGMENT, b"plugin: p,", b"plugin: q,"),
    )


# ---------------------------------------------------------------- texts


def new(layout: str, line: str = "- {id: k%, a: 1}\n") -> Callable[[int], Files]:
    return lambda n: wanted(n, line, f"{layout}:\n")


def on_one_line(n: int) -> Files:
    return {**SCHEMAS, FRAGMENT: lines(n, "{id: k%}, ", "item: [") + b"]\n"}


def live_on_one_line(n: int) -> Files:
    live = lines(n, "{id: k%, a: 1}, ", "items: [") + b"]\n"
    files = dict(applied({**new("item")(n), "items.yaml": live}))
    files[FRAGMENT] = files[FRAGMENT].replace(b"a: 1", b"a: 2")
    return files


def documents(n: int) -> Files:
    return wanted(n, "---\nitem:\n- {id: k%}\n", "")


def live_documents(n: int) -> Files:
    live = lines(n, "---\nitems:\n- {id: k%, a: 1}\n")
    files = dict(applied({**new("item")(n), "items.yaml": live}))
    files[FRAGMENT] = files[FRAGMENT].replace(b"a: 1", b"a: 2")
    return files


def comments(n: int) -> Files:
    return wanted(n, "# a comment %\n", "item:\n- {id: k}\n")


def commented_entries(n: int) -> Files:
    return wanted(n, "# above %\n- id: k%  # beside\n  # inside\n  a: 1\n\n")


def blank_lines(n: int) -> Files:
    files = dict(applied(wanted(n, "\n\n\n", "item:\n- {id: k}\n")))
    files["items.yaml"] += b"\n" * n + b"- {id: z}\n" + b"\n" * n
    files[FRAGMENT] = b"item:\n- {id: k, a: 1}\n- {id: y}\n- {id: zz}\n"
    return files


def comments_in_registry(n: int) -> Files:
    files = dict(applied(wanted(1, "- {id: k}\n")))
    files["items.yaml"] += b"# c\n" * n + b"- {id: z}\n" + b"# c\n" * n
    files[FRAGMENT] = b"item:\n- {id: k, a: 1}\n- {id: y}\n- {id: zz}\n"
    return files


def comments_inside(n: int) -> Files:
    """Comments between the fields of one entry, which goes."""
    files = dict(applied(wanted(1, "- {id: k}\n- {id: l}\n")))
    files["items.yaml"] = b"items:\n- id: k\n" + b"  # c\n" * n + b"- id: l\n"
    files[FRAGMENT] = b"item:\n- {id: l}\n"
    return files


def block_scalar(n: int) -> Files:
    files = dict(applied(wanted(n, "    row %\n", "item:\n- id: k\n  text: |\n")))
    files[FRAGMENT] = files[FRAGMENT].replace(b"row", b"word")
    return files


def folded_scalar(n: int) -> Files:
    files = dict(applied(wanted(n, "    row %\n", "item:\n- id: k\n  text: >\n")))
    files[FRAGMENT] = files[FRAGMENT].replace(b"row", b"word")
    return files


def long_line(n: int) -> Files:
    text = "a " * n
    files = dict(applied(wanted(1, f'- id: k\n  text: "{text}"\n')))
    files[FRAGMENT] = files[FRAGMENT].replace(b"a a", b"b a")
    return files


def long_plain(n: int) -> Files:
    return wanted(n, "    word %\n", "item:\n- id: k\n  text: a\n")


def long_list(n: int) -> Files:
    return wanted(n, "  - v%\n", "item:\n- id: k\n  values:\n")


def long_list_on_a_line(n: int) -> Files:
    return wanted(1, f"- {{id: k, values: [{', '.join(map(str, range(n)))}]}}\n")


def long_list_live(n: int) -> Files:
    return {**SCHEMAS, "items.yaml": lines(n, "  - v%\n", "items:\n- id: k\n  values:\n")}


def long_list_adopted(n: int) -> Files:
    return {**long_list_live(n), FRAGMENT: long_list(n)[FRAGMENT]}


def long_list_updated(n: int) -> Files:
    return then(long_list(n), (FRAGMENT, b"- v000000\n", b"- w\n"))


def long_list_gone(n: int) -> Files:
    return {**applied(long_list(n)), FRAGMENT: b"item: []\n"}


def long_mapping(n: int) -> Files:
    return wanted(n, "    f%: v\n", "item:\n- id: k\n  values:\n")


def described(n: int) -> Files:
    """New entries as people write them, into a registry that has none."""
    return wanted(n, "- id: k%\n  name: n%\n  text: some words\n  tags: [a, b]\n")


def many_fragments(n: int) -> Files:
    return {**SCHEMAS, **{f"desired/f{k:06}.yaml": f"item:\n- {{id: k{k}}}\n".encode() for k in range(n)}}


def deep_fragment(n: int) -> Files:
    return wanted(n, "- [1, 2, 3]\n", "item:\n- id: k\n  values:\n  ".replace("  values:\n  ", "  values:\n"))


# ---------------------------------------------------------------- references, names, duplicates


def to_one(n: int) -> Files:
    return wanted(n, "- {id: k%, needs: [hub]}\n", "item:\n- {id: hub}\n")


def from_one(n: int) -> Files:
    needs = ", ".join(f"k{k:06}" for k in range(n))
    return wanted(n, "- {id: k%}\n", f"item:\n- {{id: hub, needs: [{needs}]}}\n")


def dangling_from_one(n: int) -> Files:
    needs = ", ".join(f"l{k:06}" for k in range(n))
    return wanted(n, "- {id: k%}\n", f"item:\n- {{id: hub, needs: [{needs}]}}\n")


def dangling(n: int) -> Files:
    return wanted(n, "- {id: k%, needs: [l%]}\n")


def chained(n: int) -> Files:
    rows_ = "".join(f"- {{id: k{k:06}, needs: [k{k + 1:06}]}}\n" for k in range(n))
    return {**SCHEMAS, FRAGMENT: f"item:\n{rows_}- {{id: k{n:06}}}\n".encode()}


def chain_updated(n: int) -> Files:
    files = dict(applied(chained(n)))
    files[FRAGMENT] = files[FRAGMENT].replace(b"needs:", b"a: 1, needs:")
    return files


def hub_deleted(n: int) -> Files:
    return then(to_one(n), (FRAGMENT, b"- {id: hub}\n", b""))


def names_twice(n: int) -> Files:
    return wanted(n, "- {id: k%, name: n%}\n- {id: l%, name: n%}\n")


def one_name(n: int) -> Files:
    return wanted(n, "- {id: k%, name: same}\n")


def one_alias(n: int) -> Files:
    return wanted(n, "- {id: k%, aliases: [same]}\n")


def own_aliases(n: int) -> Files:
    names = ", ".join(f"n{k:06}" for k in range(n))
    return {
        **SCHEMAS,
        FRAGMENT: f"item:\n- {{id: k, aliases: [{names}]}}\n- {{id: l, aliases: [{names}]}}\n".encode(),
    }


def one_id(n: int) -> Files:
    return wanted(n, "- {id: k, a: '%'}\n")


def one_live_id(n: int) -> Files:
    return {**wanted(1, "- {id: k}\n"), "items.yaml": lines(n, "- {id: k, a: '%'}\n", "items:\n")}


def declared_twice(n: int) -> Files:
    return {**new("item")(n), "desired/more.yaml": lines(n, "- {id: k%, a: 1}\n", "item:\n")}


def keyless(n: int) -> Files:
    return wanted(n, "- {a: 1}\n")


def unknown_keys(n: int) -> Files:
    return wanted(n, "nokind%: []\n", "")


def duplicate_keys(n: int) -> Files:
    return wanted(n, "  a: 1\n", "item:\n- id: k\n")


STATE = ".system/registry/state/all-1.state"
STATE_HEAD = 'registry state 2\n< "desired/all.yaml"\n\n'


def state_junk(n: int) -> Files:
    return {**wanted(1, "- {id: k}\n"), STATE: lines(n, "junk %\n", STATE_HEAD)}


def state_junk_old(n: int) -> Files:
    return {**wanted(1, "- {id: k}\n"), ".system/registry/state/all.yaml.jsonl": lines(n, "junk %\n")}


def state_pairs(n: int) -> Files:
    """Each address stands in two records."""
    record = '@ "item/k%" AAAA%\n.\na=AAAAAA\n.\n.\n'
    return {**wanted(1, "- {id: k}\n"), STATE: lines(n, record * 2, STATE_HEAD)}


def state_files(n: int) -> Files:
    files = {f".system/registry/state/f-{k:06}.state": lines(1, "junk\n") for k in range(n)}
    return {**wanted(1, "- {id: k}\n"), **files}


@pytest.mark.parametrize("files", [state_junk, state_junk_old])
def test_one_problem_for_all_lines_of_a_state_file_that_mean_nothing(files: Callable[[int], Files]) -> None:
    found = [one for one in plan(files(1000)).problems if one.code == "STA004"]
    assert len(found) == 1
    assert "1,000 lines" in found[0].message


def shared_comments(n: int) -> Files:
    """Every entry has the same comment, and one of them lacks it in the registry: each has to be looked at."""
    files = applied(wanted(n, "# As agreed.\n- id: k%\n  a: 1\n"))
    return {**files, "items.yaml": files["items.yaml"].replace(b"  # As agreed.\n", b"", 1)}


SHAPES: dict[str, tuple[Callable[[int], Files], int, Callable[[Files], object] | None]] = {
    "new in a list": (new("item"), 100, None),
    "new in a map": (new("pair"), 100, None),
    "new in files": (new("leaf"), 60, None),
    "anchors, list": (anchored("item"), 60, None),
    "anchors, map": (anchored("pair"), 60, None),
    "anchors, file": (anchored("leaf"), 60, None),
    "anchors in blocks": (anchored_block, 60, None),
    "one anchor for all": (one_anchor, 60, None),
    "merge keys": (merging, 60, None),
    "merge keys of one's own": (merging_own, 60, None),
    "nested aliases": (nested_aliases, 60, None),
    "aliases in the registry, updated": (aliases_updated, 60, None),
    "aliases in the registry, deleted": (aliases_deleted, 200, None),
    "aliases in the registry, renamed": (aliases_renamed, 60, None),
    "anchors of one name, updated": (shared_updated, 60, None),
    "one anchor in the registry, updated": (one_shared_updated, 60, None),
    "merge keys in the registry, updated": (merges_updated, 60, None),
    "protect, globs": (patterns("protect", "- item/k%*\n"), 100, afresh(plan)),
    "protect, addresses": (patterns("protect", "- item/k%\n"), 100, afresh(plan)),
    "protect, globs for nobody": (patterns("protect", "- '*/*%?x'\n"), 100, afresh(plan)),
    "protect, addresses of nobody": (patterns("protect", "- item/x%\n"), 100, afresh(plan)),
    "protect of what goes": (deleted_protected("- item/k%*\n"), 100, afresh(plan)),
    "override, globs": (overridden("- item/l%*\n"), 60, afresh(plan)),
    "override, addresses": (overridden("- item/l%\n"), 60, afresh(plan)),
    "allow, globs": (
        patterns("allow", "- {address: 'item/k%*', code: REF001, reason: r}\n", "- {id: k%, needs: [l%]}\n"),
        60,
        afresh(plan),
    ),
    "allow, addresses": (
        patterns("allow", "- {address: 'item/k%', code: REF001, reason: r}\n", "- {id: k%, needs: [l%]}\n"),
        60,
        afresh(plan),
    ),
    "allow for nobody": (
        patterns("allow", "- {address: 'item/z%*', code: REF001, reason: r}\n"),
        100,
        afresh(plan),
    ),
    "removed": (patterns("removed", "- item/z%\n"), 100, afresh(plan)),
    "--target": (with_patterns, 100, afresh(asked(target="item/k%*"))),
    "--target, addresses": (with_patterns, 100, afresh(asked(target="item/k%"))),
    "--exclude": (with_patterns, 100, afresh(asked(exclude="item/k%*"))),
    "--adopt": (unlike_with_patterns, 100, afresh(asked(adopt="item/k%*"))),
    "--overwrite": (drifted_with_patterns, 100, afresh(asked(overwrite="item/k%*"))),
    "exclude of a schema": (schema_excludes, 200, afresh(plan)),
    "hooks' scopes": (hook_scopes, 40, afresh(plan)),
    "capabilities": (capabilities, 60, None),
    "unknown capabilities": (unknown_capabilities, 300, None),
    "repeated scalars": (REPEATED, 600, None),
    "repeated scalars, mixed": (REPEATED_MIXED, 600, None),
    "a list reversed": (REVERSED, 600, None),
    "a list all new": (ALL_NEW, 600, None),
    "a list interleaved": (INTERLEAVED, 600, None),
    "a list of mappings": (MAPPINGS, 600, None),
    "a list shuffled": (SHUFFLED, 600, None),
    "fields changed": (fields_changed, 300, None),
    "fields of other names": (fields_swapped, 200, None),
    "nested, new": (nested_new, 60, None),
    "nested, many in one": (nested_one, 60, None),
    "nested, updated": (nested_updated, 60, None),
    "nested, gone": (nested_gone, 60, None),
    "nested, many of one gone": (nested_one_gone, 300, None),
    "a parent renamed": (parent_renamed, 60, None),
    "parents renamed": (parents_renamed, 60, None),
    "inner ones moved out": (inner_moved_out, 60, None),
    "a chain of moves": (move_chain, 1000, None),
    "a chain of moves, backwards": (move_chain_backwards, 1000, None),
    "a circle of moves": (move_circle, 100, None),
    "moves into a circle": (moves_into_circle, 100, None),
    "a shift": (shifted, 100, None),
    "renamed, list": (all_renamed("item"), 60, None),
    "renamed, map": (all_renamed("pair"), 60, None),
    "renamed, file": (all_renamed("leaf"), 60, None),
    "moves to one end": (to_one_end, 300, None),
    "removed, list": (all_removed("item"), 300, None),
    "removed, map": (all_removed("pair"), 300, None),
    "removed, file": (all_removed("leaf"), 300, None),
    "half removed, list": (half_removed("item"), 60, None),
    "half removed, map": (half_removed("pair"), 60, None),
    "inserted, list": (inserted("item", "- id: k%\n", "items:\n"), 60, None),
    "inserted, map": (inserted("pair", "  k%: {a: 1}\n", "pairs:\n"), 60, None),
    "updated, list": (updated("item"), 60, None),
    "updated, map": (updated("pair"), 60, None),
    "updated, file": (updated("leaf"), 60, None),
    "drift": (drifted, 60, None),
    "other fragments": (other_fragments, 300, None),
    "relocated": (relocated, 120, None),
    "entries on one line": (on_one_line, 100, None),
    "a registry on one line": (live_on_one_line, 100, None),
    "a registry of many documents": (live_documents, 30, None),
    "comments": (comments, 200, None),
    "entries with comments": (commented_entries, 60, None),
    "a comment that all entries share": (shared_comments, 60, None),
    "a long plain scalar": (long_plain, 200, None),
    "a long list": (long_list, 1000, None),
    "a long list on a line": (long_list_on_a_line, 1000, None),
    "a long list in a registry": (long_list_live, 1000, None),
    "a long list, adopted": (long_list_adopted, 1000, None),
    "a long list, updated": (long_list_updated, 1000, None),
    "a long list, gone": (long_list_gone, 1000, None),
    "a long mapping": (long_mapping, 1000, None),
    "entries with fields": (described, 100, None),
    "fragments": (many_fragments, 60, None),
    "a list of lists": (deep_fragment, 100, None),
    "references to one": (to_one, 100, None),
    "references of one": (from_one, 100, None),
    "dangling references of one": (dangling_from_one, 100, None),
    "dangling references": (dangling, 100, None),
    "junk in the state": (state_junk, 1000, None),
    "junk in the old state": (state_junk_old, 1000, None),
    "records twice in the state": (state_pairs, 100, None),
    "state files of junk": (state_files, 60, None),
    "references in a chain": (chained, 100, None),
    "a chain of references, updated": (chain_updated, 100, None),
    "a longer chain of references": (chained, 200, None),
    "a long chain of references": (chained, 400, None),
    "a long chain of references, updated": (chain_updated, 400, None),
    "what all refer to goes": (hub_deleted, 100, None),
    "names claimed twice": (names_twice, 60, None),
    "one name for all": (one_name, 60, None),
    "one alias for all": (one_alias, 100, None),
    "aliases of two": (own_aliases, 100, None),
    "one id in a fragment": (one_id, 200, None),
    "one id in a registry": (one_live_id, 100, None),
    "declared twice": (declared_twice, 100, None),
    "entries without keys": (keyless, 100, None),
    "unknown kinds": (unknown_keys, 60, None),
}

PLAIN: dict[str, tuple[Callable[[int], Files], int]] = {
    "documents": (documents, 40),
    "blank lines": (blank_lines, 200),
    "comments in a registry": (comments_in_registry, 200),
    "comments in an entry that goes": (comments_inside, 200),
    "a block scalar": (block_scalar, 200),
    "a folded scalar": (folded_scalar, 200),
    "a long line": (long_line, 400),
    "duplicate keys": (duplicate_keys, 100),
}
"""Shapes of text that cost little beside all else that a plan does."""


@pytest.mark.parametrize("name", PLAIN)
def test_growth_of_plain_text(name: str) -> None:
    """Twice as much takes at most about twice as many steps, all of the plan counted."""
    files, size = PLAIN[name]
    small, large = files(size), files(2 * size)
    plan(large)  # what is remembered of it is so for both
    assert steps(lambda: plan(large)) <= MOST * steps(lambda: plan(small))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_growth(name: str) -> None:
    """Twice as many take at most about twice as many steps."""
    files, size, work = SHAPES[name]
    assert growth(files, size, work) <= MOST
