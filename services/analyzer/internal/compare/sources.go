package compare

import "squirrly.dev/pkg/events"

// sent is what all sources together sent in both runs, by their own counters. It is not known unless these are there for
// every source, and both runs have the same sources.
func (c *comparison) sent() (sum [2]figure, known bool) {
	continued := 0
	for at, from := range c.pairs {
		is := &c.after.Vertices[at]
		if !source(is) && is.SourceOut <= 0 {
			continue
		}
		if from < 0 {
			return sum, false
		}
		was := &c.before.Vertices[from]
		if is.SourceOut <= 0 || was.SourceOut <= 0 || head(was.Name) != head(is.Name) {
			return sum, false
		}
		continued++
		sum[0], sum[1] = sum[0].plus(sourceOf(was)), sum[1].plus(sourceOf(is))
	}
	for i := range c.before.Vertices {
		if v := &c.before.Vertices[i]; source(v) || v.SourceOut > 0 {
			continued--
		}
	}
	return sum, continued == 0 && sum[0].value > 0
}

// sourceOf is what the source in a vertex sent.
func sourceOf(v *events.VertexLoad) figure {
	f := figure{value: v.SourceOut}
	for _, w := range v.Windows {
		if w.SourceOut <= 0 {
			return figure{value: v.SourceOut} // not all of the readings are known
		}
		f.readings = append(f.readings, w.SourceOut)
	}
	return f.known()
}
