"""The pages of the book in `theory/`: the list of theorems, the files, and their conversion to HTML."""
