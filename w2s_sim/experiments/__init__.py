"""Experiments after published ones, in small: what their models do when every concept is known exactly."""
