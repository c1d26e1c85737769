"""Theorem grouped-transfer: contexts that each show one concept transfer a whole mixed prior."""

from w2s_sim.statements.grouped_transfer.claim import GROUPED_TRANSFER as GROUPED_TRANSFER
