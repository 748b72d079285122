"""What templates may use of Jinja2 and of Python: nothing is here that can be made to eat the machine."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2.runtime import LoopContext
from jinja2.utils import Cycler

FILTERS = frozenset(
    {
        *("abs", "batch", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float"),
        *(
            "groupby",
            "indent",
            "int",
            "items",
            "join",
            "last",
            "length",
            "list",
            "lower",
            "map",
            "max",
            "min",
        ),
        *("reject", "rejectattr", "replace", "reverse", "round", "select", "selectattr", "slice", "sort"),
        *("string", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode"),
        *("wordcount", "wordwrap"),
    }
)
TESTS = frozenset(
    {
        *("boolean", "defined", "divisibleby", "eq", "equalto", "==", "even", "false", "float", "ge", ">="),
        *("greaterthan", "gt", ">", "in", "integer", "iterable", "le", "<=", "lessthan", "lower", "lt", "<"),
        *("mapping", "ne", "!=", "none", "number", "odd", "sequence", "string", "true", "undefined", "upper"),
    }
)
METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(
        {
            *(
                "capitalize",
                "casefold",
                "count",
                "endswith",
                "find",
                "index",
                "isalnum",
                "isalpha",
                "isdigit",
            ),
            *(
                "islower",
                "isspace",
                "isupper",
                "lower",
                "lstrip",
                "partition",
                "removeprefix",
                "removesuffix",
            ),
            *("replace", "rfind", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith"),
            *("strip", "swapcase", "title", "upper"),
        }
    ),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    LoopContext: frozenset(
        {
            *(
                "changed",
                "cycle",
                "depth",
                "depth0",
                "first",
                "index",
                "index0",
                "last",
                "length",
                "nextitem",
            ),
            *("previtem", "revindex", "revindex0"),
        }
    ),
    Cycler: frozenset({"current", "next", "reset"}),
}
NUMBERED = frozenset({"batch", "indent", "round", "slice", "tojson", "truncate", "wordwrap"})
"""Filters that take a number of how much of something there is to be."""

OF_TEXT = frozenset(
    {
        *("capitalize", "e", "escape", "float", "int", "lower", "string", "title", "tojson", "trim"),
        *("truncate", "upper", "urlencode", "wordcount", "wordwrap"),
    }
)
"""Filters that make a text of whatever they get."""

PARAMETERS = {"indent": ("width",), "join": ("d",), "replace": ("old", "new"), "wordwrap": ("width",)}
"""The names of what tells how much these filters make: templates may give it by name, in any order."""
