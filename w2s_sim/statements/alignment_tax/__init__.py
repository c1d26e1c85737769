"""alignment-tax: fine-tuning buys style only by paying content."""

from w2s_sim.statements.alignment_tax.claim import ALIGNMENT_TAX as ALIGNMENT_TAX
