"""Every message a client can send: whole, byte by byte, with bytes behind it, cut short and too long."""

from __future__ import annotations

import struct

import pytest

from server.wire import backend, frontend
from server.wire.errors import ProtocolError
from server.wire.protocol import NEED_DATA, Protocol
from server.wire.states import State
from tests.wire.frames import (
    CANCEL_REQUEST,
    COPY_DONE,
    FLUSH,
    GSSENC_REQUEST,
    SSL_REQUEST,
    SYNC,
    TERMINATE,
    frame,
    startup,
)

PACKETS = [
    (SSL_REQUEST, frontend.SSLRequest()),
    (GSSENC_REQUEST, frontend.GSSENCRequest()),
    (CANCEL_REQUEST, frontend.CancelRequest(7, -2)),
    (
        startup(user="acme:admin", database="postgres"),
        frontend.StartupMessage(0, {"user": "acme:admin", "database": "postgres"}),
    ),
    (
        startup(2, user="ü", **{"_pq_.later": "on"}),
        frontend.StartupMessage(2, {"user": "ü"}, ("_pq_.later",)),
    ),
]

MESSAGES = [
    (State.SASL_FIRST, frame(b"p", b"SCRAM-SHA-256\0\0\0\0\x05n,,n="), frontend.SASLInitialResponse),
    (State.SASL_FIRST, frame(b"p", b"SCRAM-SHA-256\0\xff\xff\xff\xff"), frontend.SASLInitialResponse),
    (State.SASL_NEXT, frame(b"p", b"c=biws"), frontend.SASLResponse),
    (State.READY, frame(b"Q", b"select 'gr\xc3\xbcn'\0"), frontend.Query),
    (State.READY, frame(b"P", b"s\0select $1\0\0\x02\0\0\0\x17\0\0\0\0"), frontend.Parse),
    (
        State.READY,
        frame(b"B", b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\x02\0\0\0\x01"),
        frontend.Bind,
    ),
    (State.READY, frame(b"D", b"Ss\0"), frontend.Describe),
    (State.READY, frame(b"D", b"P\0"), frontend.Describe),
    (State.READY, frame(b"E", b"p\0\0\0\0\x0a"), frontend.Execute),
    (State.READY, frame(b"C", b"Pp\0"), frontend.Close),
    (State.READY, frame(b"F", b"\0\0\0\x2a\0\x01\0\0\0\x01\0\0\0\x01x\0\0"), frontend.FunctionCall),
    (State.READY, FLUSH, frontend.Flush),
    (State.READY, SYNC, frontend.Sync),
    (State.READY, TERMINATE, frontend.Terminate),
    (State.COPY_IN_SIMPLE, frame(b"d", b"1\t2\n"), frontend.CopyData),
    (State.COPY_IN_SIMPLE, frame(b"f", b"enough\0"), frontend.CopyFail),
    (State.COPY_IN_EXTENDED, COPY_DONE, frontend.CopyDone),
]


def protocol_in(state: State) -> Protocol:
    """A protocol led into `state` by the messages that lead there."""
    protocol = Protocol()
    protocol.receive(startup(user="a"))
    protocol.next_event()
    if state in (State.SASL_FIRST, State.SASL_NEXT):
        protocol.send(backend.AuthenticationSASL(("SCRAM-SHA-256",)))
        if state is State.SASL_NEXT:
            protocol.receive(frame(b"p", b"SCRAM-SHA-256\0\xff\xff\xff\xff"))
            protocol.next_event()
            protocol.send(backend.AuthenticationSASLContinue(b""))
        return protocol
    protocol.send(backend.AuthenticationOk())
    protocol.send(backend.ReadyForQuery("I"))
    if state is State.COPY_IN_SIMPLE:
        protocol.receive(frame(b"Q", b"copy t from stdin\0"))
        protocol.next_event()
        protocol.send(backend.CopyInResponse(2))
    if state is State.COPY_IN_EXTENDED:
        protocol.receive(frame(b"E", b"\0\0\0\0\0"))
        protocol.next_event()
        protocol.send(backend.CopyInResponse(2))
    assert protocol.state is state
    return protocol


@pytest.mark.parametrize(("data", "expected"), PACKETS)
def test_packet_whole_and_byte_by_byte(data: bytes, expected: frontend.Packet) -> None:
    whole = Protocol()
    whole.receive(data)
    assert whole.next_event() == expected
    slow = Protocol()
    for position in range(len(data)):
        assert slow.next_event() is NEED_DATA
        slow.receive(data[position : position + 1])
    assert slow.next_event() == expected


@pytest.mark.parametrize(("state", "data", "kind"), MESSAGES)
def test_message_whole_byte_by_byte_and_with_bytes_behind_it(state: State, data: bytes, kind: type) -> None:
    whole = protocol_in(state)
    whole.receive(data)
    expected = whole.next_event()
    assert type(expected) is kind
    assert whole.buffered_bytes == 0
    slow = protocol_in(state)
    for position in range(len(data)):
        assert slow.next_event() is NEED_DATA
        slow.receive(data[position : position + 1])
    assert slow.next_event() == expected
    trailed = protocol_in(state)
    trailed.receive(data + b"Q\0\0")
    assert trailed.next_event() == expected
    assert trailed.buffered_bytes == 3


ANY_BODY = (frontend.CopyData, frontend.SASLResponse)


@pytest.mark.parametrize(("state", "data"), [(s, data) for s, data, kind in MESSAGES if kind not in ANY_BODY])
def test_body_cut_short_or_too_long(state: State, data: bytes) -> None:
    body = data[5:]
    wrong = [body[:length] for length in range(len(body))] + [body + b"\0"]
    for candidate in wrong:
        protocol = protocol_in(state)
        protocol.receive(frame(data[:1], candidate))
        with pytest.raises(ProtocolError) as caught:
            protocol.next_event()
        assert caught.value.sqlstate == "08P01"


@pytest.mark.parametrize(("state", "data", "kind"), MESSAGES)
def test_stream_that_ends_within_a_message(state: State, data: bytes, kind: type) -> None:
    protocol = protocol_in(state)
    protocol.receive(data[:-1] if len(data) > 5 else data[:4])
    protocol.receive(b"")
    with pytest.raises(ProtocolError) as caught:
        protocol.next_event()
    assert caught.value.fatal


def only_event(data: bytes) -> object:
    protocol = protocol_in(State.READY)
    protocol.receive(data)
    return protocol.next_event()


def test_contents_are_as_sent() -> None:
    assert only_event(MESSAGES[3][1]) == frontend.Query("select 'grün'")
    assert only_event(MESSAGES[4][1]) == frontend.Parse("s", "select $1", (23, 0))
    assert only_event(MESSAGES[5][1]) == frontend.Bind("p", "s", (1,), (b"hi", None), (0, 1))
    assert only_event(MESSAGES[6][1]) == frontend.Describe("statement", "s")
    assert only_event(MESSAGES[7][1]) == frontend.Describe("portal", "")
    assert only_event(MESSAGES[8][1]) == frontend.Execute("p", 10)
    assert only_event(MESSAGES[9][1]) == frontend.Close("portal", "p")


def test_null_parameter_is_none_and_an_empty_one_is_empty() -> None:
    body = b"\0\0\0\0\0\x02\xff\xff\xff\xff\0\0\0\0\0\0"
    event = only_event(frame(b"B", body))
    assert isinstance(event, frontend.Bind)
    assert event.parameters == (None, b"")


@pytest.mark.parametrize("length", [-2, -(2**31), 2**31 - 1])
def test_impossible_parameter_lengths(length: int) -> None:
    body = b"\0\0\0\0\0\x01" + struct.pack("!i", length) + b"abc\0\0"
    with pytest.raises(ProtocolError):
        only_event(frame(b"B", body))


def test_sixty_five_thousand_parameters() -> None:
    body = b"\0\0\0\0" + struct.pack("!H", 65535) + b"\xff\xff\xff\xff" * 65535 + b"\0\0"
    event = only_event(frame(b"B", body))
    assert isinstance(event, frontend.Bind)
    assert event.parameters == (None,) * 65535


def test_unknown_format_code() -> None:
    with pytest.raises(ProtocolError, match="unsupported format code: 2"):
        only_event(frame(b"B", b"\0\0\0\x01\0\x02\0\0\0\0"))


def test_parameter_formats_that_do_not_fit_the_parameters() -> None:
    with pytest.raises(ProtocolError, match="2 parameter formats but 1 parameters"):
        only_event(frame(b"B", b"\0\0\0\x02\0\0\0\0\0\x01\xff\xff\xff\xff\0\0"))


def test_text_that_is_not_utf8_is_22021_and_not_fatal() -> None:
    with pytest.raises(ProtocolError, match='encoding "UTF8": 0xff') as caught:
        only_event(frame(b"Q", b"select '\xff'\0"))
    assert caught.value.sqlstate == "22021"
    assert not caught.value.fatal


def test_startup_parameters_need_their_terminator() -> None:
    protocol = Protocol()
    protocol.receive(bytes.fromhex("0000000f 00030000") + b"user\0a\0"[:7])
    with pytest.raises(ProtocolError) as caught:
        protocol.next_event()
    assert caught.value.fatal


@pytest.mark.parametrize("version", [b"\0\x02\0\0", b"\0\x04\0\0", b"\0\0\0\0"])
def test_other_major_versions_are_0a000(version: bytes) -> None:
    protocol = Protocol()
    protocol.receive(b"\0\0\0\x09" + version + b"\0")
    with pytest.raises(ProtocolError, match=r"server supports 3\.0") as caught:
        protocol.next_event()
    assert caught.value.sqlstate == "0A000"
