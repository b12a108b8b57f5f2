package claims

import (
	"slices"
	"strings"

	"squirrly.dev/test/oracle"
)

// samplesOf tells of each sample whether a fact, an operator or a frame has it; nil when that is not known.
func (r *recording) samplesOf(name string) []bool {
	if in, ok := r.in[name]; ok {
		return in
	}
	var has func(s *oracle.Sample) bool
	switch o := r.operator(name); {
	case o != nil && len(o.Classes) == 0:
		return nil
	case o != nil:
		has = func(s *oracle.Sample) bool { return s.Task && r.operatorOf(s) == o }
	default:
		counted, err := r.profile.Fact(name)
		if has = counted; err != nil {
			has = func(s *oracle.Sample) bool { return !s.Idle && slices.Contains(s.Frames, name) }
		}
	}
	in := make([]bool, len(r.profile.All))
	for i := range in {
		in[i] = has(&r.profile.All[i])
	}
	r.in[name] = in
	return in
}

func (r *recording) operator(id string) *Operator {
	for i := range r.Operators {
		if r.Operators[i].ID == id {
			return &r.Operators[i]
		}
	}
	return nil
}

// operatorOf is the operator in whose function a sample is: that of the last frame that is one of any. Nil is none, or
// several, as where two operators share a function.
func (r *recording) operatorOf(s *oracle.Sample) *Operator {
	for _, name := range slices.Backward(s.Frames) {
		var found *Operator
		for i := range r.Operators {
			o := &r.Operators[i]
			if !slices.ContainsFunc(o.Classes, func(class string) bool { return strings.HasPrefix(name, class+".") }) {
				continue
			}
			if found != nil {
				return nil
			}
			found = o
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// of is how many samples of a mode meet a condition. An empty mode is any.
func (r *recording) of(mode string, meets func(i int, s *oracle.Sample) bool) int64 {
	var sum int64
	for i := range r.profile.All {
		if s := &r.profile.All[i]; (mode == "" || s.Mode == mode) && meets(i, s) {
			sum += s.N
		}
	}
	return sum
}

// part is the part of the samples of a name that meets a condition, and how many samples the name has, in the mode that shows
// most of it. With several modes, the part must be clear in each of them: else ok is false.
func (r *recording) part(name string, meets func(s *oracle.Sample, i int) bool) (share float64, samples int64, ok bool) {
	in := r.samplesOf(name)
	if in == nil {
		return 0, 0, false
	}
	low, high := 1.0, 0.0
	for _, mode := range []string{"ITIMER", "CPU", "WALL", "ALLOC", "LOCK"} {
		all := r.of(mode, func(i int, _ *oracle.Sample) bool { return in[i] })
		if all == 0 {
			continue
		}
		share := float64(r.of(mode, func(i int, s *oracle.Sample) bool { return in[i] && meets(s, i) })) / float64(all)
		low, high, samples = min(low, share), max(high, share), max(samples, all)
	}
	return (low + high) / 2, samples, samples > 0 && high-low <= clear
}

// clear is by how much a share may differ from all, or from nothing, where the truth is said to be clear.
const clear = 0.01

// enough is how many samples something must have to be claimed about.
const enough = 60

// above reports whether one frame calls another one in a sample, at any distance.
func above(s *oracle.Sample, caller, frame string) bool {
	i := slices.Index(s.Frames, caller)
	return i >= 0 && slices.Contains(s.Frames[i+1:], frame)
}
