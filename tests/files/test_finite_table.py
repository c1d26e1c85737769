"""`[task]` tables of categorical and hidden Markov concepts: what they say, and what they complain of."""

from pathlib import Path

import numpy as np
import pytest

from w2s_sim.concepts import CategoricalModel, HiddenMarkovModel, StyleContentModel
from w2s_sim.errors import InputError
from w2s_sim.files import load_case
from w2s_sim.statements import find_statement
from w2s_sim.tasks.finite_task import FiniteTask

CATEGORICAL = """
[task]
kind = "categorical"
source_prior = [0.5, 0.5]
target_prior = [0, 1]
tables = [[[0.7, 0.3], [0.2, 0.8]], [[0.1, 0.9], [0.5, 0.5]]]
[task.weak]
kind = "smoothed"
share = 0.5
[case]
num_demonstrations = 8
"""
STYLE_CONTENT = """
[task]
kind = "style-content"
source_prior = [0.6, 0.2, 0.15, 0.05]
target_prior = [0, 0, 1, 0]
style_tables = [[[0.9, 0.1]], [[0.2, 0.8]]]
content_tables = [[[0.7, 0.2, 0.1]], [[0.1, 0.2, 0.7]]]
[task.weak]
kind = "wrong-content"
share = 0.25
[case]
num_demonstrations = 8
"""
HMM = """
[task]
kind = "hmm"
source_prior = [0.5, 0.5]
target_prior = [0.25, 0.75]
length = 3
initial = [[0.5, 0.5], [0.2, 0.8]]
transition = [[[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.3, 0.7]]]
emission = [[[0.9, 0.1], [0.1, 0.9]], [[0.6, 0.4], [0, 1]]]
[task.weak]
kind = "shifted"
share = 0.25
[case]
num_demonstrations = 8
"""
WEAK_HMM = """kind = "general"
initial = [[1.0], [1.0]]
transition = [[[1.0]], [[1.0]]]
emission = [[[0.5, 0.5]], [[0.2, 0.8]]]"""


def load(tmp_path: Path, text: str, statement: str = "hmm-identification") -> FiniteTask:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    task = load_case(path, find_statement(statement)).task
    assert isinstance(task, FiniteTask)
    return task


def test_categorical(tmp_path: Path) -> None:
    task = load(tmp_path, CATEGORICAL)
    source, weak = task.source, task.supervisor
    assert isinstance(source, CategoricalModel)
    assert isinstance(weak, CategoricalModel)
    np.testing.assert_allclose(source.tables[1], [[0.1, 0.9], [0.5, 0.5]], atol=1e-6)
    np.testing.assert_allclose(source.contexts, [0.5, 0.5])
    np.testing.assert_allclose(weak.tables[0], [[0.6, 0.4], [0.35, 0.65]], atol=1e-6)
    own = 'kind = "general"\ntables = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]\ncontexts = [0.25, 0.75]'
    weak = load(tmp_path, CATEGORICAL.replace('kind = "smoothed"\nshare = 0.5', own)).supervisor
    assert isinstance(weak, CategoricalModel)
    np.testing.assert_allclose(weak.contexts, [0.25, 0.75])
    np.testing.assert_allclose(weak.tables[1], [[0, 1], [1, 0]])


def test_weak_contexts_are_those_of_the_strong_model_when_left_out(tmp_path: Path) -> None:
    text = CATEGORICAL.replace("[task.weak]", "contexts = [0.1, 0.9]\n[task.weak]")
    own = 'kind = "general"\ntables = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]'
    weak = load(tmp_path, text.replace('kind = "smoothed"\nshare = 0.5', own)).supervisor
    assert isinstance(weak, CategoricalModel)
    np.testing.assert_allclose(weak.contexts, [0.1, 0.9])


def test_hidden_markov(tmp_path: Path) -> None:
    task = load(tmp_path, HMM)
    source, weak = task.source, task.supervisor
    assert isinstance(source, HiddenMarkovModel)
    assert isinstance(weak, HiddenMarkovModel)
    assert (source.length, source.num_symbols, task.num_concepts) == (3, 2, 2)
    np.testing.assert_allclose(weak.emission[0], [[0.7, 0.3], [0.3, 0.7]], atol=1e-6)
    np.testing.assert_allclose(weak.transition, source.transition)
    weak = load(tmp_path, HMM.replace('kind = "shifted"\nshare = 0.25', WEAK_HMM)).supervisor
    # The weak model may have fewer hidden states.
    assert isinstance(weak, HiddenMarkovModel)
    assert (weak.initial.shape, weak.length) == ((2, 1), 3)


