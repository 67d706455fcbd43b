"""Titles of points that Anju's own device profiles name; any other point is called by its name."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class PointLabel:
    zh: str
    en: str
    unit: str = ""


POINTS: Final = MappingProxyType(
    {
        "trips": PointLabel("运行次数", "trips"),
        "door_cycles": PointLabel("开关门次数", "door cycles"),
        "door_reopens": PointLabel("重开门次数", "door re-openings"),
        "door_close_s": PointLabel("关门时间", "door closing time", "s"),
        "door_motor_a": PointLabel("门机电流", "door motor current", "A"),
        "levelling_error_mm": PointLabel("平层误差", "levelling error", "mm"),
        "brake_release_ms": PointLabel("制动器打开时间", "brake release time", "ms"),
        "vibration_mm_s": PointLabel("振动速度", "vibration", "mm/s"),
        "motor_temp_c": PointLabel("曳引机温度", "motor temperature", "°C"),
        "drive_temp_c": PointLabel("变频器温度", "drive temperature", "°C"),
        "controller_resets": PointLabel("控制系统重启次数", "controller resets"),
        "openings": PointLabel("开门次数", "openings"),
        "lock_current_ma": PointLabel("锁电流", "lock current", "mA"),
        "unlock_ms": PointLabel("开锁时间", "unlocking time", "ms"),
        "close_s": PointLabel("闭门时间", "closing time", "s"),
        "read_errors": PointLabel("读卡错误次数", "read errors"),
        "battery_v": PointLabel("电池电压", "battery voltage", "V"),
        "supply_v": PointLabel("供电电压", "supply voltage", "V"),
        "cabinet_temp_c": PointLabel("机箱温度", "cabinet temperature", "°C"),
        "comm_errors": PointLabel("通信错误次数", "communication errors"),
        "comm_latency_ms": PointLabel("通信时延", "communication latency", "ms"),
        "import_kwh": PointLabel("用电量", "energy", "kWh"),
        "power_w": PointLabel("功率", "power", "W"),
        "total_m3": PointLabel("用水量", "water", "m³"),
        "flow_m3_h": PointLabel("流量", "flow", "m³/h"),
        "signal_dbm": PointLabel("信号强度", "signal strength", "dBm"),
    }
)


def point_label(point: str) -> PointLabel:
    return POINTS.get(point, PointLabel(point, point))
