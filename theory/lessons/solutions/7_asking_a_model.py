"""Solutions of lesson 7. The function is an answer that the lesson's check accepts."""


def effective_number(num_demonstrations, correlation):
    """All entries of the inverse of a matrix with ones and equal correlations add up to n / (1 + (n - 1) r)."""
    return num_demonstrations / (1.0 + (num_demonstrations - 1.0) * correlation)
