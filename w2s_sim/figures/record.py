"""The record beside a figure, NAME.json: its data, and what they were made with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import pydantic

from w2s_sim.errors import InputError
from w2s_sim.figures.contract import Tables


class _Strict(pydantic.BaseModel):
    # JSON has no nan and no infinity: they are written as the texts "NaN" and "Infinity".
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings")


class _Reals(_Strict):
    kind: Literal["real"] = "real"
    values: list[float]


class _Wholes(_Strict):
    kind: Literal["whole"] = "whole"
    values: list[int]


class _Truths(_Strict):
    kind: Literal["truth"] = "truth"
    values: list[bool]


class _Texts(_Strict):
    kind: Literal["text"] = "text"
    values: list[str | None]


Column = Annotated[_Reals | _Wholes | _Truths | _Texts, pydantic.Field(discriminator="kind")]


class FigureRecord(_Strict):
    """The data of a figure, and what they were made with.

    Attributes:
        name: Name of the figure.
        title: The question that the figure answers.
        seed: Seed of the sampling.
        fast: Whether the data are those of a draft.
        key: Digest of all that determines the data.
        configuration: Settings of the computation.
        versions: Versions of Python and of the packages that computed the data.
        git_revision: Git revision of the package that computed the data; None if unknown.
        width: Width in inches of the figure beside the record; None for data that are not drawn yet.
        tables: The tables, by name and column.
    """

    name: str
    title: str
    seed: int
    fast: bool
    key: str
    configuration: dict[str, Any]
    versions: dict[str, str]
    git_revision: str | None
    width: float | None = None
    tables: dict[str, dict[str, Column]]

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables as data frames with the types and the order of columns with which they were recorded."""
        return {
            name: pd.DataFrame({column: _series(entry) for column, entry in columns.items()})
            for name, columns in self.tables.items()
        }


def record_columns(tables: Tables) -> dict[str, dict[str, Column]]:
    """Return tables in the form of a record.

    Raises:
        TypeError: If a column holds anything but numbers, truth values or texts.
    """
    return {
        name: {str(column): _column(name, pd.Series(table[column])) for column in table.columns}
        for name, table in tables.items()
    }


def _column(table: str, series: pd.Series) -> Column:
    values: list[Any] = series.tolist()
    types = pd.api.types
    if types.is_bool_dtype(series.dtype):
        return _Truths(values=values)
    if types.is_integer_dtype(series.dtype):
        return _Wholes(values=values)
    if types.is_float_dtype(series.dtype):
        return _Reals(values=values)
    texts = [None if value is None or value is pd.NA or value != value else value for value in values]
    if not all(text is None or isinstance(text, str) for text in texts):
        raise TypeError(
            f"column {series.name!r} of table {table!r} holds {series.dtype}, not numbers or texts"
        )
    return _Texts(values=texts)


def _series(column: Column) -> pd.Series:
    dtypes: Mapping[str, Any] = {"real": float, "whole": "int64", "truth": bool, "text": "str"}
    return pd.Series(column.values, dtype=dtypes[column.kind])


def write_record(record: FigureRecord, path: Path) -> None:
    """Write a record as JSON; floats are written with all their digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_record(path: Path) -> FigureRecord:
    """Read a record.

    Raises:
        InputError: If the file cannot be read, or is not the record of a figure.
    """
    expected = "the JSON file that w2s figures writes beside a figure"
    try:
        return FigureRecord.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError("record", f"{path} ({error.strerror})", expected) from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError("record", f"{path} ({place}: {first['msg']})", expected) from None
