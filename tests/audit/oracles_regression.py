"""Regression tasks in plain NumPy: their weak data, the strong model's posterior, and students."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


class Regression:
    """The numbers of a `[task]` table of regression concepts.

    Attributes:
        concepts: beta_k, rows.
        weak: beta'_k, rows.
        noise: sigma.
        weak_noise: sigma'.
        source: alpha^P.
        target: alpha^Q.
        factor: A, for x = A z.
        base: Law of the coordinates of z.
        law: Name of the strong model's noise law, with its degrees of freedom.
        weak_law: The same of the weak model's.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        weak = table["weak"]
        self.concepts = np.array(table["concepts"], float)
        self.weak = np.array(weak["concepts"], float)
        self.noise, self.weak_noise = float(table["noise"]), float(weak["noise"])
        self.source, self.target = np.array(table["source_prior"]), np.array(table["target_prior"])
        self.dim = int(table["dim"])
        self.factor = np.array(table["factor"], float) if "factor" in table else np.eye(self.dim)
        self.base = table.get("features", "gaussian")
        if self.base == "cube":
            # Coordinates on [-1, 1] are those of variance one, divided by the root of 3.
            self.base, self.factor = "uniform", self.factor / math.sqrt(3.0)
        self.law = (table.get("noise_law", "normal"), table.get("degrees_of_freedom"))
        self.weak_law = (
            (weak["noise_law"], weak.get("degrees_of_freedom")) if "noise_law" in weak else self.law
        )

    @property
    def star(self) -> int:
        """k*."""
        return int(np.argmax(self.target))

    @property
    def covariance(self) -> Vector:
        """Sigma."""
        return self.factor @ self.factor.T

    @property
    def source_mean(self) -> Vector:
        """beta_P."""
        return self.source @ self.concepts

    @property
    def target_mean(self) -> Vector:
        """beta_Q."""
        return self.target @ self.concepts

    @property
    def weak_mean(self) -> Vector:
        """beta'_Q."""
        return self.target @ self.weak

    def inputs(self, rng: np.random.Generator, *shape: int) -> Vector:
        """x, shape (*shape, d)."""
        size = (*shape, self.dim)
        if self.base == "gaussian":
            base = rng.standard_normal(size)
        elif self.base == "uniform":
            base = rng.uniform(-math.sqrt(3), math.sqrt(3), size)
        else:
            base = 2.0 * rng.integers(0, 2, size) - 1.0
        return np.asarray(base @ self.factor.T, float)

    def weak_data(
        self, rng: np.random.Generator, sets: int, pairs: int, context: int = 1
    ) -> tuple[Vector, Vector]:
        """Inputs (sets, pairs, d) and weak labels (sets, pairs); `context` pairs share one concept."""
        inputs = self.inputs(rng, sets, pairs)
        shown = rng.choice(len(self.target), (sets, -(-pairs // context)), p=self.target / self.target.sum())
        shown = np.repeat(shown, context, axis=1)[:, :pairs]
        means = np.einsum("snd,snd->sn", inputs, self.weak[shown])
        return inputs, means + self.weak_noise * unit_noise(rng, self.weak_law, means.shape)

    def log_posterior(self, inputs: Vector, labels: Vector) -> Vector:
        """log pi_n, shape (sets, K), of contexts (sets, n, d)."""
        return normalised(self._log_prior() + self.log_likelihood(inputs, labels).sum(axis=1))

    def log_likelihood(self, inputs: Vector, labels: Vector) -> Vector:
        """log p_k(y | x) up to a constant of k, shape (sets, n, K)."""
        residuals = (labels[..., None] - inputs @ self.concepts.T) / self.noise
        return unit_log_density(self.law, residuals)

    def _log_prior(self) -> Vector:
        with np.errstate(divide="ignore"):
            return np.log(self.source)


def normalised(log_weights: Vector) -> Vector:
    """Log weights whose last axis sums to one."""
    return log_weights - log_sum_exp(log_weights)[..., None]


def log_sum_exp(values: Any, axis: int = -1) -> Vector:
    """log of the sum of exponentials along an axis; -inf adds nothing."""
    return np.asarray(np.logaddexp.reduce(np.asarray(values, float), axis=axis))


def unit_noise(rng: np.random.Generator, law: tuple[str, Any], shape: tuple[int, ...]) -> Vector:
    """Noise of variance one."""
    name, degrees = law
    if name == "normal":
        return rng.standard_normal(shape)
    if name == "laplace":
        return rng.laplace(0.0, 1.0 / math.sqrt(2.0), shape)
    if name == "logistic":
        return rng.logistic(0.0, math.sqrt(3.0) / math.pi, shape)
    return rng.standard_t(degrees, shape) * math.sqrt((degrees - 2.0) / degrees)


def unit_log_density(law: tuple[str, Any], noise: Vector) -> Vector:
    """Its log density, up to a constant."""
    name, degrees = law
    if name == "normal":
        return -0.5 * noise**2
    if name == "laplace":
        return -math.sqrt(2.0) * np.abs(noise)
    if name == "logistic":
        scaled = noise * math.pi / math.sqrt(3.0)
        return -scaled - 2.0 * np.logaddexp(0.0, -scaled)
    return -0.5 * (degrees + 1.0) * np.log1p(noise**2 / (degrees - 2.0))


def fine_tuned(task: Regression, inputs: Vector, labels: Vector, case: Mapping[str, Any]) -> Vector:
    """Students (sets, d) of a `[case]` table: ridge, gradient descent or cutoff, labels mixed or not."""
    start = task.source_mean
    mixed = 1.0 - case.get("mixing", 0.0)
    residuals = mixed * (labels - inputs @ start)
    count = inputs.shape[1]
    moment = np.einsum("sni,snj->sij", inputs, inputs) / count
    pull = np.einsum("sni,sn->si", inputs, residuals) / count
    if "steps" in case:
        error = np.zeros_like(pull)
        for _ in range(case["steps"]):
            error = error + case["step_size"] * (pull - np.einsum("sij,sj->si", moment, error))
        return start + error
    if "threshold" in case or case["ridge"] == 0:
        left, values, right = np.linalg.svd(inputs, full_matrices=False)
        kept = values**2 / count >= max(case.get("threshold", 0.0), 1e-12 * (values.max() ** 2 / count))
        inverse = np.where(kept, 1.0 / np.where(kept, values, 1.0), 0.0)
        along = np.einsum("snr,sn->sr", left, residuals)
        return start + np.einsum("srd,sr->sd", right, inverse * along)
    return start + np.linalg.solve(moment + case["ridge"] * np.eye(task.dim), pull[..., None])[..., 0]


def least_squares(inputs: Vector, labels: Vector) -> Vector:
    """Least-squares fits (sets, d) of full column rank."""
    moment = np.einsum("sni,snj->sij", inputs, inputs)
    return np.linalg.solve(moment, np.einsum("sni,sn->si", inputs, labels)[..., None])[..., 0]


def least_norm(inputs: Vector, labels: Vector) -> Vector:
    """Shortest vectors (sets, d) that fit the labels, for fewer inputs than features."""
    return np.einsum("sdn,sn->sd", np.linalg.pinv(inputs), labels)


def root_of_level(spectrum: Vector, size: int) -> float:
    """tau with sum_i lambda_i / (lambda_i + tau) = n, by bisection of its logarithm."""
    low, high = np.log(1e-12 * spectrum.max()), np.log(spectrum.sum() / size)
    for _ in range(200):
        middle = 0.5 * (low + high)
        above = np.sum(spectrum / (spectrum + np.exp(middle))) > size
        low, high = (middle, high) if above else (low, middle)
    return float(np.exp(0.5 * (low + high)))


def refined(task: Regression, rng: np.random.Generator, sets: int, case: Mapping[str, Any]) -> Vector:
    """Coefficients (sets, d) of the refined labeller, or of a student fitted on its labels."""
    size, queries = case["num_demonstrations"], case.get("num_queries")
    grouped = case.get("grouped", False)
    if queries is None:
        data = task.weak_data(rng, sets, size, size if grouped else 1)
        return np.exp(task.log_posterior(*data)) @ task.concepts
    context = case.get("context", "shared")
    if context == "shared":
        x, y = task.weak_data(rng, sets, size, size if grouped else 1)
        asked = task.inputs(rng, sets, queries)
        log_posterior = np.repeat(task.log_posterior(x, y)[:, None], queries, axis=1)
    else:
        x, y = task.weak_data(rng, sets * queries, size, size if grouped else 1)
        asked = task.inputs(rng, sets, queries)
        log_posterior = task.log_posterior(x, y).reshape(sets, queries, -1)
    weights = np.exp(log_posterior)
    if case.get("labels", "draw") == "mean":
        answers = np.einsum("sqk,kd,sqd->sq", weights, task.concepts, asked)
    else:
        cumulative = np.cumsum(weights, axis=-1)
        levels = rng.random(weights.shape[:2])[..., None] * cumulative[..., -1:]
        drawn = (levels >= cumulative[..., :-1]).sum(axis=-1)
        answers = np.einsum("sqd,sqd->sq", task.concepts[drawn], asked)
        answers = answers + task.noise * unit_noise(rng, task.law, answers.shape)
    return least_squares(asked, answers)


def mean_and_error(values: Vector) -> tuple[float, float]:
    """Mean and standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))


def segment_distance(task: Regression) -> float:
    """dist(beta_Q, [beta'_Q, beta_P])^2."""
    along = task.weak_mean - task.source_mean
    length = float(along @ along)
    share = float((task.target_mean - task.source_mean) @ along) / length if length > 0 else 0.0
    nearest = task.source_mean + min(max(share, 0.0), 1.0) * along
    return float(np.sum((nearest - task.target_mean) ** 2))
