"""The guide's tests for pytest, run as they stand."""

from examples.testing_awaits import app, test_signing_in_and_out, test_somebody_signed_in

__all__ = ["app", "test_signing_in_and_out", "test_somebody_signed_in"]
