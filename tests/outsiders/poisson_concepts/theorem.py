"""mean-rate-floor: counting weak events never does better than the weak rate and its Poisson noise."""

from pathlib import Path

import w2s_sim as w2s
from poisson_concepts.model import MEAN_SQUARE, MeanRate, PoissonModel, PoissonTask

NUM_WEAK = w2s.Parameter("num_weak", int, "weak counts n", example=4, required=True, low=1)
COUNTS = w2s.Assumption("the student counts", lambda case: isinstance(case.estimator, MeanRate))


def example(target=(0.0, 0.0, 1.0)):
    strong, weak = (PoissonModel([0.6, 0.3, 0.1], rates) for rates in ([2.0, 1.0, 4.0], [2.4, 1.3, 4.2]))
    return PoissonTask(strong, target, weak)


def weak_rate(case):
    return case.task.weak_student.rate


def terms(case):
    bias = weak_rate(case) - case.task.target_prior @ case.task.source.rates
    noise = weak_rate(case) / case.estimator.sample_size
    return {"bias": MEAN_SQUARE * bias**2, "noise": MEAN_SQUARE * noise}


def cases(preset):
    sizes = (3, 4) if preset == "quick" else (3, 4, 5, 6)
    mixed = w2s.Case("mixed target", example((0.0, 0.5, 0.5)), MeanRate(num_weak=20))
    return [*(w2s.Case(f"n={n}", example(), MeanRate(num_weak=n)) for n in sizes), mixed]


def controls(preset):
    return [w2s.Control(w2s.Case("read in context", example(), w2s.InContext(4)), breaks=COUNTS.name)]


MEAN_RATE_UNBIASED = w2s.Statement(
    id="mean-rate-unbiased",
    kind="equality",
    measure=lambda key, case: case.fit(key=key).rate,
    bound=weak_rate,
    margin=lambda case: 0.05 * weak_rate(case),
    cases=cases,
)
MEAN_RATE_FLOOR = w2s.Statement(
    id="mean-rate-floor",
    kind="lower",
    title="Counting weak events has a floor",
    formula=r"\mathbb{E}\,R(\hat r) \ge 1.27\,\bigl((r' - r_Q)^2 + r'/n\bigr)",
    measure=lambda key, case: case.task.metrics(case.fit(key=key))["risk"],
    bound=lambda case: sum(terms(case).values()),
    terms=terms,
    trivial=lambda case: 0.0,
    assumptions=(COUNTS,),
    cases=cases,
    controls=controls,
    lemmas=(MEAN_RATE_UNBIASED,),
    parameters=(NUM_WEAK,),
    build_estimator=lambda numbers: MeanRate(**numbers),
    bounded_metric=w2s.BoundedMetric("risk", COUNTS.holds),
    page=str(Path(__file__).parent / "mean-rate-floor.md"),
)
