"""Names in several scripts, each with the spelling that its bearer uses in an e-mail address."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen
class Script:
    """Given and family names of one region as (name, Latin spelling); `code` dials its telephones."""

    language: str
    code: str
    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]
    company: str


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for pair in text.split(", "):
        name, _, latin = pair.partition("/")
        found.append((name, latin or name.lower()))
    return tuple(found)


SCRIPTS: Final = (
    Script(
        "en",
        "+44",
        _pairs("Olivia, George, Amelia, Harry, Isla, Noah, Ava, Oscar, Mary Ann/maryann, Jean-Luc/jeanluc"),
        _pairs("Smith, Jones, Taylor, O'Brien/obrien, Davies, Evans, Wilson, Clarke, Hughes, Walker"),
        "{} & Sons Ltd",
    ),
    Script(
        "de",
        "+49",
        _pairs("Jürgen/juergen, Käthe/kaethe, Björn/bjoern, Zoë/zoe, François/francois, Inês/ines, Łukasz/lukasz"),
        _pairs("Müller/mueller, Groß/gross, Schröder/schroeder, Núñez/nunez, Çelik/celik, Østergård/ostergard"),
        "{} GmbH",
    ),
    Script(
        "fa",
        "+98",
        _pairs(
            "لیلا/leila, علی/ali, مریم/maryam, رضا/reza, زهرا/zahra, محمدرضا/mohammadreza, کیان/kian, نازنین/nazanin"
        ),
        _pairs("حسینی/hosseini, رضایی/rezaei, کریمی/karimi, یوسفی/yousefi, گل‌محمدی/golmohammadi, پورعلی/pourali"),
        "شرکت {}",
    ),
    Script(
        "ar",
        "+20",
        _pairs("محمّد/mohammed, فاطمة/fatima, أحمد/ahmed, عبد الله/abdullah, نور/nour, هدى/huda, إبراهيم/ibrahim"),
        _pairs("الحُسيني/alhusseini, المصري/almasri, بن سعيد/binsaid, الخطيب/alkhatib, منصور/mansour"),
        "مؤسسة {}",
    ),
    Script(
        "ru",
        "+7",
        _pairs("Анна/anna, Дмитрий/dmitri, Ольга/olga, Сергей/sergei, Наталья/natalia, Алёна/alyona"),
        _pairs("Иванова/ivanova, Смирнов/smirnov, Кузнецов/kuznetsov, Щербаков/shcherbakov, Попова/popova"),
        "ООО {}",
    ),
    Script(
        "zh",
        "+86",
        _pairs("伟/wei, 芳/fang, 秀英/xiuying, 敏/min, 静/jing, 建国/jianguo"),
        _pairs("王/wang, 李/li, 张/zhang, 刘/liu, 陈/chen, 欧阳/ouyang"),
        "{}有限公司",
    ),
    Script(
        "hi",
        "+91",
        _pairs("प्रिया/priya, राहुल/rahul, अनिता/anita, विजय/vijay, सुनीता/sunita"),
        _pairs("शर्मा/sharma, सिंह/singh, गुप्ता/gupta, पटेल/patel, वर्मा/verma"),
        "{} एंड कंपनी",
    ),
)
