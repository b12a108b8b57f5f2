package dev.squirrly.sample;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * A job whose bottleneck is known.
 *
 * <pre>
 *                              ┌─ arbitrary-stall ─┐    sleeps on even numbers: limits the job
 *   numbers ── random-integers ┤                   ├─ discard
 *                              └─ sine ────────────┘    burns CPU on odd numbers: what a CPU profile shows first
 * </pre>
 *
 * <p>Options: {@code --parallelism=2}, {@code --chained=false}, {@code --sleep-ms=1}, {@code --sine-steps=20000},
 * {@code --checkpoint-ms=0} (none, or what the cluster's configuration says), {@code --fail-after-ms=0}: with it every
 * attempt fails after that time, {@code --object-reuse=false}, and {@code --event-time=false}: with it each number is its own
 * time in ms, but that of the upper half stands still, so that one subtask of the source holds all watermarks back.
 */
public final class SampleJob {
    private SampleJob() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(options.integer("parallelism", 2));
        if (!options.flag("chained", false)) {
            env.disableOperatorChaining();
        }
        int sleepMillis = options.integer("sleep-ms", 1);
        int stallParallelism = options.integer("stall-parallelism", 0);
        int sineSteps = options.integer("sine-steps", 20_000);
        int failAfterMillis = options.integer("fail-after-ms", 0);
        int checkpointMillis = options.integer("checkpoint-ms", 0);
        boolean eventTime = options.flag("event-time", false);
        if (options.flag("object-reuse", false)) {
            env.getConfig().enableObjectReuse();
        }
        options.refuseUnknown();
        if (checkpointMillis > 0) {
            env.enableCheckpointing(checkpointMillis);
        }

        DataStream<Integer> numbers = env.fromSource(
                        new NumberSequenceSource(0, Long.MAX_VALUE), watermarks(eventTime), "numbers")
                .map(new RandomIntegerFunction())
                .name("random-integers");
        if (failAfterMillis > 0) {
            numbers = numbers.map(new FuseFunction(failAfterMillis)).name("fuse");
        }
        SingleOutputStreamOperator<Integer> stalled =
                numbers.map(new EvenStallingFunction(sleepMillis)).name("arbitrary-stall");
        if (stallParallelism > 0) {
            stalled.setParallelism(stallParallelism);
        }
        DataStream<Integer> sines = numbers.map(new OddSineFunction(sineSteps)).name("sine");
        stalled.union(sines).sinkTo(new DiscardingSink<>()).name("discard");
        env.execute("squirrly-sample");
    }

    private static WatermarkStrategy<Long> watermarks(boolean eventTime) {
        if (!eventTime) {
            return WatermarkStrategy.noWatermarks();
        }
        return WatermarkStrategy.<Long>forMonotonousTimestamps()
                .withTimestampAssigner((number, before) -> number < Long.MAX_VALUE / 2 ? number : 0);
    }
}
