"""Who may say what when: whole conversations, and everything that must be refused."""

from __future__ import annotations

import struct

import pytest

from server.wire import backend, frontend
from server.wire.errors import LocalProtocolError, ProtocolError
from server.wire.protocol import CLOSED, NEED_DATA, PAUSED, Limits, Protocol
from server.wire.states import CLIENT, SERVER, State
from tests.wire.frames import COPY_DONE, FLUSH, GSSENC_REQUEST, SSL_REQUEST, SYNC, TERMINATE, frame, startup
from tests.wire.test_frontend import protocol_in

ERROR = backend.ErrorResponse("ERROR", "42601", "no")
FATAL = backend.ErrorResponse("FATAL", "57P01", "bye")
READY = backend.ReadyForQuery("I")
PARSE = frame(b"P", b"\0select 1\0\0\0")
BIND = frame(b"B", b"\0\0\0\0\0\0\0\0")
EXECUTE = frame(b"E", b"\0\0\0\0\0")
QUERY = frame(b"Q", b"select 1\0")
COPY_DATA = frame(b"d", b"1\n")


def ready() -> Protocol:
    return protocol_in(State.READY)


# --- opening -----------------------------------------------------------------------------------------


def test_opening_with_encryption_asked_for_and_a_password() -> None:
    protocol = Protocol()
    protocol.receive(GSSENC_REQUEST)
    assert protocol.next_event() == frontend.GSSENCRequest()
    assert protocol.next_event() is PAUSED
    assert protocol.send(backend.EncryptionReply(False)) == b"N"
    protocol.receive(SSL_REQUEST)
    assert protocol.next_event() == frontend.SSLRequest()
    protocol.send(backend.EncryptionReply(False))
    protocol.receive(startup(user="a"))
    assert isinstance(protocol.next_event(), frontend.StartupMessage)
    protocol.send(backend.AuthenticationSASL(("SCRAM-SHA-256",)))
    protocol.receive(frame(b"p", b"SCRAM-SHA-256\0\0\0\0\x01n"))
    assert protocol.next_event() == frontend.SASLInitialResponse("SCRAM-SHA-256", b"n")
    protocol.send(backend.AuthenticationSASLContinue(b"r"))
    protocol.receive(frame(b"p", b"c"))
    assert protocol.next_event() == frontend.SASLResponse(b"c")
    protocol.send(backend.AuthenticationSASLFinal(b"v"))
    protocol.send(backend.AuthenticationOk())
    protocol.send(backend.ParameterStatus("TimeZone", "UTC"))
    protocol.send(backend.BackendKeyData(1, 2))
    assert not protocol.at_rest
    protocol.send(READY)
    assert protocol.at_rest
    assert protocol.next_event() is NEED_DATA


@pytest.mark.parametrize("request_", [SSL_REQUEST, GSSENC_REQUEST])
def test_data_sent_before_encryption_was_settled_is_refused(request_: bytes) -> None:
    protocol = Protocol()
    protocol.receive(request_ + startup(user="a"))
    with pytest.raises(ProtocolError, match="unencrypted data"):
        protocol.next_event()


def test_encryption_is_asked_for_once() -> None:
    protocol = Protocol()
    for _ in range(2):
        protocol.receive(SSL_REQUEST)
        if protocol.next_event() is NEED_DATA:  # pragma: no cover
            pytest.fail("a whole packet was there")
        protocol.send(backend.EncryptionReply(False))
        protocol.receive(SSL_REQUEST)
        with pytest.raises(ProtocolError, match="twice"):
            protocol.next_event()
        return


def test_nothing_is_served_before_authentication() -> None:
    protocol = Protocol()
    protocol.receive(startup(user="a") + QUERY)
    protocol.next_event()
    assert protocol.next_event() is PAUSED
    protocol.send(backend.AuthenticationSASL(("SCRAM-SHA-256",)))
    with pytest.raises(ProtocolError, match="unexpected message type 0x51") as caught:
        protocol.next_event()
    assert caught.value.fatal


