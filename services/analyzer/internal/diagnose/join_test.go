package diagnose

import (
	"math"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

func limited() *job {
	return newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("work", []string{"Source: in"}, load{0.99, 0.01, 100}).cores(0.9)
}

// cites reports that a finding rests on a fact with this text.
func cites(a events.Analysis, f *events.Finding, part string) bool {
	return slices.ContainsFunc(a.Evidence, func(fact events.Fact) bool {
		return strings.Contains(fact.Text, part) && slices.Contains(f.Evidence, fact.ID)
	})
}

// TestJoinAlloc: allocations stand beside the CPU time of the same function, as shares of samples.
func TestJoinAlloc(t *testing.T) {
	cpu := graph(t, "TASK;SOURCE 40", "TASK;MAP;com/shop/Work.map;java/util/regex/Pattern.compile 400", "G1ParScanThreadState::copy 200")
	alloc := graph(t, "TASK;MAP;com/shop/Work.map;java/lang/StringBuilder.toString;byte[] 300",
		"TASK;MAP;com/shop/Work.map;java/util/regex/Pattern.compile;int[] 100", "TASK;SOURCE;com/shop/In.next;com/shop/Event 100")
	r := diagnoseOK(t, Input{Context: limited().Context, Captures: []Capture{
		capture("tm-1", events.ModeITimer, cpu), capture("tm-1", events.ModeAlloc, alloc),
	}})
	const fact = "Work.map makes 80 % of the allocation samples, not of the bytes; most of them are byte[] and int[]."
	for _, id := range []string{"A6", "E1"} {
		if f := ruleOf(r.Analysis, id); f == nil || !cites(r.Analysis, f, fact) {
			t.Errorf("%s does not cite the allocations: %+v", id, f)
		}
	}
	if len(r.FollowUps) != 0 {
		t.Errorf("follow-ups %v", r.FollowUps)
	}
	checkForm(t, r)
}

// TestJoinLock: LOCK names the lock and its callers, and the time is that of WALL.
func TestJoinLock(t *testing.T) {
	wall := graph(t, "TASK;IDLE 162", "TASK;MAP;com/shop/Work.map;com/shop/Cache.get;__futex_abstimed_wait_common 120", "TASK;MAP;com/shop/Work.map 38")
	lock := graph(t, "TASK;MAP;com/shop/Work.map;com/shop/Cache.get;com/shop/Cache 40", "TASK;MAP;com/shop/Work.map;com/shop/Cache.put;com/shop/Cache 50",
		"TASK;MAP;com/shop/Work.map;com/shop/Ids.next;java/lang/Class 10")
	captures := []Capture{capture("tm-1", events.ModeWall, wall), capture("tm-1", events.ModeLock, lock)}
	r := diagnoseOK(t, Input{Context: limited().Context, Captures: captures})
	f := ruleOf(r.Analysis, "A16")
	if f == nil || f.Mode != events.ModeWall || math.Abs(f.TE-0.75) > 0.02 || !strings.Contains(f.Size, "the lock is com.shop.Cache") ||
		!cites(r.Analysis, f, "90 % of the 100 contended lock entries are on com.shop.Cache, from Cache.put and Cache.get.") {
		t.Errorf("%+v", f)
	}
	if !hasFact(r.Analysis, "java.lang.Class (a static synchronized method), from Ids.next") {
		t.Error("the static lock is not named")
	}
	checkForm(t, r)
	if got := diagnoseOK(t, Input{Context: limited().Context, Captures: captures[:1]}).FollowUps; !slices.Equal(got, []events.Mode{events.ModeLock}) {
		t.Errorf("follow-ups %v, want LOCK", got)
	}
}

// TestFollowUps: allocations are asked for when collections cost, by samples or by the JVM's own counters.
func TestFollowUps(t *testing.T) {
	quiet := graph(t, "TASK;SOURCE 40", "TASK;MAP;com/shop/Work.map 400")
	busy := graph(t, "TASK;SOURCE 40", "TASK;MAP;com/shop/Work.map 400", "G1ParScanThreadState::copy 60")
	counted := limited()
	for w := range counted.Windows {
		counted.Windows[w].Samples[1].TaskManagers[0].GCMillis = seconds * 1000 / 5
	}
	lost := Capture{JVM: "tm-1", Mode: events.ModeAlloc}
	want := []events.Mode{events.ModeAlloc}
	for name, test := range map[string]struct {
		in   Input
		want []events.Mode
	}{
		"quiet":    {Input{Context: limited().Context, Captures: []Capture{capture("tm-1", events.ModeITimer, quiet)}}, nil},
		"samples":  {Input{Captures: []Capture{capture("tm-1", events.ModeITimer, busy)}}, want},
		"counters": {Input{Context: counted.Context, Captures: []Capture{capture("tm-1", events.ModeITimer, quiet)}}, want},
		"tried":    {Input{Captures: []Capture{capture("tm-1", events.ModeITimer, busy), lost}}, nil},
	} {
		if got := diagnoseOK(t, test.in).FollowUps; !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestPrice: findings have cores, and money when the price of a core is known.
func TestPrice(t *testing.T) {
	cpu := graph(t, "TASK;SOURCE 90", "TASK;MAP;com/shop/Work.map;java/util/regex/Pattern.compile 720", "java/lang/Thread.run;com/acme/X.y 90")
	in := Input{Context: limited().Context, Captures: []Capture{capture("tm-1", events.ModeITimer, cpu)}}
	f := ruleOf(diagnoseOK(t, in).Analysis, "A6")
	if f == nil || math.Abs(f.Cores-0.72) > 0.001 || f.CostPerHour != 0 || f.Currency != "" {
		t.Fatalf("without a price: %+v", f)
	}
	in.PricePerCoreHour = 0.05
	r := diagnoseOK(t, in)
	f = ruleOf(r.Analysis, "A6")
	if math.Abs(f.CostPerHour-0.036) > 0.0001 || f.Currency != "USD" || !cites(r.Analysis, f, "costs 26.28 USD per month") ||
		!strings.Contains(f.Recommendation.Impact, "0.72 cores, which cost 26.28 USD per month") {
		t.Errorf("with a price: %+v", f)
	}
	checkForm(t, r)
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1)} {
		in.PricePerCoreHour = bad
		if f := ruleOf(diagnoseOK(t, in).Analysis, "A6"); f.CostPerHour != 0 {
			t.Errorf("the price %v is taken: %v", bad, f.CostPerHour)
		}
	}
	sleep := graph(t, "TASK;IDLE 2", "TASK;SOURCE 160", "TASK;MAP;com/shop/Work.map;java/lang/Thread.sleep 158")
	if f := ruleOf(diagnoseOK(t, Input{Context: limited().Context, Captures: []Capture{capture("tm-1", events.ModeWall, sleep)}}).Analysis, "A1"); f.Cores != 0 {
		t.Errorf("sleeping takes %.2f cores", f.Cores)
	}
}

// TestAround: the callers and callees of the frame of a finding are facts.
func TestAround(t *testing.T) {
	cpu := graph(t, "TASK;SOURCE 40", "TASK;MAP;com/shop/Work.map;com/shop/Text.find;java/util/regex/Pattern.compile;java/util/regex/Pattern.range 300",
		"TASK;MAP;com/shop/Work.map;java/util/regex/Pattern.compile 100")
	r := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeITimer, cpu)}})
	i := slices.IndexFunc(r.Around, func(a Around) bool { return a.Frame == "java.util.regex.Pattern.compile" })
	if i < 0 || r.Around[i].Samples != 400 || r.Around[i].Callers[0].Frame != "com.shop.Text.find" || r.Around[i].Callers[0].Share != 0.75 ||
		r.Around[i].Callees[0].Samples != 300 || r.Around[i].Callees[0].ID == "" {
		t.Errorf("%+v", r.Around)
	}
	if !hasFact(r.Analysis, "75 % of the active ITIMER samples of Pattern.compile are called by Text.find.") {
		t.Error("no fact for a caller")
	}
	checkForm(t, r)
}

