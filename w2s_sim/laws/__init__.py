"""Probability laws of inputs and of label noise, independent of any concept model."""
