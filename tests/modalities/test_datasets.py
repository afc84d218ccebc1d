"""Data sets: real bytes, broken bytes, formats rebuilt by hand, determinism, outliers."""

import dataclasses
import errno
import functools
import gzip
import hashlib
import http.server
import importlib
import io
import json
import struct
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline import files, modalities
from pipeline.errors import UserError
from pipeline.modalities import source_files
from pipeline.modalities.images.datasets import fashion_mnist_cluttered
from pipeline.modalities.images.outliers import known_outliers, outliers
from pipeline.modalities.images.vision import torchvision

REPOSITORY = Path(__file__).resolve().parents[2]
EMBEDDED = REPOSITORY / "data/embedded/fashion_mnist"
TORCHVISION = {"mnist": "MNIST", "kmnist": "KMNIST", "fashion_mnist_whole": "FashionMNIST"}


@pytest.fixture
def root(tmp_path):
    """A repository's root that holds the embedded files as copies."""
    target = tmp_path / "data/embedded/fashion_mnist"
    target.mkdir(parents=True)
    for path in EMBEDDED.glob("*.gz"):
        (target / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A root with scikit-learn's digits prepared."""
    root = tmp_path_factory.mktemp("digits")
    modalities.prepare("digits", root)
    return root


def copy(source, target):
    for path in source.rglob("*"):
        if path.is_file():
            (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(source)).write_bytes(path.read_bytes())
    return target


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def module(key):
    return importlib.import_module(f"pipeline.modalities.images.datasets.{key}")


def test_torchvision_is_reachable():
    assert torchvision().models.resnet18(num_classes=3).fc.out_features == 3
    assert torchvision().datasets.FashionMNIST.classes[9] == "Ankle boot"
    assert torchvision() is sys.modules["torchvision"]


def test_planning_imports_nothing_heavy():
    code = (
        "import sys; from pipeline import modalities; from pipeline.modalities.images.outliers import known_outliers;"
        "known_outliers(); [modalities.describe(k) for k in modalities.known() if k != 'image_folder'];"
        "heavy = {'torch', 'numpy', 'torchvision', 'sklearn', 'PIL', 'scipy'} & set(sys.modules);"
        "sys.exit(f'imports {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)


def test_descriptions_are_consistent():
    classes = {"cifar100": 100, "fashion_mnist_digits": 11, "fashion_mnist_pairs": 100}
    classes |= dict.fromkeys(("temporal_order", "temporal_order_short", "temporal_order_long"), 4)
    classes |= {"fashion_mnist_domains": 40, "fashion_mnist_shifts": 70, "glyphs": 1112, "glyphs_degraded": 1112}
    for key in set(modalities.known()) - {"image_folder"}:
        about = modalities.describe(key)
        assert about.key == key
        assert len(set(about.classes)) == len(about.classes)
        assert modalities.name_of(key) != "images" or len(about.classes) == classes.get(key, 10)
        assert bool(about.classes) != bool(about.target)
        assert all(pin.split(":")[0] in ("sha256", "md5") for pin in about.pins.values())
        assert modalities.recipe(about) == modalities.recipe(modalities.describe(key))
        assert modalities.recipe(about) != modalities.recipe(about, "code")
    with pytest.raises(UserError, match="unknown data set 'fashon_mnist'; did you mean 'fashion_mnist'"):
        modalities.describe("fashon_mnist")


def test_pins_are_torchvisions():
    for key, name in TORCHVISION.items():
        pins = getattr(module(key), "DOWNLOADS", None)
        pins = {f"{stem}.gz": pin for stem, pin in pins.items()} if pins else modalities.describe(key).pins
        assert {file: f"md5:{md5}" for file, md5 in getattr(torchvision().datasets, name).resources} == pins
        assert len(getattr(torchvision().datasets, name).classes) == len(modalities.describe(key).classes)
    splits = torchvision().datasets.SVHN.split_list
    assert {splits[s][1]: f"md5:{splits[s][2]}" for s in ("train", "test")} == modalities.describe("svhn").pins
    assert modalities.describe("stl10").pins == {"stl10_binary.tar.gz": f"md5:{torchvision().datasets.STL10.tgz_md5}"}


def test_fashion_mnist_and_its_bytes(root):
    place = modalities.prepare("fashion_mnist", root)
    assert place == root / "data/prepared/fashion_mnist"
    before = contents(place)
    modalities.prepare("fashion_mnist", root)
    assert contents(place) == before
    data = modalities.load("fashion_mnist", root)
    raw = gzip.decompress((EMBEDDED / "train-images-idx3-ubyte.gz").read_bytes())
    assert data.train_inputs.shape == (10_000, 1, 28, 28)
    assert data.train_inputs.numpy().tobytes() == raw[16:]
    labels = gzip.decompress((EMBEDDED / "t10k-labels-idx1-ubyte.gz").read_bytes())
    assert data.test_labels.tolist() == list(labels[8:])
    assert data.train_labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    pixels = data.train_inputs.numpy() / 255  # numpy, since torch's std is off by 6e-12 from exact arithmetic here
    assert data.mean == pytest.approx([pixels.mean().item()], abs=1e-12)
    assert data.std == pytest.approx([pixels.std().item()], abs=1e-12)
    digests = {
        name: files.sha256(place / f"{name}.npy") for name in modalities.arrays_of(modalities.describe("fashion_mnist"))
    }
    assert data.digest == files.digest(digests)


def test_embedded_files_are_those_described():
    readme = (EMBEDDED / "README.md").read_text(encoding="utf-8")
    for name, pin in modalities.describe("fashion_mnist").pins.items():
        found = files.sha256(EMBEDDED / name)
        assert pin == f"sha256:{found}"
        assert found in readme
    assert sum(path.stat().st_size for path in EMBEDDED.iterdir()) < 6e6


def test_embedded_files_are_a_prefix_of_the_whole():
    whole = module("fashion_mnist_whole")
    if not whole.DEBIAN.is_dir():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    for stem in source_files.IDX.values():
        small, large = (gzip.decompress((d / f"{stem}.gz").read_bytes()) for d in (EMBEDDED, whole.DEBIAN))
        header = 4 + 4 * small[3]
        assert large[header:].startswith(small[header:])
        assert hashlib.sha256(large).hexdigest() == whole.DATASET.pins[stem].removeprefix("sha256:")
    images = whole.arrays(Path("/nowhere"))["test_images"]
    assert images.shape == (10_000, 1, 28, 28)


@pytest.mark.parametrize("spoil", ["missing", "truncated", "changed"])
def test_spoilt_embedded_file(root, spoil):
    path = root / "data/embedded/fashion_mnist/t10k-images-idx3-ubyte.gz"
    content = path.read_bytes()
    if spoil == "missing":
        path.unlink()
    elif spoil == "truncated":
        path.write_bytes(content[:5000])
    else:
        payload = bytearray(gzip.decompress(content))
        payload[-1] ^= 1
        path.write_bytes(gzip.compress(bytes(payload)))
    with pytest.raises(UserError) as error:
        modalities.prepare("fashion_mnist", root)
    message = str(error.value)
    assert str(path) in message
    assert "git checkout" in message
    assert "\n" not in message
    assert not (root / "data/prepared").exists()


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"", "header"),
        (b"\0\0\x0d\x01" + struct.pack(">I", 1) + b"\0", "header"),
        (b"\0\0\x08\x01" + struct.pack(">I", 5) + b"abcd", "4 bytes of data, expected 5"),
        (b"\0\0\x08\x03" + struct.pack(">3I", 1, 2, 2) + b"abcde", "5 bytes of data, expected 4"),
    ],
)
def test_bad_idx(payload, found):
    with pytest.raises(UserError, match=found):
        source_files.idx(payload, "here", "mend")


