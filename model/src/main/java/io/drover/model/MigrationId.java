package io.drover.model;

import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/** Names one migration on both hosts; short enough for a unix socket's path. */
public record MigrationId(String value) implements Comparable<MigrationId> {
  private static final Pattern FORM = Pattern.compile("m[0-9a-z]{10}");

  public MigrationId {
    if (!FORM.matcher(value).matches()) {
      throw Problem.usage(
              "bad-migration-id",
              "'%s' is not a migration id".formatted(value),
              "Take one from 'drover migration list'; it is an m and ten letters or digits.")
          .asException();
    }
  }

  public static MigrationId random(RandomGenerator random) {
    StringBuilder text = new StringBuilder("m");
    for (int i = 0; i < 10; i++) {
      text.append(Character.forDigit(random.nextInt(36), 36));
    }
    return new MigrationId(text.toString());
  }

  @Override
  public int compareTo(MigrationId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
