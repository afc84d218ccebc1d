"""Write data/embedded/fashion_mnist/*.gz: the first examples of each split of Fashion-MNIST. Standard library only.

    python data/embedded/make_fashion_mnist.py [--source FOLDER] [--check]

FOLDER holds the data set's four .gz files: Debian's package dataset-fashion-mnist or torchvision's download.
With --check nothing is written; the exit code is 1 where a file differs from what would be written.
"""

import argparse
import gzip
import hashlib
import io
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = (Path("/usr/share/datasets/fashion-mnist"), HERE.parent / "downloads/FashionMNIST/raw")
COUNTS = {"train": 10_000, "t10k": 2_000}
WHOLE = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""sha256 of the whole files, uncompressed."""


def prefix(payload: bytes, count: int) -> bytes:
    """The idx file with only its first `count` examples."""
    dimensions = payload[3]
    shape = struct.unpack(f">{dimensions}I", payload[4 : 4 + 4 * dimensions])
    item = 1
    for side in shape[1:]:
        item *= side
    start = 4 + 4 * dimensions
    header = payload[:4] + struct.pack(f">{dimensions}I", count, *shape[1:])
    return header + payload[start : start + count * item]


def compress(payload: bytes) -> bytes:
    """gzip without name and time. The bytes also depend on zlib; zlib 1.2 and 1.3 give the ones that are kept."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as stream:
        stream.write(payload)
    return buffer.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=next((s for s in SOURCES if s.is_dir()), SOURCES[0]))
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    wrong = 0
    for name, expected in WHOLE.items():
        path = given.source / f"{name}.gz"
        try:
            payload = gzip.decompress(path.read_bytes())
        except (OSError, EOFError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 2
        found = hashlib.sha256(payload).hexdigest()
        if found != expected:
            print(f"{path}: uncompressed sha256 {found}, expected {expected}", file=sys.stderr)
            return 2
        content = compress(prefix(payload, COUNTS[name.split("-")[0]]))
        target = HERE / "fashion_mnist" / f"{name}.gz"
        if given.check:
            if not target.is_file() or target.read_bytes() != content:
                print(f"{target}: differs from what this script writes", file=sys.stderr)
                wrong = 1
        else:
            target.write_bytes(content)
            print(f"{hashlib.sha256(content).hexdigest()}  {target.name}  {len(content)} bytes")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
