"""What texts, numbers and moments promise: stored exactly, told apart exactly, found by their fold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest

from crmcore.application.searching import search
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.fold import fold
from crmcore.domain.money import Money
from crmcore.testing.contract.case import NOON, StorageCase, plain_sample
from crmcore.testing.specimens import Profile, Sample

DISTINCT: Final = (
    "Ali", "ali", "ALI", "Alí", "Ali\u0301", "Ali ", " Ali", "Ali\u00a0", "A\u200cli", "A\u00adli", "\u202eAli",
    "Аli", "علي", "علی", "علـــی", "أحمد", "احمد", "فاطمة", "فاطمه", "عبد الله", "عبدالله", "مـحـمـد", "محمد", "محمود",
    "می\u200cروم", "میروم", "می روم", "٠١٠۲", "0102", "straße", "strasse", "ſupport", "support", "İstanbul",
    "istanbul", "ﬁle", "file", "①", "1", "na\u00a0me",
    "na me", "🙂", "🙂\ufe0f", "👨\u200d👩\u200d👧",
    "\U0010ffff", "", " ", "\t", "a\r\nb", "a\nb", "=1+1", "'quoted'", '"quoted"', "back\\slash",
    "100%", "a_b", "{x}", "%s", ":x",
)  # fmt: skip

SAME_IN_SEARCH: Final = (
    # EX-8 and the identity cases: one spelling for all the ways of writing the same word
    ("علي", "علی"),
    ("أحمد", "احمد"),
    ("فاطمة", "فاطمه"),
    ("عبد الله", "عبدالله"),
    ("مـحـمـد", "محمد"),
    ("٠١٠۲", "0102"),
    ("کتاب", "كتاب"),
    ("علـــی", "علی"),
    ("۱۲۳", "123"),
    ("١٢٣", "۱۲۳"),
    ("straße", "strasse"),
    ("José", "Jose\u0301"),
    ("na\u00a0me", "na me"),
    ("Müller-Lüdenscheidt", "muller ludenscheidt"),
)

DIFFERENT_IN_SEARCH: Final = (("محمد", "محمود"), ("admin", "аdmin"), ("Ali", "Alia"))

REFUSED: Final = ("a\0b", "\0", "\ud800", "a\udfffb")

Add = Callable[[UnitOfWork, str], Any]
PLACES: Final[dict[str, Add]] = {
    "a field": lambda work, text: work.customers.add(Person(text)),
    "a part": lambda work, text: work.customers.add(Person("p", emails=[text])),
    "a set": lambda work, text: work.customers.add(Person("p", tags=frozenset((text,)))),
    "a facet": lambda work, text: work.customers.add(Person("p").with_facets(Profile(motto=text))),
    "JSON": lambda work, text: work[Sample].add(plain_sample("s", data={"k": [text]})),
    "a key of JSON": lambda work, text: work[Sample].add(plain_sample("s", data={text: 1})),
    "the envelope": lambda work, text: work.customers.add(Person("p", source=text, external_id="1")),
}


class TextContract(StorageCase):
    """Texts are kept verbatim in any script."""

    def test_texts_are_kept_and_told_apart(self, crm: Crm) -> None:
        """A text would be trimmed, folded or normalised in the store, or `=` would take two spellings for one."""
        with crm.work("sara") as work:
            ids = {text: work.customers.add(Person(text, note=text)).id for text in DISTINCT}
        with crm.work("sara") as work:
            assert {text: work.customers.get(id).note for text, id in ids.items()} == {t: t for t in DISTINCT}
            for text, id in ids.items():
                quoted = text.replace('"', '""')
                assert [c.id for c in work.customers.query(f'name = "{quoted}"').items] == [id], text
                assert work.customers.count(f'name != "{quoted}"') == len(DISTINCT) - 1

    @pytest.mark.parametrize(("stored", "asked"), [*SAME_IN_SEARCH, *((b, a) for a, b in SAME_IN_SEARCH)])
    def test_spellings_are_found(self, crm: Crm, stored: str, asked: str) -> None:
        """A name would not be found by another way of writing it."""
        with crm.work("sara") as work:
            id = work.customers.add(Person(stored)).id
        with crm.work("sara") as work:
            assert work.customers.count(f'name ~ "{asked}"') == 1
            assert [(hit.id, hit.score) for hit in search(work, asked)] == [(id, 1.0)]
            assert work.customers.count(f'name = "{asked}"') == 0

    @pytest.mark.parametrize(("stored", "asked"), DIFFERENT_IN_SEARCH)
    def test_other_names_are_no_exact_hits(self, crm: Crm, stored: str, asked: str) -> None:
        """Names of two people would be taken for one."""
        with crm.work("sara") as work:
            work.customers.add(Person(stored))
            assert fold(stored) != fold(asked)
            assert work.customers.count(f'name ~ "{asked}"') == 0
            assert search(work, asked) == []

    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize("text", REFUSED, ids=["nul", "only-nul", "surrogate", "inner-surrogate"])
    def test_what_some_database_cannot_hold_is_refused(self, crm: Crm, place: str, text: str) -> None:
        """DBP-06: one storage would take what another refuses, or cut it at the NUL."""
        with crm.work("sara") as work:
            with pytest.raises(InvalidRecord):
                PLACES[place](work, text)
            assert (work.customers.count(), work[Sample].count()) == (0, 0)


class ExactnessContract(StorageCase):
    """Numbers and moments keep every digit."""

    def test_microseconds_are_kept(self, crm: Crm) -> None:
        """TIM-01: moments would be rounded, and two that differ by a microsecond would be one."""
        moments = [NOON, NOON + dt.timedelta(microseconds=1), NOON - dt.timedelta(microseconds=1)]
        with crm.work("sara") as work:
            ids = [work[Sample].add(Sample("s", at)).id for at in moments]
        with crm.work("sara") as work:
            assert [work[Sample].get(id).taken_at for id in ids] == moments
            assert [s.id for s in work[Sample].query("taken_at < 2025-01-15T12:00Z").items] == [ids[2]]
            assert [s.id for s in work[Sample].query(sort="-taken_at").items] == [ids[1], ids[0], ids[2]]

    def test_zones_are_brought_to_utc(self, crm: Crm) -> None:
        """A moment given in a zone would be stored by the face of its clock; one without a zone would be guessed."""
        tehran = dt.timezone(dt.timedelta(hours=3, minutes=30))
        with crm.work("sara") as work:
            id = work[Sample].add(Sample("s", NOON.astimezone(tehran))).id
            outside = (
                NOON.replace(tzinfo=None),
                dt.datetime(1, 1, 1, tzinfo=tehran),
                dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(dt.timedelta(hours=-2))),
            )
            for bad in outside:
                with pytest.raises(InvalidRecord):
                    work[Sample].add(Sample("bad", bad))
        with crm.work("sara") as work:
            stored = work[Sample].get(id).taken_at
            assert (stored, stored.utcoffset()) == (NOON, dt.timedelta())
            assert work[Sample].count("taken_at = 2025-01-15T15:30+03:30") == 1

    def test_decimals_are_exact_at_full_scale(self, crm: Crm) -> None:
        """Amounts would go through binary fractions, or be rounded where they should be refused."""
        values = [Decimal("0.000001"), Decimal("-0.000001"), Decimal("999999999999.999999"), Decimal("0.1"), Decimal(0)]
        with crm.work("sara") as work:
            ids = [work[Sample].add(plain_sample("s", ratio=v, price=Money("0.0001", "EUR"))).id for v in values]
            for bad in (Decimal("0.0000001"), Decimal(10) ** 12, Decimal("NaN"), Decimal("Infinity"), 0.5):
                with pytest.raises(InvalidRecord):
                    work[Sample].add(plain_sample("s", ratio=bad))
        with crm.work("sara") as work:
            assert [work[Sample].get(id).ratio for id in ids] == values
            assert {work[Sample].get(id).price for id in ids} == {Money("0.0001", "EUR")}
            for id, value in zip(ids, values, strict=True):
                assert [s.id for s in work[Sample].query(f"ratio = {value:f}").items] == [id]

    def test_integers_have_64_bits(self, crm: Crm) -> None:
        """Large numbers would lose their last digits, or wrap."""
        values = [2**63 - 1, -(2**63), 2**53 + 1, 0]
        with crm.work("sara") as work:
            ids: list[UUID] = [work[Sample].add(plain_sample("s", number=value)).id for value in values]
            for bad in (2**63, -(2**63) - 1, True, 1.0):
                with pytest.raises(InvalidRecord):
                    work[Sample].add(plain_sample("s", number=bad))
        with crm.work("sara") as work:
            assert [work[Sample].get(id).number for id in ids] == values
            for id, value in zip(ids, values, strict=True):
                assert [s.id for s in work[Sample].query(f"number = {value}").items] == [id]
            assert work[Sample].count("number > 9007199254740992") == 2
