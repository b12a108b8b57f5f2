package dev.squirrly.cases;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** The load of a device from the history of its readings; the bad variant boxes all of them into a list per record. */
public final class BoxedAgg {
    private static final int HISTORY = 512;

    private BoxedAgg() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(65_000), Types.LONG, i -> i * 2_654_435_761L)
                .map(options.bad() ? new LoadFunction() : new PrimitiveLoadFunction())
                .returns(Types.LONG)
                .name("load")
                .uid("load")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("loads")
                .uid("loads")
                .disableChaining();
        env.execute("boxed-agg");
    }

    /** The readings that both variants look at. */
    abstract static class HistoryFunction extends RichMapFunction<Long, Long> {
        transient long[] history;

        @Override
        public void open(OpenContext context) {
            history = LongStream.range(0, HISTORY).map(i -> 1_000 + i * i).toArray();
        }
    }

    static final class LoadFunction extends HistoryFunction {
        @Override
        public Long map(Long reading) {
            List<Long> readings = new ArrayList<>();
            for (long earlier : history) {
                readings.add(earlier + reading);
            }
            List<Long> even = readings.stream().filter(one -> one % 2 == 0).collect(Collectors.toList());
            return even.stream().map(one -> one / 2).reduce(0L, Long::sum)
                    + Collections.max(readings);
        }
    }

    static final class PrimitiveLoadFunction extends HistoryFunction {
        @Override
        public Long map(Long reading) {
            long sum = 0;
            long most = Long.MIN_VALUE;
            for (long earlier : history) {
                long one = earlier + reading;
                if ((one & 1) == 0) {
                    sum += one / 2;
                }
                most = Math.max(most, one);
            }
            return sum + most;
        }
    }
}
