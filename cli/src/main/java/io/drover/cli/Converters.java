package io.drover.cli;

import io.drover.model.ByteRate;
import io.drover.model.Chain;
import io.drover.model.Dedup;
import io.drover.model.Mode;
import io.drover.model.ProblemException;
import io.drover.model.TimeSpan;
import io.drover.model.Transport;
import java.time.Duration;
import java.util.function.Function;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How options become values; what is wrong with one is told in its own words. */
final class Converters {
  private Converters() {}

  abstract static class Told<T> implements ITypeConverter<T> {
    private final Function<String, T> parser;

    Told(Function<String, T> parser) {
      this.parser = parser;
    }

    @Override
    public T convert(String value) {
      try {
        return parser.apply(value);
      } catch (ProblemException e) {
        TypeConversionException told = new TypeConversionException(e.problem().toString());
        told.initCause(e);
        throw told;
      }
    }
  }

  static final class ToMode extends Told<Mode> {
    ToMode() {
      super(Mode::parse);
    }
  }

  static final class ToTransport extends Told<Transport> {
    ToTransport() {
      super(Transport::parse);
    }
  }

  static final class ToDedup extends Told<Dedup> {
    ToDedup() {
      super(Dedup::parse);
    }
  }

  static final class ToChain extends Told<Chain> {
    ToChain() {
      super(Chain::parse);
    }
  }

  static final class ToRate extends Told<ByteRate> {
    ToRate() {
      super(ByteRate::parse);
    }
  }

  static final class ToDuration extends Told<Duration> {
    ToDuration() {
      super(TimeSpan::parse);
    }
  }
}
