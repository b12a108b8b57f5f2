package operators

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/jobcontext"
)

// Async is an operator that keeps several requests under way at a time, as far as the plan describes it.
type Async struct {
	Node     string        // as in the vertex' name; the name of the DataStream API's operator when it has its default, or empty
	Capacity int           // how many requests may be under way, or wait for those before them; 0: unknown
	Ordered  bool          // results leave in the order of their records; only where the capacity is known
	Timeout  time.Duration // of one request; 0: unknown
	Lookup   bool          // it joins with a table that is looked up
}

// Asynchronous reads the asynchronous operators in the description of a vertex. One of the DataStream API is known by its
// default name only, and tells nothing of itself.
func Asynchronous(v *jobcontext.Vertex) []Async {
	var out []Async
	for line := range strings.Lines(v.Description) {
		node, kind, ok := planNode(line)
		switch {
		case !ok:
			if strings.Trim(line, "-+:| \n") == defaultAsync {
				out = append(out, Async{Node: defaultAsync})
			}
		case kind == "AsyncCalc" || kind == "AsyncCorrelate":
			out = append(out, Async{Node: node})
		case kind == "LookupJoin":
			m := asyncLookup.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			capacity, _ := strconv.Atoi(m[3]) // digits only
			out = append(out, Async{Node: node, Capacity: capacity, Ordered: m[1] == "ORDERED", Timeout: milliseconds(m[2]), Lookup: true})
		}
	}
	return out
}

// defaultAsync is how Flink names an operator of AsyncDataStream.
const defaultAsync = "async wait operator"

// asyncLookup is how a LookupJoin says that it is asynchronous: mode, since 2.x whether it orders by key, timeout, capacity.
var asyncLookup = regexp.MustCompile(`\basync=\[(ORDERED|UNORDERED), (?:KEY_ORDERED: \w{4,5}, )?(\d{1,15})ms, (\d{1,9})\]`)
