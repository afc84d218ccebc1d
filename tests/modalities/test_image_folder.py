"""Folders of one's own images: what is read, skipped and counted, or refused, and how changes are noticed."""

import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from pipeline import modalities
from pipeline.errors import UserError
from pipeline.modalities import contents
from pipeline.modalities.images.datasets import image_folder
from pipeline.planning import data

KEY = "image_folder"


def picture(path, level=0, side=32):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((side, side, 3), level, np.uint8)
    pixels[: side // 2] = 255
    Image.fromarray(pixels).save(path, "PNG")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    top = tmp_path / "mine"
    for place, (split, name, side) in enumerate(
        [("train", "cat", 32), ("train", "ant", 32), ("train", "ant", 50), ("test", "cat", 7), ("test", "ant", 32)]
    ):
        picture(top / split / name / f"{place}.png", 40 * place, side)
    monkeypatch.setenv("RECOUNT_IMAGE_FOLDER", str(top))
    return top


@pytest.fixture
def settled(monkeypatch):
    """Files are old enough to be remembered as soon as they are written."""
    monkeypatch.setattr(contents, "SETTLED", -60.0)


def described(root):
    return modalities.describe(KEY, root)


def pinned(root):
    return described(root).pins["images"]


def refused(root, match):
    with pytest.raises(UserError) as error:
        modalities.prepare(KEY, root)
    message = str(error.value)
    assert "\n" not in message and re.search(match, message), message
    assert not (root / "data").exists()


def test_images_are_read_class_by_class(folder, tmp_path):
    modalities.prepare(KEY, tmp_path)
    found = modalities.load(KEY, tmp_path)
    assert found.classes == ("ant", "cat")
    assert found.train_labels.tolist() == [0, 0, 1]
    assert found.test_labels.tolist() == [0, 1]
    assert found.train_inputs[2, :, -1, -1].tolist() == [0, 0, 0]
    assert found.train_inputs[0, :, -1, -1].tolist() == [40, 40, 40]
    assert found.train_inputs[1, :, 0, 0].tolist() == [255, 255, 255]
    manifest = modalities.verify(KEY, tmp_path)
    assert manifest["class_counts"] == {"train": [2, 1], "test": [1, 1]} and manifest["skipped"] == {}
    assert "in proportion" in manifest["shares"]


def test_what_lies_about_is_skipped_and_counted(folder, tmp_path):
    before = pinned(tmp_path)
    for name in (".DS_Store", "._0.png", "Thumbs.db", "desktop.ini", "notes", "a.gif", "b.GIF"):
        (folder / "train/cat" / name).write_bytes(b"no image")
    for name in (
        "train/.ipynb_checkpoints/x.png",
        ".git/x.png",
        "__MACOSX/train/cat/._0.png",
        "train/cat/@eaDir/0.png",
    ):
        picture(folder / name)
    (folder / "train/labels.csv").write_text("a,b", encoding="utf-8")
    picture(folder / "test/stray.png")
    picture(folder / "val/cat/1.png")
    about = described(tmp_path)
    assert about.skipped == {
        **{".db": 1, ".gif": 2, ".ini": 1, "no ending": 1, "beside the class folders": 2, "beside train and test": 1},
        "hidden or the system's": 6,
    }
    assert about.classes == ("ant", "cat") and about.pins["images"] == before
    modalities.prepare(KEY, tmp_path)
    assert modalities.verify(KEY, tmp_path)["skipped"] == about.skipped


def test_any_spelling_of_names_is_read(folder, tmp_path):
    picture(folder / "train/cat/A.PNG", 7)
    picture(folder / "train/cat/a.png", 8)
    picture(folder / "train/cat/deeper/and/b.JpEg", 9)
    picture(folder / "train/cat" / os.fsdecode(b"\xff\xfe $(x)\n.png"))
    (folder / "train/cat/linked.png").symlink_to(folder / "test/cat/3.png")
    (folder / "train/cat/more").symlink_to(folder / "test/ant")
    (folder / "train/ant").rename(folder / "train/café")
    shutil.copytree(folder / "test/ant", folder / "test/cafe\u0301")
    (folder / "test/ant").rename(folder / "mine")
    (folder / "train/cat/more").unlink()
    (folder / "train/cat/more").symlink_to(folder / "mine")
    about = described(tmp_path)
    assert about.classes == ("café", "cat") and about.train_examples == 9
    modalities.prepare(KEY, tmp_path)
    assert modalities.load(KEY, tmp_path).train_labels.tolist() == [0, 0] + [1] * 7


def link_back(folder):
    (folder / "train/cat/again").symlink_to(folder / "train")


def fifo(folder):
    os.mkfifo(folder / "train/cat/x.png")


def odd_class(folder):
    for split in ("train", "test"):
        (folder / split / os.fsdecode(b"\xff")).mkdir()


def emptied(folder):
    (folder / "train/cat/0.png").rename(folder / "train/cat/0.gif")


def gone(folder):
    shutil.rmtree(folder / "train")
    (folder / "train").mkdir()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda f: (f / "train/cat/x.png").symlink_to(f / "nowhere.png"),
            r"x.png: a link to .*nowhere.png, which is not",
        ),
        (
            lambda f: (f / "train/cat/x.png").symlink_to(f / "train/cat/x.png"),
            r"x.png: a link to .*x.png, which is not there",
        ),
        (lambda f: (f / "train/cat/more").symlink_to("/nowhere"), "cat/more: a link to /nowhere, which is not there"),
        (lambda f: (f / "test/dog").symlink_to("/nowhere"), "test/dog: a link to /nowhere, which is not there"),
        (link_back, "cat/again: a link back to a folder that it lies in"),
        (fifo, "x.png: not a file that can be read"),
        (odd_class, r"a class's name must be printable Unicode; rename it"),
        (emptied, r"train/cat: no images \(1 .gif\); expected files ending in"),
        (gone, r"train: no class folders; expected train/<class>/<image>"),
        (lambda f: (f / "train/dog").mkdir(), "train/dog: no images; expected files ending in"),
        (lambda f: picture(f / "test/dog/1.png"), "train and test differ in class 'dog'; both need the same"),
        (lambda f: (f / "test").rename(f / "tests"), r"test: missing; expected .*/\{train,test\}/<class>/<image>"),
        (lambda f: f.rename(f.with_name("moved")), "mine: missing; set RECOUNT_IMAGE_FOLDER to the folder that holds"),
        (lambda f: (f / "test/cat/3.png").write_bytes(b""), "3.png: not a readable image"),
        (lambda f: (f / "test/cat/3.png").write_bytes(b"no image"), "3.png: not a readable image"),
    ],
)
def test_what_cannot_be_right_is_one_line(folder, tmp_path, spoil, told):
    spoil(folder)
    refused(tmp_path, told)


