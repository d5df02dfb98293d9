"""Citations: the lines that stand in the file, found without importing it."""

import subprocess
import sys
from pathlib import Path

import pytest

from wenjin.study.course.listing import ListingError, Listings

SOURCE = '''"""Head."""

import nothing_that_exists

WIDTH: int = 3
a = b = 1


@decorated
@twice(over=True)
def turn(x):
    """Turn."""
    return x


class Layer:
    kind = "layer"

    def forward(self, x):
        # 注意
        return x

    async def later(self):
        pass


def turn(x):
    return -x
'''


@pytest.fixture
def listings(tmp_path: Path) -> Listings:
    (tmp_path / "stack" / "nn").mkdir(parents=True)
    (tmp_path / "stack" / "nn" / "layer.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "stack" / "nn" / "broken.py").write_text("def f(:\n")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "secret.py").write_text("x = 1\n")
    return Listings(tmp_path)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Layer", 16, 24),
        ("Layer.forward", 19, 21),
        ("Layer.later", 23, 24),
        ("Layer.kind", 17, 17),
        ("WIDTH", 5, 5),
        ("b", 6, 6),
    ],
)
def test_cites_the_lines_of_a_name(listings: Listings, name: str, first: int, last: int) -> None:
    cited = listings.cite(f"wenjin.stack.nn.layer:{name}")
    assert (cited.first, cited.last) == (first, last)
    lines = SOURCE.splitlines()[first - 1 : last]
    assert [line.strip() for line in cited.text.splitlines()] == [line.strip() for line in lines]
    assert not cited.text.startswith(" ")


def test_the_last_definition_counts_and_decorators_belong_to_it(listings: Listings, tmp_path: Path) -> None:
    assert listings.cite("stack.nn.layer:turn").text == "def turn(x):\n    return -x"
    path = tmp_path / "stack" / "nn" / "layer.py"
    path.write_text(SOURCE[: SOURCE.rindex("def turn")], encoding="utf-8")
    assert listings.cite("stack.nn.layer:turn").text.startswith("@decorated\n@twice(over=True)\ndef turn")


def test_a_module_alone_is_the_whole_file(listings: Listings) -> None:
    cited = listings.cite("wenjin.stack.nn.layer")
    assert cited.text == SOURCE.rstrip("\n")
    assert (cited.first, cited.last) == (1, SOURCE.count("\n"))


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("wenjin.stack.nn.layer:gone", "has no `gone`. It has: Layer, Layer.forward"),
        ("wenjin.stack.nn.layer:Layer.gone", "has no `Layer.gone`"),
        ("wenjin.stack.nn.broken:f", "syntax error in line 1"),
        ("wenjin.stack.nn.absent:f", "cannot be cited"),
        ("wenjin.study.secret:x", "cannot be cited"),
        ("wenjin.stack...etc.passwd", "cannot be cited"),
        ("wenjin.stack.nn/../../study/secret", "cannot be cited"),
        ("os:path", "cannot be cited"),
        ("", "cannot be cited"),
    ],
)
def test_says_what_is_missing(listings: Listings, target: str, said: str) -> None:
    with pytest.raises(ListingError) as caught:
        listings.cite(target)
    assert said in caught.value.text.en
    assert caught.value.text.zh


def test_a_changed_file_is_read_again(listings: Listings, tmp_path: Path) -> None:
    assert listings.cite("stack.nn.layer:WIDTH").text == "WIDTH: int = 3"
    path = tmp_path / "stack" / "nn" / "layer.py"
    path.write_text("# one more line\n" + SOURCE.replace("int = 3", "int = 4"), encoding="utf-8")
    cited = listings.cite("stack.nn.layer:WIDTH")
    assert (cited.text, cited.first) == ("WIDTH: int = 4", 6)


def test_cites_the_library_without_importing_it() -> None:
    code = (
        "import sys; from wenjin.study.course.listing import Listings;"
        "c = Listings().cite('wenjin.stack.nn.attention:attend');"
        "print(c.text.splitlines()[0][:10], 'torch' in sys.modules, 'wenjin.stack' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "def attend False False"
