"""Relative rounding tolerances for checks of floating-point numbers."""

# Tolerance for a number after a few operations in float32, which has machine epsilon 1.2e-7.
FEW_OPERATIONS = 1e-6
# Tolerances for a measured value or a bound, after a whole computation in float32 and in float64.
SINGLE_ROUNDING, DOUBLE_ROUNDING = 1e-5, 1e-10
