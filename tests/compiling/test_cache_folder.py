"""Code from a cache folder is run only if no other user could have written it."""

import os
import stat

import pytest

pytest.importorskip("llvmlite")

from autograd import compile
from autograd.compiling.codegen.cache import CodeCache
from tests.helpers import python_output

pytestmark = pytest.mark.skipif(os.name == "nt", reason="owners and modes of POSIX")
root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away"
)


@pytest.fixture
def folder(tmp_path):
    compile(lambda x: x * x)(1.0)  # compiles what all functions share, which is then not stored in the folder
    return tmp_path / "cache"


def cubed(folder):
    compile(lambda x: x * x * x)(2.0)  # the driver, which all kernels share and the first one would add
    return compile(lambda x: x * x * x, cache=folder)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_folder_is_made_private_whatever_the_umask(folder, mask):
    code = f"""
import os
os.umask({mask})
from autograd import compile
compile(lambda x: x * x * x, cache={str(folder / "deep")!r})(2.0)
"""
    python_output(code)
    assert stat.S_IMODE((folder / "deep").stat().st_mode) == 0o700
    assert list((folder / "deep").iterdir())


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o720, 0o702])
def test_a_folder_that_others_may_write_to_is_refused(folder, mode):
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(ValueError, match=r"may be written to by others .* would be executed.*chmod 700"):
        cubed(folder)


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o700])
def test_a_folder_that_others_may_only_read_is_used(folder, mode):
    folder.mkdir()
    folder.chmod(mode)
    assert cubed(folder)(2.0) == 8.0
    assert list(folder.iterdir())


@root
def test_a_folder_of_another_user_is_refused(folder):
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.raises(ValueError, match="belongs to another user"):
        cubed(folder)


@root
def test_a_file_of_another_user_is_not_run_but_replaced(folder):
    cubed(folder)(2.0)
    (file,) = folder.iterdir()
    os.chown(file, 12345, 12345)
    cache = CodeCache(folder)
    cache._path = lambda _: file
    assert cache.get("any") is None
    assert cubed(folder)(2.0) == 8.0


def test_a_folder_that_is_opened_to_others_later_is_refused_then(folder):
    fast = cubed(folder)
    folder.chmod(0o777)
    with pytest.raises(ValueError, match="may be written to by others"):
        fast(2.0)


def test_a_symbolic_link_in_place_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "real")
    with pytest.raises(ValueError, match="is a symbolic link: give the folder itself"):
        cubed(folder)


@pytest.mark.parametrize("kind", ["a fifo", "a link to the code", "a link to another file", "a link to a fifo"])
def test_a_fifo_or_folder_in_place_of_a_file_is_not_read_but_replaced(folder, tmp_path, kind):
    cubed(folder)(2.0)
    (file,) = folder.iterdir()
    good = file.read_bytes()
    file.unlink()
    other = tmp_path / "other"
    if "fifo" in kind:
        os.mkfifo(other if "link" in kind else file)
    else:
        other.write_bytes(good if "code" in kind else b"precious")
    before = None if "fifo" in kind else other.read_bytes()
    if "link" in kind:
        file.symlink_to(other)
    cache = CodeCache(folder)
    cache._path = lambda _: file
    assert cache.get("any") is None
    assert cubed(folder)(2.0) == 8.0
    assert file.is_file()
    assert not file.is_symlink()
    assert before is None or other.read_bytes() == before


def test_an_oversized_file_is_not_read(folder):
    cubed(folder)(2.0)
    (file,) = folder.iterdir()
    os.truncate(file, 2**40)
    assert cubed(folder)(2.0) == 8.0
    assert file.stat().st_size < 2**20
