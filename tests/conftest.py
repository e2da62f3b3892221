"""What several test modules share."""

import builtins

import pytest


@pytest.fixture
def without(monkeypatch):
    """Make packages impossible to import."""
    real = builtins.__import__

    def hide(package):
        def importing(name, *args, **kwargs):
            if name.split(".")[0] == package:
                raise ImportError(name)
            return real(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", importing)

    return hide
