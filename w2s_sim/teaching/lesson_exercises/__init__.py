"""The exercises of the lessons: which statement decides whether a learner's function is right."""
