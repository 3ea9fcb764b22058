"""First numbers: RewindDB beside PostgreSQL 15 on the same machine, in the same run, over the wire.

`make bench` runs everything in less than ten minutes on two cores; `BENCH=--quick` a tenth of the data.
Both servers are durable, on the same disk, and asked by the same client library. A result prints as a
median and, where it says something, a 99th percentile; nothing is written anywhere.
"""
