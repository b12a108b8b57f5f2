package check

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
)

// told decides a change of code, of the plan or of machines, and says it in words of ours.
func (c *Checker) told(j *Judgement, ch claim.Change) ChangeDecision {
	operator := j.operator
	if id := text(ch.Operator); id != "" {
		operator = c.operator(id)
	}
	if operator == nil {
		return ChangeDecision{Decision: Decision{Refuted, "It changes an operator that the run does not have.", nil}}
	}
	where := fmt.Sprintf("%s (%s)", operator.ID, operator.Name)
	r := events.Recommendation{Why: "It is where the time of what limits the job goes.", Effort: "redesign"}
	switch ch.Kind {
	case claim.Code:
		frame, refused := c.editable(j, text(ch.Frame))
		if refused != "" {
			return ChangeDecision{Decision: Decision{Refuted, refused, nil}}
		}
		r.Change, r.Effort = fmt.Sprintf("Change the code of %s in %s.", frame, where), "code"
	case claim.Plan:
		r.Change = fmt.Sprintf("Change how %s is put together with what comes before it.", where)
	case claim.Resource:
		r.Change, r.Effort = fmt.Sprintf("Give what runs %s more of the CPU, memory or slots that it lacks.", where), "config"
	default:
		return ChangeDecision{Decision: Decision{Refuted, "There is no such kind of change.", nil}}
	}
	return ChangeDecision{Decision: Decision{Holds, r.Change, nil}, New: &r}
}

// editable is the function that a change of code is about, or why nobody can change it. Without a name it is that of the share.
func (c *Checker) editable(j *Judgement, said string) (frame, refused string) {
	path := ""
	if said == "" {
		if share := c.thing(j.claim.Share); share.fact != nil {
			path = share.fact.Frame
		}
	} else if paths := c.ground.Frames(said); len(paths) > 0 {
		path = paths[0]
	}
	switch {
	case path == "":
		return "", "It changes a function that no page has."
	case wording.Library(path):
		return "", "It changes a function of Flink or of a library."
	}
	return wording.Simple(path), ""
}
