"""Theorem anchor-identifiability: anchors and pairs of weak labels identify prior and weak channel."""

from w2s_sim.statements.anchor_identifiability.claim import ANCHOR_IDENTIFIABILITY as ANCHOR_IDENTIFIABILITY
