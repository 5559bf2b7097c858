"""The stores that ship with the package, and the one function that picks among them."""
