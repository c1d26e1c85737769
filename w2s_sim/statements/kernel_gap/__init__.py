"""Theorem kernel-gap: how far a student stays from the best student with its features."""

from w2s_sim.statements.kernel_gap.claim import KERNEL_GAP as KERNEL_GAP
