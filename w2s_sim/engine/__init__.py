"""Many replicates of a pure function: programs, tiles, seeds and devices. It knows no theorem and no file."""
