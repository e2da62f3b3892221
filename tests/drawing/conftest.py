"""Fixtures of all tests of pictures."""

import shutil

import pytest


@pytest.fixture(params=["bundled", "system"])
def any_dot(request, monkeypatch):
    """Return each of the two dots; the system's only where it is installed."""
    if request.param == "bundled":
        monkeypatch.setattr(shutil, "which", lambda name: None if name == "dot" else name)
    elif not shutil.which("dot"):
        pytest.skip("no system dot")
    return request.param
