"""Before, edit, after: one readable case for each thing the splicer promises."""

from __future__ import annotations

from textwrap import dedent

import pytest

from registry_reconciler.formats.edits import (
    Edit,
    Insert,
    Remove,
    RenameKey,
    ReplaceDocument,
    Snippet,
    SpliceError,
    Update,
)
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.yaml.edit.splice import extract, new_file, splice
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.model.entry import same


def after(text: str, *edits: Edit) -> str:
    """The text after the edits, which must read as the edits say."""
    data = dedent(text).encode()
    result = splice(data, edits)
    read = read_yaml(result)
    assert read.readable, (result.decode(), read.faults)
    assert same(list(read.documents), projected(read_yaml(data).documents, edits)), result.decode()
    return result.decode()


def case(before: str, expected: str, *edits: Edit) -> None:
    """Both texts are written indented in the test."""
    assert after(before, *edits) == dedent(expected)


# ---------------------------------------------------------------- scalars


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("old # c", "new", "new # c"),
        ("'old'", "it's", "'it''s'"),
        ('"old"', "no", '"no"'),
        ("old", "no", '"no"'),
        ("old", "1:30", '"1:30"'),
        ("old", "1_000", '"1_000"'),
        ("old", "012", '"012"'),
        ("old", "0o14", '"0o14"'),
        ("old", "2001-01-01", '"2001-01-01"'),
        ("old", "=", '"="'),
        ("old", "<<", '"<<"'),
        ("old", "", '""'),
        ("old", "a: b", '"a: b"'),
        ("old", "a #b", '"a #b"'),
        ("old", "http://x/y#z", "http://x/y#z"),
        ("'old'", "tab\t", '"tab\\t"'),
        ('"old"', 5, "5"),
        ("old", 1.0, "1.0"),
        ("old", 1e30, "1.0e+30"),
        ("old", 1e-7, "1.0e-07"),
        ("old", None, "null"),
        ("old", True, "true"),
        ("5", "5", '"5"'),
        ("!!str 5", "x", "x"),
        ("&a old", "new", "&a new"),
        ("  aligned", "new", "  new"),
        ("[1, 2]", "x", "x"),
        ("old", [], "[]"),
        ("old", {}, "{}"),
        ("old", "two\nlines\n", "|\n  two\n  lines"),
        ("old # c", "two\nlines", "|- # c\n  two\n  lines"),
        ("old", " lead\nx\n", "|2\n   lead\n  x"),
        ("old", "many\n\n", '"many\\n\\n"'),
        ("old", {"x": 1}, "\n  x: 1"),
        ("old # c", {"x": [1]}, " # c\n  x:\n    - 1"),
        ("", "new", "new"),
    ],
)
def test_a_scalar_is_replaced_in_the_style_that_fits(old: str, value: object, new: str) -> None:
    text = f"a: 1\nkey: {old}\nz: 1\n"
    expected = f"a: 1\nkey: {new}\nz: 1\n".replace("key: \n", "key:\n").replace("key:  #", "key: #")
    assert after(text, Update(0, ("key",), value)) == expected


def test_a_null_that_is_not_written_gets_a_value() -> None:
    case("a:\nb: # c\n", "a: v\nb: w # c\n", Update(0, ("a",), "v"), Update(0, ("b",), "w"))


def test_only_the_field_that_differs_is_touched() -> None:
    case(
        """
        - id:   a      # the id
          tags: [ x,y ,z ]   # tags
          deep:
              n: 1   # n

              m: 'q'
        """,
        """
        - id:   a      # the id
          tags: [ x,y ,z ]   # tags
          deep:
              n: 2   # n

              m: 'q'
        """,
        Update(0, (0,), {"id": "a", "tags": ["x", "y", "z"], "deep": {"n": 2, "m": "q"}}),
    )


def test_a_block_scalar_stays_one_with_its_header_comment() -> None:
    case(
        """
        a: | # why
          one
          two

        b: >-
          folded text
          goes on
        """,
        """
        a: | # why
          three

        b: >-
          other text
        """,
        Update(0, ("a",), "three\n"),
        Update(0, ("b",), "other text"),
    )


def test_a_kept_block_scalar_keeps_its_chomping() -> None:
    case("a: |+\n  x\n\nb: 1\n", "a: |+\n  y\n\n\nb: 1\n", Update(0, ("a",), "y\n\n\n"))


