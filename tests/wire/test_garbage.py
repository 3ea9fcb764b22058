"""Garbage, in any state and cut anywhere, raises ProtocolError and nothing else."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.wire import backend
from server.wire.errors import ProtocolError
from server.wire.protocol import PAUSED, Pause, Protocol
from server.wire.scram import ScramServer, mock_verifier
from server.wire.states import SERVER, State
from tests.wire.frames import frame
from tests.wire.test_frontend import MESSAGES, PACKETS, protocol_in

STATES = [None, State.SASL_FIRST, State.SASL_NEXT, State.READY, State.COPY_IN_SIMPLE, State.COPY_IN_EXTENDED]

framed = st.builds(
    frame, st.sampled_from([bytes([byte]) for byte in b"QPBDECFdcfHSXp?"]), st.binary(max_size=40)
)
known = st.sampled_from([data for data, _ in PACKETS] + [data for _, data, _ in MESSAGES])
streams = st.lists(st.one_of(st.binary(max_size=60), framed, known), max_size=12).map(b"".join)


def drain(protocol: Protocol) -> None:
    """Takes every event, letting the server fail whatever is asked of it."""
    sqlstates = set()
    for _ in range(200):
        try:
            event = protocol.next_event()
        except ProtocolError as error:
            sqlstates.add(error.sqlstate)
            if error.fatal:
                break
            event = PAUSED
        if isinstance(event, Pause) and event is not PAUSED:
            break
        answer(protocol)
    assert sqlstates <= {"08P01", "22021", "0A000"}


def answer(protocol: Protocol) -> None:
    if backend.ErrorResponse in SERVER.get(protocol.state, {}):
        protocol.send(backend.ErrorResponse("ERROR", "42601", "no"))
    if backend.ReadyForQuery in SERVER.get(protocol.state, {}):
        protocol.send(backend.ReadyForQuery("I"))
    if protocol.state is State.ENCRYPTION:
        protocol.send(backend.EncryptionReply(False))
    if protocol.state is State.OPENING:
        protocol.send(backend.AuthenticationOk())
        protocol.send(backend.ReadyForQuery("I"))


@pytest.mark.parametrize("state", STATES)
@given(data=streams, cuts=st.lists(st.integers(0, 400), max_size=6), ends=st.booleans())
@settings(max_examples=300, deadline=None)
def test_garbage(state: State | None, data: bytes, cuts: list[int], ends: bool) -> None:
    protocol = Protocol() if state is None else protocol_in(state)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for begin, end in itertools.pairwise(edges):
        if begin < end:
            protocol.receive(data[begin:end])
            drain(protocol)
    if ends:
        protocol.receive(b"")
        drain(protocol)


@given(first=st.binary(max_size=60), final=st.binary(max_size=80))
@settings(max_examples=300, deadline=None)
def test_scram_garbage(first: bytes, final: bytes) -> None:
    scram = ScramServer(mock_verifier(b"secret", "nobody"))
    with contextlib.suppress(ProtocolError):
        scram.first(first)
    with contextlib.suppress(ProtocolError):
        assert scram.final(final) is None


@given(extra=st.text(max_size=20), final=st.text(alphabet="c=biws,rp=ABC+/ny0", max_size=60))
@settings(max_examples=300, deadline=None)
def test_scram_near_misses(extra: str, final: str) -> None:
    scram = ScramServer(mock_verifier(b"secret", "nobody"), nonce="server")
    with contextlib.suppress(ProtocolError):
        scram.first(f"n,,n=,r=client{extra}".encode())
        with contextlib.suppress(ProtocolError):
            assert scram.final(final.encode()) is None
