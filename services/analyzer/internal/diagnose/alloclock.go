package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

const (
	minAlloc  = 0.01 // share of the allocation samples that is worth a fact
	maxJoined = 3    // classes, callers and functions that a fact names
)

// joinAllocAndLock puts what ALLOC and LOCK show beside the problems of other modes: the same function is one problem.
// ALLOC counts refills of thread-local buffers and LOCK counts entries, neither of them time. It returns the facts.
func (v *View) joinAllocAndLock(problems []Problem) []fact {
	return append(v.joinAlloc(problems), v.joinLock(problems)...)
}

// ends adds up where the captures of a family end, by names.
func (r *reading) ends(family mechanisms.Family) (ends []namedEnd, total uint64) {
	at := map[namedEnd]int{}
	for _, s := range r.family(family) {
		total += s.Active()
		for _, e := range s.Ends {
			end := namedEnd{class: s.Graph.Name(e.Class), caller: nameOf(s.Scan, e.Caller), anchor: nameOf(s.Scan, e.Anchor), reads: e.Reads}
			i, ok := at[end]
			if !ok {
				i = len(ends)
				at[end] = i
				ends = append(ends, end)
			}
			ends[i].samples += e.Samples
		}
	}
	return ends, total
}

// namedEnd is an [scan.End] of all JVMs.
type namedEnd struct {
	class, caller, anchor string
	reads                 bool // anchor runs while a record is read
	samples               uint64
}

func nameOf(s *scan.Scan, id flamegraph.NameID) string {
	if id == scan.NoName {
		return ""
	}
	return s.Graph.Name(id)
}

// top adds the ends up by one of their names, most samples first, and returns the first few.
func top(ends []namedEnd, by func(namedEnd) string) (names []string, samples []uint64) {
	sums := map[string]uint64{}
	for _, e := range ends {
		if by(e) != "" {
			sums[by(e)] += e.samples
		}
	}
	for name := range sums {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b)) })
	names = names[:min(len(names), maxJoined)]
	for _, name := range names {
		samples = append(samples, sums[name])
	}
	return names, samples
}

func byClass(e namedEnd) string  { return e.class }
func byCaller(e namedEnd) string { return e.caller }
func byAnchor(e namedEnd) string { return e.anchor }

// of returns the ends with a name, and how many samples they have.
func of(ends []namedEnd, by func(namedEnd) string, name string) (kept []namedEnd, samples uint64) {
	for _, e := range ends {
		if by(e) == name {
			kept = append(kept, e)
			samples += e.samples
		}
	}
	return kept, samples
}

func (v *View) joinAlloc(problems []Problem) []fact {
	ends, total := v.ends(mechanisms.FamilyAlloc)
	if total == 0 {
		return nil
	}
	most, _ := top(ends, byAnchor)
	var facts []fact
	for _, anchor := range most {
		facts = append(facts, v.allocFacts(ends, total, anchor)...)
	}
	for i := range problems {
		p := &problems[i]
		cite := []string{p.Anchor}
		if p.Rule.Category == "gc" { // whatever allocates most feeds the collector
			cite = most
		}
		for _, anchor := range cite {
			p.Facts = append(p.Facts, v.allocFacts(ends, total, anchor)...)
		}
	}
	return facts
}

// allocFacts states what a function allocates, if it is more than next to nothing.
func (v *View) allocFacts(ends []namedEnd, total uint64, anchor string) []fact {
	own, n := of(ends, byAnchor, anchor)
	m, makes := v.modeScansOf(mechanisms.FamilyAlloc), events.Count{Root: events.RootTasks, Part: events.PartOperator, Match: []string{literal(anchor)}}
	if slices.ContainsFunc(own, func(e namedEnd) bool { return e.reads }) {
		makes.Part = "" // no operator is above it
	}
	if anchor == "" || share(n, total) < minAlloc {
		return nil
	}
	sums, total := tallyAll(m, []events.Count{makes})
	n = sums[0]
	part := share(n, total)
	if part < minAlloc || n < minSamples {
		return nil
	}
	classes, _ := top(own, byClass)
	return []fact{{factFrame, events.Fact{
		Text: fmt.Sprintf("%s makes %s of the allocation samples, not of the bytes; most of them are %s.",
			wording.Simple(anchor), wording.Percent(part), wording.List(classes)),
		Value: part, Unit: "share", Frame: anchor, Mode: m.mode, Samples: samples(n),
		StdErr: standardError(part, float64(total)), Count: partOf(m.counted(makes, n), m.counted(events.Count{}, total)),
	}}}
}

func (v *View) joinLock(problems []Problem) []fact {
	ends, total := v.ends(mechanisms.FamilyLock)
	locks, counts := top(ends, byClass)
	m := v.modeScansOf(mechanisms.FamilyLock)
	var facts []fact
	for i, lock := range locks {
		if counts[i] < minSamples {
			break
		}
		own, _ := of(ends, byClass, lock)
		callers, _ := top(own, byCaller)
		part := share(counts[i], total)
		entries := fact{factFrame, events.Fact{
			Text: fmt.Sprintf("%s of the %s contended lock entries are on %s, from %s.", wording.Percent(part), wording.Count(total),
				lockName(lock), wording.List(wording.Simples(callers))),
			Value: part, Unit: "share", Frame: lock, Mode: v.modeOf(mechanisms.FamilyLock), Samples: samples(counts[i]),
			StdErr: standardError(part, float64(total)),
			Count:  partOf(m.counted(events.Count{Match: []string{literal(lock) + " $"}}, counts[i]), m.counted(events.Count{}, total)),
		}}
		facts = append(facts, entries)
		for j := range problems {
			problems[j].citeLock(own, lock, entries)
		}
	}
	return facts
}

// citeLock names the lock in a problem of a function that waits for it. The time of a problem is that of WALL.
func (p *Problem) citeLock(entries []namedEnd, lock string, proof fact) {
	if _, n := of(entries, byAnchor, p.Anchor); n == 0 || p.Anchor == "" {
		return
	}
	p.Facts = append(p.Facts, proof)
	if p.Rule.Category == "locking" && p.Frame != lock {
		p.Extent += "; the lock is " + lockName(lock)
	}
}

// lockName names a lock by its class; a static synchronized method locks its class.
func lockName(class string) string {
	if class == "java.lang.Class" {
		return "java.lang.Class (a static synchronized method)"
	}
	return class
}
