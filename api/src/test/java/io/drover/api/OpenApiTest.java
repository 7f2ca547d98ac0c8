package io.drover.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class OpenApiTest {
  private static final List<Class<? extends Record>> RECORDS =
      List.of(
          HostView.class,
          HostView.PeerView.class,
          GuestView.class,
          GuestView.CardView.class,
          GuestView.DiskView.class,
          GuestSpec.class,
          GuestSpec.CardSpec.class,
          GuestSpec.DiskSpec.class,
          MigrationRequest.class,
          MigrationChange.class,
          Resolution.class,
          MigrationView.class,
          MigrationView.PhaseTime.class,
          MigrationView.ChannelBytes.class,
          ContinuityView.class,
          MigrationView.ContentView.class,
          MigrationView.DisksView.class,
          MigrationView.LayersView.class,
          NetworkView.class,
          NetworkView.PortView.class,
          NetworkView.WayView.class,
          StoreView.class,
          StoreView.SourceView.class,
          StoreOrder.class,
          StoreJobView.class,
          StoreJobView.FindingView.class,
          CheckReport.class,
          CheckReport.Check.class,
          EventView.class,
          ProblemView.class);

  @Test
  void describesExactlyTheRecords() {
    assertThat(schemas().keySet().stream().map(String::valueOf))
        .containsExactlyInAnyOrderElementsOf(RECORDS.stream().map(Class::getSimpleName).toList());
  }

  @Test
  void agreesWithTheRecordsAboutNamesTypesAndWhatIsRequired() {
    for (Class<? extends Record> type : RECORDS) {
      Map<?, ?> schema = map(schemas(), type.getSimpleName());
      Map<?, ?> properties = map(schema, "properties");
      RecordComponent[] components = type.getRecordComponents();
      assertThat(properties.keySet().stream().map(String::valueOf).toList())
          .as(type.getSimpleName())
          .isEqualTo(Arrays.stream(components).map(RecordComponent::getName).toList());
      TreeSet<String> required = new TreeSet<>();
      for (RecordComponent component : components) {
        Type declared = component.getGenericType();
        if (component.getType() == Optional.class) {
          declared = ((ParameterizedType) declared).getActualTypeArguments()[0];
        } else {
          required.add(component.getName());
        }
        Map<?, ?> property = map(properties, component.getName());
        assertThat(described(property))
            .as("%s.%s", type.getSimpleName(), component.getName())
            .isEqualTo(expected(declared));
      }
      Object listed = schema.get("required");
      assertThat(listed == null ? List.of() : (List<?>) listed)
          .as(type.getSimpleName())
          .map(String::valueOf)
          .containsExactlyInAnyOrderElementsOf(required);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"GuestSpec", "MigrationRequest", "MigrationChange", "Resolution", "StoreOrder"})
  void saysThatRequestsAreStrict(String request) {
    assertThat(map(schemas(), request).get("additionalProperties")).isEqualTo(false);
  }

  private static String described(Map<?, ?> property) {
    if (property.get("$ref") instanceof String reference) {
      return reference.substring(reference.lastIndexOf('/') + 1);
    }
    if ("array".equals(property.get("type"))) {
      return "list of " + described(map(property, "items"));
    }
    Object format = property.get("format");
    return format == null ? String.valueOf(property.get("type")) : String.valueOf(format);
  }

  private static String expected(Type type) {
    if (type instanceof ParameterizedType map && map.getRawType() == Map.class) {
      return "object";
    }
    if (type instanceof ParameterizedType list) {
      return "list of " + expected(list.getActualTypeArguments()[0]);
    }
    return switch (((Class<?>) type).getSimpleName()) {
      case "String" -> "string";
      case "boolean", "Boolean" -> "boolean";
      case "int", "Integer" -> "int32";
      case "long", "Long" -> "int64";
      case "double", "Double" -> "double";
      default -> ((Class<?>) type).getSimpleName();
    };
  }

  private static Map<?, ?> schemas() {
    Object document =
        new Load(LoadSettings.builder().build()).loadFromString(ApiDescription.text());
    return map(map((Map<?, ?>) document, "components"), "schemas");
  }

  private static Map<?, ?> map(Map<?, ?> holder, String key) {
    return (Map<?, ?>) Objects.requireNonNull(holder.get(key), key);
  }
}
