"""The tests. A package, so that ``tests.…`` never means somebody else's folder of that name."""
