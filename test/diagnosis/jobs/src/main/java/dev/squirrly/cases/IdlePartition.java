package dev.squirrly.cases;

import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;

/**
 * Sums by event time, of two partitions. One has no records, so that it holds the watermark back and no window ever ends; the
 * good variant marks it as idle.
 */
public final class IdlePartition {
    private static final int PARTITIONS = 2;

    private IdlePartition() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        WatermarkStrategy<Long> times = WatermarkStrategy.<Long>forMonotonousTimestamps()
                .withTimestampAssigner((sale, before) -> System.currentTimeMillis());
        SingleOutputStreamOperator<Long> sales = Feed.of(env, options.rate(20_000), Types.LONG, i -> i * 2_654_435_761L >>> 7)
                .partitionCustom((key, partitions) -> 0, sale -> sale) // the second partition gets nothing
                .map(sale -> sale)
                .returns(Types.LONG)
                .name("partition")
                .uid("partition")
                .setParallelism(PARTITIONS)
                .assignTimestampsAndWatermarks(options.bad() ? times : times.withIdleness(Duration.ofSeconds(2)))
                .name("times")
                .uid("times")
                .setParallelism(PARTITIONS);
        sales.keyBy(sale -> sale % 100, Types.LONG)
                .window(TumblingEventTimeWindows.of(Duration.ofSeconds(1)))
                .reduce(Long::sum)
                .name("sums")
                .uid("sums")
                .setParallelism(1)
                .sinkTo(new DiscardingSink<>())
                .name("discard")
                .uid("discard")
                .setParallelism(1);
        env.execute("idle-partition");
    }
}
