package operators

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// WindowKind is how windows lie.
type WindowKind string

// The kinds of windows.
const (
	Tumbling   WindowKind = "tumbling"
	Sliding    WindowKind = "sliding" // HOP in SQL
	Cumulating WindowKind = "cumulating"
	Session    WindowKind = "session"
	Global     WindowKind = "global" // one without end, until a trigger fires
)

// Window is the windows of one operator, as the plan describes them. A duration that the plan does not tell is 0.
type Window struct {
	Node  string // as in the vertex' name, "GlobalWindowAggregate[7]"; empty: of the DataStream API, which names operators freely
	Kind  WindowKind
	Size  time.Duration // of each window, the largest of a cumulating one, and the gap of a session
	Slide time.Duration // between the begins of two windows, or the ends of two cumulating ones; of a tumbling one its size
	// Copies is into how many windows an operator puts each record, with an update of state or a row for each: 1 where it keeps
	// slices or panes and puts them together when a window ends, as SQL's aggregates do; 0: unknown, as of sessions, which merge.
	Copies int
}

// Windows reads the windows in the description of a vertex' operators, in their order. Those whose operators the plan describes
// by a name of the user's choice are unknown. Table API's windows over a number of rows look like those over so many ms.
func Windows(v *jobcontext.Vertex) []Window {
	var out []Window
	for line := range strings.Lines(v.Description) {
		node, kind, ok := planNode(line)
		if !ok {
			if w, ok := assigned(line); ok {
				out = append(out, w)
			}
			continue
		}
		if w, ok := sqlWindow(kind, line); ok {
			w.Node = node
			out = append(out, w)
		}
	}
	return out
}

var (
	numberedNode = regexp.MustCompile(`^[-+:| ]*\[(\d{1,9})\]:([A-Za-z]+)\(`)
	// dataStream is an assigner of the DataStream API within the description of a window operator.
	dataStream = regexp.MustCompile(`^[-+:| ]*(?:Trigger)?Window\((Tumbling|Sliding|EventTimeSession|ProcessingTimeSession|Global)` +
		`(?:EventTime|ProcessingTime)?Windows(?:\((\d{1,18})(?:, (\d{1,18}))?\)|\(\))`)
	// tableFunction is a window of SQL's table functions, and groupWindow one of its GROUP BY.
	tableFunction = regexp.MustCompile(`[wW]indow=\[(TUMBLE|HOP|CUMULATE|SESSION)\(([^()]*)\)\]`)
	durations     = regexp.MustCompile(`\b(size|max_size|slide|step|gap)=\[([^\]]{1,40})\]`)
	groupWindow   = regexp.MustCompile(`window=\[(Tumbling|Sliding|Session)GroupWindow\('[^,()]*, [^,()]*, (\d{1,18})(?:, (\d{1,18}))?\)`)
)

// planNode is the operator of SQL that a line describes, as names of vertices have it, and its kind.
func planNode(line string) (node, kind string, ok bool) {
	m := numberedNode.FindStringSubmatch(line)
	if m == nil {
		return "", "", false
	}
	return m[2] + "[" + m[1] + "]", m[2], true
}

// assigned reads a window operator of the DataStream API. It puts a record into each window that holds it.
func assigned(line string) (Window, bool) {
	m := dataStream.FindStringSubmatch(line)
	if m == nil {
		return Window{}, false
	}
	w := Window{Size: milliseconds(m[2]), Slide: milliseconds(m[3])}
	switch m[1] {
	case "Tumbling":
		w.Kind, w.Slide, w.Copies = Tumbling, w.Size, 1
	case "Sliding":
		w.Kind = Sliding
		w.Copies = w.overlapping()
	case "Global":
		w.Kind, w.Copies = Global, 1
	default:
		w.Kind = Session
	}
	return w, true
}

// sqlWindow reads the window of an operator of SQL.
func sqlWindow(kind, line string) (Window, bool) {
	var w Window
	if m := groupWindow.FindStringSubmatch(line); m != nil {
		w = Window{Kind: WindowKind(strings.ToLower(m[1])), Size: milliseconds(m[2]), Slide: milliseconds(m[3])}
	} else if m := tableFunction.FindStringSubmatch(line); m != nil {
		w.Kind = map[string]WindowKind{"TUMBLE": Tumbling, "HOP": Sliding, "CUMULATE": Cumulating, "SESSION": Session}[m[1]]
		for _, d := range durations.FindAllStringSubmatch(m[2], -1) {
			switch length, err := flink.ParseDuration(d[2]); {
			case err != nil:
			case d[1] == "slide" || d[1] == "step":
				w.Slide = length
			default:
				w.Size = length
			}
		}
	} else {
		return Window{}, false
	}
	if w.Kind == Tumbling {
		w.Slide = w.Size
	}
	switch {
	case w.Kind == Session:
	case kind == "WindowTableFunction": // it writes a row for each window
		w.Copies = w.overlapping()
	default:
		w.Copies = 1
	}
	return w, true
}

// overlapping is how many windows hold each record, at most; 0 is unknown.
func (w Window) overlapping() int {
	if w.Slide <= 0 || w.Size <= 0 {
		return 0
	}
	return int(min(math.MaxInt32, (w.Size+w.Slide-1)/w.Slide))
}

func milliseconds(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > math.MaxInt64/int64(time.Millisecond) {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// IsSQL reports that Flink's planner made operators of a vertex: their nodes are numbered in its name or description.
func IsSQL(v *jobcontext.Vertex) bool {
	for line := range strings.Lines(v.Description) {
		if _, _, ok := planNode(line); ok {
			return true
		}
	}
	return numberedName.MatchString(v.Name)
}

// numberedName is an operator of SQL in the name of a vertex: "Calc[2]", "bids[1]".
var numberedName = regexp.MustCompile(`(?:^|[ (>,])[A-Za-z_][A-Za-z0-9_$.]{0,200}\[\d{1,9}\](?:$|[ :),])`)
