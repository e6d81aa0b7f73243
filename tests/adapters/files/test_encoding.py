"""Which encodings are told, proven or refused: text that is decoded wrongly is lost for good."""

import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.files import open_rows
from crmcore.adapters.files.encoding import decoded, detect
from crmcore.domain.errors import ImportRefused
from tests.adapters.files.conftest import Opener, cells

CP1256 = (
    b"name,email\r\n\xda\xe1\xed \xe3\xcd\xe3\xcf\xed,ali@example.com\r\n"
    b"\x90\xe1\xc7\xc8 \x8d\xe4\x90\xed\xd2,golab@example.com\r\n"
)
TABLE = "name,email\r\nعلی,ali@example.com\r\nZoë,zoe@example.com\r\n"
PEOPLE = [{"name": "علی", "email": "ali@example.com"}, {"name": "Zoë", "email": "zoe@example.com"}]


def test_a_mark_of_utf8_is_no_part_of_the_first_name(opened: Opener) -> None:
    """CSV-03: the column would be called U+FEFF "name" and match nothing."""
    source = opened(b"\xef\xbb\xbfname,email\r\n\xd8\xb9\xd9\x84\xdb\x8c,ali@example.com\r\nSara,sara@example.com\r\n")
    assert source.columns == ("name", "email")
    assert [row["name"] for row in cells(list(source))] == ["علی", "Sara"]


def test_utf16_with_a_mark_and_tabs_is_read(opened: Opener) -> None:
    """CSV-04: what Excel saves as "Unicode text" could not be imported."""
    data = b"\xff\xfe" + TABLE.replace(",", "\t").encode("utf-16-le")
    assert cells(list(opened(data))) == PEOPLE


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("text", [TABLE, "نام,شهر\nعلی,قم\n"], ids=["mostly Latin", "Arabic script only"])
def test_utf16_without_a_mark_is_detected(opened: Opener, codec: str, text: str) -> None:
    """CSV-05: such a file is valid UTF-8 too, as names laced with NUL."""
    rows = [line.split(",") for line in text.splitlines()]
    expected = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert cells(list(opened(text.encode(codec)))) == expected


def test_an_unknown_encoding_is_refused_with_its_place(opened: Opener) -> None:
    """CSV-06 undeclared: mojibake would be stored, or nobody would know where to look."""
    with pytest.raises(ImportRefused, match="unknown encoding") as refused:
        opened(CP1256)
    assert (refused.value.details["offset"], refused.value.details["line"]) == (12, 2)
    assert "--encoding cp1256" in str(refused.value)
    assert "0xDA" in str(refused.value)


def test_a_declared_encoding_is_taken(opened: Opener) -> None:
    """CSV-06 declared: an old Persian or Arabic file could not be imported at all."""
    names = [row["name"] for row in cells(list(opened(CP1256, encoding="cp1256")))]
    assert names == ["علي محمدي", "گلاب چنگيز"]


@pytest.mark.parametrize(
    ("data", "declared", "said"),
    [
        (CP1256, "utf-8", "not UTF-8 at byte 12"),  # would be decoded with losses
        (TABLE.encode(), "ascii", "not ascii at byte 12"),
        (TABLE.encode(), "klingon", "unknown encoding 'klingon'"),
        (TABLE.encode(), "hex", "unknown encoding 'hex'"),  # a codec, but not of text
        (TABLE.encode(), "rot13", "unknown encoding 'rot13'"),  # between texts
        (TABLE.encode(), "unicode_escape", "no encoding of files"),  # makes lone surrogates from plain ASCII
        (b"\xef\xbb\xbfname\n", "cp1256", "byte order mark"),  # the mark would become three letters
        (b"\xff\xfen\x00", "utf-8", "byte order mark"),
        (TABLE.encode(), "utf-16", "no byte order mark"),  # pairs of letters would become Chinese
    ],
)
def test_a_wrong_declaration_is_refused(opened: Opener, data: bytes, declared: str, said: str) -> None:
    """A user's slip would be stored as nonsense."""
    with pytest.raises(ImportRefused, match=said):
        opened(data, encoding=declared)


