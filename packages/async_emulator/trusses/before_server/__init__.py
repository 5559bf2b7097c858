"""What a model's server does before it serves, where something stands in for what this machine lacks.

The emulator copies this folder, as the package PACKAGE, into the folder in the place of the image's /app.
There it runs in the model's own Python, so it uses the standard library alone and imports nothing of ours.
"""

PACKAGE = "_truss_async"
PLAN = "plan.json"
