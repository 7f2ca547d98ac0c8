package io.drover.network;

import io.drover.model.GuestName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A guest's packet filter: every nftables table, of whatever family, that has its name. The
 * operator loads it once, where the guest starts; from then on it goes wherever the guest goes.
 */
public record GuestFilter(List<FilterTable> tables) {
  public static final GuestFilter NONE = new GuestFilter(List.of());
  static final int MAX_TABLES = 6;

  public GuestFilter {
    tables = List.copyOf(tables);
    if (tables.size() > MAX_TABLES) {
      throw new IllegalArgumentException("a filter of %d tables".formatted(tables.size()));
    }
  }

  /** What a guest's own tables are called. */
  public static String tableName(GuestName guest) {
    return "drover_" + guest;
  }

  public boolean isEmpty() {
    return tables.isEmpty();
  }

  /** Alike for filters that let the same packets through, whatever they have counted so far. */
  public String hash() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (FilterTable table : tables) {
        digest.update(
            (table.family() + " " + table.name() + "\n").getBytes(StandardCharsets.UTF_8));
        digest.update(FilterJson.canonical(table.objects()).getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 20);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
