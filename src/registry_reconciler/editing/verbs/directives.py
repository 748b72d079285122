"""What a fragment says of an entry beside its fields: a problem that is accepted, a name that is taken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from registry_reconciler.editing.fragment_edit import default_fragment
from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.errors import UsageFailure

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Edits
    from registry_reconciler.loading.workspace import Loaded


def allowing(address: str, code: str, reason: str) -> Callable[[Loaded], Edits]:
    """The draft that accepts a problem of an entry: in the fragment that owns it, else in that of its kind."""

    def draft(loaded: Loaded) -> Edits:
        _require_code(loaded, code)
        if not reason.strip():
            raise UsageFailure("say why the problem is accepted, and until when: --reason TEXT.")
        session = EditSession.of(loaded)
        fragment = _fragment_of(session, address)
        items = (item for _, _, _, item in session.drafts.items("allow") if isinstance(item, dict))
        if any((item.get("address"), item.get("code")) == (address, code) for item in items):
            session.notes.append(f"{code} is allowed for {address} already.")
        else:
            item = {"address": address, "code": code, "reason": reason}
            session.drafts.directive("allow", item, fragment)
        session.also.add(address)
        return session.finish()

    return draft


def overriding(address: str) -> Callable[[Loaded], Edits]:
    """The draft by which an entry takes a name or an alias that another one has."""

    def draft(loaded: Loaded) -> Edits:
        session = EditSession.of(loaded)
        session.drafts.directive("override", address, _fragment_of(session, address))
        session.also.add(address)
        return session.finish()

    return draft


def _fragment_of(session: EditSession, address: str) -> str:
    """Where directives about an entry stand. Raises :class:`UsageFailure` where there is no such entry."""
    kind = session.kind(address)
    if address not in session.known():
        session.value(address)  # which says what is meant instead
    owner = session.drafts.owner(address)
    return owner.place.file if owner is not None else default_fragment(kind.name)


def _require_code(loaded: Loaded, code: str) -> None:
    from registry_reconciler.base.suggest import did_you_mean
    from registry_reconciler.rules import all_rules

    known = {rule.code: rule.structural for rule in all_rules()}
    known |= {rule.code: False for rule in loaded.rule_files.declared()}
    if code not in known:
        raise UsageFailure(
            f"there is no code {code!r}.{did_you_mean(code, tuple(known))}", next=(("registry", "check"),)
        )
    if known[code]:
        raise UsageFailure(
            f"{code} cannot be allowed: while it stands, nothing can be planned safely. Mend it: registry explain "
            f"{code}",
            next=(("registry", "explain", code),),
        )
