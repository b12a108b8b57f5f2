// Package lab puts up what a trial strikes: the services of Squirrly, NATS servers and MinIO as processes of their own,
// the links between the NATS servers, played Flinks, and a receiver of webhooks. It knows how to break each of them and
// how to mend it, and nothing of when, or of what is right.
package lab
