"""grouped-transfer: contexts that each show one concept carry a whole mixed prior over."""

from w2s_sim.statements.grouped_transfer.claim import GROUPED_TRANSFER as GROUPED_TRANSFER
