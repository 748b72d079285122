"""Failures: the command could not do its work. Each knows its exit code. Findings are problems, not failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan


class RegistryFailure(Exception):
    """The command failed (exit 1). The text says what, where, why and how to go on.

    Attributes:
        code: a short machine-readable word for the JSON report, constant for a class.
        next: ready commands, as argument lists, that lead out of it.
    """

    exit_code = 1
    code = "failed"

    def __init__(self, message: str, *, next: tuple[tuple[str, ...], ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.next = next


class UsageFailure(RegistryFailure):
    """The words of the call are wrong: an unknown option, address, kind or code (exit 64)."""

    exit_code = 64
    code = "usage"


class MissingExtra(UsageFailure):
    """A part of the product is asked for whose dependencies are not installed."""

    code = "missing_extra"

    def __init__(self, extra: str, what: str) -> None:
        super().__init__(
            f"{what} needs more than is installed: pip install 'registry-reconciler[{extra}]' "
            f"(or: pipx inject registry-reconciler 'registry-reconciler[{extra}]')."
        )


class NoWorkspace(UsageFailure):
    """There is no workspace here or above."""

    code = "no_workspace"


class CannotAsk(UsageFailure):
    """A question has to be asked, and there is no terminal and no ``--yes``."""

    code = "cannot_ask"


class Declined(RegistryFailure):
    """The person answered no."""

    code = "declined"


class OthersDisagree(RegistryFailure):
    """Another implementation reads, judges or compares something otherwise; nothing was written."""

    code = "second_opinion"


class NewerFormat(RegistryFailure):
    """A file that registry keeps was written by a newer program."""

    code = "newer_format"

    @classmethod
    def of(cls, path: str, says: str) -> NewerFormat:
        """Of one file; ``says``: what it says of its format."""
        return cls(
            f"{path} was written by a newer version of registry ({says[:60]}); nothing was read or written. "
            "Use the version that your colleagues use."
        )

    @classmethod
    def refuse(cls, path: str, says: str, known: str) -> None:
        """Raise it where the first line of a file is the known one with a greater number, not where it is damaged."""
        words, _, number = known.rpartition(" ")
        head, _, newer = says.rpartition(" ")
        if (
            head == words
            and newer.isascii()
            and newer.isdecimal()
            and len(newer) < 10
            and int(newer) > int(number)
        ):
            raise cls.of(path, says)


class VersionRequired(RegistryFailure):
    """The workspace asks for another version of this program."""

    code = "version_required"


class StalePlan(RegistryFailure):
    """The plan computed now is not the one that was saved or expected; ``entries`` are those that differ."""

    code = "stale_plan"

    def __init__(
        self, message: str, *, entries: tuple[str, ...] = (), next: tuple[tuple[str, ...], ...] = ()
    ) -> None:
        super().__init__(message, next=next)
        self.entries = entries


class LockHeld(RegistryFailure):
    """Another process is applying."""

    code = "lock_held"


class InterruptedApply(RegistryFailure):
    """An earlier apply was interrupted and nobody has recovered it yet."""

    code = "interrupted_apply"


class WriteFailure(RegistryFailure):
    """Writing failed and the workspace is as it was before, or the message says what recovers it."""

    code = "write_failed"


class Stopped(WriteFailure):
    """A signal came while files could still be taken back, and they were. The exit code says which one."""

    code = "interrupted"

    def __init__(self, message: str, *, number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


class Blocked(RegistryFailure):
    """At least one problem blocks; nothing was written (exit 3). ``plan`` holds the problems."""

    exit_code = 3
    code = "blocked"

    def __init__(
        self, message: str, *, plan: Plan | None = None, next: tuple[tuple[str, ...], ...] = ()
    ) -> None:
        super().__init__(message, next=next)
        self.plan = plan
