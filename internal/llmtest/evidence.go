package llmtest

import (
	"regexp"
	"strconv"
	"strings"
)

// evidence is what a reader finds in the data of a prompt.
type evidence struct {
	facts    []fact
	findings []finding
	vertices []string // names
	links    []string
	keys     []string
}

type fact struct {
	id, printed, text string
	value             float64
}

type finding struct {
	id, title, frame string
	evidence         []string
	share            float64 // in percent; 0 is unknown
	samples          string  // as printed
	bound            string  // as printed, empty for none
}

var (
	factLine    = regexp.MustCompile(`^([FMVCK]\d+) \| (-?[\d,.]+)( [^|]*)? \| (.*)$`)
	proseTree   = regexp.MustCompile(`^(T\d+) +([\d.]+) ([\d.]+) (\S+)$`)
	findingLine = regexp.MustCompile(`^(R\d+) \| \w+ \| (.*) \| (\S*) \| evidence (.*)$`)
	sizeLine    = regexp.MustCompile(`^  ([\d.]+) % of the (?:time|profile)\b.*?, ([\d,]+) samples(?:, speed-up at most ([\d.,]+)×)?`)
	vertexLine  = regexp.MustCompile(`^\d+\. (.+): parallelism \d+, `)
	listLine    = regexp.MustCompile(`^- (\S+)$`)
)

// readProse finds findings, facts and the allowed names in the last message that holds data.
func readProse(req Request) evidence {
	var e evidence
	for _, m := range req.Messages {
		if m.Role == "user" && strings.Contains(m.Content, "<<<DATA") {
			for line := range strings.Lines(m.Content) {
				e.line(strings.TrimRight(line, "\n"))
			}
		}
	}
	return e
}

func (e *evidence) line(line string) {
	if m := factLine.FindStringSubmatch(line); m != nil {
		e.facts = append(e.facts, fact{id: m[1], printed: m[2] + m[3], text: m[4], value: number(m[2])})
	}
	if m := proseTree.FindStringSubmatch(line); m != nil {
		e.facts = append(e.facts, fact{id: m[1], printed: m[2] + " %", text: m[4], value: number(m[2])})
	}
	if m := findingLine.FindStringSubmatch(line); m != nil {
		e.findings = append(e.findings, finding{id: m[1], title: m[2], frame: m[3], evidence: strings.Fields(m[4])})
	}
	if m := sizeLine.FindStringSubmatch(line); m != nil && len(e.findings) > 0 {
		f := &e.findings[len(e.findings)-1]
		f.share, f.samples, f.bound = number(m[1]), m[2], m[3]
	}
	if m := vertexLine.FindStringSubmatch(line); m != nil {
		e.vertices = append(e.vertices, m[1])
	}
	if m := listLine.FindStringSubmatch(line); m != nil {
		if strings.HasPrefix(m[1], "https://") {
			e.links = append(e.links, m[1])
		} else {
			e.keys = append(e.keys, m[1])
		}
	}
}

func number(s string) float64 {
	x, _ := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	return x
}

// cited returns the facts of a finding that the prompt shows.
func (e *evidence) cited(f finding) []fact {
	var out []fact
	for _, id := range f.evidence {
		for _, fact := range e.facts {
			if fact.id == id {
				out = append(out, fact)
			}
		}
	}
	return out
}
