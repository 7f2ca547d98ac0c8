package io.drover.agent;

import io.drover.api.HttpConnection;
import io.drover.api.Router;
import io.drover.tunnel.OperatorHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The local API for operators who come through the port with a certificate. */
record OperatorApi(List<String> operators, Router router) implements OperatorHandler {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorApi.class);

  @Override
  public boolean permits(String operator) {
    return operators.contains(operator);
  }

  @Override
  public void serve(String operator, InputStream in, OutputStream out) throws IOException {
    try {
      new HttpConnection(in, out, router, bug -> LOG.error("an operator's request failed", bug))
          .serve();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
