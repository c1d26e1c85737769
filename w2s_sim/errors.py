"""Errors that speak to a person: what was given, what was expected, where."""


class InputError(ValueError):
    """Bad input from a person, refused before any work starts.

    Attributes:
        field: Name of the offending field, as the person wrote it.
        given: What was given.
        expected: What would have been accepted.
        where: The file or call in which it was found, or an empty string.
    """

    def __init__(self, field: str, given: object, expected: str, where: str = "") -> None:
        self.field = field
        self.given = given
        self.expected = expected
        self.where = where
        place = f"{where}: " if where else ""
        text = " ".join(str(given).split())
        super().__init__(f"{place}{field}: got {text}; expected {expected}")

    def located(self, where: str, prefix: str = "") -> "InputError":
        """The same complaint, naming the file `where` and the table `prefix` of the field."""
        return InputError(prefix + self.field, self.given, self.expected, where)