@pytest.mark.parametrize(
    "spoil", ["missing", "truncated", "flipped", "no manifest", "not json", "keys", "shape", "order"]
)
def test_spoilt_prepared_folder(prepared, tmp_path, spoil):
    root = copy(prepared, tmp_path)
    place = root / "data/prepared/digits"
    path, manifest = place / "test_images.npy", place / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    culprit = path
    if spoil == "missing":
        path.unlink()
    elif spoil == "truncated":
        path.write_bytes(path.read_bytes()[:-1])
    elif spoil == "flipped":
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(bytes(content))
    else:
        culprit = manifest
        if spoil == "no manifest":
            manifest.unlink()
        elif spoil == "not json":
            manifest.write_text("{", encoding="utf-8")
        elif spoil == "keys":
            del told["files"]["test_images.npy"]["sha256"]
            manifest.write_text(json.dumps(told), encoding="utf-8")
        elif spoil == "shape":
            told["shape"] = [1, 4, 16]
            manifest.write_text(json.dumps(told), encoding="utf-8")
        else:
            told["classes"] = told["classes"][:5]
            manifest.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(UserError) as error:
        modalities.load("digits", root)
    assert str(culprit) in str(error.value)
    assert "\n" not in str(error.value)
    modalities.prepare("digits", root)
    assert modalities.load("digits", root).digest == modalities.load("digits", prepared).digest


