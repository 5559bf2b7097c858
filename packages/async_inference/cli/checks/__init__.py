"""The checks of a Truss before it is pushed or served."""
