"""DuckDB's plan as PostgreSQL shows plans: one node a line, what it reads below it, indented.

`lines` takes the JSON of EXPLAIN, or of EXPLAIN ANALYZE, and what the statement reads. Columns and tables
have generated names in DuckDB; they get their own back. What serves the rule of time only (hidden columns,
the union of objects and tail, the anti join that takes the deleted rows out) is not the user's: all of it
becomes the one scan of a table that it is, with a line that tells where its rows come from.

A column's generated name tells its table, since ids are never used twice; so does a hot table's name. Rows
read for nothing but their number tell neither. Rejected: planning against stand-ins, whose text would be
simpler; the plan shown would not be the plan run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.catalog import Table
from engine.ids import Timestamp
from sql.system.quoting import quote_identifier

_JOINS = {"HASH_JOIN": "Hash", "PIECEWISE_MERGE_JOIN": "Merge", "IE_JOIN": "Merge",
          "LEFT_DELIM_JOIN": "Hash", "RIGHT_DELIM_JOIN": "Hash"}  # fmt: skip
_LOOPS = ("NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "CROSS_PRODUCT")
_TITLES = {
    "HASH_GROUP_BY": "HashAggregate", "PERFECT_HASH_GROUP_BY": "HashAggregate",
    "PARTITIONED_AGGREGATE": "HashAggregate", "UNGROUPED_AGGREGATE": "Aggregate",
    "STREAMING_AGGREGATE": "Aggregate", "ORDER_BY": "Sort", "TOP_N": "Top-N Sort", "LIMIT": "Limit",
    "STREAMING_LIMIT": "Limit", "LIMIT_PERCENT": "Limit", "UNION": "Append", "WINDOW": "WindowAgg",
    "STREAMING_WINDOW": "WindowAgg", "DISTINCT": "Unique", "DUMMY_SCAN": "Result", "EMPTY_RESULT": "Result",
    "COLUMN_DATA_SCAN": "Values Scan", "CTE_SCAN": "CTE Scan", "UNNEST": "ProjectSet",
    "RECURSIVE_CTE": "Recursive Union", "RECURSIVE_CTE_SCAN": "WorkTable Scan", "CTE": "CTE",
    "REC_CTE": "Recursive Union", "REC_CTE_SCAN": "WorkTable Scan", "DELIM_SCAN": "Outer Rows Scan",
    "TABLE_FUNCTION": "Function Scan", "INOUT_FUNCTION": "ProjectSet",
}  # fmt: skip
_SCANS = ("SEQ_SCAN", "TABLE_SCAN", "READ_PARQUET", "PYTHON_ARROW_SCAN", "ARROW_SCAN")
_SAME_OUTPUT = ("FILTER", "LIMIT", "STREAMING_LIMIT", "ORDER_BY", "TOP_N")
_DETAILS = {
    "Groups": "Group Key", "Aggregates": "Aggregates", "Order By": "Sort Key", "Top": "Limit",
    "Limit": "Limit", "Offset": "Offset", "Conditions": "Cond", "Expression": "Filter", "Filters": "Filter",
    "Condition": "Filter", "CTE Name": "CTE",
}  # fmt: skip
_WORD = re.compile(r"'(?:[^']|'')*'|\bc(\d+)\b|#(\d+)")
_HIDDEN = r"_(?:commit|deleted)_ts (?:[<>=]+ \d+|BETWEEN \d+ AND \d+)"
_HIDDEN_CONDITION = re.compile(rf"'(?:[^']|'')*'|\({_HIDDEN}\)|\b{_HIDDEN}")
_HIDDEN_GROUP = re.compile(r"\(\0(?: (?:AND|OR) \0)*\)")
_HIDDEN_SIDE = re.compile(r"\0 (?:AND|OR) | (?:AND|OR) \0|\0")
_MOMENT = re.compile(r"_(?:commit|deleted)_ts [<>=]+ (\d+)")
_MEANINGLESS = re.compile(r"#\d|#\[|__duckdb|^optional: ")
"""Positions that are not known, names that DuckDB made, and what it may do or not."""
_LIKE_OPERATORS = {"like": "~~", "not_like": "!~~", "ilike": "~~*", "not_ilike": "!~~*"}
_LIKE = re.compile(r"\b(like|not_like|ilike|not_ilike)_escape\((\w+), ('(?:[^']|'')*'), '\\'\)")
_WRAPPED = re.compile(r"__internal_\w+\(((?:[^()]|\([^()]*\))*)\)")


@dataclass(frozen=True, slots=True)
class Source:
    """A table that the statement reads. `hot` is the name of its hot table, if that serves the read;
    `parts` are how many relations the read is made of. `where` its rows are, and as of `when`."""

    table: Table
    at: Timestamp | None
    hot: str | None
    parts: int
    where: str
    when: str


@dataclass(frozen=True, slots=True)
class Sources:
    """`system` are catalogs by name, with their columns."""

    tables: Sequence[Source]
    system: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Node:
    """`outputs` are what ``#0`` and so on mean to the node above, where that is known. `reads` are the
    sources that a scan may be of; `hidden` marks what belongs to the reading of one table. `groups` are the
    row groups that were read, of how many."""

    kind: str
    title: str
    children: list[Node]
    rows: int | None
    actual: int | None = None
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    groups: tuple[int, int] = (0, 0)
    outputs: list[str] | None = None
    reads: list[Source] = field(default_factory=list)
    hidden: bool = False


def lines(plan: Any, sources: Sources) -> list[str]:
    """`plan` is the JSON's content."""
    root = plan["operator"][0] if isinstance(plan, Mapping) else plan[0]
    while _kind(root) in ("RESULT_COLLECTOR", "EXPLAIN_ANALYZE"):
        root = root["children"][0]
    reader = _Reader(sources, isinstance(plan, Mapping))
    return list(reader.shown(reader.node(root), 0))


