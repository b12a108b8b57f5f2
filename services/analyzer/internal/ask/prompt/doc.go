// Package prompt builds what an LLM is asked: the rules that every answer has to obey, the frame that the user may
// replace by Markdown of their own, and a map of one analysis, fenced, redacted and cut to a budget of tokens.
//
// It builds text and sends nothing. Frames, names and files are hostile: they reach the text only through the functions
// of sanitize.go, between fences with a random nonce.
//
// # The map
//
// The map is a few blocks of lines between fences, "<<<DATA nonce block>>>" and "<<<END nonce>>>". A block is a list of
// sections. A section begins with a heading, "# Title: column | column", and has a row for each line: values between " | ",
// of which the last may be any text. A line that begins with two spaces tells more of the row above as "  name: text". What is
// unknown is "-". Sections without a row are left out. Each number belongs to the id that its row begins with, so that an
// answer can cite it.
//
//	job
//	  # Job: what | value                 name, Flink, Java, verdict (vertex, none …; the facts; the headline), next limit
//	  # Captures: TaskManager | mode | samples | status
//	  # Not available                     a sentence a line
//	graph
//	  # Vertices: id | name | parallelism | busy | busiest subtask | idle | backpressured | records in/s | out/s | role
//	  # Edges: from | to | how            V1 | V2 | HASH
//	  # Operators: id | name | vertices | of the busy time | of the CPU samples | samples | limits | findings
//	  # Windows: operators | kind | size | slide | windows of each record
//	profile
//	  # Findings: id | mechanism | severity | share | samples | speed-up at most | operators | facts | title
//	      frame, cause, change, settings (key=value, …)
//	  # Silenced: mechanism | share | finding that stands for it | what
//	  # Possible: operator | mechanism | share | samples | facts | title
//	      open (why no rule reports it), proof (what would prove it), change, settings
//	  # Call tree MODE: id, share, self, frame < callers
//	      T43   54.2 0.4 rocksdb::BlockFetcher::ReadBlockContents < BinarySearchIndexReader::NewIterator @O3
//	      One more space before the share is one level deeper; the numbers are percent of the active samples of the mode; "<"
//	      tells up to four of the callers that were left out between the line above and this one, the outermost first; "@"
//	      tells the operator that this line and those below it lie in.
//	  # Facts: id | value | what
//	  # Observations: facts | what
//	metrics
//	  # Facts of metrics: id | value | what       checkpoints, TaskManagers and subtasks too
//	  # Exceptions
//	comparison
//	settings
//	  # Settings: key | value | from      job, cluster, default, or plan
//	  # Keys: key | type | value in force | turn | bounds | mechanisms
//	      those that a change may name, and the way that the mechanisms turn it: "true", "raise", "lower"
//	context
//	  the user's files, each line behind "| "
package prompt

import (
	_ "embed"
)

//go:embed default.md
var defaultText string

//go:embed contract.md
var contractText string

// DefaultText returns the Markdown that frames the question when the user gives none.
func DefaultText() string { return defaultText }
