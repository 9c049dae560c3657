"""Django under gunicorn: alone, or with its cached sessions, as in its documentation."""

import json
import os
from urllib.parse import urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path

BARE = json.loads(os.environ["CART"])
STORE = os.environ["STORE"]

settings.configure(
    SECRET_KEY="a secret of the measurement, 32 bytes or more, and no other",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"] if STORE else [],
    INSTALLED_APPS=["django.contrib.sessions"] if STORE else [],
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
            "LOCATION": urlsplit(STORE).netloc,
        }
    }
    if STORE
    else {},
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    SESSION_COOKIE_AGE=1800,
)


def bare(request):
    return JsonResponse(BARE)


def cart(request):
    kept = request.session.get("cart")
    if request.method == "PUT":
        request.session["cart"] = kept = json.loads(request.body)
    if kept is None:
        return HttpResponse(status=404)
    if request.method == "POST":
        line = kept["items"][0]
        line["quantity"] = line["quantity"] % 9 + 1
        request.session["cart"] = kept
    return JsonResponse(kept)


urlpatterns = [path("bare", bare), path("cart", cart)]
app = get_wsgi_application()
