"""A thousand classes of 24 small images: letters of five scripts and digits, in twelve faces, each drawn differently.

Made for tasks whose test classes were never trained on. It is fine-grained (e, é, ê and ė differ by a mark) and has
faces as domains, letters without their marks as coarse classes, and attributes from the characters' Unicode names.

The faces are those of DejaVu Sans, Sans Mono and Serif, which come with matplotlib: regular, bold, oblique and bold
oblique each. A class is a character of CHARACTERS (`chosen` says which those are), an image one face of it, turned,
slanted, stretched, moved and made thicker at random. Each split has every face of every class once, so that class c has
24 images: image i of a split is of class i mod K and of face i div K. Draws are numpy's RandomState's, whose stream is
frozen, and all arithmetic is in whole numbers (`lettering`), so that the bytes are the same on every machine.

The strengths were set by raw pixels before anything was trained: the nearest image by cosine is of the right class for
53% of the images among 300 classes and for 31% among all.
"""

import math
import unicodedata
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.modalities import Annotated, Further, source_files
from pipeline.modalities.images.drawing import characters, lettering

if TYPE_CHECKING:
    import numpy as np

SEED = 20301
SIDE = 16
"""At 14 a pixel would be 183 units of the font, of which accents are some 300 high."""
SAMPLES = 4
"""Samples of a pixel, to either side."""
PIXEL = 160
"""Units of a font (2,048 to the em) that a pixel covers; the image covers 2,560, nearly all marks of all capitals."""
MIDDLE = 775
"""Height in a font's units above the baseline that comes to lie on the image's middle."""
TURN = 10
"""Greatest sine of the angle by which a letter is turned, in 64ths, as are the next three."""
SLANT = 10
STRETCH = 8
SHIFT = 64
"""Of a pixel, to either side."""
THICKER = 2
"""Greatest number of samples by which strokes are made wider, and higher."""
APART = 255
"""Least sum of absolute differences of two classes' plain images in any face: that of one white pixel."""

