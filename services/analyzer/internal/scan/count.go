package scan

import (
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// count books the samples that end in a frame.
func (p *pass) count(g *flamegraph.Graph, id flamegraph.FrameID, st *state) {
	f := g.Frame(id)
	if f.Self == 0 {
		return
	}
	out := p.out
	out.ActiveWidth[id] = f.Self
	p.countRoots(st, f.Self)
	p.countSpot(f.Self, st)
	p.countInside(f.Self, st)
	p.noteFrame(id, f, st)
	p.countCategory(f, st)
	if p.names[f.Name].flags&isUnresolved != 0 {
		out.Unresolved += f.Self
	}
	if !st.task && !st.source {
		p.countHelper(f, st)
	} else {
		out.TaskActive += f.Self
		if st.waiting {
			out.TaskWaiting += f.Self
		}
		if st.resting {
			out.TaskResting += f.Self
		}
	}
	if !st.resting {
		p.countSites(f.Self, st)
	}
	if st.chain >= 0 {
		p.countChain(id, f, st)
	}
	if p.isClass(id, f) {
		p.countEnd(f, st)
	}
}

// countSites books samples with every rule that matches above them.
func (p *pass) countSites(samples uint64, st *state) {
	held := p.held(st)
	for at := st.open; at != nil; at = at.rest {
		at.site.Samples += samples
		if st.waiting {
			at.site.Waiting += samples
		}
		if held {
			at.site.Held += samples
		}
	}
}

// held reports that a task waits for an output buffer: then it is backpressured, and Flink does not call it busy.
func (p *pass) held(st *state) bool {
	return st.spot != NoSpot && p.out.Spots[st.spot].Stage == mechanisms.StageHeld
}

// categoryOf is the position of the category of samples that end in a frame.
func (p *pass) categoryOf(f *flamegraph.Frame, st *state) int {
	rest := len(p.out.Categories) - 1
	switch {
	case f.Kind == flamegraph.Kernel && !st.waiting && !p.classEnds:
		return rest - 1
	case st.category >= 0:
		return int(st.category)
	}
	return rest
}

func (p *pass) countCategory(f *flamegraph.Frame, st *state) {
	category := p.categoryOf(f, st)
	p.out.Categories[category] += f.Self
	if st.user != NoName && category == int(p.scanner.userCategory) {
		p.out.User[st.user] += f.Self
	}
}

// countHelper books work outside the tasks that belongs to the job all the same.
func (p *pass) countHelper(f *flamegraph.Frame, st *state) {
	if st.helper == NoName && (st.root == NoName || p.names[st.root].flags&isFetcher == 0) {
		return
	}
	key := [2]flamegraph.NameID{st.root, st.helper}
	h := p.helpers[key]
	if h == nil {
		h = &Helper{Root: st.root, Anchor: st.helper}
		p.helpers[key] = h
		p.out.Helpers = append(p.out.Helpers, h)
	}
	h.Samples += f.Self
	if st.waiting {
		h.Waiting += f.Self
	}
}

func (p *pass) countEnd(f *flamegraph.Frame, st *state) {
	key := End{Class: f.Name, Caller: st.user, Anchor: NoName}
	switch {
	case key.Caller != NoName:
	case f.Kind.IsJava():
		key.Caller = st.caller
	default: // the profiler shows arrays, and what it found outside a TLAB, in other kinds
		key.Caller = st.javaName
	}
	if st.chain >= 0 {
		c := &p.out.Chains[st.chain]
		key.Anchor, key.Reads = c.Anchor, c.Reads()
	}
	end := p.ends[key]
	if end == nil {
		end = &End{Class: key.Class, Caller: key.Caller, Anchor: key.Anchor, Reads: key.Reads}
		p.ends[key] = end
		p.out.Ends = append(p.out.Ends, end)
	}
	end.Samples += f.Self
}

func (p *pass) countChain(id flamegraph.FrameID, f *flamegraph.Frame, st *state) {
	c := &p.out.Chains[st.chain]
	c.Active += f.Self
	if st.waiting {
		c.Waits += f.Self
	}
	if p.held(st) {
		c.Held += f.Self
	}
	if st.output || p.explained(st) {
		return
	}
	if st.waiting {
		c.Waiting += f.Self
	} else {
		c.Running += f.Self
	}
	p.out.own[st.chain] = append(p.out.own[st.chain], ownEnd{frame: id, waiting: st.waiting})
}

// explained reports that a rule takes the sample. One that looks for waits does not explain what runs.
func (p *pass) explained(st *state) bool {
	for at := st.open; at != nil; at = at.rest {
		if st.waiting || !p.scanner.catalogue.Mechanisms[at.site.Rule].Waiting {
			return true
		}
	}
	return false
}

func (p *pass) countRoots(st *state, samples uint64) {
	switch {
	case st.source:
		p.out.SourceRoots += samples
	case st.task:
		p.out.Task += samples
	}
}