@pytest.mark.parametrize("what", ["train/cat", "train/cat/0.png"])
def test_what_may_not_be_read_is_one_line(folder, tmp_path, what, monkeypatch):
    """As root everything may be: the refusal is the system's in one case, and made up in the other."""
    place = str(folder / what)

    def denied(inner):
        def call(path, *rest, **options):
            if os.fspath(path) == place:
                raise PermissionError(13, "Permission denied", place)
            return inner(path, *rest, **options)

        return call

    monkeypatch.setattr(os, "scandir", denied(os.scandir))
    monkeypatch.setattr(contents.files, "sha256", denied(contents.files.sha256))
    refused(tmp_path, rf"{what}: cannot be read \(Permission denied\); mend or delete it")


def test_a_folder_is_known_by_what_its_files_hold(folder, tmp_path, settled, monkeypatch):
    about = described(tmp_path)
    first = about.pins["images"]
    assert first == pinned(tmp_path)
    # another time, place or owner is no other content
    os.utime(folder / "train/cat/0.png", (1, 1))
    assert pinned(tmp_path) == first
    folder.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("RECOUNT_IMAGE_FOLDER", str(tmp_path / "elsewhere"))
    assert pinned(tmp_path) == first
    folder = tmp_path / "elsewhere"
    # the same size and, put back by hand, the same time
    path = folder / "train/cat/0.png"
    state = path.stat()
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    second = pinned(tmp_path)
    assert second != first
    # a name, and a class
    path.rename(path.with_name("9.png"))
    assert pinned(tmp_path) not in (first, second)
    monkeypatch.setattr(image_folder, "SIDE", 16)
    assert modalities.recipe(described(tmp_path)) != modalities.recipe(about)


def test_files_that_are_as_they_were_are_not_read_again(folder, tmp_path, settled, monkeypatch):
    first, read = pinned(tmp_path), []
    sha256 = contents.files.sha256
    monkeypatch.setattr(contents.files, "sha256", lambda path: read.append(path) or sha256(path))
    assert pinned(tmp_path) == first and not read
    picture(folder / "train/cat/0.png", 3)
    assert pinned(tmp_path) != first and read == [str(folder / "train/cat/0.png")]
    memory = tmp_path / ".recount/image_folder.json"
    memory.write_text(
        memory.read_text(encoding="utf-8").replace("1", "2"), encoding="utf-8"
    )  # what was changed by hand is not believed
    assert pinned(tmp_path) != first and len(read) == 6
    memory.unlink()
    memory.mkdir()  # nor is it needed
    assert pinned(tmp_path) == pinned(tmp_path) and len(read) == 16


def test_files_changed_a_moment_ago_are_read_again(folder, tmp_path, monkeypatch):
    pinned(tmp_path)
    read = []
    sha256 = contents.files.sha256
    monkeypatch.setattr(contents.files, "sha256", lambda path: read.append(path) or sha256(path))
    pinned(tmp_path)
    assert len(read) == 5


def test_changed_images_are_prepared_again_and_refused_before(folder, tmp_path):
    def recipe():
        return modalities.recipe(described(tmp_path), "code")

    modalities.prepare(KEY, tmp_path, "code")
    picture(folder / "train/cat/0.png", 200)
    with pytest.raises(UserError, match="made of other sources, options or code than today's; run"):
        modalities.load(KEY, tmp_path, recipe())
    modalities.prepare(KEY, tmp_path, "code")
    assert modalities.load(KEY, tmp_path, recipe()).train_inputs[2, 0, -1, -1] == 200


def test_a_planning_looks_at_a_folder_once(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    looks = []
    digest = contents.digest
    monkeypatch.setattr(contents, "digest", lambda *args: looks.append(1) or digest(*args))
    data.look_again()
    first = {data.recipe(KEY) for _ in range(20)}
    assert len(first) == len(looks) == 1
    picture(folder / "train/cat/0.png", 9)
    assert {data.recipe(KEY)} == first
    data.look_again()
    assert {data.recipe(KEY)} != first and len(looks) == 2
    data.look_again()
