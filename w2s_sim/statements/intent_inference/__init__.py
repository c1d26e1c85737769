"""Theorem intent-inference: the concept named from weak demonstrations is the intended one."""

from w2s_sim.statements.intent_inference.claim import INTENT_INFERENCE as INTENT_INFERENCE
