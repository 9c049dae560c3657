"""Django's cached sessions on memcached, with its authentication, as in its documentation."""

import json
import os
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="django-insecure-for-trials-only-9f3b1c7e2a",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(os.environ["FOLDER"], "accounts.sqlite3"),
        }
    },
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
            "LOCATION": os.environ["MEMCACHED"],
        }
    },
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    SESSION_COOKIE_AGE=int(os.environ.get("IDLE_TIMEOUT", "1800")),
    SESSION_SAVE_EVERY_REQUEST=True,
)
django.setup()

from django.contrib.auth import (  # noqa: E402
    authenticate,
    get_user_model,
    login,
    logout,
    update_session_auth_hash,
)
from django.core.management import call_command, execute_from_command_line  # noqa: E402
from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import ensure_csrf_cookie  # noqa: E402


@ensure_csrf_cookie
def home(request):
    return HttpResponse("here")


def register(request):
    body = json.loads(request.body)
    get_user_model().objects.create_user(body["username"], "", body["password"])
    return HttpResponse(status=201)


def sign_in(request):
    user = authenticate(request, **json.loads(request.body))
    if user is None:
        return HttpResponse(status=401)
    login(request, user)
    return redirect("/me")


def sign_out(request):
    logout(request)
    return redirect("/me")


def me(request):
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    return JsonResponse({"username": request.user.get_username()})


def password(request):
    body = json.loads(request.body)
    user = request.user
    if not user.is_authenticated or not user.check_password(body["current"]):
        return HttpResponse(status=401)
    user.set_password(body["new"])
    user.save()
    update_session_auth_hash(request, user)
    return HttpResponse(status=204)


def notes(request):
    if request.method == "POST":
        body = json.loads(request.body)
        kept = request.session.get("notes", {}) | {body["name"]: body["text"]}
        request.session["notes"] = kept
    return JsonResponse(request.session.get("notes", {}))


urlpatterns = [
    path("", home),
    path("register", register),
    path("login", sign_in),
    path("logout", sign_out),
    path("me", me),
    path("password", password),
    path("notes", notes),
]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    execute_from_command_line(
        [sys.argv[0], "runserver", "--noreload", f"127.0.0.1:{os.environ['PORT']}"]
    )