def test_a_refused_password_leaves_nothing_to_say_but_goodbye() -> None:
    protocol = protocol_in(State.SASL_NEXT)
    protocol.receive(frame(b"p", b"wrong") + QUERY)
    protocol.next_event()
    protocol.send(backend.ErrorResponse("FATAL", "28P01", "no"))
    assert protocol.state is State.CLOSED
    assert protocol.next_event() is CLOSED
    with pytest.raises(LocalProtocolError):
        protocol.send(READY)


def test_cancel_request_ends_the_connection() -> None:
    protocol = Protocol()
    protocol.receive(bytes.fromhex("00000010 04d2162e 00000007 00000009") + QUERY)
    assert protocol.next_event() == frontend.CancelRequest(7, 9)
    assert protocol.next_event() is CLOSED


# --- simple queries ----------------------------------------------------------------------------------


def test_messages_wait_while_the_server_answers() -> None:
    protocol = ready()
    protocol.receive(QUERY + QUERY)
    assert protocol.next_event() == frontend.Query("select 1")
    assert protocol.next_event() is PAUSED
    protocol.send(backend.RowDescription(()))
    protocol.send(backend.DataRows(b""))
    protocol.send(backend.CommandComplete("SELECT 0"))
    assert protocol.next_event() is PAUSED
    protocol.send(READY)
    assert protocol.next_event() == frontend.Query("select 1")


def test_after_an_error_a_simple_query_has_only_ready_to_say() -> None:
    protocol = ready()
    protocol.receive(QUERY)
    protocol.next_event()
    protocol.send(ERROR)
    with pytest.raises(LocalProtocolError):
        protocol.send(backend.CommandComplete("SELECT 1"))
    protocol.send(READY)


# --- extended queries --------------------------------------------------------------------------------


def test_extended_query_in_one_piece() -> None:
    protocol = ready()
    protocol.receive(PARSE + BIND + frame(b"D", b"P\0") + EXECUTE + frame(b"C", b"P\0") + FLUSH + SYNC)
    assert isinstance(protocol.next_event(), frontend.Parse)
    assert not protocol.at_rest
    protocol.send(backend.ParseComplete())
    assert isinstance(protocol.next_event(), frontend.Bind)
    protocol.send(backend.BindComplete())
    assert isinstance(protocol.next_event(), frontend.Describe)
    protocol.send(backend.RowDescription(()))
    assert isinstance(protocol.next_event(), frontend.Execute)
    protocol.send(backend.DataRows(b""))
    protocol.send(backend.PortalSuspended())
    assert isinstance(protocol.next_event(), frontend.Close)
    protocol.send(backend.CloseComplete())
    assert isinstance(protocol.next_event(), frontend.Flush)
    assert isinstance(protocol.next_event(), frontend.Sync)
    protocol.send(READY)
    assert protocol.next_event() is NEED_DATA


def test_describe_of_a_statement_tells_its_parameters_first() -> None:
    protocol = ready()
    protocol.receive(frame(b"D", b"S\0"))
    protocol.next_event()
    with pytest.raises(LocalProtocolError):
        protocol.send(backend.NoData())
    protocol.send(backend.ParameterDescription(()))
    protocol.send(backend.NoData())
    assert protocol.state is State.READY


@pytest.mark.parametrize("failing", [PARSE, BIND, frame(b"D", b"S\0"), EXECUTE, frame(b"C", b"S\0")])
def test_everything_up_to_sync_is_skipped_after_an_error(failing: bytes) -> None:
    protocol = ready()
    skipped = QUERY + PARSE + BIND + EXECUTE + FLUSH + COPY_DATA + COPY_DONE + frame(b"P", b"garbage")
    protocol.receive(failing + skipped + SYNC + QUERY)
    protocol.next_event()
    protocol.send(ERROR)
    assert isinstance(protocol.next_event(), frontend.Sync)
    protocol.send(READY)
    assert isinstance(protocol.next_event(), frontend.Query)


