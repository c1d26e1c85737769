"""LaTeX formulas as MathML, which browsers draw without scripts or the network."""

import re

import latex2mathml.converter
from markupsafe import Markup


def mathml(formula: str, display: bool = False) -> Markup:
    """A LaTeX formula as MathML.

    Args:
        formula: Without dollar signs; an empty one gives an empty text.
        display: Whether the formula stands on a line of its own.
    """
    # The converter knows fences that grow, but not fences of a given size.
    formula = re.sub(r"\\[Bb]igg?l\b", r"\\left", formula)
    formula = re.sub(r"\\[Bb]igg?r\b", r"\\right", formula)
    formula = re.sub(r"\\[Bb]igg?\b", "", formula)
    # Nor does it know extra space between the lines of a table.
    formula = re.sub(r"\\\\\[[\d.]+\w+\]", r"\\\\", formula)
    formula = formula.replace(r"\arg\min", r"\operatorname{argmin}")
    formula = formula.replace(r"\arg\max", r"\operatorname{argmax}")
    if not formula.strip():
        return Markup()
    return Markup(latex2mathml.converter.convert(formula, display="block" if display else "inline"))
