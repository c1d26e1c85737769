"""Theorem naive-risk-curve: the exact limit of the risk of ridge to the source as d and n grow together."""

from w2s_sim.statements.naive_risk_curve.claim import NAIVE_RISK_CURVE as NAIVE_RISK_CURVE
