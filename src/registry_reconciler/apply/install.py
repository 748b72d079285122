"""Carry the steps of a committed transaction out, forward or back, one at a time and any number of times.

Live apply and recovery run the same code. Every step looks at what stands on the disk first, so a step that
was done is not done again, and bytes that are neither the old nor the new content are never overwritten:

* a replacement is an exchange: what came out is looked at, and if it is not what was expected, it goes back;
* a new name is taken only when it is free;
* a deletion is a rename into the journal.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from registry_reconciler.apply import files
from registry_reconciler.apply.anchor import APPLY, NOT_THERE, Anchor, NotAFile, state_in
from registry_reconciler.apply.failures import ChangeRefused, WriteConflict
from registry_reconciler.apply.folders import remove_folders, remove_if_empty, sync
from registry_reconciler.apply.journal import Direction, JournalRecord, JournalStep, folders_above
from registry_reconciler.apply.staging import stage_copy
from registry_reconciler.base import progress
from registry_reconciler.files.names import spelling

_ABSENT = "absent"
_STRANGE = "strange"
_BATCH = 32


class Bench:
    """An open transaction: the root, its folder in the journal, and what is to be done.

    Attributes:
        edited: paths that were changed by hand after their step was done; they are left as they are.
        conflicts: paths where going back was not possible because of such an edit.
    """

    def __init__(self, anchor: Anchor, name: str, record: JournalRecord) -> None:
        self.anchor = anchor
        self.place = f"{APPLY}/{name}"
        self.name = name
        self.record = record
        self.edited: list[str] = []
        self.conflicts: list[str] = []
        self._ours = {*record.made, *(path for path, _ in record.emptied)}
        self._ensured: set[str] = set()
        self._fd = os.dup(anchor.folder(self.place))

    def close(self) -> None:
        """Give the descriptor of the journal's folder back."""
        os.close(self._fd)

    @property
    def folder(self) -> int:
        """The descriptor of the journal's folder."""
        return self._fd

    # Before the commit point

    def make_folders(self) -> None:
        """Make every folder that is missing, durably, and ask the file system about every new name.

        Raises:
            Conflict: something is there by now.
            OSError: the file system takes one of the names not, or a folder cannot be made.
        """
        for folder in self.record.made:
            self._ensure_folder(folder)
        leaving = {spelling(step.real) for step in self.record.steps if step.after is None}
        for step in self.record.steps:
            if step.before is None and spelling(step.real) not in leaving:
                above, _, name = step.real.rpartition("/")
                with self.anchor.held(above) as parent, contextlib.suppress(FileNotFoundError):
                    os.stat(name, dir_fd=parent, follow_symlinks=False)
                    raise WriteConflict(step.path)

    def remove_made(self) -> None:
        """Remove those folders again, durably, unless somebody uses them. Raises Undurable or OSError."""
        remove_folders(self.anchor, self.record.made)
        self._ensured.clear()

    # Forward

    def forward(self) -> None:
        """Do every step and make it durable.

        Raises:
            Conflict: somebody else's bytes stand where a step that was not done yet would write.
            Undurable: a sync failed.
            OSError: the system refused a call; some steps may be done.
        """
        for folder in self.record.made:
            self._ensure_folder(folder)
        progress.step("putting files in their places")
        for step in progress.counted(self.record.steps):
            self._forward(step)
        self._remove_empty([path for path, _ in self.record.emptied])
        self.settle()

    def _forward(self, step: JournalStep) -> None:
        now = self._digest(step.real)
        if now == (step.after or _ABSENT):
            self._return_stranger(step)
            return
        if self._was_done(step):
            self.edited.append(step.path)
        elif now != (step.before or _ABSENT):
            raise WriteConflict(step.path)
        elif step.after is None:
            self._take(step.real, f"{step.index}.gone", step.before, step.path)
        elif step.before is None:
            self._put(f"{step.index}.new", step)
        else:
            self._swap(f"{step.index}.new", step, step.before)

    def _was_done(self, step: JournalStep) -> bool:
        """Whether the journal shows that the step was carried out before: its slot is used up."""
        if step.after is None:
            return self._slot(f"{step.index}.gone") != _ABSENT
        return self._slot(f"{step.index}.new") != step.after

    def _return_stranger(self, step: JournalStep) -> None:
        """Undo a step that took somebody else's bytes out, killed before it could look at them."""
        slot = f"{step.index}.new" if step.after is not None else f"{step.index}.gone"
        held = self._slot(slot)
        if held in (_ABSENT, step.before, step.after):
            return
        if step.after is None:
            self._put(slot, step)
        elif step.before is not None:
            self._swap(slot, step, step.after)
        raise WriteConflict(step.path)

    # Back

    def back(self) -> None:
        """Undo every step that was done, and make it durable. Hand edits stay; see ``conflicts``.

        Raises:
            Undurable, OSError: as :meth:`forward`.
        """
        for step in reversed(self.record.steps):
            try:
                self._back(step)
            except WriteConflict:
                self.conflicts.append(step.path)
        self._remove_empty(list(reversed(self.record.made)))
        self.settle()

    def _back(self, step: JournalStep) -> None:
        now = self._digest(step.real)
        if step.after is None:
            self._bring_back(step, now)
        elif now == (step.before or _ABSENT):
            return
        elif self._slot(f"{step.index}.new") == step.after:
            # It was never done, and what stands there is somebody else's; or it was half done, as a link.
            if now == step.after:
                self._unlink_twin(step)
        elif now != step.after:
            raise WriteConflict(step.path)
        elif step.before is None:
            self._take(step.real, f"{step.index}.new", step.after, step.path)
        else:
            # What the exchange brought out goes back, also when it is a hand edit that came in between.
            slots = [
                name for name in (f"{step.index}.new", f"{step.index}.old") if self._slot(name) != _ABSENT
            ]
            if not slots:
                raise WriteConflict(step.path)
            self._swap(slots[0], step, step.after)

    def _unlink_twin(self, step: JournalStep) -> None:
        """Undo the first half of a placing by hard link (:func:`files.place`): both names are one file."""
        ours, there = state_in(self._fd, f"{step.index}.new"), self.anchor.state(step.real)
        if ours and there and (ours.device, ours.inode) == (there.device, there.inode):
            above, _, name = step.real.rpartition("/")
            with self.anchor.held(above) as folder:
                files.unlink(name, folder)

    def _bring_back(self, step: JournalStep, now: str) -> None:
        slot = f"{step.index}.gone"
        if self._slot(slot) == _ABSENT or now == step.before:
            return
        if now != _ABSENT:
            raise WriteConflict(step.path)
        modes = dict(self.record.emptied)
        for folder in folders_above(step.real):
            self._ensure_folder(folder, modes.get(folder))
        self._put(slot, step)

    # One file

    def _swap(self, slot: str, step: JournalStep, expected: str) -> None:
        """Exchange the file and the slot; what comes out of the workspace has to be ``expected``."""
        name = step.real.rpartition("/")[2]
        with self._parent(step) as folder:
            try:
                with _asked():
                    files.exchange(slot, self._fd, name, folder)
            except files.Unsupported:
                self._replace(slot, step, expected)
                return
            if self._slot(slot) != expected:
                files.exchange(slot, self._fd, name, folder)
                raise WriteConflict(step.path)

    def _replace(self, slot: str, step: JournalStep, expected: str) -> None:
        """The same without an exchange: keep a copy, look once more, rename over it."""
        name = step.real.rpartition("/")[2]
        backup = f"{step.index}.old"
        if slot != backup and self._slot(backup) != expected:
            if self._slot(backup) != _ABSENT:
                files.unlink(backup, self._fd)  # half a copy, of somebody who was killed
            with self.anchor.opened(step.real) as source:
                stage_copy(source, backup, self._fd)
            sync(self._fd)
        with self._parent(step) as folder:
            if self._digest(step.real) != expected:
                raise WriteConflict(step.path)
            with _asked():
                files.rename(slot, self._fd, name, folder)

    def _put(self, slot: str, step: JournalStep) -> None:
        name = step.real.rpartition("/")[2]
        with self._parent(step) as folder:
            try:
                with _asked():
                    files.place(slot, self._fd, name, folder)
            except FileExistsError as error:
                raise WriteConflict(step.path) from error

    def _take(self, real: str, slot: str, expected: str | None, path: str) -> None:
        """Rename a file into the journal; what came has to be ``expected``."""
        above, _, name = real.rpartition("/")
        with self.anchor.held(above) as folder:
            try:
                with _asked():
                    files.rename(name, folder, slot, self._fd)
            except FileNotFoundError as error:
                raise WriteConflict(path) from error
            if self._slot(slot) != expected:
                # Not the file that was looked at a moment ago. If its name is taken by now, it stays in the
                # journal, and the clean-up keeps what it does not know.
                with contextlib.suppress(FileExistsError):
                    files.place(slot, self._fd, name, folder)
                raise WriteConflict(path)

    @contextlib.contextmanager
    def _parent(self, step: JournalStep) -> Iterator[int]:
        with contextlib.ExitStack() as stack:
            above = step.real.rpartition("/")[0]
            try:
                folder = stack.enter_context(self.anchor.held(above))
            except OSError as error:
                if self.anchor.is_missing(error, above):
                    raise WriteConflict(step.path) from error
                raise
            yield folder

    def _digest(self, real: str) -> str:
        try:
            state = self.anchor.state(real)
        except NotAFile:
            return _STRANGE
        except OSError as error:
            # A name that can never have been: an entry with it was never installed.
            if error.errno in NOT_THERE and self.anchor.standing(real) == "absent":
                return _ABSENT
            raise
        return _ABSENT if state is None else state.digest

    def _slot(self, name: str) -> str:
        try:
            state = state_in(self._fd, name)
        except NotAFile:
            return _STRANGE
        return _ABSENT if state is None else state.digest

    # Folders

    def _ensure_folder(self, path: str, mode: int | None = None) -> None:
        there = self.anchor.is_folder(path)
        if path in self._ensured or (there and path not in self._ours):
            return
        above, _, name = path.rpartition("/")
        if not self.anchor.is_folder(above):
            raise WriteConflict(path)
        with self.anchor.held(above) as folder:
            try:
                if not there:
                    with _asked():
                        files.make_folder(name, folder)
            except FileExistsError as error:
                if not self.anchor.is_folder(path):
                    raise WriteConflict(path) from error
                there = True
            # Before anything moves into it: what left the journal for a folder that is lost would be lost
            # too. Also when it is there already: who made it may have been killed before this point.
            sync(folder)
        self._ensured.add(path)
        if mode is not None and not there:
            with self.anchor.held(path) as made:
                self._return_owner(path, made)
                files.change_mode(made, mode)

    def _return_owner(self, path: str, made: int) -> None:
        """Give a folder that is brought back to whom it belonged, as far as the system lets us."""
        info = os.fstat(made)
        for folder, uid, gid in self.record.owners:
            if folder == path and (info.st_uid, info.st_gid) != (uid, gid):
                # One at a time: the group may be ours to give where the owner is not.
                for owner in ((-1, gid), (uid, -1)):
                    with contextlib.suppress(PermissionError):
                        files.change_owner(made, *owner)

    def _remove_empty(self, paths: list[str]) -> None:
        if any(self.anchor.is_folder(path) for path in paths):
            # What left these folders has to be durable elsewhere before they go.
            self.settle()
        for path in paths:
            remove_if_empty(self.anchor, path)
            self._ensured.discard(path)

    def settle(self) -> None:
        """Make all names durable: in every folder of the transaction, then in the journal. Raises Undurable.

        Also those that this process did not touch: a killed one may have, and nothing says that it came to
        the sync.
        """
        paths = sorted(self._folders())
        for start in range(0, len(paths), _BATCH):
            with contextlib.ExitStack() as stack:
                found = []
                for path in paths[start : start + _BATCH]:
                    if self.anchor.is_folder(path):
                        found.append(stack.enter_context(self.anchor.held(path)))
                sync(*found)
        sync(self._fd)

    def _folders(self) -> set[str]:
        above = {step.real.rpartition("/")[0] for step in self.record.steps}
        for path in (*self.record.made, *(path for path, _ in self.record.emptied)):
            above.update((path, path.rpartition("/")[0]))
        return above

    # The record and the end

    def settle_record(self) -> None:
        """Make the record's name durable: what it decides must not be acted on before. Raises Undurable."""
        sync(self._fd)

    def turn(self, now: Direction, then: Direction) -> None:
        """Rename the record and make that durable. Raises Undurable or OSError."""
        files.rename(now.value, self._fd, then.value, self._fd)
        sync(self._fd)

    def strangers(self) -> list[str]:
        """Slots that hold bytes which are neither the old nor the new content of their step."""
        known = {
            f"{step.index}.{end}": {step.before, step.after, _ABSENT}
            for step in self.record.steps
            for end in ("new", "gone")
        }
        return [
            name
            for name in sorted(os.listdir(self._fd))
            if name in known and self._slot(name) not in known[name]
        ]

    def keep(self, slots: list[str]) -> list[str]:
        """Move slots out of the journal, so that its removal does not lose them; where they are now."""
        kept = []
        with self.anchor.held(APPLY) as above:
            for slot in slots:
                name = f"kept-{self.name[3:]}-{slot}"
                files.place(slot, self._fd, name, above)
                kept.append(f"{APPLY}/{name}")
            if kept:
                sync(above)
        return kept

    def slots_of(self, paths: list[str]) -> list[str]:
        """The slots that hold the old content of the steps for ``paths``."""
        return [
            name
            for step in self.record.steps
            if step.path in paths and step.before is not None
            for name in (f"{step.index}.new", f"{step.index}.old", f"{step.index}.gone")
            if self._slot(name) == step.before
        ]

    def close_record(self, direction: Direction) -> None:
        """Remove the record, which ends the transaction, durably. Raises Undurable or OSError."""
        files.unlink(direction.value, self._fd)
        sync(self._fd)


@contextlib.contextmanager
def _asked() -> Iterator[None]:
    """Around a change of names: what means that somebody else was here passes, everything else is Refused."""
    try:
        yield
    except (files.Unsupported, FileExistsError, FileNotFoundError):
        raise
    except OSError as error:
        raise ChangeRefused(error.errno, error.strerror, error.filename) from error
