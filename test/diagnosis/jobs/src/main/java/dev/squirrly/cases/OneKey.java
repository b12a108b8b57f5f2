package dev.squirrly.cases;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/** Sales are scored by shop, and one shop makes four of five; the good variant adds them up before it sends them on. */
public final class OneKey {
    private OneKey() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(2);
        DataStream<Tuple2<Long, Long>> sales = Feed.of(env, options.rate(16_000), Types.TUPLE(Types.LONG, Types.LONG),
                i -> Tuple2.of(i % 5 == 0 ? i % 400 : 1L, (long) i));
        if (!options.bad()) {
            sales = sales.flatMap(new SumFunction()).returns(Types.TUPLE(Types.LONG, Types.LONG))
                    .name("sum").uid("sum").setParallelism(1);
        }
        sales.keyBy(sale -> sale.f0, Types.LONG)
                .map(new ScoreFunction())
                .returns(Types.LONG)
                .name("score")
                .uid("score")
                .sinkTo(new DiscardingSink<>())
                .name("scores")
                .uid("scores")
                .setParallelism(1)
                .disableChaining();
        env.execute("one-key");
    }

    /** The sum of each shop over a thousand sales. */
    static final class SumFunction implements FlatMapFunction<Tuple2<Long, Long>, Tuple2<Long, Long>> {
        private static final int BATCH = 1_000;

        private final Map<Long, Long> sums = new HashMap<>();
        private int seen;

        @Override
        public void flatMap(Tuple2<Long, Long> sale, Collector<Tuple2<Long, Long>> out) {
            sums.merge(sale.f0, sale.f1, Long::sum);
            if (++seen == BATCH) {
                sums.forEach((shop, sum) -> out.collect(Tuple2.of(shop, sum)));
                sums.clear();
                seen = 0;
            }
        }
    }

    static final class ScoreFunction implements MapFunction<Tuple2<Long, Long>, Long> {
        private static final int ROUNDS = 60_000;

        @Override
        public Long map(Tuple2<Long, Long> sale) {
            long score = sale.f1;
            for (int i = 0; i < ROUNDS; i++) {
                score = Long.rotateLeft(score * 0x9E3779B97F4A7C15L, 17) ^ i;
            }
            return score;
        }
    }
}
