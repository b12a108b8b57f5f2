package main

// annotation is what stands before a field: §4.7.16 of the Java Virtual Machine Specification.
type annotation struct {
	class string
	text  string // its value, when that is a text
}

func (c *class) annotations(r *reader) []annotation {
	var out []annotation
	for n := r.u2(); n > 0 && r.err == nil; n-- {
		out = append(out, c.annotation(r))
	}
	return out
}

func (c *class) annotation(r *reader) annotation {
	a := annotation{class: c.text(r.u2())}
	for n := r.u2(); n > 0 && r.err == nil; n-- {
		name := c.text(r.u2())
		if text := c.value(r); name == "value" {
			a.text = text
		}
	}
	return a
}

// value reads a value, and returns it when it is a text.
func (c *class) value(r *reader) string {
	switch r.u1() {
	case 's':
		return c.text(r.u2())
	case 'e':
		r.take(4)
	case '@':
		c.annotation(r)
	case '[':
		for n := r.u2(); n > 0 && r.err == nil; n-- {
			c.value(r)
		}
	default:
		r.take(2)
	}
	return ""
}
