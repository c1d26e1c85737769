"""Good study files, and what makes them bad: (text, old, new, words of the complaint)."""

from w2s_sim.files.task_examples import HIDDEN_MARKOV, STYLE_CONTENT

GOOD = """
[task]
kind = "regression"
dim = 8
num_concepts = 4
noise = 0.5
source_prior = [0.5, 0.25, 0.15, 0.1]
target_prior = [0, 0, 0, 1]
[task.weak]
kind = "biased"
bias = 0.7
[[estimator]]
kind = "finetune"
ridge = [0.0, 0.3]
num_weak = [50, 200]
[[estimator]]
kind = "refine"
num_demos = [1, 2, 4]
[replication]
replicates = 100
seed = 3
"""
TABLES = """
[task]
kind = "categorical"
source_prior = [0.5, 0.5]
target_prior = [0, 1]
tables = [[[0.7, 0.3], [0.2, 0.8]], [[0.1, 0.9], [0.5, 0.5]]]
[task.weak]
kind = "smoothed"
share = [0.0, 0.5]
[[estimator]]
kind = "maximum-likelihood"
num_weak = 50
[replication]
replicates = 10
"""
TAIL = """
[[estimator]]
kind = "iterated-refinement"
rounds = [1, 5]
num_weak = 20
[replication]
target_relative_se = 0.05
"""
HMM, STYLES = HIDDEN_MARKOV + TAIL, STYLE_CONTENT + TAIL

DEMOS, RIDGES, SIZES = "num_demos = [1, 2, 4]", "ridge = [0.0, 0.3]", "num_weak = [50, 200]"
SOURCE, TARGET = "[0.5, 0.25, 0.15, 0.1]", "[0, 0, 0, 1]"
PLAIN = 'kind = "biased"\nbias = 0.7'
KEPT = "noise = 0.5\nfeature_map"

Bad = tuple[str, str, str, list[str]]


def where(condition: str, *words: str) -> Bad:
    """A study with a condition that is none."""
    return (GOOD, "seed = 3", f"seed = 3\n[sweep]\nwhere = {condition}", ["sweep.where", *words])


