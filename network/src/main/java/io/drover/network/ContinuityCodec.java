package io.drover.network;

import io.drover.model.Problem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** A byte that says which message it is, then its record as JSON, deflated. */
final class ContinuityCodec {
  static final int MAX_INFLATED_BYTES = 32 << 20;

  /** What a control connection takes as one message, and a little less. */
  static final int MAX_BYTES = (1 << 20) - (4 << 10);

  private static final int MAX_STRING = 16 << 20;
  private static final int OFFER = 1;
  private static final int ANSWER = 2;
  private static final int HAND_OVER = 3;
  private static final int REPORT = 4;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(32)
                          .maxStringLength(MAX_STRING)
                          .maxDocumentLength(MAX_INFLATED_BYTES)
                          .build())
                  .build())
          // What a newer release adds, an older one does without.
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private ContinuityCodec() {}

  /**
   * Writes one.
   *
   * @throws io.drover.model.ProblemException if that is more than can be sent
   */
  static byte[] encode(ContinuityMessage message) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(
        switch (message) {
          case ContinuityMessage.Offer _ -> OFFER;
          case ContinuityMessage.Answer _ -> ANSWER;
          case ContinuityMessage.HandOver _ -> HAND_OVER;
          case ContinuityMessage.Report _ -> REPORT;
        });
    Deflater fast = new Deflater(Deflater.BEST_SPEED);
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(bytes, fast)) {
      deflated.write(MAPPER.writeValueAsBytes(message));
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot fail", e);
    } finally {
      fast.end();
    }
    if (bytes.size() > MAX_BYTES) {
      throw Problem.host(
              "network-too-large",
              "What is to be told of the guest's network has %d bytes, and %d can be sent"
                  .formatted(bytes.size(), MAX_BYTES),
              "Make the guest's own nftables tables smaller, their sets above all.")
          .asException();
    }
    return bytes.toByteArray();
  }

  /**
   * Reads one.
   *
   * @throws io.drover.model.ProblemException {@code protocol-error} for whatever is none
   */
  static ContinuityMessage decode(byte[] bytes) {
    if (bytes.length == 0) {
      throw violation("an empty message");
    }
    Class<? extends ContinuityMessage> type =
        switch (bytes[0]) {
          case OFFER -> ContinuityMessage.Offer.class;
          case ANSWER -> ContinuityMessage.Answer.class;
          case HAND_OVER -> ContinuityMessage.HandOver.class;
          case REPORT -> ContinuityMessage.Report.class;
          default -> throw violation("a message of kind " + bytes[0]);
        };
    try (InputStream inflating =
        new InflaterInputStream(new ByteArrayInputStream(bytes, 1, bytes.length - 1))) {
      byte[] json = inflating.readNBytes(MAX_INFLATED_BYTES + 1);
      if (json.length > MAX_INFLATED_BYTES) {
        throw violation(
            "a message that inflates to more than %d bytes".formatted(MAX_INFLATED_BYTES));
      }
      ContinuityMessage message = MAPPER.readValue(json, type);
      if (message == null) {
        throw violation("a message that is null");
      }
      return message;
    } catch (IOException | JacksonException | NullPointerException e) {
      // NullPointerException: a record's own copying of a list that is not there.
      throw violation("a message that cannot be read");
    }
  }

  private static RuntimeException violation(String what) {
    return Problem.peer(
            "protocol-error",
            "The peer sent %s about a guest's network".formatted(what),
            "Run the same release of Drover on both hosts.")
        .asException();
  }
}
