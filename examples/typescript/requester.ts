// Asks for a profile by a CloudEvent, and says which run it is:
//
//   npx tsx requester.ts '{"url": "http://127.0.0.1:8081"}'
//
// The same SOURCE and ID are the same run, however often they are sent.
import { randomUUID } from "node:crypto";

import { jetstream } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";

import { open, REQUESTED, runId, validator } from "./squirrly.ts";
import type { DevSquirrlyProfileRequestedV1 as Request } from "./types/dev.squirrly.profile.requested.v1.d.ts";

const source = process.env.SOURCE ?? "requester.ts";
const id = process.env.ID ?? randomUUID();
if (process.argv.length !== 3) {
  console.error(`usage: npx tsx requester.ts '{"url": "http://127.0.0.1:8081"}'`);
  process.exit(2);
}
const data: Request = { target: JSON.parse(process.argv[2]), duration: process.env.DURATION ?? "30s", reason: "requester.ts" };
const fits = validator<Request>(REQUESTED);
if (!fits(data)) {
  console.error("not a request:", fits.errors);
  process.exit(1);
}
const nc = await open("requester");
const h = headers();
h.set("Content-Type", "application/cloudevents+json");
const event = { specversion: "1.0", id, source, type: REQUESTED, time: new Date().toISOString(), data };
// The answer says that the request is stored. A refusal comes as run.rejected of this run.
const ack = await jetstream(nc).publish(process.env.SUBJECT ?? "squirrly.v1.profile.requested", JSON.stringify(event), { headers: h });
console.log(`${runId(source, id)}\t${ack.stream}\t${ack.seq}`);
await nc.drain();
