// Prints a line for each recommendation, by a durable consumer of its own: it goes on where it stopped.
//
//   DURABLE=payments FILTER='squirrly.v1.recommendation.ready.prod.flink.>' npx tsx subscriber.ts
//
// With a user of `squirrly nats-users --subscriber NAME`, whose durable an administrator made:
//
//   NATS_USER=NAME NATS_PASSWORD=... NATS_API_PREFIX=SQUIRRLY.API DURABLE=subscriber-NAME npx tsx subscriber.ts
//
// COUNT ends it after so many. What does not fit the published schema is ended, not repeated.
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";

import { open, READY, validator } from "./squirrly.ts";
import type { DevSquirrlyRecommendationReadyV1 as Ready } from "./types/dev.squirrly.recommendation.ready.v1.d.ts";

const stream = "SQUIRRLY_EVENTS";
const name = process.env.DURABLE ?? "example-typescript";
let left = Number(process.env.COUNT ?? Infinity);
const fits = validator<Ready>(READY);

// read returns the data of an event, or undefined where it is none of ours.
function read(text: string): Ready | undefined {
  try {
    const data: unknown = (JSON.parse(text) as { data?: unknown }).data;
    return fits(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

const nc = await open(name);
const apiPrefix = process.env.NATS_API_PREFIX;
if (apiPrefix === undefined) {
  const manager = await jetstreamManager(nc);
  await manager.consumers.add(stream, {
    durable_name: name,
    filter_subject: process.env.FILTER ?? "squirrly.v1.recommendation.ready.>",
    ack_policy: AckPolicy.Explicit,
  });
}
const consumer = await jetstream(nc, apiPrefix === undefined ? {} : { apiPrefix }).consumers.get(stream, name);
const messages = await consumer.consume({ max_messages: 1 });
process.once("SIGINT", () => messages.stop());
process.once("SIGTERM", () => messages.stop());
for await (const m of messages) {
  const ready = read(m.string());
  if (ready === undefined) {
    m.term("not a recommendation");
    continue;
  }
  const { cluster, namespace, job } = ready.identity;
  console.log(`${ready.run}\t${cluster}/${namespace}/${job}\t${ready.severity}\t${ready.verdict.headline}`);
  for (const f of ready.findings ?? []) {
    console.log(`\t${f.id} ${f.severity}\t${f.recommendation.change}`);
  }
  await m.ackAck(); // what was printed is acknowledged
  if (--left <= 0) {
    break;
  }
}
await nc.drain();
