"""Match keys: what is one e-mail address, one telephone number, one code, and by what words a name is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.fold import fold, oddities
from crmcore.domain.keys import MAX_KEY_LENGTH, MAX_NAME_KEYS, code_key, email_key, name_keys, phone_key

PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"]))


@pytest.mark.parametrize(
    ("written", "other", "one_identity", "found_by_search"),
    [
        pytest.param("Ali@Example.com", "ali@example.com", True, True, id="IDN-01 case"),
        pytest.param("admin", "\u0430dmin", False, False, id="IDN-02 Cyrillic look-alike"),
        pytest.param("\u017fupport", "support", False, True, id="IDN-04 long s"),
        pytest.param("\u0130stanbul", "istanbul", False, True, id="IDN-06 dotted capital i"),
        pytest.param("stra\u00dfe", "strasse", False, True, id="IDN-08 sharp s"),
        pytest.param("Jos\u00e9", "Jose\u0301", True, True, id="IDN-09 composed and decomposed"),
        pytest.param("\ufb01le", "file", False, True, id="IDN-10 ligature"),
        pytest.param("\u2460", "1", False, True, id="IDN-12 circled digit"),
        pytest.param("\u0639\u0644\u06cc", "\u0639\u0644\u064a", False, True, id="IDN-13 yeh"),
        pytest.param("\u06a9\u062a\u0627\u0628", "\u0643\u062a\u0627\u0628", False, True, id="IDN-14 kaf"),
        pytest.param("\u0639\u0644\u0640\u0640\u06cc", "\u0639\u0644\u06cc", False, True, id="IDN-16 tatweel"),
        pytest.param("\u0623\u062d\u0645\u062f", "\u0627\u062d\u0645\u062f", False, True, id="IDN-18 hamza"),
        pytest.param("\u0629", "\u0647", False, True, id="IDN-20 teh marbuta"),
        pytest.param("\u06f1\u06f2\u06f3", "123", False, True, id="IDN-21 Persian digits"),
        pytest.param("\u0661\u0662\u0663", "\u06f1\u06f2\u06f3", False, True, id="IDN-22 Arabic digits"),
        pytest.param("ab\u00ad", "ab", False, True, id="IDN-24 soft hyphen"),
        pytest.param("na\u00a0me", "na me", False, True, id="IDN-28 no-break space"),
    ],
)
def test_identity_and_search(written: str, other: str, one_identity: bool, found_by_search: bool) -> None:
    """Otherwise two people share one account, or one person is not found under the other spelling."""
    assert (email_key(written) == email_key(other)) is one_identity
    assert (email_key(f"{written}@x.org") == email_key(f"{other}@x.org")) is one_identity
    assert (code_key(written) == code_key(other)) is one_identity
    assert (fold(written) == fold(other)) is found_by_search
    assert (name_keys(written) == name_keys(other)) is found_by_search


@pytest.mark.parametrize("key", [email_key, code_key])
@pytest.mark.parametrize("text", ["name\x00", "a\nb@example.com", "a\ud800"])
def test_idn_26_control_characters_are_refused(key: type[str], text: str) -> None:
    """IDN-26: otherwise one database cuts the value at the control character and another refuses it."""
    with pytest.raises(InvalidValue, match="control character"):
        key(text)


@pytest.mark.parametrize("text", ["\u0430dmin", "ab\u00ad"])
def test_idn_02_and_24_are_flagged(text: str) -> None:
    """IDN-02, IDN-24: otherwise a different identity that looks the same passes unseen."""
    assert oddities(text)


def test_idn_21_and_22_are_one_telephone_number() -> None:
    """IDN-21, IDN-22: otherwise a number typed on a Persian keyboard is a second one."""
    assert {phone_key("\u06f1\u06f2\u06f3"), phone_key("\u0661\u0662\u0663"), phone_key("123")} == {"123"}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("  Ali@Example.COM ", "ali@example.com"),
        ("\u200eali@example.com\u200f", "ali@example.com"),  # copied out of a Persian text
        ("علی@example.com", "علی@example.com"),
        ("Élan@Example.com", "Élan@example.com"),  # before the @ only A-Z are lowered
        ("info@MÜNCHEN.de", "info@münchen.de"),
        ("a@ſupport.org", "a@ſupport.org"),
        ("", ""),
    ],
)
def test_email_key(written: str, key: str) -> None:
    """Otherwise one address has two identities, or two addresses share one."""
    assert email_key(written) == key


@given(PRINTABLE)
def test_the_key_of_an_email_key_is_itself(text: str) -> None:
    """Otherwise a stored key and the key of what it was made from part."""
    assert email_key(email_key(text)) == email_key(text)


@pytest.mark.parametrize(
    ("written", "key"),
    [(" AB-12 ", "ab-12"), ("AB 12", "ab 12"), ("ÄB", "Äb"), ("۱۲", "۱۲"), ("ab-12", "ab-12")],
)
def test_code_key(written: str, key: str) -> None:
    """Otherwise one product has two codes, or two products share one."""
    assert code_key(written) == key


@pytest.mark.parametrize("written", ["09123456789", "۰۹۱۲۳۴۵۶۷۸۹", "٠٩١٢٣٤٥٦٧٨٩"])
def test_csv_19_digits_of_three_scripts_are_one_number(written: str) -> None:
    """CSV-19: otherwise one person is imported three times."""
    assert phone_key(written, "98") == "+989123456789"
    assert phone_key(written) == "09123456789"


@pytest.mark.parametrize(
    "written",
    [
        "+989123456789",
        "00989123456789",
        "+98 (912) 345-6789",
        "+98 (0)912 345 6789",
        "+98 0912 345 6789",
        "(+98) 912.345.6789",
        "0912/345/6789",
        "9123456789",
        "989123456789",
        "Tel.: 0912 345 6789",
        "tel:+98-912-345-6789",
        "\u200e+98\u00a0912\u2011345\u20116789\u202c",
        "＋98 912 3456789",
    ],
)
def test_spellings_of_one_telephone_number(written: str) -> None:
    """Otherwise a caller is not recognised because their number was written in another way."""
    assert phone_key(written, "98") == "+989123456789"
    assert phone_key(written, "+98") == "+989123456789"


@pytest.mark.parametrize(
    ("written", "calling_code", "key"),
    [
        ("(212) 555-0100", "1", "+12125550100"),
        ("1-212-555-0100", "1", "+12125550100"),
        ("8 912 345-67-89", "7", "+79123456789"),
        ("79123456789", "7", "+79123456789"),
        ("06 1 234 5678", "36", "+3612345678"),
        ("06 1234 5678", "39", "+390612345678"),  # in Italy the 0 belongs to the number
        ("+39 06 1234 5678", "39", "+390612345678"),
        ("030 123456", "49", "+4930123456"),
        ("030 123456", None, "030123456"),
        ("+44 20 7946 0000", "49", "+442079460000"),
        ("110", "98", "110"),  # not to be dialled from elsewhere
        ("021 8888 ext. 12", "98", "+98218888;ext=12"),
        ("+98 21 88881234 x12", None, "+982188881234;ext=12"),
        ("۰۲۱۸۸۸۸۱۲۳۴ داخلی ۱۲", "98", "+982188881234;ext=12"),
        ("tel:+982188881234;ext=12", None, "+982188881234;ext=12"),
    ],
)
def test_phone_key(written: str, calling_code: str | None, key: str) -> None:
    """Otherwise numbers of that country, or with an extension, never match, or match those of others."""
    assert phone_key(written, calling_code) == key


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-",
        "none",
        "00",
        "0000-000000",
        "1-800-FLOWERS",
        "0912 345 6789 / 0935 345 6789",
        "+98 912 + 34",
        "1 " * 5000 + "x",
    ],
)
def test_what_is_no_single_telephone_number_has_no_key(written: str) -> None:
    """Otherwise people who have no number in common are taken for one."""
    assert phone_key(written) == ""


@pytest.mark.parametrize("calling_code", ["", "+", "0", "098", "9812", "۹۸", "de"])
def test_a_calling_code_that_is_none_is_refused(calling_code: str) -> None:
    """Otherwise a slip in a setting gives every national number a wrong key."""
    with pytest.raises(InvalidValue, match="calling code"):
        phone_key("0912", calling_code)


@given(st.text(), st.sampled_from([None, "1", "98", "39"]))
def test_a_phone_key_is_a_number_or_nothing(text: str, calling_code: str | None) -> None:
    """Otherwise an import ends at a strange telephone number, or words become a key."""
    number, _, extension = phone_key(text, calling_code).partition(";ext=")
    assert number.removeprefix("+").isdecimal() or not number
    assert extension.isdecimal() or not extension


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Leila Maria Hosseini", ("leila maria hosseini", "maria hosseini", "hosseini")),
        ("علي كريمى", ("علی کریمی", "کریمی")),
        ("عبد الله", ("عبدالله",)),
        ("Ali", ("ali",)),
        ("a b c d e f g h", ("a b c d e f g h", "b c d e f g h", "c d e f g h", "d e f g h", "e f g h", "h")),
        ("!!!", ("!!!",)),
        ("", ()),
        ("\u200d", ()),
    ],
)
def test_name_keys(name: str, keys: tuple[str, ...]) -> None:
    """Otherwise a prefix search does not find a person by the last name, or finds the nameless by anything."""
    assert name_keys(name) == keys


@given(st.text(max_size=300))
def test_name_keys_fit_their_column(name: str) -> None:
    """Otherwise a long name cannot be stored, or is stored twice under one key."""
    keys = name_keys(name)
    assert len(set(keys)) == len(keys) <= MAX_NAME_KEYS
    assert all(0 < len(key) <= MAX_KEY_LENGTH for key in keys)
    assert all(fold(key) == key for key in keys[:1])


def test_long_name_keys_are_cut() -> None:
    """Otherwise a long name overflows the key's column."""
    assert name_keys("x" * 150 + " y") == ("x" * 100, "y")
