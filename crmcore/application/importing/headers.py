"""Headers of common exports, and the fields that they mean.

Headers compare by their fold without blanks, so that "E-mail Address", "email_address" and "EMAIL ADDRESS" are one;
"#" stands for a number. They were taken from files as Google Contacts, Outlook, HubSpot, Salesforce, Pipedrive, Zoho
and web shops write them, and from how people name such columns in English, Persian and Arabic. A header that means
different things in different programs ("Title") is not listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import attrs

from crmcore.domain.fold import fold

GOOGLE_MARK: Final = ":::"
"""What Google Contacts writes between several values of one cell."""

_ANY: Final = {"external_id": "External ID, Record ID", "tags": "Labels, Categories, Keywords, برچسب, برچسب‌ها"}

_KNOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "customer": {
        "name": "Full Name, Display Name, Contact Name, Customer Name, Client Name, Person - Name, Person Name, نام, "
        "نام و نام خانوادگی, نام کامل, الاسم, الاسم الكامل",
        "given_name": "First Name, Forename, Person - First name, نام کوچک, الاسم الأول",
        "family_name": "Last Name, Surname, Person - Last name, نام خانوادگی, اسم العائلة",
        "employer": "Company, Company Name, Associated Company, Organization, Organisation, Organization Name, "
        "Organization # - Name, Organization - Name, Account Name, شرکت, الشركة",
        "job_title": "Organization Title, Organization # - Title, Position, سمت, عنوان شغلی, المسمى الوظيفي",
        "email": "E-mail, Mail, Email Address, E-mail Address, E-mail # Address, E-mail # - Value, Email #, "
        "Primary Email, Secondary Email, Work Email, Personal Email, Other Email, Person - Email, "
        "Person - Email (Work), Person - Email (Home), ایمیل, پست الکترونیکی, رایانامه, البريد الإلكتروني",
        "phone": "Phone Number, Telephone, Telephone Number, Tel, Mobile, Mobile Phone, Mobile Number, "
        "Mobile Phone Number, Cell, Cell Phone, Primary Phone, Home Phone, Home Phone #, Work Phone, Business Phone, "
        "Business Phone #, Company Main Phone, Other Phone, Car Phone, Radio Phone, Callback, "
        "Phone # - Value, Person - Phone, تلفن, شماره تلفن, موبایل, "
        "تلفن همراه, شماره موبایل, الهاتف, رقم الهاتف, الجوال, رقم الجوال",
        "fax": "Fax Number, Home Fax, Business Fax, Other Fax, فکس, نمابر, الفاكس",
        "website": "Web Site, Web Page, Website URL, Homepage, Personal Web Page, Website # - Value, وب‌سایت, الموقع",
        "birth_date": "Birthday, Birthdate, Date of Birth, DOB, تاریخ تولد, تاريخ الميلاد",
        "gender": "Sex, جنسیت, الجنس",
        "language": "Preferred Language, زبان, اللغة",
        "note": "Notes, Comment, Comments, Remarks, Note - Content, یادداشت, توضیحات, ملاحظات",
        "tags": "Group Membership",
        "owner": "Contact Owner, Account Owner, Lead Owner, Account Manager, Sales Rep, Sales Agent",
        "lead_source": "Original Source",
        "alternative_names": "Nickname, Maiden Name",
        "external_id": "Customer ID, Contact ID, Client ID, Account ID, Lead ID, Person ID",
    },
    "opportunity": {
        "name": "Deal - Title, Deal Name, Deal Title, Opportunity Name, Title",
        "customer": "Organization - Name, Person - Name, Account Name, Customer Name, Company, Client",
        "stage": "Deal - Stage, Deal Stage, Sales Stage",
        "status": "Deal - Status, Deal Status",
        "amount": "Deal - Value, Deal Value, Deal Amount, Opportunity Amount",
        "expected_close": "Deal - Expected close date, Expected Close Date, Close Date",
        "owner": "Deal - Owner, Deal Owner, Opportunity Owner, Sales Rep, Sales Agent",
        "note": "Note - Content, Notes",
        "external_id": "Deal - ID, Deal ID, Opportunity ID",
    },
    "user": {
        "name": "Full Name, User Name, Agent, Sales Agent, Employee, Employee Name",
        "email": "E-mail, Email Address, E-mail Address, Work Email",
        "manager": "Reports To, Manager's Name, Supervisor",
        "team": "Department, Regional Office",
        "active": "Is Active",
        "external_id": "User ID, Employee ID",
    },
    "product": {
        "code": "SKU, Product Code, Product - Product Code, Item Code, Stock Code, Part Number, Variant SKU",
        "name": "Product, Product Name, Product - Name, Item, Item Name",
        "category": "Product Category, Product Type, Series",
        "price": "List Price, Sales Price, Unit Price, Product - Price, Variant Price",
        "external_id": "Product ID, Item ID",
    },
    "order": {
        "customer": "Customer ID, Customer Name, Customer Email, Client, Account, مشتری, العميل",
        "ordered_at": "Order Date, Purchase Date, Invoice Date, Date, تاریخ, التاريخ",
        "status": "Order Status",
        "total": "Order Total, Total Amount, Grand Total, Amount, مبلغ, المبلغ",
        "product": "Product ID, Product Code, Product Name, SKU, Stock Code, Item, Lineitem SKU",
        "quantity": "Qty, Units, Lineitem Quantity, تعداد, الكمية",
        "unit_price": "Price, Item Price, Lineitem Price",
        "external_id": "Order ID, Order Number, Order No, Invoice No, Invoice Number, Invoice ID",
    },
    "interaction": {
        "customer": "Contact, Customer ID, Customer Name, Customer Email, Client",
        "at": "Date, Time, Timestamp, Date and Time, Activity Date, Created At",
        "channel": "Type, Activity Type, Medium",
        "body": "Notes, Message, Text, Content",
        "outcome": "Result",
        "owner": "Assigned To, Agent, Sales Agent, User",
        "external_id": "Activity ID, Interaction ID, Message ID",
    },
    "relationship": {
        "from_customer": "From",
        "to_customer": "To",
        "kind": "Relationship, Relation, Type",
        "from_date": "Since, Start Date",
        "to_date": "Until, End Date",
        "share": "Ownership",
    },
}

_PLACES: Final = (
    "",
    "Address 1 - ",
    "Mailing ",
    "Home ",
    "Business ",
    "Work ",
    "Billing ",
    "Shipping ",
    "Other ",
    "Organization - ",
)
_IN_PLACE: Final = {
    "street": "Street, Street Address, Address, Address Line 1, نشانی, آدرس, العنوان",
    "city": "City, Town, شهر, المدينة",
    "region": "Region, State, Province, State/Region, State/Province, استان, المحافظة",
    "postal_code": "Postal Code, Postcode, Post Code, Zip, Zip Code, Zip/Postal Code, کد پستی, الرمز البريدي",
    "country": "Country, Country/Region, کشور, الدولة",
}
_GOOGLE: Final = ("E-mail # - Value", "Phone # - Value", "Website # - Value", "Labels", "Group Membership")


def plain_header(header: str) -> str:
    """A header as headers and names compare: folded, without blanks, marks and invisible characters."""
    return fold(header).replace(" ", "")


def split_mark(header: str) -> str | None:
    """What parts several values in the cells of this header, if its exporter is known to write them so."""
    return GOOGLE_MARK if _numberless(plain_header(header)) in _marked() else None


@attrs.frozen
class KnownHeader:
    """The field that a header means. Of several headers for one field that has room for one only, that of the lowest
    `rank` counts; the parts of an address all come from one `place` (0: the address, 3: that of the home, say)."""

    field: str
    rank: int = 0
    place: int | None = None


def known_header(record: str, header: str) -> KnownHeader | None:
    """What a header means for a record type; None if it is not known."""
    plain = plain_header(header)
    table = _table(record)
    return table.get(plain) or table.get(_numberless(plain))


@lru_cache(maxsize=32)
def _table(record: str) -> dict[str, KnownHeader]:
    table: dict[str, KnownHeader] = {}
    for known in (_ANY, _KNOWN.get(record, {})):
        for field, headers in known.items():
            table.update(_entries(field, headers))
    if record == "customer":
        for place, prefix in enumerate(_PLACES):
            for field, headers in _IN_PLACE.items():
                table.update(_entries(field, headers, place, prefix))
    return table


def _entries(field: str, headers: str, place: int | None = None, prefix: str = "") -> Iterator[tuple[str, KnownHeader]]:
    for rank, header in enumerate(headers.split(", ")):
        yield plain_header(prefix + header.replace("#", "0")), KnownHeader(field, rank, place)


@lru_cache(maxsize=1)
def _marked() -> frozenset[str]:
    return frozenset(plain_header(each.replace("#", "0")) for each in _GOOGLE)


def _numberless(plain: str) -> str:
    return re.sub(r"[0-9]+", "0", plain)
