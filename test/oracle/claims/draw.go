package claims

import (
	"math/rand/v2"
	"strings"
)

// draw makes one claim about a recording, at random.
type draw struct {
	*recording

	rng *rand.Rand
}

// maker makes claims of one kind in one way. It is asked again and again, and often has none.
type maker struct {
	kind  string
	truth bool
	how   string
	make  func(d *draw) (Relation, bool)
	whole func(d *draw) (Claim, bool) // instead of make
}

// makers are all of them.
func makers() []maker {
	var all []maker
	for _, some := range [][]maker{stackMakers(), waitMakers(), planMakers(), numberMakers(), absentMakers(), settingMakers(), claimMakers(), changeMakers()} {
		all = append(all, some...)
	}
	return all
}

// fact is one of the facts with enough samples.
func (d *draw) fact() (*fact, bool) {
	return pick(d, d.facts, func(f *fact) bool { return f.Count.Samples >= enough })
}

// frame is the name of a frame, one of a sample so that frequent ones come often.
func (d *draw) frame() string {
	s := &d.profile.All[d.rng.IntN(len(d.profile.All))]
	name := s.Frames[d.rng.IntN(len(s.Frames))]
	if _, ok := find(d.frames, name); s.Idle || !ok {
		return d.frames[d.rng.IntN(len(d.frames))]
	}
	return name
}

// subject is a fact by its id, or a frame by its name.
func (d *draw) subject() string {
	if f, ok := d.fact(); ok && d.rng.IntN(3) > 0 {
		return f.ID
	}
	return d.frame()
}

// frameOf is the frame that a fact or a name is about; empty for none.
func (d *draw) frameOf(name string) string {
	for i := range d.facts {
		if d.facts[i].ID == name {
			return d.facts[i].Frame
		}
	}
	return name
}

// pick is one of some items that fit.
func pick[T any](d *draw, all []T, fits func(*T) bool) (*T, bool) {
	if len(all) == 0 {
		return nil, false
	}
	for range 20 {
		if x := &all[d.rng.IntN(len(all))]; fits == nil || fits(x) {
			return x, true
		}
	}
	return nil, false
}

// worded names some frames as people do, Class.method, where that means one frame alone.
func (d *draw) worded(r Relation) Relation {
	if r.Kind == "configured" {
		return r
	}
	r.A = d.word(r.A)
	if r.B != nil {
		b := d.word(*r.B)
		r.B = &b
	}
	return r
}

func (d *draw) word(name string) string {
	if _, ok := find(d.frames, name); !ok || strings.ContainsAny(name, "(:/ ") || d.rng.IntN(2) == 0 {
		return name
	}
	short := shortName(name)
	for _, other := range d.frames {
		if other != name && shortName(other) == short {
			return name
		}
	}
	return short
}

// shortName is the Class.method of a name of Java.
func shortName(name string) string {
	method := strings.LastIndexByte(name, '.')
	if method < 0 {
		return name
	}
	return name[strings.LastIndexByte(name[:method], '.')+1:]
}
