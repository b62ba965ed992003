"""Data set files as nobody should send them, made here."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping

import numpy as np

from .pictures import PNG, png_of, zip_of

# Of images (2, 2): four to train with, two to test with.
_COUNTS = {"train": 4, "test": 2}
FOLDERS = {f"train/{name}/{number}.png": PNG for name in "ab" for number in range(6)}


def npy(header: str | bytes, content: bytes = b"") -> bytes:
    """An .npy with a header as it is given."""
    told = header if isinstance(header, bytes) else header.encode("latin-1")
    told += b" " * (-(len(told) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(told)) + told + content


def described(shape: str, descr: str = "'|u1'", order: str = "False") -> str:
    """A header that says so."""
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


GOOD = {
    f"{kind}_{split}.npy": npy(
        described(f"({count}, 2, 2)" if kind == "x" else f"({count},)"),
        bytes(4 * count) if kind == "x" else bytes([0, 1]) * (count // 2),
    )
    for split, count in _COUNTS.items()
    for kind in "xy"
}


def npz_with(member: bytes, key: str = "x_train") -> bytes:
    """An .npz that is right but for one member."""
    return zip_of({**GOOD, f"{key}.npy": member})


def bad_headers() -> dict[str, bytes]:
    """What NumPy takes for the header of an array, and no NumPy wrote."""
    texts = (
        "", "{", "{[]: 1}", "{1: 2, 'a': 3}", "(" * 150, "(" * 3000, "-" * 9000 + "1", "'''", "\\", "1\n2", "\0",
        "\t1\n 2\n  3", "__import__('os').system('id')", described("4"), described("(True, 2, 2)"),
        described("(-4, 2, 2)"), described("(4, -2, -2)"), described("(4, 2, 1e9)"), described(f"(4, 2, {'9' * 5000})"),
        described("(4, 2, 2)", "','"),
        described("(4, 2, 2)", "()"), described("(4, 2, 2)", "('a',)"), described("(4, 2, 2)", "{'a': 1}"),
        described("(4, 2, 2)", "[('a', '<f4', 'x')]"), described("(4, 2, 2)", "'|V100000000'"),
        described("(4, 2, 2)", "'|O'"),
        described("(4, 2, 2)", "'<f8'"), described("(4, 2, 2)", order="True"), described("(4, 2, 2)", order="7"),
    )  # fmt: skip
    return {text[:60]: npy(text, bytes(128)) for text in texts}


def bad_arrays() -> dict[str, bytes]:
    """An .npz each, of which one array cannot be taken."""
    weird = np.array([np.nan, np.inf, -np.inf, 0])
    bomb = bytes(64 << 20)
    return {
        "pickled": npz_with(npy(described("(4,)", "'|O'"), pickle.dumps([1, 2, 3, 4])), "y_train"),
        "no numbers": npz_with(npy(described("(4,)", "'<f8'"), weird.tobytes()), "y_train"),
        "below zero": npz_with(npy(described("(4,)", "'|i1'"), b"\0\1\xff\0"), "y_train"),
        "greatest": npz_with(npy(described("(4,)", "'<u8'"), b"\xff" * 32), "y_train"),
        "very many classes": npz_with(npy(described("(4,)", "'<i4'"), b"\xff\xff\xff\x7f" * 4), "y_train"),
        "cut short": npz_with(GOOD["x_train.npy"][:-1]),
        "too long": npz_with(GOOD["x_train.npy"] + bomb),
        "fewer than none, and a bomb": zip_of(
            {**GOOD, "x_train.npy": npy(described("(-1, 2, 2)"), bomb), "y_train.npy": npy(described("(-1,)"), b"\0")}
        ),
        "greatest image": npz_with(npy(described("(4, 1000000, 1000000)"))),
        "an image too large to be told": zip_of(
            {
                **GOOD,
                "x_train.npy": npy(described("(4, 3000, 3000)"), bytes(36_000_000)),
                "x_test.npy": npy(described("(2, 3000, 3000)"), bytes(18_000_000)),
            }
        ),
        "nested": zip_of({"x_train.npy": zip_of(GOOD), "y_train.npy": b"", "x_test.npy": b"", "y_test.npy": b""}),
        "other format": npz_with(b"\x93NUMPY\x03\x00" + bytes(100)),
    }  # fmt: skip


def bad_zips() -> dict[str, bytes]:
    """A .zip each that is no data set."""
    whole = zip_of(FOLDERS)
    far_away = bytearray(whole)
    end = whole.rindex(b"PK\x05\x06")
    struct.pack_into("<L", far_away, end + 16, 0xFFFFFF)  # where the directory begins: all else seems to be before it
    return {
        "empty": b"",
        "empty zip": zip_of({}),
        "text": b"hello",
        "a picture": PNG,
        "tar": b"train/a/1.png" + bytes(499),
        "gzip": b"\x1f\x8b\x08" + bytes(20),
        "before the file": bytes(far_away),
        "paths": zip_of({"../train/a/1.png": PNG, "/train/b/1.png": PNG}),
        "deep": zip_of({"train/" + "a/" * 2000 + "1.png": PNG}),
        "bzip2": packed(FOLDERS, zipfile.ZIP_BZIP2),
        "lzma": packed(FOLDERS, zipfile.ZIP_LZMA),
        "broken bzip2": damaged(packed(FOLDERS, zipfile.ZIP_BZIP2), 60),
        "broken deflate": damaged(whole, 45),
        "symlink": linked("train/a/7.png", "/etc/passwd"),
        "page": zip_of({**FOLDERS, "train/a/7.png": b"<html>"}),
        "pictures of other sizes": zip_of({**FOLDERS, "train/a/7.png": png_of(3, 3, rows=3)}),
        "a picture bomb": zip_of({**FOLDERS, "train/a/7.png": png_of(30_000, 30_000, rows=300)}),
        "a long name": zip_of({name.replace("/a/", f"/{'a' * 201}/"): png for name, png in FOLDERS.items()}),
        "a name for terminals": zip_of({name.replace("/a/", "/\x1b[2J/"): png for name, png in FOLDERS.items()}),
        "zip of zips": zip_of({"train/a/1.png": zip_of({"train/a/1.png": whole})}),
        "encrypted": encrypted(whole),
        "pictures that share their bytes": sharing(20_000),
    }


def odd_but_right() -> dict[str, bytes]:
    """A .zip each of twelve pictures in two classes or more."""
    return {
        "plain": zip_of(FOLDERS),
        "stored": packed(FOLDERS, zipfile.ZIP_STORED),
        "up and away": zip_of({**FOLDERS, "train/../../../../etc/x.png": b"#!/bin/sh", "train/.ssh/id.png": b"no"}),
        "markup": zip_of({name.replace("/a/", "/<img src=x onerror=alert(1)>/"): png for name, png in FOLDERS.items()}),
        "formula": zip_of({name.replace("/a/", "/=1+1|cmd/"): png for name, png in FOLDERS.items()}),
        "a comment": commented(zip_of(FOLDERS)),
        "something before it": b"#!/bin/sh\nexit\n" + zip_of(FOLDERS),
        "ten thousand that are no pictures": zip_of({**FOLDERS, **{f"__MACOSX/{n}": b"" for n in range(10_000)}}),
        "folders": zip_of({**FOLDERS, "train/": b"", "train/a/": b"", "other/": b""}),
    }


def packed(files: Mapping[str, bytes], method: int) -> bytes:
    """A .zip, packed so."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def damaged(content: bytes, at: int) -> bytes:
    """The same with other bytes there."""
    changed = bytearray(content)
    changed[at : at + 4] = bytes(value ^ 0xFF for value in changed[at : at + 4])
    return bytes(changed)


