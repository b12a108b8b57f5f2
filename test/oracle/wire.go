package oracle

// analysis is what of analysis.json is counted again. The fields are those of pkg/events.
type analysis struct {
	Verdict      verdict       `json:"verdict"`
	Findings     []finding     `json:"findings"`
	Observations []observation `json:"observations"`
	Captures     []capture     `json:"captures"`
	Evidence     []fact        `json:"evidence"`
	Counting     *counting     `json:"counting"`
}

type verdict struct {
	Headline string   `json:"headline"`
	P        float64  `json:"p"`
	Bound    float64  `json:"bound"`
	Samples  int64    `json:"samples"`
	Evidence []string `json:"evidence"`
}

type observation struct {
	Text     string   `json:"text"`
	Evidence []string `json:"evidence"`
}

type finding struct {
	ID             string   `json:"id"`
	Title          string   `json:"title"`
	Where          string   `json:"where"`
	Size           string   `json:"size"`
	Why            string   `json:"why"`
	Cause          string   `json:"cause"`
	Samples        int64    `json:"samples"`
	TE             float64  `json:"te"`
	P              float64  `json:"p"`
	Bound          float64  `json:"bound"`
	Cores          float64  `json:"cores"`
	OnPath         bool     `json:"onPath"`
	Evidence       []string `json:"evidence"`
	Recommendation struct {
		Change string `json:"change"`
		Why    string `json:"why"`
		Impact string `json:"impact"`
	} `json:"recommendation"`
}

type capture struct {
	JVM    string `json:"jvm"`
	Mode   string `json:"mode"`
	Key    string `json:"key"`
	Status string `json:"status"`
}

type fact struct {
	ID      string  `json:"id"`
	Text    string  `json:"text"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Frame   string  `json:"frame"`
	Mode    string  `json:"mode"`
	Samples int64   `json:"samples"`
	Count   *count  `json:"count"`
}

type count struct {
	Mode     string   `json:"mode"`
	JVMs     []string `json:"jvms"`
	Root     string   `json:"root"`
	Idle     string   `json:"idle"`
	State    string   `json:"state"`
	Part     string   `json:"part"`
	Match    []string `json:"match"`
	Above    []string `json:"above"`
	Without  []string `json:"without"`
	With     []string `json:"with"`
	Self     bool     `json:"self"`
	Category string   `json:"category"`
	Package  string   `json:"package"`
	Stack    []string `json:"stack"`
	From     string   `json:"from"`
	Samples  int64    `json:"samples"`
	Unit     string   `json:"unit"`
	Of       *count   `json:"of"`
	Rates    []rate   `json:"rates"`
	Busy     float64  `json:"busy"`
	AtMost   bool     `json:"atMost"`
}

type rate struct {
	JVM            string  `json:"jvm"`
	Samples        int64   `json:"samples"`
	Threads        float64 `json:"threads"`
	Seconds        float64 `json:"seconds"`
	IntervalMillis float64 `json:"intervalMillis"`
	Cores          float64 `json:"cores"`
}

type counting struct {
	TaskRoots    []string       `json:"taskRoots"`
	SourceRoots  []string       `json:"sourceRoots"`
	Operators    operatorRule   `json:"operators"`
	Outputs      []string       `json:"outputs"`
	Waits        []string       `json:"waits"`
	Idle         []idlePath     `json:"idle"`
	Categories   []workCategory `json:"categories"`
	Libraries    []string       `json:"libraries"`
	NotLibraries []string       `json:"notLibraries"`
	Shaded       []string       `json:"shaded"`
}

type operatorRule struct {
	Entries []string `json:"entries"`
	Except  []string `json:"except"`
	Gates   []string `json:"gates"`
}

type idlePath struct {
	ID           string   `json:"id"`
	Frames       []string `json:"frames"`
	NotBelow     []string `json:"notBelow"`
	Native       bool     `json:"native"`
	OutsideTasks bool     `json:"outsideTasks"`
}

type workCategory struct {
	Name   string   `json:"name"`
	Frames []string `json:"frames"`
}
