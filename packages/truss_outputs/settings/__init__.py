"""The settings in `config.yaml`: their keys, their allowed values, and the secrets they name."""
