"""Pictures, from tables alone: nothing here knows how the numbers were computed."""

from w2s_sim.plotting.headline import headline_figure as headline_figure
from w2s_sim.plotting.theorem import theorem_figure as theorem_figure