def test_a_block_scalar_is_not_written_where_a_deep_comment_would_fall_into_it() -> None:
    case("a: 1\n    # deep\nb: 2\n", 'a: "x\\ny\\n"\n    # deep\nb: 2\n', Update(0, ("a",), "x\ny\n"))


@pytest.mark.parametrize("blanks", ["      ", "  \t"])
def test_blanks_that_reach_far_right_fall_into_no_block_scalar(blanks: str) -> None:
    def made(before: str, edit: Edit) -> str:
        return splice(before.encode(), [edit]).decode()

    several = Update(0, ("a",), "x\ny\n")
    assert made(f"a: 1\n{blanks}\nb: 2\n", several) == f'a: "x\\ny\\n"\n{blanks}\nb: 2\n'
    assert made(f"a: 1\n{blanks}\n", several) == f'a: "x\\ny\\n"\n{blanks}\n'
    assert made(f"a: |\n  x\nb: 1\n{blanks}\nc: 2\n", Remove(0, ("b",))) == "a: |\n  x\n\nc: 2\n"
    assert made("a: 1\n  \nb: 2\n", several) == "a: |\n  x\n  y\n  \nb: 2\n"


# ---------------------------------------------------------------- inserting


def test_a_new_item_looks_like_its_neighbours() -> None:
    case(
        """
        routes:
        - id: "a"
          tags: [x, y]
          text: 'q'

        - id: "c"
          tags: [z]
          text: 'r'
        # end
        """,
        """
        routes:
        - id: "a"
          tags: [x, y]
          text: 'q'

        - id: "b"
          tags: [m, o]
          text: 's'
          more:
            deep:
            - 1

        - id: "c"
          tags: [z]
          text: 'r'
        # end
        """,
        Insert(0, ("routes",), {"id": "b", "tags": ["m", "o"], "text": "s", "more": {"deep": [1]}}, index=1),
    )


def test_a_new_item_goes_above_the_comments_of_the_item_it_goes_before() -> None:
    case(
        "# about a\n- a\n# about c\n- c\n",
        "# about a\n- a\n- b\n# about c\n- c\n",
        Insert(0, (), "b", index=1),
    )


def test_a_heading_stays_with_what_it_heads() -> None:
    case("- a\n\n# Part two\n\n- c\n", "- a\n\n- b\n\n# Part two\n\n- c\n", Insert(0, (), "b", index=1))


def test_several_inserts_at_one_place_keep_their_order() -> None:
    case("- a\n- d\n", "- a\n- b\n- c\n- d\n", Insert(0, (), "b", index=1), Insert(0, (), "c", index=1))
    case("- a\n", "- a\n- b\n- c\n", Insert(0, (), "b"), Insert(0, (), "c"))


def test_an_inner_and_an_outer_list_grow_at_one_place() -> None:
    case("- - a\n", "- - a\n  - b\n- c\n", Insert(0, (), "c"), Insert(0, (0,), "b"))


def test_a_key_goes_before_another() -> None:
    case("a: 1\nc: 3\n", "a: 1\nb: 2\nc: 3\n", Insert(0, (), 2, key="b", before="c"))
    case("- c: 3\n", "- b: 2\n  c: 3\n", Insert(0, (0,), 2, key="b", before="c"))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("x: 1\nabilities: []   # none yet\n", "x: 1\nabilities:   # none yet\n  - id: a\n"),
        ("x: 1\nabilities:\n", "x: 1\nabilities:\n  - id: a\n"),
        ("x: 1\nabilities: null\n", "x: 1\nabilities:\n  - id: a\n"),
        ("x: 1\n", "x: 1\nabilities:\n  - id: a\n"),
        ("x:\n- 1\nabilities: []\n", "x:\n- 1\nabilities:\n- id: a\n"),
        ("", "abilities:\n  - id: a\n"),
        ("# head\n", "# head\nabilities:\n  - id: a\n"),
        ("---\n# head\n", "---\n# head\nabilities:\n  - id: a\n"),
        ("{}\n", "abilities:\n  - id: a\n"),
        ("--- {}\n", "---\nabilities:\n  - id: a\n"),
    ],
)
def test_a_missing_or_empty_container_is_made(before: str, expected: str) -> None:
    assert after(before, Insert(0, ("abilities",), {"id": "a"})) == expected


