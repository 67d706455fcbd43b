"""Event codes that Anju knows: what they mean, how grave they are, which component they point at.

Vendors' numbers (GB/T 24476-style monitors, BACnet LiftFault and DoorAlarmState, meters) are mapped to these
names by the device profile; a code not listed here is carried all the same, with the severity its event says.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from anju_contracts.kinds import Label


class Severity(StrEnum):
    INFO = "info"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class EventCode:
    """`acute` codes open a ticket in the transaction that stores them; `component` is the part they point at."""

    name: str
    severity: Severity
    label: Label
    component: str | None = None
    acute: bool = False


def _code(
    name: str, severity: Severity, zh: str, en: str, *, component: str | None = None, acute: bool = False
) -> EventCode:
    return EventCode(name, severity, Label(zh, en), component, acute)


_I, _N, _M, _C = Severity.INFO, Severity.MINOR, Severity.MAJOR, Severity.CRITICAL

_GATEWAY_CODES = (
    # value: seconds by which the machine's clock is ahead of the clock of the data
    _code("gateway.clock_jump", _M, "网关时钟跳变", "gateway's machine clock jumped"),
    # value: seconds by which the clock of the data was moved, once a receipt told the platform's time
    _code("gateway.clock_corrected", _N, "网关时钟已校正", "gateway's clock was wrong and is corrected"),
    _code("gateway.outbox_corrupt", _M, "网关缓存文件损坏", "gateway's outbox was corrupt and set aside"),
    _code("gateway.outbox_stuck", _C, "网关无法写盘", "gateway can't write to its disk"),
    _code("gateway.name_conflict", _M, "网关重名", "another gateway uses the same name"),
)
"""What an account lists as faults; a gateway is no asset, so these are no events."""

CODES: Final = MappingProxyType(
    {
        code.name: code
        for code in (
            _code("lift.overtravel_top", _C, "冲顶", "overtravel at the top", component="brake", acute=True),
            _code("lift.overtravel_pit", _C, "蹲底", "overtravel into the pit", component="brake", acute=True),
            _code("lift.overspeed", _C, "超速", "overspeed", component="drive", acute=True),
            _code(
                "lift.door_open_running",
                _C,
                "运行中开门",
                "door opened while running",
                component="door_lock",
                acute=True,
            ),
            _code(
                "lift.running_door_open", _C, "开门走车", "ran with the door open", component="door_lock", acute=True
            ),
            _code(
                "lift.unintended_movement", _C, "轿厢意外移动", "unintended car movement", component="brake", acute=True
            ),
            _code("lift.stop_outside_zone", _M, "门区外停梯", "stopped outside the door zone"),
            _code("lift.trapped_level", _C, "平层困人", "passenger trapped at a level", acute=True),
            _code("lift.trapped_off_level", _C, "非平层困人", "passenger trapped between levels", acute=True),
            _code("lift.user_alarm", _M, "用户报警", "alarm button pressed"),
            _code("lift.door_close_fault", _N, "关门故障", "door failed to close", component="door_operator"),
            _code("lift.door_open_fault", _N, "开门故障", "door failed to open", component="door_operator"),
            _code(
                "lift.door_cycling", _N, "反复开关门", "door opened and closed repeatedly", component="door_operator"
            ),
            _code("lift.start_failure", _M, "启动失败", "failed to start", component="controller"),
            _code("lift.controller_fault", _N, "控制系统故障", "controller fault", component="controller"),
            _code("lift.position_lost", _M, "位置丢失", "position lost", component="controller"),
            _code("lift.drive_temperature", _N, "变频器过热", "drive too warm", component="drive"),
            _code("lift.vibration", _N, "振动异常", "abnormal vibration", component="traction_bearing"),
            _code("lift.relevelling", _N, "反复再平层", "frequent relevelling", component="brake"),
            _code("lift.out_of_service", _M, "停梯", "out of service"),
            _code("lift.mains_lost", _M, "停电", "mains lost"),
            _code("lift.ebike_in_car", _N, "电动车入梯", "e-bike in the car"),
            _code("lift.tilt", _M, "轿厢倾斜", "car tilted", component="guide_shoe"),
            _code("door.open_too_long", _N, "开门超时", "held open too long", component="closer"),
            _code("door.forced", _C, "强行开门", "forced open", acute=True),
            _code("door.tamper", _M, "防拆报警", "tampered with"),
            _code("door.fault", _M, "门禁故障", "out of order"),
            _code("door.lock_retry", _N, "锁舌重试", "lock needed several attempts", component="lock"),
            _code("door.lock_fault", _M, "门锁故障", "lock failed", component="lock"),
            _code("door.reader_error", _N, "读卡错误", "credential read failed", component="reader"),
            _code("door.reader_offline", _M, "读卡器离线", "reader offline", component="reader"),
            _code("door.credential_read", _I, "刷卡", "credential read"),
            _code("door.battery_low", _N, "后备电池电压低", "backup battery low", component="battery"),
            _code("door.mains_lost", _N, "门禁停电", "door lost mains"),
            _code("door.lockdown", _M, "紧急锁闭", "locked down"),
            _code("door.free_access", _I, "常开", "free access"),
            _code("door.egress", _I, "出门按钮", "egress"),
            _code("meter.leak", _C, "疑似漏水", "leak suspected", acute=True),
            _code("meter.comm_error", _N, "通信错误", "communication error", component="comm_module"),
            _code("meter.comm_lost", _M, "通信中断", "communication lost", component="comm_module"),
            _code("meter.battery_low", _N, "电池电量低", "battery low", component="battery"),
            _code("meter.register_backwards", _M, "读数倒走", "register went backwards", component="register"),
            _code("meter.register_stuck", _M, "读数不走", "register stuck", component="register"),
            _code("meter.cover_open", _M, "表盖打开", "cover opened"),
            _code("meter.overload", _N, "过载", "overload"),
            _code("device.silent", _M, "设备失联", "device does not answer"),
            _code("sensor.fault", _N, "传感器故障", "a sensor failed"),
            _code("command.done", _I, "远程命令已执行", "remote command done"),
            _code("command.refused", _I, "远程命令未执行", "remote command not done"),
            *_GATEWAY_CODES,
        )
    }
)


def code_label(name: str) -> Label:
    """The title of an event code; its own name where Anju doesn't know it."""
    known = CODES.get(name)
    return known.label if known else Label(name, name)


def is_acute(name: str) -> bool:
    return name in CODES and CODES[name].acute
