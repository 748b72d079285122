"""What the package brings along as files. Read it through :mod:`registry_reconciler.schema.packaged`."""
