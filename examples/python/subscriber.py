"""Prints a line for each recommendation, by a durable consumer of its own: it goes on where it stopped.

    DURABLE=payments FILTER='squirrly.v1.recommendation.ready.prod.flink.>' python subscriber.py

With a user of `squirrly nats-users --subscriber NAME`, whose durable an administrator made:

    NATS_USER=NAME NATS_PASSWORD=... NATS_API_PREFIX=SQUIRRLY.API DURABLE=subscriber-NAME python subscriber.py

COUNT ends it after so many. What does not fit the published schema is ended, not repeated.
"""

import asyncio
import json
import os

import nats.errors
from nats.js.api import AckPolicy, ConsumerConfig

import squirrly_nats as squirrly


async def main():
    name = os.environ.get("DURABLE", "example-python")
    subject = os.environ.get("FILTER", "squirrly.v1.recommendation.ready.>")
    left = int(os.environ.get("COUNT", "0")) or None
    schema = squirrly.validator(squirrly.READY)
    nc = await squirrly.connect(name)
    try:
        if prefix := os.environ.get("NATS_API_PREFIX"):
            sub = await nc.jetstream(prefix=prefix).pull_subscribe_bind(consumer=name, stream="SQUIRRLY_EVENTS")
        else:
            sub = await nc.jetstream().pull_subscribe(
                subject, durable=name, stream="SQUIRRLY_EVENTS", config=ConsumerConfig(ack_policy=AckPolicy.EXPLICIT))
        while left != 0:
            try:
                messages = await sub.fetch(1, timeout=30)
            except nats.errors.TimeoutError:
                continue  # nothing new
            for message in messages:
                try:
                    data = json.loads(message.data)["data"]
                    schema.validate(data)
                except (ValueError, KeyError, squirrly.jsonschema.ValidationError) as err:
                    print(f"not a recommendation: {err}", flush=True)
                    await message.term()
                    continue
                verdict, job = data["verdict"], data["identity"]
                print(f"{data['run']}\t{job['cluster']}/{job['namespace']}/{job['job']}\t{data['severity']}\t{verdict['headline']}", flush=True)
                for finding in data["findings"]:
                    print(f"\t{finding['id']} {finding['severity']}\t{finding['recommendation']['change']}", flush=True)
                await message.ack_sync()  # what was printed is acknowledged
                left = left and left - 1
    finally:
        await nc.drain()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
