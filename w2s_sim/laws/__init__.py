"""Laws of inputs and of label noise. They know nothing of concepts."""
