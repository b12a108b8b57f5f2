package limits

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Before a slow vertex holds anybody back, the buffers in front of it fill. Then it takes in less than it is sent.
const (
	fillingFrom  = 0.05 // of what is sent
	fillingTwice = 2    // times between readings in which it must grow
	neverFilled  = 10   // times what it grew: no buffers hold so much, so that the two counts count different records
)

// exchange is a set of vertices that send only to a set of others, which receive only from them: what the ones write is
// what the others read. A vertex with several consumers writes each record once for each of them.
type exchange struct {
	senders, receivers []int
	duplicates         bool // broadcasts: a record is read by each subtask
}

// byFilling blames the vertex that takes in less than it is sent, more with each reading.
func (j *Judgement) byFilling(c *jobcontext.Context, loads []Load) {
	if c == nil {
		return
	}
	steps := stepsOf(c)
	for _, x := range exchangesOf(c) {
		slow := busiestOf(loads, x.receivers, none)
		if x.duplicates || slow == none || loads[slow].Max(Busy) < halfBusy {
			continue
		}
		late, ok := lateness(steps, &x)
		if !ok || late < fillingFrom || countsDiffer(c, &x, steps) {
			continue
		}
		j.Vertex, j.Filling, j.Late, j.Held, j.Confidence = slow, true, late, none, events.ConfidenceMedium
		if len(x.receivers) > 1 {
			j.Confidence = events.ConfidenceLow // the others may be the late ones
		}
		j.Why = fmt.Sprintf("%s takes in %s less than it is sent, so that the buffers before it fill; what is upstream will be backpressured.",
			loads[slow].Name, wording.Percent(late))
		return
	}
}

// countsDiffer reports that the backlog at the first reading is larger than buffers are: what is written to a side output
// that nobody reads is never read.
func countsDiffer(c *jobcontext.Context, x *exchange, steps []step) bool {
	before := int64(0)
	for key, rs := range seriesOf(c.Windows) {
		at := slices.IndexFunc(c.Vertices, func(v jobcontext.Vertex) bool { return v.ID == key.vertex })
		if slices.Contains(x.senders, at) {
			before += rs[0].WriteRecords
		}
		if slices.Contains(x.receivers, at) {
			before -= rs[0].ReadRecords
		}
	}
	grown := int64(0)
	for i := range steps {
		for _, v := range x.senders {
			grown += steps[i].written[v]
		}
		for _, v := range x.receivers {
			grown -= steps[i].read[v]
		}
	}
	return before > neverFilled*grown
}

// exchangesOf groups the edges of the job.
func exchangesOf(c *jobcontext.Context) []exchange {
	at := map[string]int{}
	for i, v := range c.Vertices {
		at[v.ID] = i
	}
	var all []exchange
	for i, v := range c.Vertices {
		for _, in := range v.Inputs {
			up, ok := at[in.Vertex]
			if !ok || up == i {
				continue
			}
			joined := exchange{senders: []int{up}, receivers: []int{i}, duplicates: in.Ship == "BROADCAST"}
			all = slices.DeleteFunc(all, func(x exchange) bool {
				if !slices.Contains(x.senders, up) && !slices.Contains(x.receivers, i) {
					return false
				}
				joined.senders = append(joined.senders, x.senders...)
				joined.receivers = append(joined.receivers, x.receivers...)
				joined.duplicates = joined.duplicates || x.duplicates
				return true
			})
			all = append(all, joined.sorted())
		}
	}
	return all
}

func (x exchange) sorted() exchange {
	slices.Sort(x.senders)
	slices.Sort(x.receivers)
	x.senders, x.receivers = slices.Compact(x.senders), slices.Compact(x.receivers)
	return x
}

// step is what each vertex read and wrote between two readings; Unknown where a count is not complete.
type step struct {
	read, written []int64
}

// stepsOf returns the times between readings in which the counters of all subtasks are known.
func stepsOf(c *jobcontext.Context) []step {
	series := seriesOf(c.Windows)
	var times []int64
	for _, rs := range series {
		for i := range rs {
			times = append(times, rs[i].at)
		}
	}
	slices.Sort(times)
	times = slices.Compact(times)
	var steps []step
	for i := 1; i < len(times); i++ {
		s := step{read: make([]int64, len(c.Vertices)), written: make([]int64, len(c.Vertices))}
		for v := range c.Vertices {
			for _, sub := range c.Vertices[v].Subtasks {
				d := series[subtaskKey{c.Vertices[v].ID, sub.Index}].between(times[i-1], times[i])
				s.read[v], s.written[v] = plus(s.read[v], d.read), plus(s.written[v], d.written)
			}
		}
		steps = append(steps, s)
	}
	return steps
}

func plus(sum, n int64) int64 {
	if sum == Unknown || n == Unknown {
		return Unknown
	}
	return sum + n
}

// records are counts of one subtask between two readings, or Unknown.
type records struct{ read, written int64 }

func (rs readings) between(from, to int64) records {
	unknown := records{Unknown, Unknown}
	i := slices.IndexFunc(rs, func(r reading) bool { return r.at == to })
	if i < 1 || rs[i-1].at != from || !rs[i].follows || !sameAttempt(&rs[i-1], &rs[i]) {
		return unknown
	}
	pair := readings{rs[i-1], rs[i]}
	d, out := pair.delta(), unknown
	if !d.inUnknown {
		out.read = d.in
	}
	if !d.outUnknown {
		out.written = d.out
	}
	return out
}

// lateness returns the share of what was sent that was not taken in. It is not ok when some count is unknown, or when it
// did not grow from each reading to the next.
func lateness(steps []step, x *exchange) (late float64, ok bool) {
	sent, taken, grew := int64(0), int64(0), 0
	for i := range steps {
		out, in := int64(0), int64(0)
		for _, v := range x.senders {
			out = plus(out, steps[i].written[v])
		}
		for _, v := range x.receivers {
			in = plus(in, steps[i].read[v])
		}
		if out == Unknown || in == Unknown || in >= out {
			return 0, false
		}
		sent, taken = sent+out, taken+in
		grew++
	}
	if grew < fillingTwice || sent == 0 {
		return 0, false
	}
	return float64(sent-taken) / float64(sent), true
}
