package prompt

import (
	"fmt"
	"strings"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Limits of the block of metrics, in lines.
const (
	maxMetricFacts = 40
	maxMachines    = 20
	maxExceptions  = 5
)

// measured reports whether a fact comes from metrics and not from a profile.
func measured(f events.Fact) bool {
	return strings.HasPrefix(f.ID, "M") || strings.HasPrefix(f.ID, "V")
}

// metricsBlock lists the facts from metrics, and what the job runs on.
func (c cleaner) metricsBlock(in Input) string {
	var b strings.Builder
	cited := citedFacts(in.Analysis)
	shown, left := 0, 0
	for _, f := range in.Analysis.Evidence {
		switch {
		case !measured(f):
		case shown >= maxMetricFacts && !cited[f.ID]:
			left++
		default:
			if shown++; shown == 1 {
				b.WriteString("Facts of metrics: id | value | what\n")
			}
			c.fact(&b, f)
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "(%d further facts of metrics)\n", left)
	}
	c.machines(&b, in.Machines)
	return b.String()
}

// machines says what the job runs on.
func (c cleaner) machines(b *strings.Builder, m Machines) {
	if m.Java != "" {
		fmt.Fprintf(b, "Java: %s\n", c.label(m.Java))
	}
	for i, tm := range m.TaskManagers {
		if i == maxMachines {
			fmt.Fprintf(b, "%d further TaskManagers\n", len(m.TaskManagers)-i)
			break
		}
		fmt.Fprintf(b, "TaskManager %s:%s\n", c.label(tm.ID), machine(tm))
	}
	if k := m.Checkpoints; k != nil {
		fmt.Fprintf(b, "checkpoints: %d completed, %d failed, %d in progress; last %s ms and %s MiB, longest %s ms\n",
			k.Completed, k.Failed, k.InProgress, wording.Decimal(float64(k.LastDurationMS), 0), mebibytes(k.LastSizeBytes),
			wording.Decimal(float64(k.MaxDurationMS), 0))
	}
	for i, e := range m.Exceptions {
		if i == maxExceptions {
			break
		}
		fmt.Fprintf(b, "exception: %s\n", c.sentence(e))
	}
}

// machine lists what is known about a TaskManager.
func machine(tm jobcontext.TaskManager) string {
	var parts []string
	add := func(known bool, format string, value any) {
		if known {
			parts = append(parts, fmt.Sprintf(format, value))
		}
	}
	add(tm.CPUCores > 0, "%s CPU cores", wording.Decimal(tm.CPUCores, 2))
	add(tm.HeapMax > 0, "heap %s MiB", mebibytes(tm.HeapMax))
	add(tm.ManagedBytes > 0, "managed memory %s MiB", mebibytes(tm.ManagedBytes))
	add(tm.Slots > 0, "%d slots", tm.Slots)
	add(tm.OtherJobs > 0, "runs %d other jobs too", tm.OtherJobs)
	if len(parts) == 0 {
		return " nothing is known"
	}
	return " " + strings.Join(parts, ", ")
}

func mebibytes(n int64) string { return wording.Decimal(float64(n)/(1<<20), 1) }