@pytest.mark.parametrize("declared", ["cp1256", "windows-1252", "latin-1", "iso-8859-6", "koi8-r"])
@pytest.mark.parametrize("filling", [0, 300_000], ids=["small", "of several pieces"])
def test_utf8_declared_as_an_encoding_of_one_byte_is_refused(opened: Opener, declared: str, filling: int) -> None:
    """Every name beyond ASCII would be stored as mojibake, for such an encoding takes any bytes."""
    data = b"name,email\r\n" + b"Ann,ann@example.com\r\n" * (filling // 20) + TABLE.encode()
    with pytest.raises(ImportRefused, match=f"is UTF-8, but --encoding says {declared}: leave --encoding out"):
        opened(data, encoding=declared)


@pytest.mark.parametrize(
    ("data", "declared", "read"),
    [
        (b"name\nAnn\n", "cp1256", "Ann"),  # nothing beyond ASCII
        (b"name\nZo\xc3\xab\n", "latin-1", "ZoÃ«"),  # one character may be chance
        (b"name\n\xe9t\xe9 \xc3\xab \xc3\xab\n", "latin-1", "été Ã« Ã«"),  # not all of it is UTF-8
        ("name\n日本\n".encode("gbk"), "gbk", "日本"),
    ],
)
def test_other_encodings_are_taken_as_declared(opened: Opener, data: bytes, declared: str, read: str) -> None:
    """Who declares the right encoding would be told that it is wrong."""
    assert cells(list(opened(data, encoding=declared))) == [{"name": read}]


@pytest.mark.parametrize("declared", ["UTF8", "utf_8", "utf-8-sig"])
def test_a_right_declaration_agrees_with_the_mark(opened: Opener, declared: str) -> None:
    """Saying what the mark says would be refused, or leave the mark in the first name."""
    assert opened(b"\xef\xbb\xbfname\nAli\n", encoding=declared).columns == ("name",)


@pytest.mark.parametrize("order", ["utf-16-be", "utf-16-le"])
def test_declared_utf16_without_a_mark_is_read_in_its_own_order(opened: Opener, order: str) -> None:
    """Python takes the order of the machine's own bytes, and gives Chinese for half of such files."""
    assert cells(list(opened(TABLE.encode(order), encoding="utf-16"))) == PEOPLE


def test_an_order_of_bytes_may_be_declared_despite_the_mark(opened: Opener) -> None:
    """The mark would become the first character of the first name."""
    data = b"\xfe\xff" + TABLE.encode("utf-16-be")
    assert cells(list(opened(data, encoding="utf-16-be"))) == PEOPLE


@pytest.mark.parametrize(
    "data",
    [
        b"a\x00b,c\n",
        b"name,email\r\nA\x00li,n1@example.com\r\n",
        b"a\x00\n" * 40,  # a NUL in every line
        "نام\x00\n".encode(),
    ],
)
def test_utf8_with_nuls_is_not_taken_for_utf16(tmp_path: Path, data: bytes) -> None:
    """CSV-09: one stray NUL would turn a whole file into Chinese."""
    path = tmp_path / "nul.csv"
    path.write_bytes(data)
    assert detect(path) == "utf-8"


def test_a_fault_far_into_the_file_has_its_exact_place(tmp_path: Path) -> None:
    """The place would be that within the piece that was read, not within the file."""
    path = tmp_path / "late.csv"
    path.write_bytes("نام,x\n".encode() * 100_000 + b"\xff\n")
    with pytest.raises(ImportRefused) as refused:
        detect(path)
    assert (refused.value.details["offset"], refused.value.details["line"]) == (900_000, 100_001)


@pytest.mark.parametrize("text", [TABLE, "name,email\nAli,a@example.com\n"], ids=["Persian", "ASCII"])
def test_damaged_utf16_without_a_mark_is_refused(opened: Opener, text: str) -> None:
    """CSV-05: with its last byte lost it would pass as UTF-8, every second character a NUL."""
    with pytest.raises(ImportRefused):
        opened(text.encode("utf-16-be")[:-1])


def test_a_file_cut_within_a_letter_is_refused(tmp_path: Path) -> None:
    """The last letter would vanish or be stored as U+FFFD."""
    path = tmp_path / "cut.csv"
    path.write_bytes("name\nعلی".encode()[:-1])
    with pytest.raises(ImportRefused, match="line 2"):
        detect(path)


TEXT = st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]))


