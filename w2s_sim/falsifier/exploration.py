"""The search over documents: corners in one frame after another, and changes to the best documents."""

import dataclasses
import itertools
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from w2s_sim.engine.programs import Form
from w2s_sim.falsifier.corners import Combination, combination, single_corner
from w2s_sim.falsifier.documents import Document
from w2s_sim.falsifier.held_sizes import Frame, frames_of
from w2s_sim.falsifier.hunt import Candidate, Hunt
from w2s_sim.falsifier.number_corners import small_sizes, with_sizes
from w2s_sim.falsifier.objective import NO_SCORE, Claim
from w2s_sim.falsifier.steps import stepped
from w2s_sim.randomness import generator_of
from w2s_sim.statements import Case

# Per frame: the largest number of combinations to try, of cases with a claim, of programs to compile, and of
# cases that each program measures.
COMBINATIONS, CLAIMS = 240, 24
PROGRAMS = 4
CASES_OF_A_PROGRAM = 12
# Generations of changes per frame, and in each: the number of documents changed, and of changes to each.
GENERATIONS, PARENTS, CHILDREN = 2, 3, 6
# Probability that a change is a corner; the other changes are random steps in log scale.
CORNER_SHARE = 0.5


@dataclasses.dataclass(frozen=True)
class Trial:
    """A document to try, its case, and the claim of the statement about the case."""

    document: Document
    case: Case[Any]
    claim: Claim
    start: str
    how: str
    frame: str


class Exploration:
    """Search over corners of the documents of some cases, and over changes to the best documents.

    Attributes:
        hunt: The search that keeps the candidates.
        bases: For each kind of concepts, the documents to start from, with the names of their cases.
    """

    def __init__(self, hunt: Hunt, cases: Sequence[Case[Any]], seed: int) -> None:
        self.hunt, self.generator = hunt, generator_of(seed)
        self.bases: dict[str, list[tuple[str, Document]]] = {}
        for case in cases:
            document = Document.of(hunt.statement, case)
            if document is not None:
                self.bases.setdefault(document.kind, []).append((case.name, document))

    def run(self, until: float) -> None:
        """Explore frame after frame, until the share `until` of the purse is spent."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="compile") as compiler:
            for frame in self._frames():
                if self.hunt.is_over(until):
                    break
                self.hunt.report(frame.name)
                before = len(self.hunt.best)
                self._measure(list(self._trials(frame)), compiler, until)
                if len(self.hunt.best) > before:
                    self._breed(frame.name, GENERATIONS, until)

    def refine(self, until: float) -> None:
        """Change the best documents of all frames, until the share `until` of the purse is spent."""
        self._breed("", sys.maxsize, until)

    def _breed(self, frame: str, generations: int, until: float) -> None:
        """Change the best documents for some generations.

        Args:
            frame: Name of the frame whose documents are changed; all frames if empty.
            generations: Number of generations.
            until: Share of the purse at which the changes end.
        """
        for _ in range(generations):
            known = (c for c in self.hunt.best if c.document is not None)
            parents = [c for c in known if frame in ("", c.frame)][:PARENTS]
            before = self.hunt.purse.tried
            for parent, _ in itertools.product(parents, range(CHILDREN)):
                if self.hunt.is_over(until):
                    return
                trial = self._child(parent)
                if trial is not None:
                    self._screen(trial)
            if self.hunt.purse.tried == before:
                return

    def _child(self, parent: Candidate) -> Trial | None:
        assert parent.document is not None
        if self.generator.uniform() > CORNER_SHARE:
            made = Combination(stepped(parent.document, self.generator), ("steps in log scale",))
        else:
            made = single_corner(parent.document, self.hunt.statement, self.generator)
        return self._trial(made.document, parent.start, ", ".join([parent.how, *made.names]), parent.frame)

    def _frames(self) -> Iterator[Frame]:
        """Yield frames of all kinds in turn, indefinitely: combinations within a frame differ each time."""
        while self.bases:
            rows = [frames_of(kind, self.generator) for kind in self.bases]
            for frames in itertools.zip_longest(*rows):
                yield from (frame for frame in frames if frame is not None)

    def _trials(self, frame: Frame) -> Iterator[Trial]:
        """Yield the cases in a frame without corners first, then those with combinations of corners."""
        bases = self.bases[frame.kind]
        order = self.generator.permutation(len(bases))
        statement, generator = self.hunt.statement, self.generator
        sizes = small_sizes(frame.change(bases[0][1]), generator)
        claims = 0
        for turn in range(COMBINATIONS):
            if claims == CLAIMS or self.hunt.is_over():
                return
            start, base = bases[order[turn % len(bases)]]
            document = frame.change(base)
            if frame.is_small:
                document = with_sizes(document, statement, sizes, generator)
            made = Combination(document, ())
            if turn >= len(bases):
                made = combination(document, statement, () if frame.is_small else sizes, generator)
            how = f"corner: {', '.join([frame.name, *made.names])}"
            trial = self._trial(made.document, start, how, frame.name)
            if trial is not None:
                claims += 1
                yield trial

    def _trial(self, document: Document, start: str, how: str, frame: str) -> Trial | None:
        case = document.build(self.hunt.statement, "")
        claim = None if case is None else self.hunt.claim(case)
        return None if case is None or claim is None else Trial(document, case, claim, start, how, frame)

    def _screen(self, trial: Trial) -> None:
        candidate = Candidate(trial.case, trial.start, trial.how, NO_SCORE, trial.document, trial.frame)
        self.hunt.screen(candidate, trial.claim)

    def _measure(self, trials: list[Trial], compiler: ThreadPoolExecutor, until: float) -> None:
        """Measure trials that share a program together, while the next program is compiled."""
        chosen = [trial for trial in trials if trial.claim.fault] or trials
        if self.hunt.statement.measure is not None and chosen is trials:
            groups = [group[:CASES_OF_A_PROGRAM] for group in _by_program(trials)[:PROGRAMS]]
            for group in groups:
                compiler.submit(self.hunt.objective.prepare, group[0].case)
            chosen = list(itertools.chain.from_iterable(groups))
        for trial in chosen:
            if self.hunt.is_over(until):
                break
            self._screen(trial)


def _by_program(trials: Sequence[Trial]) -> list[list[Trial]]:
    """Group trials by compiled program, alternating between groups with few weak pairs and large groups."""
    groups: dict[Form, list[Trial]] = {}
    for trial in trials:
        if not trial.claim.is_vacuous:
            groups.setdefault(Form.of(trial.case), []).append(trial)
    small = sorted(groups.values(), key=lambda group: group[0].case.estimator.sample_size)
    large = sorted(groups.values(), key=lambda group: -len(group))
    turns = itertools.chain.from_iterable(zip(small, large, strict=True))
    return list({id(group): group for group in turns}.values())
