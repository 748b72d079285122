"""The editor: keys come in, tables say what they mean, the registries say what runs and whether it may."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from docs.examples.editor.modal.handlers import ACTIONS, MOTIONS, TEXT_OBJECTS
from docs.examples.editor.modal.tables import (
    ActionNumbers,
    Binding,
    BoundAction,
    BoundCommand,
    Conflict,
    build_tables,
)
from docs.examples.editor.modal.text import Buffer, Position
from registry_reconciler.runtime import EntryItem, HasMeta, Key, link, open_runtime
from registry_reconciler.runtime.execution.audit import AuditLine

ROOT = Path(__file__).resolve().parents[1]
EVERYTHING = ("cursor.move", "buffer.write", "file.write", "app.quit")

_KEY = re.compile(r"<(?:esc|cr|bs)>|.", re.DOTALL)
_TYPED = {"<cr>": "\n", "<bs>": "\b"}


class Editor:
    """One buffer, one cursor.

    Args:
        buffer: what is edited; when it is read-only, nothing that needs a mutating capability runs.
        caps: what the person at the keys may do.
        write: saves the buffer.
    """

    def __init__(
        self,
        buffer: Buffer,
        *,
        caps: Iterable[str] = EVERYTHING,
        write: Callable[[Buffer], None] = lambda buffer: None,
    ) -> None:
        self.buffer = buffer
        self.caps = tuple(caps)
        self.write = write
        self.mode = "normal"
        self.operator = self.register = self.command = self.message = self.typed = ""
        self.running = True
        self.audit: list[AuditLine] = []
        self.numbers = ActionNumbers()
        self._pending = ""
        self._operator_key = ""
        self._runtime = open_runtime(ROOT)
        self._invoker = self._runtime.invoker(audit=self.audit.append, handlers={"editor": self._entry_runs})
        # One report of everything missing on both sides, at the start and not at the key.
        self._actions = link(self._runtime["action"], ACTIONS)
        self._motions = link(self._runtime["motion"], MOTIONS)
        self._objects = link(self._runtime["text_object"], TEXT_OBJECTS)
        self.options = {item.meta.name: item.value["default"] for item in self._runtime["option"]}
        self._rebuild()

    # What is registered

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Key sequences that do not lead where somebody wanted."""
        return self._tables.table("conflicts")

    def plug(
        self,
        name: str,
        *,
        actions: Iterable[BoundAction] = (),
        commands: Iterable[BoundCommand] = (),
        may_override_ids: bool = False,
    ) -> None:
        """Add what a plugin brings: all of it, or nothing when one item is refused."""
        items: list[tuple[str, HasMeta]] = [("action", one) for one in actions]
        items += [("command", one) for one in commands]
        self._runtime["action"].set_allow_id_overrides(may_override_ids)
        try:
            self._runtime.db.register_many(items, layer=name)
        finally:
            self._runtime["action"].set_allow_id_overrides(False)
        self._rebuild()

    def unplug(self, name: str) -> None:
        """Take away what a plugin brought."""
        self._runtime.db.drop_layer(name)
        self._rebuild()

    def registry(self, kind: str) -> Any:
        """The registry of a kind, to look at."""
        return self._runtime[kind]

    def _rebuild(self) -> None:
        snapshot = self._runtime.snapshot()
        self._tables = build_tables(snapshot)
        self._bindings = {(one.mode, one.keys): one for one in self._tables.table("keybindings")}
        self._prefixes = set(self._tables.table("prefixes"))
        self.numbers.number(snapshot)

    # Keys

    def type(self, keys: str) -> Editor:
        """Press keys; ``<esc>``, ``<cr>`` and ``<bs>`` are those keys."""
        for key in _KEY.findall(keys):
            self._press(key)
        return self

    def _press(self, key: str) -> None:
        if self.mode == "command":
            self._command_key(key)
            return
        sequence = self._pending + key
        binding = self._bindings.get((self.mode, sequence))
        if binding is not None:
            self._pending = ""
            self._follow(binding, sequence)
        elif (self.mode, sequence) in self._prefixes:
            self._pending = sequence
        else:
            self._pending = ""
            self._unbound(key)

    def _unbound(self, key: str) -> None:
        if self.mode == "insert":
            self.typed = _TYPED.get(key, key)
            self.run("core::type")
        elif self.mode == "operator":
            self.mode = "normal"

    def _follow(self, binding: Binding, keys: str) -> None:
        if binding.domain == "action":
            self._operator_key = keys
            self.run(binding.id)
        elif self.mode == "operator":
            self.mode = "normal"
            self._operate(binding, keys)
        else:
            self.buffer.go(self._motions[binding.id](self.buffer))

    def _operate(self, binding: Binding, keys: str) -> None:
        if binding.id == "object::line" and keys != self._operator_key:
            return
        linewise = binding.id == "object::line"
        if binding.domain == "motion":
            entry = self._runtime["motion"].require(binding.id)
            linewise = isinstance(entry, EntryItem) and bool(entry.value.get("linewise"))
            here = (self.buffer.row, self.buffer.col)
            span: tuple[Position, Position] | None = (
                here,
                self._clipped(self._motions[binding.id](self.buffer)),
            )
        else:
            span = self._objects[binding.id](self.buffer)
        if span is not None:
            self._apply(span, linewise)

    def _clipped(self, position: Position) -> Position:
        row = max(0, min(position[0], len(self.buffer.lines) - 1))
        return row, max(0, min(position[1], len(self.buffer.lines[row])))

    def _apply(self, span: tuple[Position, Position], linewise: bool) -> None:
        start, end = sorted(span)
        buffer = self.buffer
        if self.operator == "yank":
            whole = "\n".join(buffer.lines[start[0] : end[0] + 1]) + "\n"
            self.register = whole if linewise else buffer.between(start, end)
            return
        buffer.remember()
        if linewise and self.operator == "delete":
            self.register = buffer.take_lines(start[0], end[0])
        elif linewise:
            self.register = buffer.take((start[0], 0), (end[0], len(buffer.lines[end[0]]))) + "\n"
        else:
            self.register = buffer.take(start, end)
            buffer.go(start, past_end=self.operator == "change")
        if self.operator == "change":
            self.mode = "insert"

    def _command_key(self, key: str) -> None:
        if key == "<cr>":
            self.mode = "normal"
            self._run_command(self.command)
        elif key == "<esc>":
            self.mode = "normal"
        else:
            self.command = self.command[:-1] if key == "<bs>" else self.command + key

    def _run_command(self, name: str) -> None:
        found = self._runtime["command"].get(name)
        if found is None:
            self.notify("unknown", name)
        else:
            self.run(found.value["action"] if isinstance(found, EntryItem) else found.action)

    # Actions

    def run(self, action: str) -> None:
        """Run an action by id or name, when whoever types may do what it needs."""
        item = self._runtime["action"].require(action)
        writes = "buffer.write" in item.meta.required_caps and item.meta.id not in (
            "core::type",
            "core::undo",
        )
        if writes:
            self.buffer.remember()
        key: Key[Any] = self._runtime["action"].key(item.meta.id)
        result = self._invoker.invoke(key, self, caps=self.caps, readonly=self.buffer.readonly, caller="keys")
        if writes and self.mode != "insert":
            self.buffer.forget_if_same()
        if result.denied:
            self.notify("denied", ", ".join(result.denied))
        elif not result.ok:
            self.message = result.error

    def _entry_runs(self, how: Any, payload: Any, context: Any) -> None:
        self._actions[context.id](payload, context)

    def happened(self, event: str, detail: str) -> None:
        """Tell the hooks of an event."""
        for hook in self._runtime["event_hook"]:
            if hook.value["event"] == event:
                self.notify(hook.value["notification"], detail)

    def notify(self, notification: str, detail: str) -> None:
        """Show a notification by id or name."""
        self.message = self._runtime["notification"].require(notification).value["text"].format(detail)

    # What is seen

    def render(self) -> list[str]:
        """The lines of the screen, the status line last."""
        form = self._runtime["gutter"].require("number").value["format"] if self.options["number"] else ""
        lines = [form.replace("{n:>3}", f"{n:>3}") + line for n, line in enumerate(self.buffer.lines, 1)]
        return [*lines, self.status()]

    def status(self) -> str:
        """The status line, as its segments say."""
        parts = {
            "mode": f":{self.command}" if self.mode == "command" else self.mode.upper(),
            "file": self.buffer.name,
            "position": f"{self.buffer.row + 1}:{self.buffer.col + 1}",
            "readonly": "[read-only]" if self.buffer.readonly else "",
            "message": self.message,
        }
        segments = self._runtime["statusline"].require("default").value["segments"]
        return " | ".join(parts[segment] for segment in segments if parts[segment])
