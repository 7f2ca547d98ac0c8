package io.drover.network;

import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import io.drover.model.Problem;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;
import org.xbill.DNS.Update;

/**
 * Keeps guests' names in a DNS server by dynamic updates (RFC 2136), signed (RFC 8945).
 *
 * <p>Beside the addresses a text record {@code _drover.NAME} says by which move of the guest they
 * were written, and each update demands that it is still the one that was read: of two hosts that
 * write at the same time the later move's word stays, in whatever order they come.
 */
final class NameUpdates {
  private static final Duration LIMIT = Duration.ofSeconds(3);
  private static final int TRIES = 5;
  private static final Pattern MARK = Pattern.compile("move=(\\d{1,18}) host=([a-z0-9-]{1,63})");

  private final NameSettings settings;

  NameUpdates(NameSettings settings) {
    this.settings = settings;
  }

  /** Whether there is anything to do for the card. */
  boolean concerns(NetworkCard card) {
    return card.dnsName().flatMap(settings::zoneOf).isPresent();
  }

  /**
   * Writes the card's addresses under its name.
   *
   * @param sequence the number of the guest's move that makes it so
   * @return what was done, in a sentence
   */
  String write(NetworkCard card, long sequence, HostName host, Duration ttl) {
    String text = card.dnsName().orElseThrow();
    try {
      Name name = name(text);
      for (int i = 0; i < TRIES; i++) {
        Optional<TXTRecord> there = mark(name);
        long known = there.map(NameUpdates::sequence).orElse(-1L);
        if (known > sequence) {
          return "%s was written by a later move (%d) already".formatted(text, known);
        }
        int code = send(forward(card, name, sequence, host, ttl, there));
        if (code == Rcode.NOERROR) {
          int reversed = reverse(card, name, ttl);
          return "%s has %s at %s, valid for %d s; %d of them lead back to it"
              .formatted(text, card.addresses(), host, ttl.toSeconds(), reversed);
        }
        // Somebody else wrote between the reading and the writing.
        if (code != Rcode.NXRRSET && code != Rcode.YXRRSET) {
          throw refused(text, Rcode.string(code));
        }
      }
      throw refused(text, "others write it all the time");
    } catch (IOException e) {
      throw Problem.peer(
              "dns-unreachable",
              "The DNS server %s:%d does not answer: %s"
                  .formatted(settings.server(), settings.port(), e.getMessage()),
              "It is tried again; see that the server runs and this host reaches it.")
          .asException(e);
    }
  }

  private static RuntimeException refused(String name, String why) {
    return Problem.peer(
            "dns-refused",
            "The DNS server does not take the update of %s: %s".formatted(name, why),
            "It is tried again; see that the key may update the zone and the clocks agree.")
        .asException();
  }

  private Update forward(
      NetworkCard card,
      Name name,
      long sequence,
      HostName host,
      Duration ttl,
      Optional<TXTRecord> there)
      throws TextParseException {
    Name marked = markOf(name);
    Update update = new Update(name(settings.zoneOf(card.dnsName().orElseThrow()).orElseThrow()));
    if (there.isPresent()) {
      // As a demand it has no time to live: the standard wants 0.
      update.present(new TXTRecord(marked, DClass.IN, 0, there.get().getStrings()));
    } else {
      update.absent(marked, Type.TXT);
    }
    long seconds = ttl.toSeconds();
    update.delete(name, Type.A);
    update.delete(name, Type.AAAA);
    for (IpAddress address : card.addresses()) {
      update.add(
          address.isV6()
              ? new AAAARecord(name, DClass.IN, seconds, address.inet())
              : new ARecord(name, DClass.IN, seconds, address.inet()));
    }
    update.delete(marked, Type.TXT);
    update.add(
        new TXTRecord(marked, DClass.IN, seconds, "move=%d host=%s".formatted(sequence, host)));
    return update;
  }

  /** An address leads back to its name whoever has it, so there is no later and earlier. */
  private int reverse(NetworkCard card, Name name, Duration ttl) throws IOException {
    int done = 0;
    for (IpAddress address : card.addresses()) {
      Name reverse = ReverseMap.fromAddress(address.inet());
      Optional<String> zone = settings.zoneOf(reverse.toString(true));
      if (zone.isPresent()) {
        Update update = new Update(name(zone.get()));
        update.delete(reverse, Type.PTR);
        update.add(new PTRRecord(reverse, DClass.IN, ttl.toSeconds(), name));
        int code = send(update);
        if (code != Rcode.NOERROR) {
          throw refused(reverse.toString(), Rcode.string(code));
        }
        done++;
      }
    }
    return done;
  }

  private Optional<TXTRecord> mark(Name name) throws IOException {
    Message answer = ask(Message.newQuery(Record.newRecord(markOf(name), Type.TXT, DClass.IN)));
    return answer.getSection(Section.ANSWER).stream()
        .filter(TXTRecord.class::isInstance)
        .map(TXTRecord.class::cast)
        .findFirst();
  }

  private static long sequence(TXTRecord mark) {
    Matcher found = MARK.matcher(String.join("", mark.getStrings()));
    return found.matches() ? Long.parseLong(found.group(1)) : -1;
  }

  private static Name markOf(Name name) throws TextParseException {
    return name("_drover." + name.toString(true));
  }

  private static Name name(String text) throws TextParseException {
    return Name.fromString(text.endsWith(".") ? text : text + ".");
  }

  private int send(Update update) throws IOException {
    return ask(update).getRcode();
  }

  private Message ask(Message question) throws IOException {
    SimpleResolver resolver =
        new SimpleResolver(new InetSocketAddress(settings.server(), settings.port()));
    resolver.setTCP(true);
    resolver.setTimeout(LIMIT);
    resolver.setTSIGKey(NameKey.read(settings.keyFile()));
    return resolver.send(question);
  }
}
