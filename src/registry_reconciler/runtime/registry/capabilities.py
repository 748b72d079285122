"""Capabilities: the declared words, what a caller was granted, and the decision.

Gating inside one process stops mistakes, not hostile code: code that runs here can do whatever this process
can. What must be kept apart has to run in another process with fewer rights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from registry_reconciler.runtime.errors import CapabilityDenied, RegistryError, UnknownCapabilityError
from registry_reconciler.runtime.registry.meta import HasMeta

VOCABULARY = "registry.vocabulary"
"""The side table of a database that holds the vocabulary."""

Mode = Literal["enforce", "log"]


class Vocabulary:
    """The declared capabilities.

    Args:
        words: as under ``vocabularies.capabilities`` of the configuration: names, or a mapping whose values
            may say
            ``mutates: true``; ``None`` declares nothing, and then any word is known.
    """

    __slots__ = ("_mutating", "_words", "declared")

    def __init__(self, words: Iterable[str] | Mapping[str, Any] | None = None) -> None:
        self.declared = words is not None
        self._words = frozenset(words or ())
        self._mutating = (
            frozenset(
                word for word, spec in words.items() if isinstance(spec, Mapping) and spec.get("mutates")
            )
            if isinstance(words, Mapping)
            else frozenset[str]()
        )

    def __contains__(self, word: object) -> bool:
        return not self.declared or word in self._words

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._words))

    def mutates(self, word: str) -> bool:
        """Whether it changes something. A word that nobody declared may, so it counts as one that does."""
        return word in self._mutating or word not in self._words

    def to_data(self) -> dict[str, Any] | None:
        """What the constructor takes."""
        return {word: {"mutates": word in self._mutating} for word in self} if self.declared else None

    def checked(self, words: Iterable[str], who: str) -> frozenset[str]:
        """The words as a set.

        Raises:
            UnknownCapabilityError: one of them is not declared.
            RegistryError: one text instead of several words.
        """
        if isinstance(words, str):
            # It would silently become one capability for each letter.
            raise RegistryError(f"{who}: capabilities are a list of words, not the text {words!r}")
        given = frozenset(words)
        if not given:
            return given
        unknown = sorted(word for word in given if word not in self)
        if unknown:
            raise UnknownCapabilityError([(who, word) for word in unknown], tuple(self))
        return given


ANY_WORD = Vocabulary()
"""Where nothing is declared."""


class Grant:
    """What a running item may do, and a record of what it did ask for. In log mode what is lacking is only told."""

    __slots__ = ("_granted", "_mode", "_readonly", "_vocabulary", "lacked", "used")

    def __init__(
        self, granted: Iterable[str], vocabulary: Vocabulary, readonly: bool = False, mode: Mode = "enforce"
    ) -> None:
        self._granted = frozenset(granted)
        self._vocabulary = vocabulary
        self._readonly = readonly
        self._mode = mode
        self.used: set[str] = set()
        self.lacked: set[str] = set()

    def allows(self, capability: str) -> bool:
        """Whether :meth:`use` would go through."""
        if self._blocked(capability):
            return False
        return capability in self._granted or self._mode == "log"

    def _blocked(self, capability: str) -> bool:
        return self._readonly and self._vocabulary.mutates(capability)

    def use(self, capability: str) -> None:
        """Say, before doing it, that something needs a capability.

        Raises:
            CapabilityDenied: it was not granted, or the call is read-only and it mutates.
        """
        self.used.add(capability)
        if capability not in self._granted or self._blocked(capability):
            self.lacked.add(capability)
        if not self.allows(capability):
            readonly = self._blocked(capability) and (capability in self._granted or self._mode == "log")
            raise CapabilityDenied(capability, readonly=readonly)
        if capability in self.lacked:
            import logging  # lookup alone does not load it

            log = logging.getLogger("registry_reconciler.runtime")
            log.warning("the capability %r was used and not granted; the mode only logs", capability)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the gate opens.

    Attributes:
        verdict: ``allow``, ``log`` (missing, but the mode only logs), ``capability_denied`` or
            ``readonly_denied``.
        missing: what was needed and not granted, sorted.
        mutating: what was needed and mutates although the call is read-only, sorted.
    """

    verdict: Literal["allow", "log", "capability_denied", "readonly_denied"]
    missing: tuple[str, ...] = ()
    mutating: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether the call goes on."""
        return self.verdict in ("allow", "log")


ALLOW = Decision("allow")
"""Of what needs nothing."""


def decide(
    needed: Collection[str], granted: frozenset[str], vocabulary: Vocabulary, *, mode: Mode, readonly: bool
) -> Decision:
    """Deny by default. ``readonly`` denies in either mode.

    Raises:
        RegistryError: there is no such mode.
    """
    if mode not in ("enforce", "log"):
        raise RegistryError(f"mode is enforce or log, not {mode!r}")
    if not needed:
        return ALLOW
    wanted = sorted(set(needed))
    missing = tuple(word for word in wanted if word not in granted)
    mutating = tuple(word for word in wanted if readonly and vocabulary.mutates(word))
    if mutating:
        return Decision("readonly_denied", missing, mutating)
    if missing:
        return Decision("capability_denied" if mode == "enforce" else "log", missing)
    return ALLOW


def check_words(vocabulary: Vocabulary, items: Iterable[tuple[str, HasMeta]]) -> None:
    """Refuse items, each with its domain, that need what nobody declared: all of them at once.

    Raises:
        UnknownCapabilityError: see there.
    """
    if not vocabulary.declared:
        return
    unknown = [
        (f"{domain}/{item.meta.id}", word)
        for domain, item in items
        for word in item.meta.required_caps
        if word not in vocabulary
    ]
    if unknown:
        raise UnknownCapabilityError(unknown, tuple(vocabulary))
