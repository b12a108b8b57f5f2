// Package flinktest gives tests and the demo a Flink to talk to, in two strengths.
//
// [Start] runs a real Flink without containers: a JobManager and TaskManagers as JVMs of their own on free loopback
// ports, from jars that Maven fetches once. It needs a JDK 17 and Maven, and says so in one line when they are missing.
//
// [NewReplay] serves answers that were recorded from a real Flink, with a scripted profiler, and needs nothing.
//
// [Gateway], [ForwardProxy] and [PKI] stand in front of either, as they do in companies.
//
// No production code may import this package, and nothing in it knows what the caller wants to prove.
package flinktest
