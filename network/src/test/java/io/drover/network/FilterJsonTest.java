package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FilterJsonTest {
  private static final String LISTING =
      """
      {"nftables": [{"metainfo": {"version": "1.0.6"}},
       {"table": {"family": "inet", "name": "drover_web", "handle": 2}},
       {"set": {"family": "inet", "name": "s", "table": "drover_web", "handle": 3,
         "elem": ["192.0.2.8", "192.0.2.7"]}},
       {"chain": {"family": "inet", "table": "drover_web", "name": "f", "handle": 1}},
       {"rule": {"family": "inet", "table": "drover_web", "chain": "f", "handle": 4,
         "expr": [{"counter": {"packets": 5, "bytes": 500}}, {"accept": null}]}},
       {"rule": {"family": "inet", "table": "drover_web", "chain": "f", "handle": 5,
         "expr": [{"drop": null}]}}]}\
      """;

  private static String hash(String listing) {
    return new GuestFilter(List.of(FilterJson.table(listing, "inet", "drover_web"))).hash();
  }

  @Test
  void countersAndHandlesAndTheOrderOfElementsDoNotMakeAFilterAnother() {
    assertThat(
            hash(
                LISTING
                    .replace("\"packets\": 5", "\"packets\": 9")
                    .replace("\"handle\": 4", "\"handle\": 44")
                    .replace("[\"192.0.2.8\", \"192.0.2.7\"]", "[\"192.0.2.7\", \"192.0.2.8\"]")))
        .isEqualTo(hash(LISTING));
  }

  @Test
  void aRuleOrAnElementOrTheOrderOfRulesDoes() {
    assertThat(hash(LISTING.replace("accept", "reject"))).isNotEqualTo(hash(LISTING));
    assertThat(hash(LISTING.replace("192.0.2.8", "192.0.2.9"))).isNotEqualTo(hash(LISTING));
    assertThat(
            hash(
                LISTING
                    .replace("{\"drop\": null}", "{\"X\": null}")
                    .replace("{\"accept\": null}", "{\"drop\": null}")
                    .replace("{\"X\": null}", "{\"accept\": null}")))
        .isNotEqualTo(hash(LISTING));
  }

  @Test
  void elementsThatComeAndGoByThemselvesDoNot() {
    String fleeting = LISTING.replace("\"elem\"", "\"flags\": [\"timeout\"], \"elem\"");
    assertThat(hash(fleeting.replace("192.0.2.8", "192.0.2.9"))).isEqualTo(hash(fleeting));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{\"flush\": {\"ruleset\": null}}]",
        "[{\"table\": {\"family\": \"inet\", \"name\": \"other\"}}]",
        "[{\"rule\": {\"family\": \"inet\", \"table\": \"other\", \"chain\": \"f\"}}]",
        "[{\"rule\": {\"family\": \"ip\", \"table\": \"drover_web\", \"chain\": \"f\"}}]",
        "[{\"rule\": {\"family\": \"inet\", \"table\": \"drover_web\"}, \"delete\": {}}]",
        "{}",
        "17",
        "[17]",
      })
  void nothingButTheTablesOwnObjectsIsLoaded(String objects) {
    FilterTable table = new FilterTable("inet", "drover_web", objects);
    assertThatThrownBy(() -> FilterJson.replace(table, FilterJson.commands()))
        .isInstanceOf(ProblemException.class);
  }
}
