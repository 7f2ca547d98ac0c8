package io.drover.agent;

import io.drover.api.ApiDescription;
import io.drover.api.Decision;
import io.drover.api.GuestSpec;
import io.drover.api.HttpRequest;
import io.drover.api.HttpResponse;
import io.drover.api.MigrationChange;
import io.drover.api.MigrationRequest;
import io.drover.api.Resolution;
import io.drover.api.Router;
import io.drover.api.StopManner;
import io.drover.api.StoreOrder;
import io.drover.model.Problem;

/** The local API's paths; the same on the unix socket and on the TLS port. */
final class ApiRoutes {
  private final AgentService service;

  private ApiRoutes(AgentService service) {
    this.service = service;
  }

  static Router of(AgentService service) {
    ApiRoutes routes = new ApiRoutes(service);
    return new Router()
        .on("GET", "/v1/host", request -> HttpResponse.json(service.host()))
        .on("GET", "/v1/guests", request -> HttpResponse.json(service.guests()))
        .on(
            "POST",
            "/v1/guests",
            request -> HttpResponse.json(201, service.startGuest(request.json(GuestSpec.class))))
        .on(
            "GET",
            "/v1/guests/{name}",
            request -> HttpResponse.json(service.guest(request.variable("name"))))
        .on("DELETE", "/v1/guests/{name}", routes::stopGuest)
        .on(
            "POST",
            "/v1/guests/{name}/pause",
            request -> HttpResponse.json(service.pauseGuest(request.variable("name"))))
        .on(
            "POST",
            "/v1/guests/{name}/resume",
            request -> HttpResponse.json(service.resumeGuest(request.variable("name"))))
        .on("GET", "/v1/migrations", request -> HttpResponse.json(service.migrations()))
        .on("POST", "/v1/migrations", routes::migrate)
        .on(
            "GET",
            "/v1/migrations/{id}",
            request -> HttpResponse.json(service.migration(request.variable("id"))))
        .on("PATCH", "/v1/migrations/{id}", routes::change)
        .on(
            "POST",
            "/v1/migrations/{id}/cancel",
            request -> HttpResponse.json(service.cancelMigration(request.variable("id"))))
        .on("POST", "/v1/migrations/{id}/resolve", routes::resolve)
        .on(
            "GET",
            "/v1/network/{guest}",
            request -> HttpResponse.json(service.network(request.variable("guest"))))
        .on("GET", "/v1/store", request -> HttpResponse.json(service.store()))
        .on(
            "POST",
            "/v1/store/jobs",
            request -> HttpResponse.json(201, service.orderStore(request.json(StoreOrder.class))))
        .on(
            "GET",
            "/v1/store/jobs/{id}",
            request -> HttpResponse.json(service.storeJob(request.variable("id"))))
        .on("GET", "/v1/events", request -> new HttpResponse.Stream(service.events()))
        .on(
            "GET",
            "/v1/openapi.yaml",
            request -> HttpResponse.text("application/yaml", ApiDescription.text()));
  }

  private HttpResponse stopGuest(HttpRequest request) {
    String force = request.query().getOrDefault("force", "false");
    StopManner how =
        switch (force) {
          case "", "true" -> StopManner.FORCED;
          case "false" -> StopManner.ORDERLY;
          default ->
              throw Problem.usage(
                      "bad-query", "force is '%s'".formatted(force), "Give force=true or leave it.")
                  .asException();
        };
    return HttpResponse.json(service.stopGuest(request.variable("name"), how));
  }

  private HttpResponse migrate(HttpRequest request) {
    MigrationRequest wanted = request.json(MigrationRequest.class);
    return wanted.dryRun().orElse(false)
        ? HttpResponse.json(service.check(wanted))
        : HttpResponse.json(201, service.migrate(wanted));
  }

  private HttpResponse change(HttpRequest request) {
    return HttpResponse.json(
        service.changeMigration(request.variable("id"), request.json(MigrationChange.class)));
  }

  private HttpResponse resolve(HttpRequest request) {
    Decision decision = Decision.parse(request.json(Resolution.class).decision());
    return HttpResponse.json(service.resolveMigration(request.variable("id"), decision));
  }
}