def test_failed_writing_leaves_no_data_set(prepared, tmp_path, monkeypatch):
    root = copy(prepared, tmp_path)
    place = root / "data/prepared/digits"
    full = lambda *args, **kw: (_ for _ in ()).throw(OSError(28, "No space left on device"))  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        before = contents(place)
        modalities.prepare("digits", root)  # what is there and sound is left alone
        assert contents(place) == before
        with pytest.raises(OSError, match="No space"):
            modalities.prepare("digits", root, "other code")
    with pytest.raises(UserError, match=r"manifest.json: missing; run"):
        modalities.load("digits", root)
    modalities.prepare("digits", root)
    assert contents(place) == before


def test_digits_split(prepared):
    from sklearn.datasets import load_digits

    data = modalities.load("digits", prepared)
    values, target = load_digits(return_X_y=True)
    assert len(data.train_labels) == int(0.8 * len(target))
    assert torch.cat([data.train_labels, data.test_labels]).tolist() == target.tolist()
    images = torch.cat([data.train_inputs, data.test_inputs]).flatten(1).double()
    assert (images * 16 / 255 - torch.from_numpy(values)).abs().max() < 0.04


def test_labels_outside_are_refused(tmp_path, monkeypatch):
    digits = module("digits")
    wrong = digits.arrays(tmp_path)
    wrong["test_labels"] = wrong["test_labels"] + 1
    monkeypatch.setattr(digits, "arrays", lambda root: wrong)
    with pytest.raises(UserError, match="test_labels reach from 1 to 10, expected classes 0 to 9"):
        modalities.prepare("digits", tmp_path)
    assert not (tmp_path / "data").exists()


def rng():
    return np.random.default_rng(0)


def archive(path, parts):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as out:
        for name, content in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            out.addfile(entry, io.BytesIO(content))


def pinned(monkeypatch, key, folder, train, test):
    """The data set's description with the counts and digests of files made here."""
    about = modalities.describe(key)
    pins = {name: f"md5:{hashlib.md5((folder / name).read_bytes()).hexdigest()}" for name in about.pins}
    monkeypatch.setattr(
        module(key), "DATASET", dataclasses.replace(about, train_examples=train, test_examples=test, pins=pins)
    )


def read(key, root):
    """What a data set's module makes of its files, in memory: those made here are too few to have every class."""
    about, found = modalities.describe(key), module(key).arrays(root)
    wanted = modalities.arrays_of(about)
    assert {name: (found[name].shape, str(found[name].dtype)) for name in wanted} == wanted
    inputs, labels, tests, test_labels = (torch.tensor(found[name]) for name in wanted)
    facts = (tuple(about.classes), about.shape, "")
    return modalities.Prepared(key, inputs, labels, tests, test_labels, (), (), *facts)


