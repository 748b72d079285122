"""What each function of ``inert`` makes of texts that are made to do harm."""

from __future__ import annotations

import json

import pytest

from registry_reconciler.base.escape import (
    code,
    fence,
    html,
    json_text,
    markdown,
    runner_safe,
    visible,
    workflow,
    workflow_property,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ünïcode 漢字 🙂", "plain text, ünïcode 漢字 🙂"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb\nc\td", "a\\rb\\nc\\td"),
        ("\u202etxt", "\\u202etxt"),
        ("\u200b\u2028\ufeff", "\\u200b\\u2028\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164\u115f", "\\u3164\\u115f"),
        ("☺\ufe0f", "☺\ufe0f"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("a\n  ::error::x", "a\n  \\x3a:error::x"),
        ("\u00a0::error::x", "\u00a0\\x3a:error::x"),
        ("a ::error::x", "a ::error::x"),
        ("a ##[error]x", "a \\x23#[error]x"),
        ("##vso[task.x]", "\\x23#vso[task.x]"),
        ("## Heading [x]", "## Heading [x]"),
    ],
)
def test_runner_safe(text: str, shown: str) -> None:
    assert runner_safe(text) == shown


@pytest.mark.parametrize(
    "text", ["\u202e", "\U000e0041", "\ud800", "##[error]", "\x9b", "\u2028", "\x00\x1b"]
)
def test_json_text_keeps_the_value(text: str) -> None:
    shown = json_text(json.dumps([text], ensure_ascii=False))
    assert json.loads(shown) == [text]
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "` `"),
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("``", "``` `` ```"),
        (" a", "`  a `"),
        ("a\nb", "`a\\nb`"),
    ],
)
def test_code(text: str, shown: str) -> None:
    assert code(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Did you mean 'payments.capture'?", "Did you mean 'payments.capture'?"),
        ("ask @everyone.", "ask `@everyone`."),
        ("see #12, GH-3 and www.evil.example", "see `#12`, `GH-3` and `www.evil.example`"),
        ("commit deadbeef1", "commit `deadbeef1`"),
        ("<b>bold</b>", "`<b>bold</b>`"),
        ("ability_low/x", "`ability_low/x`"),
        ("a | b", "a `|` b"),
        ("![x](http://e)", "`![x](http://e`)"),
        (":smile:", "`:smile`:"),
        (
            "Say removed: {address: a/b, keep: true}; or wait.",
            "Say removed: `{address: a/b, keep: true}`; or wait.",
        ),
        ('v is {"a": [1, 2]}.', 'v is `{"a": [1, 2]}`.'),
        ("an open {brace and @all", "an open `{brace` and `@all`"),
    ],
)
def test_markdown(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_fence_is_longer_than_any_in_it() -> None:
    assert fence(["```", "x ````` y"], "diff") == ["``````diff", "```", "x ````` y", "``````"]


def test_html() -> None:
    assert html("</summary>&\"'") == "&lt;/summary&gt;&amp;&quot;&#39;"


def test_workflow() -> None:
    assert workflow("50 %\n::error::x\r") == "50 %25%0A::error::x\\r"
    assert workflow("##[error]x") == "\\x23#[error]x"
    assert workflow_property("a:b,c%d\ne") == "a%3Ab%2Cc%25d\\ne"
