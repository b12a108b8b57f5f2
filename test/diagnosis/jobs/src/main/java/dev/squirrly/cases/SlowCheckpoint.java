package dev.squirrly.cases;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * The last sales of each shop, on the heap. The cluster checkpoints twice a second what takes longer to write: a snapshot
 * always runs, and nearly every record meets an entry that has to be copied first.
 */
public final class SlowCheckpoint {
    private static final int SHOPS = 40_000;
    private static final int KEPT = 120;

    private SlowCheckpoint() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(800_000), Types.LONG, i -> (long) i)
                .map(new SpreadFunction())
                .returns(Types.LONG)
                .name("sales")
                .uid("sales")
                .keyBy(sale -> sale % SHOPS, Types.LONG)
                .map(new LastFunction())
                .returns(Types.LONG)
                .name("last")
                .uid("last")
                .sinkTo(new DiscardingSink<>())
                .name("lasts")
                .uid("lasts")
                .disableChaining();
        env.execute("slow-checkpoint");
    }

    /** Spreads the records of the feed over all shops. */
    static final class SpreadFunction implements MapFunction<Long, Long> {
        private long n;

        @Override
        public Long map(Long ignored) {
            return n++ * 2_654_435_761L >>> 7;
        }
    }

    static final class LastFunction extends RichMapFunction<Long, Long> {
        private transient ValueState<List<Long>> last;

        @Override
        public void open(OpenContext context) {
            last = getRuntimeContext().getState(new ValueStateDescriptor<>("last", Types.LIST(Types.LONG)));
        }

        @Override
        public Long map(Long sale) throws Exception {
            List<Long> sales = last.value();
            if (sales == null) {
                sales = new ArrayList<>(KEPT);
                for (long i = 0; i < KEPT; i++) {
                    sales.add(i);
                }
            }
            sales.set((int) (sale % KEPT), sale);
            last.update(sales);
            return sales.get(0);
        }
    }
}
