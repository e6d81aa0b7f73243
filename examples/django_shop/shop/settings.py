"""Django's settings. One address, SHOP_DATABASE, for Django and the CRM alike."""

import os
from pathlib import Path

from sqlalchemy import make_url

CRM_DATABASE = os.environ.get("SHOP_DATABASE", f"sqlite:///{Path.cwd() / 'shop.db'}")
_URL = make_url(CRM_DATABASE)
_KIND = _URL.get_backend_name()
_ENGINES = {"sqlite": "sqlite3", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}

if _ENGINES[_KIND] == "mysql":
    import pymysql

    pymysql.install_as_MySQLdb()

DATABASES = {
    "default": {
        "ENGINE": f"django.db.backends.{_ENGINES[_KIND]}",
        "NAME": _URL.database,
        "USER": _URL.username or "",
        "PASSWORD": _URL.password or "",
        "HOST": _URL.host or "",
        "PORT": _URL.port or "",
        # On SQLite a transaction that will write says so at once, or it may find that it came too late.
        "OPTIONS": {"transaction_mode": "IMMEDIATE"} if _KIND == "sqlite" else dict(_URL.query),
    }
}

SECRET_KEY = os.environ.get("SHOP_SECRET", "only for trying it out")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "shop.views"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
