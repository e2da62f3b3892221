"""A file is there whole or not at all."""

import os

import pytest

from autograd.files import write_atomically


def test_a_file_is_written_and_replaced_without_leftovers(tmp_path):
    target = tmp_path / "new" / "state"
    for content in (b"first", b"second"):
        assert write_atomically(target, content) == target
        assert target.read_bytes() == content
    assert os.listdir(target.parent) == ["state"]


def test_a_failure_leaves_the_old_content(tmp_path, monkeypatch):
    target = tmp_path / "state"
    write_atomically(target, b"old")

    def fail(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["state"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_stays_one(tmp_path):
    target, link = tmp_path / "state", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
