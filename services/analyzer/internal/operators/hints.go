package operators

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
)

// hints are what thread dumps show: in which vertices a function ran, and which serializer reads their input.
type hints struct {
	byFrame map[string][]int // user frames and their classes → vertices of the plan
	byReads map[string][]int
}

func readHints(p *Plan, threads []jobcontext.Thread, isUser func(string) bool) hints {
	h := hints{byFrame: map[string][]int{}, byReads: map[string][]int{}}
	for i := range threads {
		t := &threads[i]
		vertices := p.ofThread(t)
		if len(vertices) == 0 {
			continue
		}
		for _, v := range vertices {
			p.Vertices[v].dumped = p.Vertices[v].dumped || isTask(t.Frames)
			p.Vertices[v].legacy = p.Vertices[v].legacy || strings.HasPrefix(t.Name, legacyThread)
		}
		for _, frame := range t.Frames {
			if frame = flamegraph.Normalize(frame); isUser(frame) {
				note(h.byFrame, frame, vertices)
				note(h.byFrame, classOf(frame), vertices)
			}
		}
		if reads := readsOf(t.Frames); reads != "" {
			note(h.byReads, reads, vertices)
		}
	}
	return h
}

func note(in map[string][]int, key string, vertices []int) {
	for _, v := range vertices {
		if !slices.Contains(in[key], v) {
			in[key] = append(in[key], v)
		}
	}
}

// ofThread returns the vertices whose subtask runs in a thread: two when jobs of one program share a TaskManager.
func (p *Plan) ofThread(t *jobcontext.Thread) []int {
	name, _, ok := taskName(t.Name)
	if !ok {
		return nil
	}
	var out []int
	for i := range p.Vertices {
		if _, here := p.Vertices[i].on[t.TaskManager]; here && p.Vertices[i].Name == name {
			out = append(out, i)
		}
	}
	return out
}

// legacyThread begins the name of the thread in which a legacy source runs.
const legacyThread = "Legacy Source Thread - "

// taskName reads the name of a task thread, "sine (1/2)#0": the name of the task, and the index of the subtask.
func taskName(thread string) (name string, subtask int, ok bool) {
	name = strings.TrimPrefix(thread, legacyThread)
	end := strings.LastIndex(name, " (")
	if end < 0 {
		return "", 0, false
	}
	var of int
	if _, err := fmt.Sscanf(name[end+2:], "%d/%d", &subtask, &of); err != nil {
		return "", 0, false
	}
	return name[:end], subtask - 1, true
}

// isTask tells the thread of a task from its timers and flushers, whose names hold the same words.
func isTask(frames []string) bool {
	return slices.ContainsFunc(frames, func(frame string) bool {
		return frame == "org.apache.flink.runtime.taskmanager.Task.run" ||
			frame == "org.apache.flink.streaming.runtime.tasks.SourceStreamTask$LegacySourceFunctionThread.run"
	})
}

// readsOf returns the serializer of the records that a thread reads from the network, or nothing.
func readsOf(frames []string) string {
	reads := ""
	for _, frame := range frames { // leaf first
		switch method := frame[strings.LastIndexByte(frame, '.')+1:]; {
		case strings.HasPrefix(method, "processElement"), strings.HasPrefix(method, "processWatermark"):
			reads = ""
		case strings.HasSuffix(frame, "Serializer.deserialize") && !strings.Contains(frame, ".StreamElementSerializer."):
			reads = classOf(frame)
		case method == "emitNext":
			return reads
		}
	}
	return ""
}

// seen returns the vertices in whose threads a function, or else its class, was seen.
func (h *hints) seen(anchor string) []int {
	if vertices := h.byFrame[anchor]; vertices != nil {
		return vertices
	}
	return h.byFrame[classOf(anchor)]
}

// commonWords say nothing about which operator is meant.
var commonWords = []string{"function", "source", "sink", "writer", "process", "flat", "stream", "lambda", "operator", "main"}

// words splits a name at case changes and signs, and keeps the words of four letters and more.
func words(name string) []string {
	var out []string
	var word []rune
	flush := func() {
		if w := strings.ToLower(string(word)); len(word) >= 4 && !slices.Contains(commonWords, w) {
			out = append(out, w)
		}
		word = word[:0]
	}
	for _, r := range name {
		if !unicode.IsLetter(r) || (unicode.IsUpper(r) && len(word) > 0 && unicode.IsLower(word[len(word)-1])) {
			flush()
		}
		if unicode.IsLetter(r) {
			word = append(word, r)
		}
	}
	flush()
	return out
}

// wordsMeet reports that two names share a word: "arbitrary-stall" and EvenStallingFunction.
func wordsMeet(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return strings.HasPrefix(x, y) || strings.HasPrefix(y, x) })
	})
}