def without_hidden(condition: str) -> str:
    """What is left of it for the user to see. A NUL stands for a hidden condition while the groups that
    consist of such go, from the inside out; then it goes with what ties it to its neighbour."""
    text = _HIDDEN_CONDITION.sub(lambda found: found[0] if found[0].startswith("'") else "\0", condition)
    found = 1
    while found:
        text, found = _HIDDEN_GROUP.subn("\0", text)
    return _HIDDEN_SIDE.sub("", text)


def _kind(raw: Mapping[str, Any]) -> str:
    return str(raw.get("name") or raw.get("type")).strip()


def _listed(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value)] if value not in (None, "") else []


class _Reader:
    def __init__(self, sources: Sources, analyzed: bool) -> None:
        self._sources = sources
        self._analyzed = analyzed
        self._columns = {c.id: (s.table, c.name) for s in sources.tables for c in s.table.columns}
        self._qualify = len({source.table.id for source in sources.tables}) > 1

    # --- from JSON to nodes -----------------------------------------------------------------------

    def node(self, raw: Mapping[str, Any]) -> Node:
        children = [self.node(child) for child in raw.get("children", ())]
        info = raw.get("extra_info") or {}
        kind = str(info.get("Function", _kind(raw))) if _kind(raw) == "TABLE_SCAN" else _kind(raw)
        estimate = info.get("Estimated Cardinality")
        node = Node(kind, "", children, None if estimate is None else max(1, int(estimate)))
        if self._analyzed:
            node.actual, node.seconds = int(raw["intermediate_rows"]), float(raw["timing"])
        node.outputs = self._outputs(node, info)
        if kind in _SCANS:
            self._scan(node, raw, info)
            return node
        if kind in ("PROJECTION", "FILTER"):
            return self._into_child(node, info)
        if kind == "UNION":
            if node.rows is None:
                node.rows = sum(child.rows or 1 for child in children)
            node.actual = sum(child.actual or 0 for child in children) if self._analyzed else None
        if info.get("Conditions") == "_row_id = _row_id":
            return self._without_deletes(node, info)
        if self._is_one_read(node):
            return self._one_read(node)
        if kind in ("CTE", "RECURSIVE_CTE") and children:
            node.actual = children[-1].actual if kind == "CTE" else node.actual
        node.title = self._title(node, info)
        self._describe(node, node, info)
        if kind == "EMPTY_RESULT":
            node.details.append("One-Time Filter: false")
        return node

    def _outputs(self, node: Node, info: Mapping[str, Any]) -> list[str] | None:
        if node.kind == "PROJECTION" or node.kind in _SCANS:
            below = node.children[0].outputs if node.children else None
            return [_resolved(text, below) for text in _listed(info.get("Projections"))]
        return node.children[0].outputs if node.kind in _SAME_OUTPUT and node.children else None

    def _into_child(self, node: Node, info: Mapping[str, Any]) -> Node:
        """What is no step of its own to PostgreSQL: its condition and its time are its child's."""
        child = node.children[0]
        self._describe(child, node, info)
        child.seconds += node.seconds
        child.outputs = node.outputs
        if node.kind == "FILTER":
            child.rows, child.actual = node.rows or child.rows, node.actual
            if child.hidden:
                child.reads = self._narrowed(child.reads, str(info.get("Expression", "")))
        return child

    def _describe(self, shown: Node, node: Node, info: Mapping[str, Any]) -> None:
        """Adds to `shown` what `node` does."""
        below = node.children[0].outputs if node.children else None
        for key, label in _DETAILS.items():
            texts = [self._named(_resolved(text, below)) for text in _listed(info.get(key))]
            texts = [text for text in texts if text and not _MEANINGLESS.search(text)]
            if label == "Filter":
                shown.filters += [text if text.startswith("(") else f"({text})" for text in texts]
            elif label == "Cond" and texts:
                label = "Hash Cond" if node.kind in _JOINS else "Join Filter"
                shown.details.append(f"{label}: {' AND '.join(f'({text})' for text in texts)}")
            elif texts:
                shown.details.append(f"{label}: {', '.join(texts)}")

    def _named(self, text: str) -> str:
        """A text of DuckDB's with the user's names, without what is hidden."""

        def named(match: re.Match[str]) -> str:
            found = self._columns.get(int(match[1])) if match[1] else None  # type: ignore[call-overload]
            if found is None:
                return match[0]
            name = quote_identifier(found[1])
            return f"{quote_identifier(found[0].name)}.{name}" if self._qualify else name

        text = without_hidden(text)
        text = _LIKE.sub(lambda like: f"({like[2]} {_LIKE_OPERATORS[like[1]]} {like[3]})", text)
        text = _WRAPPED.sub(r"\1", text).replace("count_star()", "count(*)").replace("_no_overflow(", "(")
        return "" if text in ("", "()") else _WORD.sub(named, text).replace(" != ", " <> ")

    def _title(self, node: Node, info: Mapping[str, Any]) -> str:
        kind = node.kind
        if kind in _JOINS or kind in _LOOPS:
            how = str(info.get("Join Type", "INNER")).replace("_", " ").title()
            how = "" if how == "Inner" else f"{how} "
            return (
                f"{_JOINS[kind]} {how}Join" if kind in _JOINS else f"Nested Loop {how}Join".replace("  ", " ")
            )
        if kind not in _TITLES and not node.children:
            return f"Function Scan on {kind.strip().lower()}"
        return _TITLES.get(kind) or kind.replace("_", " ").title()

    # --- scans ------------------------------------------------------------------------------------

    def _scan(self, node: Node, raw: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        texts = [*_listed(info.get("Projections")), *_listed(info.get("Filters"))]
        told = " ".join(texts)
        hot = str(info.get("Table", "")).rpartition(".")[2]
        if hot:
            node.reads = [source for source in self._sources.tables if source.hot == hot]
        else:
            ids = {int(match[1]) for match in _WORD.finditer(told) if match[1]}
            cold = [source for source in self._sources.tables if source.hot is None or source.parts > 1]
            node.reads = [s for s in cold if ids <= {column.id for column in s.table.columns}]
            own = bool(ids) or node.kind == "READ_PARQUET" or re.search(r"\b(_row_id|_commit_ts)\b", told)
            if not own and self._sources.system:
                node.reads = []
        node.reads = self._narrowed(node.reads, told)
        node.hidden = bool(node.reads)
        self._describe(node, node, info)
        node.title = self._scan_title(node, frozenset(_listed(info.get("Projections"))))
        node.groups = (int(raw.get("row_groups_scanned") or 0), int(raw.get("total_row_groups_to_scan") or 0))

    def _narrowed(self, reads: list[Source], told: str) -> list[Source]:
        """Of several reads of one table, those at the moment that a condition names."""
        moments = {int(found) for found in _MOMENT.findall(told)}
        return [source for source in reads if source.at in moments] or reads

    def _without_deletes(self, node: Node, info: Mapping[str, Any]) -> Node:
        """The anti join with a table's tombstones, wherever the optimizer has put it: what it leaves is
        what the other side reads."""
        dead = 0 if info.get("Join Type") == "RIGHT_ANTI" else 1
        alive = node.children[1 - dead]
        alive.seconds += node.seconds + node.children[dead].seconds
        alive.rows, alive.actual = node.rows or alive.rows, node.actual
        return alive

    def _is_one_read(self, node: Node) -> bool:
        """Whether this puts together the rows of a single table."""
        if node.kind != "UNION" or not all(child.hidden for child in node.children):
            return False
        common = self._common(node)
        return len(common) == 1 and len(node.children) <= common[0].parts

    def _common(self, node: Node) -> list[Source]:
        found = list(node.children[0].reads)
        for child in node.children[1:]:
            found = [source for source in found if source in child.reads]
        return found

    def _one_read(self, node: Node) -> Node:
        """The parts as one scan. Of a condition, a part's statistics may have made a constant."""
        node.reads = self._common(node)
        node.hidden, node.kind = True, "TABLE_SCAN"
        node.title = self._scan_title(node, frozenset())
        node.filters = max((child.filters for child in node.children), key=lambda filters: len(str(filters)))
        read, known = zip(*(child.groups for child in node.children), strict=True)
        node.groups = (sum(read), sum(known))
        node.seconds += sum(child.seconds for child in node.children)
        node.children = []
        return node

    # --- lines ------------------------------------------------------------------------------------

    def shown(self, node: Node, depth: int) -> Iterator[str]:
        arrow = "  " * (3 * depth - 2) + "->  " if depth else ""
        told = [] if node.rows is None else [f"(rows={node.rows})"]
        if self._analyzed:
            told.append(f"(actual time={node.seconds * 1000:.3f} rows={node.actual})")
        yield "  ".join([arrow + node.title, *told])
        details = list(node.details)
        if node.filters:
            details.append(f"Filter: {' AND '.join(dict.fromkeys(node.filters))}")
        if node.groups[1]:
            details.append(f"Row Groups: {node.groups[0]} of {node.groups[1]}")
        if node.kind in _SCANS and node.reads:
            details.append(f"Read: {' or '.join(dict.fromkeys(source.where for source in node.reads))}")
            when = list(dict.fromkeys(source.when for source in node.reads))
            if when != ["now"]:
                details.append(f"As Of: {' or '.join(when)}")
        for detail in details:
            yield "  " * (3 * depth + 1) + detail
        for child in node.children:
            yield from self.shown(child, depth + 1)

    def _scan_title(self, node: Node, columns: frozenset[str]) -> str:
        names = list(dict.fromkeys(quote_identifier(source.table.name) for source in node.reads))
        if not names:
            names = [name for name, known in self._sources.system.items() if columns <= known]
        return f"Seq Scan on {' or '.join(names)}" if names else "Values Scan"


def _resolved(text: str, below: Sequence[str] | None) -> str:
    """Positions in what the node below gives, as what is there."""

    def found(match: re.Match[str]) -> str:
        if match[2] is None or below is None or int(match[2]) >= len(below):
            return match[0]
        return below[int(match[2])]

    return _WORD.sub(found, text)
