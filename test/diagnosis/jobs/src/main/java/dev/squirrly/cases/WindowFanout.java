package dev.squirrly.cases;

import java.time.Duration;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.windowing.assigners.SlidingProcessingTimeWindows;

/** Sums of the last minute; the bad variant moves its windows by a second, so that each record goes into sixty of them. */
public final class WindowFanout {
    private static final int SHOPS = 500;

    private WindowFanout() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        Duration slide = Duration.ofSeconds(options.bad() ? 1 : 30);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(250_000), Types.LONG, i -> i * 2_654_435_761L >>> 7)
                .keyBy(sale -> sale % SHOPS, Types.LONG)
                .window(SlidingProcessingTimeWindows.of(Duration.ofMinutes(1), slide))
                .aggregate(new SumFunction(), Types.LONG, Types.LONG)
                .name("last minute")
                .uid("last-minute")
                .sinkTo(new DiscardingSink<>())
                .name("sums")
                .uid("sums")
                .disableChaining();
        env.execute("window-fanout");
    }

    static final class SumFunction implements AggregateFunction<Long, Long, Long> {
        @Override
        public Long createAccumulator() {
            return 0L;
        }

        @Override
        public Long add(Long sale, Long sum) {
            return sum + sale;
        }

        @Override
        public Long getResult(Long sum) {
            return sum;
        }

        @Override
        public Long merge(Long a, Long b) {
            return a + b;
        }
    }
}
