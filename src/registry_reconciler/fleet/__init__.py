"""Many repositories as one: what each of them says, and a catalogue of all of it.

The extra ``fleet`` (Dask, SQLAlchemy, Alembic, psycopg) is imported by what uses it, when it is used.
"""
