"""SQL: PostgreSQL's statements, types, names and errors over the engine. It knows nothing of bytes.

Life of a query
---------------
1.  `sql.session.Session.simple` takes a text (`Session.prepare`, `Session.bind` and `Session.run` take it
    in parts). `sql.parse.parse` makes it a `sql.statement.Statement`, whose trees hold names that mean
    nothing yet; `sql.prepared.parsed` remembers short texts for all sessions.
2.  `sql.block.Block` says which transaction it runs in: an implicit one, the block that BEGIN opened, or
    none, because the block has failed. `sql.execution.begin_statement` gives READ COMMITTED its fresh look.
3.  `sql.execution.execute` is the one match over the statements. A SELECT goes to
    `sql.selecting.select`, which first takes out what only the session can answer
    (`sql.sequences.rewrite`).
4.  `sql.query.plan` looks into the session's `sql.prepared.PlanCache`. If there is no plan yet, it turns
    every AS OF into a timestamp (`sql.query.resolve`) and asks `sql.plan.plan_query`, which resolves names
    in the catalog of their moment, finds types, and writes DuckDB SQL with markers where tables stand.
5.  `sql.query.bind` asks the engine's reader for each table at its moment and puts the answer in place of
    its marker; a system relation (`sql.system.lookup`) becomes rows made from the catalog.
6.  DuckDB runs it, without Arrow when the text is known to give a few rows (`engine.few`); batches pass
    through as `sql.answers.Batch` while the session holds on to nothing.
7.  The implicit transaction commits, and only then the last `sql.answers.Complete` is said.

What writes is the same with more steps: `sql.insert.run`, `sql.update.run` and `sql.copying.execute` plan
a query that gives the new rows, make them fit (`sql.assignment.fitted`; a row of constants and parameters
that comes again is made by `sql.repeating.Repeating`, a long list of constants is read by `sql.plain_rows`
as COPY reads its fields), check them
(`sql.dml.check_rows`), hand them to the engine's transaction, and read RETURNING from what was written;
`sql.dml.writing` does it again when what was read has changed meanwhile. Definitions (`sql.ddl`,
`sql.alter`, `sql.drop`, `sql.views`) are edits of the catalog. `sql.snapshots.create` commits by itself.
`sql.restoring.restore` of a whole tenant stands outside any transaction; of a part (`sql.extents.resolve`)
it is a step of one like any other; `sql.undoing.undo` finds which one to take back, and
`sql.rehearsing.execute` tells what one would do. What a narrower snapshot shows,
`sql.coverage.CoveredCatalog` limits; `sql.as_of.set_transaction` sets a moment for longer than a statement;
`sql.vacuum.execute` frees what no moment needs.

Whatever comes up, `sql.failures.as_sql_error` makes it an `sql.errors.SqlError`.
"""