@given(text=TEXT, codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_marked_and_plain_unicode_is_decoded_exactly(
    tmp_path_factory: pytest.TempPathFactory, text: str, codec: str
) -> None:
    """Some text would be taken for another encoding than the one that it is in."""
    path = tmp_path_factory.mktemp("text") / "any.csv"
    path.write_bytes(text.encode(codec))
    assert "".join(decoded(path, detect(path))) == text


PERSIAN = (
    "علي كريمي مريم حسيني پرويز چمن ژاله رضايي تهران شيراز گرگان اصفهان تبريز مشهد آزادي شركت پارس حسين محمدي زهرا نيما"
)
ARABIC = "محمد الحسيني فاطمة الزهراء يوسف إبراهيم القاهرة بغداد الرياض شارع التحرير أحمد خالد منصور ليلى سعيد النيل"
GERMAN = "Jürgen Müller Björn Groß Köln München Düsseldorf Straße Österreich Käthe Schäfer Jäger Böhm Größe Würzburg"
WRITTEN: dict[str, tuple[str, str]] = {
    "Persian": (PERSIAN, "cp1256 mac_farsi"),
    "Arabic": (ARABIC, "cp1256 iso8859_6 cp720 mac_arabic"),
    "German": (GERMAN, "cp1252 cp850 mac_roman cp437 iso8859_2 hp_roman8"),
    "French": (
        "François Lefèvre Hélène Noël Orléans Besançon Crème Gérard été Chloé Étienne",
        "cp1252 cp850 mac_roman",
    ),
    "Russian": ("Иван Петров Ольга Смирнова Москва Юрий Гагарин Щукин улица Яков дом", "cp1251 koi8_r cp866 iso8859_5"),
    "Turkish": ("Işık Şahin İstanbul Çağrı Öztürk Muğla Ayşe Yılmaz Güneş Doğan Kadıköy", "cp1254 cp857 mac_turkish"),
    "Polish": ("Łukasz Żółć Gdańsk Łódź Małgorzata Wiśniewska Błażej Kraków Żywiec", "cp1250 iso8859_2 cp852"),
    "Greek": ("Γιώργος Παπαδόπουλος Αθήνα Θεσσαλονίκη Ελένη Πάτρα Νίκος οδός", "cp1253 cp737 mac_greek"),
    "Hebrew": ("דוד כהן תל אביב ירושלים שרה לוי חיפה רחוב הרצל", "cp1255 cp862"),
    "Chinese": ("王小明 北京市 上海 李华 张伟 广州 深圳 中山路", "gb18030"),
    "Japanese": ("山田太郎 東京都 大阪 さくら 鈴木一郎 株式会社", "cp932 euc_jp"),
}
NOISE = ["", "", "", "", "ACME", "Ltd®", "McMüller", "ДиКаприо", "№5", "½", "50€", "naïve", "«x»", "O'Hara"]


def _written(language: str, codec: str, rows: int, noise: list[str]) -> bytes:
    """A table of that language, the same for the same arguments."""
    draw = random.Random(f"{language}{codec}{rows}{noise}")
    words = WRITTEN[language][0].split()
    lines = [f"{draw.choice(words)} {draw.choice(words)} {draw.choice(noise)},a@x.com" for _ in range(rows)]
    return "\n".join(["name,email", *lines]).encode(codec, "ignore")


@pytest.mark.parametrize("noise", [[""], NOISE], ids=["plain", "with odd words"])
@pytest.mark.parametrize("language", WRITTEN)
def test_no_text_is_taken_for_another(tmp_path: Path, language: str, noise: list[str]) -> None:
    """CSV-06: names would be stored as garbage, and nobody notice until the letters are printed."""
    path = tmp_path / "in.csv"
    for codec in WRITTEN[language][1].split():
        for rows in (1, 2, 4, 10, 60):
            data = _written(language, codec, rows, noise)
            path.write_bytes(data)
            with suppress(ImportRefused):
                assert "".join(decoded(path, detect(path))) == data.decode(codec)


@pytest.mark.parametrize(("language", "codec"), [("Persian", "cp1256"), ("Arabic", "cp1256"), ("German", "cp1252")])
def test_an_encoding_in_which_alone_a_file_is_text_is_taken(tmp_path: Path, language: str, codec: str) -> None:
    """CSV-06: every file that Excel writes in Tehran or Cairo would have to be declared."""
    path = tmp_path / "in.csv"
    path.write_bytes(("name\n" + "\n".join(WRITTEN[language][0].split()) + "\n").encode(codec))
    source = open_rows(path)
    assert [row["name"] for row in cells(list(source))] == WRITTEN[language][0].split()
    assert source.notes == (
        f"the file was read as {codec}, the one encoding in which it is text; --encoding says otherwise",
    )
    assert open_rows(path, encoding=codec).notes == ()


@pytest.mark.parametrize(
    ("text", "codec", "named"),
    [
        ("name\nعلي\n", "cp1256", "cp1256 (علي)"),
        ("name\nFrançois Lefèvre\n", "cp1252", "cp1252 (Lefèvre) or cp1250 (Lefčvre)"),
        ("name\nдом\n", "cp1251", "cp1251 (дом)"),
    ],
)
def test_candidates_are_named_with_a_word_that_shows_them(opened: Opener, text: str, codec: str, named: str) -> None:
    """Nobody knows the encoding of a file by name, but everybody which of two words is right."""
    with pytest.raises(ImportRefused, match=r"unknown encoding.*it could be") as refused:
        opened(text.encode(codec))
    assert named in refused.value.message
    assert f"--encoding {codec}" in refused.value.message
    assert codec in refused.value.details["encodings"]  # type: ignore[operator]
