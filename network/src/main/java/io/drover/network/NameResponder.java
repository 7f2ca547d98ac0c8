package io.drover.network;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * Turns a question into its answer (RFC 1034, 1035, 6891): authoritative for its own zones, and
 * refusing everything else. Nothing that comes makes it fail. Safe for all threads.
 */
final class NameResponder {
  private static final Logger LOG = LoggerFactory.getLogger(NameResponder.class);

  /** No honest question is longer. */
  static final int MAX_QUESTION_BYTES = 4096;

  /** What a datagram carries where the question says nothing. */
  private static final int PLAIN_BYTES = 512;

  /** What crosses every network in one packet; also bounds what a forged sender can be sent. */
  private static final int LARGEST_DATAGRAM_BYTES = 1232;

  private static final int RESPONSE_BIT = 0x80;
  private static final int DNSSEC_WANTED = 0x8000;

  private final FleetNames fleet;

  /** By what a question came; an answer goes back by the same. */
  enum Transport {
    DATAGRAM,
    STREAM
  }

  NameResponder(FleetNames fleet) {
    this.fleet = fleet;
  }

  /** The answer; empty for what is no question, so that two servers never talk to each other. */
  Optional<byte[]> answer(byte[] question, Transport transport) {
    if (question.length < Header.LENGTH || (question[2] & RESPONSE_BIT) != 0) {
      return Optional.empty();
    }
    int opcode = (question[2] >> 3) & 0xf;
    if (opcode != Opcode.QUERY) {
      return Optional.of(bare(question, Rcode.NOTIMP));
    }
    Message understood;
    try {
      understood = new Message(question);
    } catch (IOException | RuntimeException e) {
      // A parser that meets what it never expected has not met a question either.
      return Optional.of(bare(question, Rcode.FORMERR));
    }
    try {
      return Optional.of(answer(understood, transport));
    } catch (RuntimeException e) {
      LOG.error("a question could not be answered", e);
      return Optional.of(bare(question, Rcode.SERVFAIL));
    }
  }

  /** An answer to what may be understood no further than its header. */
  private static byte[] bare(byte[] question, int code) {
    Message answer = new Message(((question[0] & 0xff) << 8) | (question[1] & 0xff));
    answer.getHeader().setFlag(Flags.QR);
    answer.getHeader().setOpcode((question[2] >> 3) & 0xf);
    answer.getHeader().setRcode(code);
    return answer.toWire();
  }

  private byte[] answer(Message question, Transport transport) {
    List<Record> asked = question.getSection(Section.QUESTION);
    List<Record> options =
        question.getSection(Section.ADDITIONAL).stream()
            .filter(OPTRecord.class::isInstance)
            .toList();
    if (asked.size() != 1 || options.size() > 1) {
      return bare(question.getHeader().toWire(), Rcode.FORMERR);
    }
    Optional<OPTRecord> option = options.stream().map(OPTRecord.class::cast).findFirst();
    Message answer = begin(question, asked.getFirst());
    if (option.filter(each -> each.getVersion() != 0).isPresent()) {
      answer.addRecord(option(option.get(), Rcode.BADVERS >> 4), Section.ADDITIONAL);
      return answer.toWire();
    }
    find(asked.getFirst(), answer);
    option.ifPresent(each -> answer.addRecord(option(each, 0), Section.ADDITIONAL));
    byte[] bytes = answer.toWire();
    return bytes.length <= limit(option, transport) ? bytes : truncated(question, answer, option);
  }

  private static Message begin(Message question, Record asked) {
    Message answer = new Message(question.getHeader().getID());
    answer.getHeader().setFlag(Flags.QR);
    if (question.getHeader().getFlag(Flags.RD)) {
      answer.getHeader().setFlag(Flags.RD);
    }
    answer.addRecord(asked, Section.QUESTION);
    return answer;
  }

  private static OPTRecord option(OPTRecord asked, int code) {
    return new OPTRecord(LARGEST_DATAGRAM_BYTES, code, 0, asked.getFlags() & DNSSEC_WANTED);
  }

  private static int limit(Optional<OPTRecord> option, Transport transport) {
    return switch (transport) {
      case DATAGRAM ->
          Math.clamp(
              option.map(OPTRecord::getPayloadSize).orElse(PLAIN_BYTES),
              PLAIN_BYTES,
              LARGEST_DATAGRAM_BYTES);
      case STREAM -> Message.MAXLENGTH;
    };
  }

  /** Says that it is to be asked by a connection, and nothing that might be taken for all. */
  private static byte[] truncated(Message question, Message whole, Optional<OPTRecord> option) {
    Message answer = begin(question, whole.getQuestion());
    answer.getHeader().setFlag(Flags.AA);
    answer.getHeader().setFlag(Flags.TC);
    option.ifPresent(each -> answer.addRecord(option(each, 0), Section.ADDITIONAL));
    return answer.toWire();
  }

  private void find(Record asked, Message answer) {
    Header header = answer.getHeader();
    int type = asked.getType();
    NameZones zones = fleet.zones();
    Name name = asked.getName();
    Optional<Name> zone = zones.zoneOf(name);
    if (zone.isEmpty()
        || asked.getDClass() != DClass.IN
        || type == Type.AXFR
        || type == Type.IXFR) {
      header.setRcode(Rcode.REFUSED);
    } else if (zones.exists(name)) {
      header.setFlag(Flags.AA);
      List<Record> found = zones.records(name).stream().filter(each -> fits(each, type)).toList();
      // In the words of the question, whose capitals some resolvers compare.
      found.stream()
          .filter(each -> each.getType() == found.getFirst().getType())
          .forEach(each -> answer.addRecord(each.withName(name), Section.ANSWER));
      if (found.isEmpty()) {
        answer.addRecord(zones.soa(zone.get()), Section.AUTHORITY);
      }
    } else if (fleet.isComplete()) {
      header.setFlag(Flags.AA);
      header.setRcode(Rcode.NXDOMAIN);
      answer.addRecord(zones.soa(zone.get()), Section.AUTHORITY);
    } else {
      // It may be the name of a guest whose host has not been heard yet: others are to be asked.
      header.setRcode(Rcode.SERVFAIL);
    }
  }

  /** To the question for everything one kind of records is enough (RFC 8482). */
  private static boolean fits(Record record, int type) {
    return type == Type.ANY || record.getType() == type;
  }
}
