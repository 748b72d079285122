"""Which fields an expression can ask for: rules are given no others, so too few would change what they find."""

from __future__ import annotations

import pytest

from registry_reconciler.expressions.language import language
from registry_reconciler.expressions.syntax import Fields, SyntaxNode, fields_looked_up, fields_read

pytest.importorskip("cel_expr_python")


def tree(text: str) -> SyntaxNode:
    known = language({})
    return known.tree(known.compile(text))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("true", set()),
        ("self.a == 1 && has(self.b)", {"a", "b"}),
        ("self.a.b.exists(x, x == self.c)", {"a", "c"}),
        ("self.a.exists(self, self.inner)", {"a", "inner"}),
        ('"a" in self', None),
        ("self == before", None),
        ("size(self) > 2", None),
        ('self["a"] == 1', None),
        ("[self].exists(x, x.a == 1)", None),
        ("{'it': self}.it.a == 1", None),
    ],
)
def test_the_fields_of_the_entry(text: str, fields: set[str] | None) -> None:
    assert fields_read([tree(text)], "self") == fields


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('has_ref("k", self.a)', {}),
        ('ref("k", self.a).b.c == 1', {"k": {"b"}}),
        ('has(ref("k", self.a).b)', {"k": {"b"}}),
        ('ref("k", self.a) == self', {"k": None}),
        ('size(ref("k", self.a)) == 1', {"k": None}),
        ('ref("k", self.a)["b"] == 1', {"k": None}),
        ('"b" in ref("k", self.a)', {"k": None}),
        ('size(entries("k")) == 1', {"k": set()}),
        ('entries("k").size() == 1', {"k": set()}),
        ('size(entries("k", "a.b", 1)) == 1', {"k": {"a"}}),
        ('size(entries("k", "a[].b", 1)) == 1', {"k": {"a"}}),
        ('size(entries("k", self.field, 1)) == 1', {"k": None}),
        ('entries("k").exists(x, x.a == 1 && has(x.b))', {"k": {"a", "b"}}),
        ('entries("k").exists(x, x == self)', {"k": None}),
        ('entries("k").filter(x, x.a == 1).size() == 1', {"k": None}),
        ('entries("k").map(x, x.a).exists(y, y.b == 1)', {"k": {"a"}}),
        ('entries("k")[0].a == 1', {"k": {"a"}}),
        ('entries("k")[0] == self', {"k": None}),
        ('self in entries("k")', {"k": None}),
        ('entries("k") == entries("l")', {"k": None, "l": None}),
        ('referrers("k").all(x, x.a == 1)', {"k": {"a"}}),
        ('referrers("k").all(x, ref("l", x.a).b)', {"k": {"a"}, "l": {"b"}}),
        ('ref("k", 1).a == ref("k", 2).b && size(entries("k", "c", 1)) == 1', {"k": {"a", "b", "c"}}),
        ('[ref("k", 1)].exists(x, x.a == 1)', {"k": None}),
        ('(self.a ? ref("k", 1) : ref("l", 1)).b == 1', {"k": None, "l": None}),
    ],
)
def test_the_fields_of_what_is_looked_up(text: str, fields: dict[str, Fields]) -> None:
    assert fields_looked_up([tree(text)]) == fields
