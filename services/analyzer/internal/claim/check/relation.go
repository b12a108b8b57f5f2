package check

import (
	"fmt"

	"squirrly.dev/services/analyzer/internal/claim"
)

// relation decides a relation of a claim about an operator; of none when its id is empty.
func (c *Checker) relation(r claim.Relation, operator string) Decision {
	switch r.Kind {
	case claim.Absent:
		return c.absent(r.A, operator)
	case claim.Configured:
		return c.configured(r.A, text(r.B))
	case claim.PartOf, claim.CalledBy, claim.LargerThan, claim.Feeds, claim.WaitsFor:
	default:
		return Decision{Refuted, "There is no such relation.", nil}
	}
	a, b := c.thing(r.A), c.thing(text(r.B))
	switch {
	case r.B == nil:
		return Decision{Undecided, fmt.Sprintf("A relation of the kind %s names one side alone.", r.Kind), ids(&a)}
	case !a.known() || !b.known():
		return Decision{Refuted, fmt.Sprintf("A relation of the kind %s names something that this run does not have.", r.Kind), ids(&a, &b)}
	case r.A == text(r.B) && r.Kind != claim.CalledBy:
		return itself(r.Kind, &a)
	}
	d := decide(c, r.Kind, &a, &b)
	d.Evidence = ids(&a, &b)
	return d
}

func decide(c *Checker, kind claim.Kind, a, b *thing) Decision {
	switch kind {
	case claim.PartOf:
		return c.partOf(a, b)
	case claim.CalledBy:
		return c.calledBy(a, b)
	case claim.LargerThan:
		return c.largerThan(a, b)
	case claim.Feeds:
		return c.feeds(a, b)
	default:
		return c.waitsFor(a, b)
	}
}

// itself decides a relation of a thing to itself.
func itself(kind claim.Kind, a *thing) Decision {
	if kind == claim.PartOf {
		return Decision{Undecided, a.name + " is all of itself, which says nothing.", ids(a)}
	}
	said := map[claim.Kind]string{claim.LargerThan: "larger than", claim.Feeds: "upstream of", claim.WaitsFor: "held up by"}
	return Decision{Refuted, fmt.Sprintf("%s is not %s itself.", a.name, said[kind]), ids(a)}
}

// unknown is a relation that nothing decides.
func unknown(why string, args ...any) Decision {
	return Decision{Undecided, fmt.Sprintf(why, args...), nil}
}
