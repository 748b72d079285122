"""Functions of a workspace, loaded for that workspace alone.

Two workspaces of one process may both have a module ``who``. So the modules of each live under a name of its
own, and an import statement in one of them finds its neighbours first: nothing is put on ``sys.path``, and no
name in ``sys.modules`` is taken. A module of Python itself cannot be replaced by a file of the workspace; one
that is installed and is no file of the workspace is imported as everywhere. A file that changed is read anew.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module, invalidate_caches
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from registry_reconciler.runtime.execution.handlers import HandlerError, command_line

_PREFIX = "registry_workspace_"
_SOURCE_FOLDERS = ("", "src")
_FORM = "write package.module:function or folder/file.py:function"

_spaces: dict[str, _Space] = {}
_lock = threading.RLock()


class _Loader(SourceFileLoader):
    """Runs a module with an import statement that knows the workspace. Writes no compiled files into it."""

    def path_stats(self, _path: str) -> Mapping[str, Any]:
        # Without them nothing compiled is used: it is told from its source by the second and the size alone.
        raise OSError("nothing compiled is kept for files of a workspace")

    def exec_module(self, module: ModuleType) -> None:
        space = _spaces[module.__name__.partition(".")[0]]
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": space.import_statement}
        space.note(self.path)
        super().exec_module(module)


class _WorkspaceFinder:
    """Finds modules below the names of workspaces."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(_PREFIX) or path is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path)
            spec.cached = None
        return spec


class _Space:
    """The modules of one workspace."""

    def __init__(self, name: str, root: str) -> None:
        self.name = name
        self.root = root
        self._seen: dict[str, tuple[int, int, int]] = {}
        package = ModuleType(name)
        package.__path__ = [os.path.join(root, folder) for folder in _SOURCE_FOLDERS]
        sys.modules[name] = package

    def note(self, path: str) -> None:
        """Remember a file as it is before it is read."""
        self._seen[path] = _stamp(path)

    def is_current(self) -> bool:
        """Whether each file is as it was read."""
        return all(_stamp(path) == seen for path, seen in self._seen.items())

    def forget(self) -> None:
        """Take the modules out; who holds one of their functions keeps it."""
        for name in [
            module for module in sys.modules if module == self.name or module.startswith(self.name + ".")
        ]:
            del sys.modules[name]

    def has(self, name: str) -> bool:
        """Whether a module of this name is the workspace's own."""
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names:
            return False
        places = [os.path.join(self.root, folder, top) for folder in _SOURCE_FOLDERS]
        found = [path for place in places for path in (place + ".py", os.path.join(place, "__init__.py"))]
        files = [path for path in found if os.path.isfile(path)]
        if files:
            # The same file, imported by the program already: its classes stay one and the same.
            return not _is_loaded_from(top, files[0])
        return any(map(os.path.isdir, places)) and not is_installed(top)

    def module(self, name: str) -> ModuleType:
        """A module by its dotted name: the workspace's own, or one that is installed."""
        return self._own(name) if self.has(name) else import_module(name)

    def _own(self, name: str) -> ModuleType:
        if f"{self.name}.{name}" not in sys.modules:
            invalidate_caches()  # a file that came a moment ago is there as well
        return import_module(f"{self.name}.{name}")

    def file(self, path: str) -> ModuleType:
        """A module by the path of its file, with ``/``."""
        plain = path.removeprefix("./")
        real = command_line(Path(self.root), [f"./{plain}"])[0]
        dotted = plain.removesuffix(".py").removeprefix("src/").replace("/", ".")
        if all(part.isidentifier() for part in dotted.split(".")):
            found = self._own(dotted)
            if os.path.realpath(found.__file__ or "") == real:
                return found
        name = f"{self.name}.file_{hashlib.sha256(real.encode()).hexdigest()[:16]}"
        known = sys.modules.get(name)
        return self._by_location(name, real) if known is None else known

    @staticmethod
    def _by_location(name: str, real: str) -> ModuleType:
        spec = spec_from_file_location(name, real, loader=_Loader(name, real))
        if spec is None or spec.loader is None:
            raise HandlerError(f"{real!r} is no Python file")
        module = module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    def import_statement(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """What ``import`` means in a module of this workspace."""
        if level or not self.has(name):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        own = f"{self.name}.{name}"
        if fromlist:
            return builtins.__import__(own, globals, locals, fromlist, 0)
        import_module(own)
        return sys.modules[f"{self.name}.{name.partition('.')[0]}"]


def _stamp(path: str) -> tuple[int, int, int]:
    try:
        info = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (info.st_mtime_ns, info.st_size, info.st_ino)


def _is_loaded_from(name: str, path: str) -> bool:
    known = getattr(sys.modules.get(name), "__file__", None)
    return isinstance(known, str) and os.path.realpath(known) == os.path.realpath(path)


def is_installed(name: str) -> bool:
    """Whether Python finds a top-level module by itself. It is not imported."""
    from importlib.util import find_spec

    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.loader is not None


def _space(root: Path) -> _Space:
    real = os.path.realpath(root)
    name = _PREFIX + hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    with _lock:
        if not any(isinstance(finder, _WorkspaceFinder) for finder in sys.meta_path):
            sys.meta_path.insert(0, _WorkspaceFinder())  # before the one that would use no loader of ours
        known = _spaces.get(name)
        if known is not None and known.is_current() and name in sys.modules:
            return known
        if known is not None:
            known.forget()
        _spaces[name] = _Space(name, real)
        return _spaces[name]


def load_function(root: Path, reference: object) -> Callable[..., Any]:
    """The function ``package.module:function`` or ``folder/file.py:function``. Imports it.

    Raises:
        HandlerError: it cannot be imported, or is not there.
    """
    if not isinstance(reference, str):
        raise HandlerError(f"the function must be named: {_FORM}")
    place, colon, name = reference.partition(":")
    if not colon:
        place, _, name = reference.rpartition(".")
    if not place or not name:
        raise HandlerError(f"{reference!r} names no function: {_FORM}")
    try:
        with _lock:
            space = _space(root)
            found: Any = space.file(place) if place.endswith(".py") else space.module(place)
        for part in name.split("."):
            found = getattr(found, part)
    except HandlerError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # importing runs foreign code, which may raise anything
        raise HandlerError(f"{reference!r} cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise HandlerError(f"{reference!r} is not a function")
    function: Callable[..., Any] = found
    return function
