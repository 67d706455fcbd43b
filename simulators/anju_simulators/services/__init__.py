"""Local servers for demo and tests: PostgreSQL in both flavours and an MQTT 5 broker, without root or Docker."""

from anju_simulators.services.broker import Access, Broker, BrokerKind, broker_kinds, start_broker
from anju_simulators.services.errors import ServiceError, ServiceFailed, ServiceMissing
from anju_simulators.services.postgres import Flavour, Postgres, flavours, start_postgres

__all__ = [
    "Access",
    "Broker",
    "BrokerKind",
    "Flavour",
    "Postgres",
    "ServiceError",
    "ServiceFailed",
    "ServiceMissing",
    "broker_kinds",
    "flavours",
    "start_broker",
    "start_postgres",
]
