"""What scenarios/ and tests/ share: the pytest plugin and the profiles of Hypothesis. Nothing else belongs here."""

from hypothesis import settings

pytest_plugins = ["cmgsim.testing.plugin", "pytester"]

# `ci` draws the same examples every time; `--hypothesis-profile=dev` looks for new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("dev", deadline=None, max_examples=500, print_blob=True)
settings.load_profile("ci")
