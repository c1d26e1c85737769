"""Teaching: lessons with their questions and exercises, and the explorer."""
