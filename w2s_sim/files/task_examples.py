"""Example `[task]` tables with every key explained."""

_REGRESSION = """\
[task]
kind = "regression"
dim = 8
num_concepts = 4
noise = 0.5                                # sigma
source_prior = [0.5, 0.25, 0.15, 0.1]      # alpha^P
target_prior = [0.0, 0.0, 0.0, 1.0]        # alpha^Q
features = "gaussian"                      # or "uniform", "rademacher", "cube" (on [-1, 1])
# factor = [[...], ...]                    # d x d matrix A: x is A times a draw of that law
# feature_map = "polynomial"               # x = phi(z): z has that law in input_dim coordinates;
# input_dim = 2                            #   all monomials of at most this degree
# degree = 3                               # or "fourier": cosines, with length_scale and map_seed
# noise_law = "laplace"                    # or "normal", "logistic", "student-t" with degrees_of_freedom
# concepts = [[...], ...]                  # K rows of d numbers; e_1..e_K by default
"""

_BIASED = """
[task.weak]
kind = "biased"                            # or "noisy", "general"
noise = 0.5                                # sigma'
bias = 0.7                                 # kappa
# scale = 1.0                              # share of its own concept that the weak model keeps
# concepts = [[...], ...]                  # kind = "general": the weak model's own K rows
# noise_law = "student-t"                  # noise of the same variance; the strong model's when left out
# degrees_of_freedom = 5.0
"""

_UNBIASED = """
[task.weak]
kind = "noisy"                             # or "biased" with a bias kappa, "general"
noise = 0.5                                # sigma'
# noise_law = "student-t"                  # noise of the same variance; the strong model's when left out
# degrees_of_freedom = 5.0
"""

_LEANING = """
[task.weak]
kind = "general"                           # or "noisy", "biased" with a bias kappa
noise = 0.5                                # sigma'
concepts = [                               # K rows of d numbers: the last one leans to the source
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.15, 0.075, 0.045, 0.73, 0.0, 0.0, 0.0, 0.4],
]
# noise_law = "student-t"                  # noise of the same variance; the strong model's when left out
# degrees_of_freedom = 5.0
"""

REGRESSION, UNBIASED_REGRESSION = _REGRESSION + _BIASED, _REGRESSION + _UNBIASED
LEANING_REGRESSION = _REGRESSION + _LEANING
WIDE_REGRESSION = REGRESSION.replace("dim = 8\n", "dim = 48\n")

CATEGORICAL = """\
[task]
kind = "categorical"                       # or "hmm": w2s show hmm-identification
source_prior = [0.5, 0.25, 0.15, 0.1]      # alpha^P
target_prior = [0.0, 0.0, 0.0, 1.0]        # alpha^Q
contexts = [0.4, 0.6]                      # law of the X contexts; uniform when left out
tables = [                                 # K tables of X rows of V label probabilities
    [[0.8, 0.1, 0.1], [0.2, 0.1, 0.7]],
    [[0.1, 0.8, 0.1], [0.6, 0.3, 0.1]],
    [[0.2, 0.2, 0.6], [0.1, 0.8, 0.1]],
    [[0.5, 0.1, 0.4], [0.7, 0.2, 0.1]],
]

[task.weak]
kind = "smoothed"                          # or "shifted" (to the next symbol), "general"
share = 0.0                                # share of weak labels replaced by a uniform symbol
# tables = [[[...], ...], ...]             # kind = "general": the weak model's own tables
# contexts = [...]                         # kind = "general": the weak model's own law of the contexts
"""

