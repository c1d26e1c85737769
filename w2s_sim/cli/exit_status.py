"""What `w2s` tells the shell, beside 0 and 1."""

BAD_INPUT = 2
INTERRUPTED = 130
# As of a command that SIGPIPE ends: `w2s verify | head`.
READER_LEFT = 141
