package dev.squirrly.cases;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** The mean of the last readings of each meter; the bad variant reads and rewrites all of them for each new one. */
public final class RocksList {
    private static final int METERS = 100;
    private static final int KEPT = 300;

    private RocksList() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(90_000), Types.LONG, i -> i * 2_654_435_761L >>> 7)
                .keyBy(reading -> reading % METERS, Types.LONG)
                .map(options.bad() ? new MeanFunction() : new RunningMeanFunction())
                .returns(Types.LONG)
                .name("mean")
                .uid("mean")
                .sinkTo(new DiscardingSink<>())
                .name("means")
                .uid("means")
                .disableChaining();
        env.execute("rocks-list");
    }

    static final class MeanFunction extends RichMapFunction<Long, Long> {
        private transient ListState<Long> last;

        @Override
        public void open(OpenContext context) {
            last = getRuntimeContext().getListState(new ListStateDescriptor<>("last", Types.LONG));
        }

        @Override
        public Long map(Long reading) throws Exception {
            List<Long> readings = new ArrayList<>(KEPT);
            for (Long earlier : last.get()) {
                readings.add(earlier);
            }
            if (readings.size() == KEPT) {
                readings.remove(0);
            }
            readings.add(reading);
            last.update(readings);
            long sum = 0;
            for (long one : readings) {
                sum += one;
            }
            return sum / readings.size();
        }
    }

    /** Keeps the mean alone: one number to read and write per record. */
    static final class RunningMeanFunction extends RichMapFunction<Long, Long> {
        private transient ValueState<Double> mean;

        @Override
        public void open(OpenContext context) {
            mean = getRuntimeContext().getState(new ValueStateDescriptor<>("mean", Types.DOUBLE));
        }

        @Override
        public Long map(Long reading) throws Exception {
            Double before = mean.value();
            double now = before == null ? reading : before + (reading - before) / KEPT;
            mean.update(now);
            return (long) now;
        }
    }
}
