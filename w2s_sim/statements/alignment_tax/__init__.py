"""Theorem alignment-tax: fine-tuning improves style only at the cost of content."""

from w2s_sim.statements.alignment_tax.claim import ALIGNMENT_TAX as ALIGNMENT_TAX
