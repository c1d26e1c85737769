"""Refinement: the strong model relabels weak data in context; a student is fitted on the new labels."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

import equinox as eqx
import jax
from jaxtyping import Array, Key, Shaped

from w2s_sim.errors import InputError
from w2s_sim.estimators.base import Estimator
from w2s_sim.fields import part, whole
from w2s_sim.strong_model import Reader, StrongModel, require_means
from w2s_sim.weak_data import WeakData

Context = Literal["shared", "fresh", "leave-one-out", "with-query"]
Labels = Literal["draw", "mean"]
# The size of a batch whose pairs are all relabelled, for the contexts that have such batches.
BATCHES = {"leave-one-out": "num_demonstrations + 1", "with-query": "num_demonstrations"}


class Refinement(Estimator[StrongModel, Any]):
    """Relabel queries with the strong model after it has read weak examples in context, then fit a student.

    Works with any strong model: the estimator only calls its methods that read contexts and relabel queries.

    Four ways to spend the weak data (n demonstrations, N queries):

    * "shared": all N queries have the same context of n pairs; n + N pairs in total.
    * "fresh": every query has its own context; N (n + 1) pairs in total.
    * "leave-one-out": in batches of n + 1 pairs, each query is relabelled with the other n pairs as context;
      N pairs in total, where N must be a multiple of n + 1.
    * "with-query": in batches of n pairs, each query is relabelled with all n pairs as context, its own weak
      label among them; N pairs in total, where N must be a multiple of n. At n = 1 the strong model is asked
      to improve one weak label at a time: one round of `IteratedRefinement`.

    The weak label of a query is used to relabel that query in "with-query" alone.

    Attributes:
        num_demonstrations: Number of demonstrations n >= 1 in a context.
        student: Estimator fitted on the refined labels; its sample size is N.
        context: "shared", "fresh", "leave-one-out" or "with-query".
        labels: "draw" draws labels from the predictive given the context, "mean" uses its mean.

    Source: after the in-context refinement and the third algorithm (ask to improve) of Somerstep et al. 2025,
    arXiv 2405.16236.
    """

    concepts: ClassVar[type[StrongModel]] = StrongModel

    num_demonstrations: int = eqx.field(static=True, converter=whole("num_demonstrations"))
    student: Estimator[Any, Any] = eqx.field(
        converter=part("student", Estimator, "an estimator, such as LeastSquares(num_weak=60)")
    )
    context: Context = eqx.field(static=True, default="shared")
    labels: Labels = eqx.field(static=True, default="draw")

    def __check_init__(self) -> None:
        if self.context not in get_args(Context):
            expected = "'shared', 'fresh', 'leave-one-out' or 'with-query'"
            raise InputError("context", repr(self.context), expected)
        if self.labels not in ("draw", "mean"):
            raise InputError("labels", repr(self.labels), "'draw' or 'mean'")
        if self.context in BATCHES and self.num_queries % self.context_size:
            raise InputError(
                "num_queries",
                self.num_queries,
                f"a multiple of {self.context_size} ({BATCHES[self.context]}) for context = '{self.context}'",
            )

    @property
    def num_queries(self) -> int:
        """Number N of relabelled inputs."""
        return self.student.sample_size

    @property
    def plotted_numbers(self) -> Mapping[str, int | float]:
        return {"num_queries": self.num_queries}

    @property
    def sample_size(self) -> int:
        """Total number of weak pairs, demonstrations and queries."""
        if self.context == "shared":
            return self.num_demonstrations + self.num_queries
        if self.context == "fresh":
            return self.num_queries * (self.num_demonstrations + 1)
        return self.num_queries

    @property
    def context_size(self) -> int:
        """Number of pairs in one context, its queries included."""
        if self.context == "shared":
            return self.sample_size
        return self.num_demonstrations + (self.context != "with-query")

    def require_concepts(self, source: StrongModel, field: str = "estimator") -> None:
        """Raise if the student cannot learn from the strong model, or labels = "mean" have no mean."""
        super().require_concepts(source, field)
        if self.labels == "mean":
            require_means(source)
        self.student.require_concepts(source, f"{field}.student")

    def fit(self, source: StrongModel, data: WeakData, *, key: Key[Array, ""]) -> Any:
        self.require_inputs(source, data)
        if data.labels.shape[0] != self.sample_size:
            raise InputError(
                "data",
                f"{data.labels.shape[0]} pairs",
                f"{self.sample_size} pairs: demonstrations and queries",
            )
        label_key, student_key = jax.random.split(key)
        queries, reader = self.read_contexts(source, data)
        if self.labels == "draw":
            labels = reader.relabel(queries, key=label_key)
        else:
            labels = require_means(reader).predict(queries)
        return self.student.fit(source, WeakData(queries, labels), key=student_key)

    def read_contexts(self, source: StrongModel, data: WeakData) -> tuple[Shaped[Array, "N ..."], Reader]:
        """Return the queries, and the strong model after it has read their contexts."""
        size = self.num_demonstrations
        if self.context == "shared":
            return data.inputs[size:], source.read(data[:size])
        batches = data.batches(self.context_size)
        if self.context == "with-query":
            return data.inputs, source.read_whole(batches)
        if self.context == "leave-one-out":
            return data.inputs, source.read_left_out(batches)
        contexts = WeakData(batches.inputs[:, :size], batches.labels[:, :size])
        return batches.inputs[:, size], source.read_each(contexts)
