"""Ready outputs: definitions and templates for what is derived most often, filled in for a kind of the workspace."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from registry_reconciler.base.globs import is_wild
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.errors import UsageFailure
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind

_OWNERS = ("owners", "owner", "codeowners", "maintainers", "maintainer", "team")
_PATHS = ("path", "source", "dir", "directory", "folder", "location")
_ABOUT = ("description", "summary", "when_to_use", "title", "purpose")


class Ready(Struct, frozen=True):
    """One ready output.

    Attributes:
        definition: its item of ``outputs.yaml``.
        template: its template, and the name of that; "" where it needs none.
        name: of the template.
        starter: what its file holds besides, where there is none yet: without that its reader does not take it.
    """

    definition: dict[str, Json]
    template: str = ""
    name: str = ""
    starter: str = ""


class _Fields(Struct, frozen=True):
    """The fields of a kind by what they are for.

    Attributes:
        folder: where the file of an entry lies, in pieces: every second one is a field. Empty where that is open.
    """

    kind: str
    path: str
    about: str
    owners: str
    version: str
    folder: tuple[str, ...] = ()

    def where(self, entry: str, what: str, blank: str = " ") -> str:
        """What gives the path of an entry in a template: of a field, else of its file, its blanks as ``blank``."""
        written = "" if blank == " " else f" | replace(' ', {blank!r})"
        if self.path:
            return f"{{{{ {entry}{self.path}{written} }}}}"
        if not self.folder:
            raise UsageFailure(
                f"{self.kind} has no field for {what}: its schema names none of {', '.join(_PATHS)}, "
                "and no folder is its own"
            )
        return "".join(
            f"{{{{ {entry}{piece}{written} }}}}" if number % 2 else piece.replace(" ", blank)
            for number, piece in enumerate(self.folder)
        )


def ready(name: str, kind: Kind, file: str = "") -> Ready:
    """A ready output by name.

    Raises:
        UsageFailure: there is no such one, or the kind has not what it needs.
    """
    if name not in READY:
        raise UsageFailure(
            f"there is no ready output {name!r}.{did_you_mean(name, READY)} They are: {', '.join(READY)}"
        )
    return READY[name](_fields(kind), file)


def _fields(kind: Kind) -> _Fields:
    properties = kind.schema.get("properties")
    known = tuple(properties) if isinstance(properties, dict) else ()
    return _Fields(
        kind.name,
        _first(_PATHS, known),
        _first(_ABOUT, known),
        _first(_OWNERS, known),
        _first(("version",), known),
        _folder_of(kind),
    )


def _folder_of(kind: Kind) -> tuple[str, ...]:
    """The folder that the file of an entry has for itself; what is hidden in it belongs to the tool."""
    names = kind.file.text.split("/")[:-1]
    while names and names[-1].startswith("."):
        names.pop()
    text = "/".join(names)
    pieces = tuple(re.split(r"\{(.*?)\}", text))
    plain = all(piece.isidentifier() for piece in pieces[1::2])
    own = LAYOUTS[kind.layout].one_a_file and names and "{" in names[-1]
    return pieces if own and plain and not is_wild("".join(pieces[::2])) else ()


def _first(wanted: Sequence[str], known: Sequence[str]) -> str:
    return next((name for name in wanted if name in known), "")


def _optional(entry: str, field: str) -> str:
    return f"{{{{ {entry}{field} | default('') }}}}"


def _table(fields: _Fields, file: str) -> Ready:
    columns = [name for name in (fields.about, fields.path, fields.version) if name]
    head = " | ".join([fields.kind, *columns])
    cells = [
        f"{{{{ e.{name} | default('') | replace('|', '\\\\|') | replace('\\n', ' ') }}}}" for name in columns
    ]
    row = " | ".join(["`{{ e.key }}`", *cells])
    text = (
        f"| {head} |\n|{' --- |' * (len(columns) + 1)}\n"
        f"{{% for e in entries.{fields.kind} %}}\n| {row} |\n{{% endfor %}}\n"
    )
    name = f"{fields.kind}-table"
    definition: dict[str, Json] = {
        "id": name,
        "file": file or "README.md",
        "region": name,
        "template": f"{name}.md.j2",
    }
    return Ready(definition, text, f"{name}.md.j2")


def _count(fields: _Fields, file: str) -> Ready:
    name = f"{fields.kind}-count"
    return Ready(
        {
            "id": name,
            "file": file or "README.md",
            "region": name,
            "value": f"{{{{ entries.{fields.kind} | length }}}}",
        }
    )


def _need(fields: _Fields, field: str, what: str, wanted: Sequence[str]) -> str:
    if not field:
        raise UsageFailure(
            f"{fields.kind} has no field for {what}: its schema names none of {', '.join(wanted)}"
        )
    return field


def _marketplace(file: str, default: str) -> Callable[[_Fields], Ready]:
    def made(fields: _Fields) -> Ready:
        where = fields.where("", "where a plugin lies")
        item: dict[str, Json] = {"name": "{{ key }}", "source": f"./{where}"}
        if fields.about:
            item["description"] = f"{{{{ {fields.about} | default(omit) }}}}"
        if fields.version:
            item["version"] = f"{{{{ {fields.version} | default(omit) }}}}"
        return Ready(
            {
                "id": "marketplace",
                "file": file or default,
                "at": "plugins",
                "each": fields.kind,
                "item": item,
            },
            starter='{\n  "name": "my-plugins",\n  "owner": {\n    "name": "my-team"\n  },\n  "plugins": []\n}\n',
        )

    return made


def _plugins(default: str) -> Callable[[_Fields, str], Ready]:
    return lambda fields, file: _marketplace(file, default)(fields)


def _codeowners(fields: _Fields, file: str) -> Ready:
    where = fields.where("e.", "a path", r"\ ") + ("" if fields.path else "/")
    owners = _need(fields, fields.owners, "owners", _OWNERS)
    listed = f"([e.{owners}] if e.{owners} is string or e.{owners} is mapping else e.{owners})"
    text = (
        "{# CODEOWNERS takes @user, @org/team and addresses of mail. #}\n"
        f"{{% for e in entries.{fields.kind} if e.{owners} is defined and e.{owners} %}}\n"
        "{% set ns = namespace(taken='', left=false) %}\n"
        f"{{% for owner in {listed} %}}\n"
        "{% set called = owner.email | default(owner.github) | default(owner.name) | default('') "
        "if owner is mapping else owner %}\n"
        "{% set name = called | string %}\n"
        "{% if '@' in name and ' ' not in name and '\\n' not in name %}\n"
        "{% set ns.taken = ns.taken + ' ' + name %}\n"
        "{% else %}\n"
        "{% set ns.left = true %}\n"
        "{% endif %}\n"
        "{% endfor %}\n"
        "{% if ns.taken %}\n"
        f"/{where}{{{{ ns.taken }}}}\n"
        "{% endif %}\n"
        "{% if ns.left %}\n"
        f"# /{where}: an owner has no name that begins with @, and no address of mail.\n"
        "{% endif %}\n"
        "{% endfor %}\n"
    )
    name = f"codeowners-{fields.kind}"
    definition: dict[str, Json] = {
        "id": name,
        "file": file or ".github/CODEOWNERS",
        "region": fields.kind,
        "template": f"{name}.j2",
    }
    return Ready(definition, text, f"{name}.j2")


def _section(default: str) -> Callable[[_Fields, str], Ready]:
    def made(fields: _Fields, file: str) -> Ready:
        about = f": {_optional('e.', fields.about)}" if fields.about else ""
        where = f" (`{{{{ e.{fields.path} }}}}`)" if fields.path else ""
        text = f"{{% for e in entries.{fields.kind} %}}\n- `{{{{ e.key }}}}`{where}{about}\n{{% endfor %}}\n"
        name = f"agents-{fields.kind}"
        definition: dict[str, Json] = {
            "id": f"{(file or default).rpartition('/')[2].split('.')[0].lower()}-{fields.kind}",
            "file": file or default,
            "region": fields.kind,
            "template": f"{name}.md.j2",
        }
        return Ready(definition, text, f"{name}.md.j2")

    return made


READY: Mapping[str, Callable[[_Fields, str], Ready]] = {
    "table": _table,
    "count": _count,
    "claude-marketplace": _plugins(".claude-plugin/marketplace.json"),
    "cursor-marketplace": _plugins(".cursor-plugin/marketplace.json"),
    "codeowners": _codeowners,
    "agents-section": _section("AGENTS.md"),
    "claude-section": _section("CLAUDE.md"),
}
"""Each by its name."""
