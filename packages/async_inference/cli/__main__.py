"""`python -m async_inference.cli`: the command, where its script is not on the path."""

from async_inference.cli.main import main

if __name__ == "__main__":
    main()
