package wording

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLabel is the length in characters that the name of a vertex has at most where people read it.
const MaxLabel = 40

// Labels gives the vertices of one job short names for people, in the order of their names: at most [MaxLabel] characters
// each, and no two alike, so that a label means one vertex of the job. A name that is short enough stays as it is, so that it
// can be found in Flink's UI. A longer one loses the arguments of its operators, which is where SQL writes whole SELECT
// lists, and then its middle. The labels of other names change only where two would be alike: what must be the same from run to run is the
// name or the id of a vertex, and never its label.
func Labels(names []string) []string {
	labels := make([]string, len(names))
	taken := make(map[string]bool, len(names))
	again := make(map[string]int) // by label: how often it was wanted
	for i, name := range names {
		label := Label(name)
		for n := again[label] + 1; ; n++ {
			labels[i] = numbered(label, n)
			if !taken[labels[i]] {
				again[label] = n
				break
			}
		}
		taken[labels[i]] = true
	}
	return labels
}

// Label is the short name of one vertex, whatever the others are called.
func Label(name string) string {
	if short(name) {
		return tidy(name)
	}
	return tidy(Middle(WithoutArguments(name), MaxLabel))
}

// short reports that a name has at most MaxLabel characters, without reading a long one to its end.
func short(name string) bool {
	return len(name) <= utf8.UTFMax*MaxLabel && utf8.RuneCountInString(name) <= MaxLabel
}

// tidy makes one line of a name.
func tidy(name string) string {
	name = strings.ToValidUTF8(name, "�")
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
}

// numbered tells a label apart from earlier ones that are like it.
func numbered(label string, n int) string {
	if n == 1 {
		return label
	}
	suffix := " #" + strconv.Itoa(n)
	return Middle(label, MaxLabel-utf8.RuneCountInString(suffix)) + suffix
}

// WithoutArguments drops what stands in round brackets right behind a name: "Calc(select=[a, b])[5]" becomes "Calc[5]".
// Brackets after a space are the branches of a chain, and stay. A bracket that nothing closes is no list of arguments.
func WithoutArguments(name string) string {
	ends := closings(name)
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		end, bracket := ends[i]
		if bracket && i > 0 && name[i-1] != ' ' && name[i-1] != '(' {
			i = end
			continue
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

// closings finds the round brackets that are closed: where each of them opens, and where it is closed.
func closings(text string) map[int]int {
	ends := map[int]int{}
	var open []int
	for i := range len(text) {
		switch {
		case text[i] == '(':
			open = append(open, i)
		case text[i] == ')' && len(open) > 0:
			ends[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
	return ends
}
