"""Which model of monitor or controller speaks how."""

from types import MappingProxyType
from typing import Final

from anju_simulators.devices.hengan import HENGAN_LM10
from anju_simulators.devices.kaixin import KAIXIN_DC2
from anju_simulators.devices.shengtong import SHENGTONG_LM3

DIALECTS: Final = MappingProxyType(
    {"shengtong-lm3": SHENGTONG_LM3, "hengan-lm10": HENGAN_LM10, "kaixin-dc2": KAIXIN_DC2}
)
