"""What can go wrong with a chaos run itself."""


class ChaosError(Exception):
    """The run could not be made, or not judged."""
