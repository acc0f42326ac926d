"""Brings a warehouse up to this version: schemas by Alembic, marts by contract, views by dbt."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg import sql
from sqlalchemy.exc import DBAPIError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from meterr_etl.errors import BusyError
from meterr_etl.settings import PROJECT_ROOT
from meterr_etl.warehouse.connection import Connection, warehouse

logger = logging.getLogger(__name__)
