package io.drover.network;

import io.drover.model.IpAddress;
import io.drover.model.ProblemException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A connection that a firewall knows, in the words of {@code conntrack -o save}.
 *
 * @param source who began it
 * @param replySource who answers; another than {@code destination} where addresses are translated
 */
public record Connection(
    IpAddress source,
    IpAddress destination,
    IpAddress replySource,
    IpAddress replyDestination,
    Map<String, String> rest) {

  /** The words that may come with one; each has one value. */
  private static final Set<String> OPTIONS =
      Set.of(
          "-t",
          "-u",
          "-p",
          "-m",
          "--sport",
          "--dport",
          "--reply-port-src",
          "--reply-port-dst",
          "--state",
          "--icmp-type",
          "--icmp-code",
          "--icmp-id",
          "--icmpv6-type",
          "--icmpv6-code",
          "--icmpv6-id");

  /** States in which a firewall remembers a TCP connection that both ends have done with. */
  private static final Set<String> OVER = Set.of("TIME_WAIT", "CLOSE");

  private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9_,-]{1,64}");

  public Connection {
    rest = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(rest));
  }

  /** Reads a line; empty for what cannot be carried to another host, such as one of a zone. */
  static Optional<Connection> parse(String line) {
    String[] words = line.strip().split("\\s+", -1);
    if (words.length % 2 == 0 || !words[0].equals("-A")) {
      return Optional.empty();
    }
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 1; i < words.length; i += 2) {
      options.put(words[i], words[i + 1]);
    }
    List<String> ends = new ArrayList<>();
    for (String end : List.of("-s", "-d", "-r", "-q")) {
      String address = options.remove(end);
      if (address == null) {
        return Optional.empty();
      }
      ends.add(address);
    }
    for (Map.Entry<String, String> option : options.entrySet()) {
      if (!OPTIONS.contains(option.getKey()) || !VALUE.matcher(option.getValue()).matches()) {
        return Optional.empty();
      }
    }
    try {
      return Optional.of(
          new Connection(
              new IpAddress(ends.get(0)),
              new IpAddress(ends.get(1)),
              new IpAddress(ends.get(2)),
              new IpAddress(ends.get(3)),
              options));
    } catch (ProblemException e) {
      return Optional.empty();
    }
  }

  /** Adds it where it is not known, and leaves alone what is there already. */
  String line() {
    StringBuilder line =
        new StringBuilder(
            "-A -s %s -d %s -r %s -q %s"
                .formatted(source, destination, replySource, replyDestination));
    rest.forEach((option, value) -> line.append(' ').append(option).append(' ').append(value));
    return line.toString();
  }

  /** Whether it is between one of these and somebody else, with nothing translated on this host. */
  boolean isOf(Collection<IpAddress> addresses) {
    boolean translated =
        !source.equals(replyDestination)
            || !destination.equals(replySource)
            || !port("--sport").equals(port("--reply-port-dst"))
            || !port("--dport").equals(port("--reply-port-src"));
    return !translated && (addresses.contains(source) || addresses.contains(destination));
  }

  /** Whether it has ended, and is only remembered for a while. */
  boolean isOver() {
    return OVER.contains(rest.getOrDefault("--state", ""));
  }

  private String port(String option) {
    return rest.getOrDefault(option, "");
  }
}
