package mechanisms

import (
	"fmt"
	"slices"
	"strings"
)

// demands describes what a mechanism needs and what refutes it.
func demands(r *Mechanism) string {
	text := conditions(slices.Concat(r.Needs, r.When))
	if len(r.Refutes) == 0 {
		return text
	}
	not := make([]string, len(r.Refutes))
	for i := range r.Refutes {
		not[i] = r.Refutes[i].String()
	}
	return strings.TrimPrefix(text+"; not: "+strings.Join(not, ", or "), "; ")
}

func conditions(all []Condition) string {
	texts := make([]string, len(all))
	for i := range all {
		texts[i] = all[i].String()
	}
	return strings.Join(texts, ", ")
}

// String describes a condition.
func (c *Condition) String() string {
	switch {
	case len(c.Backend) > 0:
		return "state in " + strings.Join(c.Backend, " or ")
	case c.API != "":
		return "in " + c.API
	case c.Flink != "":
		return "Flink " + c.Flink
	case c.Setting != nil:
		return fmt.Sprintf("`%s` is %s", c.Setting.Key, strings.Join(c.Setting.Is, " or "))
	case c.Measure != nil:
		return between(c.Measure.Of, c.Measure.Above, c.Measure.Below)
	case c.Frames != nil:
		return between("the part in "+code(c.Frames.Paths), c.Frames.Above, c.Frames.Below)
	case c.In != "":
		return "in a " + c.In
	case len(c.Ship) > 0:
		return "records come by " + strings.Join(c.Ship, " or ")
	case c.Not != nil:
		return "not " + c.Not.String()
	}
	texts := make([]string, len(c.Any))
	for i := range c.Any {
		texts[i] = c.Any[i].String()
	}
	return strings.Join(texts, " or ")
}

func between(what string, above, below float64) string {
	switch {
	case below == 0:
		return fmt.Sprintf("%s is above %g", what, above)
	case above == 0:
		return fmt.Sprintf("%s is below %g", what, below)
	}
	return fmt.Sprintf("%s is between %g and %g", what, above, below)
}