def test_sync_may_fail_and_is_ready_all_the_same() -> None:
    protocol = ready()
    protocol.receive(SYNC)
    protocol.next_event()
    protocol.send(ERROR)
    protocol.send(READY)


def test_a_body_that_makes_no_sense_is_an_error_like_any_other() -> None:
    protocol = ready()
    protocol.receive(frame(b"B", b"garbage") + BIND + SYNC + frame(b"Q", b"no end") + QUERY)
    with pytest.raises(ProtocolError) as caught:
        protocol.next_event()
    assert not caught.value.fatal
    protocol.send(ERROR)
    assert isinstance(protocol.next_event(), frontend.Sync)
    protocol.send(READY)
    with pytest.raises(ProtocolError):
        protocol.next_event()
    protocol.send(ERROR)
    protocol.send(READY)
    assert isinstance(protocol.next_event(), frontend.Query)


# --- COPY --------------------------------------------------------------------------------------------


def test_copy_in_merges_what_is_there_and_drops_flush_and_sync() -> None:
    protocol = protocol_in(State.COPY_IN_SIMPLE)
    protocol.receive(COPY_DATA + COPY_DATA + FLUSH + SYNC + COPY_DATA + COPY_DATA[:-1])
    assert protocol.next_event() == frontend.CopyData(b"1\n1\n")
    assert protocol.next_event() == frontend.CopyData(b"1\n")
    assert protocol.next_event() is NEED_DATA
    protocol.receive(COPY_DATA[-1:] + COPY_DONE)
    assert protocol.next_event() == frontend.CopyData(b"1\n")
    assert protocol.next_event() == frontend.CopyDone()
    protocol.send(backend.CommandComplete("COPY 4"))
    protocol.send(READY)


def test_merged_copy_data_is_bounded() -> None:
    protocol = Protocol(Limits(merged_copy_data_bytes=40))
    protocol.receive(startup(user="a"))
    protocol.next_event()
    protocol.send(backend.AuthenticationOk())
    protocol.send(READY)
    protocol.receive(QUERY)
    protocol.next_event()
    protocol.send(backend.CopyInResponse(1))
    protocol.receive(COPY_DATA * 100)
    event = protocol.next_event()
    assert isinstance(event, frontend.CopyData)
    assert len(event.data) <= 40


@pytest.mark.parametrize("end", [COPY_DONE, frame(b"f", b"no\0")])
def test_the_rest_of_a_failed_copy_is_dropped(end: bytes) -> None:
    simple = protocol_in(State.COPY_IN_SIMPLE)
    simple.send(ERROR)
    simple.send(READY)
    simple.receive(COPY_DATA * 3 + end + QUERY)
    assert isinstance(simple.next_event(), frontend.Query)
    extended = protocol_in(State.COPY_IN_EXTENDED)
    extended.send(ERROR)
    extended.receive(COPY_DATA * 3 + end + QUERY + SYNC)
    assert isinstance(extended.next_event(), frontend.Sync)


def test_a_query_within_a_copy_is_refused() -> None:
    protocol = protocol_in(State.COPY_IN_SIMPLE)
    protocol.receive(QUERY)
    with pytest.raises(ProtocolError, match="unexpected message type 0x51"):
        protocol.next_event()


def test_copy_out() -> None:
    protocol = ready()
    protocol.receive(QUERY)
    protocol.next_event()
    protocol.send(backend.CopyOutResponse(1))
    assert protocol.next_event() is PAUSED
    protocol.send(backend.CopyRows(b""))
    with pytest.raises(LocalProtocolError):
        protocol.send(backend.DataRows(b""))
    protocol.send(backend.CopyDone())
    protocol.send(backend.CommandComplete("COPY 0"))
    protocol.send(READY)


