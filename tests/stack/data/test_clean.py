"""Every rule of cleaning by hand, on texts as the collections print them; properties on anything."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.data.clean import FAULTS, HAN, LONGEST, REPAIRS, clean, clean_title, fault_place, without_notes
from wenjin.stack.data.load import load
from wenjin.stack.data.verse import STOPS, lines

TEXT = st.text(
    st.sampled_from("春風秋月山水人不見花落知多少空缺一二□，，，。。？；：（）〖〗[]「」《》1a…{}/ "), max_size=80
)
FEW = settings(max_examples=40, deadline=None)


@pytest.mark.parametrize(
    ("raw", "text", "repairs"),
    [
        ("春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。", "春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。", ()),
        (
            "今朝樓下[柑]（甘）初熟，摘得一筐分不足。小兒爭取大兒啼，老翁笑看羣雛逐。（見《劍南詩稿》（卷一〖影宋本〗）。）。",
            "今朝樓下柑初熟，摘得一筐分不足。小兒爭取大兒啼，老翁笑看羣雛逐。",
            ("restored", "notes", "stops"),
        ),
        (
            "朝辭白帝彩雲間[一]，千里江陵一日還[二三]。兩岸猿聲啼不住，輕舟已過萬重山〖1〗。",
            "朝辭白帝彩雲間，千里江陵一日還。兩岸猿聲啼不住，輕舟已過萬重山。",
            ("restored",),
        ),
        (
            "閑吟《白雪》曲，醉唱「陽關」聲。歲月不相待，江湖空有情",
            "閑吟白雪曲，醉唱陽關聲。歲月不相待，江湖空有情。",
            ("quotes", "stops"),
        ),
        (
            "山中相送罷，日暮掩柴扉。春草明年綠，王孫歸不歸？(明年 一作：年年)",
            "山中相送罷，日暮掩柴扉。春草明年綠，王孫歸不歸？",
            ("notes",),
        ),
        (
            "志士莫怨嗟：古來材難用。黃鶴飛不過, 猿猱愁攀援!",
            "志士莫怨嗟：古來材難用。黃鶴飛不過，猿猱愁攀援！",
            ("notes",),
        ),
        (
            "林宅資餘搆，園亭今創營。［接梨過半箸］（據李抄本補），從此近全生。",
            "林宅資餘搆，園亭今創營。接梨過半箸，從此近全生。",
            ("restored", "notes"),
        ),
        (
            "亂山重復疊，何路訪先生。豈料多才者，空垂不世名閑曹猶得醉，薄俸亦勝耕。",
            "亂山重復疊，何路訪先生。豈料多才者，空垂不世名，閑曹猶得醉，薄俸亦勝耕。",
            ("joined",),
        ),
    ],
)
def test_what_editors_added_is_taken_away(raw: str, text: str, repairs: tuple[str, ...]) -> None:
    one = clean("題", raw)
    assert (one.text, one.repairs, one.fault) == (text, repairs, "")


@pytest.mark.parametrize(
    ("fault", "title", "raw"),
    [
        ("empty", "送別", "。"),
        ("empty", "鷹", "空。"),
        ("empty", "謁金門", "（缺詞文）（缺詞文）"),
        ("empty", "訪毛女", "空（按：《全唐詩》卷八百六十。"),
        ("brackets", "桐柏觀", "深山桐柏觀，殘雪路猶分。數里踏紅葉，全家穿是雲。（見《赤城志》。"),
        ("brackets", "桐柏觀", "深山桐柏觀，殘雪）路猶分。數里踏紅葉，全家穿是雲。"),
        ("lacuna", "贈劉郎中", "東南秀氣動文星，天子應教掃內庭。爽照賓筵□□□，上仙風骨紫蘭馨。"),
        ("lacuna", "望嶽", "（前缺）霜雪唯惜許，讓王遁時澨。千乘不迴慮，萬金寧易節。"),
        (
            "lacuna",
            "哭靈仙",
            "不體心淚自涓，（望按：「此句原脫一字。」）情因法眼奄幽泉。明朝儻問滄波客，的說遺鞋白足還。",
        ),
        ("glyph", "欲曙", "江隄閱暗流，漏鼓急殘籌。鶴媒華表上，{𥫗/鳥}鵊柳枝頭。"),
        ("broken", "行香子", "野叟长年。一室萧然。都齐收、万轴牙签。阕�匣岬茫，万语千言。"),
        ("broken", "賀新郎", "帐山君、け然羽化，梦魂何许。寂寂无人，山中自语。"),
        (
            "prose",
            "前言",
            "這裏收錄的詩篇，輯自前人沒有注意到的一些敦煌寫本殘卷之中。有名有姓，凡若干首，都為一集，以待來者。",
        ),
        ("prose", "春桂問荅", "春桂荅：春華詎能久，風霜搖落時，獨秀君知不。此意誰能識。"),
        ("fragment", "句 一", "曹韓沙嘴團，銅陵出狀元。"),
        ("fragment", "句", "映水有深意，見人無懼心。白髮不能容相國，也同閑客滿頭生。"),
        ("untitled", "二五", "尊人同席飲，不問莫多言。縱有文章好，留將餘處宣。"),
        ("untitled", "秋寄□江舒公", "故人何處望，秋色滿江濆。入水溪蟲亂，過橋山路分。"),
    ],
)
def test_what_is_no_whole_poem_is_named(fault: str, title: str, raw: str) -> None:
    assert clean(title, raw).fault == fault


def test_a_long_note_on_other_editions_is_no_gap() -> None:
    raw = "竹園無外事，祕殿夕陰生。雲起靈峯隱，風來寶鐸鳴。（按：《全唐詩》卷八一○收此首，原缺題，今據石刻重錄。）。"
    assert clean("題靈泉寺", raw).fault == ""


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("帝京篇十首 一", "帝京篇"),
        ("雜曲歌辭 行路難三首 二", "行路難"),
        ("武后歌辭", "武后歌辭"),
        ("贄高駢歌（題擬）", "贄高駢歌"),
        ("新樂府 七德舞\t美撥亂，陳王業也", "新樂府·七德舞"),
        ("嵩山十志十首 其三", "嵩山十志"),
        ("遊昭陵十六韻", "遊昭陵十六韻"),
        ("南柯子・南歌子", "南歌子"),
        ("謝寄茸氈[葡]萄", "謝寄茸氈葡萄"),
        ("讀《漢武內傳》", "讀漢武內傳"),
        ("北邙篇（[一]伯二六七三", "北邙篇"),
        ("喜{巩/言}公至", ""),
        ("其二", ""),
        ("十二首", ""),
    ],
)
def test_a_title_is_what_the_poem_is_called(raw: str, title: str) -> None:
    assert clean_title(raw) == title


def test_notes_may_stand_in_each_other() -> None:
    assert without_notes("一（二〖三〗四）五〖六〗") == ("一五", ["二三四", "六"])
    assert without_notes("一（二〖三）四〗")[0] is None


def test_an_example_shows_where_the_gap_is() -> None:
    assert fault_place("山水（見卷一）人□見", "lacuna") == 8
    assert fault_place("山水", "prose") == 0


@FEW
@given(st.text(max_size=12), st.one_of(TEXT, st.text(max_size=40)))
def test_whatever_comes_in_is_a_whole_poem_or_has_a_fault(title: str, raw: str) -> None:
    one = clean(title, raw)
    assert one.fault in {"", *FAULTS}
    assert set(one.repairs) <= set(REPAIRS)
    if not one.fault:
        assert re.fullmatch(f"[{HAN}{STOPS}]+[。？！]", one.text)
        assert len(lines(one.text)) >= 4
        assert max(map(len, lines(one.text))) <= LONGEST


@FEW
@given(TEXT)
def test_cleaning_twice_is_cleaning_once(raw: str) -> None:
    one = clean("題", raw)
    if not one.fault:
        again = clean("題", one.text)
        assert (again.text, again.fault) == (one.text, "")


def test_the_three_hundred_lose_next_to_nothing() -> None:
    poems = load("classical-poems", part="tang", excerpt=True).rows
    kept = [clean(poem.title, poem.text) for poem in poems]
    assert sum(not one.fault for one in kept) >= 0.98 * len(poems)
