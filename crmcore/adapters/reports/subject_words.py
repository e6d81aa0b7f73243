"""The words of a subject's page, and names of fields that nobody gives a label, in English, Persian and Arabic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RIGHT_TO_LEFT: Final = frozenset({"fa", "ar"})
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "title": {"en": "What is kept about", "fa": "آنچه نگه‌داری می‌شود دربارهٔ", "ar": "ما يُحفظ عن"},
    "contents": {"en": "Contents", "fa": "فهرست", "ar": "المحتويات"},
    "subject": {"en": "Id of the person", "fa": "شناسهٔ شخص", "ar": "معرّف الشخص"},
    "persons": {"en": "Ids, merged ones too", "fa": "شناسه‌ها، با ادغام‌شده‌ها", "ar": "المعرّفات مع المدمجة"},
    "at": {"en": "At", "fa": "زمان", "ar": "الوقت"},
    "by": {"en": "Handed out by", "fa": "تحویل‌دهنده", "ar": "سلّمها"},
    "mentions": {"en": "Mentioned in", "fa": "نام‌برده در", "ar": "مذكور في"},
    "history": {"en": "History", "fa": "تاریخچه", "ar": "السجل"},
    "merges": {"en": "Merges", "fa": "ادغام‌ها", "ar": "عمليات الدمج"},
    "retired": {"en": "Of a retired plugin", "fa": "از افزونهٔ کنارگذاشته", "ar": "من إضافة متقاعدة"},
    "figures": {"en": "Figures", "fa": "ارقام", "ar": "الأرقام"},
    "plugins": {"en": "Of plugins", "fa": "از افزونه‌ها", "ar": "من الإضافات"},
    "withheld": {"en": "Withheld", "fa": "ارائه‌نشده", "ar": "محجوب"},
    "nothing": {"en": "Nothing", "fa": "هیچ", "ar": "لا شيء"},
    "actor": {"en": "By", "fa": "توسط", "ar": "بواسطة"},
    "operation": {"en": "What was done", "fa": "کار انجام‌شده", "ar": "العملية"},
    "record": {"en": "Record", "fa": "رکورد", "ar": "السجل المعني"},
    "field": {"en": "Field", "fa": "فیلد", "ar": "الحقل"},
    "before": {"en": "Before", "fa": "پیش از آن", "ar": "قبل"},
    "after": {"en": "After", "fa": "پس از آن", "ar": "بعد"},
    "yes": {"en": "yes", "fa": "بله", "ar": "نعم"},
    "no": {"en": "no", "fa": "خیر", "ar": "لا"},
}
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "id": {"en": "Id", "fa": "شناسه", "ar": "المعرّف"},
    "version": {"en": "Version", "fa": "نسخه", "ar": "الإصدار"},
    "source": {"en": "Source", "fa": "منبع", "ar": "المصدر"},
    "external_id": {"en": "Id in the source", "fa": "شناسه در منبع", "ar": "المعرّف في المصدر"},
    "created_at": {"en": "Created", "fa": "زمان ایجاد", "ar": "وقت الإنشاء"},
    "changed_at": {"en": "Changed", "fa": "زمان تغییر", "ar": "وقت التغيير"},
}


def word(name: str, language: str) -> str:
    """A word of the page in a language that it has."""
    return WORDS[name][language]


def called(name: str, label: Mapping[str, str], language: str) -> str:
    """What people call a field or a record type: by its label, else in English, else by its name with blanks."""
    known = label or NAMES.get(name, {})
    return known.get(language) or known.get("en") or name.replace("_", " ").replace(".", " ").capitalize()