# --- ends and limits ---------------------------------------------------------------------------------


def test_terminate_and_the_end_of_the_stream() -> None:
    polite = ready()
    polite.receive(TERMINATE + QUERY)
    assert isinstance(polite.next_event(), frontend.Terminate)
    assert polite.next_event() is CLOSED
    abrupt = ready()
    abrupt.receive(QUERY)
    abrupt.receive(b"")
    assert isinstance(abrupt.next_event(), frontend.Query)
    abrupt.send(READY)
    assert abrupt.next_event() is CLOSED


def test_a_fatal_error_may_be_said_at_any_time_and_is_the_last_thing() -> None:
    for state in (State.SASL_FIRST, State.READY, State.COPY_IN_EXTENDED):
        protocol = protocol_in(state)
        protocol.send(FATAL)
        assert protocol.next_event() is CLOSED
        with pytest.raises(LocalProtocolError):
            protocol.send(backend.NoticeResponse("NOTICE", "00000", "x"))


def test_notices_are_for_open_sessions() -> None:
    protocol = Protocol()
    with pytest.raises(LocalProtocolError):
        protocol.send(backend.NoticeResponse("NOTICE", "00000", "x"))
    ready().send(backend.NoticeResponse("NOTICE", "00000", "x"))


@pytest.mark.parametrize(
    ("kind", "length"),
    [(b"Q", 3), (b"Q", -1), (b"Q", (512 << 20) + 1), (b"S", 10_001), (b"X", 2**31 - 1), (b"d", 0)],
)
def test_lengths_are_judged_by_the_header_alone(kind: bytes, length: int) -> None:
    protocol = ready()
    protocol.receive(kind + struct.pack("!i", length))
    if kind == b"d":
        protocol = protocol_in(State.COPY_IN_SIMPLE)
        protocol.receive(kind + struct.pack("!i", length))
    with pytest.raises(ProtocolError, match="invalid message length") as caught:
        protocol.next_event()
    assert caught.value.fatal
    assert protocol.next_event() is CLOSED


@pytest.mark.parametrize("length", [0, 7, 10_001, -1, 0x47455420])
def test_startup_packets_are_small(length: int) -> None:
    protocol = Protocol()
    protocol.receive(struct.pack("!i", length))
    with pytest.raises(ProtocolError, match="length of startup packet"):
        protocol.next_event()


def test_proofs_are_small() -> None:
    protocol = protocol_in(State.SASL_FIRST)
    protocol.receive(b"p" + struct.pack("!i", 16_385))
    with pytest.raises(ProtocolError, match="invalid message length"):
        protocol.next_event()


def test_unknown_message_type() -> None:
    protocol = ready()
    protocol.receive(b"\x16")
    with pytest.raises(ProtocolError, match="invalid frontend message type 22"):
        protocol.next_event()


def test_a_password_message_outside_the_login() -> None:
    protocol = ready()
    protocol.receive(frame(b"p", b"secret\0"))
    with pytest.raises(ProtocolError, match="invalid frontend message type"):
        protocol.next_event()


# --- the tables --------------------------------------------------------------------------------------


def test_the_tables_reach_every_state_and_leave_every_state() -> None:
    reached = {State.STARTUP, State.CLOSED, State.DESCRIBE_STATEMENT}
    for table in (CLIENT, SERVER):
        for row in table.values():
            reached |= set(row.values())
    assert reached == set(State)
    assert set(CLIENT) | set(SERVER) | {State.CLOSED} == set(State)


def test_the_tables_know_every_message() -> None:
    client = {kind for row in CLIENT.values() for kind in row}
    assert client == set(frontend.Message.__args__) | set(frontend.Packet.__args__)
    server = {kind for row in SERVER.values() for kind in row}
    assert server | {backend.NoticeResponse, backend.ParameterStatus} == set(backend.Message.__args__)
