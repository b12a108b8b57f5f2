package mechanisms

// Measures are the numbers that conditions and texts may ask for, and what each is. The diagnose package takes them; what it
// does not know is left out.
var Measures = map[string]string{
	"gcShare":               "share of the CPU that the garbage collector takes",
	"liveHeap":              "least heap in use that was read, as a share of the largest possible heap",
	"heapBytes":             "largest possible heap of a TaskManager",
	"managedBytes":          "managed memory of a TaskManager",
	"stateBytes":            "state of the whole job in its last checkpoint",
	"stateOfHeap":           "the same as a share of the heaps of all its TaskManagers",
	"windowsPerRecord":      "windows that each record is put into: size over slide",
	"poolUse":               "share of the threads behind asynchronous calls that are in use",
	"poolThreads":           "threads behind asynchronous calls",
	"asyncRate":             "records that pass in a second in each subtask with asynchronous calls",
	"asyncCapacity":         "calls that each subtask may have under way, as the plan says",
	"asyncLatency":          "seconds that a call takes, by what passes while all threads or all places for calls are taken",
	"checkpointInterval":    "seconds between two checkpoints, as configured",
	"checkpointDuration":    "seconds that the last checkpoints took on average",
	"checkpointLoad":        "the same as a multiple of the interval",
	"checkpointDelay":       "share of the duration of checkpoints in which barriers were on their way or aligned",
	"checkpointSync":        "share of the duration of checkpoints in which the slowest task stood still for them",
	"checkpointAsync":       "share of the duration of checkpoints in which the slowest task wrote its state",
	"checkpointSyncSeconds": "seconds for which the slowest task stood still in each of the last checkpoints",
	"checkpointCPU":         "share of the CPU in which checkpoints are written, beside the tasks",
	"checkpointExpired":     "share of the last checkpoints that were given up because their time was over",
}
