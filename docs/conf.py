"""How the documentation is built: ``sphinx-build -n -W -b html docs docs/_build/html``."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "customer_accounts"
author = "The customer_accounts authors"
release = version = installed("customer-accounts")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "generated",
    "readable_api",
]
exclude_patterns = ["_build", "_ext", "_data"]
templates_path: list[str] = []

# The docstrings name things in single backticks; a name is shown as code, and pages link where it helps.
default_role = "code"
nitpicky = True
# Nothing is fetched while building, so what other projects define is no link.  Our own names are either documented
# or aliases of field types, which `readable_api` prints as they are written.
nitpick_ignore = [
    # What the steps of a runner share, and how a VAT decision remembers its row: nothing that a host touches.
    ("py:class", "customer_accounts.accounts.steps.Surroundings"),
    ("py:class", "customer_accounts.vat.outcome.Outcome"),
    ("py:class", "customer_accounts.adapters.sql.joining.HasConnection"),
    ("py:class", "customer_accounts.adapters.sql.joining.DjangoConnection"),
    ("py:class", "customer_accounts.adapters.vies_transport.Transport"),
]
nitpick_ignore_regex = [
    (r"py:.*", r"(?!customer_accounts).*"),
    (r"py:.*", r"customer_accounts\.(.*\.)?(R|R_co|A|A_contra|S|_.*)"),
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_attr_annotations = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings: list[str] = []

html_theme = "furo"
html_title = "Customer accounts"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