@pytest.mark.parametrize("key", ["cifar10", "cifar100"])
def test_cifar_binary(tmp_path, monkeypatch, key):
    ten = key == "cifar10"
    top = "cifar-10-batches-bin" if ten else "cifar-100-binary"
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"] if ten else ["train.bin", "test.bin"]
    parts, images, labels = {}, {}, {}
    for name in names:
        split = "test" if "test" in name else "train"
        for i in range(3):
            image, label = rng().integers(0, 256, (3, 32, 32), np.uint8) + np.uint8(i), (len(parts) + i) % 10
            record = bytes([label] if ten else [19 - i, label]) + image.tobytes()
            parts[f"{top}/{name}"] = parts.get(f"{top}/{name}", b"") + record
            images.setdefault(split, []).append(image)
            labels.setdefault(split, []).append(label)
    path = tmp_path / "data/downloads" / next(iter(modalities.describe(key).pins))
    archive(path, {f"{top}/readme.html": b"hello", **parts})
    pinned(monkeypatch, key, path.parent, 15 if ten else 3, 3)
    data = read(key, tmp_path)
    for split in ("train", "test"):
        assert np.array_equal(getattr(data, f"{split}_inputs").numpy(), np.stack(images[split]))
        assert getattr(data, f"{split}_labels").tolist() == labels[split]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"binary.tar.gz: md5 .*, expected "):
        modalities.prepare(key, tmp_path)
    pinned(monkeypatch, key, path.parent, 15 if ten else 3, 3)
    with pytest.raises(UserError, match=r"not a whole .tar.gz archive|has no "):
        modalities.prepare(key, tmp_path)


def test_stl10_is_stored_by_columns_and_from_one(tmp_path, monkeypatch):
    images = rng().integers(0, 256, (3, 3, 96, 96), np.uint8)
    columns = b"".join(images[n, c, :, j].tobytes() for n in range(3) for c in range(3) for j in range(96))
    parts = {"test_X.bin": columns, "test_y.bin": bytes([1, 10, 4]), "unlabeled_X.bin": b"-", "train_X.bin": columns}
    path = tmp_path / "data/downloads/stl10_binary.tar.gz"
    archive(path, {f"stl10_binary/{n}": c for n, c in {**parts, "train_y.bin": bytes([2, 3, 10])}.items()})
    pinned(monkeypatch, "stl10", path.parent, 3, 3)
    data = read("stl10", tmp_path)
    assert np.array_equal(data.test_inputs.numpy(), images)
    assert data.test_labels.tolist() == [0, 9, 3]
    assert data.train_labels.tolist() == [1, 2, 9]


def test_svhn_calls_zero_ten(tmp_path, monkeypatch):
    from scipy.io import savemat

    images = rng().integers(0, 256, (4, 3, 32, 32), np.uint8)
    folder = tmp_path / "data/downloads"
    folder.mkdir(parents=True)
    for split in ("train", "test"):
        savemat(
            folder / f"{split}_32x32.mat", {"X": images.transpose(2, 3, 1, 0), "y": np.array([[10], [1], [9], [2]])}
        )
    pinned(monkeypatch, "svhn", folder, 4, 4)
    data = read("svhn", tmp_path)
    assert np.array_equal(data.train_inputs.numpy(), images)
    assert data.test_labels.tolist() == [0, 1, 9, 2]


