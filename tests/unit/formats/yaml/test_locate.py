"""Where a symbolic place stands."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.yaml.read.locate import locate
from registry_reconciler.model.entry import FieldPath

TEXT = """\
# head
hook:
  - id: é    # x
    base: &b
      x: 1
    copy: *b
    empty:
    merged:
      <<: *b
      y: 2
  -
    id: {z: [1, 22]}
---
second: 1
"""


@pytest.mark.parametrize(
    ("document", "path", "on_key", "expected"),
    [
        (0, (), False, (2, 1)),
        (0, ("hook",), True, (2, 1)),
        (0, ("hook",), False, (3, 3)),
        (0, ("hook", 0), False, (3, 5)),
        (0, ("hook", 0, "id"), True, (3, 5)),
        (0, ("hook", 0, "id"), False, (3, 9)),
        (0, ("hook", 0, "base", "x"), False, (5, 10)),
        (0, ("hook", 0, "copy", "x"), False, (6, 11)),
        (0, ("hook", 0, "empty"), False, (7, 5)),
        (0, ("hook", 0, "merged", "x"), False, (9, 7)),
        (0, ("hook", 0, "merged", "x"), True, (9, 7)),
        (0, ("hook", 1, "id", "z", 1), False, (12, 17)),
        (0, ("hook", 9), False, (3, 3)),
        (0, ("nowhere", "at all"), True, (2, 1)),
        (1, ("second",), False, (14, 9)),
        (7, (), False, (1, 1)),
    ],
)
def test_places(document: int, path: FieldPath, on_key: bool, expected: tuple[int, int]) -> None:
    assert locate(TEXT.encode(), [(document, path, on_key)]) == [expected]
    assert locate(b"\xef\xbb\xbf" + TEXT.encode(), [(document, path, on_key)]) == [expected]
    assert locate(TEXT.replace("\n", "\r\n").encode(), [(document, path, on_key)]) == [expected]


def test_many_places_come_in_the_order_asked() -> None:
    assert locate(TEXT.encode(), [(1, ("second",), True), (0, ("hook",), True)]) == [(14, 1), (2, 1)]


def test_a_text_that_is_not_yaml_gives_its_start() -> None:
    assert locate(b"a: [", [(0, ("a",), False)]) == [(1, 1)]
    assert locate(b"[" * 5000, [(0, (), False)]) == [(1, 1)]
    assert locate(b"", [(0, (), False)]) == [(1, 1)]


def test_a_file_with_duplicate_keys_still_has_places() -> None:
    assert locate(b"a: 1\nb: 2\na: 3\n", [(0, ("b",), False)]) == [(2, 4)]
