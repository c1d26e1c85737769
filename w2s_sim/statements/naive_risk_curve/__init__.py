"""naive-risk-curve: the risk of ridge to the source, exactly, when d and n grow together."""

from w2s_sim.statements.naive_risk_curve.claim import NAIVE_RISK_CURVE as NAIVE_RISK_CURVE