def commented(content: bytes) -> bytes:
    """A .zip with a comment that looks like another's end."""
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"hello"
    return file.getvalue()


def linked(name: str, target: str) -> bytes:
    """A .zip with a symbolic link, as unpacked by others."""
    file = io.BytesIO(zip_of(FOLDERS))
    with zipfile.ZipFile(file, "a") as archive:
        link = zipfile.ZipInfo(name)
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, target)
    return file.getvalue()


def encrypted(content: bytes) -> bytes:
    """A .zip whose every entry says that it is encrypted."""
    changed = bytearray(content)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(signature, at + 1)) >= 0:
            changed[at + place] |= 1
    return bytes(changed)


def sharing(count: int) -> bytes:
    """A .zip of 300 kB a thousand entries, each of them the same 10 MB picture."""
    picture = png_of(5_000, 5_000, rows=100)
    picture += bytes((10 << 20) - len(picture))
    content = zip_of({"train/a/000000.png": picture})
    start = content.index(b"PK\x01\x02")
    entry = content[start : content.index(b"PK\x05\x06")]
    local = content[:start]
    # A reader compares the names in both places, so that all entries have one.
    directory = entry * count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(local), 0)
    return local + directory + end


def same_name_twice() -> bytes:
    """An .npz of two members of one name, the second of them right."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x_train.npy", b"no array")
        for name, content in GOOD.items():
            archive.writestr(name, content)
    return file.getvalue()
