"""How the guide is built: ``make docs``."""

from __future__ import annotations

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

project = _project["name"]
release = _project["version"]
copyright = "the authors of tornado-state"
html_show_copyright = False
extensions = ["sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": _project["description"], "page_width": "76rem"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}

# In docstrings `Name` is code of this library.
default_role = "py:obj"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
