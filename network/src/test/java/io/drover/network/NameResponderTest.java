package io.drover.network;

import static io.drover.network.NameFixtures.ALPHA;
import static io.drover.network.NameFixtures.BETA;
import static io.drover.network.NameFixtures.MAIL;
import static io.drover.network.NameFixtures.WEB;
import static io.drover.network.NameFixtures.data;
import static io.drover.network.NameFixtures.names;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class NameResponderTest {
  private final HostNames own = new HostNames(() -> 0);
  private final FleetNames fleet =
      new FleetNames(
          ALPHA, NameFixtures.settings(53), own, Set.of(BETA), (_, _, _) -> false, () -> 0);
  private final NameResponder responder = new NameResponder(fleet);

  @BeforeEach
  void know() {
    own.here(names(WEB, 3, "web", "192.0.2.10", "2001:db8::10"));
    fleet.heard(BETA, Map.of(MAIL, names(MAIL, 1, "mx.deep.guests.example", "192.0.2.20")));
  }

  private static Message question(String name, int type) {
    return Message.newQuery(Record.newRecord(Name.fromConstantString(name), type, DClass.IN));
  }

  private Message ask(Message question) {
    return ask(question, NameResponder.Transport.DATAGRAM);
  }

  private Message ask(Message question, NameResponder.Transport transport) {
    try {
      return new Message(responder.answer(question.toWire(), transport).orElseThrow());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Message ask(String name, String type) {
    return ask(question(name, Type.value(type)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "web.guests.example.|A|192.0.2.10",
        "web.guests.example.|AAAA|2001:db8:0:0:0:0:0:10",
        "_drover.web.guests.example.|TXT|\"move=3 host=alpha\"",
        "mx.deep.guests.example.|A|192.0.2.20",
        "_drover.mx.deep.guests.example.|TXT|\"move=1 host=beta\"",
        "10.2.0.192.in-addr.arpa.|PTR|web.guests.example.",
        "20.2.0.192.in-addr.arpa.|PTR|mx.deep.guests.example.",
        "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.|PTR|web.guests.example.",
        "guests.example.|NS|ns.guests.example.",
        "2.0.192.in-addr.arpa.|NS|ns.guests.example.",
        "ns.guests.example.|A|127.0.0.1",
        "guests.example.|SOA|ns.guests.example. hostmaster.guests.example. 1 3600 600 86400 1",
      })
  void answersWhatItKnows(String name, String type, String wanted) {
    Message answer = ask(name, type);

    assertThat(data(answer)).containsExactly(wanted);
    assertThat(answer.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(answer.getHeader().getFlag(Flags.AA)).isTrue();
    assertThat(answer.getHeader().getFlag(Flags.RA)).isFalse();
    assertThat(answer.getSection(Section.ANSWER).getFirst().getTTL()).isEqualTo(1);
    assertThat(answer.getSection(Section.AUTHORITY)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "web.guests.example.,MX",
    "web.guests.example.,TXT",
    "_drover.web.guests.example.,A",
    "deep.guests.example.,A", // nothing but a part of a longer name
    "guests.example.,A",
    "guests.example.,DS",
  })
  void saysThatThereIsNothingOfThatKind(String name, String type) {
    Message answer = ask(name, type);

    assertThat(answer.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(answer.getSection(Section.ANSWER)).isEmpty();
    assertThat(answer.getSection(Section.AUTHORITY)).hasOnlyElementsOfType(SOARecord.class);
    assertThat(answer.getSection(Section.AUTHORITY).getFirst().getTTL()).isEqualTo(1);
    assertThat(answer.getHeader().getFlag(Flags.AA)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "no.guests.example.,guests.example.",
    "x.web.guests.example.,guests.example.",
    "11.2.0.192.in-addr.arpa.,2.0.192.in-addr.arpa.",
  })
  void saysThatANameDoesNotExist(String name, String zone) {
    Message answer = ask(name, "A");

    assertThat(answer.getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(answer.getSection(Section.AUTHORITY))
        .singleElement()
        .satisfies(soa -> assertThat(soa.getName()).hasToString(zone));
    assertThat(answer.getHeader().getFlag(Flags.AA)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"example.org.", "example.", ".", "guests.example.org.", "xguests.example."})
  void refusesWhatIsNotItsOwn(String name) {
    Message answer = ask(name, "A");

    assertThat(answer.getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(answer.getHeader().getFlag(Flags.AA)).isFalse();
    assertThat(answer.getSection(Section.AUTHORITY)).isEmpty();
  }

  @Test
  void refusesTransfersAndOtherClasses() {
    assertThat(ask("guests.example.", "AXFR").getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(ask("guests.example.", "IXFR").getRcode()).isEqualTo(Rcode.REFUSED);
    Message chaos =
        Message.newQuery(
            Record.newRecord(Name.fromConstantString("web.guests.example."), Type.A, DClass.CH));
    assertThat(ask(chaos).getRcode()).isEqualTo(Rcode.REFUSED);
  }

  @Test
  void doesNotDenyWhatAPeerNotHeardYetMayKnow() {
    FleetNames young =
        new FleetNames(
            ALPHA, NameFixtures.settings(53), own, Set.of(BETA), (_, _, _) -> false, () -> 0);
    NameResponder early = new NameResponder(young);
    for (Map.Entry<String, Integer> each :
        Map.of("no.guests.example.", Rcode.SERVFAIL, "web.guests.example.", Rcode.NOERROR)
            .entrySet()) {
      byte[] answer =
          early
              .answer(question(each.getKey(), Type.A).toWire(), NameResponder.Transport.DATAGRAM)
              .orElseThrow();
      assertThat(answer[3] & 0xf).as(each.getKey()).isEqualTo(each.getValue());
    }
  }

  @Test
  void toTheQuestionForEverythingOneKindIsEnough() {
    assertThat(ask("web.guests.example.", "ANY").getSection(Section.ANSWER)).hasSize(1);
  }

  @Test
  void keepsTheCapitalsOfTheQuestion() {
    Message answer = ask("wEb.GUESTS.example.", "A");

    assertThat(answer.getQuestion().getName()).hasToString("wEb.GUESTS.example.");
    assertThat(answer.getSection(Section.ANSWER).getFirst().getName())
        .hasToString("wEb.GUESTS.example.");
  }

  @Test
  void aLongAnswerIsCutToTheSizeThatWasAskedForAndWholeByAConnection() {
    own.here(many("some", 2));
    own.here(many("big", 4));

    Message plain = ask("some.guests.example.", "AAAA");
    assertThat(plain.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(plain.getSection(Section.ANSWER)).isEmpty();

    Message asked = question("some.guests.example.", Type.AAAA);
    asked.addRecord(new OPTRecord(4096, 0, 0, 0x8000), Section.ADDITIONAL);
    Message extended = ask(asked);
    assertThat(extended.getHeader().getFlag(Flags.TC)).isFalse();
    assertThat(extended.getSection(Section.ANSWER)).hasSize(32);
    assertThat(extended.getOPT().getPayloadSize()).isEqualTo(1232);
    assertThat(extended.getOPT().getFlags()).isEqualTo(0x8000);

    Message large = question("big.guests.example.", Type.AAAA);
    large.addRecord(new OPTRecord(65_000, 0, 0), Section.ADDITIONAL);
    Message cut = ask(large);
    assertThat(cut.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(cut.getOPT()).isNotNull();
    assertThat(ask(large, NameResponder.Transport.STREAM).getSection(Section.ANSWER)).hasSize(64);
  }

  /** A guest with sixteen addresses on each of its cards, all of one name. */
  private static GuestNames many(String name, int cards) {
    return new GuestNames(
        new GuestName(name),
        0,
        IntStream.range(0, cards)
            .mapToObj(
                card ->
                    new GuestNames.Card(
                        name,
                        IntStream.range(0, 16)
                            .mapToObj(i -> new IpAddress("2001:db8:%x::%x".formatted(card, i)))
                            .toList()))
            .toList());
  }

  @Test
  void aNewerExtensionIsRefusedByItsNumber() {
    Message question = question("web.guests.example.", Type.A);
    question.addRecord(new OPTRecord(1232, 0, 1), Section.ADDITIONAL);

    Message answer = ask(question);

    assertThat(answer.getRcode()).isEqualTo(Rcode.BADVERS);
    assertThat(answer.getSection(Section.ANSWER)).isEmpty();
  }

  @Test
  void otherThanOneQuestionIsAMistake() {
    Message two = question("web.guests.example.", Type.A);
    two.addRecord(two.getQuestion(), Section.QUESTION);
    assertThat(ask(two).getRcode()).isEqualTo(Rcode.FORMERR);
    assertThat(ask(new Message(7)).getRcode()).isEqualTo(Rcode.FORMERR);
    Message options = question("web.guests.example.", Type.A);
    options.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    options.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    assertThat(ask(options).getRcode()).isEqualTo(Rcode.FORMERR);
  }

  @Test
  void takesNoUpdatesAndNoNotices() {
    for (int opcode : List.of(Opcode.UPDATE, Opcode.NOTIFY, Opcode.STATUS)) {
      Message question = question("guests.example.", Type.SOA);
      question.getHeader().setOpcode(opcode);
      Message answer = ask(question);
      assertThat(answer.getRcode()).isEqualTo(Rcode.NOTIMP);
      assertThat(answer.getHeader().getOpcode()).isEqualTo(opcode);
      assertThat(answer.getHeader().getID()).isEqualTo(question.getHeader().getID());
    }
  }

  @Test
  void answersNoAnswers() {
    Message answer = question("web.guests.example.", Type.A);
    answer.getHeader().setFlag(Flags.QR);

    assertThat(responder.answer(answer.toWire(), NameResponder.Transport.DATAGRAM)).isEmpty();
    assertThat(responder.answer(new byte[11], NameResponder.Transport.DATAGRAM)).isEmpty();
  }

  @Test
  void theNameOfTheServerIsNoGuests() {
    own.here(names(new GuestName("ns"), 0, "ns", "192.0.2.66"));
    assertThat(data(ask("ns.guests.example.", "A"))).containsExactly("127.0.0.1");
    assertThat(ask("_drover.ns.guests.example.", "TXT").getRcode()).isEqualTo(Rcode.NXDOMAIN);
  }

  @Test
  void aNameThatWouldBeTooLongIsNotAnswered() {
    String label = "a".repeat(60);
    own.here(
        names(
            new GuestName("long"), 0, String.join(".", label, label, label, label), "192.0.2.66"));
    own.here(
        names(
            new GuestName("longer"),
            0,
            String.join(".", label, label, label, label.substring(6), "guests.example"),
            "192.0.2.67"));
    assertThat(data(ask("67.2.0.192.in-addr.arpa.", "PTR"))).hasSize(1);
    assertThat(data(ask("web.guests.example.", "A"))).hasSize(1);
  }

  @Test
  void mutatedQuestionsAreAnsweredInBoundsOrDropped() {
    long seed = 20_260_101;
    Random random = new Random(seed);
    Message extended = question("_drover.web.guests.example.", Type.TXT);
    extended.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    List<byte[]> questions =
        List.of(
            question("web.guests.example.", Type.A).toWire(),
            question("web.guests.example.", Type.ANY).toWire(),
            question("10.2.0.192.in-addr.arpa.", Type.PTR).toWire(),
            extended.toWire());
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = questions.get(random.nextInt(questions.size())).clone();
      if (random.nextInt(10) == 0) {
        bytes = new byte[random.nextInt(600)];
        random.nextBytes(bytes);
      }
      for (int j = random.nextInt(6); j > 0 && bytes.length > 0; j--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      if (random.nextInt(4) == 0) {
        bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 20));
      }
      foreignPacketsAreAnsweredInBoundsOrDropped(bytes);
    }
  }

  @FuzzTest(maxDuration = "20s")
  void foreignPacketsAreAnsweredInBoundsOrDropped(byte[] bytes) {
    for (NameResponder.Transport transport : NameResponder.Transport.values()) {
      responder
          .answer(bytes, transport)
          .ifPresent(
              answer -> {
                if (answer.length < Header.LENGTH
                    || answer.length > 1232
                    || answer[0] != bytes[0]
                    || answer[1] != bytes[1]
                    || (answer[2] & 0x80) == 0
                    || (answer[3] & 0xf) == Rcode.SERVFAIL) {
                  throw new AssertionError("no answer: " + java.util.Arrays.toString(answer));
                }
              });
    }
  }
}
