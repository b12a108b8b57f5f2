package compare

import (
	"squirrly.dev/pkg/events"
)

// pivot is where both runs are measured: the vertex that limited the baseline run, else the one that limits the run, in
// both; the sources together where neither is limited. A source that a slower vertex holds back fills buffers, so that
// what it sends is not what the job gets through. But where the plan has changed up to there, what the vertices send to each
// other are other records, and the sources alone say how much the job gets through: by their own counters, which know
// nothing of what is chained to them.
func (c *comparison) pivot() {
	c.comparable = c.sameRecords()
	was, is := c.limit()
	switch sent, known := c.sent(); {
	case known && (!c.comparable || is != nil && is.RecordsIn <= 0):
		c.comparable, c.bySources, c.records, c.busy = true, true, sent, c.allBusy()
	case !c.comparable:
	case was != nil && is != nil:
		c.where = is.Short()
		c.records = [2]figure{recordsOf(was), recordsOf(is)}
		c.busy = [2]figure{busyOf(was), busyOf(is)}
	default:
		c.records = [2]figure{c.delivered(c.before), c.delivered(c.after)}
		c.busy = c.allBusy()
	}
	a, b := c.records[0].value, c.records[1].value
	c.rates = sensible(a) && sensible(b)
	switch {
	case !c.comparable:
		c.caveat("The sources, or what lies between them and the limit, are not the same as in the baseline run: records cannot be compared, and the limit before and after decides.")
	case !c.rates:
		c.caveat("The throughput is not known in both runs, so that nothing can be set against the records.")
	default:
		c.ratio, c.margin = b/a, margin(c.records[0], c.records[1], rateNoise)
		if c.cold {
			c.margin *= coldFactor
		}
	}
}

// allBusy is the busy time of the whole job in both runs.
func (c *comparison) allBusy() (busy [2]figure) {
	if a, b := c.before.Usage, c.after.Usage; a != nil && b != nil {
		busy = [2]figure{{value: a.Busy}, {value: b.Busy}}
	}
	return busy
}

// limit returns the vertex of the pivot in both runs, nil without one.
func (c *comparison) limit() (was, is *events.VertexLoad) {
	for _, of := range []*events.Analysis{c.before, c.after} {
		if !limited(of) {
			continue
		}
		for at, from := range c.pairs {
			if from < 0 {
				continue
			}
			was, is = &c.before.Vertices[from], &c.after.Vertices[at]
			if of == c.before && isAbout(&of.Verdict, was) || of == c.after && isAbout(&of.Verdict, is) {
				return was, is
			}
		}
	}
	return nil, nil
}

// isAbout reports that a verdict is about a vertex.
func isAbout(v *events.Verdict, vertex *events.VertexLoad) bool {
	return vertex.ID != "" && vertex.ID == v.VertexID || vertex.Short() == v.VertexName
}

// sameRecords reports that the sources of both runs are the same, and everything before the pivot.
func (c *comparison) sameRecords() bool {
	if len(c.before.Vertices) == 0 || len(c.after.Vertices) == 0 {
		return true // nothing says otherwise
	}
	_, pivot := c.limit()
	found := 0
	for at, from := range c.pairs {
		v := &c.after.Vertices[at]
		if v == pivot {
			found++
			break
		}
		if from < 0 || !alike(&c.before.Vertices[from], v) {
			if source(v) || pivot != nil {
				return false
			}
			continue
		}
		if source(v) {
			found++
		}
	}
	return found > 0 || pivot == nil
}

func recordsOf(v *events.VertexLoad) figure {
	f, reads := figure{value: v.RecordsIn}, v.RecordsIn > 0
	if !reads {
		f.value = v.RecordsOut
	}
	for _, w := range v.Windows {
		if reads {
			f.readings = append(f.readings, w.RecordsIn)
		} else {
			f.readings = append(f.readings, w.RecordsOut)
		}
	}
	return f.known()
}

func busyOf(v *events.VertexLoad) figure {
	f := figure{value: v.Busy * float64(max(1, v.Parallelism))}
	for _, w := range v.Windows {
		f.readings = append(f.readings, w.Busy)
	}
	return f.known()
}

// known drops the readings when one of them is unknown.
func (f figure) known() figure {
	for _, x := range f.readings {
		if x < 0 {
			f.readings = nil
		}
	}
	if len(f.readings) < 2 {
		f.readings = nil
	}
	return f
}

// delivered is what all sources write, or else the job as a whole.
func (c *comparison) delivered(a *events.Analysis) figure {
	var sum figure
	for at, from := range c.pairs {
		if from < 0 {
			continue
		}
		v := &c.after.Vertices[at]
		if a == c.before {
			v = &c.before.Vertices[from]
		}
		if source(&c.after.Vertices[at]) && source(&c.before.Vertices[from]) {
			sum = sum.plus(recordsOf(v))
		}
	}
	if a.Usage == nil {
		return figure{}
	}
	if sum.value == 0 {
		sum.value = a.Usage.Records
	}
	return sum
}

func (f figure) plus(other figure) figure {
	first := f.value == 0
	f.value += other.value
	switch {
	case first:
		f.readings = other.readings
	case len(f.readings) == len(other.readings):
		sum := make([]float64, len(f.readings))
		for i := range sum {
			sum[i] = f.readings[i] + other.readings[i]
		}
		f.readings = sum
	default:
		f.readings = nil
	}
	return f
}