ANCHORED_TABLES = """\
[task]
kind = "categorical"
source_prior = [0.5, 0.5]                  # alpha^P
target_prior = [0.2, 0.8]                  # alpha^Q
contexts = [0.4, 0.6]                      # law of the X contexts; uniform when left out
tables = [                                 # K tables of X rows of V label probabilities; in context 1 only
    [[0.5, 0.0, 0.5], [0.3, 0.4, 0.3]],    # the first concept shows the first label,
    [[0.0, 0.6, 0.4], [0.3, 0.2, 0.5]],    # and only the second concept the second label
]

[task.weak]
kind = "general"                           # or "smoothed", "shifted" with a share
tables = [                                 # the weak model's own tables
    [[0.2, 0.0, 0.8], [0.1, 0.5, 0.4]],
    [[0.0, 0.8, 0.2], [0.5, 0.1, 0.4]],
]
"""

STYLE_CONTENT = """\
[task]
kind = "style-content"                     # a concept is a style and a content, a label a symbol of each
source_prior = [0.855, 0.095, 0.045, 0.005]    # alpha^P of (style 1, content 1), (style 1, content 2), ...
target_prior = [0.0, 0.0, 1.0, 0.0]        # alpha^Q, in the same order
contexts = [0.5, 0.5]                      # law of the X contexts; uniform when left out
style_tables = [                           # S tables of X rows of style symbol probabilities
    [[0.85, 0.1, 0.05], [0.85, 0.1, 0.05]],
    [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]],
]
content_tables = [                         # C tables of X rows of content symbol probabilities
    [[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]],
    [[0.05, 0.05, 0.9], [0.9, 0.05, 0.05]],
]

[task.weak]
kind = "wrong-content"                     # or "wrong-style", "smoothed", "shifted", "general"
share = 0.4                                # share of content symbols replaced by the next symbol
# style_tables, content_tables = ...       # kind = "general": the weak model's own
"""

HIDDEN_MARKOV = """\
[task]
kind = "hmm"                               # or "categorical": w2s show em-refinement
source_prior = [0.5, 0.3, 0.2]             # alpha^P
target_prior = [0.0, 0.0, 1.0]             # alpha^Q
length = 4                                 # symbols of a sequence, one sequence a demonstration
initial = [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]    # K laws of the first hidden state
transition = [                             # K matrices: transition probabilities, a row for each state
    [[0.95, 0.05], [0.05, 0.95]],
    [[0.5, 0.5], [0.5, 0.5]],
    [[0.05, 0.95], [0.95, 0.05]],
]
emission = [                               # K matrices: symbol probabilities, a row for each state
    [[0.9, 0.05, 0.05], [0.05, 0.05, 0.9]],
    [[0.9, 0.05, 0.05], [0.05, 0.05, 0.9]],
    [[0.9, 0.05, 0.05], [0.05, 0.05, 0.9]],
]

[task.weak]
kind = "smoothed"                          # or "shifted" (to the next symbol), "general"
share = 0.1                                # share of symbols replaced by a uniform symbol
# initial, transition, emission = ...      # kind = "general": the weak model's own
"""

_CAPACITY = """\
[task]
kind = "capacity"                          # two models that see one input through different features
dim = 10                                   # d coordinates of the inputs x
strong_dim = 4                             # p_s strong features
overlap = 2.0                              # capacity overlap of both features, from 1 to min(p_w, p_s)
noise = 0.5                                # sigma, of the true labels
# target = [...]                           # beta, d numbers; the first coordinate by default
features = "gaussian"                      # law of x, with the keys of a regression task
# strong_features = [[...], ...]           # d rows of p_s numbers, in place of strong_dim and overlap
# start = [...]                            # the strong model before alignment, p_s numbers; 0 by default

[task.weak]
dim = 5                                    # p_w weak features
%s
ridge = 0.0                                # the teacher's penalty
noise = 0.0                                # noise of the weak labels
# weak_features = [[...], ...]             # d rows of p_w numbers, in place of dim and overlap
"""

CAPACITY = _CAPACITY % (
    "num_true = 20                              # true pairs of the teacher; infinitely many by default"
)
POPULATION_CAPACITY = _CAPACITY % (
    "# num_true = 20                            # true pairs of the teacher; infinitely many by default"
)
