"""The kinds of tasks and estimators, and the laws, that come with the package."""

from w2s_sim.concepts import CategoricalModel, HiddenMarkovModel, RegressionModel, StyleContentModel
from w2s_sim.files.capacity_table import (
    CAPACITY_PARAMETERS,
    CAPACITY_WEAK_PARAMETERS,
    build_capacity_task,
    capacity_pair_size,
    capacity_tables,
    require_capacity_size,
)
from w2s_sim.files.case_writer import finite_tables, regression_tables
from w2s_sim.files.estimator_table import ESTIMATORS
from w2s_sim.files.finite_table import (
    FINITE_KEYS,
    build_categorical_task,
    build_hidden_markov_task,
    build_style_content_task,
)
from w2s_sim.files.noise_keys import NOISE_LAWS
from w2s_sim.files.regression_table import (
    TASK_PARAMETERS,
    WEAK_KEYS,
    WEAK_PARAMETERS,
    build_regression_task,
)
from w2s_sim.files.task_examples import (
    ANCHORED_TABLES,
    CAPACITY,
    CATEGORICAL,
    HIDDEN_MARKOV,
    LEANING_REGRESSION,
    POPULATION_CAPACITY,
    REGRESSION,
    STYLE_CONTENT,
    UNBIASED_REGRESSION,
    WIDE_REGRESSION,
)
from w2s_sim.files.task_limits import (
    LIMITS,
    finite_pair_size,
    regression_pair_size,
    require_finite_size,
    require_regression_size,
)
from w2s_sim.laws.features import FEATURE_LAWS
from w2s_sim.plugins import Plugin, TaskKind
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask

REGRESSION_KIND = TaskKind(
    "regression",
    build_regression_task,
    TASK_PARAMETERS,
    TransferTask,
    RegressionModel,
    weak_parameters=WEAK_PARAMETERS,
    weak_keys=WEAK_KEYS,
    example=REGRESSION,
    further_examples=(UNBIASED_REGRESSION, LEANING_REGRESSION, WIDE_REGRESSION),
    tables=regression_tables,
    limits=LIMITS,
    require_size=require_regression_size,
    pair_size=regression_pair_size,
)
FINITE_KINDS = tuple(
    TaskKind(
        name,
        build,
        FINITE_KEYS[name].task_parameters,
        FiniteTask,
        source,
        weak_parameters=FINITE_KEYS[name].weak_parameters,
        weak_keys=FINITE_KEYS[name].weak_keys,
        example=example,
        further_examples=further,
        tables=finite_tables,
        limits=LIMITS,
        require_size=require_finite_size,
        pair_size=finite_pair_size,
    )
    for name, build, source, example, further in (
        ("categorical", build_categorical_task, CategoricalModel, CATEGORICAL, (ANCHORED_TABLES,)),
        ("hmm", build_hidden_markov_task, HiddenMarkovModel, HIDDEN_MARKOV, ()),
        ("style-content", build_style_content_task, StyleContentModel, STYLE_CONTENT, ()),
    )
)
CAPACITY_KIND = TaskKind(
    "capacity",
    build_capacity_task,
    CAPACITY_PARAMETERS,
    CapacityTask,
    RegressionModel,
    weak_parameters=CAPACITY_WEAK_PARAMETERS,
    example=CAPACITY,
    further_examples=(POPULATION_CAPACITY,),
    tables=capacity_tables,
    limits=LIMITS,
    require_size=require_capacity_size,
    pair_size=capacity_pair_size,
)
OWN_KINDS = Plugin(
    "w2s-sim",
    tasks=(REGRESSION_KIND, *FINITE_KINDS, CAPACITY_KIND),
    estimators=ESTIMATORS,
    feature_laws=FEATURE_LAWS,
    noise_laws=NOISE_LAWS,
)
