"""The grammar: tokens to statements, one class on top of the other.

`cursor` moves over the tokens; `typenames`, `calls`, `expressions`, `items` and `queries` read what a
query is made of; `rows`, `sequences`, `definitions`, `sessions` and `snapshots` read the other statements;
`statements` tells them apart. The trees are sqlglot's, of the dialect that `sql.dialect` describes.

Every reader either consumes exactly what it understands or raises: there is no way to skip a clause.

Rejected: sqlglot's own parser. It reads thirty dialects at once, so it takes what PostgreSQL refuses and,
worse, drops what it does not know: ``FROM t PIVOT (…)``, ``FROM t WITH (NOLOCK)`` and ``ORDER BY a
WHERE b`` all come back as something else, and unknown statements become an opaque command. Its compiled
classes cannot be subclassed to mend that.
"""
