package dev.squirrly.cases;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Trips are counted by driver. In the bad variant the places of a trip have no default constructor, so that Flink knows
 * no better serializer for them than Kryo; the good one has given them one.
 */
public final class GenericEvent {
    private GenericEvent() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        if (options.bad()) {
            run(env, options, TypeInformation.of(Trip.class), new TripFunction());
        } else {
            run(env, options, TypeInformation.of(FlatTrip.class), new FlatTripFunction());
        }
    }

    private static <T extends Driven> void run(StreamExecutionEnvironment env, Options options,
            TypeInformation<T> type, MapFunction<Long, T> trips) throws Exception {
        Feed.of(env, options.rate(50_000), Types.LONG, i -> (long) i)
                .map(trips)
                .returns(type)
                .name("trips")
                .uid("trips")
                .disableChaining()
                .keyBy(Driven::driver, Types.LONG)
                .map(new ValidateFunction<T>())
                .returns(type)
                .name("validate")
                .uid("validate")
                .map(new DistanceFunction<T>())
                .returns(Types.DOUBLE)
                .name("distance")
                .uid("distance")
                .sinkTo(new DiscardingSink<>())
                .name("distances")
                .uid("distances")
                .disableChaining();
        env.execute("generic-event");
    }

    /** What both variants of a trip have. */
    public interface Driven {
        long driver();

        double length();
    }

    /** A point on a map; without a default constructor. */
    public static final class Place {
        private final double latitude;
        private final double longitude;

        public Place(double latitude, double longitude) {
            this.latitude = latitude;
            this.longitude = longitude;
        }

        double to(Place other) {
            return Math.hypot(latitude - other.latitude, longitude - other.longitude);
        }
    }

    public static final class Trip implements Driven {
        public long driver;
        public Place start;
        public Place stop;
        public Place end;

        @Override
        public long driver() {
            return driver;
        }

        @Override
        public double length() {
            return start.to(stop) + stop.to(end);
        }
    }

    /** A point on a map that Flink takes for a POJO. */
    public static final class PojoPlace {
        public double latitude;
        public double longitude;

        public PojoPlace() {}

        public PojoPlace(double latitude, double longitude) {
            this.latitude = latitude;
            this.longitude = longitude;
        }

        double to(PojoPlace other) {
            return Math.hypot(latitude - other.latitude, longitude - other.longitude);
        }
    }

    public static final class FlatTrip implements Driven {
        public long driver;
        public PojoPlace start;
        public PojoPlace stop;
        public PojoPlace end;

        @Override
        public long driver() {
            return driver;
        }

        @Override
        public double length() {
            return start.to(stop) + stop.to(end);
        }
    }

    static final class TripFunction implements MapFunction<Long, Trip> {
        @Override
        public Trip map(Long number) {
            Trip trip = new Trip();
            trip.driver = number % 100;
            trip.start = new Place(number, number);
            trip.stop = new Place(number + 1, number);
            trip.end = new Place(number + 1, number + 1);
            return trip;
        }
    }

    static final class FlatTripFunction implements MapFunction<Long, FlatTrip> {
        @Override
        public FlatTrip map(Long number) {
            FlatTrip trip = new FlatTrip();
            trip.driver = number % 100;
            trip.start = new PojoPlace(number, number);
            trip.stop = new PojoPlace(number + 1, number);
            trip.end = new PojoPlace(number + 1, number + 1);
            return trip;
        }
    }

    static final class ValidateFunction<T extends Driven> implements MapFunction<T, T> {
        @Override
        public T map(T trip) {
            if (trip.driver() < 0) {
                throw new IllegalArgumentException("a trip without a driver");
            }
            return trip;
        }
    }

    static final class DistanceFunction<T extends Driven> implements MapFunction<T, Double> {
        @Override
        public Double map(T trip) {
            return trip.length();
        }
    }
}
