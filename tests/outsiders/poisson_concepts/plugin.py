"""Everything that the package brings to w2s-sim, in one object."""

from pathlib import Path

import w2s_sim as w2s
from poisson_concepts.model import MeanRate, PoissonModel, PoissonTask
from poisson_concepts.theorem import MEAN_RATE_FLOOR, NUM_WEAK

PARAMETERS = (
    w2s.Parameter("rates", list, "K rates", example=[2.0, 1.0, 4.0], required=True),
    w2s.Parameter("source_prior", list, "alpha^P", example=[0.6, 0.3, 0.1], required=True),
    w2s.Parameter("target_prior", list, "alpha^Q", example=[0.0, 0.0, 1.0], required=True),
)
WEAK = (w2s.Parameter("rates", list, "its own K rates", example=[2.4, 1.3, 4.2], required=True),)


def build(values, weak):
    strong, supervisor = (PoissonModel(values["source_prior"], table["rates"]) for table in (values, weak))
    return PoissonTask(strong, values["target_prior"], supervisor)


def tables(task):
    priors = {"source_prior": task.source.prior, "target_prior": task.target_prior}
    return {"kind": "poisson", "rates": task.source.rates, **priors}, {"rates": task.supervisor.rates}


POISSON = w2s.TaskKind("poisson", build, PARAMETERS, PoissonTask, PoissonModel, WEAK, tables=tables)
MEAN_RATE = w2s.EstimatorKind(
    "mean-rate", lambda task, n: MeanRate(**n), (NUM_WEAK,), sources=(PoissonModel,)
)
STUDY = Path(__file__).parent / "counting-or-reading.toml"
PLUGIN = w2s.Plugin("poisson-concepts", (MEAN_RATE_FLOOR,), (POISSON,), (MEAN_RATE,), studies=(STUDY,))
