package intake

import (
	"errors"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
)

func parse(t *testing.T, text string) *flamegraph.Graph {
	t.Helper()
	g, err := flamegraph.Parse(strings.NewReader(text), flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func stacks(g *flamegraph.Graph) string {
	var out strings.Builder
	if err := flamegraph.Merge(g).WriteCollapsed(&out); err != nil {
		panic(err)
	}
	return out.String()
}

const (
	whole = "java.lang.Thread.run;org.apache.flink.runtime.taskmanager.Task.run;org.apache.flink.runtime.taskmanager.Task.doRun;" +
		"org.apache.flink.streaming.api.operators.StreamMap.processElement;com.shop.Cart.add"
	named = "Thread.run;Task.run;Task.doRun;StreamMap.processElement;Cart.add"
)

func TestFit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, want string
		tasks      uint64
		note       string
	}{
		"as it should be": {whole + " 3\n", whole + " 3\n", 3, ""},
		"reversed":        {turned(whole) + " 3\n", whole + " 3\n", 3, "turned round"},
		"below native frames": {
			"start_thread;thread_native_entry;Thread::call_run;JavaThread::run;call_stub;" + whole + " 3\n",
			"start_thread;thread_native_entry;Thread::call_run;JavaThread::run;call_stub;" + whole + " 3\n", 3, "",
		},
		"without packages":           {named + " 3\n", strings.Replace(whole, "com.shop.Cart", "Cart", 1) + " 3\n", 3, "had no packages"},
		"reversed, without packages": {turned(named) + " 3\n", strings.Replace(whole, "com.shop.Cart", "Cart", 1) + " 3\n", 3, "turned round"},
		"no task":                    {"java.lang.Thread.run;com.shop.Cart.add 3\n", "java.lang.Thread.run;com.shop.Cart.add 3\n", 0, ""},
		"empty":                      {"a 0\n", "", 0, ""},
		"one package is no style":    {whole + " 3\nCart.main;Thread.run 2\n", "Cart.main;Thread.run 2\n" + whole + " 3\n", 3, ""},
	} {
		p, err := Fit(parse(t, c.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := stacks(p.Graph); got != c.want || p.Tasks != c.tasks || (c.note == "") != (len(p.Notes) == 0) || !strings.Contains(strings.Join(p.Notes, " "), c.note) {
			t.Errorf("%s: %d in tasks, notes %v\n%s\nwant\n%s", name, p.Tasks, p.Notes, got, c.want)
		}
	}
}

func turned(stack string) string {
	frames := strings.Split(stack, ";")
	for i, j := 0, len(frames)-1; i < j; i, j = i+1, j-1 {
		frames[i], frames[j] = frames[j], frames[i]
	}
	return strings.Join(frames, ";")
}

// What several packages have is completed only where the rules know one of them by its method.
func TestQualified(t *testing.T) {
	t.Parallel()
	to := qualified()
	for name, want := range map[string]string{
		"Thread.sleep":          "java.lang.Thread.sleep",
		"Task.run":              "org.apache.flink.runtime.taskmanager.Task.run",
		"HashMap$Node.hashCode": "java.util.HashMap$Node.hashCode",
		"SourceStreamTask$LegacySourceFunctionThread.run": "org.apache.flink.streaming.runtime.tasks.SourceStreamTask$LegacySourceFunctionThread.run",
		"RocksDB.get":       "org.rocksdb.RocksDB.get",
		"Cart.add":          "Cart.add",
		"com.shop.Cart.add": "com.shop.Cart.add",
		"JavaThread::run":   "JavaThread::run",
		"[libc.so.6]":       "[libc.so.6]",
		"start_thread":      "start_thread",
		"Buffer.recycle":    "Buffer.recycle", // of several packages
	} {
		if got := to(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// Each class of the list stands in a package that is the code of Flink, the JDK or a library, and none is a user's.
func TestClassList(t *testing.T) {
	t.Parallel()
	all := packagesOf()
	if len(all) < 5000 {
		t.Errorf("%d classes", len(all))
	}
	for _, class := range []string{"StreamMap", "Task", "MailboxProcessor", "RocksDBValueState", "KryoSerializer", "HashMap", "LockSupport"} {
		if len(all[class]) == 0 {
			t.Errorf("%s is missing", class)
		}
	}
}

func TestNoTask(t *testing.T) {
	t.Parallel()
	err := NoTask([]string{"a", "b", "c", "d", "e"}, []*flamegraph.Graph{parse(t, "com.shop.Cart.add 3\n")})
	if !errors.Is(err, ErrNoTask) || !strings.Contains(err.Error(), "a, b, c and 2 more") {
		t.Error(err)
	}
}
