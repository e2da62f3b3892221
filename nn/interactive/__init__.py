"""Pages in which a network is trained in the browser, each one offline file."""

from .playground import Playground, playground
from .training_record import Recording

__all__ = ["Playground", "Recording", "playground"]
