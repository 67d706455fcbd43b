"""Points that Anju's own device profiles and simulations name: their titles and units. Any other point is called by
its name; on pages the label that its birth gives goes first."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from anju_contracts.kinds import Label
from anju_contracts.units import SHOWN_AS


@dataclass(frozen=True, slots=True)
class PointTitle:
    """`unit` is a UCUM code; "1" of what is counted or has none."""

    label: Label
    unit: str = "1"

    @property
    def unit_shown(self) -> str:
        return SHOWN_AS[self.unit]


def _point(zh: str, en: str, unit: str = "1") -> PointTitle:
    return PointTitle(Label(zh, en), unit)


POINTS: Final = MappingProxyType(
    {
        "trips": _point("运行次数", "trips"),
        "door_cycles": _point("开关门次数", "door cycles"),
        "door_reopens": _point("重复开门次数", "door reopenings"),
        "door_close_s": _point("关门时间", "door closing time", "s"),
        "door_motor_a": _point("门机电流", "door motor current", "A"),
        "levelling_error_mm": _point("平层误差", "levelling error", "mm"),
        "brake_release_ms": _point("制动器释放时间", "brake release time", "ms"),
        "vibration_mm_s": _point("振动速度", "vibration velocity", "mm/s"),
        "motor_temp_c": _point("曳引机温度", "motor temperature", "Cel"),
        "drive_temp_c": _point("变频器温度", "drive temperature", "Cel"),
        "supply_v": _point("供电电压", "supply voltage", "V"),
        "controller_resets": _point("控制器重启次数", "controller restarts"),
        "openings": _point("开门次数", "openings"),
        "lock_current_ma": _point("锁电流", "lock current", "mA"),
        "unlock_ms": _point("开锁时间", "unlocking time", "ms"),
        "close_s": _point("关门时间", "closing time", "s"),
        "read_errors": _point("读卡错误次数", "read errors"),
        "card_reads": _point("刷卡次数", "cards read"),
        "reader_online": _point("读卡器在线", "reader online"),
        "comm_losses": _point("掉线次数", "connection losses"),
        "power_lost": _point("供电异常", "power lost"),
        "tamper": _point("防拆", "tampered with"),
        "battery_v": _point("电池电压", "battery voltage", "V"),
        "cabinet_temp_c": _point("箱内温度", "cabinet temperature", "Cel"),
        "voltage_l1_v": _point("A相电压", "voltage L1", "V"),
        "voltage_l2_v": _point("B相电压", "voltage L2", "V"),
        "voltage_l3_v": _point("C相电压", "voltage L3", "V"),
        "current_l1_a": _point("A相电流", "current L1", "A"),
        "current_l2_a": _point("B相电流", "current L2", "A"),
        "current_l3_a": _point("C相电流", "current L3", "A"),
        "frequency_hz": _point("频率", "frequency", "Hz"),
        "power_w": _point("功率", "power", "W"),
        "import_kwh": _point("用电量", "energy used", "kW.h"),
        "total_m3": _point("用水量", "water used", "m3"),
        "flow_m3_h": _point("瞬时流量", "flow", "m3/h"),
        "signal_dbm": _point("信号强度", "signal strength", "dB[mW]"),
        "comm_errors": _point("通信错误次数", "communication errors"),
        "comm_latency_ms": _point("通信时延", "communication latency", "ms"),
    }
)


def point_title(point: str) -> PointTitle:
    return POINTS.get(point, PointTitle(Label(point, point)))
