package dev.squirrly.cases;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Rates of currencies come from a cache that sweeps its old entries now and then. In the bad variant all subtasks of a
 * TaskManager share one cache behind one lock, in the good one each subtask has its own.
 */
public final class SharedLock {
    private SharedLock() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(4);
        Feed.of(env, options.rate(16_000), Types.LONG, i -> i * 2_654_435_761L >>> 5)
                .rebalance()
                .map(options.bad() ? new RateFunction() : new OwnRateFunction())
                .returns(Types.DOUBLE)
                .name("rate")
                .uid("rate")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("rates")
                .uid("rates")
                .setParallelism(1)
                .disableChaining();
        env.execute("shared-lock");
    }

    /** A cache that looks through all that it holds on each access. */
    static final class RateCache {
        private final Map<Long, Double> rates = new HashMap<>();

        RateCache(int currencies) {
            for (long i = 0; i < currencies; i++) {
                rates.put(i, 1 + i / 100.0);
            }
        }

        double rate(long currency) {
            double sum = 0;
            for (Map.Entry<Long, Double> entry : rates.entrySet()) {
                sum += entry.getValue();
            }
            return rates.getOrDefault(currency, sum);
        }
    }

    static final class RateFunction extends RichMapFunction<Long, Double> {
        private static final RateCache CACHE = new RateCache(20_000);

        @Override
        public Double map(Long currency) {
            synchronized (CACHE) {
                return CACHE.rate(currency % 500);
            }
        }
    }

    static final class OwnRateFunction extends RichMapFunction<Long, Double> {
        private transient RateCache cache;

        @Override
        public void open(OpenContext context) {
            cache = new RateCache(1_000);
        }

        @Override
        public Double map(Long currency) {
            return cache.rate(currency % 500);
        }
    }
}
