package check

import (
	"strings"
	"unicode"

	"squirrly.dev/internal/lazyregexp"
)

// humps separates the words of a camelCase name.
var humps = lazyregexp.New(`(\p{Ll})(\p{Lu})`)

// run is how many words in a row make a sentence a repetition of the data.
const run = 4

var (
	// command is what text says that wants to steer a model.
	command = lazyregexp.New(`(?i)\b(?:ignore|disregard|forget|override|instructions?|system prompt|you (?:are|must|should)|assistant|obey)\b`)
	// payload is what such text wants to be said.
	payload     = lazyregexp.New(`(?i)\b(?:say|write|report|answer|output|print|include|append|mention|state|tell|claim|recommend|respond|reply)\b(?:\W+[\w'.-]+){1,10}`)
	exonerating = lazyregexp.New(`(?i)(?:can|may|should|must) (?:safely )?be (?:ignored|skipped|dismissed)|\bignore (?:this|the|all|any)\b|` +
		`\bno (?:action|change|fix|changes) (?:is |are )?(?:needed|required|necessary)|\bnot an? (?:real )?(?:problem|issue|bottleneck)\b|` +
		`\bfalse (?:positive|alarm)|\b(?:is|are|looks?|seems?) (?:perfectly |completely |all )?(?:healthy|fine|harmless|ok(?:ay)?)\b|` +
		`\bnothing (?:to|needs to) (?:fix|worry|do|change|be)|\bwrong(?:ly)? (?:severity|ranked|finding)`)
)

// ordinary are words that stand in source code and in honest answers alike.
const ordinary = `answer argument array back batch because before below block blocks bottleneck buffer bytes cache call calls
	change class client code collect config configuration context cost count data does each element elements error event
	events every exception field file first flink flow from function goes have help into item items iterator java join key
	keys late less limit list lock logic loop make makes many memory message method metric metrics more must name need
	needs network none null number object only open operator order other output parse path pressure process processing
	profile queue rate read record records request response result results return returns rows same sample samples schema
	send serializer should side sink sleep slow some source stall state stream string subtask table task text than that
	their them then there they this thread throughput time timer type upstream uses value values vertex wait waits wall
	when which while will window with work would write`

// planted knows what strangers wrote into the data, to tell a statement about the data from a repetition of it.
type planted struct {
	runs  map[string]bool
	words map[string]bool // that commands in the data want to be said
}

// words returns the words of a text in lower case. Separators in names separate words too.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	})
}

// add takes text of strangers. Trusted are the words that an honest answer may use anyway.
func (p *planted) add(text string, trusted map[string]bool) {
	text = humps.ReplaceAllString(text, "$1 $2")
	w := words(text)
	for i := range len(w) - run + 1 {
		p.runs[strings.Join(w[i:i+run], " ")] = true
	}
	spaced := strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '_' || r == '?' || r == ' ' || r == '\n' }), " ")
	if !command.MatchString(spaced) {
		return
	}
	for _, what := range payload.FindAllString(spaced, -1) {
		for _, word := range words(what)[1:] {
			if len(word) > 3 && !trusted[word] {
				p.words[word] = true
			}
		}
	}
}

// repeats reports whether a sentence repeats text of the data. Names in it are masked before.
func (p *planted) repeats(sentence string) bool {
	w := words(sentence)
	for i := range w {
		if p.words[w[i]] || i+run <= len(w) && p.runs[strings.Join(w[i:i+run], " ")] {
			return true
		}
	}
	return false
}
