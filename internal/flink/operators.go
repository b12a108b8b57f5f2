package flink

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The record counters of an operator, behind the name of its scope.
const (
	recordsIn  = ".numRecordsIn"
	recordsOut = ".numRecordsOut"

	unknownCount int64 = -1
)

// OperatorRecords are the records that an operator has read and written in all of its subtasks. A negative count is unknown:
// Flink lacks it of some subtask.
type OperatorRecords struct {
	Operator string // as in the names of metrics: what is no letter or digit is "_", and 80 bytes at most
	In, Out  int64
	// Least and Most are what the subtasks that wrote least and most have written; unknown when Out is.
	Least, Most int64
}

// Operators lists the operators of a vertex that count records, in the order of their names. It is empty before Flink
// has fetched the metrics of the vertex.
func (c *Client) Operators(ctx context.Context, jobID, vertexID string) ([]string, error) {
	var answer []struct {
		ID string `json:"id"`
	}
	if err := c.get(ctx, &answer, "jobs", jobID, "vertices", vertexID, "subtasks", "metrics"); err != nil {
		return nil, fmt.Errorf("list metrics of vertex %s of job %s: %w", vertexID, jobID, err)
	}
	var names []string
	for _, m := range answer {
		name, ok := strings.CutSuffix(m.ID, recordsIn)
		if ok && name != "" && !strings.ContainsAny(name, ".,") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// OperatorRecords asks what the named operators of a vertex with so many subtasks have read and written.
func (c *Client) OperatorRecords(ctx context.Context, jobID, vertexID string, subtasks int, operators []string) ([]OperatorRecords, error) {
	var all []OperatorRecords
	for some := range slices.Chunk(operators, operatorsAtOnce) {
		records, err := c.operatorRecords(ctx, jobID, vertexID, subtasks, some)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}

// operatorsAtOnce keeps a request below the 4,096 bytes that Flink reads of its first line.
const operatorsAtOnce = 12

func (c *Client) operatorRecords(ctx context.Context, jobID, vertexID string, subtasks int, operators []string) ([]OperatorRecords, error) {
	var names []string
	for _, o := range operators {
		names = append(names, o+recordsIn, o+recordsOut)
	}
	var answer []aggregate
	r := call{
		method: http.MethodGet, path: []string{"jobs", jobID, "vertices", vertexID, "subtasks", "metrics"},
		query: url.Values{"get": {strings.Join(names, ",")}, "agg": {"sum,avg,min,max"}},
	}
	if err := c.json(ctx, r, &answer); err != nil {
		return nil, fmt.Errorf("get metrics of vertex %s of job %s: %w", vertexID, jobID, err)
	}
	found := map[string]aggregate{}
	for _, a := range answer {
		found[a.ID] = a
	}
	records := make([]OperatorRecords, 0, len(operators))
	for _, o := range operators {
		r := OperatorRecords{Operator: o, In: unknownCount, Out: unknownCount, Least: unknownCount, Most: unknownCount}
		if a, ok := found[o+recordsIn]; ok {
			r.In = a.count(subtasks)
		}
		if a, ok := found[o+recordsOut]; ok {
			r.Out = a.count(subtasks)
			if least, most := whole(a.Min), whole(a.Max); r.Out != unknownCount && least <= most {
				r.Least, r.Most = least, most
			}
		}
		records = append(records, r)
	}
	return records, nil
}

// aggregate is a metric over the subtasks that reported it.
type aggregate struct {
	ID  string   `json:"id"`
	Sum float64  `json:"sum"`
	Avg float64  `json:"avg"`
	Min *float64 `json:"min"`
	Max *float64 `json:"max"`
}

// count is the sum, or unknown when fewer subtasks have reported than there are: sum and average tell how many did.
func (a aggregate) count(subtasks int) int64 {
	if a.Avg > 0 && int(math.Round(a.Sum/a.Avg)) < subtasks {
		return unknownCount
	}
	return whole(&a.Sum)
}

// whole is a count, or unknown when it is none.
func whole(v *float64) int64 {
	if v == nil || math.IsNaN(*v) || *v < 0 || *v > math.MaxInt64/2 {
		return unknownCount
	}
	return int64(*v)
}
