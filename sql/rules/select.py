"""SELECT: the select list, GROUP BY, DISTINCT and ORDER BY, with PostgreSQL's rules for what they name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sql.bound import Bound
from sql.resolve import Scope, Source
from sql.rules.common import common_tables
from sql.rules.names import output_name
from sql.rules.ordering import is_constant, limit_sql, ordered_item
from sql.rules.planned import Planned
from sql.rules.planner import Planner
from sql.rules.sources import from_item
from sql.rules.windows import definition_sql


@dataclass(slots=True)
class _Target:
    name: str
    node: exp.Expr | None
    bound: Bound | None


class Select:
    def __init__(self, planner: Planner, node: exp.Select, scope: Scope) -> None:
        self.planner = planner
        self.node = node
        self.scope = scope
        self.targets: list[_Target] = []
        self.group: list[str] = []
        self.group_sql = ""
        self.simple_group = True

    def plan(self) -> Planned:
        node, planner, scope = self.node, self.planner, self.scope
        with_ = common_tables(planner, node.args.get("with_"), scope)
        tail = ""
        from_ = node.args.get("from_")
        if from_ is not None:
            joined = from_item(planner, from_.this, scope)
            scope.sources, scope.visible = joined.sources, joined.visible
            sql = joined.sql.removeprefix("LATERAL ") if joined.sql.startswith("LATERAL (") else joined.sql
            tail += f" FROM {sql}"
        scope.windows = {window.this.this: window for window in node.args.get("windows") or ()}
        where = node.args.get("where")
        if where is not None:
            scope.aggregates = False
            tail += f" WHERE {planner.condition(where.this, scope, 'WHERE')}"
            scope.aggregates = True
        self.targets = self._expanded()
        planner.seen = []
        self._group_by()
        bounds = self._bound_targets()
        having = node.args.get("having")
        having_sql = "" if having is None else f" HAVING {planner.condition(having.this, scope, 'HAVING')}"
        for window in node.args.get("windows") or ():
            definition_sql(planner, window, scope)
        columns = [(target.name, bound) for target, bound in zip(self.targets, bounds, strict=True)]
        distinct = self._distinct(bounds)
        order = self._order_by(bounds)
        extra = self._check_grouping(having is not None)
        if self.group_sql or extra:
            tail += self.group_sql + "".join(f", {sql}" for sql in extra)
        tail += having_sql + order + limit_sql(planner, node, scope)
        return Planned(planner, columns, head=f"{with_}SELECT {distinct}", tail=tail)

    # --- the select list ------------------------------------------------------------------------

    def _expanded(self) -> list[_Target]:
        found: list[_Target] = []
        for item in self.node.expressions:
            if isinstance(item, exp.Star):
                if not self.scope.sources:
                    raise self.planner.error("42601", "SELECT * with no tables specified is not valid", item)
                found += [_Target(c.name, None, c.bound()) for c in self.scope.visible]
            elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                found += [_Target(c.name, None, c.bound()) for c in self._source_of(item).columns]
            elif isinstance(item, exp.Alias):
                found.append(_Target(item.args["alias"].this, item.this, None))
            else:
                found.append(_Target(output_name(item), item, None))
        return found

    def _source_of(self, star: exp.Column) -> Source:
        source = self.scope.find_source(star.table, star.db or None)
        if source is None:
            message = f'missing FROM-clause entry for table "{star.table}"'
            raise self.planner.error("42P01", message, star)
        return source

    def _bound_targets(self) -> list[Bound]:
        bounds = []
        for target in self.targets:
            if target.bound is None:
                assert target.node is not None
                target.bound = self.planner.expression(target.node, self.scope)
                if target.bound.fields is not None:
                    target.bound.origin = None
            elif not self.planner.in_aggregate and target.node is None:
                self.planner.seen.append((target.bound.sql, self.node))
            bounds.append(target.bound)
        return bounds

    # --- GROUP BY -------------------------------------------------------------------------------

    def _group_by(self) -> None:
        group = self.node.args.get("group")
        if group is None:
            return
        self.scope.aggregates = False
        parts = [self._grouping(item) for item in group.expressions]
        self.scope.aggregates = True
        self.planner.seen = []
        self.planner.grouped = frozenset(self.group)
        self.group_sql = f" GROUP BY {', '.join(parts)}"

    def _grouping(self, item: exp.Expr) -> str:
        match item:
            case exp.Rollup() | exp.Cube():
                self.simple_group = False
                inner = ", ".join(self._grouping(inner) for inner in item.expressions)
                return f"{'ROLLUP' if isinstance(item, exp.Rollup) else 'CUBE'} ({inner})"
            case exp.GroupingSets():
                self.simple_group = False
                return f"GROUPING SETS ({', '.join(self._grouping(inner) for inner in item.expressions)})"
            case exp.Tuple():
                inner = ", ".join(self._grouping(inner) for inner in item.expressions)
                return f"({inner})" if not self.simple_group or not item.expressions else inner
            case exp.Paren() if not self.simple_group:
                return f"({self._grouping(item.this)})"
        position = self._referred(item, outputs_first=False)
        if position is None:
            bound = self.planner.text(self.planner.expression(item, self.scope))
        else:
            bound = self._target_bound(position)
        self.group.append(bound.sql)
        if is_constant(bound.sql):
            return str((position or 0) + 1) if position is not None else f"({bound.sql} IS NULL)"
        return bound.sql

    def _target_bound(self, position: int) -> Bound:
        target = self.targets[position]
        if target.bound is None:
            assert target.node is not None
            target.bound = self.planner.text(self.planner.expression(target.node, self.scope))
        return target.bound

    def _referred(self, item: exp.Expr, *, outputs_first: bool, what: str = "GROUP BY") -> int | None:
        """The select list's position that an item of GROUP BY, ORDER BY or DISTINCT ON means."""
        if isinstance(item, exp.Literal):
            if item.args.get("is_string") or not item.this.isdigit():
                raise self.planner.error("42601", f"non-integer constant in {what}", item)
            position = int(item.this[:10])
            if not 1 <= position <= len(self.targets):
                message = f"{what} position {item.this} is not in select list"
                raise self.planner.error("42P10", message, item)
            return position - 1
        if not isinstance(item, exp.Column) or item.table or isinstance(item.this, exp.Star):
            return None
        name = item.name
        if not outputs_first and any(column.name == name for column in self.scope.visible):
            return None
        found = [i for i, target in enumerate(self.targets) if target.name == name]
        if len(found) > 1 and len({self._target_bound(i).sql for i in found}) > 1:
            raise self.planner.error("42702", f'{what} "{name}" is ambiguous', item)
        return found[0] if found else None

    def _check_grouping(self, having: bool) -> list[str]:
        """42803 for a column that is neither grouped nor determined by a grouped key. Determined ones
        are grouped too, which changes nothing."""
        planner = self.planner
        if not (self.node.args.get("group") or planner.aggregates_seen or having):
            return []
        own = {c.sql: source for source in self.scope.sources for c in [*source.columns, *source.hidden]}
        extra: list[str] = []
        for sql, node in planner.seen:
            source = own.get(sql)
            if source is None or sql in planner.grouped or sql in extra:
                continue
            if self.simple_group and any(key <= planner.grouped for key in source.keys):
                extra.append(sql)
                continue
            name = next(c.name for c in [*source.columns, *source.hidden] if c.sql == sql)
            message = (
                f'column "{source.name}.{name}" must appear in the GROUP BY clause '
                "or be used in an aggregate function"
            )
            raise planner.error("42803", message, node)
        return extra

    # --- DISTINCT and ORDER BY ------------------------------------------------------------------

    def _distinct(self, bounds: list[Bound]) -> str:
        distinct = self.node.args.get("distinct")
        if distinct is None:
            return ""
        on = distinct.args.get("on")
        if on is None:
            return "DISTINCT "
        items = []
        for item in on.expressions:
            position = self._referred(item, outputs_first=True, what="DISTINCT ON")
            bound = bounds[position] if position is not None else self.planner.expression(item, self.scope)
            items.append(self.planner.text(bound).sql)
        return f"DISTINCT ON ({', '.join(items)}) "

    def _order_by(self, bounds: list[Bound]) -> str:
        order = self.node.args.get("order")
        if order is None:
            return ""
        items = []
        for item in order.expressions:
            position = self._referred(item.this, outputs_first=True, what="ORDER BY")
            if position is None:
                bound = self.planner.text(self.planner.expression(item.this, self.scope))
                position = next((i for i, b in enumerate(bounds) if b.sql == bound.sql), None)
                if position is None:
                    if not is_constant(bound.sql):
                        items.append(ordered_item(item, bound.sql))
                    continue
            items.append(ordered_item(item, str(position + 1)))
        return f" ORDER BY {', '.join(items)}" if items else ""
