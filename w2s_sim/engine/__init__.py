"""Many replicates of a pure function: programs, tiles, seeds and devices, without theorems or files."""
