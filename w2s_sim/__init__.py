"""w2s-sim: the theory of weak-to-strong generalization as something you can run.

Names are imported on first use, so that `import w2s_sim` and `w2s --help` are fast.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

from w2s_sim._forks import watch_forks

if TYPE_CHECKING:
    from w2s_sim.concepts import CategoricalModel as CategoricalModel
    from w2s_sim.concepts import FiniteModel as FiniteModel
    from w2s_sim.concepts import GaussianConceptModel as GaussianConceptModel
    from w2s_sim.concepts import HiddenMarkovModel as HiddenMarkovModel
    from w2s_sim.concepts import LatentConceptModel as LatentConceptModel
    from w2s_sim.concepts import PromptModel as PromptModel
    from w2s_sim.concepts import RegressionModel as RegressionModel
    from w2s_sim.concepts import StyleContentModel as StyleContentModel
    from w2s_sim.concepts import style_content_model as style_content_model
    from w2s_sim.errors import InputError as InputError
    from w2s_sim.estimators import AnchoredChannel as AnchoredChannel
    from w2s_sim.estimators import BiasAndNoiseUnknown as BiasAndNoiseUnknown
    from w2s_sim.estimators import Bootstrapping as Bootstrapping
    from w2s_sim.estimators import ChannelUnknown as ChannelUnknown
    from w2s_sim.estimators import ConfidenceLoss as ConfidenceLoss
    from w2s_sim.estimators import ConjugateRefinement as ConjugateRefinement
    from w2s_sim.estimators import DrawnConcepts as DrawnConcepts
    from w2s_sim.estimators import Estimator as Estimator
    from w2s_sim.estimators import FrequencyProjection as FrequencyProjection
    from w2s_sim.estimators import GradientDescent as GradientDescent
    from w2s_sim.estimators import HullProjection as HullProjection
    from w2s_sim.estimators import HullRegression as HullRegression
    from w2s_sim.estimators import InContext as InContext
    from w2s_sim.estimators import InformationProjection as InformationProjection
    from w2s_sim.estimators import IntentInference as IntentInference
    from w2s_sim.estimators import IteratedRefinement as IteratedRefinement
    from w2s_sim.estimators import LabelMixing as LabelMixing
    from w2s_sim.estimators import LeastSquares as LeastSquares
    from w2s_sim.estimators import MaximumLikelihood as MaximumLikelihood
    from w2s_sim.estimators import Oracle as Oracle
    from w2s_sim.estimators import PosteriorEnsemble as PosteriorEnsemble
    from w2s_sim.estimators import Refinement as Refinement
    from w2s_sim.estimators import Ridge as Ridge
    from w2s_sim.estimators import SmoothingUnknown as SmoothingUnknown
    from w2s_sim.estimators import SpectralCutoff as SpectralCutoff
    from w2s_sim.falsifier import falsify as falsify
    from w2s_sim.identification import identification_bound as identification_bound
    from w2s_sim.identification import identification_errors as identification_errors
    from w2s_sim.identification import log_odds_moments_of as log_odds_moments_of
    from w2s_sim.laws.feature_maps import MappedFeatures as MappedFeatures
    from w2s_sim.laws.feature_maps import PolynomialMap as PolynomialMap
    from w2s_sim.laws.feature_maps import random_fourier_map as random_fourier_map
    from w2s_sim.laws.features import Anisotropic as Anisotropic
    from w2s_sim.laws.features import Cube as Cube
    from w2s_sim.laws.features import FeatureLaw as FeatureLaw
    from w2s_sim.laws.features import Gaussian as Gaussian
    from w2s_sim.laws.features import Rademacher as Rademacher
    from w2s_sim.laws.features import UniformCube as UniformCube
    from w2s_sim.laws.noise import LaplaceNoise as LaplaceNoise
    from w2s_sim.laws.noise import LogisticNoise as LogisticNoise
    from w2s_sim.laws.noise import NoiseLaw as NoiseLaw
    from w2s_sim.laws.noise import NormalNoise as NormalNoise
    from w2s_sim.laws.noise import StudentTNoise as StudentTNoise
    from w2s_sim.metrics import gain_over_source as gain_over_source
    from w2s_sim.metrics import performance_gap_recovered as performance_gap_recovered
    from w2s_sim.plugins import EstimatorKind as EstimatorKind
    from w2s_sim.plugins import Plugin as Plugin
    from w2s_sim.plugins import TaskKind as TaskKind
    from w2s_sim.plugins import all_statements as all_statements
    from w2s_sim.plugins import bring_in as bring_in
    from w2s_sim.plugins import brought_in as brought_in
    from w2s_sim.plugins import find_statement as find_statement
    from w2s_sim.reports import report as report
    from w2s_sim.runs import compare as compare
    from w2s_sim.runs import compare_priors as compare_priors
    from w2s_sim.runs import finetuning_risk_path as finetuning_risk_path
    from w2s_sim.statements import Assumption as Assumption
    from w2s_sim.statements import BoundedMetric as BoundedMetric
    from w2s_sim.statements import Case as Case
    from w2s_sim.statements import Control as Control
    from w2s_sim.statements import FromWeakData as FromWeakData
    from w2s_sim.statements import Parameter as Parameter
    from w2s_sim.statements import Statement as Statement
    from w2s_sim.statements.shared.quantities import naive_floor as naive_floor
    from w2s_sim.statements.shared.quantities import squared_error as squared_error
    from w2s_sim.statements.shared.refinement_terms import dominance_sizes as dominance_sizes
    from w2s_sim.strong_model import StrongModel as StrongModel
    from w2s_sim.students import LinearStudent as LinearStudent
    from w2s_sim.tasks import CapacityTask as CapacityTask
    from w2s_sim.tasks import ConceptTask as ConceptTask
    from w2s_sim.tasks import FiniteTask as FiniteTask
    from w2s_sim.tasks import MomentLaw as MomentLaw
    from w2s_sim.tasks import RegressionSupervisor as RegressionSupervisor
    from w2s_sim.tasks import RidgeTeacher as RidgeTeacher
    from w2s_sim.tasks import ShiftedTarget as ShiftedTarget
    from w2s_sim.tasks import Task as Task
    from w2s_sim.tasks import TransferTask as TransferTask
    from w2s_sim.tasks import WeakData as WeakData
    from w2s_sim.tasks import biased_supervisor as biased_supervisor
    from w2s_sim.tasks import canonical_task as canonical_task
    from w2s_sim.tasks import capacity_task as capacity_task
    from w2s_sim.tasks import noisy_supervisor as noisy_supervisor
    from w2s_sim.tasks import paper_task as paper_task
    from w2s_sim.tasks import regression_task as regression_task
    from w2s_sim.verify import check as check
    from w2s_sim.verify import replicate as replicate

_HOMES = {
    "w2s_sim.concepts": (
        "CategoricalModel",
        "FiniteModel",
        "GaussianConceptModel",
        "HiddenMarkovModel",
        "LatentConceptModel",
        "PromptModel",
        "RegressionModel",
        "StyleContentModel",
        "style_content_model",
    ),
    "w2s_sim.errors": ("InputError",),
    "w2s_sim.estimators": (
        "AnchoredChannel",
        "BiasAndNoiseUnknown",
        "Bootstrapping",
        "ChannelUnknown",
        "ConfidenceLoss",
        "ConjugateRefinement",
        "DrawnConcepts",
        "Estimator",
        "FrequencyProjection",
        "GradientDescent",
        "HullProjection",
        "HullRegression",
        "InContext",
        "InformationProjection",
        "IntentInference",
        "IteratedRefinement",
        "LabelMixing",
        "LeastSquares",
        "MaximumLikelihood",
        "Oracle",
        "PosteriorEnsemble",
        "Refinement",
        "Ridge",
        "SmoothingUnknown",
        "SpectralCutoff",
    ),
    "w2s_sim.falsifier": ("falsify",),
    "w2s_sim.laws.feature_maps": ("MappedFeatures", "PolynomialMap", "random_fourier_map"),
    "w2s_sim.laws.features": ("Anisotropic", "Cube", "FeatureLaw", "Gaussian", "Rademacher", "UniformCube"),
    "w2s_sim.laws.noise": ("LaplaceNoise", "LogisticNoise", "NoiseLaw", "NormalNoise", "StudentTNoise"),
    "w2s_sim.metrics": ("gain_over_source", "performance_gap_recovered"),
    "w2s_sim.plugins": (
        "EstimatorKind",
        "Plugin",
        "TaskKind",
        "all_statements",
        "bring_in",
        "brought_in",
        "find_statement",
    ),
    "w2s_sim.statements": (
        "Assumption",
        "BoundedMetric",
        "Case",
        "Control",
        "FromWeakData",
        "Parameter",
        "Statement",
    ),
    "w2s_sim.identification": ("identification_bound", "identification_errors", "log_odds_moments_of"),
    "w2s_sim.statements.shared.quantities": ("naive_floor", "squared_error"),
    "w2s_sim.statements.shared.refinement_terms": ("dominance_sizes",),
    "w2s_sim.strong_model": ("StrongModel",),
    "w2s_sim.students": ("LinearStudent",),
    "w2s_sim.reports": ("report",),
    "w2s_sim.runs": ("compare", "compare_priors", "finetuning_risk_path"),
    "w2s_sim.tasks": (
        "CapacityTask",
        "ConceptTask",
        "FiniteTask",
        "MomentLaw",
        "RegressionSupervisor",
        "RidgeTeacher",
        "ShiftedTarget",
        "Task",
        "TransferTask",
        "WeakData",
        "biased_supervisor",
        "canonical_task",
        "capacity_task",
        "noisy_supervisor",
        "paper_task",
        "regression_task",
    ),
    "w2s_sim.verify": ("check", "replicate"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]

# Before anybody forks.
watch_forks()


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        # With these two, Python names the nearest attribute.
        raise AttributeError(
            f"module 'w2s_sim' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
        )
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME_OF]