def test_download(tmp_path, monkeypatch, request):
    """The first address that serves the pinned bytes wins; nothing is kept of the others."""
    right = b"\0\0\x08\x01" + struct.pack(">I", 2) + b"\x01\x02"
    served = tmp_path / "served"
    served.mkdir()
    (served / "wrong").write_bytes(right[:-1])
    (served / "right").write_bytes(right)
    path = tmp_path / "data/file.bin"
    pin = "sha256:" + hashlib.sha256(right).hexdigest()
    monkeypatch.setenv("no_proxy", "*")
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *args: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=served))
    request.addfinalizer(server.server_close)
    request.addfinalizer(server.shutdown)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    urls = [f"http://127.0.0.1:{server.server_port}/{name}" for name in ("absent", "wrong", "right")]
    with pytest.raises(UserError) as error:
        source_files.download("mnist", path, pin, lambda: urls[:2])
    assert all(url in str(error.value) for url in urls[:2])
    assert f"put it at {path}" in str(error.value)
    assert "\n" not in str(error.value)
    assert list(path.parent.iterdir()) == []
    assert source_files.download("mnist", path, pin, lambda: urls).read_bytes() == right
    with monkeypatch.context() as patch:  # a cache that cannot be written to is no fault of an address
        patch.setattr(files, "whole", lambda path: (_ for _ in ()).throw(OSError(errno.EROFS, "Read-only", str(path))))
        with pytest.raises(OSError, match="Read-only"):
            source_files.download("mnist", path.with_name("other.bin"), pin, lambda: urls)
    path.write_bytes(right + b"!")
    with pytest.raises(UserError, match="put the right file there, or delete it"):
        source_files.download("mnist", path, pin, lambda: urls)


