package trial

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/test/chaos/internal/lab"
)

// isolate cuts the leader of a stream that decides, for less and for more time than it takes to notice (10 s).
func (in *injector) isolate(ctx context.Context, rnd *rand.Rand) (string, error) {
	stream := pick(rnd, []string{events.StreamEvents, "KV_" + events.BucketRuns})
	d := between(rnd, 4*time.Second, 20*time.Second)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	leader := in.s.leader(ctx, stream)
	n := in.s.nats.Find(leader)
	if n == nil {
		return stream + " has no leader", nil
	}
	n.Isolate()
	time.Sleep(d)
	n.Join()
	return leader + ", leader of " + stream, nil
}

func (in *injector) store(rnd *rand.Rand) (string, error) {
	d := between(rnd, time.Second, 10*time.Second)
	if rnd.IntN(2) == 0 {
		return "killed", restart(in.s.minio.Process, d)
	}
	return "frozen", freeze(in.s.minio.Process, d)
}

// disk fills the disk of one server. A NATS server turns its streams off then, until it is started anew.
func (in *injector) disk(rnd *rand.Rand) (string, error) {
	d := between(rnd, 2*time.Second, 8*time.Second)
	if in.s.minio != nil {
		return "minio", fill(in.s.disks["minio"], in.s.minio.Process, d)
	}
	n := pick(rnd, in.s.nats.Nodes)
	return n.Name, fill(in.s.disks[n.Name], n.Process, d)
}

// bucket deletes one whose loss may cost a repetition and no run, and lets the operator make it again.
func (in *injector) bucket(ctx context.Context, rnd *rand.Rand) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	name := pick(rnd, []string{events.BucketNotify, events.BucketAnswers, events.BucketSpending})
	d := between(rnd, time.Second, 5*time.Second)
	if err := in.s.js.DeleteKeyValue(ctx, name); err != nil {
		name += ": " + err.Error()
	}
	time.Sleep(d)
	return name, in.s.provision(ctx)
}

// line makes the lines to one kind of server bad, each in the same way, or silent.
func (in *injector) line(rnd *rand.Rand) string {
	kinds := map[string][]*lab.Link{"Flink": in.s.lines.now()}
	for _, n := range in.s.nats.Nodes {
		kinds["NATS"] = append(kinds["NATS"], n.Line)
	}
	if in.s.minio != nil {
		kinds["MinIO"] = []*lab.Link{in.s.minio.Line}
	}
	to := pick(rnd, slices.Sorted(maps.Keys(kinds)))
	how := pick(rnd, append([]lab.Toxic{{Name: "timeout"}}, lab.Toxics...))
	for _, k := range kinds[to] {
		if how.Name == "timeout" {
			k.Cut()
		}
		k.Poison(how)
	}
	time.Sleep(between(rnd, 2*time.Second, 12*time.Second))
	for _, k := range kinds[to] {
		k.Poison(lab.Toxic{})
		k.Mend()
	}
	return how.Name + " to " + to
}

func freeze(p *lab.Process, d time.Duration) error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(d)
	return p.Signal(syscall.SIGCONT)
}

func restart(p *lab.Process, d time.Duration) error {
	if err := p.Kill(); err != nil {
		return err
	}
	time.Sleep(d)
	return p.Start()
}

func fill(disk *lab.Disk, p *lab.Process, d time.Duration) error {
	if err := disk.Fill(); err != nil {
		return err
	}
	time.Sleep(d)
	if err := disk.Free(); err != nil {
		return err
	}
	return restart(p, 0)
}

func pick[T any](rnd *rand.Rand, of []T) T { return of[rnd.IntN(len(of))] }

func between(rnd *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rnd.Int64N(int64(most-least)+1))
}
