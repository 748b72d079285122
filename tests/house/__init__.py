"""What an addition touches: each test adds one made-up thing to a copy of the package, as ARCHITECTURE.md says it."""
