package observe

import (
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// execution is how the job is set to run, its parameters masked and bounded as the cluster's configuration is.
func execution(e flink.ExecutionConfig) *jobcontext.Execution {
	out := &jobcontext.Execution{ObjectReuse: e.ObjectReuse, Parallelism: e.Parallelism, RestartStrategy: line(e.RestartStrategy)}
	if len(e.Parameters) > 0 {
		out.Parameters = tidy(e.Parameters)
	}
	return out
}
