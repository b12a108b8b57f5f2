package dev.squirrly.cases;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Trips are counted by driver. In the bad variant the route of a trip has no default constructor, so that Flink knows
 * no better serializer for it than Kryo; in the good one it is a POJO.
 */
public final class GenericEvent {
    private static final int PLACES = 64;
    private static final int DRIVERS = 100;

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
        Feed.of(env, options.rate(60_000), Types.LONG, i -> (long) i)
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

    public static final class Trip implements Driven {
        public long driver;
        public Route route;

        @Override
        public long driver() {
            return driver;
        }

        @Override
        public double length() {
            return route.places.get(0).to(route.places.get(PLACES - 1));
        }
    }

    /** Without a default constructor. */
    public static final class Route {
        private final List<Place> places;

        public Route(List<Place> places) {
            this.places = places;
        }
    }

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

    public static final class FlatTrip implements Driven {
        public long driver;
        public FlatRoute route;

        @Override
        public long driver() {
            return driver;
        }

        @Override
        public double length() {
            return Math.hypot(route.latitudes[0] - route.latitudes[PLACES - 1], route.longitudes[0] - route.longitudes[PLACES - 1]);
        }
    }

    /** A POJO in the eyes of Flink. */
    public static final class FlatRoute {
        public double[] latitudes = new double[PLACES];
        public double[] longitudes = new double[PLACES];

        public FlatRoute() {}
    }

    static final class TripFunction implements MapFunction<Long, Trip> {
        @Override
        public Trip map(Long number) {
            List<Place> places = new ArrayList<>(PLACES);
            for (int i = 0; i < PLACES; i++) {
                places.add(new Place(number + i, number - i));
            }
            Trip trip = new Trip();
            trip.driver = number % DRIVERS;
            trip.route = new Route(places);
            return trip;
        }
    }

    static final class FlatTripFunction implements MapFunction<Long, FlatTrip> {
        @Override
        public FlatTrip map(Long number) {
            FlatTrip trip = new FlatTrip();
            trip.driver = number % DRIVERS;
            trip.route = new FlatRoute();
            for (int i = 0; i < PLACES; i++) {
                trip.route.latitudes[i] = number + i;
                trip.route.longitudes[i] = number - i;
            }
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
