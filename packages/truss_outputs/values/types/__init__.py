"""The types of output beyond Python's own values: one file a type, to store it and to read it back.

Importing this package registers every file in it: no other list names them. None of the libraries that the
types come from is imported.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
