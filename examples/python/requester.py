"""Asks for a profile by a CloudEvent, and says which run it is.

    python requester.py '{"url": "http://127.0.0.1:8081"}'

The same SOURCE and ID are the same run, however often they are sent.
"""

import asyncio
import datetime
import json
import os
import sys
import uuid

import squirrly_nats as squirrly


async def main(target):
    source, event_id = os.environ.get("SOURCE", "requester.py"), os.environ.get("ID", str(uuid.uuid4()))
    data = {"target": target, "duration": os.environ.get("DURATION", "30s"), "reason": "requester.py"}
    squirrly.validator(squirrly.REQUESTED).validate(data)
    event = {
        "specversion": "1.0", "id": event_id, "source": source, "type": squirrly.REQUESTED,
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(), "data": data,
    }
    nc = await squirrly.connect("requester")
    try:
        # The answer says that the request is stored. A refusal comes as run.rejected of this run.
        ack = await nc.jetstream().publish(
            os.environ.get("SUBJECT", "squirrly.v1.profile.requested"), json.dumps(event).encode(),
            headers={"Content-Type": "application/cloudevents+json"},
        )
        print(f"{squirrly.run_id(source, event_id)}\t{ack.stream}\t{ack.seq}")
    finally:
        await nc.drain()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main(json.loads(sys.argv[1])))
