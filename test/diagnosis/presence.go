package diagnosis

import (
	"bytes"
	"fmt"
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// Present says what of the planted fault is missing in the pages themselves; empty is nothing. It counts frames and
// knows no rule: a fault that is not there cannot be found, and then the case has failed, not the tool.
func Present(c *Case, in analyzer.Input) (string, error) {
	for _, a := range c.Asserts {
		te, share, err := weigh(a, in)
		if err != nil {
			return "", err
		}
		switch {
		case te < a.MinTE:
			return fmt.Sprintf("%s has %.2f TE in %s, want %.2f", a.Frame, te, a.Mode, a.MinTE), nil
		case share < a.MinShare:
			return fmt.Sprintf("%s has a share of %.2f in %s, want %.2f", a.Frame, share, a.Mode, a.MinShare), nil
		}
	}
	return "", nil
}

const taskRoot = "org.apache.flink.runtime.taskmanager.Task.run"

// weigh returns the weight of an assert's frame: in thread equivalents, the busiest JVM counting, and as a share of the
// samples that are not parked. In CPU modes, where samples are no time, the first is the share of the task threads.
func weigh(a Assert, in analyzer.Input) (te, share float64, err error) {
	for _, p := range in.Pages {
		if p.Body == nil || a.Mode != "" && p.Mode != a.Mode {
			continue
		}
		g, err := flamegraph.Parse(bytes.NewReader(p.Body), flamegraph.Limits{})
		if err != nil {
			return 0, 0, fmt.Errorf("%s %s: %w", p.JVM, p.Mode, err)
		}
		g = flamegraph.Merge(g)
		hit := outermost(g, a.Frame.MatchString)
		task := outermost(g, func(name string) bool { return name == taskRoot })
		active := g.Total() - min(g.Total(), outermost(g, idle))
		subtasks := 1.0
		if p.Mode == events.ModeWall {
			subtasks = float64(subtasksOn(in, p.JVM))
		}
		if task > 0 {
			te = max(te, float64(hit)/float64(task)*subtasks)
		}
		if active > 0 {
			share = max(share, float64(hit)/float64(active))
		}
	}
	return te, share, nil
}

func idle(name string) bool {
	return strings.HasSuffix(name, "Unsafe.park") || strings.Contains(name, "epoll_wait") || strings.HasSuffix(name, "EPoll.wait")
}

// outermost counts the samples below frames with a matching name, each once.
func outermost(g *flamegraph.Graph, match func(string) bool) uint64 {
	var sum uint64
	end := flamegraph.FrameID(0)
	for id, f := range g.All() {
		if id >= end && match(g.Name(f.Name)) {
			sum, end = sum+f.Width, f.End
		}
	}
	return sum
}

func subtasksOn(in analyzer.Input, jvm string) int {
	if in.Context == nil {
		return 1
	}
	n := 0
	for _, v := range in.Context.Vertices {
		for _, s := range v.Subtasks {
			n += count(s.TaskManager == jvm)
		}
	}
	return n
}
