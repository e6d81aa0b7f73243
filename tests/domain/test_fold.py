"""The fold: what search, sorting and matching take for the same, and how text is made safe to show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.fold import (
    ascii_digits,
    fold,
    fold_column,
    has_bidi_controls,
    oddities,
    visible,
    without_bidi_controls,
)

ANY_TEXT = st.text(st.characters())  # surrogates, controls and unassigned characters among them
COMPOUND_TEXT = st.lists(st.sampled_from(["عبد", "ابو", "أبو", "الله", "الدين", "علی", "-", "\u3099"])).map(" ".join)


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("علي", "علی"),  # Arabic and Persian yeh
        ("أحمد", "احمد"),  # hamza on alef
        ("فاطمة", "فاطمه"),  # teh marbuta
        ("عبد الله", "عبدالله"),  # compound name
        ("مـحـمـد", "محمد"),  # tatweel
        ("٠١٠۲", "0102"),  # digits of two scripts
    ],
)
def test_ex_8_names_that_are_one(written: str, other: str) -> None:
    """EX-8 of the domain reference: otherwise these spellings of one name are never offered as duplicates."""
    assert fold(written) == fold(other)


def test_ex_8_names_that_are_two() -> None:
    """EX-8: otherwise the fold goes so far that it joins two different names."""
    assert fold("محمد") != fold("محمود")


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("", ""),
        ("  Leila\tHosseini\n", "leila hosseini"),
        ("O'Brien-Smith, Jr.", "o brien smith jr"),
        ("José", "jose"),
        ("Jose\u0301", "jose"),  # decomposed
        ("Straße", "strasse"),
        ("Søren Łukasz Ærø", "soren lukasz aero"),  # letters without a decomposition
        ("İstanbul ISPARTA ısparta", "istanbul isparta isparta"),
        ("ΟΔΥΣΣΕΎΣ", "οδυσσευσ"),  # accent and final sigma
        ("ﬁle ＡＢＣ", "file abc"),  # ligature and wide letters
        ("كريمى", "کریمی"),
        ("مُحَمَّد", "محمد"),  # harakat
        ("مؤمن ئاسو آرش ٱلله", "مومن یاسو ارشالله"),  # hamza carriers, madda, wasla, an ending
        ("ﷲ ﻻ", "الله لا"),  # presentation forms
        ("می‌خواهم", "می خواهم"),  # ZWNJ parts words
        ("علی‌ کریمی", "علی کریمی"),
        ("نور الدین", "نورالدین"),
        ("أبو الفضل", "ابوالفضل"),
        ("سعيد بن علي", "سعید بن علی"),  # bin stays a word of its own
        ("علی عبد", "علی عبد"),  # nothing to join
        ("na\u00a0me", "na me"),
        ("ab\u00ad\u200b\u200dc\ufeff", "abc"),  # soft hyphen, zero-width space, joiner, byte order mark
        ("\u202ename\u202c", "name"),
        ("name\x00", "name"),
        ("५६ ๗", "56 7"),  # digits of Devanagari and Thai
        ("C++ & C#", "c++ c"),  # symbols stay, punctuation goes
        ("हिन्दी", "हिन्दी"),  # vowel signs spell
        ("が", "が"),
        ("שָׁלוֹם", "שלום"),  # Hebrew points do not
        ("!!!", "!!!"),  # nothing but punctuation
        (" ?! ", "?!"),
        ("\u200d\u0301", ""),  # nothing at all
        ("a\ud800b", "ab"),
    ],
)
def test_fold(written: str, folded: str) -> None:
    """A text that search would not find under its usual spelling, or find under one that means something else."""
    assert fold(written) == folded


@given(ANY_TEXT | COMPOUND_TEXT)
def test_folding_twice_changes_nothing(text: str) -> None:
    """Otherwise a folded search term misses the folded column that holds it."""
    assert fold(fold(text)) == fold(text)


def test_every_letter_of_the_basic_plane_folds_once() -> None:
    """Otherwise some letter has a fold that folds on, and cannot be found beside another letter."""
    again = [
        letter
        for letter in map(chr, range(0x10000))
        if any(fold(fold(text)) != fold(text) for text in (letter, f"a{letter}", f"{letter}a"))
    ]
    assert again == []


@given(ANY_TEXT)
def test_composed_and_decomposed_forms_fold_alike(text: str) -> None:
    """Otherwise a name typed on a Mac is not found by one typed elsewhere."""
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(ANY_TEXT)
def test_a_fold_has_single_blanks_and_no_hidden_characters(text: str) -> None:
    """Otherwise two texts that look the same have different folds."""
    folded = fold(text)
    assert folded == " ".join(folded.split())
    assert not has_bidi_controls(folded)
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in folded)


@given(st.text(st.characters(max_codepoint=127)))
def test_the_ascii_path_agrees_with_the_general_one(text: str) -> None:
    """Otherwise the same words fold in two ways, depending on whether an accented word stands beside them."""
    assert fold(f"a {text} é") == f"{fold(f'a {text}')} e"


@given(st.text(), st.integers(1, 8))
def test_a_shadow_column_holds_the_beginning_of_the_fold(text: str, length: int) -> None:
    """Otherwise a value overflows its column, or a prefix search misses it."""
    column = fold_column(text, length)
    assert len(column) <= length
    assert fold(text).startswith(column)
    assert not column.endswith(" ")


def test_a_shadow_column_is_cut_at_its_length() -> None:
    """Otherwise long values are stored shorter than they could be, and more of them look the same."""
    assert fold_column("Ähnliche Wörter", 9) == "ahnliche"
    assert fold_column("Ähnliche Wörter", 10) == "ahnliche w"


def test_ascii_digits_leaves_all_but_digits() -> None:
    """Otherwise a telephone number or an amount changes more than its digits while it is read."""
    assert ascii_digits("۰۹۱۲ ٣٤٥ ② ² É ٫") == "0912 345 ② ² É ٫"


@pytest.mark.parametrize("control", "\u061c\u200e\u200f\u202a\u202e\u2066\u2069")
def test_bidi_controls_are_found_removed_and_shown(control: str) -> None:
    """Otherwise a name can turn round the text beside it on a terminal."""
    text = f"a{control}b"
    assert has_bidi_controls(text)
    assert without_bidi_controls(text) == "ab"
    assert visible(text) == f"a\\u{ord(control):04x}b"


@pytest.mark.parametrize("text", ["", "abc", "علی\u200cرضا", "é"])
def test_plain_text_has_no_bidi_controls(text: str) -> None:
    """Otherwise every Persian name is treated as an attack."""
    assert not has_bidi_controls(text)
    assert without_bidi_controls(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👨\u200d👩", "👨\u200d👩"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\x00b\x85c\u2028d", "a\\x00b\\x85c\\u2028d"),
        ("soft\u00adhyphen\ufeff", "soft\\xadhyphen\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\udc80", "\\udc80"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    """Otherwise a value moves the cursor, breaks a table or hides, or a Persian word is disfigured."""
    assert visible(text) == shown


@given(ANY_TEXT)
def test_what_is_visible_can_be_printed(text: str) -> None:
    """Otherwise the command line dies on a value while it prints it, or obeys it."""
    shown = visible(text)
    shown.encode("utf-8")
    assert not any(unicodedata.category(letter) == "Cc" for letter in shown)
    assert not has_bidi_controls(shown)


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("admin", ()),
        ("علی Ali", ()),
        ("Иван Ivan", ()),  # each word in one alphabet
        ("аdmin", ("'аdmin' mixes Cyrillic and Latin letters",)),
        ("ab\u00ad", ("it holds invisible characters",)),
        ("a\u202eb", ("it holds characters that change the direction of text",)),
    ],
)
def test_oddities(text: str, reasons: tuple[str, ...]) -> None:
    """Otherwise a look-alike or a hidden character is not flagged, or an honest name is."""
    assert oddities(text) == reasons
