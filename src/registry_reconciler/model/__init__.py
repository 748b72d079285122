"""The values that pass between stages. Frozen, no input or output."""
