"""The settings of `model_metadata.truss_outputs`, read once."""