FACES = {
    "DejaVuSans": "sans",
    "DejaVuSans-Bold": "sans",
    "DejaVuSans-Oblique": "sans",
    "DejaVuSans-BoldOblique": "sans",
    "DejaVuSansMono": "mono",
    "DejaVuSansMono-Bold": "mono",
    "DejaVuSansMono-Oblique": "mono",
    "DejaVuSansMono-BoldOblique": "mono",
    "DejaVuSerif": "serif",
    "DejaVuSerif-Bold": "serif",
    "DejaVuSerif-Italic": "serif",
    "DejaVuSerif-BoldItalic": "serif",
}
"""Face -> domain."""
DOMAINS = ("sans", "mono", "serif")
CHARACTERS = """
30-39 41-5a 61-7a c0-d6 d8-f6 f8-109 10b-10f 111-115 117-119 11b-131 134-13e 141-148 14a-17a 17c-17e 180-188 18a-1ba
1bc-1bf 1ce 1d0 1d2 1d4-1dd 1df-1e3 1e7-1ef 1f5-1f6 1f8-1f9 1fc-201 203-205 207-209 20b-20d 20f-215 217-21f 221 224-22d
22f-241 243-245 24d 250-258 25a-269 26b-293 295-2af 386 388-38a 38c 38e-390 393-394 398 39e 3a0 3a6 3a8-3a9 3ac-3b0
3b2-3b4 3b6 3b8 3bb-3be 3c0-3cb 3cd-3ce 3d7-3db 3dd-3e1 3fa-3fc 3fe-3ff 402-404 409-40f 414 416 418-419 41b 423-424
426-42f 431 433-434 436 439 43b-43c 444 446-44f 452-454 459-45f 462-463 490-49b 4a2-4a5 4ac-4ad 4af-4b3 4ba 4c1-4c4
4c7-4c8 4cb-4cc 4da-4df 4e2 4e4 4ea-4ee 4f0 4f2-4f9 531-53b 53d-54c 54e-554 556 562-56f 571-574 576-577 579 57b-57c
57e-580 582-584 586 10d0-10fa 1d02 1d08-1d09 1d14 1d16-1d17 1d1d-1d1f 1d77 1d7b 1d85 1e00-1e13 1e18-1e2d 1e31-1e32
1e34-1e35 1e38-1e3f 1e41-1e43 1e45 1e48-1e4d 1e54-1e55 1e57 1e59-1e5f 1e61-1e63 1e68-1e6c 1e6e-1e79 1e7c-1e85 1e87-1e8d
1e8f-1e99 1ea0-1ea1 1eac-1ead 1eb0-1eb1 1eb6-1eb9 1ebc-1ebd 1ec6-1ec7 1eca-1ecd 1ed8-1edd 1ee0-1ee5 1ee8-1eeb 1eee-1ef5
1ef8-1ef9 1f00 1f02 1f04-1f06 1f08 1f0a 1f0c-1f10 1f12 1f14-1f15 1f18 1f1a 1f1c-1f1d 1f20 1f22 1f24-1f26 1f28 1f2a
1f2c-1f2e 1f30 1f32 1f34-1f36 1f38 1f3a 1f3c-1f3e 1f41-1f42 1f44-1f45 1f48-1f4a 1f4c-1f4d 1f50 1f52 1f54-1f56 1f59 1f5b
1f5d 1f5f-1f60 1f62 1f64-1f66 1f68-1f6a 1f6c-1f70 1f72 1f74 1f76 1f7a 1f7c 1f80 1f82 1f84-1f86 1f88 1f8a 1f8c-1f90 1f92
1f94-1f96 1f98 1f9a 1f9c-1f9e 1fa0 1fa2 1fa4-1fa6 1fa8-1faa 1fac-1fb4 1fb6-1fb7 1fba 1fc2-1fc4 1fc6-1fc8 1fca 1fd0-1fd2
1fd6-1fd7 1fda 1fe0-1fe2 1fe4 1fe6-1fe8 1fea 1fec 1ff2-1ff4 1ff6-1ff8 1ffa 1ffc 2c64 2c6d-2c70 2c75-2c77 2c79-2c7a
2c7e-2c7f a727 a78b-a78c a790-a791 a7aa
"""
"""Code points, in hexadecimal, from a first to a last one."""


def _codes(ranges: str) -> tuple[int, ...]:
    ends = [[int(end, 16) for end in each.split("-")] for each in ranges.split()]
    return tuple(code for first, *last in ends for code in range(first, (last or [first])[0] + 1))


CODES = _codes(CHARACTERS)
ATTRIBUTES = characters.vocabulary(CODES)
COARSE = tuple(sorted({characters.character(code).coarse for code in CODES}))
SCRIPTS, CASES = (
    tuple(name.removeprefix(f"{kind} ") for name in ATTRIBUTES if name.startswith(f"{kind} "))
    for kind in ("script", "case")
)
DEGRADATIONS = ("none", "blur", "low resolution", "noise", "scrap")
"""In `glyphs_degraded`; here there is none."""
EXAMPLES = len(FACES) * len(CODES)

