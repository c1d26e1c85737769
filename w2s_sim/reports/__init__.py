"""Output folders of runs: verdicts, manifest, figures, and one page that explains them."""

from w2s_sim.reports.folder import open_folder as open_folder
from w2s_sim.reports.folder import write_report as write_report
from w2s_sim.reports.from_python import report as report
