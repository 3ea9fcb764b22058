"""Every message of the server against bytes written out by the manual's message formats."""

from __future__ import annotations

import pytest

from server.wire import backend

GOLDEN = [
    (backend.EncryptionReply(True), b"S"),
    (backend.EncryptionReply(False), b"N"),
    (
        backend.NegotiateProtocolVersion(("_pq_.x",)),
        b"v\0\0\0\x13\0\x03\0\0\0\0\0\x01_pq_.x\0",
    ),
    (backend.AuthenticationSASL(("SCRAM-SHA-256",)), b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"),
    (backend.AuthenticationSASLContinue(b"r=x"), b"R\0\0\0\x0b\0\0\0\x0br=x"),
    (backend.AuthenticationSASLFinal(b"v=y"), b"R\0\0\0\x0b\0\0\0\x0cv=y"),
    (backend.AuthenticationOk(), b"R\0\0\0\x08\0\0\0\0"),
    (backend.BackendKeyData(7, -2), b"K\0\0\0\x0c\0\0\0\x07\xff\xff\xff\xfe"),
    (backend.ParameterStatus("TimeZone", "UTC"), b"S\0\0\0\x11TimeZone\0UTC\0"),
    (backend.ReadyForQuery("I"), b"Z\0\0\0\x05I"),
    (backend.ReadyForQuery("T"), b"Z\0\0\0\x05T"),
    (backend.ReadyForQuery("E"), b"Z\0\0\0\x05E"),
    (
        backend.ErrorResponse("ERROR", "42601", "no", position=3),
        b"E\0\0\0\x21SERROR\0VERROR\0C42601\0Mno\0P3\0\0",
    ),
    (
        backend.ErrorResponse("FATAL", "28P01", "no", "d", "h"),
        b"E\0\0\0\x24SFATAL\0VFATAL\0C28P01\0Mno\0Dd\0Hh\0\0",
    ),
    (
        backend.NoticeResponse("NOTICE", "00000", "hey"),
        b"N\0\0\0\x21SNOTICE\0VNOTICE\0C00000\0Mhey\0\0",
    ),
    (
        backend.RowDescription((backend.Field("id", 16400, 1, 23, 4, -1, 0),)),
        b"T\0\0\0\x1b\0\x01id\0\0\0\x40\x10\0\x01\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0",
    ),
    (backend.RowDescription(()), b"T\0\0\0\x06\0\0"),
    (backend.DataRows(b"D\0\0\0\x06\0\0"), b"D\0\0\0\x06\0\0"),
    (backend.CommandComplete("SELECT 1"), b"C\0\0\0\x0dSELECT 1\0"),
    (backend.EmptyQueryResponse(), b"I\0\0\0\x04"),
    (backend.PortalSuspended(), b"s\0\0\0\x04"),
    (backend.ParseComplete(), b"1\0\0\0\x04"),
    (backend.BindComplete(), b"2\0\0\0\x04"),
    (backend.CloseComplete(), b"3\0\0\0\x04"),
    (backend.NoData(), b"n\0\0\0\x04"),
    (backend.ParameterDescription((23, 25)), b"t\0\0\0\x0e\0\x02\0\0\0\x17\0\0\0\x19"),
    (backend.CopyInResponse(2), b"G\0\0\0\x0b\0\0\x02\0\0\0\0"),
    (backend.CopyOutResponse(1), b"H\0\0\0\x09\0\0\x01\0\0"),
    (backend.CopyRows(b"d\0\0\0\x061\n"), b"d\0\0\0\x061\n"),
    (backend.CopyDone(), b"c\0\0\0\x04"),
]


@pytest.mark.parametrize(("message", "data"), GOLDEN, ids=lambda value: type(value).__name__)
def test_golden_bytes(message: backend.Message, data: bytes) -> None:
    assert message.encode() == data


def test_every_message_has_golden_bytes() -> None:
    assert {type(message) for message, _ in GOLDEN} == set(backend.Message.__args__)


def test_a_zero_byte_cannot_cut_a_message_apart() -> None:
    encoded = backend.ErrorResponse("ERROR", "42601", "a\0b").encode()
    assert encoded.count(b"\0Mab\0") == 1
