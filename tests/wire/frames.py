"""Bytes as clients send them, written out by the manual's message formats and not by the code under test."""

from __future__ import annotations

import struct


def frame(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def packet(body: bytes) -> bytes:
    return struct.pack("!i", len(body) + 4) + body


def startup(minor: int = 0, **parameters: str) -> bytes:
    text = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items())
    return packet(struct.pack("!hh", 3, minor) + text + b"\0")


SSL_REQUEST = bytes.fromhex("00000008 04d2162f")
GSSENC_REQUEST = bytes.fromhex("00000008 04d21630")
CANCEL_REQUEST = bytes.fromhex("00000010 04d2162e 00000007 fffffffe")
TERMINATE = frame(b"X")
SYNC = frame(b"S")
FLUSH = frame(b"H")
COPY_DONE = frame(b"c")
