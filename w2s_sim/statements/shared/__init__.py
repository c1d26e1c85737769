"""Quantities, example tasks and assumptions that several theorems share."""
