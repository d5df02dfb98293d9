"""Where things lie: arguments, then the environment, then the habit of the system."""

from pathlib import Path

import pytest

from wenjin.study.store.places import places

HOME = Path.home()


@pytest.mark.parametrize(
    ("platform", "environ", "data"),
    [
        ("linux", {}, HOME / ".local/share/wenjin"),
        ("linux", {"XDG_DATA_HOME": "/srv/xdg"}, Path("/srv/xdg/wenjin")),
        ("linux", {"XDG_DATA_HOME": "relative"}, HOME / ".local/share/wenjin"),
        ("darwin", {}, HOME / "Library/Application Support/Wenjin"),
        ("win32", {"LOCALAPPDATA": "/c/Local"}, Path("/c/Local/Wenjin")),
        ("linux", {"WENJIN_DATA": "/srv/课"}, Path("/srv/课")),
        ("linux", {"WENJIN_DATA": "~/data"}, HOME / "data"),
    ],
)
def test_the_data_folder(platform: str, environ: dict[str, str], data: Path) -> None:
    assert places(environ=environ, platform=platform).data == data


def test_an_argument_wins_and_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    here = places(Path("data"), Path("work"), {"WENJIN_DATA": "/elsewhere", "WENJIN_WORKSPACE": "/elsewhere"})
    assert (here.data, here.workspace) == (tmp_path / "data", tmp_path / "work")


def test_the_workspace_and_the_database_follow_the_environment() -> None:
    here = places(
        environ={"WENJIN_WORKSPACE": "/w", "WENJIN_DATABASE_URL": "postgresql:///course", "WENJIN_DATA": "/d"}
    )
    assert (here.workspace, here.database_url) == (Path("/w"), "postgresql:///course")
    assert places(environ={"WENJIN_DATA": "/d"}).database_url == "sqlite:////d/wenjin.db"
    assert places(environ={}).workspace == HOME / "wenjin"


def test_asking_makes_nothing(tmp_path: Path) -> None:
    places(tmp_path / "data", tmp_path / "work")
    assert list(tmp_path.iterdir()) == []