DATASET = Annotated(
    key="glyphs",
    title="Glyphs (letters in twelve faces), 16x16",
    source="https://dejavu-fonts.github.io, in the Python package matplotlib",
    licence="Bitstream Vera and Arev Fonts, Copyright (c) 2003 Bitstream, Inc. and (c) 2006 Tavmjong Bah; changes by "
    "DejaVu are in the public domain",
    shape=(1, SIDE, SIDE),
    classes=tuple(unicodedata.name(chr(code)).lower() for code in CODES),
    train_examples=EXAMPLES,
    test_examples=EXAMPLES,
    pins={
        "DejaVuSans.ttf": "sha256:3fdf69cabf06049ea70a00b5919340e2ce1e6d02b0cc3c4b44fb6801bd1e0d22",
        "DejaVuSans-Bold.ttf": "sha256:b184b89e3c1075f22f6b71575b6fc20d4972b3cfd3b23322ca6fd596dcaef167",
        "DejaVuSans-Oblique.ttf": "sha256:ccdf74b350f11fd3dd5774de50e5e6346a1a5da1f5b7d5fb83590665e97a5213",
        "DejaVuSans-BoldOblique.ttf": "sha256:6edf0283160186af451cbee71e7b845f2e4cabf264bb992ce668c83c25465e6f",
        "DejaVuSansMono.ttf": "sha256:602ec86b8948cfcd956482fe64f94c36c867770149ef2f791d4613f443bcecb3",
        "DejaVuSansMono-Bold.ttf": "sha256:baada9a5172fe20886251aff0433fc38461912d5daf07287e7bee56620a8da96",
        "DejaVuSansMono-Oblique.ttf": "sha256:28052813f7a709fc89f52d192dc995ef4f0fdc5c3d7b73a49d6849b1916d0cd0",
        "DejaVuSansMono-BoldOblique.ttf": "sha256:a69081c15c76c827e0a27a5a7f5c74b6135c843499955495ffa8c20d3a98288b",
        "DejaVuSerif.ttf": "sha256:107244956e9962b9e96faccdc551825e0ae0898ae13737133e1b921a2fd35ffa",
        "DejaVuSerif-Bold.ttf": "sha256:c3753f2ed6bc673f15846dc45addbeb3b9c872f32fb18fd53a21f1bef1ed7676",
        "DejaVuSerif-Italic.ttf": "sha256:3e7994fbc54fa10ce3352a42d548fadd7d9cadb69cb1109bc9d960f6dac57f04",
        "DejaVuSerif-BoldItalic.ttf": "sha256:d93efec7a9d2e826768d1a2ee95b95870e15e29599a84f3484af1de1cec2e181",
    },
    further={
        **{
            f"{split}_{name}": Further((EXAMPLES,), "uint8", names)
            for split in ("train", "test")
            for name, names in (
                ("faces", tuple(FACES)),
                ("domains", DOMAINS),
                ("degradations", DEGRADATIONS),
                ("levels", ()),
            )
        },
        "class_characters": Further((len(CODES),), "int64"),
        "class_coarse": Further((len(CODES),), "int64", COARSE),
        "class_scripts": Further((len(CODES),), "int64", SCRIPTS),
        "class_cases": Further((len(CODES),), "int64", CASES),
        "class_attributes": Further((len(CODES), len(ATTRIBUTES)), "uint8", ATTRIBUTES),
        "class_images": Further((len(CODES), 1, SIDE, SIDE), "uint8"),
    },
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    faces = [outlines(face, CODES) for face in FACES]
    label = np.tile(np.arange(len(CODES)), len(FACES))
    face = np.repeat(np.arange(len(FACES), dtype=np.uint8), len(CODES))
    every = [glyph for glyphs in faces for glyph in glyphs]
    out = tables()
    out["class_images"] = plain(faces[0])[:, None]
    for place, split in enumerate(("train", "test")):
        draws = np.random.RandomState([SEED, place])
        out |= {
            f"{split}_images": deformed(every, draws)[:, None],
            f"{split}_labels": label,
            f"{split}_faces": face,
            f"{split}_domains": np.array([DOMAINS.index(domain) for domain in FACES.values()], np.uint8)[face],
            f"{split}_degradations": np.zeros_like(face),
            f"{split}_levels": np.zeros_like(face),
        }
    return out


def tables() -> "dict[str, np.ndarray]":
    """What is known of each class, by its name."""
    import numpy as np

    known = [characters.character(code) for code in CODES]
    return {
        "class_characters": np.array(CODES),
        "class_coarse": np.array([COARSE.index(each.coarse) for each in known]),
        "class_scripts": np.array([SCRIPTS.index(each.script) for each in known]),
        "class_cases": np.array([CASES.index(each.case) for each in known]),
        "class_attributes": np.array([[name in each.attributes for name in ATTRIBUTES] for each in known], np.uint8),
    }


def outlines(face: str, codes: Sequence[int]) -> "list[np.ndarray]":
    """The outlines of characters in a face, one for each, from the file that matplotlib ships."""
    return list(lettering.outlines(_file(face), codes).values())


def _file(face: str) -> Path:
    mend = "install matplotlib as requirements.lock says"
    name = f"{face}.ttf"
    try:
        path = Path(str(metadata.distribution("matplotlib").locate_file(f"matplotlib/mpl-data/fonts/ttf/{name}")))
        source_files.verify(path, DATASET.pins[name], path, mend)
    except (metadata.PackageNotFoundError, OSError):
        raise UserError(f"data set '{DATASET.key}': matplotlib's {name} is missing; {mend}") from None
    return path


def deformed(glyphs: "Sequence[np.ndarray]", draws: "np.random.RandomState") -> "np.ndarray":
    """(N, SIDE, SIDE) images of outlines, each deformed at random."""
    count = len(glyphs)
    turn, slant, wide, high, right, down = (
        draws.randint(-most, most + 1, count) for most in (TURN, SLANT, STRETCH, STRETCH, SHIFT, SHIFT)
    )
    return _drawn(glyphs, turn, slant, (wide, high), (right, down), draws.randint(0, THICKER + 1, (count, 2)))


def plain(glyphs: "Sequence[np.ndarray]") -> "np.ndarray":
    """(N, SIDE, SIDE) images of outlines as the face has them."""
    import numpy as np

    none = np.zeros(len(glyphs), np.int64)
    return _drawn(glyphs, none, none, (none, none), (none, none), np.zeros((len(glyphs), 2), np.int64))


def _drawn(
    glyphs: "Sequence[np.ndarray]",
    turn: "np.ndarray",
    slant: "np.ndarray",
    stretch: "tuple[np.ndarray, np.ndarray]",
    shift: "tuple[np.ndarray, np.ndarray]",
    thicker: "np.ndarray",
) -> "np.ndarray":
    import numpy as np

    bits = lettering.FRACTION
    one = 2**bits
    sines = [one * sine // 64 for sine in range(-TURN, TURN + 1)]
    cosines = np.array([math.isqrt(one**2 - sine**2) for sine in sines])[turn + TURN]
    sine = np.array(sines)[turn + TURN]
    slope = one * slant // 64
    # stretched, then slanted, then turned
    matrices = np.array([[cosines, (cosines * slope >> bits) - sine], [sine, (sine * slope >> bits) + cosines]])
    scale = one * lettering.SAMPLE * SAMPLES // (PIXEL * lettering.UNITS)
    matrices = matrices * (64 + np.stack(stretch)) // 64 * scale >> bits
    moves = np.stack(shift, axis=1) * SAMPLES * lettering.SAMPLE // 64
    level = MIDDLE * lettering.UNITS
    return lettering.drawn(glyphs, matrices.transpose(2, 0, 1), level, moves, thicker, SIDE, SAMPLES)


def chosen() -> list[int]:
    """The code points of CHARACTERS: letters and decimal digits that all faces have and that can be told apart.

    Left out are characters that Unicode takes for other ones (the ohm sign for omega, ligatures), and of any two whose
    plain images differ by less than APART in any face the one of the higher code point: the Greek and Cyrillic A, and
    marks of which 16x16 pixels show no difference.
    """
    import numpy as np
    from fontTools.ttLib import TTFont

    common: set[int] = set.intersection(*({*TTFont(_file(face), lazy=True).getBestCmap()} for face in FACES))
    codes = [
        code
        for code in sorted(common)
        if unicodedata.category(chr(code)) in ("Lu", "Ll", "Lt", "Nd")
        and unicodedata.normalize("NFKC", chr(code)) == chr(code)
    ]
    images = np.stack([plain(outlines(face, codes)) for face in FACES], axis=1).astype(np.int16)
    kept: list[int] = []
    for place, image in enumerate(images):
        if np.abs(images[kept] - image).sum((2, 3)).min(initial=APART) >= APART:
            kept.append(place)
    return [codes[place] for place in kept]
