"""Pages in which a network learns, in the browser: one offline file each."""

from .playground import Playground, playground
from .recording import Recording

__all__ = ["Playground", "Recording", "playground"]
