package oracle

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// near is how far two numbers may be apart that are the same, as a share of the larger one.
const near = 1e-6

func same(a, b float64) bool { return math.Abs(a-b) <= near*max(1, math.Abs(a), math.Abs(b)) }

// time compares what a fact says of thread equivalents, cores and shares of a vertex's time with what its samples make.
func (r *recount) time(f *fact) {
	if len(f.Count.Rates) == 0 {
		if f.Unit == "te" || f.Unit == "cores" && f.Frame != "" {
			r.complain(Time, f.ID, "nothing says what turns its samples into time: %s", f.Text)
		}
		return
	}
	made, err := r.makes(f)
	if err != nil {
		r.complain(Uncountable, f.ID, "%v: %s", err, f.Text)
		return
	}
	r.made[f.ID] = made
	want, known := made, f.Unit == "te" || f.Unit == "cores"
	if f.Unit == "share" && f.Count.Busy > 0 {
		want, known = min(1, made/f.Count.Busy), true
	}
	if known && !allows(f.Count, f.Value, want) {
		r.complain(Time, f.ID, "has the value %v, the pages make %v: %s", f.Value, want, f.Text)
	}
	r.timesSaid(f, made)
}

// timesSaid compares the times in a fact's text, which have two decimals, with what its samples make.
func (r *recount) timesSaid(f *fact, made float64) {
	for _, x := range timesIn(f.Text) {
		if x-made > 0.005+near || !f.Count.AtMost && made-x > 0.005+near {
			r.complain(Time, f.ID, "says %.2f, the pages make %.4f: %s", x, made, f.Text)
		}
	}
}

// allows reports whether a value is what its samples make, or where only a part of them is meant no more than that.
func allows(c *count, value, made float64) bool {
	return same(value, made) || c.AtMost && value < made
}

// makes are the thread equivalents or cores of the samples of a fact, JVM by JVM.
func (r *recount) makes(f *fact) (float64, error) {
	if len(f.Count.Rates) != len(f.Count.JVMs) {
		return 0, fmt.Errorf("it has %d rates for %d JVMs", len(f.Count.Rates), len(f.Count.JVMs))
	}
	sum := 0.0
	for i, jvm := range f.Count.JVMs {
		rate := &f.Count.Rates[i]
		if rate.JVM != jvm {
			return 0, fmt.Errorf("rate %d is of %s and not of %s", i, rate.JVM, jvm)
		}
		own := *f.Count
		own.JVMs = []string{jvm}
		n, err := r.counter.count(&own)
		if err != nil {
			return 0, err
		}
		if n != rate.Samples {
			r.complain(Samples, f.ID, "says %d in %s, the pages %d: %s", rate.Samples, jvm, n, f.Text)
		}
		per, err := r.perUnit(rate, f.Count.Mode)
		if err != nil {
			return 0, err
		}
		sum += float64(n) / per
	}
	return sum, nil
}

// perUnit is how many samples one thread equivalent, or one core, has in a JVM.
func (r *recount) perUnit(rate *rate, mode string) (float64, error) {
	of := count{Mode: mode, JVMs: []string{rate.JVM}, Idle: "any"}
	switch {
	case rate.Cores > 0:
		all, err := r.counter.count(&of)
		return float64(all) / rate.Cores, err
	case rate.Threads > 0:
		of.Root = "task"
		all, err := r.counter.count(&of)
		return float64(all) / rate.Threads, err
	case rate.Seconds > 0 && rate.IntervalMillis > 0:
		return rate.Seconds * 1000 / rate.IntervalMillis, nil
	}
	return 0, fmt.Errorf("the rate of %s says nothing", rate.JVM)
}

var (
	inTE    = regexp.MustCompile(`(\d+\.\d+) thread equivalents?`)
	inCores = regexp.MustCompile(`takes (\d+\.\d+) cores`)
)

func saysTE(text string) bool { return inTE.MatchString(text) }

// timesIn are the thread equivalents, and the cores that something takes, that a text says.
func timesIn(text string) []float64 {
	var all []float64
	for _, pattern := range []*regexp.Regexp{inTE, inCores} {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			if x, err := strconv.ParseFloat(m[1], 64); err == nil {
				all = append(all, x)
			}
		}
	}
	return all
}

// mostBound is the largest speed-up that is ever claimed.
const mostBound = 100

// findingTime compares the numbers of a finding with its facts, and its bound with its part of the time.
func (r *recount) findingTime(f *finding) {
	if f.OnPath && f.P > 0 && f.P < 1 && (f.Bound > 1/(1-f.P)+0.006 || f.Bound > mostBound) {
		r.complain(Time, f.ID, "is bound to %.2f, and %.4f of the time allows no more than %.2f", f.Bound, f.P, min(mostBound, 1/(1-f.P)))
	}
	for what, x := range map[string]float64{"thread equivalents": f.TE, "cores": f.Cores} {
		if x > 0 && f.Samples > 0 && !r.madeBy(f.Evidence, x) {
			r.complain(Time, f.ID, "has %.4f %s, which none of its facts %v makes", x, what, f.Evidence)
		}
	}
}

// madeBy reports that the samples of one of some facts make a number, or at least it where a part of them is meant.
func (r *recount) madeBy(evidence []string, x float64) bool {
	for _, id := range evidence {
		if made, ok := r.made[id]; ok && allows(r.facts[id].Count, x, made) {
			return true
		}
	}
	return false
}
