"""What people call the fields of a customer, in English, Persian and Arabic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["LABELS"]

LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": {"en": "Kind", "fa": "نوع", "ar": "النوع"},
    "name": {"en": "Name", "fa": "نام", "ar": "الاسم"},
    "given_name": {"en": "Given name", "fa": "نام کوچک", "ar": "الاسم الأول"},
    "family_name": {"en": "Family name", "fa": "نام خانوادگی", "ar": "اسم العائلة"},
    "employer": {"en": "Employer", "fa": "شرکت", "ar": "الشركة"},
    "job_title": {"en": "Job title", "fa": "سمت", "ar": "المسمى الوظيفي"},
    "language": {"en": "Language", "fa": "زبان", "ar": "اللغة"},
    "birth_date": {"en": "Birth date", "fa": "تاریخ تولد", "ar": "تاريخ الميلاد"},
    "gender": {"en": "Gender", "fa": "جنسیت", "ar": "الجنس"},
    "owner": {"en": "Owner", "fa": "مسئول", "ar": "المسؤول"},
    "lead_source": {"en": "Lead source", "fa": "منبع آشنایی", "ar": "مصدر العميل"},
    "tags": {"en": "Tags", "fa": "برچسب‌ها", "ar": "الوسوم"},
    "note": {"en": "Note", "fa": "یادداشت", "ar": "ملاحظات"},
    "merged_into": {"en": "Merged into", "fa": "ادغام شده در", "ar": "مدمج في"},
    "erased_at": {"en": "Erased", "fa": "پاک شده در", "ar": "تاريخ المحو"},
    "archived": {"en": "Archived", "fa": "بایگانی", "ar": "مؤرشف"},
    "email": {"en": "E-mail", "fa": "ایمیل", "ar": "البريد الإلكتروني"},
    "phone": {"en": "Phone", "fa": "تلفن", "ar": "الهاتف"},
    "fax": {"en": "Fax", "fa": "نمابر", "ar": "الفاكس"},
    "website": {"en": "Website", "fa": "وب‌سایت", "ar": "الموقع"},
    "street": {"en": "Street", "fa": "نشانی", "ar": "العنوان"},
    "city": {"en": "City", "fa": "شهر", "ar": "المدينة"},
    "region": {"en": "Region", "fa": "استان", "ar": "المحافظة"},
    "postal_code": {"en": "Postal code", "fa": "کد پستی", "ar": "الرمز البريدي"},
    "country": {"en": "Country", "fa": "کشور", "ar": "الدولة"},
    "roles": {"en": "Roles", "fa": "نقش‌ها", "ar": "الأدوار"},
    "alternative_names": {"en": "Other names", "fa": "نام‌های دیگر", "ar": "أسماء أخرى"},
}
