"""What both examples need: a connection with an inbox of its own, and the published schemas."""

import json
import os
import pathlib
import uuid

import jsonschema
import nats

READY = "dev.squirrly.recommendation.ready.v1"
REQUESTED = "dev.squirrly.profile.requested.v1"
SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "pkg" / "events" / "schemas"

# The namespace of run ids that is part of the contract (docs/events.md).
RUNS = uuid.uuid5(uuid.NAMESPACE_DNS, "squirrly.dev")


async def connect(name):
    """Connects as NATS_URL, NATS_USER and NATS_PASSWORD, or NATS_CREDS, say."""
    async def told(err):
        print(f"NATS: {err}", flush=True)

    options = {"name": name, "inbox_prefix": f"_INBOX_{os.environ.get('NATS_USER', name)}".encode(), "error_cb": told}
    if os.environ.get("NATS_USER"):
        options["user"], options["password"] = os.environ["NATS_USER"], os.environ.get("NATS_PASSWORD", "")
    if os.environ.get("NATS_CREDS"):
        options["user_credentials"] = os.environ["NATS_CREDS"]
    return await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"), **options)


def validator(event_type):
    """Returns the validator of an event's data."""
    schema = json.loads((SCHEMAS / f"{event_type}.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def run_id(source, event_id):
    """Returns the run that a CloudEvent with this source and id leads to."""
    return str(uuid.uuid5(RUNS, f"ce\n{source}\n{event_id}"))
