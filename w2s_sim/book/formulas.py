"""LaTeX formulas as MathML, which browsers draw without scripts or the network."""

import re

import latex2mathml.converter
from markupsafe import Markup


def mathml(formula: str, display: bool = False) -> Markup:
    """Convert a LaTeX formula to MathML.

    Args:
        formula: The formula without dollar signs; an empty formula gives an empty text.
        display: Whether the formula is displayed on its own line.
    """
    # The converter takes a backslash at the end of a line, which is a space, for a letter.
    formula = formula.replace("\n", " ")
    # The converter supports delimiters of automatic size, but not of fixed size.
    formula = re.sub(r"\\[Bb]igg?l\b", r"\\left", formula)
    formula = re.sub(r"\\[Bb]igg?r\b", r"\\right", formula)
    formula = re.sub(r"\\[Bb]igg?\b", "", formula)
    # The converter does not support extra space between the rows of a table.
    formula = re.sub(r"\\\\\[[\d.]+\w+\]", r"\\\\", formula)
    formula = formula.replace(r"\arg\min", r"\operatorname{argmin}")
    formula = formula.replace(r"\arg\max", r"\operatorname{argmax}")
    if not formula.strip():
        return Markup()
    return Markup(latex2mathml.converter.convert(formula, display="block" if display else "inline"))
