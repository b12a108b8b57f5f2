package channel

// view is what a template sees of the end of a run. Texts are single lines, escaped for the receiver; one that is not known
// is empty. docs/channels.md describes it, and a test holds the two together.
type view struct {
	Title    string     // one line that says it all
	Job      string     // name of the job
	Where    string     // cluster/namespace/job
	Run      string     // id of the run
	Severity string     // none, info, warning or critical; of an end without a result empty
	Code     string     // of the reason of an end without a result
	Verdict  string     // what limits the job; of an end without a result, why there is none
	Items    []viewItem // what changed, most important first, at most 10
	More     int        // further changes, for which there was no room
	Remarks  []string   // what else a reader should know
	Link     string     // of the report
	Command  string     // that prints the report
}

// viewItem is one finding.
type viewItem struct {
	ID       string // of the finding over all runs of its job
	News     string // what became of it, for example: New, up to 3.5×
	Title    string // what it is
	Severity string // info, warning or critical
	Where    string // the function
	Change   string // what to change
	Worth    string // what that gains
	Sure     string // proven; supported, not proven; not proven
	Suggests string // the model's own words, which nobody has verified
	Dismiss  string // the command by which a reader says that they want to hear of it no more
}

// view writes a note for a template.
func (n note) view(escape func(string) string) view {
	v := view{
		Title: escape(n.Title), Job: escape(n.Job), Where: escape(n.Where), Run: escape(n.Run), Severity: escape(n.Severity),
		Code: escape(n.Code), Verdict: escape(n.Verdict), More: n.Left, Link: n.Link, Command: escape(n.Command),
	}
	for _, i := range n.Items {
		v.Items = append(v.Items, viewItem{
			ID: escape(i.ID), News: escape(i.News), Title: escape(i.Title), Severity: escape(i.Severity), Where: escape(i.Where),
			Change: escape(i.Advice), Worth: escape(i.Worth), Sure: escape(i.Sure), Suggests: escape(i.Suggests), Dismiss: escape(i.Dismiss),
		})
	}
	for _, r := range n.Remarks {
		v.Remarks = append(v.Remarks, escape(r))
	}
	return v
}

// example is a note with which templates are tried when they are read.
func example() note {
	return note{
		Title: "orders: New, up to 3.5×: A blocking wait", Job: "orders", Where: "prod/flink/orders", Run: "run-1", Severity: "critical",
		Verdict: "Vertex enrich limits the job.", Link: "https://squirrly.example/run-1", Command: "squirrly runs get run-1",
		Items: []item{{
			ID: "7c1f0d3e9ab2", News: "New, up to 3.5×", Title: "A blocking wait", Severity: "critical", Where: "Enrich.map", Advice: "Use asynchronous I/O.",
			Worth: "up to 3.5× the throughput", Sure: "proven", Dismiss: "squirrly findings dismiss 7c1f0d3e9ab2 --as wrong", Open: true,
		}},
		Remarks: []string{"A part of the analysis could not be done."},
	}
}
