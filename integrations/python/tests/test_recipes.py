"""The script of docs/recipes/nightly-warehouse.md, as it stands there."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs/recipes/nightly-warehouse.md"


@pytest.fixture
def night(product, tmp_path):
    script = tmp_path / "warehouse.py"
    script.write_text(re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S).group(1), encoding="utf-8")
    database = tmp_path / "warehouse.db"
    key = product.command("key", "create", "--agent", "sarah-johnson", "--name", "Warehouse", "--scope", "read")

    def run(**changes):
        environment = {**os.environ, "OA_URL": product.base, "OA_API_KEY": key, "WAREHOUSE": str(database), **changes}
        return subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True)

    run.database = database
    return run


def rows(database, sql):
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_each_night_brings_what_is_new_once(agent, night):
    for count in range(3):
        agent.create_lead({"name": f"Lead {count}"})
    client = agent.create_client({"name": "Warehouse Client", "email": "warehouse@example.com"})["clientId"]
    first = night()
    assert first.returncode == 0, first.stderr
    sequences = [sequence for (sequence,) in rows(night.database, "SELECT sequence FROM events ORDER BY sequence")]
    assert sequences == list(range(1, len(sequences) + 1))
    assert first.stdout == f"{len(sequences)} events\n"
    assert night().stdout == "0 events\n"

    agent.update_client(client, {"buyingStage": "Touring"})
    assert night().stdout == "1 events\n"
    assert rows(night.database, f"SELECT name, status FROM records WHERE id = '{client}'") == [("Warehouse Client", "Touring")]
    assert all(json.loads(data)["id"] for (data,) in rows(night.database, "SELECT data FROM events"))


def test_a_night_that_fails_says_so_and_changes_nothing(agent, night):
    agent.create_lead({"name": "Before"})
    refused = night(OA_API_KEY="oa_live_wrong")
    assert refused.returncode == 1 and refused.stderr.startswith("the feed: ")
    assert rows(night.database, "SELECT * FROM place") == []
    assert night().returncode == 0
