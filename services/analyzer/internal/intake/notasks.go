package intake

import (
	"errors"
	"fmt"
	"strings"

	"squirrly.dev/internal/flamegraph"
)

// doubt says why a profile without any task of Flink may be so, and what to give instead.
type doubt struct{ reason, instead string }

// sight is what the names of a profile show.
type sight struct{ java, flink, task, taskManager, jobManager, interpreter, simple bool }

// doubts looks at profiles in which no task was found.
func doubts(graphs []*flamegraph.Graph) doubt {
	var s sight
	for _, g := range graphs {
		java := make([]bool, g.NumNames()) // that a frame of this name is Java; a page has more frames than names
		for _, f := range g.All() {
			java[f.Name] = java[f.Name] || f.Kind.IsJava()
		}
		for id, is := range java {
			s.add(g.Name(flamegraph.NameID(id)), is)
		}
	}
	return s.doubt()
}

const flink = "org.apache.flink."

func (s *sight) add(name string, java bool) {
	s.interpreter = s.interpreter || name == "Interpreter"
	if !java {
		return
	}
	s.java = true
	name = flamegraph.Normalize(name)
	class, ok := classOf(name)
	s.simple = s.simple || ok && !strings.Contains(class, ".") && len(packagesOf()[class]) > 0
	rest, ok := strings.CutPrefix(name, flink)
	if !ok {
		return
	}
	starts := func(packages ...string) bool {
		for _, p := range packages {
			if strings.HasPrefix(rest, p) {
				return true
			}
		}
		return false
	}
	s.flink = true
	s.task = s.task || starts("streaming.runtime.tasks.", "streaming.api.operators.", "streaming.runtime.io.", "table.runtime.operators.")
	s.taskManager = s.taskManager || starts("runtime.taskexecutor.", "runtime.taskmanager.", "runtime.io.network.")
	s.jobManager = s.jobManager || starts("runtime.jobmaster.", "runtime.dispatcher.", "runtime.resourcemanager.", "runtime.rest.", "runtime.webmonitor.")
}

func (s *sight) doubt() doubt {
	const again = "profile the TaskManager with Flink's profiler or asprof"
	switch {
	case s.task && s.interpreter:
		return doubt{"frames of the interpreter have no names in it, and that of Task.run is one of them", again + ", not with perf"}
	case s.task:
		return doubt{
			"its stacks are cut: frames of tasks are there without Task.run, which calls them",
			"profile without a limit of the depth (asprof -j), and give the whole page, not a part that was filtered or zoomed",
		}
	case s.jobManager:
		return doubt{"it looks like a JobManager, and tasks run in TaskManagers", again}
	case s.taskManager:
		return doubt{
			"it is a TaskManager, but none of its tasks was seen: none runs there, or none used what this mode samples",
			"profile while the job runs; WALL shows idle tasks, too",
		}
	case s.flink:
		return doubt{"frames of Flink are there, but none of a TaskManager", again}
	case !s.java:
		return doubt{
			"no Java method is in it: native code alone, or names of a form that is not understood",
			again + ", which name methods package.Class.method",
		}
	case s.simple:
		return doubt{
			"no frame of Flink is in it: another JVM than a TaskManager, or cut stacks; its classes have no packages",
			again + ", with the packages of classes (asprof without -s, jfrconv without --simple)",
		}
	}
	return doubt{"no frame of Flink is in it: another JVM than a TaskManager, or class names of a form that is not understood", again}
}

// ErrNoTask says that no thread of a task was recognized. [NoTask] adds the likely reason.
var ErrNoTask = errors.New("no thread of a Flink task was recognized")

// NoTask is the error for the profiles of some files in which no task was found.
func NoTask(files []string, graphs []*flamegraph.Graph) error {
	where := strings.Join(files, ", ")
	const most = 3
	if len(files) > most {
		where = fmt.Sprintf("%s and %d more", strings.Join(files[:most], ", "), len(files)-most)
	}
	d := doubts(graphs)
	return fmt.Errorf("%w in %s: %s; %s", ErrNoTask, where, d.reason, d.instead)
}