def test_missing_ancestors_are_made_once() -> None:
    case(
        "a: 1\n",
        "a: 1\nx:\n  v:\n    - 1\n    - 2\n  z:\n    k: 3\n",
        Insert(0, ("x", "v"), 1),
        Insert(0, ("x", "v"), 2),
        Insert(0, ("x", "z"), 3, key="k"),
    )


# ---------------------------------------------------------------- removing


def test_an_item_goes_with_its_comments_and_no_others() -> None:
    case(
        """
        # head

        # of a
        - a   # on a
        # of b
        # of b too
        - b:   # on b
            c: 1   # inside
          # inside at the end
          d: 2
          # inside of b, behind its last line
        # of c
        - c
        # foot
        """,
        """
        # head

        # of a
        - a   # on a
        # of c
        - c
        # foot
        """,
        Remove(0, (1,)),
    )


@pytest.mark.parametrize(
    ("before", "path", "expected"),
    [
        ("- a\n- b\n- c\n", (0,), "- b\n- c\n"),
        ("- a\n- b\n- c\n", (2,), "- a\n- b\n"),
        ("- a\n- b", (1,), "- a"),
        ("k: # c\n  - a   # x\n  # foot\nz: 1\n", ("k", 0), "k: [] # c\n  # foot\nz: 1\n"),
        ("k:\n  a: 1\n", ("k", "a"), "k: {}\n"),
        ("- - a\n  - b\n", (0, 0), "- - b\n"),
        ("- - a\n", (0, 0), "- []\n"),
        ("- id: x # c\n  b: 1\n", (0, "id"), "- b: 1\n"),
        ("- id: x\n  # of b\n  b: 1\n", (0, "id"), "- # of b\n  b: 1\n"),
        ("a: 1\n", ("a",), "{}\n"),
        ("a: [x, y, z]\n", ("a", 0), "a: [y, z]\n"),
        ("a: [x, y, z] # c\n", ("a", 1), "a: [x, z] # c\n"),
        ("a: [ x, y, z ]\n", ("a", 2), "a: [ x, y ]\n"),
        ("a: [x, y,]\n", ("a", 1), "a: [x,]\n"),
        ("a: [ x ]\n", ("a", 0), "a: []\n"),
        ("a: {x: 1, y: 2}\n", ("a", "x"), "a: {y: 2}\n"),
        ("a: [\n  x, # cx\n  y, # cy\n  z # cz\n]\n", ("a", 1), "a: [\n  x, # cx\n  z # cz\n]\n"),
        ("a: [\n  x, # cx\n  y # cy\n]\n", ("a", 1), "a: [\n  x # cx\n]\n"),
        ("a: |+\n  x\n\nb: 1\n\nc: 2\n", ("b",), "a: |+\n  x\n\nc: 2\n"),
        ("a: |\n  x\nb: 1\n    # deep\nc: 2\n", ("b",), "a: |\n  x\nc: 2\n"),
        ("a: |\n  x\nb: 1\n\n    # deep\nc: 2\n", ("b",), "a: |\n  x\n\n# deep\nc: 2\n"),
        ("k:\n  - a: 1\n    # in a\n  # foot\nz: 1\n", ("k", 0), "k: []\n  # foot\nz: 1\n"),
        ("---\na: 1\nb: 2\n...\n# end\n", ("a",), "---\nb: 2\n...\n# end\n"),
        ("%YAML 1.2\n---\n- a\n- b\n", (0,), "%YAML 1.2\n---\n- b\n"),
        ("? a\n: 1\n? b\n: 2\n", ("a",), "? b\n: 2\n"),
    ],
)
def test_removing(before: str, path: tuple[str | int, ...], expected: str) -> None:
    assert after(before, Remove(0, path)) == expected


def test_a_list_can_be_emptied_and_filled_at_once() -> None:
    case(
        "k:\n  # detached\n\n  # of a\n  - a\n  - b\nz: 1\n",
        "k:\n  # detached\n\n  - c\nz: 1\n",
        Remove(0, ("k", 0)),
        Remove(0, ("k", 1)),
        Insert(0, ("k",), "c", index=0),
    )


def test_one_of_the_gaps_around_an_item_goes_with_it() -> None:
    case("- a\n\n- b\n\n- c\n", "- a\n\n- c\n", Remove(0, (1,)))


