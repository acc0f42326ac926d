"""One analyst: a process that asks its questions in turn on one connection, and times each.

Reads JSON from stdin: the URL, the queries, from when and for how many seconds to ask, and whether
each query gets a connection of its own. The last line of its output is JSON: one `[started at,
milliseconds]` per answer. Before its time it asks each query a few times, so that all are prepared
(psycopg does so at the sixth time) and in memory. A time is from sending a query to its last row
in this process, without the time to connect.
"""

from __future__ import annotations

import json
import random
import sys
import time

import psycopg

WARM_ROUNDS = 6


def main() -> None:
    """Ask until the time is up."""
    told = json.load(sys.stdin)
    queries: list[str] = told["queries"]
    answers: list[tuple[float, float]] = []
    # Analysts don't ask in step.
    shuffle = random.Random(told["seed"]).shuffle
    connection = psycopg.connect(told["url"], autocommit=True)
    for query in queries * WARM_ROUNDS:
        connection.execute(query).fetchall()
    time.sleep(max(told["starts_at"] - time.time(), 0))
    ends = told["starts_at"] + told["seconds"]
    while not answers or time.time() < ends:
        shuffle(queries)
        for query in queries:
            if told["is_first"]:
                connection.close()
                connection = psycopg.connect(told["url"], autocommit=True)
            started = time.time()
            connection.execute(query).fetchall()
            answers.append((started, (time.time() - started) * 1000))
    connection.close()
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
