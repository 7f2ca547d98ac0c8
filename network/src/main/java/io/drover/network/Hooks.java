package io.drover.network;

import io.drover.model.Problem;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What an operator has done when a guest has moved here.
 *
 * @param command a program; told what happened by its arguments
 * @param webhook an address that gets a JSON document by POST
 */
public record Hooks(Optional<String> command, Optional<URI> webhook) {
  public static final Hooks NONE = new Hooks(Optional.empty(), Optional.empty());
  private static final Duration COMMAND_LIMIT = Duration.ofSeconds(30);
  private static final Duration WEBHOOK_LIMIT = Duration.ofSeconds(10);

  /** {@code PROGRAM arrived GUEST HOST MOVE ADDRESS…}. */
  static String run(
      String command, Commands commands, GuestWhereabouts arrived, List<String> addresses) {
    List<String> words = new java.util.ArrayList<>(List.of(command, "arrived"));
    words.add(arrived.guest().value());
    words.add(arrived.at().value());
    words.add(Long.toString(arrived.sequence()));
    words.addAll(addresses);
    Commands.Output output = commands.run(COMMAND_LIMIT, "", words);
    if (!output.isGood()) {
      throw Problem.host(
              "hook-failed",
              "%s ended with %d: %s".formatted(command, output.code(), output.err().strip()),
              "It is tried again; see what it says when run by hand.")
          .asException();
    }
    return command + " was run";
  }

  static String post(URI webhook, GuestWhereabouts arrived, List<String> addresses) {
    String body =
        "{\"event\":\"arrived\",\"guest\":\"%s\",\"host\":\"%s\",\"move\":%d,\"addresses\":[%s]}"
            .formatted(
                arrived.guest(),
                arrived.at(),
                arrived.sequence(),
                // Names and addresses have no character that JSON would have to escape.
                String.join(",", addresses.stream().map(each -> "\"" + each + "\"").toList()));
    HttpRequest request =
        HttpRequest.newBuilder(webhook)
            .timeout(WEBHOOK_LIMIT)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(WEBHOOK_LIMIT).build()) {
      int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      if (status / 100 != 2) {
        throw unheard(webhook, "it answered " + status);
      }
      return "%s was told".formatted(webhook);
    } catch (IOException e) {
      throw unheard(webhook, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unheard(webhook, "interrupted");
    }
  }

  private static RuntimeException unheard(URI webhook, String why) {
    return Problem.peer(
            "webhook-failed",
            "The webhook %s was not told: %s".formatted(webhook, why),
            "It is tried again; see that it can be reached from this host.")
        .asException();
  }
}
