"""The system's answer, from a bus of our own with a stand-in for logind."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from facilitator.audio import awake
from facilitator.audio.awake import IDLE, LID, Wakefulness, may_keep_awake

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is how Linux is asked")

LOGIND = """
import os, sys
from jeepney import DBusAddress, MessageType, new_error, new_method_call, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
willing = sys.argv[1] == "willing"
bus = open_dbus_connection("SYSTEM", enable_fds=True)
bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.login1"))
print("ready", flush=True)
while True:
    asked = bus.receive()
    if asked.header.message_type is not MessageType.method_call:
        continue
    print(*asked.body, sep="|", flush=True)
    if willing:
        ours, theirs = os.pipe()
        bus.send(new_method_return(asked, "h", (theirs,)))
        os.close(theirs)
        os.read(ours, 1)
        print("released", flush=True)
    else:
        bus.send(new_error(asked, "org.freedesktop.DBus.Error.AccessDenied", "s", ("no",)))
"""
CONFIG = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/><allow own="*"/>
<allow user="*"/></policy></busconfig>
"""


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A system bus with nobody on it."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed (apt install dbus)")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
    (tmp_path / "bus.conf").write_text(CONFIG.format(socket=tmp_path / "bus"))
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={tmp_path / 'bus.conf'}", "--nofork", "--nopidfile", "--print-address"],
        stdout=subprocess.PIPE,
    )
    assert daemon.stdout is not None and daemon.stdout.readline()
    yield
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()


@pytest.fixture
def logind(bus: None, request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[str]"]:
    stand_in = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(LOGIND), request.param], stdout=subprocess.PIPE, text=True
    )
    assert stand_in.stdout is not None and stand_in.stdout.readline() == "ready\n"
    yield stand_in
    stand_in.kill()
    stand_in.wait()
    stand_in.stdout.close()


@pytest.mark.parametrize("logind", ["willing"], indirect=True)
def test_a_lock_is_held_until_the_end(logind: "subprocess.Popen[str]") -> None:
    wakefulness = Wakefulness()
    answer = wakefulness.answer()
    assert set(answer.granted) == {IDLE, LID} and not answer.refused
    assert logind.stdout is not None
    assert logind.stdout.readline().startswith("sleep:idle:handle-lid-switch|Facilitator|")
    wakefulness.end()
    assert logind.stdout.readline() == "released\n"


@pytest.mark.parametrize("logind", ["willing"], indirect=True)
def test_a_lock_is_released_when_its_holder_is_killed(logind: "subprocess.Popen[str]") -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from facilitator.audio.awake import Wakefulness\n"
            "held = Wakefulness(); held.answer(); print('held', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    with holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        holder.kill()
    assert logind.stdout is not None
    logind.stdout.readline()
    assert logind.stdout.readline() == "released\n"


@pytest.mark.parametrize("logind", ["willing"], indirect=True)
def test_the_check_before_a_recording_says_yes(logind: "subprocess.Popen[str]") -> None:
    check = may_keep_awake()
    assert (check.name, check.ok) == ("Sleep", True)


@pytest.mark.parametrize("logind", ["unwilling"], indirect=True)
def test_a_refusal_is_told(logind: "subprocess.Popen[str]") -> None:
    wakefulness = Wakefulness()
    answer = wakefulness.answer()
    wakefulness.end()
    assert not answer.granted
    assert answer.refused == (IDLE, f"{LID} (refused by the system: AccessDenied)")


def test_without_logind_or_without_a_bus_it_is_told(bus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (os.environ["DBUS_SYSTEM_BUS_ADDRESS"], "unix:path=/nowhere"):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        check = may_keep_awake()
        assert check.ok is None and LID in check.detail and IDLE in check.detail


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_where_no_program_can_hold_off_the_lid_it_is_told(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", system)
        patch.setattr(awake, "_keep_running", lambda _: True)
        with awake._held() as answer:
            pass
    assert answer.granted == (IDLE,) and [one.startswith(LID) for one in answer.refused] == [True]
    monkeypatch.setattr(Wakefulness, "answer", lambda _: answer)
    check = may_keep_awake()
    assert check.ok is None and LID in check.detail and check.detail.endswith("Keep the lid open")
