package dev.squirrly.cases;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/** Each click is reported two seconds later, in event time; the good variant reports once a second and user. */
public final class TimerStorm {
    private static final long DELAY = 2_000;
    private static final long USERS = 1_000;

    private TimerStorm() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        long rate = options.rate(300_000);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.getConfig().setAutoWatermarkInterval(200);
        Feed.of(env, rate, Types.LONG, i -> i * 2_654_435_761L >>> 7)
                .map(new ClockFunction(rate))
                .name("clicks")
                .uid("clicks")
                .startNewChain()
                .assignTimestampsAndWatermarks(WatermarkStrategy.<Tuple2<Long, Long>>forMonotonousTimestamps()
                        .withTimestampAssigner((click, earlier) -> click.f1))
                .name("clock")
                .uid("clock")
                .keyBy(click -> click.f0, Types.LONG)
                .process(new ReportFunction(options.bad() ? 1 : 1_000))
                .name("report")
                .uid("report")
                .sinkTo(new DiscardingSink<>())
                .name("reports")
                .uid("reports")
                .disableChaining();
        env.execute("timer-storm");
    }

    /** Gives each click a time, so that a second of event time holds as many clicks as the rate says. */
    static final class ClockFunction extends RichMapFunction<Long, Tuple2<Long, Long>> {
        private final long rate;
        private transient long clicks;

        ClockFunction(long rate) {
            this.rate = rate;
        }

        @Override
        public void open(OpenContext context) {
            clicks = 0;
        }

        @Override
        public Tuple2<Long, Long> map(Long user) {
            return Tuple2.of((user + clicks / Feed.POOL) % USERS, clicks++ * 1_000 / rate);
        }
    }

    static final class ReportFunction extends KeyedProcessFunction<Long, Tuple2<Long, Long>, Long> {
        private final long granule;

        /** @param granule to a multiple of how many milliseconds a report is put off */
        ReportFunction(long granule) {
            this.granule = granule;
        }

        @Override
        public void processElement(Tuple2<Long, Long> click, Context context, Collector<Long> out) {
            long due = click.f1 + DELAY;
            context.timerService().registerEventTimeTimer((due + granule - 1) / granule * granule);
        }

        @Override
        public void onTimer(long time, OnTimerContext context, Collector<Long> out) {
            out.collect(context.getCurrentKey());
        }
    }
}
