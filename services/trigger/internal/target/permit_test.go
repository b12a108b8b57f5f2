package target

import (
	"testing"

	"squirrly.dev/pkg/events"
)

func TestPermitOf(t *testing.T) {
	for subject, limited := range map[string]bool{
		events.SubjectRequested:                        false,
		events.SubjectRequested + ".prod.flink.orders": true,
	} {
		if p, err := PermitOf(subject); err != nil || p.Limited() != limited {
			t.Errorf("%s: %+v, %v", subject, p, err)
		}
	}
	for _, subject := range []string{events.SubjectRequested + ".prod", events.SubjectRequested + ".a.b.c.d"} {
		if p, err := PermitOf(subject); code(err) != events.CodeInvalidRequest {
			t.Errorf("%s: %+v, %v", subject, p, err)
		}
	}
}

func permit(t *testing.T, id events.Identity) Permit {
	t.Helper()
	p, err := PermitOf(id.RequestSubject())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPermit_Deployment(t *testing.T) {
	const long = "a-very-long-name-of-a-deployment-that-is-cut-somewhere"
	for name, c := range map[string]struct {
		permitted                      events.Identity
		cluster, namespace, deployment string
		ok                             bool
	}{
		"the same":              {events.Identity{Cluster: "c", Namespace: "n", Job: "orders"}, "c", "n", "orders", true},
		"another":               {events.Identity{Cluster: "c", Namespace: "n", Job: "orders"}, "c", "n", "billing", false},
		"a prefix":              {events.Identity{Cluster: "c", Namespace: "n", Job: "orders"}, "c", "n", "order", false},
		"longer":                {events.Identity{Cluster: "c", Namespace: "n", Job: "orders"}, "c", "n", "orders-2", false},
		"another namespace":     {events.Identity{Cluster: "c", Namespace: "n", Job: "orders"}, "c", "m", "orders", false},
		"another cluster":       {events.Identity{Cluster: "c", Namespace: "n", Job: "orders"}, "d", "n", "orders", false},
		"session":               {events.Identity{Cluster: "c", Namespace: "n", Job: "shared--orders"}, "c", "n", "shared", true},
		"session, spaces":       {events.Identity{Cluster: "c", Namespace: "n", Job: "shared--Orders per day"}, "c", "n", "shared", true},
		"another session":       {events.Identity{Cluster: "c", Namespace: "n", Job: "shared--orders"}, "c", "n", "other", false},
		"dots":                  {events.Identity{Cluster: "c", Namespace: "n", Job: "orders.v2"}, "c", "n", "orders.v2", true},
		"dots, session":         {events.Identity{Cluster: "c", Namespace: "n", Job: "orders.v2--a"}, "c", "n", "orders.v2", true},
		"long":                  {events.Identity{Cluster: "c", Namespace: "n", Job: long}, "c", "n", long, true},
		"long, session":         {events.Identity{Cluster: "c", Namespace: "n", Job: long + "--a"}, "c", "n", long, true},
		"cluster with a dot":    {events.Identity{Cluster: "kind.x", Namespace: "n", Job: "orders"}, "kind.x", "n", "orders", true},
		"look-alike with a dot": {events.Identity{Cluster: "kind.x", Namespace: "n", Job: "orders"}, "kind_x", "n", "orders", false},
	} {
		err := permit(t, c.permitted).deployment(c.cluster, c.namespace, c.deployment)
		if (err == nil) != c.ok || err != nil && code(err) != events.CodeForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Permit{}).deployment("c", "n", "anything"); err != nil {
		t.Errorf("the bare subject: %v", err)
	}
}

func TestPermit_Identity(t *testing.T) {
	id := events.Identity{Cluster: "c", Namespace: "n", Job: "shared--Orders per day"}
	if err := permit(t, id).identity(id); err != nil {
		t.Error(err)
	}
	other := id
	other.Job = "shared--Orders per week"
	if err := permit(t, id).identity(other); code(err) != events.CodeForbidden {
		t.Errorf("another job of the session: %v", err)
	}
}

func TestPermit_Target(t *testing.T) {
	p := permit(t, events.Identity{Cluster: "c", Namespace: "n", Job: "shared--orders"})
	target, err := p.Target()
	if want := (events.Target{Cluster: "c", Namespace: "n", Deployment: "shared--orders"}); err != nil || target != want {
		t.Fatalf("got %+v, %v", target, err)
	}
	other, ok := p.otherwise(target)
	if want := (events.Target{Cluster: "c", Namespace: "n", Deployment: "shared", Job: "orders"}); !ok || other != want {
		t.Errorf("got %+v, %v", other, ok)
	}
	if other, ok := p.otherwise(other); ok {
		t.Errorf("there is a third way: %+v", other)
	}
	for _, id := range []events.Identity{{Cluster: "c", Namespace: "n", Job: "Orders per day"}, {Cluster: "c", Job: "x"}} {
		if target, err := permit(t, id).Target(); code(err) != events.CodeInvalidRequest {
			t.Errorf("%s was read back from its tokens: %+v, %v", id, target, err)
		}
	}
}
