// Package limits tells what limits the throughput of a job, from what Flink counts: the vertex that the others wait for,
// an input that ends nowhere, or nothing at all; and, before all that, whether the job ran at all while it was looked at.
//
// [Of] judges. It takes a context of either version and returns a [Judgement]; what is not known stays unknown and is
// never zero. It reads no profile: the few things that only a profile shows come in as [Seen].
package limits
