package llmtest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// sheet is what a reader finds in the map of a prompt.
type sheet struct {
	vertices  []vertexRow
	edges     [][2]string // ids of vertices
	operators []operatorRow
	findings  []findingRow
	possible  []possibleRow
	lines     []treeRow
	facts     []factRow // with a value
	settings  [][2]string
	keys      []keyRow
	enum      []string // the mechanisms that an answer may name, as the schema has them
}

type vertexRow struct {
	id, name           string
	busy, backpressure float64 // percent; -1 is unknown
}

type operatorRow struct {
	id, name string
	samples  float64
	limits   bool
	findings []string
}

type findingRow struct {
	id, mechanism, frame string
	share                float64
	operators, facts     []string
	settings             [][2]string
}

type possibleRow struct {
	operator, mechanism string
	share               float64
	facts               []string
	settings            [][2]string
}

// treeRow is a line of a call tree.
type treeRow struct {
	id, mode, frame, operator string
	callers                   []string
	depth                     int
	share, self               float64 // percent
	parent                    string  // id; empty at the root
}

type factRow struct{ id, value, what string }

type keyRow struct{ key, kind, value, turn, bounds, mechanisms string }

// row is a line of a section, with what is told below it.
type row struct {
	cells []string
	notes map[string]string
}

// cell is a value of a row, empty when there is none or it is unknown.
func (r row) cell(i int) string {
	if i >= len(r.cells) || r.cells[i] == "-" {
		return ""
	}
	return r.cells[i]
}

var (
	heading  = regexp.MustCompile(`^# ([^:]+)(?:: (.*))?$`)
	noteLine = regexp.MustCompile(`^  ([a-z ]+): (.*)$`)
	treeLine = regexp.MustCompile(`^(T\d+)( +)([\d.]+) ([\d.]+) (.*)$`)
	percents = regexp.MustCompile(`-?[\d,]*\.?\d+`)
)

// read reads the maps in the messages of the user.
func read(req Request) *sheet {
	s := &sheet{enum: mechanismsOf(req.asked())}
	for _, m := range req.Messages {
		if m.Role == "user" {
			s.message(m.Content)
		}
	}
	return s
}

// asked is the schema of the answer: as the server has to enforce it, or as the instructions tell it.
func (r Request) asked() json.RawMessage {
	if schema := r.Demands(); schema != nil {
		return schema
	}
	for _, m := range r.Messages {
		if _, after, ok := strings.Cut(m.Content, "JSON schema:\n"); ok && m.Role == "system" {
			return json.RawMessage(after)
		}
	}
	return nil
}

// message reads the sections between fences.
func (s *sheet) message(text string) {
	inside, title, columns := false, "", 0
	var rows []row
	end := func() {
		s.section(title, rows)
		title, rows = "", nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "<<<DATA "):
			inside = true
		case strings.HasPrefix(line, "<<<END "):
			end()
			inside = false
		case !inside:
		default:
			if m := heading.FindStringSubmatch(line); m != nil {
				end()
				title, columns = m[1], 1+strings.Count(m[2], " | ")
			} else if m := noteLine.FindStringSubmatch(line); m != nil && len(rows) > 0 {
				rows[len(rows)-1].notes[m[1]] = m[2]
			} else if title != "" {
				rows = append(rows, row{cells: strings.SplitN(line, " | ", columns), notes: map[string]string{}})
			}
		}
	}
	end()
}

// section takes what a section tells. Those that are of no use to a reader are left.
func (s *sheet) section(title string, rows []row) {
	if mode, ok := strings.CutPrefix(title, "Call tree "); ok {
		s.tree(mode, rows)
		return
	}
	for _, r := range rows {
		switch title {
		case "Vertices":
			s.vertices = append(s.vertices, vertexRow{r.cell(0), r.cell(1), percent(r.cell(3)), percent(r.cell(6))})
		case "Edges":
			s.edges = append(s.edges, [2]string{r.cell(0), r.cell(1)})
		case "Operators":
			s.operators = append(s.operators, operatorRow{
				id: r.cell(0), name: r.cell(1), samples: percent(r.cell(5)), limits: r.cell(6) != "" && r.cell(6) != "no",
				findings: list(r.cell(7)),
			})
		case "Findings":
			s.findings = append(s.findings, findingRow{
				id: r.cell(0), mechanism: r.cell(1), share: percent(r.cell(3)), operators: list(r.cell(6)), facts: list(r.cell(7)),
				frame: r.notes["frame"], settings: pairs(r.notes["settings"]),
			})
		case "Possible":
			s.possible = append(s.possible, possibleRow{
				r.cell(0), r.cell(1), percent(r.cell(2)), list(r.cell(4)), pairs(r.notes["settings"]),
			})
		case "Facts", "Facts of metrics":
			s.facts = append(s.facts, factRow{r.cell(0), r.cell(1), r.cell(2)})
		case "Settings":
			s.settings = append(s.settings, [2]string{r.cell(0), r.cell(1)})
		case "Keys":
			s.keys = append(s.keys, keyRow{r.cell(0), r.cell(1), r.cell(2), r.cell(3), r.cell(4), r.cell(5)})
		}
	}
}

// tree reads the lines of a call tree.
func (s *sheet) tree(mode string, rows []row) {
	var open []treeRow // from the root to the last line
	for _, r := range rows {
		m := treeLine.FindStringSubmatch(strings.Join(r.cells, " | "))
		if m == nil {
			continue
		}
		t := treeRow{id: m[1], mode: mode, depth: len(m[2]), share: percent(m[3]), self: percent(m[4]), frame: m[5]}
		if i := strings.LastIndex(t.frame, " @"); i >= 0 {
			t.frame, t.operator = t.frame[:i], t.frame[i+2:]
		}
		if before, after, ok := strings.Cut(t.frame, " < "); ok {
			t.frame, t.callers = before, strings.Split(after, ", ")
		}
		for len(open) > 0 && open[len(open)-1].depth >= t.depth {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			last := open[len(open)-1]
			t.parent = last.id
			if t.operator == "" {
				t.operator = last.operator
			}
		}
		open = append(open, t)
		s.lines = append(s.lines, t)
	}
}

// line returns a line of a call tree by its id.
func (s *sheet) line(id string) (treeRow, bool) {
	i := slices.IndexFunc(s.lines, func(t treeRow) bool { return t.id == id })
	if i < 0 {
		return treeRow{}, false
	}
	return s.lines[i], true
}

// percent is the first number of a text; -1 when there is none.
func percent(text string) float64 {
	x, err := strconv.ParseFloat(strings.ReplaceAll(percents.FindString(text), ",", ""), 64)
	if err != nil {
		return -1
	}
	return x
}

// list reads ids between commas or spaces.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// pairs reads settings as key=value.
func pairs(text string) [][2]string {
	var out [][2]string
	for part := range strings.SplitSeq(text, ", ") {
		if key, value, ok := strings.Cut(part, "="); ok {
			out = append(out, [2]string{key, value})
		}
	}
	return out
}
