"""What rounding may change in a number, as a share of its size: for checks that must allow for it."""

# Of a number after a few operations in float32, whose own precision is 1.2e-7.
FEW_OPERATIONS = 1e-6
# Of a number that is measured or bounded, after the sums and products of a whole computation.
SINGLE_ROUNDING, DOUBLE_ROUNDING = 1e-5, 1e-10