// TestPackages: user code is split by package; what Flink generates is none of it.
func TestPackages(t *testing.T) {
	cpu := graph(t, "TASK;MAP;com/shop/Work.map 60", "TASK;MAP;com/shop/Work.map;com/shop/text/Trim.of 30", "TASK;MAP;StreamExecCalc$7.processElement 10")
	r := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeITimer, cpu)}})
	var got []string
	for _, c := range r.Profiles[0].Packages {
		got = append(got, c.Name+" "+wording.Percent(c.Share))
	}
	if want := []string{"com.shop 60 %", "com.shop.text 30 %"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestHelperThreads: callbacks are reported, and are in no denominator.
func TestHelperThreads(t *testing.T) {
	wall := graph(t, "TASK;IDLE 2", "TASK;SOURCE 160", "TASK;MAP;com/shop/Work.map;java/lang/Thread.sleep 158",
		"java/lang/Thread.run;com/acme/Loop.run;com/shop/Callback.done 80")
	for name, ctx := range map[string]*jobcontext.Context{"job": limited().Context, "pages alone": nil} {
		a := diagnoseOK(t, Input{Context: ctx, Captures: []Capture{capture("tm-1", events.ModeWall, wall)}}).Analysis
		if !hasFact(a, "Loop.run works outside the tasks of tm-1: 0.50 threads") {
			t.Errorf("%s: the helper is not reported", name)
		}
		if f := ruleOf(a, "A1"); f == nil || math.Abs(f.TE-0.99) > 0.01 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
