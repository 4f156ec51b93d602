import io
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diptych.core.files.content.errors import ImageError
from diptych.core.files.content.images import PIXELS_MAX, SCANS_MAX, dimensions, display_copies

# Damaged EXIF data: the image is shown as it stands.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")

RED, GREEN, BLUE = (255, 0, 0), (0, 128, 0), (0, 0, 255)
KINDS = ["JPEG", "PNG", "WEBP", "GIF"]


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def left_red(width: int = 200, height: int = 100) -> Image.Image:
    """Return a picture with a red left and a blue right half."""
    picture = Image.new("RGB", (width, height), BLUE)
    picture.paste(RED, (0, 0, width // 2, height))
    return picture


def copies(content: bytes):
    return display_copies(io.BytesIO(content))


def opened(copy) -> Image.Image:
    return Image.open(io.BytesIO(copy.content))


def is_near(colour, other) -> bool:
    return all(abs(one - two) < 40 for one, two in zip(colour, other, strict=True))


def png_of(width: int, height: int) -> bytes:
    """Return a PNG file that says it has a size, and whose pixels are missing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1_000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_is_copied_in_two_sizes_as_webp_and_jpeg(kind):
    content = saved(left_red(1500, 750), kind)

    found = copies(content)

    assert dimensions(io.BytesIO(content)) == (1500, 750)
    assert [(each.size, each.media_type, each.width, each.height) for each in found] == [
        ("small", "image/webp", 240, 120),
        ("small", "image/jpeg", 240, 120),
        ("large", "image/webp", 960, 480),
        ("large", "image/jpeg", 960, 480),
    ]
    for each in found:
        with opened(each) as picture:
            assert (Image.MIME[picture.format or ""], picture.size) == (each.media_type, (each.width, each.height))
            shown = picture.convert("RGB")
        assert is_near(shown.getpixel((10, 10)), RED)
        assert is_near(shown.getpixel((each.width - 10, 10)), BLUE)


def test_a_small_image_is_not_enlarged():
    assert {(each.width, each.height) for each in copies(saved(left_red(100, 50), "PNG"))} == {(100, 50)}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_orientation_is_applied_and_no_metadata_is_copied(kind):
    exif = Image.Exif()
    exif[0x112] = 6  # turn to the right
    exif[0x10E] = "SECRET"
    content = saved(left_red(), kind, exif=exif, icc_profile=b"SECRET", xmp=b"SECRET")
    assert b"SECRET" in content

    for each in copies(content):
        assert (each.width, each.height) == (100, 200)
        assert b"SECRET" not in each.content
        with opened(each) as picture:
            assert not picture.getexif()
            assert "icc_profile" not in picture.info
            assert is_near(picture.convert("RGB").getpixel((50, 10)), RED)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_of_an_animated_image_the_first_frame_is_shown(kind):
    frames = [Image.new("RGB", (50, 50), colour) for colour in (RED, GREEN, BLUE)]
    content = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)

    for each in copies(content):
        with opened(each) as picture:
            assert not getattr(picture, "is_animated", False)
            assert is_near(picture.convert("RGB").getpixel((25, 25)), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(mode):
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0)).convert(mode)
    content = saved(clear, "PNG", **({"transparency": clear.getpixel((0, 0))} if mode == "P" else {}))

    assert all(is_near(opened(each).convert("RGB").getpixel((10, 10)), (255, 255, 255)) for each in copies(content))


@pytest.mark.parametrize(
    ("mode", "colour", "kind"),
    [("L", 128, "PNG"), ("I;16", 32_768, "PNG"), ("1", 0, "PNG"), ("CMYK", (0, 0, 0, 127), "JPEG")],
)
def test_an_image_of_any_colour_mode_keeps_its_colours(mode, colour, kind):
    content = saved(Image.new(mode, (20, 20), colour), kind)
    expected = (0, 0, 0) if mode == "1" else (128, 128, 128)

    assert all(is_near(opened(each).convert("RGB").getpixel((10, 10)), expected) for each in copies(content))


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (12_000, 12_000), (PIXELS_MAX + 1, 1)])
def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded(width, height):
    content = png_of(width, height)
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match=r"at most 40 million pixels are accepted\.$"):
            copies(content)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_an_image_with_very_many_scans_is_refused_before_it_is_decoded():
    content = saved(left_red(), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")

    assert copies(content)
    with pytest.raises(ImageError, match=f"more than {SCANS_MAX} scans"):
        copies(content[:last] + content[last:-2] * SCANS_MAX + content[-2:])


def test_a_script_that_begins_like_an_image_is_refused():
    with pytest.raises(ImageError, match="cannot be read, or is damaged"):
        copies(b"GIF89a/*<script>alert(1)</script>*/=1;")


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_breaks_off_is_refused(kind):
    content = saved(Image.effect_noise((300, 300), 60).convert("RGB"), kind)

    with pytest.raises(ImageError, match="cannot be read, or is damaged"):
        copies(content[: len(content) // 2])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_image_is_copied_or_refused(kind, data):
    exif = Image.Exif()
    exif[0x112] = 6
    content = bytearray(saved(left_red(20, 10), kind, **({} if kind == "GIF" else {"exif": exif})))
    changes = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for place, byte in data.draw(st.lists(changes, max_size=8)):
        content[place] = byte
    try:
        found = copies(bytes(content) + data.draw(st.binary(max_size=10)))
    except ImageError as error:
        assert str(error).endswith(".")  # noqa: PT017 - a damaged image may be readable too
        return
    assert len(found) == 4
