package evidence

import "squirrly.dev/internal/flamegraph"

// count books the samples that end in a frame.
func (p *pass) count(g *flamegraph.Graph, id flamegraph.FrameID, st *state) {
	f := g.Frame(id)
	if f.Self == 0 {
		return
	}
	out := p.out
	out.ActiveWidth[id] = f.Self
	p.countRoots(st, f.Self)
	category := len(out.Categories) - 1
	if st.category >= 0 {
		category = int(st.category)
	}
	out.Categories[category] += f.Self
	if p.names[f.Name].flags&isUnresolved != 0 {
		out.Unresolved += f.Self
	}
	if !st.task && !st.source {
		if st.helper != NoName {
			out.Helpers[st.helper] += f.Self
		}
	} else {
		out.TaskActive += f.Self
		if st.waiting {
			out.TaskWaiting += f.Self
		}
	}
	for at := st.open; at != nil; at = at.rest {
		at.site.Samples += f.Self
		if st.waiting {
			at.site.Waiting += f.Self
		}
	}
	if st.chain >= 0 {
		p.countChain(f, st)
	}
}

func (p *pass) countChain(f *flamegraph.Frame, st *state) {
	c := &p.out.Chains[st.chain]
	c.Active += f.Self
	if st.waiting {
		c.Waits += f.Self
	}
	if c.Anchor == NoName || st.output || st.open != nil {
		return
	}
	if st.waiting {
		c.Waiting += f.Self
	} else {
		c.Running += f.Self
	}
	p.out.leaves[leafKey{st.chain, st.waiting, st.javaName, f.Name}] += f.Self
}

func (p *pass) countRoots(st *state, samples uint64) {
	switch {
	case st.source:
		p.out.SourceRoots += samples
	case st.task:
		p.out.Task += samples
	}
}
