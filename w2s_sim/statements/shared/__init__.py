"""Quantities, examples and assumptions that several theorems share."""
