"""The fixture is there with no line in a conftest."""

from pathlib import Path

from the_site import make_app


def test_session_handling(check_sessions):
    check_sessions(make_app, Path(__file__).with_name("site.toml"), known={"revocation"})
