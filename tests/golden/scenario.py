"""Running one golden scenario."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace as replaced
from pathlib import Path

from msgspec.structs import replace

from registry_reconciler import Plan, PlanOptions, Workspace
from registry_reconciler.model.plan_json import dumps
from registry_reconciler.report import RenderOptions, render
from registry_reconciler.schema.packaged import builtin_schemas
from registry_reconciler.version import __version__
from tests.support import lay_out

HERE = Path(__file__).parent
SCENARIOS = sorted(folder for folder in HERE.iterdir() if (folder / "README.md").is_file())
REGISTRIES = "modules"
SHOWN = {"md": "markdown", "summary.md": "summary", "sarif": "sarif", "github": "github", "brief": "brief"}
"""Formats that only some scenarios are shown in: those that have a file ``expected.<suffix>``."""
OPTIONS = RenderOptions(link_base="https://git.example/shop/shop/blob/0a1b2c3")


@dataclass(frozen=True)
class Outcome:
    """What a scenario gives: the plan as text, JSON and whatever else it is shown in (by suffix), and the
    registries after an apply (``None``: blocked).
    """

    text: str
    json: str
    shown: dict[str, str]
    after: dict[str, bytes] | None

    @classmethod
    def expected(cls, folder: Path) -> Outcome:
        after = folder / "after"
        return cls(
            (folder / "expected.txt").read_text("utf-8"),
            (folder / "expected.json").read_text("utf-8"),
            {suffix: (folder / f"expected.{suffix}").read_text("utf-8") for suffix in _suffixes(folder)},
            dict(_files(after)) if (folder / "applies").exists() else None,
        )

    def write(self, folder: Path) -> None:
        (folder / "expected.txt").write_text(self.text, "utf-8")
        (folder / "expected.json").write_text(self.json, "utf-8")
        for suffix, text in self.shown.items():
            (folder / f"expected.{suffix}").write_text(text, "utf-8")
        shutil.rmtree(folder / "after", ignore_errors=True)
        (folder / "applies").unlink(missing_ok=True)
        if self.after is not None:
            (folder / "applies").write_text("yes: after/ holds the registries then\n")
            lay_out(folder / "after", self.after)


def _suffixes(folder: Path) -> list[str]:
    return [suffix for suffix in SHOWN if (folder / f"expected.{suffix}").is_file()]


def _shown(plan: Plan, suffix: str) -> str:
    # A release of its own changes no golden file.
    return render(plan, SHOWN[suffix], OPTIONS).replace(f'"{__version__}"', '"0.0.0"')


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def run(folder: Path, root: Path) -> Outcome:
    """Lay the scenario out in ``root``, plan it, and apply the plan where nothing blocks."""
    schemas = root / ".system/registry/schemas"
    schemas.mkdir(parents=True)
    for kind, content in builtin_schemas().items():
        (schemas / f"{kind}.schema.yaml").write_bytes(content)
    if (folder / "config.yaml").is_file():
        shutil.copy(folder / "config.yaml", root / ".system/registry/config.yaml")
    workspace = Workspace.open(root)
    if (folder / "applied").is_dir():
        _lay(folder / "applied", root / "desired")
        workspace.apply(workspace.plan())
        shutil.rmtree(root / "desired")
    if (folder / "live").is_dir():
        shutil.rmtree(root / REGISTRIES, ignore_errors=True)
        _lay(folder / "live", root)
    _lay(folder / "desired", root / "desired")
    plan = workspace.planning(_options(folder)).plan
    shown = {suffix: _shown(plan, suffix) for suffix in _suffixes(folder)}
    outcome = Outcome(render(plan, "text"), dumps(plan.to_json()), shown, None)
    return replaced(outcome, after=_apply(workspace, plan, root)) if plan.applicable else outcome


def _apply(workspace: Workspace, plan: Plan, root: Path) -> dict[str, bytes]:
    workspace.apply(plan)
    again = workspace.planning(plan.options).plan
    assert again.empty, again.changes
    return {f"{REGISTRIES}/{name}": content for name, content in _files(root / REGISTRIES)}


def _lay(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)


def _options(folder: Path) -> PlanOptions:
    """The words in ``options``, as the command line takes them."""
    file = folder / "options"
    words = iter(shlex.split(file.read_text()) if file.is_file() else ())
    options = PlanOptions()
    for word in words:
        name = word.removeprefix("--").replace("-", "_")
        if name in ("allow_mass_delete", "no_check"):
            options = replace(options, **{name: True})
        else:
            options = replace(options, **{name: (*getattr(options, name), next(words))})
    return options