# ---------------------------------------------------------------- flow collections


@pytest.mark.parametrize(
    ("before", "edit", "expected"),
    [
        ("a: [x, z]\n", Insert(0, ("a",), "v", index=1), "a: [x, v, z]\n"),
        ("a: [x]\n", Insert(0, ("a",), "w", index=0), "a: [w, x]\n"),
        ("a: ['x']\n", Insert(0, ("a",), "y"), "a: ['x', 'y']\n"),
        ("a: [x,]\n", Insert(0, ("a",), "v"), "a: [x, v,]\n"),
        ("a: {x: 1}\n", Insert(0, ("a",), {"q": [1]}, key="v"), "a: {x: 1, v: {q: [1]}}\n"),
        ('a: {"x": 1}\n', Insert(0, ("a",), 2, key="y"), 'a: {"x": 1, "y": 2}\n'),
        ("a: [\n  x, # cx\n  z\n]\n", Insert(0, ("a",), "v", index=1), "a: [\n  x, # cx\n  v,\n  z\n]\n"),
        ("a: [\n  x # cx\n]\n", Insert(0, ("a",), "v"), "a: [\n  x, # cx\n  v\n]\n"),
        ("a: [x, y]\n", Update(0, ("a", 1), "n, m"), 'a: [x, "n, m"]\n'),
        ("a: {x, y: }\n", Update(0, ("a", "x"), 1), "a: {x: 1, y: }\n"),
        ("a: {x, y: }\n", Update(0, ("a", "y"), 1), "a: {x, y: 1 }\n"),
        ("a: [b: 1]\n", Insert(0, ("a", 0), 2, key="c"), "a: [{b: 1, c: 2}]\n"),
        ("a: {x: 1}\n", Update(0, ("a",), [1, 2]), "a: [1, 2]\n"),
        ("a: {x: 1}\n", RenameKey(0, ("a", "x"), "y, z"), 'a: {"y, z": 1}\n'),
    ],
)
def test_flow_stays_flow(before: str, edit: Edit, expected: str) -> None:
    assert after(before, edit) == expected


# ---------------------------------------------------------------- files


def test_crlf_files_get_crlf() -> None:
    text = b"a:\r\n  - x\r\nb: 1\r\n"
    edits: list[Edit] = [Insert(0, ("a",), {"k": "v\nw\n", "l": 1}), Update(0, ("b",), [1])]
    assert (
        splice(text, edits) == b"a:\r\n  - x\r\n  - k: |\r\n      v\r\n      w\r\n    l: 1\r\nb:\r\n  - 1\r\n"
    )


def test_a_missing_last_line_end_stays_missing() -> None:
    assert splice(b"- a", [Insert(0, (), "b")]) == b"- a\n- b"
    assert splice(b"a: 1", [Update(0, ("a",), 2)]) == b"a: 2"


def test_a_block_scalar_at_the_very_end_keeps_its_value() -> None:
    assert after("a: |\n  x", Insert(0, (), 1, key="b")) == "a: |-\n  x\nb: 1"
    assert after("a: 1", Update(0, ("a",), "x\ny\n")) == "a: |\n  x\n  y\n"


def test_the_bom_stays() -> None:
    assert splice(b"\xef\xbb\xbfa: 1\n", [Update(0, ("a",), 2)]) == b"\xef\xbb\xbfa: 2\n"


def test_documents_are_told_apart() -> None:
    case("a: 1\n---\na: 1\n", "a: 1\n---\na: 2\n", Update(1, ("a",), 2))


def test_a_document_is_replaced_with_the_fewest_changes() -> None:
    case("a: 1 # x\nb: 2 # y\n", "a: 1 # x\nb: 3 # y\n", ReplaceDocument(0, {"a": 1, "b": 3}))


def test_no_edit_changes_no_byte() -> None:
    data = b" a: 1\t# odd\r\n"
    assert splice(data, []) == data


def test_renaming_keeps_quotes_place_and_comments() -> None:
    case("# c\n'a': 1 # x\nb: 2\n", "# c\n'it''s': 1 # x\nb: 2\n", RenameKey(0, ("a",), "it's"))
    case("a: {x: 1}\n", "b: {x: 2}\n", RenameKey(0, ("a",), "b"), Update(0, ("a", "x"), 2))


