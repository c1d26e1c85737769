"""The list of theorems and ready studies is that of the theorems and the studies themselves."""

from w2s_sim.book.contents import make_contents, read_contents


def test_the_file_is_in_step() -> None:
    assert read_contents() == make_contents(), (
        "run: python -m w2s_sim.book.contents > w2s_sim/book/contents.json"
    )
