"""A student of random features that gradient flow fits to the labels of a teacher, without sampling inputs.

The target f* has unit norm. The teacher u is the projection of f* on the span of its M features: it has seen
infinitely many true labels. Its loss is L_T = 1 - |u|^2. The student sees infinitely many labels of the
teacher. Gradient flow from zero multiplies the part of u in an eigenspace of the student's kernel, of
eigenvalue l, by 1 - exp(-t l). The loss of the student is therefore a sum over the eigenspaces.
"""

import dataclasses

import numpy as np
from jaxtyping import Float

# Stopping times that `best_loss` tries, relative to the time in which the target is learned.
TIMES = np.append(np.geomspace(0.1, 1e4, 400), np.inf)
# Eigenvalues below this share of the largest are rounding.
SMALLEST_SHARE = 1e-12


@dataclasses.dataclass(frozen=True)
class TaughtFunction:
    """The function of a teacher, split into the eigenspaces of the kernel of a student.

    Attributes:
        eigenvalues: Eigenvalues l_k > 0 of the student's kernel.
        energies: |P_k u|^2, in squared label units relative to the target's.
        overlaps: Inner products of P_k u and the target, in the same unit.
        teacher_loss: L_T, in (0, 1).
    """

    eigenvalues: Float[np.ndarray, " spaces"]
    energies: Float[np.ndarray, " spaces"]
    overlaps: Float[np.ndarray, " spaces"]
    teacher_loss: float

    def student_losses(self, times: Float[np.ndarray, " times"]) -> Float[np.ndarray, " times"]:
        """Return the squared errors of students that are stopped at the given times, in (0, inf]."""
        learned = -np.expm1(-np.multiply.outer(times, self.eigenvalues))
        return 1.0 - 2.0 * learned @ self.overlaps + learned**2 @ self.energies

    def student_loss(self, time: float) -> float:
        """Return the squared error of the student that is stopped at a time in (0, inf]."""
        return float(self.student_losses(np.array([time]))[0])

    def best_loss(self, target_eigenvalue: float) -> float:
        """Return the least error over the stopping times, which nobody can choose without the target.

        Args:
            target_eigenvalue: Eigenvalue of the kernel at the target.
        """
        return float(self.student_losses(TIMES / target_eigenvalue).min())


def taught_by_projection(
    student_gram: Float[np.ndarray, "s s"],
    cross_gram: Float[np.ndarray, "s m"],
    teacher_gram: Float[np.ndarray, "m m"],
    student_target: Float[np.ndarray, " s"],
    teacher_target: Float[np.ndarray, " m"],
) -> TaughtFunction:
    """Return what a student of finitely many features is taught by a teacher of its own features.

    Args:
        student_gram: Inner products of the student's features with each other.
        cross_gram: Those of the student's features with the teacher's.
        teacher_gram: Those of the teacher's features with each other.
        student_target: Those of the student's features with the target.
        teacher_target: Those of the teacher's features with the target.
    """
    teacher = np.linalg.solve(teacher_gram, teacher_target)
    eigenvalues, vectors = np.linalg.eigh(student_gram / len(student_gram))
    kept = eigenvalues > SMALLEST_SHARE * eigenvalues[-1]
    eigenvalues, vectors = eigenvalues[kept], vectors[:, kept] / np.sqrt(len(student_gram))
    shown, wanted = vectors.T @ (cross_gram @ teacher), vectors.T @ student_target
    loss = float(1.0 - teacher @ teacher_target)
    return TaughtFunction(eigenvalues, shown**2 / eigenvalues, shown * wanted / eigenvalues, loss)
