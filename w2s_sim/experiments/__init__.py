"""Small versions of published experiments, with models whose concepts are known exactly."""
