package scan

import (
	"testing"

	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// way describes a descent: the steps, the holder, and what it splits into.
func way(t *testing.T, s *Scan, anchor string, waiting bool) (steps []string, holder string, d Descent) {
	t.Helper()
	var chains []int32
	for i, c := range s.Chains {
		if c.Anchor != NoName && s.Graph.Name(c.Anchor) == anchor || c.Anchor == NoName && s.Graph.Name(c.Operator) == anchor {
			chains = append(chains, int32(i))
		}
	}
	d, ok := s.Descend(chains, waiting)
	if !ok {
		t.Fatalf("nothing below %s", anchor)
	}
	for _, step := range d.Steps {
		steps = append(steps, s.Graph.Name(step.Frame))
	}
	return steps, steps[d.Holder], d
}

// TestDescend: the weight is followed through helpers, over several places and a recursion, to the method that holds it.
func TestDescend(t *testing.T) {
	const in = task + ";" + opMap + ";com/shop/Cart.map;"
	s := scan(t, mechanisms.FamilyCPU,
		in+"com/shop/Cart.a;com/shop/Cart.b;com/shop/Cart.copy;java/util/HashMap.<init>;java/util/HashMap.putVal 60",
		task+";"+chain+";"+opMap+";com/shop/Cart.map;com/shop/Cart.a;com/shop/Cart.b;com/shop/Cart.copy;java/util/HashMap.<init> 21",
		in+"com/shop/Cart.a 9", in+"com/shop/Cart.rest 10", in+chain+";com/shop/Next.map 500",
		in+"java/lang/Thread.sleep 300",
	)
	steps, holder, d := way(t, s, "com.shop.Cart.map", false)
	if holder != "com.shop.Cart.copy" || steps[len(steps)-1] != "java.util.HashMap.putVal" || d.Total != 100 || d.Steps[d.Holder].Samples != 81 {
		t.Errorf("%v, held by %s, %+v", steps, holder, d)
	}
	if d.Steps[0].Self != 0 || d.Last().Self != 60 {
		t.Errorf("%+v", d)
	}
}

func TestDescend_Split(t *testing.T) {
	const in = task + ";" + opMap + ";com/shop/Cart.map;com/shop/Cart.map;"
	s := scan(t, mechanisms.FamilyCPU, in+"com/shop/A.a 40", in+"com/shop/B.b 35", in+"com/shop/C.c 25")
	steps, holder, d := way(t, s, "com.shop.Cart.map", false)
	if len(steps) != 2 || holder != "com.shop.Cart.map" || len(d.Split) != 3 || s.Graph.Name(d.Split[0].Frame) != "com.shop.A.a" || d.Split[0].Samples != 40 {
		t.Errorf("%v, %+v", steps, d)
	}
}

// TestDescend_Waits: of a wait, the library's method holds it and not the JDK's.
func TestDescend_Waits(t *testing.T) {
	s := scan(t, mechanisms.FamilyWall, task+";org/apache/flink/connector/file/Writer.processElement;org/apache/flink/connector/file/Bucket.open;"+
		"org/apache/hadoop/fs/s3a/S3AFileSystem.listStatus;java/net/SocketInputStream.read;sun/nio/ch/Net.poll;poll_[k] 50")
	steps, holder, d := way(t, s, "org.apache.flink.connector.file.Writer.processElement", true)
	if holder != "org.apache.hadoop.fs.s3a.S3AFileSystem.listStatus" || steps[len(steps)-1] != "sun.nio.ch.Net.poll" || d.Last().Self != 50 {
		t.Errorf("%v, held by %s, %+v", steps, holder, d)
	}
}
