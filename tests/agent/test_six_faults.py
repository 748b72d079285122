"""An agent with nothing but the commands' brief answers goes from six faults to a clean apply.

It reads lines: ``run:`` says how what blocks is mended, ``next:`` what to type then. Measured is what it had to read.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.agent.test_twelve_faults import TYPES, healthy
from tests.support import Box, installed

CALLS = 4
TOKENS = 3_000
CHARACTERS_PER_TOKEN = 3.5
"""Of English and code; fewer would be other writing systems."""


def plant(box: Box) -> None:
    """Six faults of six sorts, in changes that have to be applied."""
    box.replace("desired/work.yaml", "    module_id: orders\n", "    module_id: ordres\n")  # a slip
    box.replace("desired/shop.yaml", "module_type: web", "module_type: front")  # an alias
    box.replace("desired/shop.yaml", "inbound: [web]", "inbound: []")  # told on one side
    box.replace(
        "desired/work.yaml", "required_caps: [fs.read]", "required_caps: [fs.raed]"
    )  # an unknown word
    box.replace(
        "desired/shop.yaml",
        "{module_id: shop, maturity: FUNCTIONAL}",
        "{module_id: shop, maturity: READY_FOR_RELEAS}",
    )  # a word that the schema lists
    box.replace(
        "desired/shop.yaml", "    description: Sells.", "    descripton: Sells a lot."
    )  # a slip in a field
    box.replace("desired/work.yaml", "An order is lost.", "An order is lost or late.")
    box.replace(TYPES, "Nobody is one.", "Somebody, by hand.")  # and what is not its business


class Agent:
    """Types what answers tell it to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls: list[str] = []
        self.read = 0

    def type(self, words: list[str]) -> str:
        ran = installed(*words, cwd=self.root)
        self.calls.append(" ".join(words))
        self.read += len(ran.out) + len(ran.err)
        return ran.out

    def work(self) -> str:
        answer = self.type(["plan", "--brief"])
        while not answer.startswith(("NOTHING TO DO", "applied")) and "\napplied: " not in answer:
            mended = list(dict.fromkeys(re.findall(r"^ +run: registry (fix.*)$", answer, re.MULTILINE)))
            leads = re.findall(r"^next: registry (.*)$", answer, re.MULTILINE)
            # What mends more comes first: "fix --unsafe" makes the safe fixes as well.
            words = shlex.split(max(mended, key=len) if mended else leads[0])
            answer = self.type([*words, *([] if "--brief" in words else ["--brief"])])
        return answer


def test_six_faults_take_four_calls_and_three_thousand_tokens(empty: Box) -> None:
    healthy(empty)
    plant(empty)
    assert installed("plan", cwd=empty.root).exit == 3
    agent = Agent(empty.root)
    agent.work()
    assert len(agent.calls) <= CALLS, agent.calls
    assert agent.read / CHARACTERS_PER_TOKEN <= TOKENS, agent.read
    assert empty.run("plan", "--detailed-exitcode").exit == 0
    assert "READY_FOR_RELEASE" in empty.read("modules/overview/instance_maturity.yaml")
    assert "Sells a lot." in empty.read("modules/overview/instance_registry.yaml")
    assert "Somebody, by hand." in empty.read(TYPES)
