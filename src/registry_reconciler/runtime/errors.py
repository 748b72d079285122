"""What the run-time registries raise. All of it is a :class:`RegistryError`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class RegistryError(Exception):
    """A registry refused something. The text says what, where, why and what to do."""

    def __reduce__(self) -> Any:
        # Not by its arguments: those of the classes below are not those that Exception keeps.
        return _remade, (type(self), self.args, vars(self))


def _remade(kind: type[RegistryError], args: tuple[Any, ...], attributes: dict[str, Any]) -> RegistryError:
    made = kind.__new__(kind, *args)
    made.args = args
    vars(made).update(attributes)
    return made


class DuplicateIdError(RegistryError):
    """Two items with one id; an id is for machines and has to mean one thing."""

    def __init__(self, registry: str, id: str, detail: str = "") -> None:
        hint = detail or "give one of the two items another id"
        super().__init__(f"{registry}: the id {id!r} is taken; {hint}")
        self.registry = registry
        self.id = id


class IdShadowingError(RegistryError):
    """A name or an alias equals the id of another item, so that one of the two could not be reached."""

    def __init__(self, registry: str, key: str, claimer: str, owner: str) -> None:
        super().__init__(
            f"{registry}: {key!r} is a name or alias of {claimer!r} and also the id of {owner!r}; "
            "rename the name or alias"
        )
        self.registry = registry
        self.key = key
        self.claimer = claimer
        self.owner = owner


class KeyConflictError(RegistryError):
    """Two items claim one key and the policy is ``error``."""

    def __init__(self, registry: str, key: str, key_kind: str, first: str, second: str) -> None:
        super().__init__(
            f"{registry}: {first!r} and {second!r} both claim the {key_kind} {key!r} and the policy "
            "is 'error'; rename one or choose another policy"
        )
        self.registry = registry
        self.key = key
        self.key_kind = key_kind
        self.items = (first, second)


def or_meant(suggestions: Sequence[str]) -> str:
    """What was probably meant, to put behind a message; "" where nothing is near."""
    return f"; did you mean {', '.join(map(repr, suggestions))}?" if suggestions else ""


class UnknownKeyError(RegistryError, KeyError):
    """Nothing is reached by this key; ``suggestions`` are what was probably meant, best first."""

    def __init__(self, registry: str, key: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(f"{registry}: there is no {key!r}{or_meant(suggestions)}")
        self.registry = registry
        self.key = key
        self.suggestions = tuple(suggestions)

    def __str__(self) -> str:
        # A KeyError shows the repr of its argument; this is a sentence.
        return str(self.args[0])


class HandleError(RegistryError):
    """A handle does not resolve. See the two subclasses."""


class StaleHandleError(HandleError):
    """The id still leads to an item, but not to the one that the handle was made for."""


class GoneHandleError(HandleError):
    """The id leads to nothing any more."""


class UnknownCapabilityError(RegistryError):
    """Words that the capability vocabulary does not declare.

    Attributes:
        unknown: (who uses it, the word), all of them at once.
    """

    def __init__(self, unknown: Sequence[tuple[str, str]], declared: Sequence[str]) -> None:
        lines = "; ".join(f"{who}: {word!r}" for who, word in unknown)
        known = ", ".join(declared) or "none"
        super().__init__(
            f"unknown capabilities: {lines}. Declared: {known}. "
            "Add them under vocabularies.capabilities in .system/registry/config.yaml or correct the spelling"
        )
        self.unknown = tuple(unknown)


class CapabilityDenied(RegistryError):
    """Code used a capability that it was not granted. The gate turns it into a structured result."""

    def __init__(self, capability: str, *, readonly: bool = False) -> None:
        why = "it changes things and the call is read-only" if readonly else "it was not granted"
        super().__init__(f"capability {capability!r} denied: {why}")
        self.capability = capability
        self.readonly = readonly


class LinkError(RegistryError):
    """Handlers and metadata do not fit; everything that is missing on either side.

    Attributes:
        without_handler: ids of items that no handler was given for.
        without_item: handler keys that lead to no item.
        ambiguous: ids that more than one handler key leads to, with those keys.
    """

    def __init__(
        self,
        registry: str,
        without_handler: Sequence[str],
        without_item: Sequence[str],
        ambiguous: Mapping[str, Sequence[str]],
    ) -> None:
        parts = []
        if without_handler:
            parts.append(f"items without a handler: {', '.join(without_handler)}")
        if without_item:
            parts.append(f"handlers without an item: {', '.join(without_item)}")
        for id, keys in ambiguous.items():
            parts.append(f"several handlers for {id}: {', '.join(keys)}")
        super().__init__(f"{registry}: " + "; ".join(parts))
        self.registry = registry
        self.without_handler = tuple(without_handler)
        self.without_item = tuple(without_item)
        self.ambiguous = {id: tuple(keys) for id, keys in ambiguous.items()}


class WorkspaceLoadError(RegistryError):
    """A workspace or extension file cannot be served; ``problems`` has one line for each finding."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        super().__init__(f"{where} cannot be loaded: {shown}")
        self.where = where
        self.problems = tuple(problems)