TABLES_AND_KEYS: list[Bad] = [
    (GOOD, "[task]", "[taks]", ["taks", "did you mean 'task'"]),
    (GOOD, "[replication]", "[replicaton]", ["replicaton", "did you mean 'replication'"]),
    (GOOD, "dim = 8", "dims = 8", ["task.dims", "did you mean 'dim'"]),
    (GOOD, "seed = 3", "sead = 3", ["replication.sead", "did you mean 'seed'"]),
    (GOOD, RIDGES, "rigde = 0.3", ["estimator[1].rigde", "did you mean 'ridge'"]),
    (GOOD, DEMOS, "num_dems = 4", ["estimator[2].num_dems", "unknown key"]),
    (GOOD, "bias = 0.7", "kappa = 0.7", ["task.weak.kappa", "unknown key"]),
    (GOOD, "dim = 8", "dim = 8\n größe = 8", ["well-formed TOML"]),
    (GOOD, "dim = 8", 'dim = 8\n"größe\\n\\u202e🦉" = 8', ["task.größe \\u202e🦉", "unknown key"]),
    (GOOD, "dim = 8", 'dim = 8\n"" = 8', ["task.: got an unknown key"]),
    (GOOD, "dim = 8", f'dim = 8\n"{"x" * 5000}" = 8', ["task.xxx", " ... ", "unknown key"]),
    (GOOD, '[[estimator]]\nkind = "refine"', '[estimator]\nkind = "refine"', ["well-formed TOML"]),
    (GOOD, "[replication]", "[replication", ["well-formed TOML"]),
    (GOOD, "dim = 8", "dim = 8\ndim = 9", ["well-formed TOML"]),
    (GOOD, "dim = 8", f"dim = {'9' * 5000}", ["well-formed TOML", "digits"]),
    (GOOD, "dim = 8", f"dim = {'[' * 4000}", ["well-formed TOML", "recursion"]),
    (GOOD, "noise = 0.5", f"{'a.' * 40000}a = 1", ["dotted key of more than 32 parts"]),
    (GOOD, "noise = 0.5", f"noise = {'[' * 40}0.5{']' * 40}", ["task.noise", "nested more than 10 deep"]),
    (GOOD, "noise = 0.5", "noise.x.y = [1, 2]", ["task.noise", "{'x':", "a number"]),
    (GOOD, "seed = 3", "seed = 3\n" + "[[figure]]\nx = 'num_weak'\n" * 101, ["figure", "101 tables", "100"]),
    (GOOD, "seed = 3", "[figure]\nx = 1", ["figure[1].x", "1", "a key of the cells"]),
    (GOOD, "[task]", "sweep = 3\n[task]", ["sweep", "3", "a table [sweep]"]),
    (GOOD, "[task.weak]", "[[task.week]]", ["task.week", "did you mean 'weak'"]),
    (GOOD, f"[task.weak]\n{PLAIN}", 'weak = "biased"', ["task.weak", "'biased'", "a table [task.weak]"]),
    (GOOD, f"[task.weak]\n{PLAIN}", "", ["task.weak", "nothing", "a table [task.weak] with kind"]),
    (GOOD, "[task.weak]\n", "[[task.weak]]\nkind = 3\n[[task.weak]]\n", ["task.weak.kind", "3", "noisy"]),
]
REPLICATION: list[Bad] = [
    (
        GOOD,
        "seed = 3",
        'draws = "own"',
        ["replication.draws", "'own'", "independent, reduced"],
    ),
    (GOOD, "[replication]", "[baseline]\n[replication]", ["baseline", "values of one estimator"]),
    (GOOD, "[replication]", "[baseline]\nridges = 0\n[replication]", ["baseline.ridges", "estimator.ridge"]),
    (
        GOOD,
        "[replication]",
        "[baseline]\nridge = 0.3\n[replication]",
        ["baseline", "cells 2, 3", "exactly one"],
    ),
    (GOOD, "[replication]", "[baseline]\nridge = 0.4\n[replication]", ["baseline", "no cell", "exactly one"]),
    (GOOD, "replicates = 100", "", ["replication.replicates", "nothing"]),
    (GOOD, "replicates = 100", "replicates = 1", ["replication.replicates", "1", "whole number"]),
    (GOOD, "replicates = 100", "replicates = -5", ["replication.replicates", "-5"]),
    (GOOD, "replicates = 100", "replicates = 1e3", ["replication.replicates", "1000.0", "whole number"]),
    (GOOD, "replicates = 100", "replicates = 1_000_000_000", ["replication.replicates", "1000000000"]),
    (GOOD, "replicates = 100", f"replicates = {10**400}", ["replication.replicates", "1,329 bits"]),
    (GOOD, "replicates = 100", "replicates = true", ["replication.replicates", "True"]),
    (GOOD, "replicates = 100", "replicates = [10, 20]", ["replication.replicates", "[10, 20]"]),
    (GOOD, "replicates = 100", "replicates = 2024-01-01", ["replication.replicates", "2024-01-01, a date"]),
    (GOOD, "replicates = 100", 'replicates = "100"', ["replication.replicates", "'100'", "whole number"]),
    (GOOD, "replicates = 100", "target_relative_se = 0", ["replication.target_relative_se", "0", "[1e-06"]),
    (GOOD, "replicates = 100", "target_relative_se = inf", ["replication.target_relative_se", "inf"]),
    (GOOD, "seed = 3", "seed = -1", ["replication.seed", "-1"]),
    (GOOD, "seed = 3", "seed = nan", ["replication.seed", "nan"]),
    (GOOD, "seed = 3", "seed = 0xffff_ffff_ffff_ffff", ["replication.seed", "64 bits"]),
    (GOOD, "seed = 3", 'grouped = "yes"', ["replication.grouped", "true or false"]),
    (TABLES, "replicates = 10", "replicates = 10\ngrouped = true", ["replication.grouped", "one by one"]),
]
ESTIMATORS: list[Bad] = [
    (GOOD, 'kind = "finetune"', 'kind = "fintune"', ["estimator[1].kind", "did you mean 'finetune'"]),
    (GOOD, 'kind = "finetune"', "", ["estimator[1].kind", "nothing", "finetune"]),
    (GOOD, 'kind = "finetune"', "kind = 3", ["estimator[1].kind", "3"]),
    (GOOD, 'kind = "refine"', 'kind = ["refine", "oracle"]', ["estimator[2].kind", "one of"]),
    (GOOD, 'kind = "refine"', 'kind = "channel-unknown"', ["estimator[2].kind", "for regression concepts"]),
    (GOOD, RIDGES, "ridge = [0.0, -0.3]", ["estimator[1].ridge", "-0.3", ">= 0"]),
    (GOOD, RIDGES, "ridge = []", ["estimator[1].ridge", "an empty list"]),
    (GOOD, RIDGES, "ridge = [nan]", ["estimator[1].ridge", "nan"]),
    (GOOD, RIDGES, "ridge = inf", ["estimator[1].ridge", "inf", "finite"]),
    (GOOD, RIDGES, "ridge = 1e300", ["estimator[1].ridge", "1e+300", "single precision"]),
    (GOOD, RIDGES, 'ridge = "small"', ["estimator[1].ridge", "'small'"]),
    (GOOD, RIDGES, 'ridge = "\\u0000\\u001b[31m"', ["estimator[1].ridge", "\\x00\\x1b[31m"]),
    (GOOD, RIDGES, "ridge = [0.0, [0.3]]", ["estimator[1].ridge", "[0.3]"]),
    (GOOD, RIDGES, "ridge = [[], 0.3]", ["estimator[1].ridge", "[]"]),
    (GOOD, RIDGES, "ridge = [0.3, 0.1, 0.3]", ["estimator[1].ridge", "0.3 twice", "once"]),
    (GOOD, RIDGES, "ridge = [0.0, -0.0]", ["estimator[1].ridge", "-0.0 twice", "once"]),
    (GOOD, RIDGES, "ridge = {eta = 0.3}", ["estimator[1].ridge", "{'eta': 0.3}", "a number"]),
    (GOOD, SIZES, "", ["estimator[1].num_weak", "nothing", "weak pairs"]),
    (GOOD, SIZES, "num_weak = 0", ["estimator[1].num_weak", "0", "in [1, 100000000]"]),
    (GOOD, SIZES, "num_weak = 50.5", ["estimator[1].num_weak", "50.5", "whole"]),
    (GOOD, SIZES, "num_weak = 1_000_000_000", ["estimator[1].num_weak", "1000000000"]),
    (GOOD, DEMOS, "num_demos = [[1, 2]]", ["estimator[2].num_demonstrations", "[1, 2]"]),
    (GOOD, DEMOS, "num_demos = 4\nnum_demonstrations = 4", ["estimator[2].num_demos", "one of the two"]),
    (GOOD, DEMOS, "num_demos = 4\nnum_queries = 0", ["estimator[2].num_queries", "0"]),
    (GOOD, DEMOS, "num_demos = 4\nridge = 0.1", ["estimator[2].ridge", "without num_queries"]),
    (GOOD, DEMOS, 'num_demos = 4\nlabels = "mean"', ["estimator[2].labels", "without num_queries"]),
    (GOOD, DEMOS, 'num_demos = 4\ncontext = "fresh"', ["estimator[2].context", "without num_queries"]),
    (GOOD, DEMOS, 'num_demos = 4\ncontext = "mine"', ["estimator[2].context", "shared"]),
    (
        GOOD,
        DEMOS,
        'num_demos = 4\nnum_queries = 12\ncontext = "leave-one-out"',
        ["estimator[2].num_queries", "12", "multiple of 5"],
    ),
    (
        GOOD,
        DEMOS,
        'num_demos = 100_000\nnum_queries = 100_000\ncontext = "fresh"',
        ["estimator[2].num_demonstrations", "10,000,100,000 weak pairs of 8 numbers"],
    ),
    (
        GOOD,
        f'"refine"\n{DEMOS}',
        '"gradient-descent"\nsteps = 5\nstep_size = 0\nnum_weak = 9',
        ["estimator[2].step_size", "0", "> 0"],
    ),
    (GOOD, f'"refine"\n{DEMOS}', '"oracle"\nnum_weak = 9', ["estimator[2].num_weak", "unknown key"]),
    (TABLES, '"maximum-likelihood"', '"finetune"', ["estimator[1].kind", "'finetune'", "maximum-likelihood"]),
    (TABLES, "num_weak = 50", "num_weak = 50\nrounds = 3", ["estimator[1].rounds", "unknown key"]),
    (
        TABLES,
        '"maximum-likelihood"\nnum_weak = 50',
        '"refine"\nnum_demos = 4\nnum_queries = 8',
        ["estimator[1].num_queries", "regression concepts alone"],
    ),
    (HMM, "rounds = [1, 5]", "rounds = 10_000_000", ["estimator[1].rounds", "10000000", "1000000]"]),
]
TASKS: list[Bad] = [
    (GOOD, "dim = 8", "dim = [8, 0]", ["task.dim", "0", "in [1, 4096]"]),
    (GOOD, "dim = 8", "dim = [8, 2]", ["task.", "4", "dim = 2"]),
    (GOOD, "dim = 8", "dim = 1_000_000_000", ["task.dim", "1000000000", "in [1, 4096]"]),
    (GOOD, "dim = 8", "dim = [8, 8]", ["task.dim", "8 twice"]),
    (GOOD, "num_concepts = 4", "num_concepts = 1_000_000", ["task.num_concepts", "dim = 8", "1,000,000"]),
    (GOOD, "noise = 0.5", "noise = -0.5", ["task.noise", "-0.5"]),
    (GOOD, "noise = 0.5", "noise = [[0.5]]", ["task.noise", "[0.5]"]),
    (GOOD, "noise = 0.5", f"noise = {10**400}", ["task.noise", "1,329 bits"]),
    (GOOD, "noise = 0.5", "noise = [0.5, 07:30:00]", ["task.noise", "07:30:00, a date or time"]),
    (GOOD, "noise = 0.5", f"noise = {list(range(9000, -1, -1))}", ["task.noise", "got 0;", "> 0"]),
    (GOOD, "noise = 0.5", "noise = 0.5\ndegrees_of_freedom = 5", ["task.degrees_of_freedom", "student-t"]),
    (GOOD, SOURCE, "[0.5, 0.25, 0.25]", ["task.source_prior", "shape"]),
    (GOOD, SOURCE, "[0.5, 0.25, 0.15, 0.2]", ["task.source_prior", "1.1"]),
    (GOOD, SOURCE, "[]", ["task.source_prior", "[]"]),
    (GOOD, TARGET, "[0, 0, 0, nan]", ["task.target_prior", "nan"]),
    (GOOD, TARGET, "[0, 0, -1, 2]", ["task.target_prior", ">= 0"]),
    (GOOD, TARGET, "[[0, 0, 0, 1], [0, 0, 0, 2]]", ["task.target_prior", "2"]),
    (GOOD, TARGET, '"last"', ["task.target_prior", "'last'"]),
    (GOOD, PLAIN, 'kind = "biassed"\nbias = 0.7', ["task.weak.kind", "'biassed'"]),
    (GOOD, "bias = 0.7", "", ["task.weak.bias", "nothing"]),
    (GOOD, "bias = 0.7", "bias = [0.7, -1]", ["task.weak.bias", "-1"]),
    (GOOD, PLAIN, 'kind = "noisy"\nbias = 0.7', ["task.weak.bias", "does not have"]),
    (GOOD, PLAIN, 'kind = "noisy"\nnoise = 0.4', ["task.weak.noise", "0.4", ">= 0.5"]),
    (GOOD, PLAIN, 'kind = "general"\nconcepts = [[1, 2]]', ["task.weak.concepts", "shape"]),
    (GOOD, "num_concepts = 4", "num_concepts = 5", ["task.source_prior", "shape (5,)"]),
    (GOOD, 'kind = "regression"', 'kind = "regresion"', ["task.kind", "regression"]),
    (GOOD, 'kind = "regression"', 'kind = "größe"', ["task.kind", "größe"]),
    (GOOD, 'kind = "regression"', 'kind = ["regression", "hmm"]', ["task.kind", "one kind of concepts"]),
    (GOOD, "noise = 0.5", 'noise = 0.5\nfeatures = "cauchy"', ["task.features", "gaussian, uniform"]),
    (GOOD, "noise = 0.5", f'{KEPT} = "polynomial"\ninput_dim = 10_000', ["task.input_dim", "[1, 16]"]),
    (
        GOOD,
        "noise = 0.5",
        f'{KEPT} = "polynomial"\ninput_dim = 16\ndegree = 9\nfeatures = "rademacher"',
        ["task.degree", "input_dim = 16", "at most 1 "],
    ),
    (GOOD, "noise = 0.5", f'{KEPT} = "polynomial"\ninput_dim = 2\ndegree = 9', ["task.dim", "8", "55, the"]),
    (GOOD, "noise = 0.5", f'{KEPT} = "fourier"\ninput_dim = 3', ["task.input_dim", "262,144", "at most 2"]),
    (
        GOOD,
        "noise = 0.5",
        f'{KEPT} = "fourier"\ninput_dim = 1\nmap_seed = 3\nfrequencies = [[1]]\nphases = [1]',
        ["task.map_seed", "3 beside frequencies"],
    ),
    (TABLES, "share = [0.0, 0.5]", "share = [0.0, 1.5]", ["task.weak.share", "1.5"]),
    (TABLES, "[[0.1, 0.9], [0.5, 0.5]]]", "[[0.1, 0.9], [0.5, 0.6]]]", ["task.tables", "1.1"]),
    (TABLES, "[[0.1, 0.9], [0.5, 0.5]]]", "[[0.1, 0.9]]]", ["task.tables", "tables of one shape"]),
    (TABLES, '"smoothed"', '"noisy"', ["task.weak.kind", "'noisy'", "smoothed"]),
    (TABLES, "[0, 1]", "[0, 0, 1]", ["task.target_prior", "shape"]),
    (TABLES, "[[0.7, 0.3], [0.2, 0.8]]", f"{[[0.5, 0.5]] * 40000}", ["task.tables"]),
    (HMM, "length = 4", "length = 40", ["task.length", "40, which makes more than 65,536 sequences"]),
    (HMM, "length = 4", "length = 1_000_000_000", ["task.length", "1000000000", "[1, 1000]"]),
    (HMM, "length = 4 ", "# ", ["task.length", "nothing"]),
    (HMM, "[0.95, 0.05]", "[1, 0, 0]", ["task.transition", "tables of one shape"]),
    (STYLES, "[0.855, 0.095, 0.045, 0.005]", "[0.9, 0.1]", ["task.source_prior", "2 x 2 weights"]),
    (STYLES, "contexts = [0.5, 0.5]", "contexts = [0.5, 0.6]", ["task.contexts", "1.1"]),
]
SWEEPS: list[Bad] = [
    (
        GOOD,
        DEMOS,
        f'{DEMOS}\nnum_queries = [20, 40]\n[sweep]\nmode = "zip"',
        ["sweep.mode", "lists of equal length", "estimator.num_queries: 2"],
    ),
    (GOOD, "seed = 3", '[sweep]\nmode = "all"', ["sweep.mode", "'all'", "grid, zip"]),
    (GOOD, "seed = 3", "[sweep]\nmodes = 1", ["sweep.modes", "did you mean 'mode'"]),
    (GOOD, "seed = 3", "[sweep]\nwheer = 1", ["sweep.wheer", "did you mean 'where'"]),
    (GOOD, RIDGES, f"ridge = {list(range(60_000))}", ["sweep", "120,003 cells", "at most 100,000"]),
    where('"num_weak >"', "a condition on keys"),
    where("3", "3", "a condition on keys"),
    where("[]", "an empty list"),
    where('"1 < 2"', "contains no key"),
    where('"num_week > 3"', "'num_week'", "did you mean 'num_weak'"),
    where('"kind == 3"', "'kind'", "task.kind, task.weak.kind"),
    where('"num_weak"', "which is 50", "estimator.num_weak = 50"),
    where('"dim < 0 and task.dim > 2 or task.dim > 9"', "leaves no cell"),
    where('"ridge / (num_weak - 50) >= 0"', "division by zero", "estimator.num_weak = 50"),
    where('"num_weak ** num_weak ** num_weak > 1"', "too large a power"),
    where('"task.source_prior * 1_000_000_000 == 1"', "is no number"),
    where('"max(num_weak, 1).__class__ == 3"', "Attribute is not allowed"),
    where('"num_weak.__class__ == 3"', "a key that no cell has"),
    where('"(lambda: num_weak)() > 1"', "Call is not allowed"),
    where('"[num_weak for i in ridge] == 1"', "ListComp is not allowed"),
    where("\"__import__('os').system('ls') == num_weak\"", "Call is not allowed"),
    where(f'"{"-" * 300}num_weak > 0"', "nested more than 40 deep"),
    where(f'"num_weak > {"1" * 2000}"', "characters", "at most 1,000"),
]
BAD: list[Bad] = [*TABLES_AND_KEYS, *REPLICATION, *ESTIMATORS, *TASKS, *SWEEPS]

# Files that are no changed text.
BAD_BYTES: list[tuple[bytes, list[str]]] = [
    (b"", ["task", "nothing", "a table [task]"]),
    (b"\xef\xbb\xbf", ["task", "nothing"]),
    (GOOD.encode("utf-16"), ["STUDY", "UTF-8"]),
    (GOOD.encode("utf-16-le"), ["STUDY", "well-formed TOML"]),
    (GOOD.replace("regression", "größe").encode("latin-1"), ["STUDY", "UTF-8"]),
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ["STUDY", "UTF-8"]),
    (b"PK\x03\x04\x00\x00", ["STUDY", "well-formed TOML"]),
    (b"\x00" * 100, ["STUDY", "well-formed TOML"]),
    (b"# " + b"x" * 3_000_000, ["STUDY", "at most 2,000,000 bytes"]),
]
