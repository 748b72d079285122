"""Hostile YAML texts that are too large or too odd to be kept as files; each is made when it is needed."""

from __future__ import annotations

from collections.abc import Callable

BIG = 50 * 1024 * 1024


def alias_bomb() -> bytes:
    """Nine aliases in each of nine lines: 9**9 nodes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    return ("\n".join(lines) + "\n").encode()


def wide_alias_bomb() -> bytes:
    """One long text, and a hundred thousand aliases of it."""
    return b"a: &a " + b"x" * 100_000 + b"\nb: [" + b"*a, " * 100_000 + b"]\n"


def merge_bomb() -> bytes:
    """Merges that double in each line."""
    lines = ["a0: &a0 {k0: 1, j0: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: *a{n - 1}}}" for n in range(1, 40)]
    return ("\n".join(lines) + "\n").encode()


def self_reference() -> bytes:
    """A list that holds itself."""
    return b"module_type: &a\n- *a\n"


def merge_of_itself() -> bytes:
    """A mapping that merges itself."""
    return b"module_type: &a\n  <<: *a\n"


def deep_flow() -> bytes:
    """A hundred thousand brackets."""
    return b"module_type: " + b"[" * 100_000 + b"]" * 100_000 + b"\n"


def deep_flow_open() -> bytes:
    """A hundred thousand brackets that nobody closes."""
    return b"module_type: " + b"[" * 100_000


def deep_flow_mapping() -> bytes:
    """A hundred thousand braces."""
    return b"module_type: " + b"{a: " * 100_000 + b"}" * 100_000 + b"\n"


def deep_block() -> bytes:
    """Two thousand levels of indentation (a hundred thousand would be 5 GB)."""
    return b"".join(b" " * n + b"a:\n" for n in range(2_000))


def deep_dashes() -> bytes:
    """A hundred thousand dashes in one line, each a list in a list."""
    return b"module_type:\n" + b"- " * 100_000 + b"x\n"


def deep_questions() -> bytes:
    """A hundred thousand question marks, each a mapping as the key of a mapping."""
    return b"module_type:\n" + b"? " * 100_000 + b"x\n"


def huge_plain_key() -> bytes:
    """A key of 30 MB."""
    return b"k" * (30 * 1024 * 1024) + b": 1\n"


def huge_scalar() -> bytes:
    """A text of 40 MB."""
    return b"nothing_like_that: |\n" + b"  " + b"x" * (40 * 1024 * 1024) + b"\n"


def too_large() -> bytes:
    """More bytes than are ever read."""
    return b"# " + b"x" * (81 * 1024 * 1024) + b"\n"


def unclosed_quote() -> bytes:
    """A quote that nobody closes, in front of 50 MB."""
    line = b"- {id: abc, description: some text that goes on for a while}\n"
    return b'module_type: "\n' + line * (BIG // len(line))


def unclosed_single_quote() -> bytes:
    """The other quote, in front of 50 MB in lines of one character."""
    return b"module_type: '\n" + b"x\n" * (BIG // 2)


def thousand_documents() -> bytes:
    """A thousand documents."""
    return b"---\nmodule_type: []\n" * 1_000


def many_duplicate_keys() -> bytes:
    """One key, a hundred thousand times."""
    return b"a: 1\n" * 100_000


def many_comments() -> bytes:
    """Twenty million bytes of comment lines and then a slip."""
    return b"#\n" * 10_000_000 + b"module_type: [\n"


def colliding_spaces() -> bytes:
    """A plain scalar with half a million trailing spaces per line, which some scanners read again and again."""
    return b"module_type: a" + b" " * 500_000 + b"\n" + b" " * 500_000 + b"b: c\n"


def frontmatter_deep() -> bytes:
    """A block with a hundred thousand brackets."""
    return b"---\nid: " + b"[" * 100_000 + b"]" * 100_000 + b"\n---\n"


def toml_huge_integer() -> bytes:
    """A number of a million digits."""
    return b"a = " + b"9" * 1_000_000 + b"\n"


def toml_deep() -> bytes:
    """A hundred thousand brackets."""
    return b"a = " + b"[" * 100_000 + b"]" * 100_000 + b"\n"


def toml_deep_inline() -> bytes:
    """A hundred thousand tables, each in the one before."""
    return b"a = " + b"{b = " * 100_000 + b"1" + b"}" * 100_000 + b"\n"


def toml_long_key() -> bytes:
    """A key of a hundred thousand parts."""
    return b"a" + b".a" * 100_000 + b" = 1\n"


def toml_long_header() -> bytes:
    """A header of a hundred thousand parts."""
    return b"[a" + b".a" * 100_000 + b"]\n"


def json_deep() -> bytes:
    """A hundred thousand brackets."""
    return b"[" * 100_000 + b"]" * 100_000


def json_deep_open() -> bytes:
    """A hundred thousand brackets that nobody closes."""
    return b"[" * 100_000


def json_huge_integer() -> bytes:
    """An integer of a million digits."""
    return b'[{"n": ' + b"9" * 1_000_000 + b"}]"


def json_quotes() -> bytes:
    """A text that never ends, of nothing but escaped quotes."""
    return b'["' + b'\\"' * 500_000


def jsonc_slashes() -> bytes:
    """A million slashes behind each other in block comments, and then a half of one."""
    return b"/**/" * 250_000 + b"/"


FORMAT_MAKERS: dict[str, Callable[[], bytes]] = {
    maker.__name__: maker
    for maker in (
        json_deep,
        json_deep_open,
        json_huge_integer,
        json_quotes,
        jsonc_slashes,
        frontmatter_deep,
        toml_huge_integer,
        toml_deep,
        toml_deep_inline,
        toml_long_key,
        toml_long_header,
    )
}
"""Of texts of other formats, by the name that their manifest uses."""

MAKERS: dict[str, Callable[[], bytes]] = {
    maker.__name__: maker
    for maker in (
        alias_bomb,
        wide_alias_bomb,
        merge_bomb,
        self_reference,
        merge_of_itself,
        deep_flow,
        deep_flow_open,
        deep_flow_mapping,
        deep_block,
        deep_dashes,
        deep_questions,
        huge_plain_key,
        huge_scalar,
        too_large,
        unclosed_quote,
        unclosed_single_quote,
        thousand_documents,
        many_duplicate_keys,
        many_comments,
        colliding_spaces,
    )
}
"""By the name that the manifest uses."""
