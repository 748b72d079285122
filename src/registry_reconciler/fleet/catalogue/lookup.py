"""What a catalogue knows: entries of all repositories, who refers to them, what they were. Nothing here writes.

A :class:`Catalogue` answers from one moment: everything it is asked is told as of its first question, whatever is
published in the meantime.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING, Any

from registry_reconciler.fleet.catalogue.known import CatalogueSnapshot, KnownEntry, Referrer, RepositoryRow
from registry_reconciler.fleet.catalogue.publication import ALIAS, NAME, UNIQUE, indexed, words_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from registry_reconciler.fleet.catalogue.place import Where

_AT_ONCE = 500
"""So many keys are asked for in one question."""

_NEAR = 5_000
"""So many keys are looked through for a did-you-mean."""

_MATCHES = 300
"""So many matches of a search are sorted; of words that stand in more entries these are some of them."""


_ENTRY = """
SELECT r.name AS repository, e.kind, e.key, p.revision, e.file, e.line, e.name, e.status, e.id, e.until
FROM registry_entries e
JOIN registry_repositories r ON r.id = e.repository
JOIN registry_publications p ON p.id = r.publication
"""


class Catalogue:
    """Asks a catalogue. Close it, or use it in a ``with``."""

    def __init__(self, engine: Engine, where: Where | None = None) -> None:
        self._engine = engine
        self._where = where
        self._connection: Connection | None = None

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the moment go; the next question begins another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def rows(self, statement: str, values: Mapping[str, Any] | None = None) -> list[Any]:
        """The rows that a statement gives, as of the moment. A value that is a list is taken one by one.

        Raises:
            CatalogueFailure: the database does not answer.
        """
        from sqlalchemy import bindparam, text

        given = dict(values or {})
        lists: list[Any] = [
            bindparam(name, expanding=True) for name, value in given.items() if isinstance(value, list)
        ]
        asked = text(statement).bindparams(*lists)
        if self._where is None:
            return list(self._opened().execute(asked, given).all())
        from registry_reconciler.fleet.catalogue.database import in_words

        with in_words(self._where):
            return list(self._opened().execute(asked, given).all())

    @property
    def is_sqlite(self) -> bool:
        """Which database it is."""
        return self._engine.dialect.name == "sqlite"

    def _opened(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect()
            if not self.is_sqlite:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            self._connection = connection
        return self._connection

    def require_current(self) -> None:
        """Raises a failure where there is no catalogue, or one of another form."""
        if self._where is None:
            return
        from registry_reconciler.fleet.catalogue.database import in_words, no_catalogue
        from registry_reconciler.fleet.catalogue.migrations import require_current

        if self._where.file is not None and not self._where.file.exists():
            raise no_catalogue(self._where)
        with in_words(self._where):
            require_current(self._opened(), self._where)

    def snapshot(self, without: str = "") -> CatalogueSnapshot:
        """What the answers are of.

        Args:
            without: a repository that does not count: the one that is judged.
        """
        found = self.rows(
            "SELECT r.name, p.revision, p.digest, p.published FROM registry_repositories r "
            "JOIN registry_publications p ON p.id = r.publication WHERE r.name <> :without ORDER BY r.name",
            {"without": without},
        )
        content = "".join(f"{name}\0{revision}\0{digest}\n" for name, revision, digest, _ in found)
        return CatalogueSnapshot(
            "sha256:" + sha256(content.encode()).hexdigest(),
            max((row[3] for row in found), default=0),
            len(found),
        )

    def repositories(self) -> list[RepositoryRow]:
        """All of them, by name."""
        found = self.rows(
            "SELECT r.name, p.revision, p.time, p.published, p.entries, p.links, p.problems, r.id "
            "FROM registry_repositories r JOIN registry_publications p ON p.id = r.publication ORDER BY r.name"
        )
        return [RepositoryRow(*row) for row in found]

    def holders(self, kind: str, keys: Sequence[str], without: str = "") -> dict[str, list[KnownEntry]]:
        """Who has entries of a kind, by key."""
        found: dict[str, list[KnownEntry]] = {}
        asked = {indexed(key): key for key in keys}
        for some in _portions(list(asked)):
            statement = (
                f"{_ENTRY} WHERE e.kind = :kind AND e.key IN :keys AND e.until IS NULL AND r.name <> :without"
            )
            for row in self.rows(statement, {"kind": indexed(kind), "keys": some, "without": without}):
                found.setdefault(asked[row.key], []).append(_known(row))
        return {key: sorted(known) for key, known in found.items()}

    def named(self, kind: str, name: str, without: str = "") -> list[KnownEntry]:
        """The entries of a kind that have a name or an alias; of any kind where it is ""."""
        statement = (
            f"{_ENTRY} JOIN registry_labels l ON l.entry = e.id WHERE l.value = :value AND l.sort IN :sorts "
            "AND e.until IS NULL AND r.name <> :without" + (" AND e.kind = :kind" if kind else "")
        )
        values = {"value": indexed(name), "sorts": [NAME, ALIAS], "without": without}
        found = self.rows(statement, {**values, "kind": kind} if kind else values)
        return sorted({_known(row) for row in found})

    def claims(
        self, kind: str, fields: str, values: Sequence[str], without: str = ""
    ) -> dict[str, list[KnownEntry]]:
        """The entries of a kind by value of fields that are unique in the fleet.

        Args:
            fields: as ``unique`` names them, joined by " and ".
            values: as canonical JSON.
        """
        found: dict[str, list[KnownEntry]] = {}
        asked = {indexed(value): value for value in values}
        for some in _portions(list(asked)):
            statement = (
                _ENTRY.replace("SELECT ", "SELECT l.value AS claimed, ", 1)
                + "JOIN registry_labels l ON l.entry = e.id WHERE l.value IN :values AND l.sort = :sort "
                "AND e.kind = :kind AND e.until IS NULL AND r.name <> :without"
            )
            given = {"values": some, "sort": UNIQUE + fields, "kind": indexed(kind), "without": without}
            for row in self.rows(statement, given):
                found.setdefault(asked[row.claimed], []).append(_known(row))
        return {value: sorted(known) for value, known in found.items()}

    def former(self, kind: str, key: str, without: str = "") -> list[KnownEntry]:
        """Who had an entry and has it no more, the last one first, each with the last commit that had it."""
        rows = self.rows(
            "SELECT r.name AS repository, e.kind, e.key, b.revision, e.file, e.line, e.name, e.status, e.id, "
            "e.until FROM registry_entries e JOIN registry_repositories r ON r.id = e.repository "
            "JOIN registry_publications p ON p.id = e.until JOIN registry_publications b ON b.id = p.previous "
            "WHERE e.kind = :kind AND e.key = :key AND r.name <> :without AND NOT EXISTS (SELECT 1 FROM "
            "registry_entries n WHERE n.kind = e.kind AND n.key = e.key AND n.repository = e.repository "
            "AND n.until IS NULL) ORDER BY e.until DESC",
            {"kind": indexed(kind), "key": indexed(key), "without": without},
        )
        last: dict[str, KnownEntry] = {}
        for row in rows:
            last.setdefault(row.repository, _known(row, until=row.revision))
        return list(last.values())

    def keys(self, kind: str, without: str = "", start: str = "", most: int = _NEAR) -> list[str]:
        """Keys of a kind, sorted; of very many some of them.

        Args:
            start: only those that begin so.
        """
        begins = " AND e.key >= :start AND e.key < :behind" if start else ""
        rows = self.rows(
            "SELECT DISTINCT e.key FROM registry_entries e JOIN registry_repositories r ON r.id = e.repository "
            f"WHERE e.kind = :kind AND e.until IS NULL AND r.name <> :without{begins} LIMIT :most",
            {
                "kind": indexed(kind),
                "without": without,
                "most": most,
                **({"start": start, "behind": start + "\U0010ffff"} if start else {}),
            },
        )
        return sorted(row[0] for row in rows)

    def near(self, kind: str, key: str, without: str = "") -> str | None:
        """The key of a kind that a key may be a slip of; those that begin alike are looked through first."""
        from registry_reconciler.base.suggest import closest

        start = indexed(key)[: len(key) // 2]
        for some in (start, "") if start else ("",):
            found = closest(key, self.keys(kind, without, some))
            if found is not None:
                return found
        return None

    def referrers(self, kind: str, key: str) -> list[Referrer]:
        """Every reference, in whatever repository, that says this key and may mean this kind."""
        return self._referrers("l.key = :key", {"key": indexed(key)}, kind)

    def references_in_fleet(self) -> list[Referrer]:
        """Every reference that an entry declares with ``in: fleet``."""
        return self._referrers("l.in_fleet", {}, "")

    def _referrers(self, condition: str, values: Mapping[str, Any], kind: str) -> list[Referrer]:
        rows = self.rows(
            "SELECT r.name AS repository, e.kind, e.key, l.field, e.file, e.line, p.revision, l.in_fleet, l.kinds, "
            "l.key AS target FROM registry_links l JOIN registry_entries e ON e.id = l.entry "
            "JOIN registry_repositories r ON r.id = e.repository "
            f"JOIN registry_publications p ON p.id = r.publication WHERE e.until IS NULL AND {condition}",
            values,
        )
        found = [
            Referrer(
                row.repository,
                f"{row.kind}/{row.key}",
                row.field,
                row.file,
                row.line,
                row.revision,
                bool(row.in_fleet),
                tuple(row.kinds.split(" ")),
                row.target,
            )
            for row in rows
        ]
        return sorted(link for link in found if not kind or kind in link.kinds)

    def search(self, text: str, limit: int = 50) -> tuple[list[KnownEntry], bool]:
        """The entries in which all words of a text stand, each also as the beginning of a word; the best first.

        Returns:
            the entries, and whether there are more.
        """
        words = words_of(text)
        if not words:
            return [], False
        most = max(_MATCHES, limit + 1)
        # Whole words first: of one that stands everywhere, all that begin so would be put together before any is told.
        rows = self._matches(words, most, beginnings=False)
        whole = {_known(row).number for row in rows}
        if len(rows) < most:
            rows += self._matches(words, most, beginnings=True)
        exact = {known for key in {text.strip()} for known in self._by_key(key)}
        exact.update(self.named("", text.strip()))
        found = {known.number: known for known in (*exact, *map(_known, rows))}
        ranked = sorted(
            found.values(), key=lambda known: (_rank(known, text, words), known.number not in whole, known)
        )
        return ranked[:limit], len(ranked) > limit

    def _matches(self, words: Sequence[str], most: int, *, beginnings: bool) -> list[Any]:
        """Entries in which all words stand, and not too many: of a word that stands everywhere all would be joined."""
        if self.is_sqlite:
            matches = "SELECT rowid FROM registry_search WHERE registry_search MATCH :words LIMIT :most"
            asked = " ".join(f'"{word}"{"*" if beginnings else ""}' for word in words)
        else:
            there = "array_to_tsvector(string_to_array(words, ' '))"
            matches = (
                f"SELECT id FROM registry_entries WHERE until IS NULL AND {there} @@ CAST(:words AS tsquery) "
                "LIMIT :most"
            )
            asked = " & ".join(f"'{word}'{':*' if beginnings else ''}" for word in words)
        return self.rows(f"{_ENTRY} WHERE e.id IN ({matches})", {"words": asked, "most": most})

    def _by_key(self, key: str) -> Iterator[KnownEntry]:
        kind, slash, rest = key.partition("/")
        if slash:
            yield from (known for some in self.holders(kind, [rest]).values() for known in some)

    def history(self, kind: str, key: str) -> list[tuple[KnownEntry, dict[str, Any]]]:
        """What an entry was, in each repository from the first publication to the last: since, until, value, and
        whether it went then."""
        rows = self.rows(
            "SELECT r.name AS repository, e.kind, e.key, s.revision, e.file, e.line, e.name, e.status, e.id, "
            "e.until, e.since, e.value, s.time AS since_time, u.revision AS gone, u.time AS until_time "
            "FROM registry_entries e JOIN registry_repositories r ON r.id = e.repository "
            "JOIN registry_publications s ON s.id = e.since LEFT JOIN registry_publications u ON u.id = e.until "
            "WHERE e.kind = :kind AND e.key = :key ORDER BY r.name, e.id",
            {"kind": indexed(kind), "key": indexed(key)},
        )
        followed = {(row.repository, row.since) for row in rows}
        return [
            (
                _known(row, until=row.gone or ""),
                {
                    **row._mapping,
                    "went": row.until is not None and (row.repository, row.until) not in followed,
                },
            )
            for row in rows
        ]

    def values(self, numbers: Iterable[int]) -> dict[int, str]:
        """What entries say, as JSON, by number."""
        found: dict[int, str] = {}
        for some in _portions(list(numbers)):
            rows = self.rows("SELECT id, value FROM registry_entries WHERE id IN :some", {"some": some})
            found.update((row[0], row[1]) for row in rows)
        return found

    def links(self, number: int) -> list[tuple[str, tuple[str, ...], str, bool]]:
        """What an entry refers to: field, kinds, key, in the fleet."""
        statement = "SELECT field, kinds, key, in_fleet FROM registry_links WHERE entry = :number"
        rows = self.rows(statement, {"number": number})
        return [(row[0], tuple(row[1].split(" ")), row[2], bool(row[3])) for row in rows]


def _known(row: Any, until: str = "") -> KnownEntry:
    return KnownEntry(
        row.repository,
        f"{row.kind}/{row.key}",
        row.revision,
        row.file,
        row.line,
        row.name,
        row.status,
        until,
        row.id,
    )


def _rank(known: KnownEntry, text: str, words: Sequence[str]) -> int:
    """0 for what is called so, 1 and 2 for what has the words in its key or name, 3 for the rest."""
    exact = text.strip()
    if exact in (known.address, known.key, known.name):
        return 0
    named = set(words_of(known.key, known.name))
    if named.issuperset(words):
        return 1
    return 2 if all(any(other.startswith(word) for other in named) for word in words) else 3


def _portions(some: list[Any]) -> Iterator[list[Any]]:
    for at in range(0, len(some), _AT_ONCE):
        yield some[at : at + _AT_ONCE]
