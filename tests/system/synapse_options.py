"""Prints every option that the Synapse in this Python's path reads, a line each: its name, and its type where that can be told.

An option of a section stands behind the section's name and a dot. The type is that of the default, or of the parser
that Synapse hands the value to; an option without a line of its own for the type takes anything.
"""

import ast
import importlib.util
import pathlib
import re

PARSERS = {"parse_duration": "duration", "parse_size": "size", "path_exists": "text"}
# Read for no other reason than to refuse them.
REFUSED = {
    "invite_3pid_guest", "log_file", "trust_identity_server_for_password_resets", "worker_main_http_uri",
    "worker_replication_host", "worker_replication_http_port", "worker_replication_http_tls",
}
TYPES = {bool: "flag", int: "number", float: "number", str: "text"}


def literal(node):
    """The type of a default."""
    if isinstance(node, ast.Constant) and type(node.value) in TYPES:
        return TYPES[type(node.value)]
    if isinstance(node, (ast.List, ast.Tuple, ast.ListComp)):
        return "list"
    if isinstance(node, (ast.Dict, ast.DictComp)):
        return "mapping"
    return None


class Reader(ast.NodeVisitor):
    """Collects what a method that is handed the configuration reads from it."""

    def __init__(self, names, found):
        self.names, self.found = dict(names), found

    def option(self, node):
        """The path and the default of `config.get("x", default)` and `config["x"]`."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "setdefault"):
            where, arguments = node.func.value, node.args
        elif isinstance(node, ast.Subscript):
            where, arguments = node.value, [node.slice]
        else:
            return None
        if not isinstance(where, ast.Name) or where.id not in self.names or not arguments:
            return None
        if not isinstance(arguments[0], ast.Constant) or not isinstance(arguments[0].value, str):
            return None
        path = self.names[where.id] + (arguments[0].value,)
        return path, literal(arguments[1]) if len(arguments) > 1 else None

    def note(self, path, kind):
        self.found.setdefault(path, set()).add(kind)

    def visit_Assign(self, node):
        value = node.value
        if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
            value = value.values[0]
        option = self.option(value)
        if option and len(option[0]) < 3 and option[1] in (None, "mapping"):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self.names[target.id] = option[0]
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        first, rest = node.values[0], node.values[-1]
        option = self.option(first)
        if isinstance(node.op, ast.Or) and option and option[1] is None and literal(rest) in ("list", "mapping"):
            self.note(option[0], literal(rest))
        else:
            self.generic_visit(node)

    def visit_Call(self, node):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        option = self.option(node.args[0]) if node.args else None
        if option and name in PARSERS:
            self.note(option[0], PARSERS[name])
            return
        if name in PARSERS and node.args and isinstance(node.args[0], ast.Name) and self.names.get(node.args[0].id):
            self.note(self.names[node.args[0].id], PARSERS[name])
        option = self.option(node)
        if option:
            self.note(*option)
        else:
            self.handed(node, name)
        self.generic_visit(node)

    def handed(self, node, name):
        """Options whose names are handed to a function together with the configuration."""
        if not any(isinstance(it, ast.Name) and self.names.get(it.id) == () for it in node.args):
            return
        for it in node.args + [keyword.value for keyword in node.keywords]:
            if not isinstance(it, ast.Constant) or not re.fullmatch("[a-z0-9_]+([.][a-z_]+)?", str(it.value)):
                continue
            path = tuple(it.value.split("."))
            if name == "parse" and path[0].startswith("rc_"):
                self.note(path[:1], "mapping")
                for limit in ("per_second", "burst_count"):
                    self.note((*path, limit), "number")
            elif len(path) == 1:
                self.note(path, None)

    def visit_Subscript(self, node):
        option = self.option(node)
        if option and isinstance(node.ctx, ast.Load):
            self.note(*option)
        self.generic_visit(node)


def main():
    folder = pathlib.Path(importlib.util.find_spec("synapse").submodule_search_locations[0]) / "config"
    found = {}
    for file in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef):
                names = {it.arg: () for it in node.args.args if it.arg in ("config", "hs_config", "global_config")}
                if names:
                    Reader(names, found).visit(node)
    for path, kinds in sorted(found.items()):
        known = {kind for kind in kinds if kind}
        if path[0] not in REFUSED:
            print(".".join(path), *(known if len(known) == 1 else []))


main()
