"""The pages of the book in `theory/`: their list, where they lie, and the same pages as HTML."""