def test_a_changed_list_keeps_the_text_of_what_stays() -> None:
    case(
        "- a # 1\n- b # 2\n- c # 3\n",
        "- a # 1\n- new # 2\n- c # 3\n- d\n",
        Update(0, (), ["a", "new", "c", "d"]),
    )


# ---------------------------------------------------------------- anchors, aliases, merges


def test_a_changed_alias_becomes_a_copy_of_its_own() -> None:
    case(
        "a: &x {k: 1, l: 2}\nb: *x # c\nc: *x\n",
        "a: &x {k: 1, l: 2}\nb: {k: 9, l: 2} # c\nc: *x\n",
        Update(0, ("b", "k"), 9),
    )
    case(
        "a: &x\n  k: 1\nb: *x # c\nc: *x\n",
        "a: &x\n  k: 1\nb: # c\n  k: 9\nc: *x\n",
        Update(0, ("b", "k"), 9),
    )


def test_a_changed_merged_field_is_overridden() -> None:
    case(
        "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  m: 3\n",
        "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 9\n  m: 3\n",
        Update(0, ("b", "k"), 9),
    )


def test_a_removed_merged_field_writes_the_others_out() -> None:
    case(
        "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  m: 3\n",
        "a: &x {k: 1, l: 2}\nb:\n  l: 2\n  m: 3\n",
        Remove(0, ("b", "k")),
    )


@pytest.mark.parametrize(
    "edit", [Remove(0, ("a",)), Update(0, ("a",), {"k": 2}), Update(0, ("a", "k"), 2), Remove(0, ("a", "k"))]
)
def test_an_anchor_that_others_use_is_not_taken_from_them(edit: Edit) -> None:
    with pytest.raises(SpliceError) as caught:
        splice(b"a: &x {k: 1, l: 1}\nb: *x\nc: {<<: *x}\n", [edit])
    assert (0, ("b",)) in caught.value.related
    assert caught.value.path == ("a",)


def test_an_anchor_goes_with_its_last_users() -> None:
    case("a: &x 1\nb: *x\nc: 2\n", "c: 2\n", Remove(0, ("a",)), Remove(0, ("b",)))


def test_an_anchor_may_change_when_all_its_users_do() -> None:
    case("a: &x 1\nb: *x\n", "a: &x 2\nb: *x\n", Update(0, ("a",), 2), Update(0, ("b",), 2))


def test_a_change_beside_an_anchor_leaves_it() -> None:
    case("a: &x {k: 1}\nb: *x\nc: 1\n", "a: &x {k: 1}\nb: *x\nc: 2\n", Update(0, ("c",), 2))


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "edits",
    [
        [Remove(0, ("nowhere",))],
        [Remove(0, ())],
        [Update(3, (), 1)],
        [Insert(0, ("a",), 1, key="k")],
        [Insert(0, ("b",), 1)],
        [Insert(0, ("a", 0, "x"), 1)],
        [Insert(0, (), 1, key="a")],
        [Remove(0, ("a", 0)), Update(0, ("a", 0, "x"), 1)],
        [RenameKey(0, ("a", 0), "x")],
    ],
)
def test_what_cannot_be_done_is_refused(edits: list[Edit]) -> None:
    with pytest.raises(SpliceError):
        splice(b"a: [{x: 1}]\nb: text\n", edits)


def test_a_text_that_is_not_yaml_is_refused() -> None:
    with pytest.raises(SpliceError):
        splice(b"a: [", [Update(0, ("a",), 1)])


# ---------------------------------------------------------------- entries that come along

FRAGMENT = """\
# header of the file

hook:
  # why it is there
  # and what for
  - id: a   # the id
    base: &b {x: 1}
    # inside
    text: |
      one
      two
    ref: *b
  - id: b
"""


def test_an_entry_is_extracted_with_its_comments_and_without_sharing() -> None:
    snippet = extract(FRAGMENT.encode(), 0, ("hook", 0))
    assert snippet.comments == ("# why it is there", "# and what for")
    assert snippet.text == ("id: a   # the id\nbase: {x: 1}\n# inside\ntext: |\n  one\n  two\nref: {x: 1}")
    assert snippet.value == {"id": "a", "base": {"x": 1}, "text": "one\ntwo\n", "ref": {"x": 1}}


