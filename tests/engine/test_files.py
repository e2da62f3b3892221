"""Files are written atomically, and only regular files are read."""

import errno
import io
import os
import random
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from autograd import files
from autograd.files import append_line, read_whole, stamp, write_atomically
from tests.helpers import ROOT, python_output

posix = pytest.mark.skipif(os.name == "nt", reason="modes, fifos, links and locks of POSIX")


def started_python(code, *arguments):
    """Start a Python that runs some code, with this checkout to import from."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )


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


def leftovers(folder):
    return [name for name in os.listdir(folder) if name.startswith(".chainwalk-")]


def test_threads_and_processes_that_write_one_file_leave_a_whole_one(tmp_path):
    target, errors = tmp_path / "state", []
    contents = [bytes([65 + k]) * (50_000 + k) for k in range(6)]
    code = (
        "import sys; from autograd.files import write_atomically\n"
        "for _ in range(30): write_atomically(sys.argv[1], sys.argv[2].encode() * 70_000)"
    )
    processes = [started_python(code, target, letter) for letter in "xy"]

    def write(content):
        try:
            for _ in range(20):
                write_atomically(target, content)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    whole, seen = {*contents, b"x" * 70_000, b"y" * 70_000}, set()
    while any(thread.is_alive() for thread in threads) or any(p.poll() is None for p in processes):
        with suppress(FileNotFoundError):
            seen.add(target.read_bytes())
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0]
    assert (errors, seen <= whole, os.listdir(tmp_path)) == ([], True, ["state"])


def test_two_writers_with_one_process_number_do_not_share_a_temporary_name(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: 1)
    names = set()
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (names.add(old), replace(old, new)))
    for _ in range(3):
        write_atomically(tmp_path / "state", b"content")
    assert len(names) == 3


@posix
def test_a_killed_writer_leaves_the_old_content_or_the_new_and_the_next_one_cleans_up(tmp_path):
    target = tmp_path / "state"
    code = (
        "import sys; from autograd.files import write_atomically\nprint('x', flush=True)\n"
        "while True: write_atomically(sys.argv[1], b'n' * 3_000_000)"
    )
    whole = {b"old", b"n" * 3_000_000}
    found, rng = [], random.Random(3)
    write_atomically(target, b"old")
    for _ in range(8):
        process = started_python(code, target)
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.communicate(timeout=60)
        found.append(len(leftovers(tmp_path)))
        assert target.read_bytes() in whole
    (tmp_path / ".chainwalk-0000000000000000.tmp").write_bytes(b"half")
    python_output(f"from autograd.files import write_atomically; write_atomically({str(target)!r}, b'end')")
    assert (target.read_bytes(), leftovers(tmp_path)) == (b"end", [])


@posix
def test_the_temporary_file_of_an_active_writer_is_not_removed(tmp_path):
    name = str(tmp_path / ".chainwalk-0123456789abcdef.tmp")
    held = files._created(name, 0o600)
    files._remove_leftovers.cache_clear()
    write_atomically(tmp_path / "state", b"content")
    assert os.path.exists(name)
    os.close(held)
    files._remove_leftovers.cache_clear()
    write_atomically(tmp_path / "state", b"content")
    assert os.listdir(tmp_path) == ["state"]


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604, 0o444])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, mode):
    target = tmp_path / "state"
    target.write_bytes(b"old")
    target.chmod(mode)
    write_atomically(target, b"new")
    assert stat.S_IMODE(target.stat().st_mode) == mode


@posix
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_new_file_has_the_mode_given_by_the_umask(tmp_path, mask):
    code = (
        f"import os; os.umask({mask}); from autograd.files import write_atomically\n"
        f"write_atomically({str(tmp_path / 'state')!r}, b'')"
    )
    python_output(code)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o666 & ~mask


@posix
def test_the_umask_is_never_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", None)
    write_atomically(tmp_path / "state", b"content")


@posix
def test_a_planted_link_of_the_temporary_name_is_not_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    names = iter([b"\0" * 8, b"\1" * 8])
    monkeypatch.setattr(os, "urandom", lambda _: next(names))
    (tmp_path / f".chainwalk-{'00' * 8}.tmp").symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "state", b"content")
    assert victim.read_bytes() == b"precious"


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a link away")
def test_a_link_of_another_user_in_a_world_writable_folder_is_refused(tmp_path):
    victim, folder = tmp_path / "victim", tmp_path / "tmp"
    victim.write_bytes(b"precious")
    folder.mkdir()
    folder.chmod(0o1777)
    (folder / "state").symlink_to(victim)
    os.chown(folder / "state", 12345, 12345, follow_symlinks=False)
    for write in (write_atomically, append_line):
        with pytest.raises(PermissionError):
            write(folder / "state", b"content")
    assert victim.read_bytes() == b"precious"


@posix
def test_only_regular_files_are_read_and_written(tmp_path):
    fifo, folder, loop = tmp_path / "fifo", tmp_path / "folder", tmp_path / "loop"
    os.mkfifo(fifo)
    folder.mkdir()
    loop.symlink_to(loop)
    for use in (read_whole, lambda path: write_atomically(path, b""), lambda path: append_line(path, b"")):
        with pytest.raises(ValueError, match=r"fifo is a fifo, not a file"):
            use(fifo)
        with pytest.raises(ValueError, match=r"/dev/null is a device, not a file"):
            use("/dev/null")
        with pytest.raises(IsADirectoryError):
            use(folder)
        with pytest.raises(OSError, match="symbolic links"):
            use(loop)
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(100 * 2**30)
    with pytest.raises(
        ValueError, match=r"sparse has 107,374,182,400 bytes, more than the limit of 1,073,741,824"
    ):
        read_whole(path)
    path.write_bytes(b"12345")
    assert read_whole(path, 5) == b"12345"
    with pytest.raises(ValueError, match="more than the limit of 4"):
        read_whole(path, 4)


def test_a_file_of_the_kernel_with_nothing_to_read_yet_is_an_oserror(tmp_path, monkeypatch):
    path = tmp_path / "messages"
    path.write_bytes(b"")

    class Silent(io.FileIO):
        def read(self, size=-1):
            return None

    monkeypatch.setattr(os, "fdopen", Silent)
    with pytest.raises(BlockingIOError, match="messages"):
        read_whole(path)


def test_a_path_longer_than_any_system_takes_is_an_error_without_the_whole_path(tmp_path):
    path = f"{tmp_path}{'/name' * 7_000}"
    for use in (read_whole, lambda path: write_atomically(path, b""), lambda path: append_line(path, b"")):
        with pytest.raises(OSError, match="too long") as caught:
            use(path if os.name == "nt" else path[:5_000])
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interruption_before_the_temporary_file_has_a_name_stays_what_it_is(tmp_path, monkeypatch, error):
    def interrupted(count):
        raise error

    monkeypatch.setattr(os, "urandom", interrupted)
    with pytest.raises(error):
        write_atomically(tmp_path / "state", b"content")
    assert not os.listdir(tmp_path)


@posix
def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    assert write_atomically(tmp_path / ("n" * 255), b"content").read_bytes() == b"content"


@posix
@pytest.mark.parametrize(
    "call", ["write_atomically(path, b'n' * 200_000)", "append_line(path, b'n' * 200_000)"]
)
def test_a_full_disk_leaves_the_old_content_and_nothing_else(tmp_path, call):
    code = f"""
