"""A real language model behind the contract of strong models: loading, reading, writing, fine-tuning."""
