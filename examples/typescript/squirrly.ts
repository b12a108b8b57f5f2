// What both examples need: a connection with an inbox of its own, the published schemas, and the ids of runs.
import { readFileSync } from "node:fs";

import { connect, credsAuthenticator, type NatsConnection } from "@nats-io/transport-node";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { v5 } from "uuid";

export const READY = "dev.squirrly.recommendation.ready.v1";
export const REQUESTED = "dev.squirrly.profile.requested.v1";

// open connects as NATS_URL, NATS_USER and NATS_PASSWORD, or NATS_CREDS, say.
export async function open(name: string): Promise<NatsConnection> {
  const { NATS_URL, NATS_USER, NATS_PASSWORD, NATS_CREDS } = process.env;
  return await connect({
    servers: NATS_URL ?? "nats://127.0.0.1:4222",
    name,
    inboxPrefix: `_INBOX_${NATS_USER ?? name}`,
    ...(NATS_USER ? { user: NATS_USER, pass: NATS_PASSWORD ?? "" } : {}),
    ...(NATS_CREDS ? { authenticator: credsAuthenticator(readFileSync(NATS_CREDS)) } : {}),
  });
}

// validator returns what tells whether the data of an event fits its published schema.
export function validator<T>(type: string): ValidateFunction<T> {
  const schema: unknown = JSON.parse(readFileSync(new URL(`../../pkg/events/schemas/${type}.json`, import.meta.url), "utf8"));
  return new Ajv2020({ strict: false, validateFormats: false }).compile<T>(schema as object);
}

// runId is the run that a CloudEvent with this source and id leads to (docs/events.md).
export function runId(source: string, id: string): string {
  return v5(`ce\n${source}\n${id}`, v5("squirrly.dev", v5.DNS));
}
