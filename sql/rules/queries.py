"""SELECT, set operations and WITH."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from sql.bound import INT8, TEXT, Bound, plain
from sql.errors import SqlError
from sql.render import identifier
from sql.resolve import Column, Common, Scope, Source
from sql.rules import coercion
from sql.rules.names import output_name
from sql.rules.ordering import ordered_item
from sql.rules.planner import Planner
from sql.rules.sources import from_item
from sql.rules.windows import definition_sql
from sql.types import Declared

_SETS: dict[type[exp.Expr], str] = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}


@dataclass(slots=True)
class Planned:
    """A query whose output columns are known, but perhaps not yet the types of all. `names` are the
    columns' names in DuckDB's text, distinct and quoted."""

    planner: Planner
    columns: list[tuple[str, Bound]]
    names: list[str] = field(default_factory=list)
    head: str = ""
    tail: str = ""
    sides: tuple[str, Planned, Planned] | None = None

    def __post_init__(self) -> None:
        if not self.names:
            self.names = _distinct([name for name, _ in self.columns])

    def sql(self, types: list[Declared | None] | None) -> str:
        """The text, each column as the type wanted of it; what nobody wants anything of is text."""
        wanted = types or [None] * len(self.columns)
        if self.sides is not None:
            return self._set_sql(wanted)
        return f"{self.head}{self._targets(wanted)}{self.tail}"

    def row_sql(self) -> str:
        """A query for the whole row as one value."""
        self.sql(None)
        return f"{self.head}ROW({', '.join(bound.sql for _, bound in self.columns)}){self.tail}"

    def _settled(self, wanted: list[Declared | None]) -> list[str]:
        sqls = []
        for position, (name, bound) in enumerate(self.columns):
            want = wanted[position]
            settled = self.planner.settle(bound, want or TEXT)
            sql = settled.sql
            if want is not None and settled.type is not None and settled.type.pg.oid != want.pg.oid:
                sql = coercion.converted(settled, plain(want))
                settled = Bound(sql, plain(want))
            sqls.append(sql)
            self.columns[position] = (name, settled)
        return sqls

    def _targets(self, wanted: list[Declared | None]) -> str:
        sqls = self._settled(wanted)
        if not sqls:
            return "1"
        return ", ".join(f"{sql} AS {name}" for sql, name in zip(sqls, self.names, strict=True))

    def _set_sql(self, wanted: list[Declared | None]) -> str:
        assert self.sides is not None
        word, left, right = self.sides
        types: list[Declared | None] = []
        for position, (name, bound) in enumerate(self.columns):
            type_ = wanted[position] or bound.type or TEXT
            types.append(type_)
            self.columns[position] = (name, Bound(bound.sql, type_, scale=bound.scale))
        return f"{self.head}({left.sql(types)}) {word} ({right.sql(types)}){self.tail}"

    def source_columns(self, alias: str) -> list[Column]:
        """The columns as a source of FROM shows them, after `sql` has settled their types."""
        return [
            Column(name, bound.type or TEXT, f"{alias}.{quoted}", bound.origin, bound.scale)
            for (name, bound), quoted in zip(self.columns, self.names, strict=True)
        ]


def _distinct(names: list[str]) -> list[str]:
    seen: set[str] = set()
    found = []
    for name in names:
        quoted = identifier(name)
        number = 1
        while quoted in seen:
            quoted = identifier(name)[:-1] + f'~{number}"'
            number += 1
        seen.add(quoted)
        found.append(quoted)
    return found


def plan_body(planner: Planner, node: exp.Expr, scope: Scope) -> Planned:
    """Any query, in a scope of its own."""
    match node:
        case exp.Subquery():
            return plan_body(planner, node.this, scope)
        case exp.Select():
            return _isolated(planner, node, scope)
        case exp.SetOperation():
            return _set_operation(planner, node, scope)
    raise planner.error("0A000", f"{type(node).__name__} is not supported as a query", node)


def _isolated(planner: Planner, node: exp.Select, scope: Scope) -> Planned:
    """What a SELECT counts and collects about its grouping is its own."""
    saved = (
        planner.in_aggregate,
        planner.aggregates_seen,
        planner.windows_seen,
        planner.seen,
        planner.grouped,
    )
    planner.in_aggregate, planner.aggregates_seen, planner.windows_seen = 0, 0, 0
    planner.seen, planner.grouped = [], frozenset()
    try:
        return _Select(planner, node, scope).plan()
    finally:
        (
            planner.in_aggregate,
            planner.aggregates_seen,
            planner.windows_seen,
            planner.seen,
            planner.grouped,
        ) = saved


# --- SELECT -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Target:
    name: str
    node: exp.Expr | None
    bound: Bound | None


class _Select:
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
        if _is_constant(bound.sql):
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
                    if not _is_constant(bound.sql):
                        items.append(ordered_item(self.planner, item, bound.sql))
                    continue
            items.append(ordered_item(self.planner, item, str(position + 1)))
        return f" ORDER BY {', '.join(items)}" if items else ""


def _is_constant(sql: str) -> bool:
    return sql.isdigit() or sql.startswith("'") or (sql.startswith("(-") and sql[2:-1].isdigit())


def limit_sql(planner: Planner, node: exp.Expr, scope: Scope) -> str:
    """LIMIT and OFFSET; their expressions may not name columns of the query."""
    found = ""
    around = Scope(parent=scope.parent, common=scope.common, at=scope.at)
    around.aggregates = False
    for key, word in (("limit", "LIMIT"), ("offset", "OFFSET")):
        clause = node.args.get(key)
        if clause is None or isinstance(clause.expression, exp.Null):
            continue
        count = clause.expression
        if isinstance(count, exp.Neg) and isinstance(count.this, exp.Literal) and count.this.this != "0":
            code = "2201W" if key == "limit" else "2201X"
            raise planner.error(code, f"{word} must not be negative", clause)
        bound = planner.settle(planner.expression(count, around), INT8)
        sql = coercion.converted(bound, INT8) if bound.type is not INT8 else bound.sql
        found += f" {word} {sql if sql.isdigit() else f'({sql})'}"
    return found


# --- WITH -------------------------------------------------------------------------------------------


def common_tables(planner: Planner, with_: exp.Expr | None, scope: Scope) -> str:
    """The text of WITH; its queries become known to `scope` one after the other."""
    if with_ is None:
        return ""
    parts = []
    recursive = False
    names: set[str] = set()
    for table in with_.expressions:
        name = table.args["alias"].name
        if name in names:
            raise planner.error("42712", f'WITH query name "{name}" specified more than once', table)
        names.add(name)
        own = bool(with_.args.get("recursive")) and _names_itself(table, name)
        recursive = recursive or own
        parts.append(_recursive(planner, table, scope) if own else _ordinary(planner, table, scope))
    return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} "


def _names_itself(table: exp.Expr, name: str) -> bool:
    return any(found.name == name and not found.db for found in table.this.find_all(exp.Table))


def _column_names(planner: Planner, table: exp.Expr, planned: Planned) -> list[str]:
    titles = [name for name, _ in planned.columns]
    given = [column.this for column in table.args["alias"].args.get("columns") or ()]
    if len(given) > len(titles):
        name = table.args["alias"].name
        message = (
            f'WITH query "{name}" has {len(titles)} columns available but {len(given)} columns specified'
        )
        raise planner.error("42P10", message, table)
    return [*given, *titles[len(given) :]]


def _registered(planner: Planner, table: exp.Expr, scope: Scope, planned: Planned) -> tuple[str, list[str]]:
    name = table.args["alias"].name
    titles = _column_names(planner, table, planned)
    quoted = _distinct(titles)
    alias = planner.alias(name)
    columns = [
        (title, bound.type or TEXT, text, bound.scale)
        for title, text, (_, bound) in zip(titles, quoted, planned.columns, strict=True)
    ]
    scope.common[name] = Common(name, alias, columns)
    return alias, quoted


def _ordinary(planner: Planner, table: exp.Expr, scope: Scope) -> str:
    planned = planner.subquery(table.this, scope)
    sql = planned.sql(None)
    alias, quoted = _registered(planner, table, scope, planned)
    hint = {None: "", True: "MATERIALIZED ", False: "NOT MATERIALIZED "}[table.args.get("materialized")]
    return f"{alias}({', '.join(quoted)}) AS {hint}({sql})"


def _recursive(planner: Planner, table: exp.Expr, scope: Scope) -> str:
    name = table.args["alias"].name
    query = table.this
    if not isinstance(query, exp.Union) or any(
        query.args.get(k) for k in ("order", "limit", "offset", "with_")
    ):
        message = (
            f'recursive query "{name}" does not have the form non-recursive-term UNION [ALL] recursive-term'
        )
        raise planner.error("42P19", message, table)
    first = planner.subquery(query.this, scope)
    left = first.sql(None)
    alias, quoted = _registered(planner, table, scope, first)
    second = planner.subquery(query.expression, scope)
    if len(first.columns) != len(second.columns):
        raise planner.error("42601", "each UNION query must have the same number of columns", query)
    types: list[Declared | None] = []
    for number, ((_, one), (_, other)) in enumerate(zip(first.columns, second.columns, strict=True), 1):
        common = coercion.common_type([one, other], "UNION")
        if one.type is not None and one.type.pg.oid != common.pg.oid:
            message = (
                f'recursive query "{name}" column {number} has type {coercion.title(one.type)} '
                f"in non-recursive term but type {coercion.title(common)} overall"
            )
            hint = "Cast the output of the non-recursive term to the correct type."
            raise planner.error("42804", message, query, hint)
        types.append(one.type)
    word = "UNION" if query.args.get("distinct") else "UNION ALL"
    return f"{alias}({', '.join(quoted)}) AS ({left} {word} {second.sql(types)})"


# --- set operations ---------------------------------------------------------------------------------


def _set_operation(planner: Planner, node: exp.SetOperation, scope: Scope) -> Planned:
    with_ = common_tables(planner, node.args.get("with_"), scope)
    chain: list[exp.Expr] = [node]
    while isinstance(chain[-1].this, exp.SetOperation) and _is_bare(chain[-1].this):
        chain.append(chain[-1].this)
    planned = planner.subquery(chain[-1].this, scope)
    for link in reversed(chain):
        planned = _combined(planner, link, planned, planner.subquery(link.expression, scope))
    planned.head = with_
    planned.tail = _set_order(planner, node, planned) + limit_sql(planner, node, scope)
    return planned


def _is_bare(node: exp.Expr) -> bool:
    return not any(node.args.get(key) for key in ("order", "limit", "offset", "with_"))


def _combined(planner: Planner, node: exp.Expr, left: Planned, right: Planned) -> Planned:
    word = _SETS[type(node)]
    if len(left.columns) != len(right.columns):
        raise planner.error("42601", f"each {word} query must have the same number of columns", node)
    columns = []
    for (name, one), (_, other) in zip(left.columns, right.columns, strict=True):
        try:
            both_unknown = one.type is None and other.type is None
            type_ = None if both_unknown else coercion.common_type([one, other], word)
        except SqlError as error:
            error.position = error.position or planner.position(node)
            raise
        scale = None if one.scale is None or other.scale is None else max(one.scale, other.scale)
        columns.append((name, Bound("NULL", type_, scale=scale)))
    full = word if node.args.get("distinct") else f"{word} ALL"
    return Planned(planner, columns, names=left.names, sides=(full, left, right))


def _set_order(planner: Planner, node: exp.Expr, planned: Planned) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    titles = [name for name, _ in planned.columns]
    items = []
    for item in order.expressions:
        target = item.this
        if isinstance(target, exp.Literal) and target.this.isdigit() and not target.args.get("is_string"):
            position = int(target.this[:10])
            if not 1 <= position <= len(titles):
                message = f"ORDER BY position {target.this} is not in select list"
                raise planner.error("42P10", message, target)
        elif isinstance(target, exp.Column) and not target.table and target.name in titles:
            position = titles.index(target.name) + 1
        elif isinstance(target, exp.Column):
            raise planner.error("42703", f'column "{target.name}" does not exist', target)
        else:
            hint = "Add the expression/function to every SELECT, or move the UNION into a FROM clause."
            message = "invalid UNION/INTERSECT/EXCEPT ORDER BY clause"
            raise planner.error("0A000", message, target, hint)
        items.append(ordered_item(planner, item, str(position)))
    return f" ORDER BY {', '.join(items)}"
