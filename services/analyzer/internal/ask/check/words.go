package check

import (
	"strings"

	"squirrly.dev/internal/lazyregexp"
)

// small are the numbers in words; they combine as in "seventy-five" and "two hundred".
var small = map[string]float64{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
	"eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
	"eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "million": 1e6,
}

// wordsOf matches any of the numbers in words.
const wordsOf = `(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|` +
	`seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million)`

var (
	// counted is a number in words that counts something; alone, "one" and "two" are no statement about the data.
	counted = lazyregexp.New(`(?i)\b(` + wordsOf + `(?:(?: and |[ -])` + wordsOf + `)*)(?:[ -]?(?:%|per ?cent\b|percent\b|` +
		`(?:percentage )?points?\b|times\b|fold\b|(?:milli|micro)?seconds?\b|ms\b|minutes?\b|samples?\b|TEs?\b|cores?\b|` +
		`thread equivalents?\b|records?\b|subtasks?\b|vertices\b|threads\b)| (?:of|out of) (?:the )?(?:` + wordsOf + `|\d+)\b)`)
	// fraction is a share in words.
	fraction = lazyregexp.New(`(?i)\b(?:(a|one|two|three|four|nine)[ -](half|halves|thirds?|quarters?|fifths?|tenths?)|(half|halves))\b`)
	// factor is a multiple in words.
	factor = lazyregexp.New(`(?i)\b(?:(twice|doubl(?:e[sd]?|ing))|(thrice|tripl(?:e[sd]?|ing))|(quadrupl(?:e[sd]?|ing))|(halv(?:e[sd]?|ing))|(orders? of magnitude|tenfold)|(hundredfold))\b`)
)

// parts are the denominators of fractions.
var parts = map[string]float64{"hal": 2, "thi": 3, "qua": 4, "fif": 5, "ten": 10}

// factors are what the groups of factor multiply by.
var factors = []float64{2, 3, 4, 0.5, 10, 100}

// wordSlack is how far a fraction in words may be from the share that it names, in points.
const wordSlack = 2.5

// spelledNumbers finds the numbers in words.
func spelledNumbers(text string) []number {
	var out []number
	for _, m := range counted.FindAllStringSubmatchIndex(text, -1) {
		n := number{value: spelledValue(text[m[2]:m[3]]), from: m[2], to: m[3]}
		n.unit(text)
		n.context(text)
		out = append(out, n)
	}
	for _, m := range fraction.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, fractionAt(text, m))
	}
	for _, m := range factor.FindAllStringSubmatchIndex(text, -1) {
		for i, f := range factors {
			if m[2*i+2] >= 0 {
				out = append(out, number{value: f, slack: 0.05 * f, kind: times, from: m[0], to: m[1]})
			}
		}
	}
	return out
}

func spelledValue(words string) float64 {
	sum := 0.0
	for _, w := range strings.FieldsFunc(strings.ToLower(words), func(r rune) bool { return r == ' ' || r == '-' }) {
		switch x := small[w]; {
		case x >= 100:
			sum = max(sum, 1) * x
		default:
			sum += x
		}
	}
	return sum
}

func fractionAt(text string, m []int) number {
	n := number{kind: percent, slack: wordSlack, from: m[0], to: m[1]}
	over, under := 1.0, "half"
	if m[2] >= 0 {
		under = text[m[4]:m[5]]
		if x := small[strings.ToLower(text[m[2]:m[3]])]; x > 0 {
			over = x
		}
	}
	n.value = 100 * over / parts[strings.ToLower(under[:3])]
	n.context(text)
	return n
}

// quantifier is a word that says how large a share is.
type quantifier struct {
	form      *lazyregexp.Regexp
	low, high float64 // of the share, in percent
}

var quantifiers = []quantifier{
	{lazyregexp.New(`(?i)\b(?:nearly|almost|practically|virtually) (?:all|the whole|the entire|every|entirely|everything)\b|\bvast majority\b|\boverwhelming`), 85, 100},
	{lazyregexp.New(`(?i)\bmost of\b|\bmajority of\b|\bmostly\b|\bmainly\b|\bdominat(?:e|es|ed|ing)\b|\blargest (?:share|part)\b`), 50, 100},
	{lazyregexp.New(`(?i)\b(?:negligible|tiny|hardly any|barely any|next to nothing|(?:a )?small (?:share|part|fraction))\b`), 0, 10},
}
