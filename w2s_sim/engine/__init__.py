"""The only loop over replicates: programs, tiles, seeds and devices. It knows no theorem and no file."""
