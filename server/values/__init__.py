"""Values on their way to a client: columns of Arrow in, columns of PostgreSQL's text or binary out.

`text.text_of` and `binary.binary_of` encode; `arrow` has what both need; `times`, `zones` and `jsonb`
hold the rules of one family of types each.
"""
