package operators

import (
	"slices"
	"strings"

	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

// Row is what a thread does in its vertex beside the operators' own work.
type Row int

// The rows.
const (
	RowOperator Row = iota // below an operator
	RowReading             // it takes records from the network and deserializes them
	RowRuntime             // network, mailbox, checkpoint: what Flink does for the task
)

// String names the row as a table shows it.
func (r Row) String() string {
	switch r {
	case RowReading:
		return "reading input"
	case RowRuntime:
		return "network, mailbox, checkpoint"
	default:
		return "operator"
	}
}

// seen is what a stack shows of one operator.
type seen struct {
	class    string // of the frame that enters it
	function string // class of Flink's own function in it; empty is none
	generic  bool   // the frame is one that all operators inherit
}

// trace is what a stack shows of its place, in the order of the plan.
type trace struct {
	legacy, source, network, two bool
	mail                         bool // a timer or a callback: the operators begin anywhere in the chain
	keyed                        bool
	reads                        string // class of the serializer that reads a record
	operators                    []seen
	chained, sent                bool // the last operator hands a record on
}

func (t *trace) row() Row {
	switch {
	case len(t.operators) > 0:
		return RowOperator
	case t.network:
		return RowReading
	default:
		return RowRuntime
	}
}

// traceOf reads the path to a spot.
func traceOf(s *scan.Scan, spot int32) trace {
	var t trace
	for _, at := range s.PathTo(spot) {
		class := classOf(s.Graph.Name(at.Frame))
		t.keyed = t.keyed || at.Keyed
		switch at.Stage {
		case mechanisms.StageLegacy:
			t.legacy = true
		case mechanisms.StageMail:
			t.mail, t.operators, t.chained, t.sent = true, nil, false, false
		case mechanisms.StageSource:
			t.source = true
		case mechanisms.StageTwoInputs:
			t.two = true
		case mechanisms.StageNetwork:
			t.network = true
		case mechanisms.StageReads:
			t.reads = class
		case mechanisms.StageOperator:
			t.chained, t.sent = false, false
			t.operators = append(t.operators, seen{class: class, generic: inherited(class)})
			t.keyed = t.keyed || nodeTable().needsKey(class)
		case mechanisms.StageFunction:
			t.function(class)
		case mechanisms.StageChained:
			t.chained = true
		case mechanisms.StageSent:
			t.sent = true
		}
	}
	return t
}

// function adds a function to the operator that it is in. Below a frame that all operators inherit it may be the
// operator itself: a watermark reaches the timers of a window.
func (t *trace) function(class string) {
	last := &t.operators[len(t.operators)-1]
	if last.generic && !inherited(class) && len(nodeTable().ofFunction(class)) == 0 {
		last.class, last.generic = class, false
		return
	}
	last.function = class
}

// inherited reports that a class holds methods of many operators.
func inherited(class string) bool {
	name := class[strings.LastIndexByte(class, '.')+1:]
	return strings.HasPrefix(name, "Abstract") && strings.HasPrefix(class, "org.apache.flink.") || name == "TableStreamOperator"
}

// fit is how well an operator in a stack fits a node of a plan.
type fit int

const (
	fitsNot    fit = iota
	fitsHardly     // the node has the default name of another operator, which a job's code can give too
	fitsMaybe      // the node has a name of the job's own
	fitsWell       // the node is named so because it is this
)

// fits compares one operator with one node.
func (n *Node) fits(op *seen) fit {
	t := nodeTable()
	class := op.class
	switch {
	case op.generic:
		return fitsMaybe
	case hasClass(sourceClasses, class):
		return must(n.source)
	case hasClass(writerClasses, class):
		return must(n.writer)
	case hasClass(sinkClasses, class):
		return must(n.sink && !n.writer)
	case n.source || n.writer:
		return fitsNot
	}
	if op.function != "" {
		if rows := t.ofFunction(op.function); len(rows) > 0 {
			return n.among(rows)
		}
	}
	sure, serves := t.ofOperator(class)
	if len(sure)+len(serves) > 0 {
		return max(n.among(sure), min(n.among(serves), fitsMaybe))
	}
	name := class[strings.LastIndexByte(class, '.')+1:]
	switch {
	case strings.EqualFold(n.Base, name):
		return fitsWell
	case len(n.kinds) > 0:
		return n.otherwise()
	}
	return fitsMaybe
}

var (
	sourceClasses = []string{"operators.SourceOperator", "operators.StreamSource", "functions.source.*ContinuousFileReaderOperator"}
	writerClasses = []string{"sink.SinkWriterOperator", "operators.SinkWriterOperator"}
	sinkClasses   = []string{"operators.StreamSink"}
)

func must(x bool) fit {
	if x {
		return fitsWell
	}
	return fitsNot
}

// among reports how well a node fits one of the rows of the table.
func (n *Node) among(rows []int) fit {
	if len(rows) == 0 {
		return fitsNot
	}
	named := false
	for _, row := range rows {
		if slices.Contains(n.kinds, row) {
			return fitsWell
		}
		named = named || nodeTable().kinds[row].Named
	}
	switch {
	case len(n.kinds) > 0:
		return min(n.otherwise(), namedFit(named))
	case named:
		return fitsMaybe
	}
	return fitsNot
}

func namedFit(named bool) fit {
	if named {
		return fitsHardly
	}
	return fitsNot
}

// otherwise is the fit of an operator of another kind than the node is named after: none, but for names of one common
// word that people give to other operators as well.
func (n *Node) otherwise() fit {
	for _, own := range n.kinds {
		if !nodeTable().kinds[own].Named {
			return fitsNot
		}
	}
	if strings.ContainsAny(n.Base, " -/") || len(n.Base) > len("Projection") {
		return fitsNot
	}
	return fitsHardly
}
