package trial

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/test/chaos/internal/lab"
)

// stand is everything that runs during a trial.
type stand struct {
	o        Options
	nats     *lab.NATS
	minio    *lab.MinIO // nil where NATS has the artifacts
	fleet    *lab.Fleet
	receiver *lab.Receiver
	lines    lines                // to the Flinks under way
	disks    map[string]*lab.Disk // by the name of the process whose store it is
	env      []string
	nc       *nats.Conn
	js       jetstream.JetStream
}

// diskSize is that of a disk which is to be filled, in megabytes.
const diskSize = 400

// setUp starts all of it; what was started ends with tearDown, also after an error.
func setUp(ctx context.Context, o Options) (*stand, error) {
	s := &stand{o: o, disks: map[string]*lab.Disk{}, receiver: lab.NewReceiver()}
	var err error
	s.nats, err = lab.StartNATS(ctx, o.Root, o.Dir, o.nodes(), func(folder string) error {
		if o.Topology == S3 {
			return nil // the disk of the artifacts is the one to be filled
		}
		return s.disk("n"+strings.TrimPrefix(filepath.Base(folder), "store"), folder)
	})
	if err != nil {
		return s, err
	}
	s.env = s.environment()
	if o.Topology == S3 {
		data := filepath.Join(o.Dir, "objects")
		if err := errors.Join(os.MkdirAll(data, 0o700), s.disk("minio", data)); err != nil {
			return s, err
		}
		if s.minio, err = lab.StartMinIO(ctx, o.Root, o.Dir, data); err != nil {
			return s, err
		}
		s.env = append(s.env, s.minio.Env()...)
	}
	if err := s.provision(ctx); err != nil {
		return s, err
	}
	if err := s.connect(); err != nil {
		return s, err
	}
	s.fleet, err = lab.StartFleet(o.Bin, o.Dir, o.Each, s.env)
	return s, err
}

// disk puts a store on a disk of its own, where it is to be filled.
func (s *stand) disk(of, folder string) error {
	if !s.o.has(Disk) {
		return nil
	}
	d, err := lab.NewDisk(folder, diskSize)
	s.disks[of] = d
	return err
}

func (s *stand) environment() []string {
	const slots = 8 // played Flinks cost nothing
	secret := base64.StdEncoding.EncodeToString([]byte("a key of thirty-two bytes, 32 b."))
	return []string{
		"SQUIRRLY_NATS_URL=" + s.nats.LineURL(), "SQUIRRLY_ADMIN_ADDR=off", "SQUIRRLY_HTTP_ADDR=off",
		"SQUIRRLY_FLINK_ALLOW=127.0.0.1", "SQUIRRLY_SLOTS=" + strconv.Itoa(slots), "SQUIRRLY_NOTIFY_LOG=false",
		"SQUIRRLY_WEBHOOK_URL=" + s.receiver.URL, "SQUIRRLY_WEBHOOK_SECRET=whsec_" + secret, "SQUIRRLY_OUTBOUND_PRIVATE=true",
		"SQUIRRLY_NOTIFY_EVERYTHING=webhook", // the trials count the end of every run
		"SQUIRRLY_FOLLOW_UPS=false", "SQUIRRLY_NOTIFY_BACKOFF=1s",
	}
}

// provision makes streams and buckets. Servers that have just started have no leader yet, so it is tried again.
func (s *stand) provision(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for {
		err := lab.Provision(ctx, s.o.Bin, s.env, "--replicas", strconv.Itoa(s.o.nodes()),
			"--ack-wait", s.o.AckWait.String(), "--channels", "webhook")
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Second)
	}
}

func (s *stand) connect() error {
	nc, err := nats.Connect(s.nats.URL(), nats.Name("chaos"), nats.MaxReconnects(-1),
		nats.ReconnectWait(250*time.Millisecond), nats.RetryOnFailedConnect(true))
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	s.nc = nc
	if s.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(3*time.Second)); err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	return nil
}

// tearDown ends everything that setUp started. The services may have been stopped before.
func (s *stand) tearDown() {
	if s.fleet != nil {
		s.fleet.Stop()
	}
	if s.nc != nil {
		s.nc.Close()
	}
	if s.nats != nil {
		s.nats.Stop()
	}
	if s.minio != nil {
		s.minio.Stop(10 * time.Second)
	}
	s.receiver.Close()
	for of, d := range s.disks {
		if err := d.Remove(); err != nil {
			s.o.Log.Warn("a disk stays", "of", of, "error", err)
		}
	}
}
