"""Tables of the other fleet: what its machines measure, which parts they have, and how these wear and show it."""

from dataclasses import dataclass
from typing import Final, Literal

Law = Literal["gamma", "crack", "shocks", "intermittent", "none"]


@dataclass(frozen=True)
class Point:
    """`level` in the unit of the name; `spread` between machines and hourly `noise` as shares of the level;
    `per_degree` and `per_use` in the unit, per degree of the air outside and per share of full use. A counter only
    rises: `level` is then its increase in an hour of full use."""

    name: str
    level: float
    spread: float = 0.1
    noise: float = 0.04
    per_degree: float = 0.0
    per_use: float = 0.0
    counter: bool = False


@dataclass(frozen=True)
class Part:
    """Fails after `life_days` on average by `law` (`none`: at once). It shows in `effects`: by which share of its level
    a point has moved when the part fails, as (wear 0 to 1) ** `power`; `code` comes `codes_a_day` times at worst."""

    name: str
    law: Law
    life_days: float
    effects: tuple[tuple[str, float], ...] = ()
    power: float = 2.0
    code: str = ""
    codes_a_day: float = 0.0
    noticed: float = 0.6
    """Share of failures that somebody complains about."""


@dataclass(frozen=True)
class Machine:
    """`share` of the fleet; `chatter`: codes that mean nothing, with their number a day."""

    kind: str
    models: tuple[str, ...]
    share: float
    points: tuple[Point, ...]
    parts: tuple[Part, ...]
    chatter: tuple[tuple[str, float], ...]
    stopped: str
    """Critical code of some failures."""


ELEVATOR: Final = Machine(
    "elevator",
    ("KX-610", "KX-800"),
    0.3,
    (
        Point("starts", 22.0, counter=True),
        Point("trip_temp_c", 48.0, 0.06, 0.03, per_degree=0.35, per_use=9.0),
        Point("vib_rms", 1.6, 0.15, 0.07, per_use=0.25),
        Point("noise_db", 54.0, 0.03, 0.015, per_use=2.0),
        Point("leaf_travel_s", 2.7, 0.08, 0.03, per_degree=-0.004),
        Point("leaf_force_n", 118.0, 0.1, 0.05, per_degree=-0.3),
        Point("retries", 0.25, counter=True),
    ),
    (
        Part("traction_rope", "crack", 700, (("vib_rms", 0.5), ("trip_temp_c", 0.05)), 3.0, "E17", 1.2),
        Part("leaf_drive", "gamma", 420, (("leaf_travel_s", 0.3), ("retries", 6.0)), 7.0, "E31", 1.5, 0.8),
        Part("guide_shoe", "gamma", 650, (("vib_rms", 0.35), ("noise_db", 0.06)), 10.0),
        Part("landing_relay", "intermittent", 700, (("retries", 9.0),), 1.0, "E40", 4.0, 0.8),
        Part("cooling_fan", "shocks", 900, (("trip_temp_c", 0.22), ("noise_db", 0.05)), 1.0),
        Part("car_lamp", "none", 2000, noticed=0.9),
    ),
    (("E02", 0.05), ("E55", 0.02), ("E17", 0.004)),
    "E99",
)
GATE: Final = Machine(
    "gate",
    ("portcullis-2", "wicket", "wicket-s"),
    0.3,
    (
        Point("passes", 30.0, counter=True),
        Point("swing_s", 4.2, 0.12, 0.05, per_degree=-0.02),
        Point("release_lag_ms", 85.0, 0.12, 0.08),
        Point("hold_ma", 410.0, 0.08, 0.03, per_degree=-0.6),
        Point("dc_bus_v", 24.1, 0.01, 0.004),
        Point("misreads", 0.3, counter=True),
        Point("box_temp_c", 22.0, 0.08, 0.05, per_degree=0.8),
    ),
    (
        Part("hinge_arm", "gamma", 650, (("swing_s", 0.45),), 10.0, "G2", 0.4, 0.7),
        Part("strike", "shocks", 700, (("release_lag_ms", 0.6), ("hold_ma", 0.12)), 1.0, "G6", 0.8, 0.8),
        Part("token_reader", "intermittent", 900, (("misreads", 9.0),), 1.0, "G4", 3.0, 0.8),
        Part("rectifier", "crack", 1000, (("dc_bus_v", -0.08), ("box_temp_c", 0.12)), 4.0, "G9", 0.8, 0.5),
        Part("buzzer", "none", 2500, noticed=0.3),
    ),
    (("G1", 0.1), ("G4", 0.02)),
    "G13",
)
HYDROMETER: Final = Machine(
    "hydrometer",
    ("aqua-20", "aqua-25"),
    0.25,
    (
        Point("volume_l", 55.0, 0.4, counter=True),
        Point("flow_lph", 60.0, 0.3, 0.3, per_use=80.0),
        Point("head_loss_kpa", 21.0, 0.1, 0.06, per_use=4.0),
        Point("cell_v", 3.62, 0.01, 0.004, per_degree=0.002),
        Point("link_db", -84.0, 0.05, 0.03),
        Point("water_temp_c", 14.0, 0.05, 0.04, per_degree=0.5),
    ),
    (
        Part("valve_stem", "gamma", 1500, (("head_loss_kpa", 0.5),), 16.0, noticed=0.4),
        Part("cell", "crack", 1600, (("cell_v", -0.12), ("link_db", 0.06)), 4.0, "H3", 0.5, 0.1),
        Part("radio_link", "intermittent", 1800, (("link_db", 0.2),), 1.0, "H8", 2.0, 0.1),
    ),
    (("H8", 0.03), ("H1", 0.01)),
    "H9",
)
WATTMETER: Final = Machine(
    "wattmeter",
    ("W1", "W3"),
    0.15,
    (
        Point("energy_wh", 700.0, 0.4, counter=True),
        Point("load_w", 350.0, 0.3, 0.25, per_use=700.0),
        Point("line_v", 231.0, 0.005, 0.006),
        Point("case_temp_c", 26.0, 0.05, 0.03, per_degree=0.4, per_use=5.0),
        Point("link_db", -71.0, 0.06, 0.03),
    ),
    (
        Part("terminal_block", "crack", 1500, (("case_temp_c", 0.5), ("line_v", -0.02)), 4.0, "W5", 0.4, 0.3),
        Part("modem", "intermittent", 1900, (("link_db", 0.25),), 1.0, "W8", 2.0, 0.1),
    ),
    (("W8", 0.03),),
    "W9",
)
MACHINES: Final = (ELEVATOR, GATE, HYDROMETER, WATTMETER)
