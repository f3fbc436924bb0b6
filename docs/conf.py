"""How the manual is built: Markdown through MyST, the furo theme, no outside fonts or scripts."""

import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]

project = "cmgsim"
author = "cmgsim contributors"
copyright = "2026, cmgsim contributors"
release = version = PROJECT["version"]

extensions = ["myst_parser"]
exclude_patterns = ["_build", "changelog.d", "examples"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
html_title = f"cmgsim {release}"
html_copy_source = False
html_show_sourcelink = False
