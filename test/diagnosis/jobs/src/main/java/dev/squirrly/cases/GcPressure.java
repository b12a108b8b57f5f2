package dev.squirrly.cases;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * The recent visits of a shop. The bad variant keeps each as a map of texts, which fills more than half of a small heap
 * and turns it over all the time; the good one keeps a number per visit.
 */
public final class GcPressure {
    private static final int KEPT = 65_000;
    private static final int ANSWERS = 8;

    private GcPressure() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(350_000), Types.LONG, i -> i * 2_654_435_761L)
                .map(options.bad() ? new VisitsFunction() : new CompactVisitsFunction())
                .returns(Types.LONG)
                .name("visits")
                .uid("visits")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("counts")
                .uid("counts")
                .disableChaining();
        env.execute("gc-pressure");
    }

    static final class VisitsFunction implements MapFunction<Long, Long> {
        private final Deque<Map<String, String>> visits = new ArrayDeque<>();

        @Override
        public Long map(Long visitor) {
            Map<String, String> visit = new HashMap<>();
            visit.put("visitor", Long.toString(visitor));
            visit.put("page", "item-" + (visitor & 63));
            visit.put("from", "shop-" + (visitor & 7));
            visit.put("agent", "browser-" + (visitor & 15));
            visit.put("language", "language-" + (visitor & 31));
            visit.put("country", "country-" + (visitor & 127));
            visit.put("campaign", "campaign-" + (visitor & 255));
            visit.put("session", Long.toHexString(visitor));
            for (int answer = 0; answer < ANSWERS; answer++) {
                visit.put("answer-" + answer, Long.toOctalString(visitor + answer));
            }
            visits.addLast(visit);
            if (visits.size() > KEPT) {
                visits.removeFirst();
            }
            return (long) visits.size();
        }
    }

    static final class CompactVisitsFunction implements MapFunction<Long, Long> {
        private final long[] visits = new long[KEPT];
        private long count;

        @Override
        public Long map(Long visitor) {
            visits[(int) (count++ % KEPT)] = visitor;
            return Math.min(count, KEPT);
        }
    }
}
