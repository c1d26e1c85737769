"""Which files of a package some code depends on, found in its import statements without running it.

A name that the `__init__` of a package passes on counts as the module that defines it: code depends on the
modules that it uses, and not on all their neighbours. Whatever imports do not tell counts as used: the whole
package behind a module that imports by names in variables, and all of a package that is used as a value.
"""

import ast
import dataclasses
import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

# What a module names if it imports by names in variables.
IMPORTERS = frozenset({"import_module", "__import__", "spec_from_file_location", "entry_points"})
# What a module names if it reads files of the package.
READERS = frozenset({"resources", "__file__"})
# Endings of files of data, compressed ones among them.
DATA = frozenset({".csv", ".toml", ".json", ".gz"})


@dataclasses.dataclass(frozen=True)
class ImportFacts:
    """What the syntax of some code says of its imports.

    Attributes:
        names: Full names of all that it imports, with the attributes that it takes of them.
        imports_by_name: Whether it may import what no import statement names.
        reads_files: Whether it may read files of data.
    """

    names: frozenset[str]
    imports_by_name: bool
    reads_files: bool

    @classmethod
    def of(cls, tree: ast.AST) -> "ImportFacts":
        """Return what the syntax of some code says of its imports."""
        nodes = list(ast.walk(tree))
        imported = {own: full for node in nodes for own, full in _imported_by(node)}
        within = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        taken = {_dotted(node) for node in nodes if id(node) not in within}
        chains = {tuple(name.partition(".")) for name in taken if name}
        # `import a.b` loads the module a.b, whatever is taken of it, and defines the name a.
        loaded = {own for own in imported if "." in own}
        unread = (
            imported.keys() - {base for base, _, _ in chains} - {name.partition(".")[0] for name in loaded}
        )
        read = {imported[base] + dot + rest for base, dot, rest in chains if base in imported}
        mentioned = {part for name in taken | set(imported.values()) for part in name.split(".")}
        relative = any(isinstance(node, ast.ImportFrom) and node.level for node in nodes)
        return cls(
            frozenset(read | {imported[name] for name in unread}),
            relative or not mentioned.isdisjoint(IMPORTERS),
            not mentioned.isdisjoint(READERS),
        )


@dataclasses.dataclass(frozen=True)
class SourcePackage:
    """The source of a package whose `__init__` modules do nothing but pass names on.

    Attributes:
        root: Its folder, which has the name of the package.
    """

    root: Path

    def files_behind(self, code: Sequence[ast.stmt]) -> list[Path]:
        """Return the files of the package that code depends on, directly or through other modules.

        Args:
            code: Statements, with the import statements that they need.

        Returns:
            Modules, and all files of data if the code or one of the modules may read files.
        """
        facts = ImportFacts.of(ast.Module(list(code), []))
        found, waiting, reads = set[Path](), self._used(facts), facts.reads_files
        while waiting:
            path = waiting.pop()
            found.add(path)
            reads = reads or _facts_of(path).reads_files
            waiting |= (self._used(_facts_of(path)) | self._registering.get(path, set())) - found
        return sorted(found | set(self._data if reads else ()))

    @functools.cached_property
    def _modules(self) -> tuple[Path, ...]:
        return tuple(sorted(self.root.rglob("*.py")))

    @functools.cached_property
    def _data(self) -> tuple[Path, ...]:
        return tuple(sorted(path for path in self.root.rglob("*") if path.suffix in DATA))

    @functools.cached_property
    def _registering(self) -> Mapping[Path, set[Path]]:
        """For modules with functions that dispatch on a class, the modules that register other classes."""
        found = defaultdict(set)
        for path in self._modules:
            if b".register" in path.read_bytes():
                for name in _facts_of(path).names:
                    function, _, last = name.rpartition(".")
                    for home in self._homes(function) if last == "register" else ():
                        found[home].add(path)
        return found

    def _used(self, facts: ImportFacts) -> set[Path]:
        if facts.imports_by_name:
            return set(self._modules)
        return {path for name in facts.names for path in self._homes(name)}

    def _homes(self, name: str) -> Iterator[Path]:
        """Yield the module that defines a name; all modules of a package if the name is a package."""
        top, *parts = name.split(".")
        if top != self.root.name:
            return
        place = self.root
        for position, part in enumerate(parts):
            if (place / part / "__init__.py").is_file():
                place = place / part
                continue
            module, init = place / f"{part}.py", place / "__init__.py"
            passed_on = None if module.is_file() else _passed_on(init).get(part)
            if passed_on is None:
                yield module if module.is_file() else init
            else:
                yield from self._homes(".".join([passed_on, *parts[position + 1 :]]))
            return
        yield from place.rglob("*.py")


@functools.cache
def _facts_of(path: Path) -> ImportFacts:
    return ImportFacts.of(ast.parse(path.read_bytes()))


@functools.cache
def _passed_on(init: Path) -> Mapping[str, str]:
    """Return the names that an `__init__` imports from elsewhere, with their full names."""
    return {own: full for node in ast.walk(ast.parse(init.read_bytes())) for own, full in _imported_by(node)}


def _imported_by(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the names that an import statement defines, with their full names."""
    match node:
        case ast.ImportFrom(module=str(module), names=names):
            for alias in names:
                # A star may bring all of the module.
                yield alias.asname or alias.name, module if alias.name == "*" else f"{module}.{alias.name}"
        case ast.Import(names=names):
            for alias in names:
                yield alias.asname or alias.name, alias.name
                if not alias.asname:
                    top = alias.name.partition(".")[0]
                    yield top, top
        case _:
            pass


def _dotted(node: ast.AST) -> str:
    """Return a name with the attributes that are taken of it, "w2s.tasks.Task"; nothing for other code.

    Of an expression that is no name the attributes alone.
    """
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{_dotted(value)}.{attribute}"
        case _:
            return ""
