package faithful

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// said is a number that a sentence says.
type said struct {
	value, slack float64
	unit         string
	side         int // 1: more than it, -1: less
}

// figuresIn scans a text for numbers that are not part of a name.
func figuresIn(text string) []said {
	var out []said
	r := []rune(text)
	for i := 0; i < len(r); i++ {
		if !unicode.IsDigit(r[i]) || i > 0 && (unicode.IsLetter(r[i-1]) || strings.ContainsRune("_$<", r[i-1])) {
			continue
		}
		if inWord(r, i) {
			for i < len(r) && !unicode.IsSpace(r[i]) {
				i++
			}
			continue
		}
		from := i
		for i < len(r) && (unicode.IsDigit(r[i]) || strings.ContainsRune(".,'", r[i]) && i+1 < len(r) && unicode.IsDigit(r[i+1])) {
			i++
		}
		if n, ok := parse(string(r[from:i])); ok {
			n.unit = unitOf(string(r[i:min(len(r), i+40)]))
			loosen(&n, string(r[:from]))
			out = append(out, n)
		}
	}
	return out
}

// inWord reports whether the digit at i belongs to a word with letters and dots, such as G1YoungGC or a.b2.c.
func inWord(r []rune, i int) bool {
	from := i
	for from > 0 && !unicode.IsSpace(r[from-1]) && !strings.ContainsRune("(~≈×−-–", r[from-1]) {
		from--
	}
	for _, c := range r[from:i] {
		if unicode.IsLetter(c) || c == '_' {
			return true
		}
	}
	return false
}

func parse(digits string) (said, bool) {
	groups := strings.Split(strings.ReplaceAll(digits, "'", ","), ",")
	thousands := len(groups) > 1
	for _, g := range groups[1:] {
		whole, _, _ := strings.Cut(g, ".")
		thousands = thousands && len(whole) == 3
	}
	plain := strings.Join(groups, "")
	if len(groups) == 2 && !thousands {
		plain = strings.Join(groups, ".")
	}
	x, err := strconv.ParseFloat(plain, 64)
	slack := 0.5
	if _, frac, ok := strings.Cut(plain, "."); ok {
		slack = 0.5 * math.Pow10(-len(frac))
	} else if x >= 1000 {
		slack = 0
	}
	return said{value: x, slack: slack}, err == nil
}

// unitOf reads the unit at the begin of a text.
func unitOf(after string) string {
	after = strings.ToLower(strings.TrimLeft(after, " \u202f-"))
	for _, u := range []struct{ word, unit string }{
		{"percentage point", "points"},
		{"points", "points"},
		{"%", "%"},
		{"percent", "%"},
		{"×", "x"},
		{"x ", "x"},
		{"times", "x"},
		{"te ", "te"},
		{"te.", "te"},
		{"te,", "te"},
		{"tes", "te"},
		{"thread equivalent", "te"},
		{"samples", "samples"},
		{"active samples", "samples"},
		{"wall samples", "samples"},
		{"itimer samples", "samples"},
		{"active wall samples", "samples"},
		{"active itimer samples", "samples"},
		{"active cpu samples", "samples"},
		{"active lock samples", "samples"},
		{"active alloc samples", "samples"},
		{"records/s", "/s"},
		{"records per second", "/s"},
		{"/s", "/s"},
		{"ms", "ms"},
		{"mb", "size"},
		{"gb", "size"},
		{"kb", "size"},
		{"cores", "cores"},
	} {
		if strings.HasPrefix(after+" ", u.word) {
			return u.unit
		}
	}
	return ""
}

// loosen reads the words before a number.
func loosen(n *said, before string) {
	before = strings.ToLower(strings.TrimRight(before, " "))
	for _, w := range []string{"about", "roughly", "around", "nearly", "almost", "~", "some", "between", "and", "to"} {
		if strings.HasSuffix(before, " "+w) || before == w {
			n.slack = max(n.slack, 2.5, 0.05*n.value)
		}
	}
	for _, w := range []string{"more than", "over", "at least", "above"} {
		if strings.HasSuffix(before, w) {
			n.side = 1
		}
	}
	for _, w := range []string{"less than", "under", "at most", "up to", "no more than"} {
		if strings.HasSuffix(before, w) {
			n.side = -1
		}
	}
}

// wordsIn finds shares and factors in words.
func wordsIn(text string) []said {
	var out []said
	text = " " + strings.ToLower(text) + " "
	for phrase, n := range map[string]said{
		"half ": {50, 3, "%", 0}, "two thirds": {66.7, 3, "%", 0}, "a third ": {33.3, 3, "%", 0}, "a quarter ": {25, 3, "%", 0},
		"three quarters": {75, 3, "%", 0}, "nine tenths": {90, 3, "%", 0}, "twice": {2, 0.2, "x", 0}, "tenfold": {10, 0.5, "x", 0},
	} {
		if strings.Contains(text, " "+phrase) {
			out = append(out, n)
		}
	}
	if at := strings.Index(text, " percent "); at > 0 {
		before := strings.Fields(text[:at])
		if x, ok := spelledOut(before[len(before)-1]); ok {
			out = append(out, said{x, 0.5, "%", 0})
		}
	}
	return out
}

func spelledOut(word string) (float64, bool) {
	values := map[string]float64{
		"ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
		"eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
		"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
	}
	sum := 0.0
	for w := range strings.SplitSeq(word, "-") {
		x, ok := values[w]
		if !ok {
			return 0, false
		}
		sum += x
	}
	return sum, true
}

// ours are words that look like names of classes and are those of the domain.
var ours = " TaskManager TaskManagers JobManager RocksDB DataStream ForSt "

// namesIn finds what looks like the name of a frame, class or key.
func namesIn(text string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`,;()"'→!?=`, r)
	}) {
		w = strings.Trim(w, ".:-/")
		letters := strings.IndexFunc(w, unicode.IsLetter) >= 0
		dot := strings.Contains(w, ".") || strings.Contains(w, "::")
		if letters && !strings.ContainsRune("0123456789", rune(w[0])) && (dot || hump(w)) && !strings.Contains(ours, " "+w+" ") &&
			w != "e.g" && w != "i.e" && !strings.HasSuffix(w, "%") {
			out = append(out, w)
		}
	}
	return out
}

// hump reports whether a word starts a second part with a capital letter, as in PaymentLedger.
func hump(w string) bool {
	r := []rune(w)
	for i := 1; i+1 < len(r); i++ {
		if unicode.IsUpper(r[0]) && unicode.IsLower(r[i-1]) && unicode.IsUpper(r[i]) && unicode.IsLower(r[i+1]) {
			return true
		}
	}
	return false
}