def test_mnist_format(tmp_path, monkeypatch):
    folder = tmp_path / "data/downloads/KMNIST/raw"
    folder.mkdir(parents=True)
    images = rng().integers(0, 256, (2, 28, 28), np.uint8)
    for stem in source_files.IDX.values():
        shape = (2, 28, 28) if "images" in stem else (2,)
        header = b"\0\0\x08" + bytes([len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
        payload = header + (images.tobytes() if "images" in stem else bytes([3, 9]))
        (folder / f"{stem}.gz").write_bytes(gzip.compress(payload))
    pinned(monkeypatch, "kmnist", folder, 2, 2)
    data = read("kmnist", tmp_path)
    assert np.array_equal(data.train_inputs[:, 0].numpy(), images)
    assert data.test_labels.tolist() == [3, 9]


def known_images(count=60, shape=(1, 12, 16)):
    return torch.randint(0, 256, (count, *shape), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def draw(name, known, count=40, seed=3, load=None):
    return outliers(name, known, count, torch.Generator().manual_seed(seed), load)


@pytest.mark.parametrize("name", known_outliers())
def test_outliers_are_seeded_and_leave_known_images_alone(name):
    known = known_images()
    kept = known.clone()
    first = draw(name, known)
    assert first.shape == (40, 1, 12, 16)
    assert first.dtype == torch.uint8
    assert torch.equal(first, draw(name, known))
    assert not torch.equal(first, draw(name, known, seed=4))
    assert torch.equal(known, kept)
    assert draw(name, known, count=150).shape[0] == 150


def test_noise_has_the_stated_distribution():
    known = known_images(shape=(3, 20, 20))
    flat = draw("uniform", known, 400).double()
    assert flat.unique().tolist() == list(range(256))
    assert flat.mean().item() == pytest.approx(127.5, abs=0.5)
    bell = draw("gaussian", known, 400)
    beyond = 0.5 * (1 + torch.erf(torch.tensor((-0.5 + 0.5 / 255) / 2**0.5))).item()  # rounds to 0, likewise to 255
    assert (bell == 0).double().mean().item() == pytest.approx(beyond, abs=0.005)
    assert (bell == 255).double().mean().item() == pytest.approx(beyond, abs=0.005)
    noisy = draw("speckle", torch.full((10, 1, 30, 30), 60, dtype=torch.uint8), 100).double()
    # x (1 + e) is cut at 0, i.e. e < -1, and at 255, i.e. e > 3.25
    assert (noisy == 0).double().mean().item() == pytest.approx(0.16, abs=0.01)
    assert noisy.median().item() == pytest.approx(60, abs=1.5)
    assert not draw("speckle", torch.zeros(4, 1, 8, 8, dtype=torch.uint8)).any()


def test_spoilt_known_images():
    known = known_images()
    rows = {image.numpy().tobytes() for image in known}
    assert all((255 - image).numpy().tobytes() in rows for image in draw("inverted", known))
    for image in draw("mean", known, 5).int():
        pairs = known[:, None].int() + known[None].int()
        assert ((pairs - 2 * image).abs() <= 1).flatten(2).all(2).any()
    two = known[:2].int()
    for image in draw("mean", known[:2], 40).int():  # of two images there is one pair, and no image twice
        assert ((two.sum(0) - 2 * image).abs() <= 1).all()

    def patches(image):
        return sorted(
            image[:, i : i + 3, j : j + 4].numpy().tobytes() for i in range(0, 12, 3) for j in range(0, 16, 4)
        )

    sources = [patches(image) for image in known]
    shuffled = draw("jigsaw", known)
    assert all(patches(image) in sources for image in shuffled)
    assert not any(image.numpy().tobytes() in rows for image in shuffled)
    with pytest.raises(UserError, match="jigsaw"):
        draw("jigsaw", known_images(shape=(1, 7, 8)))


def test_another_data_set_as_outliers(prepared):
    data = modalities.load("digits", prepared)
    grown = draw("digits", known_images(shape=(3, 16, 16)), 50, load=lambda key: modalities.load(key, prepared))
    assert grown.shape == (50, 3, 16, 16)
    assert torch.equal(grown[:, 0], grown[:, 2])
    same = draw("digits", known_images(shape=(1, 8, 8)), 10_000, load=lambda key: data)
    assert len(same) == len(data.test_inputs)
    assert same.flatten(1).unique(dim=0).tolist() == data.test_inputs.flatten(1).unique(dim=0).tolist()
    colour = dataclasses.replace(data, test_inputs=data.test_inputs.repeat(1, 3, 1, 1))
    luma = draw("digits", known_images(shape=(1, 8, 8)), 10_000, load=lambda key: colour)
    assert torch.equal(luma, same)
    with pytest.raises(UserError, match="unknown outliers 'gausian'; did you mean 'gaussian'"):
        draw("gausian", known_images())


def test_shrinking_averages_and_keeps_the_light():
    for size in (16, 22, 28):
        rows = fashion_mnist_cluttered._shrinker(28, size)
        assert (rows.sum(1) == 28).all() and (rows.sum(0) == size).all()
    assert np.array_equal(fashion_mnist_cluttered._shrinker(28, 28), 28 * np.eye(28, dtype=np.int64))
    assert np.array_equal(fashion_mnist_cluttered._shrinker(4, 2), [[2, 2, 0, 0], [0, 0, 2, 2]])


def test_a_cluttered_image_holds_its_item_and_its_scraps():
    items = np.zeros((40, 28, 28), np.int64)
    items[:, 2:26, 2:26] = 10 + np.arange(40)[:, None, None] * 5
    images = fashion_mnist_cluttered.cluttered(items, np.random.RandomState(0))
    side, sizes, gain = (getattr(fashion_mnist_cluttered, name) for name in ("SIDE", "SIZES", "GAIN"))
    assert images.shape == (40, side, side) and images.dtype == np.uint8
    for image, item in zip(images, items, strict=True):
        level = item.max()
        own = (image >= level * gain[0] // 100) & (image <= level)
        assert own.sum() >= (sizes[0] * 24 // 28 - 2) ** 2
        assert (image > 0).mean() < 0.75
    again = fashion_mnist_cluttered.cluttered(items, np.random.RandomState(0))
    assert np.array_equal(images, again)


def test_the_cluttered_sets_bytes_are_pinned(root):
    """Whole numbers alone make them, so that they are the same on every machine."""
    manifest = json.loads(
        (modalities.prepare("fashion_mnist_cluttered", root) / "manifest.json").read_text(encoding="utf-8")
    )
    digests = {name: entry["sha256"][:16] for name, entry in manifest["files"].items()}
    assert digests["train_images.npy"] == "52d669c69c2024df"
    assert digests["test_images.npy"] == "f30cc4af532f3734"
    plain = json.loads((modalities.prepare("fashion_mnist", root) / "manifest.json").read_text(encoding="utf-8"))[
        "files"
    ]
    assert manifest["files"]["test_labels.npy"]["sha256"] == plain["test_labels.npy"]["sha256"]
