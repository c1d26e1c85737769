"""Figures drawn from tables; the plotting code does not know how the numbers were computed."""

from w2s_sim.plotting.panels import Curve as Curve
from w2s_sim.plotting.panels import Panel as Panel
from w2s_sim.plotting.panels import curves_table as curves_table
from w2s_sim.plotting.panels import panels_figure as panels_figure
from w2s_sim.plotting.panels import save_figure as save_figure
from w2s_sim.plotting.study import study_figure as study_figure
from w2s_sim.plotting.theorem import theorem_figures as theorem_figures
