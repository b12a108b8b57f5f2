package mechanisms

import "fmt"

// Stage is what a frame tells about where in a task a thread is.
type Stage uint8

// The stages, in the order in which they can follow each other in a stack.
const (
	StageNone       Stage = iota
	StageTask             // the thread of a subtask
	StageLegacy           // the second thread of a subtask with a legacy source
	StageMail             // a letter of the mailbox: a timer, a callback
	StageCheckpoint       // a checkpoint is taken
	StageRestore          // state is restored before the task runs
	StageTwoInputs        // of a task with two inputs or more
	StageSource           // a source is asked for records
	StageNetwork          // records are read from the network
	StageReads            // the serializer that reads them
	StageOperator         // an operator is entered
	StageFunction         // Flink's own function in it
	StageOutputs          // an operator with several outputs hands on
	StageChained          // to the next operator of the chain
	StageSent             // to another vertex
	StageWrites           // the serializer that writes it
	StageHeld             // all output buffers are full
	StageKeyed            // a key is set, or keyed state is used
)

var stageNames = map[string]Stage{
	"mail": StageMail, "checkpoint": StageCheckpoint, "restore": StageRestore, "twoInputs": StageTwoInputs, "source": StageSource,
	"network": StageNetwork, "reads": StageReads, "function": StageFunction, "outputs": StageOutputs, "chained": StageChained,
	"sent": StageSent, "writes": StageWrites, "held": StageHeld, "keyed": StageKeyed,
}

// UnmarshalText reads the name of a stage that frames alone tell.
func (s *Stage) UnmarshalText(text []byte) error {
	stage, ok := stageNames[string(text)]
	if !ok {
		return fmt.Errorf("no stage %q", text)
	}
	*s = stage
	return nil
}
