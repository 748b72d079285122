"""A new rule file, to be filled in."""

from __future__ import annotations


def new_rule(code: str, kind: str, key: str) -> str:
    """The text of a rule that judges nothing yet, with an example of what to write in each field."""
    return f"""\
# A rule of this workspace's own. Try it: registry rule test {code}
code: {code}
title: What must hold, in one sentence
severity: warning              # error blocks, warning is shown, record is only logged
for: {kind}                    # a kind, a list of kinds, or a pair: {{left: {kind}, right: {kind}}}
when: "true"                   # CEL: which entries it is about
check: {_has(key)}             # CEL: what must be true of each of them
message: "{{key}} has no {key}."
at: {key}                      # the field that is pointed at
why: Why it matters.
fix: How to get rid of the problem.
# example: |                   # YAML as in a fragment that violates it, and the same mended
#   {kind}:
#     - ...
# use_instead: |
#   {kind}:
#     - ...
"""


def _has(key: str) -> str:
    return f"has(self.{key})" if key.isidentifier() else f'"{key}" in self'
