package check

import (
	"slices"
	"strings"

	"squirrly.dev/internal/lazyregexp"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// subsystem is a part of a job that a cause can name. What is said of it needs evidence: its frames, its category, or
// words of the rules about the same finding.
type subsystem struct {
	name       string
	said       *lazyregexp.Regexp // how an answer names it
	shown      *lazyregexp.Regexp // in a frame or a text of the evidence; nil is said
	categories []string           // of findings and of samples
}

// Least shares with which a subsystem counts as shown.
const (
	leastMention = 0.02 // to be mentioned
	leastBlame   = 0.20 // to be blamed
)

// term matches words as a whole, part matches parts of frames and texts, both in any case.
func term(s string) *lazyregexp.Regexp { return lazyregexp.New(`(?i)\b(?:` + s + `)\b`) }

func part(s string) *lazyregexp.Regexp { return lazyregexp.New(`(?i)(?:` + s + `)`) }

// subsystems is the closed vocabulary. A term that names nothing of it is not checked here.
var subsystems = []subsystem{
	{"garbage collection", term(`GC|garbage[- ]collect\w*|garbage|stop-the-world|heap pressure|memory pressure`), part(`\bGC\b|garbage|G1\w*::|GangWorker|GCTask|Shenandoah|ZDriver|ZMark|ParallelGC|VM_G1|VM_GenCollect`), []string{"gc", "garbage collection"}},
	{"compaction", term(`compactions?`), part(`compact`), nil},
	{"RocksDB", term(`RocksDB|rocks db`), part(`rocksdb`), nil},
	{"state", term(`state backend|state access(?:es)?|keyed state|ForSt|state size`), part(`rocksdb|forst|\.state\.|ValueState|ListState|MapState|state (?:backend|access)|keyed state`), []string{"state"}},
	{"checkpointing", term(`checkpoint\w*|savepoint\w*|barrier alignment|unaligned`), part(`checkpoint|barrier`), []string{"checkpointing"}},
	{"serialization", term(`(?:de)?seriali[sz]\w*|Kryo|Avro|POJO serializer`), part(`seriali[sz]|kryo|avro|ObjectInputStream|ObjectOutputStream`), []string{"serialization"}},
	{"network", term(`network\w*|shuffles?|netty|bandwidth|TCP`), part(`netty|\bnetwork|java\.net\.|sun\.nio\.ch|Socket|LocalBufferPool|\.http`), []string{"network", "backpressure"}},
	{"locking", term(`lock contention|contend\w*|contention|deadlock\w*|synchroni[sz]ed|lock(?:s|ed)?|monitor(?: enter)?`), part(`lock|monitor|synchroni[sz]|mutex|park`), []string{"locking", "lock"}},
	{"JIT compilation", term(`JIT|just-in-time|compiler threads?`), part(`C2Compiler|CompileBroker|Compiler::|\bJIT\b`), []string{"JIT compilation"}},
	{"skew", term(`skew\w*|hot keys?|uneven(?:ly)?|imbalanced?`), part(`skew|hot alone|busiest subtask .* median`), []string{"skew"}},
	{"CPU starvation", term(`starv\w*|throttl\w*|CPU limits?|CPU quota|noisy neighbou?rs?|overcommit\w*`), part(`starv|throttl|got no CPU|ready to run`), []string{"starvation"}},
	{"database", term(`databases?|JDBC|SQL quer(?:y|ies)|Postgres\w*|MySQL|Redis|Cassandra|MongoDB`), part(`jdbc|sql|postgres|redis|cassandra|mongo|database`), nil},
	{"HTTP", term(`HTTP\w*|REST (?:calls?|requests?)|web service|remote (?:calls?|service)`), part(`http|remote`), nil},
	{"Kafka", term(`Kafka`), part(`kafka`), nil},
	{"disk", term(`disks?|file system|fsync|I/O wait|SSDs?`), part(`FileChannel|FileOutputStream|FileInputStream|RandomAccessFile|fsync|pread|pwrite|disk`), nil},
	{"DNS", term(`DNS|name resolution|host ?name lookup`), part(`InetAddress|getaddrinfo|DNS`), nil},
	{"logging", term(`logging|log4j2?|logback|log statements?`), part(`log4j|logback|slf4j|logg`), nil},
	{"regular expressions", term(`reg(?:ular )?ex(?:pressions?|es)?`), part(`regex|Pattern`), nil},
	{"JSON", term(`JSON`), part(`json|jackson|gson`), nil},
	{"exceptions", term(`exceptions? (?:handling|creation|filling)|stack traces?|throwing`), part(`exception|Throwable|fillInStackTrace`), nil},
	{"reflection", term(`reflection|reflective\w*`), part(`reflect`), nil},
	{"compression", term(`compress\w*|gzip|snappy|zstd|lz4`), part(`compress|gzip|snappy|zstd|lz4|deflat|inflat`), nil},
	{"encryption", term(`encrypt\w*|TLS|SSL|crypto\w*|hashing`), part(`ssl|tls|crypto|cipher|security|digest|hash`), nil},
	{"memory leak", term(`memory leaks?|leak(?:s|ing)?|out of memory|OOM\w*|swapping`), part(`leak|OutOfMemory`), nil},
	{"window", term(`windows?`), part(`window`), nil},
	{"timers", term(`timers?`), part(`timer`), nil},
	{"join", term(`joins?`), part(`join`), nil},
}

// because says that something is the cause.
var because = lazyregexp.New(`(?i)\b(?:because|due to|caused by|cause[sd]?|owing to|bottleneck|culprit|to blame|blame|limit(?:s|ed|ing)?|` +
	`reason|dominat\w+|slow(?:s|ed)?(?: down)?|driven by|result of|stems? from|comes? from|responsible)\b`)

// causes drops sentences that name a part of the job which the evidence does not show, or deny one that it shows.
func (c *checker) causes(sentence string, s *scope) verdict {
	if s.proposal {
		return verdict{}
	}
	rest := nameForm.ReplaceAllString(sentence, " ")
	for _, sub := range subsystems {
		at := sub.said.FindStringIndex(rest)
		if at == nil || c.nameOfVertex(rest, at) {
			continue
		}
		denied := denies(rest[:at[0]]) || deniedAfter.MatchString(rest[at[1]:])
		least := leastMention
		if because.MatchString(rest) && !denied {
			least = leastBlame
		}
		if shown := c.shown(sub, least, s); shown == denied {
			return drop(sub.name + map[bool]string{true: " is shown by the evidence", false: " is not shown by the evidence"}[shown])
		}
	}
	return verdict{}
}

// nameOfVertex reports whether the words are part of the name of a vertex, such as "Window(Tumbling)".
func (c *checker) nameOfVertex(text string, at []int) bool {
	return slices.ContainsFunc(c.vertices, func(v string) bool {
		return strings.Contains(v, text[at[0]:at[1]]) && strings.Contains(text, v)
	})
}

// denial is a negation right before what it denies.
var denial = lazyregexp.New(`(?i)\b(?:no|not|without|neither|nor|never|rather than|instead of|unrelated to|nothing to do with)((?:\W+\w+){0,7})\W*$`)

// deniedAfter is a negation right behind what it denies.
var deniedAfter = lazyregexp.New(`(?i)^\W*(?:\w+\W+)?(?:is|are|was|were|has|have|plays?|does|do)(?:n['’]t| not| no) `)

func denies(before string) bool {
	m := denial.FindStringSubmatch(before)
	return m != nil && !because.MatchString(m[1])
}

// shown reports whether the evidence shows a subsystem: the finding itself, a cited fact, or its share of the samples.
func (c *checker) shown(sub subsystem, least float64, s *scope) bool {
	if s.finding != nil {
		f := s.finding
		if slices.Contains(sub.categories, f.Category) || slices.ContainsFunc(texts(*f), sub.shown.MatchString) ||
			slices.ContainsFunc(s.own, sub.shown.MatchString) {
			return true
		}
	}
	for _, f := range c.facts {
		if f.Value <= 0 {
			continue
		}
		cited := s.cited[f.ID]
		large := f.Unit == wording.UnitShare && f.Value >= least && (least == leastMention || ofTime(f))
		if (large || cited && least == leastMention) && sub.in(f) {
			return true
		}
	}
	if least == leastMention {
		return sub.shown.MatchString(c.context)
	}
	return false
}

// leastSamples is how many samples a fact needs to be blamed for something.
const leastSamples = 30

// ofTime reports whether a fact measures time: pages of allocations and of locks do not.
func ofTime(f events.Fact) bool {
	return f.Mode != events.ModeAlloc && f.Mode != events.ModeLock && (f.Samples == 0 || f.Samples >= leastSamples)
}

// in reports whether a fact is about the subsystem.
func (s subsystem) in(f events.Fact) bool {
	if f.Frame != "" {
		return s.shown.MatchString(f.Frame)
	}
	return s.shown.MatchString(f.Text) || slices.ContainsFunc(s.categories, func(name string) bool {
		return strings.Contains(f.Text, " are "+name)
	})
}