def test_style_content(tmp_path: Path) -> None:
    task = load(tmp_path, STYLE_CONTENT)
    source, weak = task.source, task.supervisor
    assert isinstance(source, StyleContentModel)
    assert isinstance(weak, StyleContentModel)
    np.testing.assert_allclose(source.prior, [0.6, 0.2, 0.15, 0.05], atol=1e-6)
    # Concept (style 2, content 1): the pair's table is the product, the weak one's content moves on.
    np.testing.assert_allclose(source.tables[2, 0], np.outer([0.2, 0.8], [0.7, 0.2, 0.1]).ravel(), atol=1e-6)
    moved = 0.75 * np.array([0.7, 0.2, 0.1]) + 0.25 * np.array([0.1, 0.7, 0.2])
    np.testing.assert_allclose(weak.tables[2, 0], np.outer([0.2, 0.8], moved).ravel(), atol=1e-6)
    style = load(tmp_path, STYLE_CONTENT.replace("wrong-content", "wrong-style")).supervisor
    assert isinstance(style, StyleContentModel)
    moved = 0.75 * np.array([0.2, 0.8]) + 0.25 * np.array([0.8, 0.2])
    np.testing.assert_allclose(style.tables[2, 0], np.outer(moved, [0.7, 0.2, 0.1]).ravel(), atol=1e-6)
    own = 'kind = "general"\nstyle_tables = [[[0.5, 0.5]], [[0.5, 0.5]]]\n'
    own += "content_tables = [[[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]]]"
    general = load(tmp_path, STYLE_CONTENT.replace('kind = "wrong-content"\nshare = 0.25', own)).supervisor
    assert isinstance(general, StyleContentModel)
    np.testing.assert_allclose(general.tables[0, 0], [0.5, 0, 0, 0.5, 0, 0], atol=1e-6)


BAD_FILES = [
    (STYLE_CONTENT, "0.15, 0.05]", "0.2]", ["task.source_prior", "3 weights", "2 x 2 weights"]),
    (STYLE_CONTENT, "[[0.2, 0.8]]]", "[[0.2, 0.9]]]", ["task.style_tables", "1.1"]),
    (STYLE_CONTENT, "share = 0.25", "share = 1.25", ["task.weak.share", "1.25"]),
    (STYLE_CONTENT, "[[0.1, 0.2, 0.7]]]", "[[0.1, 0.2, 0.7], [1, 0, 0]]]", ["task.content_tables"]),
    (CATEGORICAL, 'kind = "categorical"', 'kind = "cubic"', ["task.kind", "'cubic'", "hmm", "categorical"]),
    (CATEGORICAL, 'kind = "categorical"\n', "", ["task.kind", "nothing", "hmm, categorical, style-content"]),
    (CATEGORICAL, 'kind = "categorical"', 'kind = "regression"', ["task.kind", "'regression'"]),
    (CATEGORICAL, "tables =", "tabels =", ["task.tabels", "did you mean 'tables'"]),
    (CATEGORICAL, "[[0.7, 0.3]", "[[0.7, 0.4]", ["task.tables", "1.1", "sum to 1"]),
    (CATEGORICAL, "[[0.7, 0.3]", "[[0.7]", ["task.tables", "tables of one shape"]),
    (CATEGORICAL, "source_prior = [0.5, 0.5]", "source_prior = [1.0]", ["task.tables", "(1, X, V)"]),
    (
        CATEGORICAL,
        "source_prior = [0.5, 0.5]",
        "source_prior = [0.5, 0.6]",
        ["task.source_prior", "sum to 1"],
    ),
    (CATEGORICAL, "target_prior = [0, 1]", "target_prior = [1]", ["task.target_prior", "shape (1,)"]),
    (CATEGORICAL, "share = 0.5", "share = 1.5", ["task.weak.share", "1.5", "[0, 1]"]),
    (CATEGORICAL, "share = 0.5\n", "", ["task.weak.share", "nothing", "'smoothed'"]),
    (
        CATEGORICAL,
        "share = 0.5",
        "share = 0.5\ntables = [[[1, 0]]]",
        ["task.weak.tables", "'smoothed' does not have"],
    ),
    (CATEGORICAL, 'kind = "smoothed"', 'kind = "biased"', ["task.weak.kind", "'biased'", "shifted"]),
    (
        CATEGORICAL,
        'kind = "smoothed"\nshare = 0.5',
        'kind = "general"\ntables = [[[1, 0]], [[0, 1]]]',
        ["task.weak", "contexts = 1", "contexts = 2"],
    ),
    (CATEGORICAL, '[task.weak]\nkind = "smoothed"\nshare = 0.5', "", ["task.weak", "nothing", "'shifted'"]),
    (HMM, "length = 3", "length = 0", ["task.length", "0", ">= 1"]),
    (HMM, "length = 3", "length = 17", ["task", "131,072 outcomes", "65,536"]),
    (HMM, "[0.2, 0.8]]", "[0.2, 0.9]]", ["task.initial", "1.1", "sum to 1"]),
    (HMM, "initial = [[0.5, 0.5], [0.2, 0.8]]", "initial = [[1.0], [1.0]]", ["task.transition", "(2, 1, 1)"]),
    (HMM, "[0, 1]]]", "[0, -1]]]", ["task.emission", "-1", ">= 0"]),
    (HMM, 'kind = "shifted"\nshare = 0.25', WEAK_HMM.replace("0.2, 0.8", "0.2, 0.9"), ["task.weak.emission"]),
]


@pytest.mark.parametrize(("text", "old", "new", "words"), BAD_FILES)
def test_bad_files(text: str, old: str, new: str, words: list[str], tmp_path: Path) -> None:
    assert old in text
    statement = find_statement("hmm-identification")
    path = tmp_path / "bad.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        # What cannot be enumerated is found when the bound is asked for.
        statement.bound(load_case(path, statement))
    message = str(refusal.value)
    assert all(word in message for word in words), message


def test_regression_theorem_refuses_other_concepts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"task\.kind: got 'categorical'; expected one of regression"):
        load(tmp_path, CATEGORICAL, "naive-floor")
