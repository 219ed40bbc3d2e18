"""Small wrong programs made of a right one, each by one slip that learners make: what an exercise's tests are for.

A test suite that lets a slip pass would call a wrong program right. The kinds of slip are those of mutation testing
(Offutt et al., "An experimental determination of sufficient mutant operators", 1996), with `break` and lost lines.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
CALCULATIONS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.FloorDiv, ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
Slip = Callable[[ast.AST], ast.AST | None]  # what stands in a node's place; None: this slip is not made there


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with one slip in it; `slip` says which and where, for people."""

    slip: str
    code: str


def mutants(code: str) -> Iterator[Mutant]:
    """Every mutant of a program: first one of each kind of slip, then the second of each, and so on. Deterministic."""
    seen = {ast.unparse(ast.parse(code))}
    rounds = zip_longest(*(_of_kind(code, kind, slip) for kind, slip in SLIPS.items()))
    for mutant in chain.from_iterable(rounds):
        if mutant is not None and mutant.code not in seen:
            seen.add(mutant.code)
            yield mutant


def _of_kind(code: str, kind: str, slip: Slip) -> Iterator[Mutant]:
    for place in range(sum(1 for _ in ast.walk(ast.parse(code)))):
        replacing = _Replacing(slip, place)
        tree = replacing.visit(ast.parse(code))
        if replacing.line is not None:
            yield Mutant(f"{kind} in line {replacing.line}", ast.unparse(ast.fix_missing_locations(tree)) + "\n")


class _Replacing(ast.NodeTransformer):
    """Makes the slip at one node, counted in the order of visiting."""

    def __init__(self, slip: Slip, place: int) -> None:
        self.slip, self.left = slip, place
        self.line: int | None = None

    def visit(self, node: ast.AST) -> ast.AST:
        if self.left == 0:
            self.left = -1
            changed = self.slip(node)
            if changed is not None:
                self.line = getattr(node, "lineno", 1)
                return changed
            return node
        if self.left > 0:
            self.left -= 1
            if not _is_docstring(node):
                self.generic_visit(node)
        return node


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _comparison(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        return ast.Compare(node.left, [COMPARISONS[type(node.ops[0])](), *node.ops[1:]], node.comparators)
    return None


def _calculation(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and type(node.op) in CALCULATIONS:
        return ast.BinOp(node.left, CALCULATIONS[type(node.op)](), node.right)
    if isinstance(node, ast.AugAssign) and type(node.op) in CALCULATIONS:
        return ast.AugAssign(node.target, CALCULATIONS[type(node.op)](), node.value)
    return None


def _logic(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BoolOp):
        return ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return ast.Constant(not node.value)
    return None


def _number(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return ast.Constant(node.value + 1)
    return None


def _text(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return ast.Constant(node.value[:-1] if node.value else "?")
    return None


def _lost_line(node: ast.AST) -> ast.AST | None:
    lines = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Break, ast.Continue)
    if isinstance(node, lines) and not _is_docstring(node):
        return ast.Pass()
    return None


SLIPS: dict[str, Slip] = {
    "another comparison": _comparison, "another calculation": _calculation, "the logic turned round": _logic,
    "a number one too large": _number, "a line lost": _lost_line, "a text cut short": _text,
}  # fmt: skip
