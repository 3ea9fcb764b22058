"""The PostgreSQL protocol 3.0 without any input or output: bytes in, events out, bytes back.

The shape is h11's: `protocol.Protocol` is told what arrived (`receive`), is asked what it means
(`next_event`) and turns what the server answers into bytes (`send`), refusing on the way what the
protocol does not allow either side to say at that point. It opens no socket and starts no task, so
every reader is tested whole, byte by byte and on garbage without any of that.

`buffer` cuts and reads bytes, `frontend` holds what clients say, `backend` what the server says,
`protocol` who may say what when, `scram` the proof of a password.
"""
