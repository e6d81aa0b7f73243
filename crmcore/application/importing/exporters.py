"""The header rows of programs that people export their contacts from.

A file is recognised by columns that no other program writes. Of the columns of that program those that mean nothing
here (how a name is spoken, the hobby, whether an address is private) are left out on purpose, and a report lists them.
The rows are those that Google Contacts (2024, and before), Google in Outlook's form, Outlook.com and Pipedrive write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import attrs

from crmcore.application.importing.headers import plain_header

__all__ = ["columns_of_exporter"]


@attrs.frozen
class Exporter:
    """A program: the columns that tell it, all of which it always writes, and all that it may write."""

    name: str
    told_by: str
    columns: str


EXPORTERS: Final = (
    Exporter(
        "Google Contacts",
        "Phonetic First Name, Phonetic Last Name, File As, Labels",
        "First Name, Middle Name, Last Name, Phonetic First Name, Phonetic Middle Name, Phonetic Last Name, "
        "Name Prefix, Name Suffix, Nickname, File As, Organization Name, Organization Title, "
        "Organization Department, Birthday, Notes, Photo, Labels, E-mail # - Label, Phone # - Label, "
        "Address # - Label, Address # - Formatted, Address # - Street, Address # - City, Address # - PO Box, "
        "Address # - Region, Address # - Postal Code, Address # - Country, Address # - Extended Address, "
        "Website # - Label, Event # - Label, Event # - Value, Relation # - Label, Relation # - Value, "
        "Custom Field # - Label, Custom Field # - Value",
    ),
    Exporter(
        "Google Contacts before 2024",
        "Yomi Name, Given Name Yomi, Family Name Yomi, Group Membership",
        "Name, Given Name, Additional Name, Family Name, Yomi Name, Given Name Yomi, Additional Name Yomi, "
        "Family Name Yomi, Name Prefix, Name Suffix, Initials, Nickname, Short Name, Maiden Name, Birthday, "
        "Gender, Location, Billing Information, Directory Server, Mileage, Occupation, Hobby, Sensitivity, "
        "Priority, Subject, Notes, Language, Photo, Group Membership, E-mail # - Type, Phone # - Type, "
        "Address # - Type, Address # - Formatted, Address # - Street, Address # - City, Address # - PO Box, "
        "Address # - Region, Address # - Postal Code, Address # - Country, Address # - Extended Address, "
        "Organization # - Type, Organization # - Name, Organization # - Yomi Name, Organization # - Title, "
        "Organization # - Department, Organization # - Symbol, Organization # - Location, "
        "Organization # - Job Description, Website # - Type, Relation # - Type, Relation # - Value, "
        "Event # - Type, Event # - Value, Custom Field # - Type, Custom Field # - Value",
    ),
    Exporter(
        "Google Contacts in Outlook's form",
        "Internet Free Busy, E-mail 2 Address, Organizational ID Number, Directory Server",
        "First Name, Middle Name, Last Name, Title, Suffix, Initials, Anniversary, Location, Internet Free Busy, "
        "Pager, Home Address, Home Street, Home Street #, Home Address PO Box, Home City, Home State, "
        "Home Postal Code, Home Country, Spouse, Children, Manager's Name, Assistant's Name, Referred By, "
        "Assistant's Phone, Department, Office Location, Organizational ID Number, Profession, Account, "
        "Business Address, Business Street, Business Street #, Business Address PO Box, Business City, "
        "Business State, Business Postal Code, Business Country, Other Address, Other Street, Other Street #, "
        "Other Address PO Box, Other City, Other State, Other Postal Code, Other Country, ISDN, TTY/TDD Phone, "
        "Telex, User #, Mileage, Hobby, Billing Information, Directory Server, Sensitivity, Priority, Private",
    ),
    Exporter(
        "Outlook.com",
        "Given Yomi, Surname Yomi, IMAddress, E-mail 2 Address",
        "First Name, Middle Name, Last Name, Title, Suffix, Given Yomi, Surname Yomi, Pager, Telex, "
        "TTY/TDD Phone, IMAddress, Department, Office Location, Manager's Name, Assistant's Name, "
        "Assistant's Phone, Company Yomi, Business Street, Business City, Business State, Business Postal Code, "
        "Business Country/Region, Home Street, Home City, Home State, Home Postal Code, Home Country/Region, "
        "Other Street, Other City, Other State, Other Postal Code, Other Country/Region, Spouse, Schools, Hobby, "
        "Location, Anniversary",
    ),
    Exporter(
        "Pipedrive",
        "Person - Name*, Organization - Name*, Deal - Title",
        "Person - Name*, Person - First name, Person - Last name, Person - Phone, Person - Email (Work), "
        "Person - Email (Home), Organization - Name*, Organization - Address, Deal - Title, Deal - Value, "
        "Activity - Subject*, Activity - Due date, Note - Content*, Product - Name*, Product - Product Code, "
        "Product - Unit, Product - Price, Product - Currency",
    ),
)


def columns_of_exporter(header: Sequence[str]) -> frozenset[str]:
    """The columns of a file's header that are those of the program that wrote it; none if it is not recognised."""
    given = {column: _numberless(column) for column in header}
    known: set[str] = set()
    for told_by, columns in _rows():
        if told_by <= set(given.values()):
            known |= columns
    return frozenset(column for column, plain in given.items() if plain in known)


@lru_cache(maxsize=1)
def _rows() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    return tuple((_plain(each.told_by), _plain(each.columns)) for each in EXPORTERS)


def _plain(columns: str) -> frozenset[str]:
    return frozenset(_numberless(column.replace("#", "0")) for column in columns.split(", "))


def _numberless(header: str) -> str:
    return re.sub(r"[0-9]+", "0", plain_header(header))
