"""What `w2s` tells the shell, beside 0 and 1."""

BAD_INPUT = 2
INTERRUPTED = 130
