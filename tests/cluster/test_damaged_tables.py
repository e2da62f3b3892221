"""Files of tables that are damaged, or are something else, are a ValueError that names the file."""

import os

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("pyarrow")
pytest.importorskip("distributed")

import pyarrow
from pyarrow import parquet

from autograd.cluster.folders import read_parquet, scan_npy, scan_parquet


def refused(look, path, message, **columns):
    with pytest.raises(ValueError, match=message) as caught:
        look(str(path), columns, None)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 2_000


def test_what_is_no_npy_file_of_one_table_is_refused(tmp_path):
    path = tmp_path / "0.npy"
    np.savez(tmp_path / "several", a=np.zeros(3), b=np.zeros(3))
    os.replace(tmp_path / "several.npz", path)
    refused(scan_npy, path, "is a .npz file of several tables: save each as .npy", x=0)
    path.write_bytes(
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (3,\n" + b" " * 80
    )
    refused(scan_npy, path, "is not a complete .npy file", x=0)
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    refused(scan_npy, path, "is not a complete .npy file", x=0)


def test_what_is_no_parquet_file_of_named_numbers_is_refused(tmp_path):
    path = tmp_path / "0.parquet"
    path.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    refused(scan_parquet, path, "is not a complete Parquet file", x="x")
    parquet.write_table(pyarrow.Table.from_arrays([pyarrow.array([1.0])] * 2, names=["x", "x"]), path)
    refused(scan_parquet, path, "has several columns called x", x="x")
    parquet.write_table(pyarrow.table({f"c{k}": [1.0] for k in range(3000)}), path)
    refused(scan_parquet, path, "has no column x: its columns are c0, .* and 2,980 more", x="x")
    parquet.write_table(pyarrow.table({"x": np.arange(100.0)}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(64) + whole[68:])
    with pytest.raises(ValueError, match=r"0.parquet"):
        read_parquet(str(path), {"x": "x"}, (0, 1))


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
@pytest.mark.parametrize("look", [scan_npy, scan_parquet])
def test_the_name_of_a_damaged_file_does_not_reach_the_terminal_as_it_is(tmp_path, look):
    path = tmp_path / "\x1b[31mred\x07\u202e\n\u2028"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"red.* is not a complete") as caught:
        look(str(path), {"x": "x"}, None)
    assert str(caught.value).isprintable()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no fifos here")
@pytest.mark.parametrize("look", [scan_npy, scan_parquet])
def test_a_fifo_is_not_waited_for(tmp_path, look):
    os.mkfifo(tmp_path / "0")
    refused(look, tmp_path / "0", "is a fifo, not a file", x=0)


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
def test_a_parquet_file_whose_name_is_not_utf_8_is_to_be_renamed(tmp_path):
    path = str(tmp_path / "\udcff.parquet")
    try:
        parquet.write_table(pyarrow.table({"x": [1.0]}), tmp_path / "0.parquet")
        os.rename(tmp_path / "0.parquet", path)
    except OSError:
        pytest.skip("the file system takes no such name")
    with pytest.raises(ValueError, match=r" .parquet has a name that is not UTF-8, .*: rename it"):
        scan_parquet(path, {"x": "x"}, None)
    np.save(tmp_path / "0.npy", np.ones(3))
    os.rename(tmp_path / "0.npy", path)
    assert scan_npy(path, {"x": 0}, None).counts == [3]