import os, resource, signal
from autograd.files import append_line, write_atomically
path = {str(tmp_path / "state")!r}
write_atomically(path, b"old\\n")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    {call}
except OSError as error:
    assert error.filename == path
    print(open(path).read().strip(), os.listdir({str(tmp_path)!r}))
"""
    assert python_output(code).strip() == "old ['state']"


def test_a_line_that_never_reaches_the_disk_is_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "lines"
    write_atomically(path, b"head\none\n")

    def fail(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    for head in (b"", b"HEAD"):
        with pytest.raises(OSError, match="Input/output"):
            append_line(path, b"two", after=stamp(path), head=head)
        assert path.read_bytes() == b"head\none\n"


def test_lines_are_appended_whole(tmp_path):
    path = tmp_path / "lines"
    append_line(path, b"one")
    path.write_bytes(path.read_bytes() + b"half of a li")
    append_line(path, b"two")
    assert path.read_bytes() == b"one\nhalf of a li\ntwo\n"


@pytest.mark.parametrize("failing", [1, 2])
def test_a_line_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path, monkeypatch, failing):
    path = tmp_path / "lines"
    write_atomically(path, b"head one\n")
    calls = []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == failing:
            raise OSError(errno.EIO, "disk error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=f"disk error.*{path.name}"):
        append_line(path, b"two", after=stamp(path), head=b"HEAD")
    assert path.read_bytes() == b"head one\n"


def test_a_line_after_a_stamp_needs_the_very_file(tmp_path):
    path = tmp_path / "lines"
    write_atomically(path, b"one\n")
    first = stamp(path)
    second = append_line(path, b"two", after=first)
    assert second == stamp(path)
    assert append_line(path, b"three", after=first) is None
    write_atomically(path, path.read_bytes())
    assert append_line(path, b"three", after=second) is None
    assert path.read_bytes() == b"one\ntwo\n"
    path.unlink()
    assert append_line(path, b"three", after=second) is None
    assert not path.exists()


@posix
def test_a_hard_link_keeps_its_content(tmp_path):
    path, backup = tmp_path / "lines", tmp_path / "backup"
    write_atomically(path, b"one\n")
    os.link(path, backup)
    assert append_line(path, b"two", after=stamp(path)) is None
    write_atomically(path, b"new\n")
    assert backup.read_bytes() == b"one\n"
