"""The settings of the API and of each deployment."""
