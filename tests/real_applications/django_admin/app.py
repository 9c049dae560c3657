"""Django's admin as its tutorial sets it up, with one superuser: ``FOLDER PORT``."""

import os
import sys

import django
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.urls import path

folder, port = sys.argv[1:]
settings.configure(
    DEBUG=True,
    SECRET_KEY="only for trials, only on this machine",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    SESSION_COOKIE_AGE=int(os.environ.get("IDLE", "1209600")),
    SESSION_SAVE_EVERY_REQUEST="IDLE" in os.environ,
    INSTALLED_APPS=[
        f"django.contrib.{name}"
        for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/db"}},
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
urlpatterns = [path("admin/", admin.site.urls)]

if __name__ == "__main__":
    from django.contrib.auth.models import User

    call_command("migrate", verbosity=0)
    User.objects.create_superuser("ann", "ann@post.example", "violet-otter-91")
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, skip_checks=True)
