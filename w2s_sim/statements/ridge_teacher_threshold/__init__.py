"""Theorem ridge-teacher-threshold: no student beats the best shrunken copy of its teacher."""

from w2s_sim.statements.ridge_teacher_threshold.claim import (
    RIDGE_TEACHER_THRESHOLD as RIDGE_TEACHER_THRESHOLD,
)