def test_an_inserted_entry_brings_its_text_and_takes_the_new_value() -> None:
    snippet = extract(FRAGMENT.encode(), 0, ("hook", 0))
    case(
        "items:\n    - id: z\n",
        """\
        items:
            # why it is there
            # and what for
            - id: a   # the id
              # inside
              text: |
                three
            - id: z
        """,
        Insert(0, ("items",), {"id": "a", "text": "three\n"}, index=0, snippet=snippet),
    )
    case(
        "items:\n  z: {}\n",
        """\
        items:
          z: {}
          # why it is there
          # and what for
          a:
            # inside
            text: |
              one
              two
        """,
        Insert(0, ("items",), {"text": "one\ntwo\n"}, key="a", snippet=snippet),
    )


def test_a_new_file_has_its_entry_with_comments() -> None:
    snippet = extract(FRAGMENT.encode(), 0, ("hook", 1))
    assert new_file({"id": "b"}, snippet=snippet) == b"id: b\n"
    assert new_file([{"id": "b"}], container=("x", "v")) == b"x:\n  v:\n    - id: b\n"
    assert new_file({}) == b"{}\n"


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (b"a: {}#c\n", Insert(0, ("a",), 5, None, key="k"), b"a: #c\n  k: 5\n"),
        (b"a: []#c\nb: 1\n", Insert(0, ("a",), "x", 0), b"a: #c\n  - x\nb: 1\n"),
        (b"<<: {x: 1}\ny: 2\n", Update(0, ("x",), 5), b"<<: {x: 1}\nx: 5\ny: 2\n"),
        (b"a:\n  <<: {x: 1}\n", Update(0, ("a", "x"), 5), b"a:\n  <<: {x: 1}\n  x: 5\n"),
        (b'{"a\n b"}\n', Update(0, ("a b",), 5), b'{"a b": 5}\n'),
    ],
)
def test_forms_that_a_search_found(before: bytes, edit: Edit, after: bytes) -> None:
    assert splice(before, [edit]) == after


def test_the_last_item_goes_from_behind_a_kept_scalar_where_the_outer_mapping_grows() -> None:
    text = b"a:\n  b:\n  - |+\n    x\n\n  - y\n\nz: 1\n"
    grown = splice(text, [Remove(0, ("a", "b", 1)), Update(0, ("a", "c"), 3)])
    assert grown == b"a:\n  b:\n  - |+\n    x\n\n  c: 3\nz: 1\n"


@pytest.mark.parametrize("block", ["|\n      a\n       b", ">\n      first\n\n      k: v", "|2\n      a"])
def test_a_block_at_the_end_of_a_file_without_a_line_end_stays_one_where_lines_follow(block: str) -> None:
    """Nothing ends its last line there, so its text has none; where it goes, a line end follows."""
    data = f"l:\n  - k: {block}".encode()
    value = read_yaml(data).documents[0]["l"][0]
    assert not value["k"].endswith("\n")
    snippet = extract(data, 0, ("l", 0))
    for text in (f"{snippet.text}\n".encode(), new_file(value, snippet=snippet)):
        assert read_yaml(text).documents == (value,)
    assert snippet.text.startswith(f"k: {block[0]}")


@pytest.mark.parametrize(
    ("value", "head"),
    [
        ("id: a\nd: |\n  x\n", "  - id: a  # first\n"),
        ("id: a  # first\nd: |\n  x\n", "  - id: a  # first\n"),
        ("d: |\n  x\n", "  - d: |  # first\n"),
        ("d:\n  e: |\n    x\n", "  - d:  # first\n"),
        ("id: a  # mine\nd: |\n  x\n", "  -  # first\n    id: a  # mine\n"),
        ("d: 'x:\n\n  y # first\n  z'\n", "  -  # first\n    d: 'x:\n"),
    ],
)
def test_the_comment_behind_braces_stands_behind_the_first_line_that_takes_their_place(
    value: str, head: str
) -> None:
    said = read_yaml(value.encode()).documents[0]
    made = splice(
        b"l:\n  - {n: 1}  # first\n", [Update(0, ("l", 0), said, Snippet((), value.rstrip(), said))]
    )
    assert made.decode().startswith(f"l:\n{head}")
    assert read_yaml(made).documents == ({"l": [said]},)
