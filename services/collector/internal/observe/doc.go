// Package observe reads what is around the profiles of a job: its graph and where its subtasks run, the accumulated
// counters across the capture windows, JVM figures, all threads, checkpoints, failures and configuration.
//
// It writes down what Flink says and draws no conclusion from it. What cannot be had is named, and never a failure:
// a profile without context is still a profile. Profiles themselves do not belong here.
package observe
