package io.drover.qemu;

import tools.jackson.databind.JsonNode;

/** QEMU's answer to one command. A refusal is a value: many are expected. */
sealed interface QmpReply {
  record Success(JsonNode value) implements QmpReply {}

  record Refused(String description) implements QmpReply {}
}
