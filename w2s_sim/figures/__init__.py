"""Figures for papers: scripts that compute tables and draw them, and the files that are made of them."""

from w2s_sim.figures.contract import PaperFigure as PaperFigure
from w2s_sim.figures.contract import Tables as Tables
from w2s_sim.figures.drawing import draw as draw
from w2s_sim.figures.drawing import figure_script as figure_script
from w2s_sim.figures.finding import figure_names as figure_names
from w2s_sim.figures.finding import load_figure as load_figure
from w2s_sim.figures.record import FigureRecord as FigureRecord
from w2s_sim.figures.record import read_record as read_record
from w2s_sim.figures.recorded import recorded as recorded
from w2s_sim.figures.recorded import recorded_verdicts as recorded_verdicts
from w2s_sim.figures.recorded import with_error as with_error
from w2s_sim.figures.recorded import with_errors as with_errors
from w2s_sim.figures.redrawing import redraw as redraw
from w2s_sim.plotting.paper_page import Page as Page
