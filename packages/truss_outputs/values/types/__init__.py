"""The types of output beyond Python's own values, each in a file of its own.

To import this package is to register them. It imports none of the libraries they come from.
"""

from truss_outputs.values.types import arrays, audio, files, images, tables, tensors

__all__ = ["arrays", "audio", "files", "images", "tables", "tensors"]
