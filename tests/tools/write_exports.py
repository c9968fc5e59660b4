"""Write the lists in ``customer_accounts/__init__.py`` from its imports.

A new export is one import in the block for type checkers; ``make exports`` writes it into ``__all__`` and into the
table of homes.  Two branches that add exports meet in the imports only: keep both, run it again.
"""

import ast
from pathlib import Path

TARGET = Path(__file__).parents[2] / "src/customer_accounts/__init__.py"
_PACKAGE = "customer_accounts."


def written(source: str) -> str:
    """Give the source with both lists made anew."""
    tree = ast.parse(source)
    homes = dict(sorted(_homes(tree), key=lambda pair: (pair[0][0].islower(), pair[0])))
    lists = {
        "__all__": ["__all__ = [", *(f'    "{name}",' for name in homes), "]"],
        "_HOMES": ["_HOMES = {", *(f'    "{name}": "{home}",' for name, home in homes.items()), "}"],
    }
    lines = source.splitlines()
    for node in reversed(tree.body):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.end_lineno:
            lines[node.lineno - 1 : node.end_lineno] = lists[node.targets[0].id]
    return "\n".join(lines) + "\n"


def _homes(tree: ast.Module) -> list[tuple[str, str]]:
    """Give each name that the block for type checkers imports, with its module below the package."""
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return [
        (alias.name, node.module.removeprefix(_PACKAGE))
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]


if __name__ == "__main__":
    TARGET.write_text(written(TARGET.read_text("utf-8")), "utf-8")
