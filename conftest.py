"""What the tests of the core and of every plugin share."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.databases"]

# Deadlines fail on a busy machine, not on a fault. CI draws the same examples every time.
settings.register_profile("default", deadline=None, max_examples=50)
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=100,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))
