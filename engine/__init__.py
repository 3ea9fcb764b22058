"""The engine: tenants, commits, time. It knows Arrow, objects and timestamps, and nothing of SQL text.

Life of a commit
----------------
1.  `engine.cluster.Cluster.tenant` hands out the open tenant. On first use `engine.recovery.claim` reads
    the newest manifest and the WAL after it, raises the epoch and puts a fence: from then on this server
    is the tenant's only writer.
2.  `engine.tenant.Tenant.begin` makes a `engine.transaction.Transaction` with a read timestamp. It reads
    through `engine.reader.Reader`: `engine.scan.Scan.relation` gives the rows of a table at a moment as a
    DuckDB table expression, over a hot table (`engine.hot.HotTables`) or over objects and tail
    (`engine.scan.Scan.cold`), and the reader lays the transaction's own writes on top.
3.  `engine.transaction.Transaction.insert`, `delete` and `update` take locks (`engine.locks.Locks`), check
    what they must (keys: `engine.keys.KeyChecks`), and fill the `engine.workspace.Workspace`. DDL is a
    list of `engine.catalog.Edit`.
4.  `engine.transaction.Transaction.commit` writes what is large as bulk objects
    (`engine.objects.ObjectWriter.bulk`) and queues the rest as an `engine.commit.Request`.
5.  `engine.commit.Committer` gives it the next timestamp, packs all that is queued into one WAL object
    (`engine.wal.encode`) and puts it, create-only, under the next number: **that put is the commit point**.
    `engine.puts.put_decided` sees to it that the outcome is known before anybody hears of it.
6.  The durable transactions go into the hot tables (`engine.hot_rows.HotRows`), then into the state
    (`engine.state.State.apply`), which raises the visible timestamp; then the client is told.
7.  Now and then `engine.tenant.Tenant.flush` turns the tail into objects (`engine.flush.write`) and
    publishes a manifest (`engine.checkpoint.Publisher.publish`), so that recovery starts from there.

Life of a restore
-----------------
`engine.tenant.Tenant.restore` settles the moment, flushes what of it is only in the tail, and lets
`engine.restore.Restorer.physical` (or `logical`) prepare a workspace: the catalog as of the moment with
new storages, and the refs of every object visible then, straddlers rewritten. When its turn in the
commit queue comes, `engine.restore.edits` says what ends and what begins, one WAL put makes it so, open
writers are ended (`engine.transaction.Transaction.doom`) and hot tables change hands
(`engine.hot.HotTables.hand_over`).
"""
