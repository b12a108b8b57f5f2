package wording

import "squirrly.dev/pkg/events"

// Verdict says in a few words what limits a job: "sine limits, up to 1.4×", "not limited". The label of a vertex is what the
// job calls it, and is as long as that is.
func Verdict(v events.Verdict) string {
	switch v.Limit {
	case events.LimitVertex:
		if v.VertexName == "" {
			return v.Headline
		}
		return v.VertexName + " limits" + upTo(v)
	case events.LimitNone:
		return "not limited"
	case events.LimitCPU:
		return "short of CPU" + upTo(v)
	case events.LimitBackpressured:
		return "backpressured, no vertex is busy"
	case events.LimitBursts:
		return "backpressured in bursts"
	case events.LimitRestarting:
		return "the job restarted"
	case events.LimitStarting:
		return "the job was starting"
	case events.LimitUnknown:
		return "load not known"
	}
	return v.Headline // a verdict of a later version
}

// upTo is the gain that is worth telling.
func upTo(v events.Verdict) string {
	const least = 1.05
	if v.Bound < least {
		return ""
	}
	return ", up to " + Times(v.Bound)
}
