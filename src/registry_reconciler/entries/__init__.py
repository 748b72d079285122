"""The write path for scripts and scaffolds: add or update one entry, check it first, all or nothing.

Modules ``modules``, ``routes``, ``abilities`` and ``hooks`` have one function a kind; ``common`` has what
they share.

>>> from registry_reconciler.entries.routes import add_route
>>> result = add_route({"id": "api.errors", "scope": "api", "topic": "errors",
...                     "module_id": "payments.api"})  # doctest: +SKIP
>>> result.written                                     # doctest: +SKIP
('.system/registry/history/...json', ..., 'desired/route.yaml', 'modules/routes/api.yaml')
"""
