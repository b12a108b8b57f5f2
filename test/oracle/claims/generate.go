package claims

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// Quota is how many true and how many false claims of a kind are made; together they are 200 and 200.
type Quota struct{ True, False int }

// Quotas are those of all kinds.
func Quotas() map[string]Quota {
	return map[string]Quota{
		"part_of": {32, 26}, "called_by": {32, 26}, "larger_than": {24, 22}, "feeds": {24, 22}, "waits_for": {20, 22},
		"absent": {20, 20}, "configured": {20, 20}, Whole: {22, 28}, Setting: {6, 14},
	}
}

// tries is how often the makers of a kind are asked about each recording before there are too few claims.
const tries = 4000

// Generate makes the claims. The same runs and the same seed give the same ones. It is an error when the recordings do not
// have as many as are wanted.
func Generate(runs []Run, seed uint64) ([]Case, error) {
	all := make([]*recording, len(runs))
	for i := range runs {
		r, err := read(runs[i])
		if err != nil {
			return nil, err
		}
		all[i] = r
	}
	var out []Case
	for _, kind := range Kinds() {
		q := Quotas()[kind]
		for _, want := range []struct {
			truth bool
			n     int
		}{{true, q.True}, {false, q.False}} {
			rng := rand.New(rand.NewPCG(seed, uint64(len(out))))
			made := generate(all, rng, kind, want.truth, want.n)
			if len(made) < want.n {
				return nil, fmt.Errorf("%d claims of the kind %s that are %v, want %d", len(made), kind, want.truth, want.n)
			}
			out = append(out, made...)
		}
	}
	return out, nil
}

// generate makes n claims of one kind: its ways and the recordings take turns.
func generate(all []*recording, rng *rand.Rand, kind string, truth bool, n int) []Case {
	var ways []maker
	for _, m := range makers() {
		if m.kind == kind && m.truth == truth {
			ways = append(ways, m)
		}
	}
	seen := map[string]bool{}
	var out []Case
	for turn := 0; len(out) < n && turn < 40*len(ways); turn++ {
		way := ways[turn%len(ways)]
		for _, i := range rng.Perm(len(all)) {
			if c, ok := way.once(&draw{recording: all[i], rng: rng}, seen); ok {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// once makes one claim that was not made before.
func (m *maker) once(d *draw, seen map[string]bool) (Case, bool) {
	for range tries / 40 {
		c := d.base
		var ok bool
		if m.whole != nil {
			c, ok = m.whole(d)
		} else {
			var r Relation
			r, ok = m.make(d)
			c.Because = []Relation{d.worded(r)}
		}
		if !ok {
			continue
		}
		text, err := json.Marshal(c)
		if key := d.Name + string(text); err == nil && !seen[key] {
			seen[key] = true
			return Case{Run: d.Name, Kind: m.kind, True: m.truth, How: m.how, Claim: c}, true
		}
	}
	return Case{}, false
}
